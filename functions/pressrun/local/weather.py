"""Bad weather for the local cloud: messages come late, shuffled and twice, and functions fail or die at any of their AWS calls.

On AWS such days are rare; here they are as frequent as one likes. What the magazine comes to is the same.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import botocore.endpoint

from pressrun import sweep
from pressrun.cloud.batch import DEAD
from pressrun.local.aws import client
from pressrun.local.faults import Crash, Fault, Faults, makes_a_difference
from pressrun.local.functions import Handler
from pressrun.local.stack import Function, queue_url


class Weather(StrEnum):
    """How hostile the events are."""

    CALM = "calm"
    ROUGH = "rough"
    STORM = "storm"


class Died(Exception):
    """A function died: of memory, of time, or with its machine."""


@dataclass(frozen=True)
class _Odds:
    """Of a message to be late, or to come twice; of an invocation to meet with a fault."""

    late: float
    twice: float
    fault: float


_ODDS = {Weather.ROUGH: _Odds(0.1, 0.05, 0.05), Weather.STORM: _Odds(0.2, 0.15, 0.2)}
_LATE = 5.0  # seconds at most
_CALLS = 60  # within which the fault comes


class Stirred:
    """Wraps the functions' handlers: see ``Functions.weather``."""

    def __init__(self, weather: Weather) -> None:
        self._odds = _ODDS[weather]
        self._chance = random.Random()  # noqa: S311 - weather
        self._ahead = threading.local()  # the fault that the invocation of this thread is to meet with, and after how many calls
        self._until = 0.0

    def __call__(self, _: Function, handler: Handler) -> Handler:
        def stirred(event: dict[str, Any], context: Any) -> Any:
            if records := event.get("Records"):
                event = {"Records": self._on_time(records)}
                if not event["Records"]:
                    return {"batchItemFailures": []}
            if self._chance.random() < self._odds.fault:
                self._ahead.calls, self._ahead.fault = self._chance.randrange(_CALLS), self._chance.choice(list(Fault))
            try:
                return handler(event, context)
            except Crash:
                raise Died from None
            finally:
                self._ahead.fault = None

        return stirred

    def on_its_way(self) -> bool:
        """Whether some message is late still."""
        return time.monotonic() < self._until

    @contextmanager
    def over(self, session: Any, pace: float) -> Iterator[None]:
        """Over the clients that this session makes from now on. Who waits for AWS, or for a function to be surely dead, waits at the pace."""
        Faults(session, self._choose)
        with ExitStack() as stack:
            stack.enter_context(patch.object(botocore.endpoint, "time", SimpleNamespace(sleep=lambda seconds: time.sleep(seconds * pace))))
            stack.enter_context(patch.object(sweep, "DEAD", DEAD * pace))
            yield

    def _on_time(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those that are not late, in any order."""
        there = []
        for record in self._chance.sample(records, len(records)):
            late = self._chance.random() < self._odds.late
            if late or self._chance.random() < self._odds.twice:
                delay = self._chance.randint(1, int(_LATE))
                self._until = max(self._until, time.monotonic() + delay + 1)
                queue = record["eventSourceARN"].rsplit(":", 1)[-1]
                client("sqs").send_message(QueueUrl=queue_url(queue), MessageBody=record["body"], DelaySeconds=delay)
            if not late:
                there.append(record)
        return there

    def _choose(self, operation: str, params: dict[str, Any]) -> Fault | None:
        fault: Fault | None = getattr(self._ahead, "fault", None)
        if fault is None:
            return None
        self._ahead.calls -= 1
        if self._ahead.calls >= 0 or not makes_a_difference(fault, operation, params):
            return None
        self._ahead.fault = None
        if fault is Fault.DELAY:
            time.sleep(self._chance.random())
            return None
        return fault
