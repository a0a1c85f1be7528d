"""A run: a history, what goes wrong at which AWS call, and the weather. Each has a process of its own, forked from a magazine that stands ready.

To try every fault at every call, a process that plays the history without any forks at each of its calls, once for each fault; so nothing that is the
same is played twice.
"""

from __future__ import annotations

import gc
import json
import os
import shlex
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import count
from random import Random
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pressrun.cloud.batch import EditionChanged
from pressrun.cloud.buckets import Conflict
from pressrun.local.faults import READS, Fault, makes_a_difference
from pressrun.local.storm.history import HISTORIES, Editor, any_history
from pressrun.local.storm.reader import Reader, Violation
from pressrun.local.storm.stage import Call, Stage, staged

_A_FAULT = {True: 1 / 40, False: 1 / 8}  # so often another run, with a fault, branches off at a call that only reads, and at one that writes
_LONGEST = 60  # seconds of computing, after which a run hangs
# What an invocation may end with when something went wrong around it: anything else is a bug of its own.
_EXPECTED = (BotoCoreError, ClientError, EditionChanged, Conflict, RuntimeError)


@dataclass(frozen=True)
class Run:
    """``faults`` by the number of the call. In ``rough`` weather, messages are shuffled and repeated and two functions are at work, by ``seed``; of
    each fifth seed three.

    A race has no history: two functions are at work, and after these steps the other one goes on; at the step ``dies`` (-1: none) one dies.
    """

    history: tuple[str, ...] = ()
    faults: Mapping[int, Fault] = field(default_factory=dict)
    rough: bool = False
    seed: int = 0
    race: str = ""
    hands: tuple[int, ...] = ()
    dies: int = -1

    @classmethod
    def any(cls, seed: int) -> Run:
        """One of the small histories (each has its turn among the even seeds) or a longer one, in calm or rough weather, with up to two faults. The
        same seed gives the same run.
        """
        random, small = Random(seed), list(HISTORIES.values())
        history = any_history(random) if seed % 2 else small[seed // 2 % len(small)]
        calls = random.sample(range(60 * len(history) + 60), random.choice([0, 0, 0, 1, 2]))
        return cls(history, {call: random.choice(list(Fault)) for call in sorted(calls)}, random.random() < 0.5, seed)

    @property
    def command(self) -> str:
        """What plays it again."""
        words = ["pressrun", "storm"]
        if self.race:
            return shlex.join(
                [*words, "--race", self.race, "--hands", " ".join(map(str, self.hands)), *(["--dies", str(self.dies)] if self.dies >= 0 else [])]
            )
        words += ["--history", "; ".join(self.history)]
        words += ["--faults", " ".join(f"{call}={fault}" for call, fault in self.faults.items())] if self.faults else []
        words += ["--rough", "--seed", str(self.seed)] if self.rough else []
        return shlex.join(words)


@dataclass(frozen=True)
class Outcome:
    """``failure`` is '' where every promise was kept."""

    run: Run
    failure: str


Choose = Callable[[int, Call], Fault | None]
"""What goes wrong at the how-maniest call of a run."""


class Hang(BaseException):
    """A run does not end."""


class Storm:
    """A settled magazine without articles, and the runs that begin there."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.reader = Reader(stage)
        self.editor = Editor(stage, self.reader)
        self.failed = False  # a run that was forked from this one

    def play(self, run: Run) -> Outcome:
        """One run."""
        [outcome] = self.branches(lambda: self._play(run, lambda number, _: run.faults.get(number)), lambda: run)
        return outcome

    def calls_of(self, run: Run) -> list[str]:
        """The AWS calls that the functions make in it, in order."""
        calls: list[str] = []

        def choose(number: int, call: Call) -> Fault | None:
            calls.append(f"{call.function} {call.operation} {sorted(call.params.items())}")
            return run.faults.get(number)

        [outcome] = self.branches(lambda: self._play(run, choose), lambda: Run(history=tuple(calls)))
        return list(outcome.run.history)

    def every_call(
        self, history: Sequence[str], faults: Sequence[Fault] = tuple(Fault), *, every: int = 1, first: int = 0, until_found: bool = False
    ) -> list[Outcome]:
        """The history with each fault at each of its calls; or at each ``every``-th place for one, beginning with the ``first``."""
        plain = Run(tuple(history))
        mine: dict[int, Fault] = {}
        places = count()

        def choose(number: int, call: Call) -> Fault | None:
            for fault in faults:
                if mine or (until_found and self.failed):
                    break
                if makes_a_difference(fault, call.operation, call.params) and next(places) % every == first % every and self.fork():
                    mine[number] = fault
                    return fault
            return None

        return self.branches(lambda: self._play(plain, choose), lambda: replace(plain, faults=mine))

    def volley(self, seed: int) -> list[Outcome]:
        """The run of this seed, and from it some more, each with one more fault at one of its calls."""
        run, random, more = Run.any(seed), Random(seed), dict[int, Fault]()

        def choose(number: int, call: Call) -> Fault | None:
            if not more and random.random() < _A_FAULT[call.operation in READS] and number not in run.faults:
                fault = random.choice([fault for fault in Fault if makes_a_difference(fault, call.operation, call.params)])
                if self.fork():
                    more[number] = fault
                    return fault
            return run.faults.get(number)

        return self.branches(lambda: self._play(run, choose), lambda: replace(run, faults=dict(sorted({**run.faults, **more}.items()))))

    def shrink(self, run: Run) -> Run:
        """A smaller run that fails, too."""
        if run.race:
            return run
        candidates = [replace(run, rough=False)] if run.rough else []
        candidates += [replace(run, faults={call: fault for call, fault in run.faults.items() if call != without}) for without in run.faults]
        shorter = [(*run.history[:at], *run.history[at + 1 :]) for at in range(len(run.history))]
        candidates += [replace(run, history=history, seed=run.seed + more) for history in shorter if history for more in range(4 if run.rough else 1)]
        for candidate in candidates:
            if self.play(candidate).failure:
                return self.shrink(candidate)
        for history in shorter if len(run.faults) == 1 and not run.rough else ():
            # Its calls have other numbers.
            for outcome in self.every_call(history, tuple(run.faults.values()), until_found=True) if history else ():
                if outcome.failure:
                    return self.shrink(outcome.run)
        return run

    def _play(self, run: Run, choose: Choose) -> None:
        stage, first = self.stage, self.stage.calls
        calm = not run.rough

        def weather(call: Call) -> Fault | None:
            nonlocal calm
            fault = choose(call.number - first, call)
            calm = calm and fault is None
            return fault

        stage.random.seed(run.seed)
        stage.weather = weather
        for change, following in zip(run.history, (*run.history[1:], ""), strict=True):
            late = list(stage.workers)
            self.editor.happen(change, rough=run.rough)
            calm = calm and not {"lose", "ruin"} & {*change.split()}
            if run.rough:
                stage.work(stage.random.randint(0, 150), at_once=3 if run.seed % 5 == 1 else 2, crashes=False)
            elif not following.startswith("+"):
                stage.settle_now()
                stage.go_on([worker for worker in late if worker in stage.workers])
                if calm:
                    self.stage.wait(1)  # what a function came too early for comes again
                    self.stage.settle_now()
                if calm:  # then, too
                    self.reader.nothing_left()
            self.reader.raise_if_wrong()
        self.settle(lost="lose" in " ".join(run.history))

    def settle(self, *, lost: bool = False) -> None:
        """Whatever is under way comes to its end, and is as it should be; raises Violation. ``lost``: also what no event told of."""
        self.stage.settle()
        if lost:
            self.stage.wait(601)  # the walk rests for ten minutes
            for _ in range(3):  # which die where a run has its faults there
                self.stage.sweep()
                self.stage.settle()
        self.reader.settled()
        for error in self.stage.errors:
            if not isinstance(error, _EXPECTED):
                raise Violation(f"a function ended with {error!r}") from error

    # Each in a process of its own

    def branches(self, act: Callable[[], None], played: Callable[[], Run]) -> list[Outcome]:
        """The outcomes of the act, and of everything that was forked from it: what was ``played``, and what it came to."""
        self.failed = False
        with tempfile.TemporaryFile("a+") as outcomes:
            if self.fork():
                failure = _failure(act)
                outcomes.write(json.dumps([asdict(played()), failure]) + "\n")
                outcomes.flush()
                os._exit(bool(failure or self.failed))
            outcomes.seek(0)
            return [Outcome(_run(fields), failure) for fields, failure in map(json.loads, outcomes)]

    def fork(self) -> bool:
        """True in the child; its parent waits for it, and learns whether it failed."""
        sys.stdout.flush()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # other threads of this process, such as a test runner's, take no part in a run
            child = os.fork()
        if child:
            self.failed |= os.waitpid(child, 0)[1] != 0
        else:
            gc.disable()  # it lives for one run, and the search for cycles would make a copy of all that it has from its parent
            signal.signal(signal.SIGPROF, _hang)
            signal.setitimer(signal.ITIMER_PROF, _LONGEST)
        return child == 0


def _failure(act: Callable[[], None]) -> str:
    try:
        act()
    except Violation as error:
        return str(error)
    except BaseException:
        return traceback.format_exc()
    return ""


def _hang(*_: object) -> None:
    raise Hang


def _run(fields: dict[str, Any]) -> Run:
    faults = {int(call): Fault(fault) for call, fault in fields["faults"].items()}
    return Run(**fields | {"faults": faults, "history": tuple(fields["history"]), "hands": tuple(fields["hands"])})


@contextmanager
def storm() -> Iterator[Storm]:
    """A magazine to play with."""
    with staged() as stage:
        stage.put("articles/warm.md", "---\ntitle: Warm\nsection: essays\ntags: [ships]\ndate: 2025-01-01\n---\nText.\n")
        stage.settle()
        stage.sweep()
        stage.settle()
        yield Storm(stage)
