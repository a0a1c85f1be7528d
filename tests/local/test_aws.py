"""What moto does not do as AWS does, done as AWS does it."""

import json
import os
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import FrameType
from typing import Any
from urllib.error import HTTPError

import boto3
import pytest
from botocore.exceptions import ClientError

from pressrun.local.aws import Aws

from .conftest import Clock

BUCKET = "pages"
TABLE = "catalogue"


@pytest.fixture
def s3(aws: Aws) -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return client


@pytest.fixture
def sqs(aws: Aws) -> Any:
    return boto3.client("sqs")


@pytest.fixture
def url(sqs: Any) -> str:
    return str(sqs.create_queue(QueueName="events")["QueueUrl"])


@pytest.fixture
def dynamodb(aws: Aws) -> Any:
    client = boto3.client("dynamodb")
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "shard", "since")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "dirty",
                "KeySchema": [{"AttributeName": "shard", "KeyType": "HASH"}, {"AttributeName": "since", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return client


@pytest.fixture
def cloudfront(aws: Aws) -> Any:
    return boto3.client("cloudfront")


@pytest.fixture
def distribution(cloudfront: Any) -> str:
    created = cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": "site",
            "Comment": "",
            "Enabled": True,
            "Origins": {
                "Quantity": 1,
                "Items": [{"Id": "site", "DomainName": "pages.s3.us-east-1.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}],
            },
            "DefaultCacheBehavior": {"TargetOriginId": "site", "ViewerProtocolPolicy": "redirect-to-https"},
        }
    )
    return str(created["Distribution"]["Id"])


def notify(s3: Any, **configuration: Any) -> None:
    queue = {"QueueArn": "arn:aws:sqs:us-east-1:123456789012:events", "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [queue | configuration]})


def received(sqs: Any, url: str) -> list[Any]:
    messages = []
    while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in batch:
            messages.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return messages


def records(sqs: Any, url: str) -> list[Any]:
    return [record for message in received(sqs, url) for record in message.get("Records", [])]


def code(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return f"{refused.value.response['ResponseMetadata']['HTTPStatusCode']} {refused.value.response['Error']['Code']}"


def lines_run(act: Callable[[], Any]) -> int:
    """How many lines of Python it takes, when whatever it keeps for later is there."""
    act()
    lines = 0

    def count(_: FrameType, event: str, __: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        act()
    finally:
        sys.settrace(before)
    return lines


# ---- Events of S3


def test_a_new_notification_is_tried_with_a_test_event(s3: Any, sqs: Any, url: str) -> None:
    notify(s3)
    [message] = received(sqs, url)
    assert (message["Event"], message["Bucket"]) == ("s3:TestEvent", BUCKET)


def test_a_put_sends_the_record_that_s3_sends(s3: Any, sqs: Any, url: str) -> None:
    notify(s3, Id="uploads")
    put = s3.put_object(Bucket=BUCKET, Key="articles/a b+c ü.md", Body=b"hello")
    [record] = records(sqs, url)
    assert record["eventVersion"] == "2.1"
    assert record["eventSource"] == "aws:s3"
    assert record["awsRegion"] == "us-east-1"
    assert record["eventTime"] == "2027-01-15T08:00:00.000Z"
    assert record["eventName"] == "ObjectCreated:Put"
    assert record.keys() >= {"userIdentity", "requestParameters", "responseElements"}
    assert record["s3"]["s3SchemaVersion"] == "1.0"
    assert record["s3"]["configurationId"] == "uploads"
    assert record["s3"]["bucket"]["arn"] == "arn:aws:s3:::pages"
    what = record["s3"]["object"]
    assert (what["key"], what["size"], what["eTag"]) == ("articles/a+b%2Bc+%C3%BC.md", 5, put["ETag"].strip('"'))
    assert what["versionId"] == put["VersionId"]


def test_a_copy_is_a_copy_and_a_multipart_upload_is_one_event(s3: Any, sqs: Any, url: str) -> None:
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    notify(s3)
    s3.copy_object(Bucket=BUCKET, Key="two", CopySource={"Bucket": BUCKET, "Key": "one"})
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="three")["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key="three", UploadId=upload, PartNumber=1, Body=b"part")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=BUCKET, Key="three", UploadId=upload, MultipartUpload=parts)
    assert [(record["s3"]["object"]["key"], record["eventName"]) for record in records(sqs, url)] == [
        ("two", "ObjectCreated:Copy"),
        ("three", "ObjectCreated:CompleteMultipartUpload"),
    ]


def test_a_delete_in_a_versioned_bucket_says_that_a_marker_was_made(s3: Any, sqs: Any, url: str) -> None:
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    notify(s3)
    deleted = s3.delete_object(Bucket=BUCKET, Key="one")
    [record] = records(sqs, url)
    assert record["eventName"] == "ObjectRemoved:DeleteMarkerCreated"
    assert record["s3"]["object"]["versionId"] == deleted["VersionId"]
    assert "size" not in record["s3"]["object"]


def test_deleting_what_never_was_makes_a_marker_and_an_event(s3: Any, sqs: Any, url: str) -> None:
    notify(s3)
    assert s3.delete_object(Bucket=BUCKET, Key="never")["DeleteMarker"]
    assert [record["eventName"] for record in records(sqs, url)] == ["ObjectRemoved:DeleteMarkerCreated"]
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "never"}, {"Key": "nor this"}]})
    assert len(records(sqs, url)) == 2


def test_deleting_a_version_is_a_delete_of_that_version(s3: Any, sqs: Any, url: str) -> None:
    first = s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"2")
    notify(s3)
    s3.delete_object(Bucket=BUCKET, Key="one", VersionId=first)
    [record] = records(sqs, url)
    assert (record["eventName"], record["s3"]["object"]["versionId"]) == ("ObjectRemoved:Delete", first)


