"""The event source mapping: takes messages from a queue, calls the function, and deletes what was handled.

As https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html has it: a message that is named in `batchItemFailures`
stays in the queue; an exception, or a failure that names no message of the batch, returns all of it; and what was received
`maxReceiveCount` times goes to the dead-letter queue, which SQS does at the next receive.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pressrun.local.aws import REGION, Aws, client
from pressrun.local.functions import Functions
from pressrun.local.stack import EventSource, queue_arn, queue_url

Record = dict[str, Any]

PAYLOAD_LIMIT = 6 * 1024 * 1024  # bytes of one invocation
LOOK = 0.1  # seconds until it is asked again whether those before are busy
IDLE = 0.5  # seconds until a queue is looked at again without a new message: what was hidden has become visible by itself


@dataclass
class Mapping:
    """One queue and its function. `pace` scales the window, and the time after which a failed message comes back: 0.1 is ten times faster.

    While those before it in the pipeline are `busy`, it gathers for as long as the window is on AWS: on this machine a batch that is made early takes
    the processor from them, and its lists are made again. `lag` gives the seconds until the function has a message.
    """

    source: EventSource
    functions: Functions
    aws: Aws
    pace: float = 1.0
    busy: Callable[[], bool] = lambda: False
    lag: Callable[[], float] | None = None

    def poll(self) -> int:
        """Handle the messages that are visible now, one batch at most. Gives how many that were."""
        return self._handle(self._receive(self.source.batch_size))

    def run(self) -> None:
        """Gather and handle batches until the functions are stopping."""
        while not self.functions.stopping.is_set():
            batch = self._gather()
            if not self.functions.stopping.is_set():
                self._handle(batch)

    def _gather(self) -> list[Record]:
        queue, size = self.source.queue, self.source.batch_size
        arrivals = self.aws.arrivals(queue)
        batch = self._receive(size)
        if not batch:
            self.aws.wait_for_arrival(queue, arrivals, IDLE)
            return []
        if self.lag:
            time.sleep(self.lag())
        began = time.monotonic()
        soonest, latest = began + self.source.window * self.pace, began + self.source.window
        while len(batch) < size and not self.functions.stopping.is_set() and ((now := time.monotonic()) < soonest or (now < latest and self.busy())):
            self.aws.wait_for_arrival(queue, arrivals, max(soonest - now, LOOK))
            arrivals = self.aws.arrivals(queue)
            batch += self._receive(size - len(batch))
        return batch

    def _receive(self, limit: int) -> list[Record]:
        records: list[Record] = []
        while len(records) < limit:
            asked = min(10, limit - len(records))  # SQS gives no more at once
            answer = client("sqs").receive_message(
                QueueUrl=queue_url(self.source.queue),
                MaxNumberOfMessages=asked,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            messages = answer.get("Messages", [])
            records += [self._record(message) for message in messages]
            if len(messages) < asked:
                break
        return records

    def _record(self, message: dict[str, Any]) -> Record:
        attributes = ("ApproximateReceiveCount", "SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp")
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": {name: message["Attributes"][name] for name in attributes},
            "messageAttributes": {
                name: {"dataType": one["DataType"], "stringValue": one.get("StringValue"), "stringListValues": [], "binaryListValues": []}
                for name, one in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": queue_arn(self.source.queue),
            "awsRegion": REGION,
        }

    def _handle(self, batch: list[Record]) -> int:
        for records in _payloads(batch):
            failed = self._failed(records)
            self._delete([record for record in records if record["messageId"] not in failed])
            self._return([record for record in records if record["messageId"] in failed])
        return len(batch)

    def _failed(self, records: list[Record]) -> set[str]:
        everything = {record["messageId"] for record in records}
        try:
            answer = self.functions.invoke(self.source.function, {"Records": records})
        except Exception:
            return everything  # the invocation has logged it
        if not self.source.partial_failures or not answer or not answer.get("batchItemFailures"):
            return set()
        failed = {failure.get("itemIdentifier") for failure in answer["batchItemFailures"]}
        return failed if failed <= everything else everything

    def _delete(self, records: list[Record]) -> None:
        for ten in _tens(records):
            entries = [{"Id": str(n), "ReceiptHandle": record["receiptHandle"]} for n, record in enumerate(ten)]
            client("sqs").delete_message_batch(QueueUrl=queue_url(self.source.queue), Entries=entries)

    def _return(self, records: list[Record]) -> None:
        if self.pace == 1:
            return  # visible again when the queue's own time is over
        back = max(1, round(self.source.visibility * self.pace))
        for ten in _tens(records):
            entries = [{"Id": str(n), "ReceiptHandle": r["receiptHandle"], "VisibilityTimeout": back} for n, r in enumerate(ten)]
            client("sqs").change_message_visibility_batch(QueueUrl=queue_url(self.source.queue), Entries=entries)


def _payloads(batch: list[Record]) -> Iterator[list[Record]]:
    payload: list[Record] = []
    size = 0
    for record in batch:
        length = len(json.dumps(record))
        if payload and size + length > PAYLOAD_LIMIT:
            yield payload
            payload, size = [], 0
        payload.append(record)
        size += length
    if payload:
        yield payload


def _tens(records: list[Record]) -> Iterator[list[Record]]:
    return (records[at : at + 10] for at in range(0, len(records), 10))
