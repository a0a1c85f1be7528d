"""The event source mapping, and the functions behind it."""

import hashlib
import json
import os
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from pressrun.local.cloud import Cloud

from .conftest import TEMPLATE, Clock, handlers

MakeCloud = Callable[..., Cloud]


def send(*bodies: str, queue: str = "lists", **more: Any) -> None:
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=f"pressrun-{queue}")["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body, **more)


class Recorder:
    """A function that keeps its events and answers as told."""

    def __init__(self, answer: Callable[[dict[str, Any]], Any] = lambda _: None) -> None:
        self.events: list[dict[str, Any]] = []
        self.contexts: list[Any] = []
        self.answer = answer

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        self.events.append(event)
        self.contexts.append(context)
        return self.answer(event)

    @property
    def batches(self) -> list[list[str]]:
        return [[record["body"] for record in event["Records"]] for event in self.events]


def fail(*bodies: str) -> Callable[[dict[str, Any]], Any]:
    """An answer that names the messages with these bodies."""

    def answer(event: dict[str, Any]) -> Any:
        return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in event["Records"] if r["body"] in bodies]}

    return answer


def raises(_event: dict[str, Any]) -> None:
    raise RuntimeError("broken")


def test_a_record_has_what_lambda_gives(make_cloud: MakeCloud) -> None:
    index = Recorder()
    cloud = make_cloud(index=index)
    send("hint", MessageAttributes={"edition": {"DataType": "String", "StringValue": "abc"}})
    assert cloud.poll() == 1
    [[record]] = [event["Records"] for event in index.events]
    assert record.pop("messageId")
    assert record.pop("receiptHandle")
    assert record == {
        "body": "hint",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1800000000000",
            "SenderId": record["attributes"]["SenderId"],
            "ApproximateFirstReceiveTimestamp": "1800000000000",
        },
        "messageAttributes": {"edition": {"dataType": "String", "stringValue": "abc", "stringListValues": [], "binaryListValues": []}},
        "md5OfBody": hashlib.md5(b"hint").hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:pressrun-lists",
        "awsRegion": "us-east-1",
    }


def test_a_function_knows_who_it_is_and_how_long_it_has(make_cloud: MakeCloud) -> None:
    index = Recorder()
    cloud = make_cloud(index=index)
    send("hint")
    cloud.poll()
    [context] = index.contexts
    assert context.function_name == "pressrun-index"
    assert context.invoked_function_arn == "arn:aws:lambda:us-east-1:123456789012:function:pressrun-index"
    assert context.memory_limit_in_mb == "1024"
    assert context.aws_request_id
    assert 55_000 < context.get_remaining_time_in_millis() <= 60_000


def test_a_batch_is_as_large_as_the_template_says(make_cloud: MakeCloud) -> None:
    validate = Recorder()
    cloud = make_cloud(validate=validate)
    send(*(str(n) for n in range(60)), queue="uploads")
    assert cloud.poll() == 50
    assert cloud.poll() == 10
    assert [len(batch) for batch in validate.batches] == [50, 10]


def test_what_was_handled_is_deleted(make_cloud: MakeCloud, clock: Clock) -> None:
    cloud = make_cloud()
    send("one", "two")
    assert cloud.settle()
    clock.now += 1_000
    assert cloud.poll() == 0


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_these_answers_mean_success(make_cloud: MakeCloud, answer: Any) -> None:
    cloud = make_cloud(index=Recorder(lambda _: answer))
    send("one")
    assert cloud.settle()


def test_only_the_messages_that_the_function_names_come_back(make_cloud: MakeCloud, clock: Clock) -> None:
    index = Recorder(fail("two"))
    cloud = make_cloud(index=index)
    send("one", "two", "three")
    assert not cloud.settle()
    index.answer = fail()
    clock.now += 420
    assert cloud.settle()
    assert index.batches == [["one", "two", "three"], ["two"]]
    assert index.events[1]["Records"][0]["attributes"]["ApproximateReceiveCount"] == "2"


@pytest.mark.parametrize(
    "answer",
    [
        raises,
        lambda _: {"batchItemFailures": [{"itemIdentifier": ""}]},
        lambda _: {"batchItemFailures": [{"itemIdentifier": None}]},
        lambda _: {"batchItemFailures": [{"itemIdentifier": "of another batch"}]},
        lambda _: {"batchItemFailures": [{"misspelt": "x"}]},
        lambda _: {"not JSON": object()},
    ],
)
def test_everything_comes_back_after_an_exception_or_a_failure_that_names_nothing(
    make_cloud: MakeCloud, clock: Clock, answer: Callable[[Any], Any]
) -> None:
    index = Recorder(answer)
    cloud = make_cloud(index=index)
    send("one", "two")
    assert not cloud.settle()
    clock.now += 420
    cloud.settle()
    assert index.batches == [["one", "two"], ["one", "two"]]


def test_an_exception_is_kept_with_its_step(make_cloud: MakeCloud) -> None:
    cloud = make_cloud(index=Recorder(raises))
    send("one")
    cloud.settle()
    assert [(name, str(error)) for name, error in cloud.errors] == [("index", "broken")]


