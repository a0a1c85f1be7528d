"""The weather of ``test_order`` is itself tested: with a bug planted in the protocol, it must find a history that ends wrong."""

import importlib
import inspect
import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.cloud.stage import ago, article, staged

PLANTED = {
    "no second look at a list": ("pressrun.index", "index", "if again[target] != seen[target]", "if False"),
    "no second look at a page": (
        "pressrun.render",
        "render",
        "if (again, standing.lists, standing.targets) == (seen, wanted.lists, wanted.targets):",
        "if True:",
    ),
    "every mark that was read is cleared": (
        "pressrun.cloud.batch",
        "work",
        "        if named:\n",
        "        for target, hints in named.items():\n"
        "            hints.marks.update(item['sk'].removeprefix('mark#') for item in cloud.catalogue.query(f'target#{target}'))\n"
        "        if named:\n",
    ),
    "no mark of one's own": ("pressrun.cloud.batch", "work", "cloud.catalogue.put_all(mark_item(target, own, since) for target in named)", "pass"),
}

SMALL = """
title = "The Stage"
base_url = "https://stage.example"
default_section = "news"

[[sections]]
slug = "news"
name = "News"
"""


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The bug ``name``, in place of the function as it is written."""
    module_name, function, right, wrong = PLANTED[name]
    module = importlib.import_module(module_name)
    whole = getattr(module, function)
    source = inspect.getsource(whole)
    assert right in source, f"{function} no longer has the line that the bug {name!r} replaces"
    users = [one for one in map(importlib.import_module, ("pressrun.index", "pressrun.render")) if getattr(one, function, None) is whole]
    try:
        exec(compile(source.replace(right, wrong), module.__file__ or "", "exec"), module.__dict__)
        for user in users:
            setattr(user, function, getattr(module, function))
        yield
    finally:
        for user in (module, *users):
            setattr(user, function, whole)


def ends_right(seed: int) -> bool:
    """One short and contended history: an article that goes up, changes and goes down, with nothing but weather between."""
    rng = random.Random(seed)
    with staged(seed, site_toml=SMALL) as stage:
        for _ in range(rng.randint(3, 6)):
            if rng.random() < 0.4:
                stage.delete("articles/a.md")
            else:
                stage.put("articles/a.md", article(rng.choice(["One", "Two"]), slug="a", date=ago(days=1)))
            stage.work(rng.randint(30, 300))
        stage.settle()
        try:
            stage.check()
        except AssertionError:
            return False
        return True


def runs_until_found(name: str, most: int) -> int | None:
    with planted(name):
        return next((run for run in range(1, most + 1) if not ends_right(run)), None)


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found(name: str) -> None:
    assert runs_until_found(name, most=60), f"{name} was not found"
