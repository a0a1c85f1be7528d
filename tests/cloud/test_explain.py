"""Law 10: it explains itself. For any URL: what it was made from, why it changed last, and when the CDN was told."""

from collections.abc import Iterator

import pytest

from pressrun.cloud import walk
from pressrun.cloud.catalogue import BASIS, Basis
from pressrun.cloud.explain import Elsewhere, Explanation, NotAnAddress, explain
from pressrun.cloud.remote import republish
from pressrun.core.dates import stamp
from pressrun.local.storm.stage import SITE_TOML, START, Stage, ago, article, staged

ONE, TWO = "articles/one.md", "articles/two.md"


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged() as made:
        made.put(ONE, article("One", section="news", tags="[ice]", authors="[Jo Hall]", date=ago(days=2)))
        made.settle()
        yield made


def ask(stage: Stage, url: str) -> Explanation:
    return explain(stage.cloud, url)


def test_a_page_says_its_article_what_changed_it_and_when_the_cdn_was_told(stage: Stage) -> None:
    stage.wait(60)
    stage.put(ONE, article("One", "Other text.", section="news", tags="[ice]", authors="[Jo Hall]", date=ago(days=2)))
    changed = stage.clock[0]
    stage.settle_now()
    found = ask(stage, "/news/one/")
    assert (found.url, found.key, found.status, found.to) == ("https://stage.example/news/one/", "news/one/index.html", 200, "")
    assert (found.why, found.target, found.pending) == (f"the page of {ONE}", "url:/news/one/", 0)
    assert found.put
    assert found.told
    assert (found.put.cause, found.put.at) == (ONE, found.told.at)
    assert found.put.at == stamp(START.fromtimestamp(changed, START.tzinfo))
    listed = stage.cloud.cloudfront.list_invalidations(DistributionId=stage.local.stack.distribution.id)["InvalidationList"]["Items"]
    assert found.told.invalidation in [one["Id"] for one in listed]
    assert f"{ONE} (One), live since" in found.made_from[0]
    assert "author/jo-hall" in found.text()


def test_a_list_says_which_article_changed_it_last_and_what_it_reads(stage: Stage) -> None:
    stage.put(TWO, article("Two", section="news", date=ago(days=1)))
    stage.settle()
    home, tag = ask(stage, "https://stage.example/"), ask(stage, "/tags/ice")
    assert home.put
    assert tag.put
    assert (home.target, home.put.cause, tag.target, tag.put.cause) == ("home", TWO, "tag:ice", ONE)
    assert home.made_from[0] == "the list all, the newest 100"
    assert tag.url == "https://stage.example/tags/ice/"
    assert home.told
    # Through a mark of another target: the month came to be, so its section's archive lists it.
    archive = ask(stage, "/archive/news/")
    assert archive.put
    assert archive.put.cause == ONE


def test_before_the_cdn_was_told_it_says_so(stage: Stage) -> None:
    stage.put(ONE, article("One", "Other text.", section="news", tags="[ice]", authors="[Jo Hall]", date=ago(days=2)))
    assert ask(stage, "/news/one/").told
    stage.work_off("uploads")
    assert ask(stage, "/news/one/").pending == 1
    stage.work_off("articles")
    found = ask(stage, "/news/one/")
    assert (found.told, found.pending) == (None, 0)
    assert "not yet of what stands there" in found.text()


def test_what_only_the_sweep_finishes_keeps_its_cause(stage: Stage) -> None:
    stage.put(TWO, article("Two", section="essays", date=ago(days=1)))
    stage.work_off("uploads")
    stage.lose_messages()
    stage.settle()
    for url in ("/essays/two/", "/essays/", "/"):
        put = ask(stage, url).put
        assert put
        assert put.cause == TWO


def test_new_templates_a_new_site_toml_and_a_neighbour_are_causes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.put("site.toml", SITE_TOML.replace("The Stage", "The New Stage"))
    stage.settle()
    home, page = ask(stage, "/").put, ask(stage, "/news/one/").put
    assert home
    assert page
    assert (home.cause, page.cause) == ("site.toml", walk.NEW_BASIS)
    stage.put(TWO, article("Two", section="essays", tags="[ice]", date=ago(days=9)))
    stage.settle()
    neighbour = ask(stage, "/news/one/").put  # shows the older one as related
    assert neighbour
    assert neighbour.cause == TWO
    edition = Basis.of(stage.cloud.catalogue.read([BASIS])[BASIS]).edition
    assert edition[:12] in ask(stage, "/").text()


