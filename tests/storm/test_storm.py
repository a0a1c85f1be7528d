"""A short storm: a sample of what ``make storm`` does for as long as one likes."""

import re

import pytest

from pressrun.local.faults import Fault
from pressrun.local.storm.command import again, play, weather
from pressrun.local.storm.history import HISTORIES
from pressrun.local.storm.race import RACES, some_schedules
from pressrun.local.storm.run import Outcome, Run, storm
from tests.cli.commands import pressrun
from tests.storm.planted import PLANTED, find, planted

# Coprime to the number of faults, so that a sample has all of them.
EVERY = 701


def failures(outcomes: list[Outcome]) -> list[str]:
    """Each with the command that plays it again."""
    return [f"{outcome.run.command}\n{outcome.failure}" for outcome in outcomes if outcome.failure]


def test_the_runs_of_any_seed_keep_every_promise() -> None:
    ran = pressrun("storm", "--seed", "1", "--runs", "12")
    assert re.fullmatch(r"12 runs, 1[0-2] of them faulted, in \d+ s: every promise was kept\.\n", ran.out), ran.out + ran.err
    assert ran.code == 0


def test_a_run_that_breaks_a_promise_is_shown_small_and_fails_when_it_is_played_again() -> None:
    shown: list[Outcome] = []
    with planted("the lists before the leaf"):
        tally = weather(seed=0, runs=1, minutes=0, everything=False, step=lambda _: None, failed=shown.append)
        [outcome] = shown
        assert tally.failures == shown
        assert len(outcome.run.history) == 1
        assert again(outcome.run).failure
    assert not again(outcome.run).failure


def test_a_fault_at_any_call_of_a_small_history_breaks_no_promise() -> None:
    with storm() as made:
        outcomes = [outcome for first, history in enumerate(HISTORIES.values()) for outcome in made.every_call(history, every=EVERY, first=first)]
    assert failures(outcomes) == []
    assert len(outcomes) > 2 * len(HISTORIES)


def test_any_schedule_of_two_functions_breaks_no_promise() -> None:
    with storm() as made:
        outcomes = [outcome for seed, race in enumerate(RACES) for outcome in some_schedules(made, race, seed, places=1)]
    assert failures(outcomes) == []
    assert len(outcomes) > len(RACES)


