"""Lists: their order, their periods in any time zone, and what is related to what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressrun.core.article import Label
from pressrun.core.cards import Card, Cards, mentioned_by
from pressrun.core.lists import (
    ASSETS,
    AUTHORS,
    FRONTS,
    HOME,
    JOURNAL,
    NEWS,
    SITE,
    SITEMAPS,
    TAGS,
    Reading,
    Target,
    Teaser,
    bounds,
    fixed_targets,
    lists_of,
    newest_first,
    parent_of,
    reading_of,
    targets_of,
    targets_of_name,
    teaser_of,
    url_target,
)
from pressrun.core.related import NEAREST, may_change, related_to, shared, shown_on

from .magazines import MERIDIAN, NOON, article

HOUR = timedelta(hours=1)
zones = st.sampled_from(sorted(available_timezones() - {"localtime"})).map(ZoneInfo)
instants = st.integers(-30_000_000_000, 253_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def teaser(name: str, published: datetime = NOON, tags: str = "", section: str = "news") -> Teaser:
    labels = tuple(Label(tag, tag) for tag in tags.split())
    return Teaser(f"/{section}/{name}/", name, published, f"tag:{name}", section, tags=labels)


def teased(cards: Cards | None = None, **fields: object) -> Teaser:
    shown = article(**fields)
    return teaser_of(shown, mentioned_by(shown, cards or {}, {}), NOON, "tag:x")


@given(instants, instants)
def test_the_order_of_places_is_the_order_of_time(one: datetime, other: datetime) -> None:
    assert (teaser("b", one).place < teaser("a", other).place) == (one < other)


def test_articles_of_one_instant_go_by_url() -> None:
    assert [t.title for t in newest_first([teaser("a"), teaser("c"), teaser("b"), teaser("d", NOON - HOUR)])] == ["c", "b", "a", "d"]


@given(instants, zones)
def test_an_article_lies_within_its_month_and_its_year_and_in_no_other(published: datetime, zone: ZoneInfo) -> None:
    place = teaser("a", published).place
    local = published.astimezone(zone)
    for period in (f"{local.year}-{local.month:02}", f"{local.year}"):
        begin, end = bounds(period, zone)
        assert begin <= place < end


@given(st.integers(1850, 2100), st.integers(1, 12), zones)
def test_a_month_ends_where_the_next_one_begins(year: int, month: int, zone: ZoneInfo) -> None:
    after = f"{year + month // 12}-{month % 12 + 1:02}"
    assert bounds(f"{year}-{month:02}", zone)[1] == bounds(after, zone)[0]
    assert bounds(f"{year}", zone) == (bounds(f"{year}-01", zone)[0], bounds(f"{year}-12", zone)[1])


def test_the_new_year_begins_where_the_magazine_is() -> None:
    assert bounds("2026", ZoneInfo("Pacific/Auckland")) == ("2025-12-31T11:00:00Z", "2026-12-31T11:00:00Z")
    assert bounds("2026-03", ZoneInfo("America/New_York")) == ("2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z")
    assert [target.period for target in targets_of("tag/ice", datetime(2026, 1, 1, 3, tzinfo=UTC), MERIDIAN.timezone)] == ["", "2025"]


def test_an_article_is_in_the_lists_of_everything_that_it_belongs_to() -> None:
    found = teased(section="arctic", tags=["ice", "ships"], authors=["Jo Ash"], issue="12")
    assert lists_of(found) == ("all", "section/news", "section/news/arctic", "tag/ice", "tag/ships", "author/jo-ash")
    card = Card("issues/autumn.md", "Autumn", "/journal/12/")
    assert lists_of(teased({"issue/12": card}, issue="12"))[-1] == "issue/12"


def test_an_article_without_a_date_is_of_the_instant_when_it_was_first_live() -> None:
    assert teased().published == NOON
    assert teased(date="2026-01-01").published == datetime(2026, 1, 1, 5, tzinfo=UTC)


def test_what_was_updated_before_it_was_published_was_never_updated() -> None:
    assert teased(date="2026-11-20", updated="2026-11-21").updated == datetime(2026, 11, 21, 5, tzinfo=UTC)
    assert teased(date="2026-11-20", updated="2026-11-01").updated is None
    assert teased(updated=NOON - HOUR).updated is None


def test_each_list_is_shown_by_its_targets() -> None:
    def shown_by(name: str) -> list[str]:
        return [str(target) for target in targets_of(name, NOON, MERIDIAN.timezone)]

    assert shown_by("all") == ["home", "sitemap::2026-11"]
    assert shown_by("section/news/arctic") == ["section:news/arctic", "month:news/arctic:2026-11"]
    assert shown_by("tag/ice") == ["tag:ice", "tag:ice:2026"]
    assert shown_by("author/jo-ash") == ["author:jo-ash", "author:jo-ash:2026"]
    assert shown_by("issue/12") == ["issue:12"]
    assert shown_by("pages") == ["fronts"]
    assert shown_by("fresh") == ["news"]


def test_a_card_is_shown_by_its_own_page_and_by_what_mentions_it() -> None:
    def shown_by(name: str) -> list[str]:
        return [str(target) for target in targets_of_name(name)]

    assert shown_by("author/jo-ash") == ["mentions:author/jo-ash", "author:jo-ash"]
    assert shown_by("issue/12") == ["mentions:issue/12", "issue:12"]
    assert shown_by("issues") == ["journal"]
    assert shown_by("authors") == ["authors"]
    assert shown_by("article/ferry") == ["mentions:article/ferry"]


TARGETS = {
    HOME: (Reading("all", newest=100), None),
    NEWS: (Reading("fresh", newest=1000), None),
    AUTHORS: (Reading(cards="authors"), None),
    SITE: (Reading(), None),
    ASSETS: (Reading(), None),
    SITEMAPS: (Reading(periods="all"), None),
    Target("sitemap", "", "2026-11"): (Reading("all", period="2026-11"), SITEMAPS),
    Target("section", "news"): (Reading("section/news", newest=50), None),
    Target("archive", "news"): (Reading(periods="section/news"), None),
    Target("month", "news", "2026-11"): (Reading("section/news", period="2026-11"), Target("archive", "news")),
    TAGS: (Reading(periods="tags"), None),
    Target("tag", "ice"): (Reading("tag/ice", newest=20, periods="tag/ice"), TAGS),
    Target("tag", "ice", "2026"): (Reading("tag/ice", period="2026"), Target("tag", "ice")),
    Target("author", "jo"): (Reading("author/jo", newest=20, periods="author/jo", cards="author/jo"), None),
    Target("issue", "12"): (Reading("issue/12", newest=200, cards="issue/12"), None),
    JOURNAL: (Reading(cards="issues"), None),
    FRONTS: (Reading("pages", newest=1000), None),
    Target("mentions", "author/jo"): (Reading(), None),
    Target("author", "jo", "2026"): (Reading("author/jo", period="2026"), Target("author", "jo")),
    url_target("/news/one/"): (Reading(), None),
}


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_a_target_reads_what_its_pages_show_and_tells_the_page_that_lists_it(target: Target) -> None:
    assert (reading_of(target), parent_of(target)) == TARGETS[target]
    assert Target.parse(str(target)) == target


@pytest.mark.parametrize("text", ["", "nothing", "frontpage:x", "tag:ice:26", "tag:ice:2026-11-22", "month:news:soon"])
def test_what_no_target_is_called_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="there is no target"):
        Target.parse(text)


def test_a_magazine_without_articles_has_its_fronts_and_archives() -> None:
    assert {str(target) for target in fixed_targets(MERIDIAN)} == {
        *(
            "home",
            "site",
            "tags",
            "news",
            "fronts",
            "sitemaps",
            "section:news",
            "section:news/arctic",
            "section:sea",
            "archive:news",
            "archive:news/arctic",
            "archive:sea",
        )
    }


@given(instants, st.none() | instants, st.lists(st.text(min_size=1), max_size=3))
def test_a_teaser_survives_being_kept(published: datetime, updated: datetime | None, names: list[str]) -> None:
    labels = tuple(Label(name, name) for name in names)
    kept = Teaser("/a/", "A “title”", published, "tag:x", "news", "s", "k", updated, labels, labels, "Wire")
    assert Teaser.from_json(kept.to_json()) == kept


# Related posts


def posts(shown: Teaser, archive: list[Teaser]) -> tuple[Teaser, ...]:
    """As its page has them: for each tag, the nearest older articles are candidates."""

    def older(tag: str) -> list[Teaser]:
        carrying = [other for other in newest_first(archive) if tag in {label.slug for label in other.tags}]
        return [other for other in carrying if other.place < shown.place][:NEAREST]

    return related_to(shown, [older(tag.slug) for tag in shown.tags])


def related(shown: Teaser, archive: list[Teaser]) -> list[str]:
    return [found.title for found in posts(shown, archive)]


def test_more_shared_tags_come_first_then_the_nearest_then_the_url() -> None:
    archive = [
        teaser("far-but-close", NOON - 9 * HOUR, "ice ships"),
        teaser("near", NOON - HOUR, "ice"),
        teaser("b", NOON - 2 * HOUR, "ships"),
        teaser("a", NOON - 2 * HOUR, "ice"),
        teaser("stranger", NOON - HOUR, "tanks"),
    ]
    assert related(teaser("x", NOON, "ice ships"), archive) == ["far-but-close", "near", "a"]


def test_an_article_without_tags_has_no_related_posts() -> None:
    assert related(teaser("x"), [teaser("a", NOON - HOUR, "ice")]) == []


def test_only_the_ten_nearest_of_a_tag_are_candidates() -> None:
    near = [teaser(f"n{n}", NOON - n * HOUR, "ice") for n in range(1, NEAREST + 1)]
    best = teaser("best", NOON - 11 * HOUR, "ice ships")
    assert related(teaser("x", NOON, "ice"), [*near, best]) == ["n1", "n2", "n3"]
    assert related(teaser("x", NOON, "ice ships"), [*near, best]) == ["best", "n1", "n2"]


archives = st.lists(
    st.builds(
        lambda n, hours, tags: teaser(f"a{n}", NOON - hours * HOUR, " ".join(sorted(tags))),
        st.integers(0, 99),
        st.integers(0, 30),
        st.sets(st.sampled_from(["ice", "ships", "fog"])),
    ),
    max_size=20,
    unique_by=lambda made: made.url,
)


@given(archives, st.sets(st.sampled_from(["ice", "ships", "fog"])))
def test_a_new_article_changes_no_old_pages_related_posts(archive: list[Teaser], tags: set[str]) -> None:
    new = teaser("new", NOON + HOUR, " ".join(tags))
    assert [related(old, [*archive, new]) for old in archive] == [related(old, archive) for old in archive]


@given(archives, st.sets(st.sampled_from(["ice", "ships", "fog"]), min_size=1))
def test_a_late_article_changes_only_the_newer_neighbours_of_its_tags(archive: list[Teaser], tags: set[str]) -> None:
    late = teaser("late", NOON - 15 * HOUR, " ".join(tags))
    newer = [old for old in newest_first(archive) if old.place > late.place]
    near = {old.url for tag in tags for old in [o for o in newer if tag in {label.slug for label in o.tags}][-NEAREST:]}
    changed = {old.url for old in archive if related(old, [*archive, late]) != related(old, archive)}
    assert changed <= near


@given(archives, st.sets(st.sampled_from(["ice", "ships", "fog"]), min_size=1), st.integers(0, 30), st.sampled_from("az"), st.booleans())
def test_whose_related_posts_change_is_told_from_what_they_show(archive: list[Teaser], tags: set[str], hours: int, name: str, comes: bool) -> None:
    other = teaser(name, NOON - hours * HOUR, " ".join(tags))
    before, after = (archive, [*archive, other]) if comes else ([*archive, other], archive)
    for old in archive:
        if old.place > other.place and shared(old, other) and posts(old, before) != posts(old, after):
            assert may_change(old, shown_on(old, posts(old, before)), other if comes else None)


def test_a_late_article_concerns_no_page_that_shows_nearer_ones() -> None:
    old = teaser("x", NOON, "ice")
    shown = shown_on(old, [teaser(f"old-{n}", NOON - n * HOUR, "ice") for n in (1, 2, 3)])
    late = teaser("late", NOON - 4 * HOUR, "ice")
    assert not may_change(old, shown, late)
    assert may_change(old, shown[:2], late)
    assert may_change(teaser("x", NOON, "ice ships"), shown, teaser("late", NOON - 4 * HOUR, "ice ships"))
    assert may_change(old, shown, None)


def test_an_article_concerns_no_page_that_shows_it_as_it_is() -> None:
    old, post = teaser("x", NOON, "ice"), teaser("late", NOON - HOUR, "ice")
    assert not may_change(old, shown_on(old, [post]), post)
    assert may_change(old, shown_on(old, [replace(post, title="Later")]), post)
