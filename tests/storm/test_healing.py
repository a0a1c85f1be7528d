"""What the magazine comes back from by itself, and what one command brings back."""

from collections.abc import Iterator

import pytest

from pressrun.cloud import remote
from pressrun.local.faults import Fault
from pressrun.local.storm.stage import SITE_TOML, Call, Stage, ago, article, staged

KEYS = ("articles/a.md", "articles/b.md", "articles/c.md")


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged() as made:
        yield made


def put(stage: Stage, key: str, title: str = "Story") -> None:
    stage.put(key, article(title, slug=key[9], section="news", tags="[ice]", authors="[Jo]", date=ago(days=KEYS.index(key) + 1)))


def some_time_later(stage: Stage) -> None:
    """The sweep comes as it does, every minute; nobody else does anything."""
    for _ in range(14):
        stage.settle_now()
        stage.wait(60)
        stage.sweep()
    stage.settle_now()


@pytest.mark.parametrize("function", ["validate", "render", "index", "invalidate"])
def test_a_function_that_failed_for_an_hour_is_made_up_for(stage: Stage, function: str) -> None:
    put(stage, KEYS[0])
    put(stage, KEYS[1])
    stage.settle()

    def down(call: Call) -> Fault | None:
        return Fault.REFUSE if call.function == function else None

    stage.weather = down
    put(stage, KEYS[0], "Changed")
    stage.delete(KEYS[1])
    put(stage, KEYS[2])
    for _ in range(12):
        stage.settle_now()
        stage.wait(300)
        stage.sweep()
    assert stage.dead, "so it was down for long enough that messages were given up"
    stage.weather = None
    for _ in range(4):
        # What failed often is hinted at ever more rarely: every three hours at worst.
        stage.wait(3600)
        some_time_later(stage)
    stage.settle()
    stage.check()
    assert "Changed" in stage.text("/news/a/")
    assert [stage.answer(f"/news/{name}/")[0] for name in "abc"] == [200, 410, 200]


def test_messages_that_are_lost_at_any_step_are_made_up_for(stage: Stage) -> None:
    for number, queue in enumerate(("", "uploads", "articles", "lists")):
        put(stage, KEYS[0], f"Change {number}")
        for step in ("uploads", "articles", "lists")[: ("", "uploads", "articles", "lists").index(queue)]:
            stage.work_off(step)
        stage.lose_messages()
        some_time_later(stage)
        stage.settle()
        stage.check()
        assert f"Change {number}" in stage.text("/news/")


@pytest.mark.parametrize("change", ["site.toml", "code"])
def test_files_that_were_never_judged_anew_after_a_change_of_everything_are_made_up_for(stage: Stage, change: str) -> None:
    for key in KEYS:
        put(stage, key)
    stage.settle()
    if change == "code":
        stage.deploy("two")
    else:
        stage.put("site.toml", SITE_TOML.replace("The Stage", "The Other") + '[theme]\naccent = "#003399"\n')
        stage.work_off("uploads")
    stage.lose_messages()
    some_time_later(stage)
    stage.settle()
    stage.check()


def test_whatever_was_done_to_the_site_by_hand_is_found_and_mended(stage: Stage) -> None:
    for key in KEYS:
        put(stage, key)
    stage.settle()
    stage.delete(KEYS[2])
    stage.settle()
    before, site = stage.site(), stage.cloud.site
    for number, key in enumerate(sorted(before)):
        made = before[key]
        match number % 3:
            case 0:
                site.delete(key)
            case 1:  # other bytes under the right metadata
                site.s3.put_object(
                    Bucket=site.name,
                    Key=key,
                    Body=made.body + b" ",
                    ContentType=made.content_type,
                    CacheControl=made.cache_control,
                    Metadata=dict(made.metadata),
                )
            case _:  # the right bytes without their metadata
                site.put(key, made.body)
    site.put("news/never/index.html", b"by hand")
    stage.settle_now()
    found = remote.verify(stage.cloud)
    assert sorted([*found.missing, *found.different, *found.extra]) == sorted([*before, "news/never/index.html"])
    remote.repair(stage.cloud, found, timeout=0)
    stage.settle()
    stage.check()
    assert stage.site() == before
    assert remote.verify(stage.cloud).identical


def test_who_compares_while_something_is_pending_is_told_so(stage: Stage) -> None:
    put(stage, KEYS[0])
    assert "still pending" in remote.verify(stage.cloud).text()
    stage.settle()
    stage.cloud.site.put("news/never/index.html", b"by hand")
    stage.settle()
    assert remote.verify(stage.cloud).text() == "extra: news/never/index.html"


@pytest.mark.parametrize("late", ["uploads", "articles", "lists"])
def test_a_deploy_in_the_middle_of_a_publish_leaves_no_old_page(stage: Stage, late: str) -> None:
    put(stage, KEYS[0])
    stage.settle()
    for number in range(0, 16, 3):
        put(stage, KEYS[0], f"Change {number}")
        for queue in ("uploads", "articles", "lists"):
            if queue == late:
                break
            stage.work_off(queue)
        worker = stage.begin(late)
        for _ in range(number):
            if worker in stage.workers:
                stage.step(worker)
        stage.deploy(f"edition {number}")
        stage.settle()
        stage.check()
        assert f"<!-- edition {number} -->" in stage.text("/news/a/")