# Each broke a promise once.
MENDED = [
    Run(("put c slug=y at=10 links=c redirects=/old/place/", "put c slug=x section=essays redirects=/old/place/"), rough=True, seed=500007),
    Run(("+ put b tags=ships at=10",), {5: Fault.CRASH}),
    Run(("+ put a tags= at=10",), {5: Fault.REFUSE}),
    Run(race="two uploads of one file", hands=(2,)),
    # The copy that a late worker kept of an upload which a refused one had followed.
    Run(("put c slug=x until=12 text=1", "put c slug=y section=essays wrong text=1"), {2: Fault.DELAY}),
    # Whose redirect gave way, and who was not told of it at the second try.
    Run(("put c slug=x redirects=/news/y/", "+ put a slug=y"), {30: Fault.PART}),
    # A redirect whose URL a draft took over at a second try: the hint came before the draft was judged, and was taken for done.
    Run(("put a redirects=/news/x/", "put b slug=x draft", "delete a"), {88: Fault.PART}, rough=True, seed=8),
    # A claim that a dead worker had written, and which nobody found by its id.
    Run(("put a id=one", "put b", "put b id=one", "delete b"), {10: Fault.CRASH_AFTER}),
    # A claim that an earlier try had announced and written; the next one, with nothing to change about it, announced others in its place, and failed.
    Run(
        (
            "put b slug=x tags= redirects=/old/place/ by=jo",
            "delete b",
            "put b slug=y section=news/arctic",
            "put c wrong links=b",
            "+ put b by=jo",
        ),
        {337: Fault.FAIL_AFTER, 446: Fault.FAIL_AFTER},
        rough=True,
        seed=5000020,
    ),
    # A picture that was replaced, and deleted by one who was late, before the lists that showed it were made.
    Run(("picture red", "put a shows", "picture blue"), {112: Fault.FAIL_AFTER, 124: Fault.DELAY, 196: Fault.REFUSE}),
    # The style sheet of a look that had just been replaced, deleted by one who had read what stands there before that.
    Run(
        ("rename b b", "toml blue", "toml Other", "put c redirects=/news/y/", "+ put b slug=y at=5 links=b redirects=/news/y/"),
        {206: Fault.DELAY},
        rough=True,
        seed=1000017,
    ),
    # An answer that a late worker put over a newer one, while it had nothing to change about the record: so nothing told it of being late.
    Run(("put a slug=x", "put b slug=x", "delete a"), {49: Fault.REFUSE}, rough=True, seed=10000054),
    # A picture deleted by one who had read its marks before an article let go of it, and what is noted of pages after that.
    Run(
        ("picture red", "put a shows", "picture blue"),
        {104: Fault.CRASH_AFTER, 156: Fault.REFUSE, 186: Fault.CRASH_AFTER},
        rough=True,
        seed=10140022,
    ),
    # Three at once: a page whose second try had the mark of the first, which was worked off just then; the second hint was taken for done.
    Run(("put b section=essays text=1 shows", "put b slug=y shows"), rough=True, seed=610681),
    # Three at once: a claim that was written by one who was late, as another had announced it, and was done with it by then.
    Run(("swap", "put a slug=x tags=ships", "+ put a until=4 redirects=/news/x/ text=1"), rough=True, seed=611896),
    Run(
        (
            "+ put a slug=x section=news/arctic tags=ships at=5",
            "toml Other",
            "put a at=-60 redirects=/old/place/",
            "put a slug=y links=a redirects=/old/place/ text=1",
        ),
        rough=True,
        seed=610246,
    ),
    # An answer that a late worker had put in one of its two forms when it died.
    Run(("put a", "delete a", "+ put a", "+ swap"), {196: Fault.CRASH_AFTER}, rough=True, seed=4000336),
    # A redirect to an article that was taken down just before another edition came into force: the hint came before the article was judged by that.
    Run(("put a", "+ put b redirects=/old/place/ by=jo", "delete b", "deploy three"), {23: Fault.FAIL_AFTER}, rough=True, seed=700500037),
    # A draft to which a redirect gave way, whose article was judged to be live at that very moment: neither knew that it was to be taken away.
    Run(("put a redirects=/news/x/", "put b slug=x draft"), {9: Fault.FAIL_AFTER}, rough=True, seed=1000000104),
    # What an article names was filed by one who died before saying so; or just before anybody could know that it was wanted.
    Run(race="an article and its picture", hands=(0, 1), dies=26),
    Run(race="an article and what it leads to", hands=(0, 11), dies=30),
    # Whose address is another's, and who names something that is not there: the reference, and so ``check``, told of the first alone.
    Run(("put c slug=x tags=", "+ put a slug=x links=a")),
]


def test_runs_that_broke_a_promise_once_keep_every_promise() -> None:
    with storm() as made:
        assert failures([play(made, run) for run in MENDED]) == []


def test_every_planted_bug_still_finds_the_line_that_it_replaces() -> None:
    for name in PLANTED:
        with planted(name):  # raises ValueError
            continue


@pytest.mark.parametrize("name", ["the event is believed, not the bucket", "an old picture goes before the pages that show it"])
def test_a_planted_bug_is_found(name: str) -> None:
    with storm() as made:
        assert failures(find(made, name)) != []


@pytest.mark.parametrize("run", [Run(("put a", "delete a"), {40: Fault.CRASH}), Run.any(7)], ids=["calm", "any"])
def test_a_run_that_is_played_again_is_the_same(run: Run) -> None:
    """To the call: else the command of a failure would play another run."""
    with storm() as made:
        calls = [made.calls_of(run), made.calls_of(run)]
    assert calls[0] == calls[1]
    assert calls[0]
