"""``site = f(content, register, now)``, as a whole."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pressrun.core.build import Built, NoMagazine, build
from pressrun.core.claims import Register
from pressrun.core.dates import stamp
from pressrun.core.problem import Problem
from pressrun.core.site import ASSET, LEAF, LIST, SiteObject, cache_tag, is_surely_list, key_of, leaf, listing

from .magazines import NOON, SITE_TOML, THEME, file

HOUR = timedelta(hours=1)


def built(content: Mapping[str, bytes], register: Register = Register(), now: datetime = NOON) -> Built:  # noqa: B008 - a value
    """With the usual ``site.toml``, unless the content has one."""
    return build({"site.toml": SITE_TOML.encode(), **content}, register, now, THEME)


def register_of(before: Built, content: Mapping[str, bytes]) -> Register:
    """The register after everything in ``content`` was accepted."""
    return Register(before.claims, {"site.toml": SITE_TOML.encode(), **content})


def text(made: Built, key: str) -> str:
    return made.site[key].body.decode()


def metadata(made: Built, key: str) -> dict[str, str]:
    return dict(made.site[key].metadata)


def everything(made: Built) -> str:
    """Every byte that readers or their caches could ever get."""
    return "\n".join(f"{key} {found!r} {found.body.decode()}" for key, found in made.site.items())


def test_an_article_is_a_page_and_is_in_every_list_that_shows_it() -> None:
    made = built({"articles/a.md": file(title="Ice", section="arctic", tags=["Sea ice"], authors=["Jo Ash"], date="2026-10-31")})
    showing = {key for key, found in made.site.items() if b"/news/arctic/ice/" in found.body}
    assert showing - {"news/arctic/ice/index.html"} == {
        *("index.html", "feed.xml", "rss.xml", "feed.json", "sitemaps/2026-10.xml", "search/2026-10.json"),
        *("_fragments/news.html", "_fragments/news/arctic.html", "news/2026/10/index.html", "news/arctic/2026/10/index.html"),
        *(f"{path}/{name}" for path in ("news", "news/arctic") for name in ("index.html", "feed.xml", "rss.xml", "feed.json")),
        *("tags/sea-ice/index.html", "tags/sea-ice/2026/index.html", "authors/jo-ash/index.html", "authors/jo-ash/2026/index.html"),
    }
    assert text(made, "tags/sea-ice/index.html").startswith("Sea ice: /tags/sea-ice/2026/ ")
    assert text(made, "archive/news/index.html").split() == ["/news/2026/10/"]
    assert text(made, "sitemap.xml") == "fronts 2026-10"
    assert made.live == {"articles/a.md"}


def test_an_empty_magazine_has_its_fronts_and_no_period() -> None:
    made = built({})
    assert {key for key in made.site if not key.startswith("assets/")} == {
        *("sitemap.xml", "news-sitemap.xml", "sitemaps/fronts.xml", "404.html", "robots.txt", "llms.txt", "archive/index.html", "tags/index.html"),
        *("search/index.html", "search/months.json", "manifest.webmanifest", "speculation-rules.json"),
        *(f"{path}{name}" for path in ("", "news/", "news/arctic/", "sea/") for name in ("index.html", "feed.xml", "rss.xml", "feed.json")),
        *(
            f"{folder}/{path}{ending}"
            for path in ("news", "news/arctic", "sea")
            for folder, ending in (("_fragments", ".html"), ("archive", "/index.html"))
        ),
    }


def test_a_front_shows_the_newest_twenty_and_the_archive_all() -> None:
    made = built({f"articles/{n}.md": file(title=f"A{n}", date=f"2026-10-{n:02}") for n in range(1, 31)})
    assert text(made, "news/index.html").count("\n") == 20
    assert text(made, "news/index.html").startswith("/news/a30/ ")
    assert text(made, "_fragments/news.html").count("\n") == 8
    assert text(made, "feed.xml").count("\n") == text(made, "news/2026/10/index.html").count("\n") == 30


def test_an_article_is_in_the_news_sitemap_for_two_days() -> None:
    content = {"articles/a.md": file(title="One", date=stamp(NOON)), "pages/about.md": file(title="About", date=stamp(NOON))}
    for now, there in ((NOON, True), (NOON + 48 * HOUR - timedelta(seconds=1), True), (NOON + 48 * HOUR, False)):
        assert ("/news/one/" in text(built(content, now=now), "news-sitemap.xml")) is there
        assert "/about/" not in text(built(content, now=now), "news-sitemap.xml")


def test_an_article_without_a_date_is_news_from_when_it_was_first_live() -> None:
    content = {"articles/a.md": file(title="One")}
    register = register_of(built(content), content)
    assert "/news/one/" in text(built(content, register, NOON + 47 * HOUR), "news-sitemap.xml")
    assert text(built(content, register, NOON + 48 * HOUR), "news-sitemap.xml") == ""


def test_an_authors_file_makes_the_page_of_all_contributors() -> None:
    assert "authors/index.html" not in built({}).site
    made = built({"authors/zoe.md": b"---\nname: Zoe Ash\n---\n", "authors/al.md": b"---\nname: al Oak\n---\n"})
    assert text(made, "authors/index.html") == "al OakZoe Ash"


EMBARGOED = {
    "the article": file("Confidential body.", title="Confidential", summary="Confidential", tags=["confidential"], publish_at="2026-11-23"),
    "its slug": file(title="One", slug="confidential", publish_at="2026-11-23"),
    "its redirects": file(title="One", redirects=["/confidential/"], publish_at="2026-11-23"),
    "its author": file(title="One", authors=["Jo Confidential"], date="2026-11-23"),
    "a draft": file("Confidential", title="Confidential", draft="true", tags=["confidential"]),
    "what has expired": file("Confidential", title="Confidential", expires="2026-11-22", tags=["confidential"]),
}


@pytest.mark.parametrize("data", EMBARGOED.values(), ids=EMBARGOED)
def test_no_byte_of_what_is_not_live_is_in_the_site(data: bytes) -> None:
    live = file(title="Two", tags=["confidence"], date="2026-11-20")
    with_it, without = built({"articles/a.md": data, "articles/b.md": live}), built({"articles/b.md": live})
    assert "confidential" not in everything(with_it).lower()
    assert with_it.site == without.site


def test_an_embargoed_update_leaves_no_byte_of_either_version() -> None:
    content = {"articles/a.md": file("Old text.", title="Old")}
    register = register_of(built(content), content)
    made = built({"articles/a.md": file("New text.", title="New", slug="old", publish_at=stamp(NOON + HOUR))}, register)
    assert metadata(made, "news/old/index.html")["status"] == "410"
    assert not {"New", "Old", stamp(NOON + HOUR)} & set(everything(made).split())


def test_an_embargo_ends_at_its_instant() -> None:
    content = {"articles/a.md": file(title="One", publish_at=stamp(NOON))}
    assert built(content, now=NOON - timedelta(seconds=1)).live == set()
    assert built(content).live == {"articles/a.md"}


def test_a_refused_update_keeps_the_accepted_copy_and_says_so() -> None:
    content = {"articles/a.md": file(title="One")}
    before = built(content)
    made = built({"articles/a.md": file(title="One", date="soon")}, register_of(before, content))
    assert made.site == before.site
    assert made.refused == ("articles/a.md",)
    assert [problem.line for problem in made.problems["articles/a.md"]] == [3]


def test_a_refused_article_does_not_hold_up_another() -> None:
    made = built({"articles/a.md": b"", "articles/b.md": file(title="Two")})
    assert made.refused == ("articles/a.md",)
    assert made.live == {"articles/b.md"}


@pytest.mark.parametrize("broken", [b"title =", b'title = "M"', None], ids=["not TOML", "no section", "gone"])
def test_a_broken_site_toml_leaves_the_magazine_as_it_was(broken: bytes | None) -> None:
    content = {"articles/a.md": file(title="One")}
    before = built(content)
    made = build(content | ({"site.toml": broken} if broken else {}), register_of(before, content), NOON, THEME)
    assert made.site == before.site
    assert made.refused == ("site.toml",)


def test_without_any_site_toml_there_is_no_magazine() -> None:
    with pytest.raises(NoMagazine) as none:
        build({}, Register(), NOON, THEME)
    assert none.value.problems == (Problem("There is no site.toml.", "Add one with a title, a base_url and at least one section."),)
    with pytest.raises(NoMagazine) as broken:
        build({"site.toml": b"title ="}, Register(), NOON, THEME)
    assert broken.value.problems[0].line == 1


def test_two_files_for_one_url_are_one_page_and_one_refusal() -> None:
    content = {"articles/a.md": file("From a.", title="One"), "articles/b.md": file("From b.", title="One")}
    made = built(content)
    assert made.live == {"articles/a.md"}
    assert made.refused == ("articles/b.md",)
    assert "From a." in text(made, "news/one/index.html")
    # Whoever had it first keeps it, whatever the order of the keys.
    first = built({"articles/b.md": content["articles/b.md"]})
    assert "From b." in text(built(content, register_of(first, {})), "news/one/index.html")


def test_a_slug_that_was_changed_is_a_redirect_and_a_file_that_is_gone_a_410() -> None:
    content = {"articles/a.md": file(title="One"), "articles/b.md": file(title="Two")}
    made = built({"articles/a.md": file(title="One", slug="other")}, register_of(built(content), content))
    assert {name: metadata(made, "news/one/index.html").get(name) for name in ("status", "location")} == {"status": "301", "location": "/news/other/"}
    assert metadata(made, "news/two/index.html")["status"] == "410"
    assert "Two" not in everything(made)


def test_a_section_that_comes_to_be_where_an_article_was_has_its_front_there() -> None:
    content = {"articles/a.md": file(title="One", url="/ice/"), "articles/b.md": file(title="Two", redirects=["/ice/"])}
    register = register_of(built(content), content)
    changed = SITE_TOML + '[[sections]]\nslug = "ice"\nname = "Ice"\n'
    made = build(content | {"site.toml": changed.encode()}, register, NOON + HOUR, THEME)
    assert "status" not in metadata(made, "ice/index.html")
    assert made.site["ice/index.html"].cache_control == LIST
    assert str(made.targets["ice/index.html"]) == "section:ice"
    assert made.refused == ("articles/a.md", "articles/b.md")


contents = st.dictionaries(
    st.sampled_from([f"articles/{name}.md" for name in "abcdef"]),
    st.builds(
        lambda title, tags, date: file(title=title, tags=sorted(tags), date=date),
        st.sampled_from(["One", "Two", "Three", "Four"]),
        st.sets(st.sampled_from(["ice", "ships", "fog"])),
        st.sampled_from(["2025-12-31", "2026-01-01", "2026-11-20", "2026-11-23"]),
    ),
)


@settings(max_examples=25)
@given(contents)
def test_the_site_does_not_depend_on_the_order_of_the_files_and_building_again_changes_nothing(content: dict[str, bytes]) -> None:
    made = built(content)
    assert built(dict(reversed(content.items()))) == made
    assert built(content, Register(made.claims), NOON + HOUR).site == made.site


@settings(max_examples=25)
@given(contents)
def test_every_object_belongs_to_one_target_and_carries_what_the_cdn_goes_by(content: dict[str, bytes]) -> None:
    made = built(content)
    assert made.site.keys() <= made.targets.keys()
    for key, found in made.site.items():
        tags = dict(found.metadata).get("cache-tag", "").split(",")
        expected = {ASSET: [""], LEAF: [cache_tag(key)], LIST: [cache_tag(key), "l"]}
        assert tags == expected[found.cache_control]
        assert found.cache_control == LIST or not is_surely_list(key)


@pytest.mark.parametrize("key", ["index.html", "news/rss.xml", "tags/ice/2026/index.html", "search/2026-11.json", "_fragments/journal.html"])
def test_some_keys_tell_that_a_list_is_there_without_being_asked(key: str) -> None:
    assert is_surely_list(key)


@pytest.mark.parametrize("key", ["news/one/index.html", "news/index.html", "news/2026/11/index.html", "search/index.html", "old.html", "assets/a.js"])
def test_other_keys_may_be_a_leafs(key: str) -> None:
    assert not is_surely_list(key)


def test_a_url_has_one_key() -> None:
    assert [key_of(url) for url in ("/", "/news/one/", "/old.html")] == ["index.html", "news/one/index.html", "old.html"]


def test_equal_bytes_are_equal_objects_and_others_are_not() -> None:
    def digest(made: SiteObject) -> str:
        return dict(made.metadata)["digest"]

    assert leaf("a", "x") == leaf("a", "x")
    assert leaf("a", "x") != leaf("a", "x", status="410")
    assert digest(leaf("a", "x")) == digest(listing("b", "x")) != digest(leaf("a", "y"))


def test_a_cache_tag_says_nothing_of_its_key() -> None:
    assert cache_tag("news/secret/index.html").isalnum()
    assert len(cache_tag("news/secret/index.html")) == 16
