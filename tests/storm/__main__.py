"""``python -m tests.storm``: random runs, every fault at every call, every schedule, or one run again. Exit 1 where a promise was broken."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator

from tests.cloud.faults import Fault
from tests.storm.history import HISTORIES
from tests.storm.planted import PLANTED, find
from tests.storm.race import RACES, every_schedule, one_schedule
from tests.storm.run import Outcome, Run, Storm, storm


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the first random run, or of the one to play again")
    parser.add_argument("--runs", type=int, default=1_000_000, help="how many at most")
    parser.add_argument("--minutes", type=float, default=1_000_000.0, help="for how long at most")
    parser.add_argument("--every-call", action="store_true", help="every fault at every call of each small history")
    parser.add_argument("--only", help="with --every-call or --schedules or --planted: this one alone")
    parser.add_argument("--every", type=int, default=1, help="with --every-call or --schedules: each how-maniest alone, a sample that --seed shifts")
    parser.add_argument("--schedules", action="store_true", help="every schedule of two functions at once, with at most two changes between them")
    parser.add_argument("--planted", action="store_true", help="after how many runs each planted bug is found")
    parser.add_argument("--history", help="one run: its changes, separated by semicolons")
    parser.add_argument("--faults", default="", help="one run: what goes wrong at which call, as in '17=crash 80=delay'")
    parser.add_argument("--race", help="one schedule: of this race")
    parser.add_argument("--hands", default="", help="one schedule: the steps after which the other function goes on")
    parser.add_argument("--rough", action="store_true", help="one run: in rough weather")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the functions' metrics
    with storm() as made:
        if arguments.planted:
            return _planted(made, arguments.only)
        return _report(made, _outcomes(made, arguments), arguments.runs, arguments.minutes)


def _outcomes(made: Storm, arguments: argparse.Namespace) -> Iterator[Outcome]:
    if arguments.history:
        faults = (fault.split("=") for fault in arguments.faults.split())
        history = tuple(change.strip() for change in arguments.history.split(";"))
        yield made.play(Run(history, {int(call): Fault(fault) for call, fault in faults}, arguments.rough, arguments.seed))
    elif arguments.race:
        yield one_schedule(made, Run(race=arguments.race, hands=tuple(map(int, arguments.hands.split()))))
    elif arguments.every_call:
        for name, history in HISTORIES.items():
            if arguments.only in (None, name):
                yield from made.every_call(history, every=arguments.every, first=arguments.seed)
    elif arguments.schedules:
        for name in RACES:
            if arguments.only in (None, name):
                yield from every_schedule(made, name, every=arguments.every, first=arguments.seed)
    else:
        seed = arguments.seed
        while True:
            yield made.play(Run.any(seed))
            seed += 1


def _report(made: Storm, outcomes: Iterable[Outcome], runs: int, minutes: float) -> int:
    began, count, failed = time.monotonic(), 0, 0
    for count, outcome in enumerate(outcomes, 1):
        if outcome.failure:
            failed += 1
            run = made.shrink(outcome.run) if failed <= 3 else outcome.run
            _say(f"\n{outcome.failure}\n  {run.command}\n")
        seconds = time.monotonic() - began
        if sys.stderr.isatty():
            _say(f"\r{count} runs, {failed} failed, {seconds:.0f} s")
        if count >= runs or seconds > 60 * minutes:
            break
    _say(f"\n{count} runs, {failed} failed, {time.monotonic() - began:.0f} s\n")
    return 1 if failed else 0


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _planted(made: Storm, only: str | None) -> int:
    missed = 0
    for name in PLANTED:
        if only in (None, name):
            outcomes = find(made, name)
            found = next(((number, outcome.failure) for number, outcome in enumerate(outcomes, 1) if outcome.failure), None)
            missed += found is None
            _say(f"{name}: " + (f"run {found[0]}: {found[1][:100]}\n" if found else f"not found in {len(outcomes)} runs\n"))
    return 1 if missed else 0


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of a set is part of a schedule.
        os.execve(sys.executable, [sys.executable, "-m", "tests.storm", *sys.argv[1:]], os.environ | {"PYTHONHASHSEED": "0"})
    sys.exit(main())