def test_the_sequencers_of_a_key_increase_as_text(s3: Any, sqs: Any, url: str) -> None:
    notify(s3)
    for body in range(20):
        s3.put_object(Bucket=BUCKET, Key="one", Body=str(body))
    s3.delete_object(Bucket=BUCKET, Key="one")
    sequencers = [record["s3"]["object"]["sequencer"] for record in records(sqs, url)]
    assert sequencers == sorted(set(sequencers))
    assert all(int(sequencer, 16) and len(sequencer) == 18 for sequencer in sequencers)


def test_only_what_the_filter_and_the_events_name_is_sent(s3: Any, sqs: Any, url: str) -> None:
    rules = [{"Name": "prefix", "Value": "articles/"}, {"Name": "suffix", "Value": ".md"}]
    notify(s3, Events=["s3:ObjectCreated:*"], Filter={"Key": {"FilterRules": rules}})
    for key in ("articles/a.md", "articles/a.png", "reports/articles/a.md"):
        s3.put_object(Bucket=BUCKET, Key=key)
        s3.delete_object(Bucket=BUCKET, Key=key)
    assert [record["s3"]["object"]["key"] for record in records(sqs, url)] == ["articles/a.md"]


def test_an_event_that_cannot_be_delivered_is_not_swallowed(s3: Any, sqs: Any, url: str) -> None:
    notify(s3)
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(Exception, match="queue"):
        s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")


def test_observers_see_every_put_and_delete_in_order(aws: Aws, s3: Any) -> None:
    seen: list[tuple[str, str, bytes | None]] = []
    aws.observe(lambda bucket, key, body: seen.append((bucket, key, body)))
    first = s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=BUCKET, Key="one", Body=b"2")["VersionId"]
    s3.delete_object(Bucket=BUCKET, Key="one", VersionId=second)
    s3.delete_object(Bucket=BUCKET, Key="one", VersionId=first)
    assert seen == [(BUCKET, "one", body) for body in (b"1", b"2", b"1", None)]


def test_an_observer_finds_the_object_as_a_whole_with_its_metadata(aws: Aws, s3: Any) -> None:
    seen: list[dict[str, str]] = []
    aws.observe(lambda bucket, key, _: seen.append(s3.head_object(Bucket=bucket, Key=key)["Metadata"]))
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1", Metadata={"status": "410"})
    assert seen == [{"status": "410"}]


# ---- Conditional writes


