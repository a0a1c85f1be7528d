"""What readers may see at any step: whatever is put or deleted in the site bucket is looked at there and then, in rough weather."""

import re
from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from PIL import Image

from pressrun.local.storm.stage import Stage, ago, article, staged

SEEDS = range(4)
STORY, OTHER = "articles/story.md", "articles/other.md"


@pytest.fixture(params=SEEDS)
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with staged(seed=request.param) as made:
        yield made


def watch(stage: Stage, wrong: Callable[[str, bytes], str]) -> list[str]:
    """What ``wrong`` says of any site key and its new bytes (none where it was deleted), looked at before anything else happens."""
    found: list[str] = []

    def observe(bucket: str, key: str, body: bytes | None) -> None:
        if bucket == stage.cloud.site.name and (said := wrong(key, body or b"")):
            found.append(f"{key}: {said}")

    stage.local.aws.observe(observe)
    return found


def weather(stage: Stage, steps: int = 400) -> None:
    stage.work(steps)
    stage.settle()
    stage.check()


def status(stage: Stage, key: str) -> str:
    """What stands at a key: '' for a page, '301' or '410', 'nothing'."""
    head = stage.cloud.site.head(key)
    return head.metadata.get("status", "") if head else "nothing"


def test_no_byte_of_an_embargoed_article_is_put_before_its_instant(stage: Stage) -> None:
    data = BytesIO()
    Image.new("RGB", (80, 60)).save(data, "PNG")
    picture = data.getvalue()
    instant = stage.clock[0] + 3 * 3600

    def early(key: str, body: bytes) -> str:
        head = stage.cloud.site.head(key)
        said = f"{key} {head.metadata if head else ''} {body.decode(errors='replace')}".lower()
        return "too early" if stage.clock[0] < instant and ("canary" in said or key.startswith(("pictures/", "media/"))) else ""

    wrong = watch(stage, early)
    stage.put(OTHER, article("Another", "See [[canary|that]] and [this](canary.md).", section="news", tags="[ice]", date=ago(days=1)))
    secret = {
        "tags": "[canarytag, ice]",
        "authors": "[Canaryname]",
        "summary": "Canarysummary",
        "issue": "canary",
        "kicker": "Canarykicker",
        "image": "canary.png",
        "image_caption": "Canarycaption",
        "redirects": "[/news/canary-old/]",
        "corrections": "[Canarycorrection]",
        "id": "canaryid",
        "slug": "canary",
        "section": "news",
    }
    stage.put("media/canary.png", picture)
    stage.put("media/canary.pdf", b"%PDF-1.7 canary")
    stage.put("articles/canary.md", article("Canarywords", "Canarytext. [It](/media/canary.pdf)", date=ago(hours=-3), **secret))
    weather(stage)
    stage.put("articles/canary.md", article("Canarywords", "Other canarytext.", date=ago(hours=-3), **secret | {"slug": "canary-two"}))
    weather(stage)
    for _ in range(3):
        stage.wait(2300)
        stage.sweep()
        weather(stage)
    assert stage.clock[0] < instant
    assert stage.answer("/news/canary-two/")[0] == 404
    stage.wait(instant - stage.clock[0])
    stage.sweep()
    weather(stage)
    assert wrong == []
    assert '<a href="/news/canary-two/">that</a>' in stage.text("/news/another/")
    assert "Other canarytext." in stage.text("/news/canary-two/")
    assert [key for key in stage.site() if key.startswith("pictures/")]
    assert stage.answer("/news/canary-old/") == (301, "/news/canary-two/")


def test_no_list_leads_to_an_article_that_was_never_there(stage: Stage) -> None:
    stood: set[str] = set()

    def leads_nowhere(key: str, body: bytes) -> str:
        if b"<article" in body:
            stood.add(key)
        leaves = {f"{url.decode()}index.html" for url in re.findall(rb'href="(?:https://stage\.example)?/((?:news|essays)/[a-z0-9-]+/)"', body)}
        return ", ".join(leaves - stood - {"news/arctic/index.html"})

    wrong = watch(stage, leads_nowhere)
    for n in range(3):
        stage.put(f"articles/{n}.md", article(f"Story {n}", section="news", tags="[ice]", date=ago(days=n)))
    weather(stage)
    stage.put("articles/0.md", article("Story 0", section="essays", slug="moved", tags="[ice]", date=ago(days=9)))
    stage.delete("articles/1.md")
    stage.put("articles/3.md", article("Story 3", section="news", tags="[ice]", date=ago(days=4)))
    weather(stage)
    assert wrong == []


def test_a_redirect_never_stands_before_its_destination(stage: Stage) -> None:
    stage.put(STORY, article("Story", slug="old", section="news", date=ago(days=1)))
    stage.settle()

    def leads_to_no_page(key: str, _: bytes) -> str:
        head = stage.cloud.site.head(key)
        to = head.metadata.get("location", "") if head else ""
        return f"leads to {to}" if to and status(stage, f"{to[1:]}index.html") else ""

    wrong = watch(stage, leads_to_no_page)
    stage.put(STORY, article("Story", slug="new", section="news", date=ago(days=1)))
    weather(stage)
    stage.put(STORY, article("Story", slug="newest", section="essays", date=ago(days=1)))
    weather(stage)
    assert wrong == []
    assert stage.answer("/news/old/") == stage.answer("/news/new/") == (301, "/essays/newest/")


def test_a_file_that_is_renamed_leaves_no_gap_once_its_new_name_was_looked_at(stage: Stage) -> None:
    stage.put(STORY, article("Story", slug="story", section="news", date=ago(days=1)))
    stage.settle()

    def gap(key: str, _: bytes) -> str:
        return status(stage, key) if key == "news/story/index.html" else ""

    wrong = watch(stage, gap)
    stage.put(OTHER, article("Story", slug="story", section="news", date=ago(days=1)))
    stage.work_off("uploads")
    stage.delete(STORY)
    weather(stage)
    assert wrong == []
    assert stage.claims()["/news/story/"].owner == OTHER


def test_an_article_that_is_taken_down_is_gone_before_the_lists_let_go_of_it(stage: Stage) -> None:
    stage.put(STORY, article("Story", section="news", date=ago(days=1)))
    stage.settle()

    def too_soon(key: str, body: bytes) -> str:
        left = key == "news/index.html" and b"/news/story/" not in body
        return "the article still stands" if left and status(stage, "news/story/index.html") != "410" else ""

    wrong = watch(stage, too_soon)
    stage.delete(STORY)
    weather(stage)
    assert wrong == []
