"""What other systems are told: the events on the stack's bus, and that neither they nor the logs name an embargoed article."""

import json
import sys
import traceback
from collections.abc import Iterator
from hashlib import sha256
from io import StringIO
from typing import Any

import botocore.endpoint
import pytest

from pressrun.cloud.cloud import Cloud
from pressrun.local.storm.stage import START, Stage, ago, article, staged

KEY = "articles/story.md"
OTHER = "articles/other.md"
HASH = {"key_hash": sha256(KEY.encode()).hexdigest()}
STORY = {"key": KEY, "title": "Story", "url": "https://stage.example/news/story/"}
CANARY = {"title": "Canarywords", "slug": "canaryslug", "tags": "[canarytag]", "authors": "[Canaryname]", "summary": "Canarysummary"}


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged() as stage:
        listen(stage)
        yield stage


def listen(stage: Stage) -> None:
    """A rule that sends everything on the bus to a queue, as another system would have it."""
    events, sqs = stage.local.client("events"), stage.local.client("sqs")
    queue = sqs.create_queue(QueueName="newsroom")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bus = stage.local.stack.outputs["EventBus"]
    events.put_rule(Name="newsroom", EventBusName=bus, EventPattern=json.dumps({"source": ["pressrun"]}))
    events.put_targets(Rule="newsroom", EventBusName=bus, Targets=[{"Id": "newsroom", "Arn": arn}])


def heard(stage: Stage) -> list[dict[str, Any]]:
    """What has come since it was asked last, in the order of its time."""
    sqs = stage.local.client("sqs")
    queue = sqs.get_queue_url(QueueName="newsroom")["QueueUrl"]
    events = []
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            events.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return sorted(events, key=lambda event: str(event["time"]))


def told(stage: Stage) -> list[tuple[str, dict[str, Any]]]:
    """The same, without what EventBridge adds."""
    return [(event["detail-type"], event["detail"]) for event in heard(stage)]


def publish(stage: Stage, key: str = KEY, **fields: str) -> None:
    stage.wait(60)
    stage.put(key, article(**{"title": "Story", "section": "news", "date": ago(days=10)} | fields))
    stage.settle()


def take_down(stage: Stage, key: str = KEY) -> None:
    stage.wait(60)
    stage.delete(key)
    stage.settle()


def test_a_new_article_is_accepted_and_goes_live(stage: Stage) -> None:
    publish(stage)
    assert told(stage) == [("article.accepted", STORY | {"status": "live"}), ("article.live", STORY)]


def test_an_event_has_the_time_of_what_it_tells(stage: Stage) -> None:
    stage.wait(30)
    stage.put(KEY, article("Story", section="news"))
    stage.work_off("uploads")
    stage.wait(5)
    stage.settle()
    assert [(event["source"], event["detail-type"], event["time"]) for event in heard(stage)] == [
        ("pressrun", "article.accepted", f"{START:%Y-%m-%dT%H:%M}:30Z"),
        ("pressrun", "article.live", f"{START:%Y-%m-%dT%H:%M}:35Z"),
    ]


def test_a_page_is_told_of_as_an_article_is_and_other_files_are_not(stage: Stage) -> None:
    stage.put("pages/about.md", article("About us"))
    stage.put("authors/jo.md", article("Jo"))
    stage.put("media/x.pdf", "bytes")
    stage.settle()
    about = {"key": "pages/about.md", "title": "About us", "url": "https://stage.example/about/"}
    assert told(stage) == [("article.accepted", about | {"status": "live"}), ("article.live", about)]


def test_a_refused_article_tells_how_much_is_wrong_and_not_what(stage: Stage) -> None:
    publish(stage, section="nowhere", expires="never")
    assert told(stage) == [("article.refused", HASH | {"status": "refused", "problems": 2})]


def test_a_refused_update_is_told_of_by_the_version_that_stays_live(stage: Stage) -> None:
    publish(stage)
    told(stage)
    publish(stage, title="Not this", section="nowhere")
    assert told(stage) == [("article.refused", STORY | {"status": "refused", "problems": 1})]


def test_an_article_that_is_taken_down_is_withdrawn(stage: Stage) -> None:
    publish(stage)
    told(stage)
    take_down(stage)
    assert told(stage) == [("article.withdrawn", STORY)]


def test_an_article_that_expires_is_withdrawn_and_is_no_new_answer(stage: Stage) -> None:
    publish(stage, expires=ago(hours=-1))
    told(stage)
    stage.wait(3600)
    stage.sweep()
    stage.settle()
    assert told(stage) == [("article.withdrawn", STORY)]