@pytest.mark.parametrize(
    ("condition", "present", "absent"),
    [
        ({"IfMatch": "{etag}"}, "200", "404 NoSuchKey"),
        ({"IfMatch": "*"}, "200", "404 NoSuchKey"),
        ({"IfMatch": '"other"'}, "412 PreconditionFailed", "404 NoSuchKey"),
        ({"IfNoneMatch": "*"}, "412 PreconditionFailed", "200"),
    ],
)
def test_a_put_is_conditional_on_what_is_there(s3: Any, condition: dict[str, str], present: str, absent: str) -> None:
    etag = s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")["ETag"]
    for key, expected in (("one", present), ("none", absent)):
        filled = {name: value.format(etag=etag) for name, value in condition.items()}
        if expected == "200":
            s3.put_object(Bucket=BUCKET, Key=key, Body=b"2", **filled)
        else:
            assert code(partial(s3.put_object, Bucket=BUCKET, Key=key, Body=b"2", **filled)) == expected


def test_a_delete_is_conditional_on_what_is_there(s3: Any) -> None:
    etag = s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")["ETag"]
    assert code(lambda: s3.delete_object(Bucket=BUCKET, Key="one", IfMatch='"other"')) == "412 PreconditionFailed"
    assert code(lambda: s3.delete_object(Bucket=BUCKET, Key="none", IfMatch="*")) == "404 NoSuchKey"
    s3.delete_object(Bucket=BUCKET, Key="one", IfMatch=etag)
    assert code(lambda: s3.delete_object(Bucket=BUCKET, Key="one", IfMatch=etag)) == "404 NoSuchKey"


def test_a_multipart_upload_is_conditional_when_it_completes(s3: Any) -> None:
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="one")["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key="one", UploadId=upload, PartNumber=1, Body=b"part")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    complete = partial(s3.complete_multipart_upload, Bucket=BUCKET, Key="one", UploadId=upload, MultipartUpload=parts)
    for condition in ({"IfNoneMatch": "*"}, {"IfMatch": '"other"'}):
        assert code(partial(complete, **condition)) == "412 PreconditionFailed"
    complete()


# ---- Many at once


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


def at_once(calls: Sequence[Callable[[], Any]]) -> list[str]:
    """Run all of `calls` at the same time. Gives 'won', or the error's code, for each."""
    start = threading.Barrier(len(calls))
    results: list[str] = []

    def run(call: Callable[[], Any]) -> None:
        start.wait()
        try:
            call()
            results.append("won")
        except ClientError as error:
            results.append(error.response["Error"]["Code"])

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_many_conditional_puts_exactly_one_wins(aws: Aws, s3: Any, hasty: None) -> None:
    with aws.serve() as endpoint:
        # Half of them in process, as the functions, and half over HTTP, as everybody else.
        clients = [s3, boto3.client("s3", endpoint_url=endpoint)]
        for n in range(10):
            put = [partial(one.put_object, Bucket=BUCKET, Key=f"race-{n}") for one in clients]
            race = [partial(put[worker % 2], Body=str(worker), IfNoneMatch="*") for worker in range(8)]
            assert sorted(at_once(race)) == ["PreconditionFailed"] * 7 + ["won"]
            etag = s3.head_object(Bucket=BUCKET, Key=f"race-{n}")["ETag"]
            race = [partial(put[worker % 2], Body=f"new {worker}", IfMatch=etag) for worker in range(8)]
            assert sorted(at_once(race)) == ["PreconditionFailed"] * 7 + ["won"]


def test_of_many_transactions_on_one_version_exactly_one_wins(dynamodb: Any, hasty: None) -> None:
    key = {"pk": {"S": "article"}, "sk": {"S": "record"}}
    dynamodb.put_item(TableName=TABLE, Item=key | {"version": {"N": "0"}, "entries": {"N": "0"}})

    def transaction(version: int, worker: int) -> None:
        dynamodb.transact_write_items(
            TransactItems=[
                {
                    "Update": {
                        "TableName": TABLE,
                        "Key": key,
                        "UpdateExpression": "SET version = version + :one",
                        "ConditionExpression": "version = :seen",
                        "ExpressionAttributeValues": {":one": {"N": "1"}, ":seen": {"N": str(version)}},
                    }
                },
                {"Put": {"TableName": TABLE, "Item": {"pk": {"S": "list"}, "sk": {"S": f"{version}-{worker}"}}}},
            ]
        )

    for version in range(10):
        results = at_once([partial(transaction, version, worker) for worker in range(8)])
        assert sorted(results) == ["TransactionCanceledException"] * 7 + ["won"]
    entries = dynamodb.query(
        TableName=TABLE, KeyConditionExpression="pk = :list", ExpressionAttributeValues={":list": {"S": "list"}}, ConsistentRead=True
    )
    assert entries["Count"] == 10


def test_many_receivers_never_get_the_same_message(sqs: Any, url: str, hasty: None) -> None:
    for n in range(100):
        sqs.send_message(QueueUrl=url, MessageBody=str(n))
    got: list[str] = []

    def receive() -> None:
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            got.extend(message["Body"] for message in messages)

    assert at_once([receive] * 8) == ["won"] * 8
    assert sorted(got, key=int) == [str(n) for n in range(100)]


# ---- SQS


def test_a_message_is_hidden_until_its_visibility_timeout_is_over(sqs: Any, url: str, clock: Clock) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="one")
    first = sqs.receive_message(QueueUrl=url, VisibilityTimeout=60)["Messages"][0]
    clock.now += 59
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    clock.now += 1
    again = sqs.receive_message(QueueUrl=url, VisibilityTimeout=60, MessageSystemAttributeNames=["All"])["Messages"][0]
    assert again["MessageId"] == first["MessageId"]
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    clock.now += 60
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_visibility_can_be_given_back_and_drawn_out(sqs: Any, url: str, clock: Clock) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="one")

    def handle() -> str:
        return str(sqs.receive_message(QueueUrl=url, VisibilityTimeout=60)["Messages"][0]["ReceiptHandle"])

    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle(), VisibilityTimeout=0)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle(), VisibilityTimeout=600)
    clock.now += 599
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    clock.now += 1
    assert "Messages" in sqs.receive_message(QueueUrl=url)


