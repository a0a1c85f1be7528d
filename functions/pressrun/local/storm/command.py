"""What ``pressrun storm`` does: which runs, for how long, and what is said of them."""

import logging
import multiprocessing
import os
import re
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import count, islice
from time import monotonic

from pressrun.local.faults import Fault
from pressrun.local.output import processors
from pressrun.local.storm.history import CHANGES, HISTORIES
from pressrun.local.storm.race import RACES, every_schedule, one_schedule, some_schedules
from pressrun.local.storm.run import Outcome, Run, Storm, storm

_SHRUNK = 3  # failures; more of them are hardly other ones


Turn = int | str
"""A seed, or the name of a small history or a race."""


def any_runs(made: Storm, seed: int) -> list[Outcome]:
    """The runs of one seed: a sample of a race's schedules, or a history with faults at some of its calls."""
    if seed % 4 == 3:
        return some_schedules(made, list(RACES)[seed // 4 % len(RACES)], seed)
    return made.volley(seed)


def all_runs(made: Storm, name: str) -> list[Outcome]:
    """Every fault at every call of a small history, or every schedule of a race."""
    return made.every_call(HISTORIES[name]) if name in HISTORIES else every_schedule(made, name)


def one_run(history: str, faults: str, race: str, hands: str, dies: int, *, rough: bool, seed: int) -> Run:
    """A run as ``Run.command`` writes it. Raises ValueError for what is none."""
    if race and race not in RACES:
        raise ValueError(f"no race is called {race!r}; they are {', '.join(map(repr, RACES))}")
    try:
        wrong = {int(call): Fault(fault) for call, fault in (each.split("=") for each in faults.split())}
    except ValueError:
        raise ValueError(f"{faults!r} is not written like '17=crash 80=delay'; what goes wrong is {', '.join(Fault)}") from None
    changes = tuple(change.strip() for change in history.split(";") if change.strip())
    for change in changes:
        word, _, rest = " ".join(change.removeprefix("+").split()).partition(" ")
        if word not in CHANGES:
            raise ValueError(f"nothing is called {change!r}; changes begin with {', '.join(sorted(CHANGES))}")
        if not re.fullmatch(CHANGES[word], rest):
            raise ValueError(f"{change!r} is no change, though {word!r} begins one; write it as a failure gives it")
    return Run(changes, wrong, rough, seed if rough else 0, race, tuple(map(int, hands.split())), dies)


def play(made: Storm, run: Run) -> Outcome:
    """That run alone."""
    return one_schedule(made, run) if run.race else made.play(run)


@dataclass
class Tally:
    """What came of the runs so far."""

    runs: int = 0
    faulted: int = 0
    failures: list[Outcome] = field(default_factory=list)
    began: float = field(default_factory=monotonic)

    @property
    def seconds(self) -> float:
        return monotonic() - self.began

    def add(self, outcome: Outcome) -> None:
        self.runs += 1
        self.faulted += bool(outcome.run.faults or outcome.run.rough or outcome.run.race)

    def text(self) -> str:
        """For people."""
        kept = f"{len(self.failures)} broke a promise" if self.failures else "every promise was kept"
        return f"{self.runs} runs, {self.faulted} of them faulted, in {self.seconds:.0f} s: {kept}."


def weather(seed: int, runs: int, minutes: float, *, everything: bool, step: Callable[[Tally], None], failed: Callable[[Outcome], None]) -> Tally:
    """Runs from this seed on, at most so many or for so long (0: for ever), in as many processes as there are processors. ``step`` is called after
    each, in the order of the seeds, ``failed`` with each that broke a promise, the first of them shrunk."""
    tally = Tally()
    with _quietly(), closing(_in_turn([*HISTORIES, *RACES] if everything else count(seed))) as outcomes:
        for outcome in outcomes:
            tally.add(outcome)
            if outcome.failure:
                smaller = _shrunk(outcome.run) if len(tally.failures) < _SHRUNK else outcome.run
                tally.failures.append(Outcome(smaller, outcome.failure))
                failed(tally.failures[-1])
            step(tally)
            if (runs and tally.runs >= runs) or (minutes and tally.seconds >= 60 * minutes):
                break
    return tally


def again(run: Run) -> Outcome:
    """The run once more."""
    with _quietly(), storm() as made:
        return play(made, run)


def _shrunk(run: Run) -> Run:
    with storm() as made:
        return made.shrink(run)


def _in_turn(turns: Iterable[Turn]) -> Generator[Outcome, None, None]:
    """The outcomes of each turn, in order; while one is waited for, others are played."""
    waiting, more = deque[Future[list[Outcome]]](), iter(turns)
    with ProcessPoolExecutor(processors(), multiprocessing.get_context("fork"), _begin) as pool:
        try:
            while True:
                waiting.extend(pool.submit(_play, turn) for turn in islice(more, 2 * processors() - len(waiting)))
                if not waiting:
                    break
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


_kept = ExitStack()  # until the process ends
_made: Storm  # what this process plays with


def _begin() -> None:
    global _made
    _made = _kept.enter_context(storm())


def _play(turn: Turn) -> list[Outcome]:
    return all_runs(_made, turn) if isinstance(turn, str) else any_runs(_made, turn)


@contextmanager
def _quietly() -> Iterator[None]:
    """What the functions log of all that goes wrong is not shown."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def same_every_time() -> None:
    """Begins this process anew where the order of a set, which is part of a schedule, would be another each time."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | {"PYTHONHASHSEED": "0"})  # noqa: S606 - ourselves
