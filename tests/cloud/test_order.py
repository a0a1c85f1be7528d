"""Law 1 under rough weather: whatever the order, repetition, concurrency or crash of events, the site ends as ``build`` makes it."""

from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pressrun.local.storm.stage import Stage, ago, article, staged

KEYS = ["articles/a.md", "articles/b.md", "articles/news/c.md"]


@dataclass(frozen=True)
class Put:
    key: str
    fields: tuple[tuple[str, str], ...]
    body: str

    def happen(self, stage: Stage) -> None:
        stage.put(self.key, article(body=self.body, **dict(self.fields)))


@dataclass(frozen=True)
class Delete:
    key: str

    def happen(self, stage: Stage) -> None:
        stage.delete(self.key)


@dataclass(frozen=True)
class Rename:
    key: str
    to: str

    def happen(self, stage: Stage) -> None:
        stored = stage.cloud.content.get(self.key)
        if stored and self.key != self.to:
            stage.put(self.to, stored.body)
            stage.delete(self.key)


@dataclass(frozen=True)
class Wait:
    seconds: int

    def happen(self, stage: Stage) -> None:
        stage.wait(self.seconds)


def fields() -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    return st.fixed_dictionaries(
        {
            "title": st.sampled_from(["One", "Two"]),
            "slug": st.sampled_from(["x", "y"]),
            "section": st.sampled_from(["news", "news/arctic", "essays", "nowhere"]),
            "tags": st.sampled_from(["[]", "[ice]", "[ice, ships]", "[ships]"]),
        },
        optional={
            "date": st.sampled_from([ago(days=400), ago(days=30), ago(minutes=-5), ago(minutes=-20)]),
            "expires": st.sampled_from([ago(minutes=-30)]),
            "draft": st.just("true"),
            "redirects": st.just("[/old/place/]"),
            "id": st.just("one"),
        },
    ).map(lambda found: tuple(sorted(found.items())))


PUTS = st.builds(Put, st.sampled_from(KEYS), fields(), st.sampled_from(["Text.", "Other text."]))
CHANGES = st.one_of(
    PUTS,
    PUTS,
    st.builds(Delete, st.sampled_from(KEYS)),
    st.builds(Rename, st.sampled_from(KEYS), st.sampled_from(KEYS)),
    st.builds(Wait, st.sampled_from([1, 400, 1000])),
)


def play(history: list[Put | Delete | Rename | Wait], seed: int) -> None:
    """A history in rough weather, then settled and checked."""
    with staged(seed) as stage:
        for change in history:
            change.happen(stage)
            stage.work(stage.random.randint(0, 120))
        stage.settle()
        stage.check()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(history=st.lists(CHANGES, min_size=1, max_size=8), seed=st.integers(0, 2**32 - 1))
def test_any_history_in_any_weather_ends_as_build_makes_it(history: list[Put | Delete | Rename | Wait], seed: int) -> None:
    play(history, seed)