def test_a_delayed_message_comes_when_its_time_has_come(sqs: Any, url: str, clock: Clock) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=120)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible"]

    def numbers() -> list[int]:
        return [int(value) for value in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()]

    assert numbers() == [0, 1, 0]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    clock.now += 120
    assert numbers() == [1, 0, 0]
    assert "Messages" in sqs.receive_message(QueueUrl=url)
    assert numbers() == [0, 0, 1]


def test_what_was_received_too_often_becomes_a_dead_letter(sqs: Any, url: str, clock: Clock) -> None:
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    redrive = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead", "maxReceiveCount": 3}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(redrive)})
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    for _ in range(3):
        assert "Messages" in sqs.receive_message(QueueUrl=url, VisibilityTimeout=30)
        clock.now += 30
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert sqs.receive_message(QueueUrl=dead)["Messages"][0]["Body"] == "poison"


def test_nobody_waits_for_messages_while_others_are_kept_out(sqs: Any, url: str) -> None:
    begun = time.monotonic()
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    assert time.monotonic() - begun < 5


def test_a_deep_queue_costs_what_a_shallow_one_costs(sqs: Any, url: str) -> None:
    def one() -> None:
        sqs.send_message(QueueUrl=url, MessageBody="x")
        message = sqs.receive_message(QueueUrl=url)["Messages"][0]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    shallow = lines_run(one)
    for _ in range(500):
        entries = [{"Id": str(n), "MessageBody": "x"} for n in range(10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert lines_run(one) < shallow + 250  # for 5,000 messages


# ---- DynamoDB


def put_entries(dynamodb: Any, *keys: str, partition: str = "list") -> None:
    for key in keys:
        dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": partition}, "sk": {"S": key}, "even": {"BOOL": int(key) % 2 == 0}})


def query(dynamodb: Any, **more: Any) -> Any:
    values = {":list": {"S": "list"}} | more.pop("Values", {})
    condition = "pk = :list" + more.pop("And", "")
    return dynamodb.query(TableName=TABLE, KeyConditionExpression=condition, ExpressionAttributeValues=values, **more)


def keys(page: Any) -> list[str]:
    return [item["sk"]["S"] for item in page["Items"]]


def test_a_query_reads_one_partition_in_order_page_by_page(dynamodb: Any) -> None:
    put_entries(dynamodb, "3", "1", "4", "2")
    put_entries(dynamodb, "9", partition="other")
    assert keys(query(dynamodb)) == ["1", "2", "3", "4"]
    first = query(dynamodb, Limit=2, ScanIndexForward=False)
    assert keys(first) == ["4", "3"]
    second = query(dynamodb, Limit=2, ScanIndexForward=False, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert keys(second) == ["2", "1"]
    # As on AWS, a page that is just full does not know that it is the last.
    third = query(dynamodb, Limit=2, ScanIndexForward=False, ExclusiveStartKey=second["LastEvaluatedKey"])
    assert (keys(third), "LastEvaluatedKey" in third) == ([], False)


def test_a_query_narrows_by_the_sort_key_before_the_limit_and_filters_after_it(dynamodb: Any) -> None:
    put_entries(dynamodb, *"123456")
    assert keys(query(dynamodb, And=" AND sk > :two", Values={":two": {"S": "2"}}, Limit=2)) == ["3", "4"]
    assert keys(query(dynamodb, And=" AND sk BETWEEN :two AND :four", Values={":two": {"S": "2"}, ":four": {"S": "4"}})) == ["2", "3", "4"]
    assert keys(query(dynamodb, FilterExpression="even = :yes", Values={":yes": {"BOOL": True}}, Limit=3)) == ["2"]
    assert query(dynamodb, ProjectionExpression="sk", Limit=1)["Items"] == [{"sk": {"S": "1"}}]


def test_a_sparse_index_holds_only_items_with_its_keys(dynamodb: Any) -> None:
    for n, since in enumerate(["2", "1", None]):
        marked = {"shard": {"S": "0"}, "since": {"S": since}} if since else {}
        dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": f"target{n}"}, "sk": {"S": "mark"}} | marked)
    arguments = {
        "TableName": TABLE,
        "IndexName": "dirty",
        "KeyConditionExpression": "shard = :shard AND since < :now",
        "ExpressionAttributeValues": {":shard": {"S": "0"}, ":now": {"S": "9"}},
    }
    page = dynamodb.query(**arguments, Limit=1)
    assert [item["pk"]["S"] for item in page["Items"]] == ["target1"]
    page = dynamodb.query(**arguments, ExclusiveStartKey=page["LastEvaluatedKey"])
    assert [item["pk"]["S"] for item in page["Items"]] == ["target0"]
    assert code(lambda: dynamodb.query(**arguments, ConsistentRead=True)) == "400 ValidationException"


def test_a_query_costs_the_same_in_a_large_table(dynamodb: Any) -> None:
    put_entries(dynamodb, *"123456")
    small = lines_run(lambda: query(dynamodb))
    for n in range(80):
        requests = [{"PutRequest": {"Item": {"pk": {"S": f"{n}-{m}"}, "sk": {"S": "0"}}}} for m in range(25)]
        dynamodb.batch_write_item(RequestItems={TABLE: requests})
    assert lines_run(lambda: query(dynamodb)) < small + 250  # for 2,000 items


def test_a_cancelled_transaction_says_why_and_writes_nothing(dynamodb: Any) -> None:
    put_entries(dynamodb, "1")
    absent = "attribute_not_exists(pk)"
    item = {"pk": {"S": "list"}, "sk": {"S": "1"}}
    with pytest.raises(ClientError) as refused:
        dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": TABLE, "Item": {"pk": {"S": "list"}, "sk": {"S": "2"}}}},
                {"Delete": {"TableName": TABLE, "Key": item, "ConditionExpression": absent, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
            ]
        )
    reasons = refused.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert reasons[1]["Item"]["sk"] == {"S": "1"}
    assert keys(query(dynamodb)) == ["1"]


def test_a_transaction_that_breaks_in_the_middle_writes_nothing(dynamodb: Any) -> None:
    put_entries(dynamodb, "1", "2")
    update = {"TableName": TABLE, "UpdateExpression": "SET even = even + :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    with pytest.raises(ClientError):
        dynamodb.transact_write_items(
            TransactItems=[
                {"Delete": {"TableName": TABLE, "Key": {"pk": {"S": "list"}, "sk": {"S": "1"}}}},
                {"Put": {"TableName": TABLE, "Item": {"pk": {"S": "list"}, "sk": {"S": "3"}}}},
                {"Update": update | {"Key": {"pk": {"S": "list"}, "sk": {"S": "2"}}}},  # a truth value is no number
            ]
        )
    assert keys(query(dynamodb)) == ["1", "2"]
    assert query(dynamodb)["Items"][1]["even"] == {"BOOL": True}


def test_a_transaction_takes_a_hundred_actions_each_on_an_item_of_its_own(dynamodb: Any) -> None:
    puts = [{"Put": {"TableName": TABLE, "Item": {"pk": {"S": "list"}, "sk": {"S": str(n)}}}} for n in range(101)]
    assert code(lambda: dynamodb.transact_write_items(TransactItems=puts)) == "400 ValidationException"
    assert code(lambda: dynamodb.transact_write_items(TransactItems=[puts[0], puts[0]])) == "400 ValidationException"
    dynamodb.transact_write_items(TransactItems=puts[:100])
    assert query(dynamodb)["Count"] == 100


# ---- CloudFront


@pytest.fixture
def invalidate(cloudfront: Any, distribution: str) -> Callable[..., Any]:
    def create(*items: str, reference: str) -> Any:
        batch = {"Paths": {"Quantity": len(items), "Items": list(items)}, "CallerReference": reference}
        return cloudfront.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)["Invalidation"]

    return create


def test_an_invalidation_is_in_progress_for_a_while(cloudfront: Any, distribution: str, invalidate: Any, clock: Clock) -> None:
    created = invalidate("/a/*", "#tag", reference="1")

    def status() -> str:
        return str(cloudfront.get_invalidation(DistributionId=distribution, Id=created["Id"])["Invalidation"]["Status"])

    assert (created["Status"], status()) == ("InProgress", "InProgress")
    clock.now += 5
    assert status() == "Completed"


def test_a_caller_reference_stands_for_one_content(aws: Aws, invalidate: Any) -> None:
    told: list[list[str]] = []
    aws.on_purge(lambda _distribution, items, _at: told.append(items))
    first = invalidate("/a", "/b", reference="1")
    assert invalidate("/a", "/b", reference="1")["Id"] == first["Id"]
    assert code(lambda: invalidate("/a", reference="1")) == "400 InvalidArgument"
    assert told == [["/a", "/b"]]


@pytest.mark.parametrize("item", ["a", "", "/a*b", "/a b", "#", "#a,b", "#a*", "#a b", "#ü", "#" + "x" * 257])
def test_an_item_that_is_no_path_and_no_tag_is_refused(invalidate: Any, item: str) -> None:
    assert code(lambda: invalidate("/fine", item, reference="1")) == "400 InvalidArgument"


def test_every_visible_character_but_comma_and_star_may_be_in_a_tag(invalidate: Any) -> None:
    tag = "".join(chr(n) for n in range(0x21, 0x7F) if chr(n) not in ",*")
    assert invalidate(f"#{tag}", "#" + "x" * 256, "/*", "/a%20b", reference="1")["Id"]


def test_no_more_than_three_thousand_items_are_in_progress(invalidate: Any, clock: Clock) -> None:
    invalidate(*(f"#{n}" for n in range(2_999)), reference="1")
    invalidate("/one", reference="2")
    assert code(lambda: invalidate("/more", reference="3")).endswith("TooManyInvalidationsInProgress")
    clock.now += 5
    invalidate("/more", reference="3")


def test_no_more_than_fifteen_wildcards_are_in_progress(invalidate: Any) -> None:
    invalidate(*(f"/{n}/*" for n in range(15)), reference="1")
    assert code(lambda: invalidate("/15/*", reference="2")).endswith("TooManyInvalidationsInProgress")


# ---- The account


def test_another_start_is_another_account_with_the_same_ids() -> None:
    def fresh() -> str:
        with Aws():
            client = boto3.client("s3")
            assert client.list_buckets()["Buckets"] == []
            client.create_bucket(Bucket=BUCKET)
            client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
            return str(client.put_object(Bucket=BUCKET, Key="one")["VersionId"])

    assert fresh() == fresh()


def test_clients_over_http_and_in_process_share_everything(aws: Aws, s3: Any, sqs: Any, url: str) -> None:
    with aws.serve() as endpoint:
        boto3.client("s3", endpoint_url=endpoint).put_object(Bucket=BUCKET, Key="one", Body=b"over http")
        boto3.client("sqs", endpoint_url=endpoint).send_message(QueueUrl=url, MessageBody="over http")
    assert s3.get_object(Bucket=BUCKET, Key="one")["Body"].read() == b"over http"
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "over http"


def test_the_laptops_own_aws_settings_are_out_of_the_way_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://elsewhere.example")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("AWS_CA_BUNDLE", "no such file")
    with Aws():
        assert boto3.client("s3").list_buckets()["Buckets"] == []
    assert os.environ["AWS_PROFILE"] == "mine"


def asked(url: str, headers: dict[str, str], method: str = "GET", body: bytes | None = None) -> tuple[int, dict[str, str]]:
    """Status and headers, as a browser's page would get them."""
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, dict(answer.headers)
    except HTTPError as error:
        return error.code, dict(error.headers)


_FIELD = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
FORM = f"{_FIELD.format('key', 'one')}{_FIELD.format('file', '2')}--x--\r\n".encode()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
    ],
)
def test_no_page_in_a_browser_reads_or_changes_anything(aws: Aws, s3: Any, headers: dict[str, str]) -> None:
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    with aws.serve() as endpoint:
        form = {"Content-Type": "multipart/form-data; boundary=x"}
        assert asked(f"{endpoint}/{BUCKET}", form | headers, "POST", FORM)[0] == 403
        assert asked(f"{endpoint}/{BUCKET}/two", headers, "PUT", b"2")[0] == 403
        for path in ("?list-type=2", "/one"):
            status, answered = asked(f"{endpoint}/{BUCKET}{path}", headers)
            assert (status, "Access-Control-Allow-Origin" in answered) == (403, False)
        # Where nothing says that a page asks, it is what a client sends.
        assert asked(f"{endpoint}/{BUCKET}", form, "POST", FORM)[0] < 300
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["one"]
    assert s3.get_object(Bucket=BUCKET, Key="one")["Body"].read() == b"2"


def test_a_signed_address_opens_in_a_browser_and_is_for_no_other_site(aws: Aws, s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    with aws.serve() as endpoint:
        client = boto3.client("s3", endpoint_url=endpoint)
        address = client.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "one"})
        for site in ("none", "same-site"):
            status, headers = asked(address, {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"})
            assert (status, [name for name in headers if name.startswith("Access-Control")]) == (200, [])


def test_a_client_may_call_this_machine_localhost_and_have_the_bucket_in_the_hosts_name(aws: Aws, s3: Any) -> None:
    with aws.serve() as endpoint:
        port = endpoint.rpartition(":")[2]
        for host in (f"localhost:{port}", f"{BUCKET}.localhost:{port}"):
            assert asked(f"{endpoint}/", {"Host": host})[0] == 200


def test_there_is_one_local_aws_at_a_time(aws: Aws, s3: Any) -> None:
    with pytest.raises(RuntimeError, match="already"), Aws():
        pass
    assert s3.list_buckets()["Buckets"]


def test_a_port_that_is_taken_is_named(aws: Aws) -> None:
    with aws.serve() as endpoint:
        port = int(endpoint.rpartition(":")[2])
        with pytest.raises(OSError, match=f"port {port}: "), aws.serve(port):
            pass


def test_nothing_goes_to_the_network(aws: Aws) -> None:
    client = boto3.client("route53")
    assert code(lambda: client.get_checker_ip_ranges()).startswith("404")
