"""Two functions at once, and every schedule of them: the first stands still before any of its AWS calls, while a second change happens and a second
function begins on it, which stands still before any of its own; with at most two changes from one to the other, and one of them may die when it
has gone on after the other.

Depth-first: at each call the process forks, and its child goes on with the other function.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from random import Random

from pressrun.local.storm.run import Outcome, Run, Storm
from pressrun.local.storm.stage import Worker

CHANGES_OF_HANDS = 2


@dataclass(frozen=True)
class Race:
    """``before`` is settled. Then the first change happens, and a worker of its queue, or the sweep, begins on what came of it; so the second."""

    before: tuple[str, ...]
    changes: tuple[str, str]
    queues: tuple[str, str]


_STAGES = ("uploads", "articles", "lists")
RACES = {
    "two uploads of one file": Race(("put a",), ("put a", "put a slug=x"), ("uploads", "uploads")),
    "two files for one URL": Race((), ("put a slug=x", "put b slug=x"), ("uploads", "uploads")),
    "an embargoed slug that is changed": Race((), ("put a slug=y at=10", "put a slug=x redirects=/old/place/"), ("uploads", "uploads")),
    "a redirect that gives way": Race((), ("put a redirects=/news/x/", "put b slug=x draft"), ("uploads", "uploads")),
    "an article and what it leads to": Race((), ("put a links=b", "put b"), ("uploads", "uploads")),
    "an article and its picture": Race((), ("put a shows", "picture red"), ("uploads", "uploads")),
    "an upload and the page": Race(("put a",), ("put a", "delete a"), ("articles", "uploads")),
    "a page changed and changed back": Race(("put a",), ("put a", "put a text=1"), ("articles", "articles")),
    "a page published and taken down": Race((), ("put a", "delete a"), ("articles", "articles")),
    "a list with an article and without": Race((), ("put a", "delete a"), ("lists", "lists")),
    "a page and a list": Race(("put a tags=ice",), ("put b tags=ice", "put a tags=ice"), ("lists", "articles")),
    "two authors of one address": Race((), ("author Jo", "author Jo JO"), ("uploads", "uploads")),
    "a logo that comes as site.toml names it": Race(("put a",), ("toml logo", "picture red"), ("uploads", "uploads")),
    "the sweep and a new site.toml": Race(("put a",), ("wait 601", "toml Other"), ("sweep", "uploads")),
    "a URL that passes on": Race(("put a slug=x", "put b slug=x"), ("delete a", "put b"), ("articles", "uploads")),
}


def every_schedule(storm: Storm, name: str, *, chance: float = 1, seed: int = 0, until_found: bool = False) -> list[Outcome]:
    """Each schedule; or, by ``seed``, a change of hands and a death at each place with this chance. ``until_found`` ends with the first failure."""
    random, hands, dead = Random(seed), list[int](), list[int]()

    def here() -> bool:
        if dead or (until_found and storm.failed) or random.random() >= chance or not storm.fork():
            return False
        random.seed(random.random())  # or it would choose the places that its parent will
        return True

    def changes(step: int) -> bool:
        if len(hands) < CHANGES_OF_HANDS and here():
            hands.append(step)
            return True
        return False

    def dies(step: int) -> bool:
        if hands and here():
            dead.append(step)
            return True
        return False

    return storm.branches(lambda: _run(storm, RACES[name], changes, dies), lambda: Run(race=name, hands=tuple(hands), dies=dead[0] if dead else -1))


def some_schedules(storm: Storm, name: str, seed: int, places: float = 3) -> list[Outcome]:
    """A sample, with the first change of hands at about so many places: some thirty schedules for three, however long the race is."""
    return every_schedule(storm, name, chance=places / _steps(storm, name), seed=seed)


def _steps(storm: Storm, name: str) -> int:
    """How many there are when the functions are at work one after the other."""
    last = 0

    def changes(step: int) -> bool:
        nonlocal last
        last = step
        return False

    [outcome] = storm.branches(lambda: _run(storm, RACES[name], changes, lambda _: False), lambda: Run(hands=(last,)))
    return outcome.run.hands[0] + 1


def one_schedule(storm: Storm, run: Run) -> Outcome:
    """The race again, with these changes of hands."""
    [outcome] = storm.branches(lambda: _run(storm, RACES[run.race], lambda step: step in run.hands, lambda step: step == run.dies), lambda: run)
    return outcome


def _run(storm: Storm, race: Race, changes: Callable[[int], bool], dies: Callable[[int], bool]) -> None:
    stage = storm.stage
    for change in race.before:
        storm.editor.happen(change)
        stage.settle_now()
    waiting = list(zip(race.changes, race.queues, strict=True))
    worker = _begin(storm, *waiting.pop(0))
    for step in count():
        if worker not in stage.workers or changes(step):
            if waiting:
                worker = _begin(storm, *waiting.pop())
            elif others := [other for other in stage.workers if other is not worker]:
                worker = others[0]
            elif worker not in stage.workers:
                break
        if worker in stage.workers:
            # Before the second one has begun, a death is no other than in a history.
            stage.step(worker, crash=not waiting and dies(step))
    storm.settle()


def _begin(storm: Storm, change: str, queue: str) -> Worker:
    storm.editor.happen(change)
    if queue == "sweep":
        return storm.stage.begin_sweep()
    for earlier in _STAGES[: _STAGES.index(queue)]:
        storm.stage.work_off(earlier)
    return storm.stage.begin(queue)
