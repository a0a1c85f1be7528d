"""One invocation's hints, taken together: a thousand hints for the home page make it once.

The rules are those that ``docs/architecture.md`` gives the reasons for. A worker keeps a mark of its own under each target while it makes it,
and in the end deletes its own and those that its hints named, no others. A hint whose mark is gone is done.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from pressrun.cloud.buckets import Bucket, Head
from pressrun.cloud.catalogue import Basis, Made, mark_item, mark_key
from pressrun.cloud.cloud import Cloud
from pressrun.cloud.context import LambdaContext
from pressrun.cloud.queues import Hint, Queue
from pressrun.core.dates import stamp, unstamp
from pressrun.core.site import SiteObject

if TYPE_CHECKING:
    from pressrun.core.lists import Target

T = TypeVar("T")

DEAD = timedelta(minutes=3)  # older than any function can live: who left such a mark is dead, or its hint was lost, and the sweep hints at it
LOOK_AHEAD = timedelta(minutes=2)  # what falls due so soon has a message under way, which arrives at the instant
_RECEIPT_LIVES = 24 * 60 * 60
_TARGETS_A_HINT = 50
_MOST_TARGETS = 2_000  # in one invocation: to read and to write so many marks takes seconds


class OutOfTime(Exception):
    """Not begun, since Lambda would end the invocation in the middle of it; it is hinted at again."""


class TooEarly(Exception):
    """What must be made before it is still at work or failed: it is hinted at again, at ever longer intervals, and at last by the sweep."""


class EditionChanged(Exception):
    """Other code or templates are in force than this process runs, or none: it puts nothing, and its messages go back."""


def same_edition(cloud: Cloud, basis: Basis) -> Basis:
    """Every look at the basis goes through here. Raises EditionChanged.

    Where none is in force, the catalogue is new or lost: what nothing is known of must not be taken for what is not there.
    """
    if basis.edition != cloud.edition:
        in_force = f"edition {basis.edition} is" if basis.edition else "none is"
        raise EditionChanged(f"{in_force} in force, this is {cloud.edition}")
    return basis


@dataclass
class Tally:
    """What one invocation did to the site bucket, for which receipts, and why.

    ``causes`` are what its marks say of each target, ``made`` the notes for ``explain`` by site key.
    """

    now: Callable[[], datetime]
    put: int = 0
    unchanged: int = 0
    deleted: int = 0
    receipts: set[str] = field(default_factory=set)
    causes: dict[str, str] = field(default_factory=dict)
    made: dict[str, Made] = field(default_factory=dict)

    def bring(self, target: "Target", bucket: Bucket, key: str, made: SiteObject | None, head: Head | None) -> None:
        """Makes ``key`` hold what was made, or nothing, given what stood there; equal bytes are not put again. Raises Conflict."""
        if made is None:
            if head:
                bucket.delete(key)
                self.wrote(target, key, "")
        elif head and head.holds(made):
            self.unchanged += 1
        else:
            self.wrote(target, key, bucket.put_if(key, made, head.etag if head else None))

    def wrote(self, target: "Target", key: str, etag: str) -> None:
        """Notes what was put there, '' for a deletion."""
        self.put += bool(etag)
        self.deleted += not etag
        self.made[key] = Made(key, stamp(self.now()), etag, str(target), self.cause_of(target))

    def cause_of(self, *targets: "Target") -> str:
        """What led to the making of one of these, '' where nothing is known."""
        return next((cause for target in targets if (cause := self.causes.get(str(target)))), "")

    @property
    def receipt(self) -> str:
        """The receipt that hints carry on, where there is exactly one."""
        return next(iter(self.receipts)) if len(self.receipts) == 1 else ""


@contextmanager
def tallied(cloud: Cloud) -> Iterator[Tally]:
    """Counts what is done inside, and adds it to the receipts that asked for it."""
    tally = Tally(cloud.now)
    with cloud.counting() as calls:
        yield tally
        amounts = {"put": tally.put, "unchanged": tally.unchanged, "deleted": tally.deleted}
        cloud.done.update(amounts)
        for receipt in sorted(tally.receipts):
            # The call that adds to the receipt is one of the calls.
            made = Counter({f"calls.{call}": count for call, count in calls.items()}) + Counter({"calls.dynamodb.UpdateItem": 1})
            expires = int(cloud.now().timestamp()) + _RECEIPT_LIVES
            cloud.catalogue.add((f"receipt#{receipt}", "receipt"), amounts | made, expires)


@dataclass
class Named:
    """What the hints said of one target: the marks that are worked off, the worker's own among them, of which the first is ``since`` that instant;
    the places in tag lists around which something changed; and the cause that a mark gives.
    """

    since: str
    marks: set[str] = field(default_factory=set)
    around: set[str] = field(default_factory=set)
    cause: str = ""


Make = Callable[[Mapping[str, Named], Tally], Mapping[str, Exception]]


def has_time(context: LambdaContext, seconds: float) -> bool:
    """Whether so long is left of the invocation."""
    return context.get_remaining_time_in_millis() >= 1000 * seconds


def work(cloud: Cloud, event: dict[str, Any], context: LambdaContext, make: Make, queue: Queue) -> Any:
    """Makes the targets that an SQS event's messages name, each once, and answers which messages failed.

    ``make`` returns what went wrong, by target. The marks of a target that failed stay, and its messages come back. For what it was ``OutOfTime``
    or ``TooEarly`` the marks stay, too, and a new message goes to ``queue``: an old one would come back only when its visibility timeout is over,
    and be a dead letter in the end.
    """
    failed: Mapping[str, Exception] = {}
    targets = list(dict.fromkeys(target for hint in _hints(event) for target in hint.targets))
    too_many = set(targets[_MOST_TARGETS:])
    with tallied(cloud) as tally:
        named = _named(cloud, event, too_many, tally)
        own = cloud.new_mark()
        since = stamp(cloud.now())
        tally.causes |= {target: hints.cause for target, hints in named.items()}
        cloud.catalogue.put_all(mark_item(target, own, since, cause=hints.cause, own=True) for target, hints in named.items())
        for hints in named.values():
            hints.marks.add(own)
        if named:
            failed = make(named, tally)
        late = too_many | {target for target, error in failed.items() if isinstance(error, OutOfTime)}
        early = {target for target, error in failed.items() if isinstance(error, TooEarly)}
        postponed = late | early
        queue.send(list(_again(event, late)))
        for target in sorted(early):
            age = cloud.now() - unstamp(named[target].since)
            if timedelta() <= age < DEAD:
                queue.send(list(_again(event, {target})), delay=max(1, int(age.total_seconds())))
        done = [(target, mark) for target, hints in named.items() if target not in failed for mark in hints.marks]
        done += [(target, own) for target in sorted(postponed - too_many)]
        cloud.catalogue.change_all((note.item() for note in tally.made.values()), (mark_key(target, mark) for target, mark in done))

    def answer(record: SQSRecord) -> None:
        for target in Hint.read(record.body).targets:
            if target in failed and target not in postponed:
                raise failed[target]

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event=event, record_handler=answer, processor=processor, context=context)  # type: ignore[arg-type]


def hint_at(cloud: Cloud, queue: Queue, targets: "Iterable[Target]", receipt: str = "", cause: str = "") -> None:
    """Marks the targets, and hints at them: for what is changed already, or was forgotten."""
    for some in chunks(sorted(map(str, targets)), _TARGETS_A_HINT):
        mark, since = cloud.new_mark(), stamp(cloud.now())
        cloud.catalogue.put_all(mark_item(target, mark, since, cause=cause) for target in some)
        queue.send([Hint(tuple(some), mark, receipt=receipt)])


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in runs of at most ``size``."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _hints(event: dict[str, Any]) -> Iterator[Hint]:
    for record in event["Records"]:
        try:
            yield Hint.read(record["body"])
        except (ValueError, KeyError, TypeError):
            continue  # its own turn comes in 'answer', where it fails alone


def _again(event: dict[str, Any], late: Collection[str]) -> Iterator[Hint]:
    """The same hints, for those of their targets that are late."""
    for hint in _hints(event):
        if targets := tuple(target for target in hint.targets if target in late):
            yield replace(hint, targets=targets)


def _named(cloud: Cloud, event: dict[str, Any], left_out: Collection[str], tally: Tally) -> dict[str, Named]:
    hints = list(_hints(event))
    tally.receipts.update(hint.receipt for hint in hints if hint.receipt)
    asked = [(hint, target, mark_key(target, hint.mark)) for hint in hints for target in hint.targets if target not in left_out]
    standing = cloud.catalogue.read(key for _, _, key in asked)
    named: dict[str, Named] = {}
    for hint, target, key in asked:
        if mark := standing.get(key):
            one = named.setdefault(target, Named(mark["since"]))
            one.since = min(one.since, mark["since"])
            one.marks.add(hint.mark)
            one.around.update(hint.around)
            one.cause = mark.get("cause", "") or one.cause  # of several, the last
    return named