def test_what_fails_five_times_becomes_a_dead_letter(make_cloud: MakeCloud, clock: Clock) -> None:
    index = Recorder(fail("poison"))
    cloud = make_cloud(index=index)
    send("poison", "good")
    for _ in range(8):
        cloud.settle()
        clock.now += 420
    assert len(index.batches) == 5
    assert cloud.aws.waiting("pressrun-lists-dead") == 1
    assert cloud.quiet()


def test_an_invocation_carries_no_more_than_six_megabytes(make_cloud: MakeCloud) -> None:
    index = Recorder()
    cloud = make_cloud(index=index)
    send(*["x" * 1_000_000] * 8)
    assert cloud.poll() == 8
    assert [len(batch) for batch in index.batches] == [6, 2]


def test_a_delayed_message_is_nothing_to_wait_for(make_cloud: MakeCloud, clock: Clock) -> None:
    index = Recorder()
    cloud = make_cloud(index=index)
    send("due", DelaySeconds=100)
    assert cloud.settle()
    assert index.batches == []
    clock.now += 100
    cloud.settle()
    assert index.batches == [["due"]]


def test_one_functions_message_is_the_next_ones_event(make_cloud: MakeCloud) -> None:
    index = Recorder()
    cloud = make_cloud(validate=lambda _event, _context: send("from validate"), index=index)
    cloud.client("s3").put_object(Bucket="pressrun-content", Key="articles/a.md", Body=b"x")
    assert cloud.settle()
    assert index.batches == [["from validate"]]


def test_an_upload_to_reports_calls_nobody(make_cloud: MakeCloud) -> None:
    validate = Recorder()
    cloud = make_cloud(validate=validate)
    for key in ("reports/a.md.txt", "site.toml", "media/a b.png"):
        cloud.client("s3").put_object(Bucket="pressrun-content", Key=key, Body=b"x")
    cloud.settle()
    bodies = [json.loads(body) for batch in validate.batches for body in batch]
    assert [body["Records"][0]["s3"]["object"]["key"] for body in bodies] == ["site.toml", "media/a+b.png"]


def test_only_what_functions_call_is_counted(make_cloud: MakeCloud) -> None:
    def validate(_event: dict[str, Any], _context: Any) -> None:
        boto3.client("s3").put_object(Bucket="pressrun-site", Key="index.html", Body=b"x")
        boto3.client("s3").put_object(Bucket="pressrun-site", Key="feed.xml", Body=b"x")

    cloud = make_cloud(validate=validate)
    boto3.client("s3").put_object(Bucket="pressrun-content", Key="articles/a.md", Body=b"x")
    cloud.settle()
    assert cloud.calls == {"s3": {"PutObject": 2}}


def test_functions_read_the_templates_environment_and_it_is_gone_afterwards() -> None:
    with Cloud(TEMPLATE, handlers=handlers()):
        assert os.environ["SITE_BUCKET"] == "pressrun-site"
        assert os.environ["TEMPLATES"] == str(TEMPLATE.parents[1] / "templates")
    assert "SITE_BUCKET" not in os.environ


def test_the_sweep_is_called_with_a_scheduled_event(make_cloud: MakeCloud) -> None:
    sweep = Recorder()
    cloud = make_cloud(sweep=sweep)
    cloud.sweep()
    [event] = sweep.events
    assert (event["detail-type"], event["time"]) == ("Scheduled Event", "2027-01-15T08:00:00Z")


def test_weather_stands_between_the_events_and_the_functions(clock: Clock) -> None:
    index = Recorder()

    def twice(_function: Any, handler: Any) -> Any:
        def repeated(event: dict[str, Any], context: Any) -> Any:
            handler(event, context)
            return handler(event, context)

        return repeated

    with Cloud(TEMPLATE, handlers=handlers(index=index), weather=twice, clock=clock) as cloud:
        send("one")
        cloud.settle()
    assert index.batches == [["one"], ["one"]]


def test_a_batch_gathers_while_the_functions_before_it_are_at_work(make_cloud: MakeCloud) -> None:
    more = iter(["b", "c"])
    index = Recorder(lambda _: cloud.functions.stopping.set())
    cloud = make_cloud(index=index)
    mapping = cloud.mappings["index"]

    def busy() -> bool:
        if body := next(more, ""):
            send(body)
        return bool(body)

    mapping.pace, mapping.busy = 0, busy
    send("a")
    mapping.run()
    assert index.batches == [["a", "b", "c"]]


def test_once_all_are_stopping_nothing_gathers_or_begins(make_cloud: MakeCloud) -> None:
    index = Recorder()
    cloud = make_cloud(index=index)
    mapping = cloud.mappings["index"]

    def busy() -> bool:
        cloud.functions.stopping.set()
        return True

    mapping.pace, mapping.busy = 0, busy
    send("a")
    mapping.run()
    assert index.batches == []


def test_once_all_are_stopping_a_function_that_runs_has_no_time_left(make_cloud: MakeCloud) -> None:
    left: list[int] = []

    def index(_event: object, context: Any) -> None:
        left.append(context.get_remaining_time_in_millis())
        cloud.functions.stopping.set()
        left.append(context.get_remaining_time_in_millis())

    cloud = make_cloud(index=index)
    send("a")
    cloud.settle()
    assert left == [cloud.stack.functions["index"].timeout * 1000, 0]