def test_a_redirect_and_a_410_say_why(stage: Stage) -> None:
    stage.put(ONE, article("One", slug="moved", section="news", date=ago(days=2)))
    stage.settle()
    moved = ask(stage, "/news/one/")
    assert (moved.status, moved.to, moved.why) == (301, "/news/moved/", f"a former address of {ONE}, which is live at /news/moved/")
    stage.delete(ONE)
    stage.settle()
    gone, former = ask(stage, "/news/moved/"), ask(stage, "/news/one/")
    assert (gone.status, gone.why) == (410, f"the page of {ONE}, which is taken down")
    assert (former.status, former.why) == (410, f"a former address of {ONE}, which is taken down")
    assert gone.put
    assert gone.put.cause == ONE
    assert gone.told
    tag = ask(stage, "/tags/ice/")
    assert (tag.status, tag.put and tag.put.cause) == (404, ONE)
    assert "Deleted" in tag.text()


def test_an_asset_says_what_brings_it(stage: Stage) -> None:
    [style] = [key for key in stage.site() if key.startswith("assets/style.")]
    found = explain(stage.cloud, f"/{style}")
    assert (found.status, found.target) == (200, "site")
    assert "the templates of edition" in found.made_from[-1]


def test_where_nothing_is_it_says_what_will_be_or_that_nothing_ever_was(stage: Stage) -> None:
    stage.put(TWO, article("Two", section="essays", date=ago(hours=-5)))
    stage.put("articles/rough.md", article("Rough", section="essays", draft="true"))
    stage.settle()
    found = ask(stage, "/essays/two/")
    assert (found.status, found.put, found.made_from) == (404, None, ())
    assert found.why == f"the page of {TWO}, which is scheduled: it goes live at 2026-11-22T17:00:00Z"
    assert ask(stage, "/essays/rough/").why == "the page of articles/rough.md, which is draft"
    assert ask(stage, "/essays/never/").why == "nothing ever was there"
    asset = next(key for key in stage.site() if key.startswith("assets/style"))
    assert "there is nothing to tell" in ask(stage, f"/{asset}").text()


def test_what_a_hand_put_there_is_not_said_to_be_what_was_noted(stage: Stage) -> None:
    stage.cloud.site.put("news/one/index.html", b"by hand", content_type="text/html")
    found = ask(stage, "/news/one/")
    assert found.put
    assert (found.put.cause, found.told) == ("", None)
    stage.cloud.site.put("x.html", b"by hand", content_type="text/html")
    assert ask(stage, "/x.html").why == "nothing is noted of what stands there"


def test_what_was_looked_at_again_and_left_alone_keeps_its_cause(stage: Stage) -> None:
    before = ask(stage, "/news/one/")
    republish(stage.cloud, stage.edition)
    stage.settle()
    assert ask(stage, "/news/one/") == before


@pytest.mark.parametrize("url", ["https://elsewhere.example/news/one/", "http://127.0.0.1:1/", "https://stage.example.evil/"])
def test_a_url_of_another_site_is_elsewhere(stage: Stage, url: str) -> None:
    with pytest.raises(Elsewhere):
        ask(stage, url)


@pytest.mark.parametrize("url", ["", "news", "ftp://stage.example/", "//stage.example/", "http://[", "/" + "x" * 1025, "/%00/"])
def test_what_is_no_url_is_an_error(stage: Stage, url: str) -> None:
    with pytest.raises(NotAnAddress):
        ask(stage, url)


def test_the_address_of_the_distribution_is_the_sites_too(stage: Stage) -> None:
    [distribution] = stage.cloud.cloudfront.list_distributions()["DistributionList"]["Items"]
    assert ask(stage, f"https://{distribution['DomainName']}/news/one/?a=b#c").status == 200
