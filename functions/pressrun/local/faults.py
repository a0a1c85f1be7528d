"""What may go wrong at one AWS call of a function, by botocore's own hooks: the function, boto3 and its retries are the real ones."""

import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from botocore.awsrequest import AWSResponse
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber


class Crash(BaseException):
    """A function dies: out of memory, out of time, or its machine is gone."""


class Fault(StrEnum):
    """One for each way in which a call can end other than well, and one for each way in which it can be late."""

    CRASH = "crash"
    """The function dies before the call."""
    CRASH_AFTER = "crash-after"
    """The function dies after the call took effect."""
    AGAIN = "again"
    """The call takes effect and is answered with an error, so that the client calls again."""
    FAIL_AFTER = "fail-after"
    """The call takes effect, and is answered with an error as often as the client tries."""
    REFUSE = "refuse"
    """The call is throttled as often as the client tries."""
    PART = "part"
    """Half of a batch is taken; a transaction or a conditional put meets another one that is under way."""
    DELAY = "delay"
    """The function stands still before the call, until what happens next has been worked off by others."""


READS = {"GetObject", "HeadObject", "ListObjectsV2", "BatchGetItem", "Query", "Scan", "GetQueueAttributes"}
_AFTER = {Fault.CRASH_AFTER, Fault.AGAIN, Fault.FAIL_AFTER}
_CONFLICTS = {
    "TransactWriteItems": (
        400,
        '{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "CancellationReasons": [{"Code": "TransactionConflict"}]}',
    ),
    "PutObject": (409, "<Error><Code>ConditionalRequestConflict</Code></Error>"),
}


def makes_a_difference(fault: Fault, operation: str, params: dict[str, Any]) -> bool:
    """Whether the fault is another than the rest of them at this call: what only reads takes no effect, and not everything has parts."""
    if fault is Fault.PART:
        if operation == "PutObject":
            return bool(params.keys() & {"IfMatch", "IfNoneMatch"})
        return operation == "TransactWriteItems" or _halves(operation, params) is not None
    return fault not in _AFTER or operation not in READS


def _halves(operation: str, params: dict[str, Any]) -> tuple[Any, Any] | None:
    """The batch of a call, in two; None where it has none, or only one thing in it."""
    entries: list[Any] = params.get("Entries", [])
    items: dict[str, Any] = params.get("RequestItems", {})
    for table, asked in items.items():
        entries = asked if operation == "BatchWriteItem" else asked["Keys"]
        half = len(entries) // 2
        parts = entries[:half], entries[half:]
        first, rest = ({table: part if operation == "BatchWriteItem" else asked | {"Keys": part}} for part in parts)
        return (first, rest) if half else None
    half = len(entries) // 2
    return (entries[:half], entries[half:]) if half else None


class _Call(threading.local):
    """What becomes of the call that this thread is about to make: the fault, and the part of its batch that is not taken."""

    fault: Fault | None = None
    rest: Any = None


class Faults:
    """Registered with a session, it makes of each call what ``choose`` says of its operation and parameters."""

    def __init__(self, session: Any, choose: Callable[[str, dict[str, Any]], Fault | None]) -> None:
        self._choose = choose
        self._call = _Call()
        session.events.register("provide-client-params", self._begin)
        session.events.register_first("before-send", self._send)
        session.events.register("after-call", self._end)

    def _begin(self, params: dict[str, Any], model: Any, **_: object) -> dict[str, Any] | None:
        fault = self._choose(model.name, params)
        if fault is Fault.CRASH:
            raise Crash
        self._call.fault, self._call.rest = fault, None
        if fault is Fault.PART and (halves := _halves(model.name, params)):
            half, self._call.rest = halves
            return params | {"Entries" if "Entries" in params else "RequestItems": half}
        return None

    def _send(self, request: Any, event_name: str, **_: object) -> AWSResponse | None:
        fault, operation = self._call.fault, event_name.rsplit(".", 1)[-1]
        if fault in (Fault.AGAIN, Fault.FAIL_AFTER):
            botocore_stubber(event_name, request)
            self._call.fault = None if fault is Fault.AGAIN else Fault.REFUSE
            return _response(request, 500)
        if fault is Fault.REFUSE:
            return _response(request, 503)
        if fault is Fault.PART and operation in _CONFLICTS:
            return _response(request, *_CONFLICTS[operation])
        return None

    def _end(self, parsed: dict[str, Any], model: Any, **_: object) -> None:
        fault, self._call.fault = self._call.fault, None
        if fault is Fault.CRASH_AFTER:
            raise Crash
        if self._call.rest:
            match model.name:
                case "BatchWriteItem":
                    parsed["UnprocessedItems"] = self._call.rest
                case "BatchGetItem":
                    parsed["UnprocessedKeys"] = self._call.rest
                case "SendMessageBatch":
                    parsed["Failed"] = [{"Id": entry["Id"], "SenderFault": False, "Code": "ServiceUnavailable"} for entry in self._call.rest]
                case "PutEvents":
                    parsed["FailedEntryCount"] = len(self._call.rest)
                    parsed["Entries"] += [{"ErrorCode": "ThrottlingException", "ErrorMessage": ""} for _ in self._call.rest]


def _response(request: Any, status: int, body: str = "") -> AWSResponse:
    return AWSResponse(request.url, status, {}, MockRawResponse(body))
