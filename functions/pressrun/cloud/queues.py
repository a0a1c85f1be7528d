"""SQS, and what its messages say. A message is a hint: it names what to look at, and nothing else in it is believed."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

_BATCH = 10  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
_BATCH_BYTES = 250_000  # of all bodies of a batch; SQS takes four times as many today, and took this many for long
_KEYS_A_MESSAGE = 50


@dataclass(frozen=True, slots=True)
class Hint:
    """Look at these targets; ``mark`` is what the change left under each of them.

    ``around`` are the places of entries that changed in tag lists, whose newer neighbours may show them as related. ``receipt`` asks for the work
    to be added up under that name.
    """

    targets: tuple[str, ...]
    mark: str
    around: tuple[str, ...] = ()
    receipt: str = ""

    def body(self) -> str:
        return _json({"targets": self.targets, "mark": self.mark, "around": self.around, "receipt": self.receipt})

    @classmethod
    def read(cls, body: str) -> "Hint":
        """Raises ValueError, KeyError or TypeError for what is not a hint."""
        fields = json.loads(body)
        return cls(tuple(fields["targets"]), str(fields["mark"]), tuple(fields.get("around", ())), str(fields.get("receipt", "")))


class Queue:
    """One queue."""

    def __init__(self, sqs: Any, url: str) -> None:
        self.sqs, self.url = sqs, url

    def send(self, hints: Sequence[Hint], delay: int = 0) -> None:
        """They arrive after ``delay`` seconds (900 at most). Raises RuntimeError where SQS refused one: the caller's own message then comes back."""
        self._send([{"MessageBody": hint.body(), "DelaySeconds": delay} for hint in hints])

    def send_keys(self, keys: Iterable[str], delay: int = 0) -> None:
        """Look at these content keys, after ``delay`` seconds (900 at most)."""
        named = list(keys)
        chunks = (named[start : start + _KEYS_A_MESSAGE] for start in range(0, len(named), _KEYS_A_MESSAGE))
        self._send([{"MessageBody": _json({"keys": chunk}), "DelaySeconds": delay} for chunk in chunks])

    def send_dead(self, letters: Iterable[str], delay: int = 0) -> None:
        """Look at what these dead letters asked for, after ``delay`` seconds (900 at most)."""
        self._send([{"MessageBody": _json({"dead": letter, "again": bool(delay)}), "DelaySeconds": delay} for letter in letters])

    def peek(self) -> list[str]:
        """The bodies of a few of its messages, which stay in it."""
        found = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=_BATCH, VisibilityTimeout=0)
        return [message["Body"] for message in found.get("Messages", [])]

    def empty_into(self, other: "Queue") -> list[str]:
        """Sends every message on, and deletes it only then. Returns their bodies."""
        bodies = []
        while found := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=_BATCH, VisibilityTimeout=60).get("Messages"):
            other._send([{"MessageBody": message["Body"]} for message in found])
            for message in found:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            bodies += [message["Body"] for message in found]
        return bodies

    def _send(self, entries: list[dict[str, Any]]) -> None:
        for batch in _batches(entries):
            refused = self.sqs.send_message_batch(QueueUrl=self.url, Entries=batch).get("Failed")
            if refused:
                raise RuntimeError(f"SQS refused {len(refused)} of {len(batch)} messages: {refused[0].get('Code')}")


def _batches(entries: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """As SQS takes them: each with an id, and not too many or too long together."""
    batch: list[dict[str, Any]] = []
    size = 0
    for entry in entries:
        length = len(entry["MessageBody"].encode())
        if batch and (len(batch) == _BATCH or size + length > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry | {"Id": str(len(batch))})
        size += length
    if batch:
        yield batch


def keys_in(body: str) -> tuple[str, ...]:
    """The keys that a message names: an S3 event's, or a hint's. None in S3's test event.

    Keys in S3's events are URL-encoded, with plus signs for spaces:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    Raises ValueError, KeyError or TypeError for what is neither.
    """
    fields = json.loads(body)
    if fields.get("Event") == "s3:TestEvent" or "dead" in fields:
        return ()
    if "keys" in fields:
        return tuple(str(key) for key in fields["keys"])
    return tuple(unquote_plus(record["s3"]["object"]["key"]) for record in fields["Records"])


def is_ours(body: str) -> bool:
    """Whether a message is a hint or an event at all. What somebody sends by hand may be neither; it fails, and only the alarm tells of it."""
    try:
        return bool(Hint.read(body) if "targets" in json.loads(body) else keys_in(body))
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def dead_letter_in(body: str) -> tuple[str, bool]:
    """The dead letter that a message hands on, '' for none; and whether the message is to come again until it is worked off.

    Raises ValueError for what is no JSON.
    """
    fields = json.loads(body)
    return str(fields.get("dead", "")), bool(fields.get("again"))


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