def test_an_article_that_moves_goes_live_at_its_new_url_and_is_not_withdrawn(stage: Stage) -> None:
    publish(stage)
    told(stage)
    publish(stage, section="essays")
    moved = STORY | {"url": "https://stage.example/essays/story/"}
    assert told(stage) == [("article.accepted", moved | {"status": "live"}), ("article.live", moved)]


@pytest.mark.parametrize("delete_first", [False, True], ids=["put event first", "delete event first"])
def test_a_url_that_passes_to_another_file_is_live_with_that_one_and_never_withdrawn(stage: Stage, delete_first: bool) -> None:
    publish(stage)
    told(stage)
    stage.put(OTHER, article("Story", section="news", date=ago(days=10)))
    stage.delete(KEY)
    if delete_first:
        stage.reverse_messages()
    stage.settle()
    names = told(stage)
    assert ("article.live", STORY | {"key": OTHER}) in names
    assert "article.withdrawn" not in dict(names)


def test_what_changes_nothing_for_readers_is_told_once_or_not_at_all(stage: Stage) -> None:
    publish(stage)
    told(stage)
    publish(stage)
    assert told(stage) == []
    publish(stage, body="Other text.")
    assert told(stage) == [("article.accepted", STORY | {"status": "live"})]


def test_a_new_site_toml_and_a_new_edition_tell_nothing(stage: Stage) -> None:
    publish(stage)
    publish(stage, OTHER, section="nowhere")
    told(stage)
    site_toml = stage.content()["site.toml"].decode()
    stage.put("site.toml", site_toml.replace("stage.example", "other.example"))
    stage.settle()
    stage.deploy("another")
    stage.settle()
    assert "https://other.example/news/story/" in stage.text("/news/story/")
    assert told(stage) == []


# Before its time


def test_an_embargoed_article_is_a_hash_until_its_instant(stage: Stage) -> None:
    stage.put("articles/canarykey.md", article(**CANARY, section="news", date=ago(hours=-2)))
    stage.settle()
    stage.put("articles/canarykey.md", article(**CANARY, section="nowhere", date=ago(hours=-2)))
    stage.settle()
    stage.put("articles/canarykey.md", article(**CANARY, section="news", draft="true"))
    stage.settle()
    before = told(stage)
    assert "canary" not in json.dumps(before).lower()
    hashed = sha256(b"articles/canarykey.md").hexdigest()
    assert before == [
        ("article.accepted", {"key_hash": hashed, "status": "scheduled"}),
        ("article.refused", {"key_hash": hashed, "status": "refused", "problems": 1}),
        ("article.accepted", {"key_hash": hashed, "status": "draft"}),
    ]


def test_an_article_goes_live_when_its_embargo_ends(stage: Stage) -> None:
    publish(stage, date=ago(hours=-2))
    assert told(stage) == [("article.accepted", HASH | {"status": "scheduled"})]
    stage.wait(2 * 3600)
    stage.sweep()
    stage.settle()
    assert told(stage) == [("article.live", STORY)]


def test_a_live_article_that_is_embargoed_again_is_withdrawn_in_its_old_words(stage: Stage) -> None:
    publish(stage)
    told(stage)
    publish(stage, **CANARY, publish_at=ago(hours=-3))
    assert told(stage) == [("article.accepted", HASH | {"status": "scheduled"}), ("article.withdrawn", STORY)]


def test_a_url_that_passes_to_an_embargoed_file_is_withdrawn_in_the_words_of_the_former(stage: Stage) -> None:
    publish(stage)
    stage.put("articles/canarykey.md", article(**CANARY | {"slug": "story"}, section="news", date=ago(hours=-2)))
    stage.settle()
    told(stage)
    take_down(stage)
    after = told(stage)
    assert "canary" not in json.dumps(after).lower()
    assert ("article.withdrawn", STORY) in after


