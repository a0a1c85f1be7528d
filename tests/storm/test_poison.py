"""An article at which a function fails each time: it delays no other, ends among the dead letters, and is taken up again when the fault is mended."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import pytest

from pressrun.cloud import remote
from pressrun.core.pages import Pages
from pressrun.local.storm.stage import Stage, ago, article, staged

POISON, GOOD = "articles/poison.md", "articles/good.md"
AT = ["pressrun.validate.read_article", "pressrun.core.pages.Pages.article"]  # where it fails: when it is judged, when its page is made


@pytest.fixture(params=AT)
def fault(request: pytest.FixtureRequest) -> Iterator[ExitStack]:
    """A fault in the product, until it is closed."""
    right: Any = Pages.article if "Pages" in request.param else __import__("pressrun.validate").validate.read_article

    def fails(*arguments: Any) -> Any:
        if "poison" in str(arguments[:2]):
            raise ZeroDivisionError("a planted fault")
        return right(*arguments)

    with ExitStack() as stack:
        stack.enter_context(patch(request.param, fails))
        yield stack


def put(stage: Stage, key: str) -> None:
    stage.put(key, article(f"On {key}", slug=key.split("/")[1].removesuffix(".md"), section="news", tags="[ice]", date=ago(days=1)))


def test_a_poisonous_article_delays_no_other_and_is_taken_up_again(fault: ExitStack) -> None:
    with staged() as stage:
        put(stage, POISON)
        put(stage, GOOD)
        stage.cloud.uploads.send_keys([POISON, GOOD])
        stage.settle_now()
        assert stage.answer("/news/good/")[0] == 200
        assert '"/news/good/"' in stage.text("/news/")
        assert stage.answer("/news/poison/")[0] == 404
        assert stage.dead
        fault.close()
        remote.take_up(stage.cloud)
        assert not stage.dead
        stage.settle()
        stage.check()
        assert stage.answer("/news/poison/")[0] == 200


def status(stage: Stage, key: str) -> str:
    """What the editor was told."""
    report = stage.cloud.content.get(f"reports/{key}.json")
    return str(json.loads(report.body)["status"]) if report else ""


def test_the_editor_of_a_poisonous_article_is_told_and_gets_the_usual_answer_once_the_fault_is_mended(fault: ExitStack) -> None:
    with staged() as stage:
        put(stage, POISON)
        put(stage, GOOD)
        stage.settle_now()
        stage.sweep()
        stage.settle_now()
        assert [status(stage, key) for key in (POISON, GOOD)] == ["failed", "live"]
        assert "because of a fault of Pressrun, not of your file" in stage.report(POISON)
        fault.close()
        remote.take_up(stage.cloud)
        stage.settle()
        assert status(stage, POISON) == "live"


def test_a_dead_letter_whose_fault_mended_itself_leaves_no_editor_with_a_wrong_answer(fault: ExitStack) -> None:
    with staged() as stage:
        put(stage, POISON)
        stage.settle_now()
        stage.sweep()
        stage.settle_now()
        assert status(stage, POISON) == "failed"
        fault.close()
        for _ in range(20):
            stage.wait(60)
            stage.sweep()
            stage.settle_now()
        assert stage.dead, "the letter stays, and with it the alarm, until somebody looks"
        assert status(stage, POISON) == "live"
        stage.local.client("sqs").purge_queue(QueueUrl="https://sqs.us-east-1.amazonaws.com/123456789012/pressrun-uploads-dead")


def test_who_is_told_of_a_fault_that_another_has_just_mended_gets_the_usual_answer() -> None:
    """Each call of the one that tells, with the article judged just before it."""
    with staged() as stage:
        for call in range(12):
            key = f"articles/{call}.md"
            stage.put(key, article(f"On {call}", section="news", date=ago(days=1)))
            stage.lose_messages()
            stage.cloud.uploads.send_dead([json.dumps({"keys": [key]})])
            worker = stage.begin("uploads")
            for _ in range(call):
                if worker in stage.workers:
                    stage.step(worker)
            stage.cloud.uploads.send_keys([key])
            stage.work_off("uploads")
            stage.settle()
            assert status(stage, key) == "live", call


def test_a_takedown_that_fails_each_time_is_told_of() -> None:
    with staged() as stage:
        put(stage, GOOD)
        stage.settle()
        with patch("pressrun.validate._article", side_effect=ZeroDivisionError):
            stage.delete(GOOD)
            stage.settle_now()
            stage.sweep()
            stage.settle_now()
            assert set(stage.dead) == {"uploads"}
            assert status(stage, GOOD) == "failed"
        remote.take_up(stage.cloud)
        stage.settle()
        assert status(stage, GOOD) == "withdrawn"


def test_what_was_hinted_at_together_with_a_poisonous_article_is_looked_at(fault: ExitStack) -> None:
    with staged() as stage:
        for key in (POISON, GOOD):
            put(stage, key)
        stage.lose_messages()
        stage.cloud.uploads.send_keys([POISON, GOOD])
        stage.settle_now()
        assert stage.answer("/news/good/")[0] == 200


def test_what_fails_for_hours_leaves_few_marks_behind_and_is_hinted_at_ever_more_rarely() -> None:
    def fails(*_: Any) -> Any:
        raise ZeroDivisionError("a planted fault")

    with staged() as stage:
        with patch.object(Pages, "article", fails):
            put(stage, POISON)
            marks, failures = [], []
            for _ in range(24):
                stage.settle_now()
                stage.wait(600)
                stage.sweep()
                marks.append(sum(1 for _ in stage.cloud.catalogue.old_marks("9999")))
                failures.append(len(stage.dead))
        assert max(marks) < 12
        assert failures[-1] < 10
        stage.wait(4 * 3600)
        stage.sweep()
        stage.settle()
        stage.check()
        assert stage.answer("/news/poison/")[0] == 200


@pytest.mark.parametrize("letter", ["hello", '["x"]', '{"targets": 1}', "{}"])
def test_a_dead_letter_that_nobody_can_read_keeps_nothing_else_from_being_done(letter: str) -> None:
    with staged() as stage:
        base = "https://sqs.us-east-1.amazonaws.com/123456789012/pressrun-"
        for queue in ("uploads", "articles"):
            stage.local.client("sqs").send_message(QueueUrl=f"{base}{queue}-dead", MessageBody=letter)
        put(stage, GOOD)
        stage.lose_messages()
        for _ in range(12):
            stage.wait(60)
            stage.sweep()
            stage.settle_now()
        assert not stage.errors
        assert stage.answer("/news/good/")[0] == 200
        assert remote.take_up(stage.cloud) == 2
