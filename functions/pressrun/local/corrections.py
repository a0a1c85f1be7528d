"""Where moto 5.2 differs from AWS: each correction with its reason, as a patch that `Aws` holds while it runs."""

from __future__ import annotations

import copy
import heapq
import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cache, lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import quote_plus

import botocore.parsers as parsers
import moto.cloudfront.models as cloudfront
import moto.core.responses as responses
import moto.dynamodb.models as dynamodb
import moto.moto_server.werkzeug_app as werkzeug_app
import moto.s3.models as s3
import moto.s3.notifications as s3_notifications
import moto.sqs.models as sqs
import moto.utilities.aws_headers as aws_headers
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.useragent import UserAgentString
from moto.cloudfront.exceptions import CloudFrontException
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.comparisons import get_comparison_func, get_filter_expression
from moto.dynamodb.exceptions import (
    MockValidationException,
    MultipleTransactionsException,
    TooManyTransactionsException,
    TransactionCanceledException,
)
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import RESULT_SIZE_LIMIT, Table
from moto.moto_api._internal import mock_random
from moto.s3.exceptions import MissingKey, PreconditionFailed
from moto.s3.responses import S3Response
from moto.sqs.exceptions import ReceiptHandleIsInvalid

if TYPE_CHECKING:
    from pressrun.local.aws import Aws


def corrections(aws: Aws) -> Iterator[AbstractContextManager[Any]]:
    """Patches to enter, and to leave, together."""
    for service in (_s3, _sqs, _dynamodb, _cloudfront):
        yield from service(aws)
    # S3 lets pages of other sites read what its bucket's rules name, and no bucket of ours has any; moto lets them read everything.
    yield patch.object(werkzeug_app, "DISABLE_GLOBAL_CORS", True)
    # What moto works out anew in each call, though it never changes: an eighth of a call.
    for module, name in ((responses, "method_names_from_class"), (responses, "camelcase_to_underscores"), (sqs, "camelcase_to_underscores")):
        yield patch.object(module, name, cache(getattr(module, name)))
    # Likewise: which hosts have a bucket's name in them, and what instant an answer's header names.
    yield patch.object(S3Response, "subdomain_based_buckets", staticmethod(_bucket_in_host(S3Response.subdomain_based_buckets)))
    yield patch.object(parsers, "DEFAULT_TIMESTAMP_PARSER", lru_cache(maxsize=1024)(parsers.DEFAULT_TIMESTAMP_PARSER))
    # What nobody looks at here, and is a quarter of a call: the client's name and signature, and the answer's random id.
    yield patch.object(UserAgentString, "to_string", _user_agent)
    yield patch.object(SigV4Auth, "add_auth", _sign)
    for module in (responses, aws_headers):
        yield patch.object(module, "gen_amzn_requestid_long", _request_id)


def _bucket_in_host(judge: Callable[[Any], bool]) -> Callable[[Any], bool]:
    judged: dict[str, bool] = {}

    def by_host(request: Any) -> bool:
        if request.host not in judged:
            judged[request.host] = judge(request)
        return judged[request.host]

    return by_host


_sign_for_good = SigV4Auth.add_auth


def _user_agent(agent: Any) -> str:
    """What a client adds to its name tells whose call it is."""
    config = agent._client_config
    return (config.user_agent_extra if config else "") or "pressrun"


def _sign(signer: Any, request: Any) -> None:
    """Only region and service are read from it, and for S3, how the body is sent. What is in an address is for others to read."""
    if type(signer) not in (SigV4Auth, S3SigV4Auth):
        _sign_for_good(signer, request)
        return
    if type(signer) is S3SigV4Auth:
        request.context["timestamp"] = "20200101T000000Z"
        signer._modify_request_before_signing(request)
    scope = f"{signer._region_name}/{signer._service_name}"
    request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential=any/20200101/{scope}/aws4_request, SignedHeaders=host, Signature=any"


def _request_id(headers: dict[str, Any] | None = None) -> str:
    if isinstance(headers, dict):
        headers["x-amzn-requestid"] = "LOCAL"
    return "LOCAL"


# ---- S3 ------------------------------------------------------------------------------------------------------------------------