def test_no_log_line_names_an_embargoed_article_whatever_fails(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    out = StringIO()
    failed: set[tuple[str, str]] = set()

    def fail_once(stage: Stage, params: dict[str, Any], model: Any) -> None:
        call = stage.at_work, model.name
        if listening and stage.at_work and call not in failed:
            failed.add(call)
            raise ConnectionError("the network is down")

    listening = False
    with staged(calls=fail_once) as stage:
        publish(stage)
        stage.sweep()  # now every function is loaded
        listening = True
        for function in stage.local.stack.functions:
            monkeypatch.setattr(sys.modules[f"pressrun.{function}"].logger.registered_handler, "stream", out)
        stage.put("articles/canarykey.md", article(**CANARY, section="news", date=ago(hours=-2)))
        stage.settle()
        stage.lose_catalogue_and_site()  # which has render look at the URL of every claim
        stage.settle()
    assert {function for function, _ in failed} == set(stage.local.stack.functions)
    assert "a page could not be made" in out.getvalue()
    ends = "".join(line for error in stage.errors for line in traceback.format_exception(error))
    assert "canary" not in (out.getvalue() + ends + caplog.text).lower()


def test_a_file_that_never_stands_still_is_not_named() -> None:
    def write(stage: Stage) -> None:
        stage.wait(1)
        stage.put("articles/canarykey.md", article(**CANARY | {"summary": str(stage.clock[0])}, section="news", date=ago(hours=-2)))

    def change(stage: Stage, params: dict[str, Any], model: Any) -> None:
        if model.name == "HeadObject" and params["Key"] == "articles/canarykey.md":
            write(stage)

    with staged(calls=change) as stage:
        write(stage)
        with pytest.raises(RuntimeError, match="while it was looked at") as caught:
            sys.modules["pressrun.validate"].validate(stage.cloud, "articles/canarykey.md")
    assert "canary" not in "".join(traceback.format_exception_only(caught.value))
    assert caught.value.__context__ is None


def test_an_error_of_the_network_does_not_name_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botocore.endpoint.time, "sleep", lambda _: None)  # between its attempts
    with staged():
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
        cloud = Cloud()
        for ask in (lambda: cloud.site.head("news/canaryslug/index.html"), lambda: next(cloud.content.listing(after="articles/canarykey.md"))):
            with pytest.raises(Exception, match="EndpointConnectionError") as caught:
                ask()
            assert "canary" not in "".join(traceback.format_exception(caught.value, limit=-1))


# Whatever goes wrong


def bring_about(stage: Stage, name: str) -> None:
    """Makes the change that the event ``name`` tells, of an article that was the other way before."""
    (take_down if name == "article.live" else publish)(stage)
    told(stage)
    stage.wait(60)
    if name == "article.live":
        stage.put(KEY, article("Story", section="news", date=ago(days=10)))
    else:
        stage.delete(KEY)


@pytest.mark.parametrize("queue", ["uploads", "articles"])
@pytest.mark.parametrize("name", ["article.live", "article.withdrawn"])
def test_a_crash_before_any_call_loses_no_event(stage: Stage, name: str, queue: str) -> None:
    calls, reached = 0, True
    while reached:
        bring_about(stage, name)
        if queue == "articles":
            stage.work_off("uploads")
        worker = stage.begin(queue)
        for _ in range(calls):
            stage.step(worker)
        if reached := worker in stage.workers:
            stage.step(worker, crash=True)
        stage.settle()
        after = told(stage)
        assert (name, STORY) in after, f"lost by a crash before call {calls}"
        if name == "article.live":
            assert ("article.accepted", STORY | {"status": "live"}) in after, f"lost by a crash before call {calls}"
        calls += 1
    assert calls > 5


@pytest.mark.parametrize("crash_after", [None, 0, 2])
def test_a_late_worker_tells_of_no_page_that_is_not_withdrawn_after_it(stage: Stage, crash_after: int | None) -> None:
    calls, reached = 0, True
    while reached:
        bring_about(stage, "article.live")
        stage.work_off("uploads")
        worker = stage.begin("articles")
        for _ in range(calls):
            stage.step(worker)
        reached = worker in stage.workers
        stage.wait(1)
        stage.delete(KEY)
        stage.work_off("uploads")
        stage.work_off("articles")
        for _ in range(crash_after or 0):
            if worker in stage.workers:
                stage.step(worker)
        if crash_after is not None and worker in stage.workers:
            stage.step(worker, crash=True)
        stage.settle()
        names = [name for name, _ in told(stage) if name != "article.accepted"]
        assert names == [] or names[-1] == "article.withdrawn", f"the first worker stood before call {calls}"
        calls += 1
    assert calls > 5


def test_an_event_that_eventbridge_refuses_is_sent_again_and_holds_up_no_page(stage: Stage) -> None:
    refusals = iter([True])

    def once(parsed: dict[str, Any], **_: object) -> None:
        if stage.at_work == "render" and next(refusals, False):
            parsed.update({"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]})

    stage.cloud.events.eventbridge.meta.events.register("after-call", once)
    publish(stage)
    assert told(stage)[1:] == [("article.live", STORY), ("article.live", STORY)]
    stage.check()
