"""The functions' own time, undisturbed: what they did beside the local cloud, each does again in a process of its own, with the answers it got then.

In the process of the local cloud, a function finds the processor's caches full of what the cloud did between two of its calls, and is slower for it.
"""

import contextlib
import importlib
import io
import json
import os
import pickle
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from pressrun.cloud.cloud import Cloud
from pressrun.local.functions import Context, Functions
from pressrun.local.stack import Function

_HERE = Path(__file__).parents[2]
_A_MINUTE = 60_000  # milliseconds


@dataclass
class Invocation:
    """``answers`` has each call's operation, and its pickled answer with whether that was an error. ``phase`` is what it was part of, ``now`` when
    it began.
    """

    number: int
    phase: str
    now: datetime
    event: dict[str, Any]
    environment: Mapping[str, str]
    answers: list[tuple[str, bytes]] = field(default_factory=list)


class Recorder:
    """Keeps every invocation in a file of its step in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.phase = folder, ""
        self._now: Invocation | None = None
        self._count = 0
        self._timed: set[str] = set()  # steps that are part of a phase

    @contextmanager
    def recording(self) -> Iterator[None]:
        call, invoke = BaseClient._make_api_call, Functions._invoke

        def calling(client: Any, operation: str, params: dict[str, Any]) -> Any:
            now = self._now
            if now is None:
                return call(client, operation, params)
            try:
                answer = call(client, operation, params)
            except ClientError as error:
                now.answers.append((operation, pickle.dumps((error.response, True))))
                raise
            if isinstance(answer.get("Body"), StreamingBody):
                answer["Body"] = answer["Body"].read()
            now.answers.append((operation, pickle.dumps((answer, False))))
            return _with_stream(answer)

        def invoking(functions: Functions, function: Function, event: dict[str, Any]) -> Any:
            self._count += 1
            self._now = now = Invocation(
                self._count, self.phase, datetime.now(UTC).replace(microsecond=0), event, {**function.environment, **os.environ}
            )
            self._timed |= {function.step} if self.phase else set()
            try:
                with _same_marks_and_clock(now):
                    return invoke(functions, function, event)
            finally:
                self._now = None
                with (self.folder / function.step).open("ab") as file:
                    pickle.dump((now, function), file)

        with patch.object(BaseClient, "_make_api_call", calling), patch.object(Functions, "_invoke", invoking):
            yield

    def replayed(self) -> dict[str, float]:
        """CPU seconds of all functions by phase, when they do it again."""
        spent: defaultdict[str, float] = defaultdict(float)
        for step in sorted(self._timed):
            command = [sys.executable, "-m", "tests.bench.replay", str(self.folder / step)]
            ran = subprocess.run(command, cwd=_HERE, stdout=subprocess.PIPE, text=True, check=True)
            for phase, seconds in json.loads(ran.stdout.splitlines()[-1]).items():
                spent[phase] += seconds
        return dict(spent)


def _replay(file: Path) -> dict[str, float]:
    spent: defaultdict[str, float] = defaultdict(float)
    now: Invocation
    asked, calling = 0, 0.0

    def answering(client: Any, operation: str, params: dict[str, Any]) -> Any:
        nonlocal asked, calling
        began = time.thread_time()
        try:
            was, pickled = now.answers[asked]
            asked += 1
            if was != operation:
                raise RuntimeError(f"{operation} where {was} was called: call {asked} of invocation {now.number} of {file.name}")
            answer, is_error = pickle.loads(pickled)
            if is_error:
                raise client.exceptions.from_code(answer["Error"]["Code"])(answer, operation)
            return _with_stream(answer)
        finally:
            calling += time.thread_time() - began

    with patch.object(BaseClient, "_make_api_call", answering), file.open("rb") as recorded:
        while recorded.peek(1):
            now, function = pickle.load(recorded)
            asked, calling = 0, 0.0
            os.environ.update(now.environment)
            module, _, name = function.handler.rpartition(".")
            handler = getattr(importlib.import_module(module), name)
            context = Context(function.name, function.arn, str(function.memory), "replay", lambda: _A_MINUTE / 1000)
            with _same_marks_and_clock(now), contextlib.redirect_stdout(io.StringIO()):
                began = time.thread_time()
                handler(now.event, context)
                spent[now.phase] += time.thread_time() - began - calling
    return spent


@contextmanager
def _same_marks_and_clock(now: Invocation) -> Iterator[None]:
    """New marks have the same names each time: the order in which they are worked off goes by them. The clock stands still, and no function runs out
    of time.
    """
    made = 0

    def new_mark(_: Cloud) -> str:
        nonlocal made
        made += 1
        return sha256(f"{now.number} {made}".encode()).hexdigest()[:32]

    with (
        patch.object(Cloud, "new_mark", new_mark),
        patch.object(Cloud, "now", lambda _: now.now),
        patch.object(Context, "get_remaining_time_in_millis", lambda _: _A_MINUTE),
    ):
        yield


def _with_stream(answer: dict[str, Any]) -> dict[str, Any]:
    body = answer.get("Body")
    return {**answer, "Body": StreamingBody(io.BytesIO(body), len(body))} if isinstance(body, bytes) else answer


if __name__ == "__main__":
    print(json.dumps(_replay(Path(sys.argv[1]))))
