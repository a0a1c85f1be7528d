"""A local AWS, and local clouds whose functions are the tests' own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pressrun.local.aws import Aws
from pressrun.local.cloud import Cloud

TEMPLATE = Path(__file__).parents[2] / "infra" / "template.yaml"
STEPS = ["validate", "render", "index", "invalidate", "sweep"]

Handler = Callable[[dict[str, Any], Any], Any]


class Clock:
    """Seconds since the epoch, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def aws(clock: Clock) -> Iterator[Aws]:
    with Aws(clock, invalidation_delay=5) as running:
        yield running


def nothing(_event: dict[str, Any], _context: Any) -> None:
    """A function that is content with everything."""


def handlers(**functions: Handler) -> dict[str, Handler]:
    return dict.fromkeys(STEPS, nothing) | functions


@pytest.fixture
def make_cloud(clock: Clock) -> Iterator[Callable[..., Cloud]]:
    """A cloud without threads, quiet (the queues' test events are handled), with the handlers that are given by name."""
    with ExitStack() as stack:

        def make(**functions: Handler) -> Cloud:
            cloud = stack.enter_context(Cloud(TEMPLATE, handlers=handlers(), clock=clock, invalidation_delay=5))
            cloud.settle()
            cloud.functions.handlers = handlers(**functions)
            return cloud

        yield make
