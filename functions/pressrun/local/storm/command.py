"""What ``pressrun storm`` does: which runs, for how long, and what is said of them."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from pressrun.local.faults import Fault
from pressrun.local.storm.history import HISTORIES
from pressrun.local.storm.race import RACES, every_schedule, one_schedule, some_schedules
from pressrun.local.storm.run import Outcome, Run, Storm, storm

_SHRUNK = 3  # failures; more of them are hardly other ones


def any_runs(made: Storm, seed: int) -> list[Outcome]:
    """The runs of one seed: a sample of a race's schedules, or a history with faults at some of its calls."""
    if seed % 4 == 3:
        return some_schedules(made, list(RACES)[seed // 4 % len(RACES)], seed)
    return made.volley(seed)


def all_runs(made: Storm) -> Iterator[Outcome]:
    """Every fault at every call of each small history, and every schedule of two functions."""
    for history in HISTORIES.values():
        yield from made.every_call(history)
    for race in RACES:
        yield from every_schedule(made, race)


def one_run(history: str, faults: str, race: str, hands: str, dies: int, *, rough: bool, seed: int) -> Run:
    """A run as ``Run.command`` writes it. Raises ValueError for what is none."""
    if race and race not in RACES:
        raise ValueError(f"no race is called {race!r}; they are {', '.join(map(repr, RACES))}")
    wrong = {int(call): Fault(fault) for call, fault in (each.split("=") for each in faults.split())}
    changes = tuple(change.strip() for change in history.split(";") if change.strip())
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
    """Runs from this seed on, at most so many or for so long (0: for ever). ``step`` is called after each, ``failed`` with each that broke a promise,
    the first of them shrunk."""
    with _quietly(), storm() as made:
        tally = Tally()
        for outcome in all_runs(made) if everything else _from(made, seed):
            tally.add(outcome)
            if outcome.failure:
                smaller = made.shrink(outcome.run) if len(tally.failures) < _SHRUNK else outcome.run
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


def _from(made: Storm, seed: int) -> Iterator[Outcome]:
    while True:
        yield from any_runs(made, seed)
        seed += 1


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
