"""A draft and an embargoed article have a private preview: every page that would change, where readers never come."""

from collections.abc import Iterator
from html import unescape
from re import findall

import pytest

from pressrun.cloud.remote import preview
from pressrun.core.report import PREVIEWS, preview_key
from pressrun.local.storm.stage import Stage, ago, article, staged

KEY, OLD = "articles/canary.md", "articles/old.md"
SECRET = {"tags": "[canarytag, ice]", "authors": "[Canaryname]", "slug": "canary", "section": "news/arctic"}


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged() as made:
        made.put(OLD, article("The old one", section="news", tags="[ice]", date=ago(days=40)))
        made.settle()
        yield made


def text(stage: Stage) -> str:
    """The preview, as it lies in the content bucket, '' where there is none."""
    stored = stage.cloud.content.get(preview_key(KEY))
    return stored.body.decode() if stored else ""


def pages(stage: Stage) -> dict[str, str]:
    """The previewed pages by URL."""
    return {url: unescape(html) for url, html in findall(r'<iframe title="([^"]*)"[^>]* srcdoc="([^"]*)"', text(stage))}


def test_an_embargoed_article_is_previewed_on_every_page_that_will_change_as_it_will_be(stage: Stage) -> None:
    stage.put(KEY, article("Canarywords", "Canarytext.", date=ago(hours=-2), **SECRET))
    stage.settle()
    previewed = pages(stage)
    named = findall(r"/[\w./-]+(?:xml|html|json)", text(stage).rpartition("these change:")[2])
    before = stage.site()
    stage.wait(7201)
    stage.settle()
    after = stage.site()
    changed = {f"/{key.removesuffix('index.html')}" for key in after if after[key] != before.get(key)}
    assert set(previewed) | set(named) == changed
    assert next(iter(previewed)) == "/news/arctic/canary/"
    for url, html in previewed.items():
        body = after[f"{url[1:]}index.html"].body.decode()
        there, previewed_main = (page.partition("<main")[2].partition("</main>")[0] for page in (body, html))
        assert there == previewed_main, url


def test_the_pages_of_other_articles_that_will_lead_to_it_are_previewed_too(stage: Stage) -> None:
    stage.put("articles/leads.md", article("Leads", "See [[canary]].", section="news", date=ago(days=50)))
    stage.put("articles/newer.md", article("Newer", section="news", tags="[ice]", date=f'"{ago(hours=-1)}"'))
    stage.put("articles/newest.md", article("Newest", section="news", tags="[sea]", date=f'"{ago(hours=-1)}"'))
    stage.settle()
    stage.wait(3601)
    stage.settle()
    stage.put(KEY, article("Canarywords", "Canarytext.", date=ago(days=20), publish_at=ago(hours=-3), **SECRET))
    stage.settle()
    previewed = pages(stage)
    before = stage.site()
    assert '<a href="/news/arctic/canary/">canary</a>' in previewed["/news/leads/"]
    assert "Canarywords" in previewed["/news/newer/"]  # as a related post
    assert "/news/newest/" not in previewed
    stage.wait(7201)
    stage.settle()
    stage.check()
    after = stage.site()
    changed = {f"/{key.removesuffix('index.html')}" for key in after if key.endswith("index.html") and after[key] != before.get(key)}
    assert changed - set(previewed) == set()


def test_a_draft_is_previewed_as_if_it_were_published_now(stage: Stage) -> None:
    stage.put(KEY, article("Canarywords", "Canarytext.", draft="true", **SECRET))
    stage.settle()
    assert {"/", "/news/", "/news/arctic/", "/tags/ice/", "/tags/canarytag/", "/authors/canaryname/", "/news/arctic/2026/11/"} < set(pages(stage))
    assert "The old one" in pages(stage)["/"]
    assert "<!doctype html>" in text(stage)
    # The file stands alone: nothing is fetched for its look, and nothing runs.
    assert "stylesheet" not in text(stage)
    assert "default-src 'none'" in text(stage)


def test_the_answer_says_where_the_preview_is(stage: Stage) -> None:
    stage.put(KEY, article("Canarywords", draft="true", **SECRET))
    stage.settle()
    assert f"For 7 days, a preview of every page that it would change is at reports/previews/{KEY}.html\n" in stage.report(KEY)
    assert "previews" not in stage.report(OLD)


def test_a_preview_follows_the_article_and_goes_when_it_is_live_or_gone(stage: Stage) -> None:
    stage.put(KEY, article("Canarywords", date=ago(hours=-2), **SECRET))
    stage.settle()
    stage.put(KEY, article("Canarywords, mended", date=ago(hours=-2), **SECRET))
    stage.settle()
    assert "Canarywords, mended" in pages(stage)["/"]
    stage.wait(7201)
    stage.settle()
    assert text(stage) == ""
    stage.put(KEY, article("Canarywords", draft="true", **SECRET))
    stage.settle()
    assert text(stage)
    stage.delete(KEY)
    stage.settle()
    assert text(stage) == ""
    stage.check()


@pytest.mark.parametrize("seed", range(3))
def test_no_byte_of_a_draft_or_its_preview_is_ever_in_the_site_bucket(seed: int) -> None:
    with staged(seed=seed) as stage:
        wrong: list[str] = []

        def observe(bucket: str, key: str, body: bytes | None) -> None:
            if bucket == stage.cloud.site.name and b"canary" in key.encode() + (body or b"").lower():
                wrong.append(key)

        stage.local.aws.observe(observe)
        stage.put(OLD, article("The old one", "See [[canary]].", section="news", tags="[ice]", date=ago(days=1)))
        for body in ("Canarytext.", "Other canarytext."):
            stage.put(KEY, article("Canarywords", body, draft="true", **SECRET))
            stage.work(300)
            stage.settle()
        stage.check()
        assert "Other canarytext." in pages(stage)["/news/arctic/canary/"]
        assert [key for key in wrong if key != "news/the-old-one/index.html"] == []  # which says canary by itself


def test_a_preview_costs_as_little_as_a_publish_whatever_the_archive(stage: Stage) -> None:
    stage.put(KEY, article("Canarywords", draft="true", **SECRET))
    stage.work_off("uploads")
    before = sum(count.total() for count in stage.local.calls.values())
    stage.work_off("articles")
    assert sum(count.total() for count in stage.local.calls.values()) - before < 45


def test_the_address_of_a_preview_is_signed_and_expires(stage: Stage) -> None:
    stage.put(KEY, article("Canarywords", draft="true", **SECRET))
    stage.settle()
    address = stage.cloud.content.address(preview_key(KEY), 3600)
    assert f"/{PREVIEWS}{KEY}.html?" in address
    assert "X-Amz-Expires=3600&" in address
    assert len(findall(r"X-Amz-Signature=[0-9a-f]{64}", address)) == 1


def test_only_what_is_not_live_yet_has_a_preview(stage: Stage) -> None:
    for key, phase in ((OLD, "live"), ("articles/none.md", "unknown")):
        with pytest.raises(LookupError, match=phase):
            preview(stage.cloud, key, 1)
