"""The functions, called in this process as Lambda would call them: real-shaped events, a context, nothing shared but AWS."""

from __future__ import annotations

import importlib
import json
import logging
import os
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from aws_lambda_powertools import Metrics
from botocore.handlers import BUILTIN_HANDLERS

from pressrun.local.aws import OWN_WORK
from pressrun.local.stack import Function

Handler = Callable[[dict[str, Any], Any], Any]

Weather = Callable[[Function, Handler], Handler]
"""Wraps a function's handler. Here events can be delayed, shuffled, repeated or crashed, before or after the real handler ran."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Context:
    """What Lambda tells a function of its invocation: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    function_name: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    aws_request_id: str
    seconds_left: Callable[[], float]
    function_version: str = "$LATEST"
    log_group_name: str = "local"
    log_stream_name: str = "local"
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int(self.seconds_left() * 1000))


@dataclass
class Functions:
    """`handlers` replaces the code of a step. `calls`: what the functions called, service by operation.

    `errors` are the exceptions that invocations ended with, each with its step. Who has to wait for the others takes the `turn`. How much of its time
    a function has left goes by `clock`; once all are `stopping`, none has any. `latency` gives the seconds that a call to a service takes besides.
    """

    handlers: Mapping[str, Handler] = field(default_factory=dict)
    weather: Weather | None = None
    clock: Callable[[], float] = time.monotonic
    calls: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    errors: list[tuple[str, Exception]] = field(default_factory=list)
    running: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    turn: AbstractContextManager[Any] = field(default_factory=nullcontext)
    latency: Callable[[str], float] | None = None
    stopping: threading.Event = field(default_factory=threading.Event)

    def load(self, functions: Iterable[Function]) -> None:
        """The code of each step that has none yet. Not once threads run: for a moment os.environ is another."""
        for function in functions:
            module, _, name = function.handler.rpartition(".")
            # What differs between functions (the service's name) is read when the module is loaded, and there is one os.environ.
            with patch.dict(os.environ, function.environment):
                self.handlers = {function.step: getattr(importlib.import_module(module), name), **self.handlers}

    def invoke(self, function: Function, event: dict[str, Any]) -> Any:
        """The function's answer. Raises what the handler raises, and TypeError for an answer that JSON cannot hold, as Lambda does."""
        with self.turn:
            return self._invoke(function, event)

    def _invoke(self, function: Function, event: dict[str, Any]) -> Any:
        handler = self.handlers[function.step]
        handler = self.weather(function, handler) if self.weather else handler
        deadline = self.clock() + function.timeout
        context = Context(
            function_name=function.name,
            invoked_function_arn=function.arn,
            memory_limit_in_mb=str(function.memory),
            aws_request_id=str(uuid.uuid4()),
            seconds_left=lambda: 0 if self.stopping.is_set() else deadline - self.clock(),
        )
        with self._lock:
            self.running += 1
        try:
            answer = json.loads(json.dumps(handler(json.loads(json.dumps(event)), context)))
        except Exception as error:
            self.errors.append((function.step, error))
            log.exception("%s failed", function.name)
            raise
        finally:
            Metrics().clear_metrics()  # where they are disabled, powertools keeps them, and prints them after a hundred
            with self._lock:
                self.running -= 1
        if self.clock() > deadline:
            log.error("%s took longer than its %s seconds: Lambda would have ended it", function.name, function.timeout)
        return answer

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count the AWS calls that this process makes while a function runs. Those of the local cloud itself are left out."""
        _counting.append(self)
        try:
            yield
        finally:
            _counting.remove(self)

    def count(self, service: str, operation: str) -> None:
        with self._lock:
            running = self.running
            if running:
                self.calls[service][operation] += 1
        if running and self.latency:
            time.sleep(self.latency(service))


def shared_environment(functions: Mapping[str, Function]) -> dict[str, str]:
    """The variables that have one value in all functions that have them: one process can hold these for all of them at once."""
    values: dict[str, set[str]] = defaultdict(set)
    for function in functions.values():
        for name, value in function.environment.items():
            values[name].add(value)
    return {name: value for name, (value, *others) in values.items() if not others}


_counting: list[Functions] = []


def _count(model: Any, context: Any, **_: Any) -> None:
    if getattr(context["client_config"], "user_agent_extra", None) != OWN_WORK:
        for functions in _counting:
            functions.count(model.service_model.service_name, model.name)


# Every session made from now on, so that it does not matter which client a function makes, or when.
BUILTIN_HANDLERS.append(("before-call", _count))
