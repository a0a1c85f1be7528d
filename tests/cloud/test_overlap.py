"""Two workers on one target, overlapped at every AWS call: a late one never has the last word.

The first worker stands still before one of its calls, while a second change happens and a second worker makes the same target; then the first goes
on, or dies a few calls later. The second change undoes the first, so the bytes and the ETag come back: what a conditional write alone misses.
"""

import importlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pressrun.local.storm.stage import Stage, ago, article, staged

KEY = "articles/story.md"
SITE_TOML = """
title = "The Stage"
base_url = "https://stage.example"
default_section = "news"

[[sections]]
slug = "news"
name = "News"
"""


def write(stage: Stage, text: str) -> None:
    stage.put(KEY, article("Story", body=text, date=ago(days=1)))


def publish_and_take_down(stage: Stage) -> Iterator[None]:
    """What a list goes through: with the article, and without it again."""
    write(stage, "Text.")
    yield
    stage.delete(KEY)
    yield


def no_article(stage: Stage) -> None:
    stage.delete(KEY)


def an_article(stage: Stage) -> None:
    write(stage, "Text.")


def change_and_change_back(stage: Stage) -> Iterator[None]:
    """What a page goes through: other text, and the first again."""
    write(stage, "Other text.")
    yield
    write(stage, "Text.")
    yield


# The queue whose two workers overlap, the stages before it, what is there at first, and what happens.
CASES: dict[str, tuple[str, tuple[str, ...], Callable[[Stage], None], Callable[[Stage], Iterator[None]]]] = {
    "a list": ("lists", ("uploads", "articles"), no_article, publish_and_take_down),
    "a page": ("articles", ("uploads",), an_article, change_and_change_back),
}


def overlap(stage: Stage, case: str, calls: int, crash_after: int | None) -> bool:
    """The first worker stands still before call ``calls``, and dies ``crash_after`` calls later, if at all. Returns whether it had so many."""
    queue, before, at_first, changes = CASES[case]
    at_first(stage)
    stage.settle()
    change = changes(stage)
    next(change)
    for name in before:
        stage.work_off(name)
    worker = stage.begin(queue)
    for _ in range(calls):
        stage.step(worker)
    reached = worker in stage.workers
    next(change)
    for name in (*before, queue):
        stage.work_off(name)
    if reached and crash_after is not None:
        for _ in range(crash_after):
            if worker in stage.workers:
                stage.step(worker)
        if worker in stage.workers:
            stage.step(worker, crash=True)
    stage.settle()
    return reached


def wrong_end(case: str, crash_after: int | None) -> str:
    """The first overlap that ends wrong, '' where none does."""
    with staged(site_toml=SITE_TOML) as stage:
        calls = 0
        while overlap(stage, case, calls, crash_after):
            try:
                stage.check()
            except AssertionError as error:
                return f"the first worker stood before call {calls}: {error}"
            calls += 1
        assert calls > 5, "the first worker had hardly a call to make"
    return ""


@pytest.mark.parametrize("crash_after", [None, 2, 5])
@pytest.mark.parametrize("case", CASES)
def test_a_late_worker_never_has_the_last_word(case: str, crash_after: int | None) -> None:
    assert wrong_end(case, crash_after) == ""


# The tests above are themselves tested. A planted bug: the case and the death that find it, where it is, the right line, and the wrong one.
LOOK_AGAIN = "again == seen and _alike(standing, wanted)"
CLEAR_ALL = """        for target, hints in named.items():
            hints.marks.update(item["sk"].removeprefix("mark#") for item in cloud.catalogue.query(f"target#{target}"))
        if named:
"""
PLANTED: dict[str, tuple[str, int | None, str, str, str, str]] = {
    "no second look at a list": ("a list", None, "pressrun.index", "_make", "if again[target] != seen[target]", "if False"),
    "no second look at a page": ("a page", None, "pressrun.render", "render", LOOK_AGAIN, "True"),
    "every mark that was read is cleared": ("a list", 2, "pressrun.cloud.batch", "work", "        if named:\n", CLEAR_ALL),
}


@contextmanager
def planted(module_name: str, name: str, right: str, wrong: str) -> Iterator[None]:
    module = importlib.import_module(module_name)
    whole: Callable[..., object] = getattr(module, name)
    source = inspect.getsource(whole)
    assert right in source, f"{name} no longer has the line that the bug replaces"
    users = [one for one in map(importlib.import_module, ("pressrun.index", "pressrun.render")) if getattr(one, name, None) is whole]
    try:
        exec(compile(source.replace(right, wrong), module.__file__ or "", "exec"), module.__dict__)
        for user in users:
            setattr(user, name, getattr(module, name))
        yield
    finally:
        for user in (module, *users):
            setattr(user, name, whole)


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug: str) -> None:
    case, crash_after, *where = PLANTED[bug]
    with planted(*where):
        assert wrong_end(case, crash_after), f"{bug} was not found"