def _s3(aws: Aws) -> Iterator[AbstractContextManager[Any]]:
    created = s3_notifications.S3NotificationEvent
    put: list[tuple[str, str, bytes]] = []

    def send_event(_account: str, event_name: s3_notifications.S3NotificationEvent, bucket: Any, key: Any) -> None:
        # moto announces a multipart upload twice, as a put too; and a removal only in a bucket without versions.
        if "ObjectRemoved" in event_name.value or (event_name == created.OBJECT_CREATED_PUT_EVENT and key.multipart):
            return
        notify(bucket, event_name.value, key.name, key.version_id, size=key.size, etag=key.etag)
        if "ObjectCreated" in event_name.value:
            put.append((bucket.name, key.name, key.value))

    def tell() -> None:
        # moto gives an object its metadata after it has announced it.
        while put:
            aws.changed(*put.pop(0))

    def notify(bucket: Any, event_name: str, key: str, version_id: str | None, *, size: int | None = None, etag: str | None = None) -> None:
        # Records as S3 sends them: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
        sequencer = aws.sequencer()
        what = {
            "key": quote_plus(key, safe="/"),
            "size": size,
            "eTag": etag and etag.strip('"'),
            "versionId": version_id if bucket.is_versioned else None,
            "sequencer": sequencer,
        }
        for configuration in bucket.notification_configuration.queue if bucket.notification_configuration else []:
            if configuration.matches(event_name, key):
                record = {
                    "eventVersion": "2.1",
                    "eventSource": "aws:s3",
                    "awsRegion": bucket.region_name,
                    "eventTime": datetime.fromtimestamp(aws.clock(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                    "eventName": event_name.removeprefix("s3:"),
                    "userIdentity": {"principalId": "AWS:AIDALOCAL"},
                    "requestParameters": {"sourceIPAddress": "127.0.0.1"},
                    "responseElements": {"x-amz-request-id": sequencer, "x-amz-id-2": sequencer},
                    "s3": {
                        "s3SchemaVersion": "1.0",
                        "configurationId": configuration.id,
                        "bucket": {"name": bucket.name, "ownerIdentity": {"principalId": "ALOCAL"}, "arn": bucket.arn},
                        "object": {name: value for name, value in what.items() if value is not None},
                    },
                }
                send(bucket.account_id, {"Records": [record]}, configuration.arn.split(":")[-1], bucket.region_name)

    def send(account_id: str, body: Any, queue_name: str, region_name: str) -> None:
        # moto answers 200 even when the queue is gone. Here the put fails, since a lost event is what nobody would notice.
        sqs.sqs_backends[account_id][region_name].send_message(queue_name, json.dumps(body))

    moto_delete = s3.S3Backend.delete_object

    def delete_object(
        backend: Any, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
    ) -> tuple[bool, dict[str, Any]]:
        bucket = backend.get_bucket(bucket_name)
        if version_id is None and bucket.is_versioned and key_name not in bucket.keys:
            # S3 puts a delete marker, and says so, for a key that never was as well; moto does nothing.
            bucket.keys[key_name] = s3.FakeDeleteMarker(s3.FakeKey(key_name, b"", bucket.account_id, bucket.region_name))
            done, answer = True, {"version-id": bucket.keys[key_name].version_id, "delete-marker": "true"}
        else:
            done, answer = moto_delete(backend, bucket_name, key_name, version_id, bypass)
        if done:
            marker = version_id is None and bucket.is_versioned
            event = created.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT if marker else created.OBJECT_REMOVED_DELETE_EVENT
            notify(bucket, event.value, key_name, answer.get("version-id"), etag=EMPTY_ETAG if marker else None)
            current = backend.get_object(bucket_name, key_name)
            aws.changed(bucket_name, key_name, current.value if current else None)
        return done, answer

    yield patch.object(s3_notifications, "send_event", send_event)
    yield patch.object(s3_notifications, "_send_sqs_message", send)
    yield patch.object(s3.S3Backend, "delete_object", delete_object)

    # moto knows an ETag in If-Match of a put and a delete, and no `*`; nothing for copies; half of it for multipart uploads.
    for method in ("_key_response_put", "_key_response_delete", "_key_response_post"):
        yield patch.object(S3Response, method, _with_preconditions(getattr(S3Response, method), tell))


EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"  # what S3 gives as the ETag of a delete marker


def _with_preconditions(method: Any, then: Callable[[], None]) -> Any:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html: 412 where it does not hold, 404 where nothing is.
    def checked(response: Any, *args: Any) -> Any:
        if_match, if_none_match = response.headers.get("If-Match"), response.headers.get("If-None-Match")
        if if_match or if_none_match:
            current = response.backend.get_object(response.bucket_name, response.parse_key_name())
            if if_match and current is None:
                raise MissingKey(response.parse_key_name())
            if if_match and if_match != "*" and if_match.strip('"') != current.etag.strip('"'):
                raise PreconditionFailed("If-Match")
            if if_none_match and current is not None:
                raise PreconditionFailed("If-None-Match")
            response.headers = {name: value for name, value in response.headers.items() if name not in ("If-Match", "If-None-Match")}
        answer = method(response, *args)
        then()
        return answer

    return checked


# ---- SQS -----------------------------------------------------------------------------------------------------------------------


def _sqs(aws: Aws) -> Iterator[AbstractContextManager[Any]]:
    class Queue(sqs.Queue):
        """A standard queue whose sends, receives and deletes cost the same at any depth: moto walks all its messages for each.

        Messages older than the retention period are kept: that is four days.
        """

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.clear()

        def clear(self) -> None:
            self._all: dict[str, Any] = {}
            self._handles: dict[str, Any] = {}
            self._visible: deque[Any] = deque()
            self._hidden: list[tuple[float, int, Any]] = []
            self._delayed: set[str] = set()
            self._in_flight: set[str] = set()
            self._order = count()

        def add_message(self, message: Any) -> None:
            self._all[message.id] = message
            if message.delayed_until:
                self._delayed.add(message.id)
            self._hide(message, message.delayed_until)
            aws.arrived(self.name)

        def receive(self, limit: int, visibility_timeout: int) -> list[Any]:
            self._reveal()
            received: list[Any] = []
            while self._visible and len(received) < limit:
                message = self._visible.popleft()
                if message.id not in self._all or message.hidden_until > _now():
                    continue  # deleted, or hidden again, while it waited here
                redrive: Any = self.redrive_policy
                if self.dead_letter_queue and message.approximate_receive_count >= redrive["maxReceiveCount"]:
                    self._forget(message)
                    message.delayed_until = 0
                    self.dead_letter_queue.add_message(message)
                    continue
                message.mark_received(visibility_timeout)
                self._handles[message.receipt_handle] = message
                self._in_flight.add(message.id)
                self._hide(message, _now() + int(visibility_timeout) * 1000)
                received.append(copy.copy(message))
            return received

        def delete_message(self, receipt_handle: str) -> None:
            if receipt_handle not in self._handles:
                raise ReceiptHandleIsInvalid
            self._forget(self._handles[receipt_handle])

        def change_visibility(self, receipt_handle: str, visibility_timeout: int) -> None:
            message = self._handles.get(receipt_handle)
            if message is None or message.id not in self._all:
                raise ReceiptHandleIsInvalid
            if visibility_timeout:
                self._in_flight.add(message.id)
            self._hide(message, _now() + int(visibility_timeout) * 1000)

        @property
        def messages(self) -> list[Any]:
            self._reveal()
            return [message for message in self._all.values() if message.id not in self._delayed | self._in_flight]

        @property
        def approximate_number_of_messages(self) -> int:
            self._reveal()
            return len(self._all) - len(self._delayed) - len(self._in_flight)

        @property
        def approximate_number_of_messages_delayed(self) -> int:
            self._reveal()
            return len(self._delayed)

        @property
        def approximate_number_of_messages_not_visible(self) -> int:
            self._reveal()
            return len(self._in_flight)

        def _hide(self, message: Any, until: float) -> None:
            message.hidden_until = until
            heapq.heappush(self._hidden, (until, next(self._order), message))

        def _reveal(self) -> None:
            while self._hidden and self._hidden[0][0] <= _now():
                until, _, message = heapq.heappop(self._hidden)
                if message.hidden_until == until and message.id in self._all:
                    self._delayed.discard(message.id)
                    self._in_flight.discard(message.id)
                    self._visible.append(message)

        def _forget(self, message: Any) -> None:
            self._all.pop(message.id, None)
            self._delayed.discard(message.id)
            self._in_flight.discard(message.id)

    def _now() -> float:
        return aws.clock() * 1000

    def receive_message(backend: Any, queue_name: str, limit: int, _wait: int, visibility_timeout: int, names: list[str] | None = None) -> list[Any]:
        # No waiting: it would hold the lock. Whoever polls, waits outside.
        messages: list[Any] = backend.get_queue(queue_name).receive(limit, visibility_timeout)
        for message in messages:
            sqs._filter_message_attributes(message, names or [])
        return messages

    def change_message_visibility(backend: Any, queue_name: str, receipt_handle: str, visibility_timeout: int) -> None:
        backend.get_queue(queue_name).change_visibility(receipt_handle, visibility_timeout)

    def purge_queue(backend: Any, queue_name: str) -> None:
        backend.get_queue(queue_name).clear()

    yield patch.object(sqs, "Queue", Queue)
    yield patch.object(sqs, "unix_time_millis", _now)
    # moto draws 185 letters one by one.
    yield patch.object(sqs, "generate_receipt_handle", lambda: f"{mock_random.getrandbits(512):0128x}")
    yield patch.object(sqs.SQSBackend, "receive_message", receive_message)
    yield patch.object(sqs.SQSBackend, "change_message_visibility", change_message_visibility)
    yield patch.object(sqs.SQSBackend, "purge_queue", purge_queue)


# ---- DynamoDB ------------------------------------------------------------------------------------------------------------------


def _dynamodb(_: Aws) -> Iterator[AbstractContextManager[Any]]:
    serialize = BaseJSONSerializer._serialize_type_structure

    def serialize_type_structure(serializer: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        # moto looks for each of eleven types in each attribute, several ways: most of what a Query costs.
        if shape.name == "AttributeValue" and isinstance(value, dict) and value.keys() <= {"S", "N", "BOOL", "NULL", "SS", "NS"}:
            serializer._default_serialize(serialized, value, shape, key)
        else:
            serialize(serializer, serialized, value, shape, key)

    yield patch.object(BaseJSONSerializer, "_serialize_type_structure", serialize_type_structure)
    yield patch.object(Table, "query", _query)
    yield patch.object(dynamodb.DynamoDBBackend, "transact_write_items", _transact_write_items)


def _query(
    table: Any,
    hash_key: DynamoType,
    range_comparison: str | None,
    range_values: list[DynamoType],
    limit: int | None,
    exclusive_start_key: dict[str, Any] | None,
    forward: bool,
    projection: Any,
    index_name: str | None = None,
    consistent_read: bool = False,
    filter_expression: Any = None,
    **_: Any,
) -> tuple[list[Item], int, dict[str, Any] | None]:
    """Query by looking at one partition: moto sorts the whole table for each, and gives no LastEvaluatedKey where Limit is just met."""
    if index_name:
        if consistent_read:
            raise MockValidationException("Consistent reads are not supported on global secondary indexes")
        keys = {key["KeyType"]: key["AttributeName"] for key in table.get_index(index_name).schema}
        order = [keys["RANGE"], table.hash_key_attr, table.range_key_attr]
        everything = (item for partition in table.items.values() for item in partition.values())
        indexed = (item for item in everything if keys["HASH"] in item.attrs and keys["RANGE"] in item.attrs)
        placed = {_place(*map(item.attrs.get, order)): item for item in indexed if item.attrs[keys["HASH"]] == hash_key}
    else:
        order = [table.range_key_attr]
        placed = {_place(key): item for key, item in table.items.get(hash_key, {}).items()}
    places = sorted(placed, reverse=not forward)
    if exclusive_start_key:
        start = _place(*(DynamoType(exclusive_start_key[name]) for name in order))
        places = [place for place in places if (place > start if forward else place < start)]
    if range_comparison:
        matches, values = get_comparison_func(range_comparison), _place(*range_values)
        places = [place for place in places if matches(place[0], *values)]
    items = [placed[place] for place in places]

    page: list[Item] = []
    size = 0
    for item in items:
        if len(page) == limit or size > RESULT_SIZE_LIMIT:
            break
        page.append(item)
        size += item.size()
    more = len(page) < len(items) or len(page) == limit
    last = table._get_last_evaluated_key(page[-1], index_name) if more and page else None
    found = [table.get_index(index_name).project(item) if index_name else item for item in page]
    if filter_expression is not None:
        found = [item for item in found if filter_expression.expr(item)]
    return [item.project(projection) for item in found] if projection else found, len(page), last


def _place(*values: DynamoType) -> tuple[Any, ...]:
    return tuple([value.value if value.type == "S" else value.cast_value for value in values])


def _transact_write_items(backend: Any, transact_items: list[dict[str, Any]]) -> None:
    """All or nothing, judged before anything is written: moto copies the whole table for each action to be able to go back."""
    if len(transact_items) > 100:
        raise TooManyTransactionsException
    touched: dict[tuple[str, DynamoType, DynamoType], Item | None] = {}
    reasons: list[tuple[str | None, str | None, Any]] = []
    for action in transact_items:
        ((kind, write),) = action.items()
        table = backend.get_table(write["TableName"])
        place = (table.name, *backend.get_keys_value(table, write["Item" if kind == "Put" else "Key"]))
        if place in touched:
            raise MultipleTransactionsException
        current = touched[place] = table.get_item(*place[1:])
        condition = get_filter_expression(
            write.get("ConditionExpression"), write.get("ExpressionAttributeNames"), write.get("ExpressionAttributeValues")
        )
        shown = current.to_json()["Attributes"] if current and write.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" else None
        holds = condition.expr(current)
        reasons.append((None, None, None) if holds else ("ConditionalCheckFailed", "The conditional request failed", shown))
    if any(code for code, _, _ in reasons):
        raise TransactionCanceledException(reasons)

    before = copy.deepcopy(touched)
    try:
        for action in transact_items:
            ((kind, write),) = action.items()
            if kind == "Put":
                backend.put_item(write["TableName"], write["Item"])
            elif kind == "Delete":
                backend.delete_item(write["TableName"], write["Key"])
            elif kind == "Update":
                names, values = write.get("ExpressionAttributeNames"), write.get("ExpressionAttributeValues")
                backend.update_item(write["TableName"], write["Key"], write["UpdateExpression"], names, values)
    except Exception:
        for (name, hash_key, range_key), item in before.items():
            if item is None:
                backend.get_table(name).delete_item(hash_key, range_key)
            else:
                backend.get_table(name).items[hash_key][range_key] = item
        raise


# ---- CloudFront ----------------------------------------------------------------------------------------------------------------

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
PATHS_IN_PROGRESS = 3000
WILDCARDS_IN_PROGRESS = 15

# A path may hold one wildcard, at its end; a tag none, and no comma or space.
_ITEM = re.compile(r"/[^*\s]*\*?|#[!-)+-+\--~]{1,256}")


def _cloudfront(aws: Aws) -> Iterator[AbstractContextManager[Any]]:
    class Invalidation(cloudfront.Invalidation):
        """In progress for `Aws.invalidation_delay` seconds; moto completes it at once, and accepts anything."""

        def __init__(self, distribution: Any, paths: list[str], caller_ref: str) -> None:
            self.done_at = aws.clock() + aws.invalidation_delay
            super().__init__(distribution, paths, caller_ref)
            self.create_time = datetime.fromtimestamp(aws.clock(), UTC)

        @property
        def status(self) -> str:
            return "InProgress" if aws.clock() < self.done_at else "Completed"

        @status.setter
        def status(self, _: str) -> None:
            """moto's constant."""

    class Distribution(cloudfront.Distribution):
        """At the address of the local CDN, so that a link to it works."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.domain_name = aws.domain_name or self.domain_name

    moto_create = cloudfront.CloudFrontBackend.create_invalidation

    def create_invalidation(backend: Any, dist_id: str, paths: list[str], caller_ref: str) -> Any:
        earlier = backend.invalidations.get(dist_id, [])
        for invalidation in earlier:
            if invalidation.caller_ref == caller_ref:
                if sorted(invalidation.paths) == sorted(paths):
                    return invalidation
                raise CloudFrontException(
                    "InvalidArgument",
                    "Your request contains a caller reference that was used for a previous invalidation batch for the same distribution.",
                )
        if not paths or not all(_ITEM.fullmatch(path) for path in paths):
            raise CloudFrontException("InvalidArgument", "Your request contains one or more invalid invalidation paths.")
        pending = [path for invalidation in earlier if invalidation.status == "InProgress" for path in invalidation.paths] + paths
        if len(pending) > PATHS_IN_PROGRESS or sum(path.endswith("*") for path in pending) > WILDCARDS_IN_PROGRESS:
            raise CloudFrontException(
                "TooManyInvalidationsInProgress",
                "Processing your request will cause you to exceed the maximum number of in-progress paths.",
            )
        accepted: Any = moto_create(backend, dist_id, paths, caller_ref)
        aws.purged(dist_id, paths, accepted.done_at)
        return accepted

    yield patch.object(cloudfront, "Distribution", Distribution)
    yield patch.object(cloudfront, "Invalidation", Invalidation)
    yield patch.object(cloudfront.CloudFrontBackend, "create_invalidation", create_invalidation)
