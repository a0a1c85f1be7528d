"""What functions cost: their AWS calls, what these carry, and the time that is the functions' own."""

import gc
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient

from pressrun.local.aws import Aws
from pressrun.local.cloud import Cloud
from pressrun.local.functions import Functions
from pressrun.local.stack import Function


@dataclass
class Meter:
    """What was done inside ``metered``.

    ``calls`` by function, service and operation; ``sent`` and ``got`` bytes of their bodies; ``put`` objects of the site, by their bytes; ``reads``
    and ``writes`` units of DynamoDB; ``purged`` items of invalidations; ``invocations`` and ``own`` CPU seconds by function, without the calls.
    """

    calls: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    sent: int = 0
    got: int = 0
    put: dict[str, int] = field(default_factory=dict)
    purged: int = 0
    reads: int = 0
    writes: int = 0
    invocations: Counter[str] = field(default_factory=Counter)
    own: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    longest: float = 0.0
    _function: str = ""
    _calling: float = 0.0

    @property
    def services(self) -> Counter[tuple[str, str]]:
        """The calls of all functions, by service and operation."""
        found: Counter[tuple[str, str]] = Counter()
        for (_, service, operation), count in self.calls.items():
            found[service, operation] += count
        return found

    @property
    def read(self) -> int:
        """How often an object was read or asked about."""
        return sum(count for (service, operation), count in self.services.items() if service == "s3" and operation in ("GetObject", "HeadObject"))


@contextmanager
def metered(cloud: Cloud) -> Iterator[Meter]:
    """Measures the functions of a local cloud. Calls of the local cloud itself are left out."""
    meter = Meter()
    call, invoke, answer = BaseClient._make_api_call, Functions._invoke, Aws._answer
    site = cloud.stack.distribution.origin

    def counting(client: Any, operation: str, params: dict[str, Any]) -> Any:
        if not meter._function:
            return call(client, operation, params)
        service = client.meta.service_model.service_name
        meter.calls[meter._function, service, operation] += 1
        if operation == "PutObject" and params["Bucket"] == site:
            meter.put[params["Key"]] = len(params["Body"])
        if operation == "CreateInvalidation":
            meter.purged += params["InvalidationBatch"]["Paths"]["Quantity"]
        began = time.thread_time()
        try:
            answer = call(client, operation, params)
            if service == "dynamodb":
                reads, writes = units_of(operation, params, answer)
                meter.reads, meter.writes = meter.reads + reads, meter.writes + writes
            return answer
        finally:
            meter._calling += time.thread_time() - began

    def timing(functions: Functions, function: Function, event: dict[str, Any]) -> Any:
        # A function has its process for itself: what the local cloud keeps is not its collector's to go through.
        gc.freeze()
        meter._function, meter._calling, began = function.step, 0.0, time.thread_time()
        try:
            return invoke(functions, function, event)
        finally:
            own = time.thread_time() - began - meter._calling
            meter._function = ""
            gc.unfreeze()
            meter.invocations[function.step] += 1
            meter.own[function.step] += own
            meter.longest = max(meter.longest, own)

    def weighing(aws: Aws, request: Any) -> Any:
        answered = answer(aws, request)
        if meter._function and answered:
            meter.sent += len(request.body or b"") if isinstance(request.body, bytes | str) else 0
            body = answered[2]
            meter.got += len(body) if isinstance(body, bytes | str) else 0
        return answered

    # The stubber has kept the method that it was given at the start.
    with (
        patch.object(BaseClient, "_make_api_call", counting),
        patch.object(Functions, "_invoke", timing),
        patch("pressrun.local.aws.botocore_stubber.process_request", lambda request: weighing(cloud.aws, request)),
    ):
        yield meter


_READ, _WRITE = 4096, 1024  # bytes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
_INDEXED = "shard"  # the attribute of what is in the index, too, which is written with it


def units_of(operation: str, params: dict[str, Any], answer: dict[str, Any]) -> tuple[int, int]:
    """The read and write units of a call; all reads are strong. An item that is not there, or is deleted, counts as one of the least size."""
    match operation:
        case "Query":
            return max(1, ceil(sum(map(_size, answer["Items"])) / _READ)), 0
        case "BatchGetItem":
            wanted = sum(len(request["Keys"]) for request in params["RequestItems"].values())
            found = [item for items in answer["Responses"].values() for item in items]
            return sum(ceil(_size(item) / _READ) for item in found) + wanted - len(found), 0
        case "TransactWriteItems":
            items = [action["Put"]["Item"] if "Put" in action else {} for action in params["TransactItems"]]
            return 0, sum(2 * _written(item) + (_INDEXED in item) for item in items)
        case "BatchWriteItem":
            requests = [request for requests in params["RequestItems"].values() for request in requests]
            puts = [request["PutRequest"]["Item"] for request in requests if "PutRequest" in request]
            deletes = [request["DeleteRequest"]["Key"] for request in requests if "DeleteRequest" in request]
            marks = sum(key["sk"]["S"].startswith("mark#") for key in deletes)
            return 0, sum(_written(item) + (_INDEXED in item) for item in puts) + len(deletes) + marks
        case _:
            return 0, 1


def _written(item: dict[str, Any]) -> int:
    return max(1, ceil(_size(item) / _WRITE))


def _size(item: dict[str, Any]) -> int:
    return sum(len(name) + len(str(next(iter(value.values()))).encode()) for name, value in item.items())
