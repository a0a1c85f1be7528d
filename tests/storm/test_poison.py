"""An article at which a function fails each time: it delays no other, ends among the dead letters, and is taken up again when the fault is mended."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import pytest

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
        stage.take_up_dead_letters()
        stage.settle()
        stage.check()
        assert stage.answer("/news/poison/")[0] == 200


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
