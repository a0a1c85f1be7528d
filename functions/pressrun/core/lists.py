"""Lists: which of them show an article, what is made together, and what making it must read.

A *list* is an ordered set of teasers (``all``, ``section/news/arctic``, ``tag/sea-ice``, ``author/jane-doe``); its entries lie in the catalogue
in the order in which pages show them. A *target* is what is made together, in one go, from one reading. A site key belongs to exactly one target.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from operator import attrgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pressrun.core.article import Article, Label
from pressrun.core.cards import ALL_AUTHORS, ALL_ISSUES, FILE, ISSUES, Card, Mentioned, addressed
from pressrun.core.dates import stamp, unstamp
from pressrun.core.magazine import Magazine
from pressrun.core.pictures import Picture

NEWEST = 20
FEED = 50
ON_HOME = 100  # from which the home page chooses
IN_FRAGMENT = 8
IN_ISSUE = 200
IN_NEWS = 1000  # https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap
FRESH = timedelta(days=2)  # for which the same page wants an article in the news sitemap
ALL, PAGES, FRESHEST = "all", "pages", "fresh"
TAGGED = "tags"  # under which tags are noted that have a page


@dataclass(frozen=True, slots=True)
class Teaser:
    """What a list shows of an article. ``published`` and ``updated`` are instants in UTC, the second the later one."""

    url: str
    title: str
    published: datetime
    feed_id: str
    section: str
    summary: str = ""
    kicker: str = ""
    updated: datetime | None = None
    tags: tuple[Label, ...] = ()
    authors: tuple[Label, ...] = ()
    agency: str = ""
    issue: Label | None = None
    featured: bool = False
    video: bool = False
    picture: Picture | None = None
    lang: str = ""

    def __hash__(self) -> int:
        """What a list is made of are articles at different addresses, so there is no need to look at all of it."""
        return hash(self.url)

    @property
    def place(self) -> str:
        """Where it stands in a list: its sort key. Text sorts as time does; ties go by URL."""
        return f"{stamp(self.published)}#{self.url}"

    @property
    def digest(self) -> str:
        """By which it is told from another, or from an earlier one of the same article."""
        return _digest(self.to_json())

    def to_json(self) -> str:
        return _write_teaser(self)

    @staticmethod
    def from_json(text: str) -> "Teaser":
        return _read_teaser(text)


@lru_cache(maxsize=2048)  # a neighbour is compared with the same few, again and again
def _write_teaser(teaser: Teaser) -> str:
    fields: dict[str, object] = {name: getattr(teaser, name) for name in Teaser.__slots__}
    fields |= {"published": stamp(teaser.published), "updated": stamp(teaser.updated) if teaser.updated else None}
    fields |= {"tags": [tag._asdict() for tag in teaser.tags], "authors": [author._asdict() for author in teaser.authors]}
    fields |= {"issue": teaser.issue._asdict() if teaser.issue else None, "picture": asdict(teaser.picture) if teaser.picture else None}
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


@lru_cache(maxsize=2048)
def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


# A publish reads the same teasers in many lists, and every list twice.
@lru_cache(maxsize=2048)
def _read_teaser(text: str) -> Teaser:
    fields = json.loads(text)
    fields["published"] = unstamp(fields["published"])
    fields["updated"] = unstamp(fields["updated"]) if fields["updated"] else None
    for labels in ("tags", "authors"):
        fields[labels] = tuple(Label(**label) for label in fields[labels])
    fields["issue"] = Label(**fields["issue"]) if fields["issue"] else None
    fields["picture"] = Picture.of(fields["picture"]) if fields["picture"] else None
    return Teaser(**fields)


def teaser_of(article: Article, mentioned: Mentioned, first: datetime, feed_id: str) -> Teaser:
    """``first`` is the instant of its first publication: the date of an article that gives none."""
    published = article.date or first
    return Teaser(
        url=article.url,
        title=article.title,
        published=published,
        feed_id=feed_id,
        section=article.section,
        summary=article.summary,
        kicker=article.kicker,
        updated=article.updated if article.updated and article.updated > published else None,
        tags=article.tags,
        authors=mentioned.authors,
        agency=article.agency,
        issue=Label(mentioned.issue.name, mentioned.issue.slug) if mentioned.issue else None,
        featured=article.featured,
        video=bool(article.video),
        picture=next((medium.picture for src in article.pictures if (medium := mentioned.media.get(src))), None),
        lang=article.lang,
    )


def lists_of(teaser: Teaser, fresh: bool = False) -> tuple[str, ...]:
    """The lists that show the article: all, its section with the sections above it, its tags, its authors, its issue, and the freshest while it is
    one of them. A page is on one of its own.
    """
    if not teaser.section:
        return (PAGES,)
    parts = teaser.section.split("/")
    sections = (f"section/{'/'.join(parts[: depth + 1])}" for depth in range(len(parts)))
    labels = [*(("tag", tag) for tag in teaser.tags), *(("author", author) for author in teaser.authors)]
    labels += [("issue", teaser.issue)] if teaser.issue else []
    return (ALL, *sections, *(f"{kind}/{label.slug}" for kind, label in labels), *([FRESHEST] if fresh else []))


class Target(NamedTuple):
    """What is made together. Written ``kind:name:period``, as its marks and hints name it."""

    kind: str
    name: str = ""
    period: str = ""

    def __str__(self) -> str:
        return ":".join(self).rstrip(":")

    @classmethod
    def parse(cls, text: str) -> "Target":
        """Raises ValueError for what no target is called."""
        kind, _, name = text.partition(":")
        # Only a list's name has no colon in it; a content key may.
        target = cls(kind, name) if kind in ("media", "mentions", "preview") else cls(*text.split(":", 2))
        if target.kind not in KINDS or not re.fullmatch(r"\d{4}(-\d{2})?|", target.period):
            raise ValueError(f"there is no target {text!r}")
        return target


def url_target(url: str) -> Target:
    """The target of one URL: an article's page, or the redirect or 410 in its place."""
    return Target("url", url)


def preview_target(key: str) -> Target:
    """The target of one article's private preview. It is named by the content key: no mark or hint has the URL of an embargoed article."""
    return Target("preview", key)


HOME, SITE, NEWS, FRONTS, SITEMAPS, ASSETS, JOURNAL, AUTHORS, TAGS = map(
    Target, ("home", "site", "news", "fronts", "sitemaps", "assets", "journal", "authors", "tags")
)


class Reading(NamedTuple):
    """What making a target reads: the ``newest`` entries of a list, or those of a ``period``; the periods that another list has, or the tags that
    there are; the ``cards`` filed under a name.
    """

    entries: str = ""
    newest: int = 0
    period: str = ""
    periods: str = ""
    cards: str = ""


KINDS: Mapping[str, str] = {
    "url": "an article's page",
    "preview": "the private preview of an article that is not live yet",
    "home": "the home page and the magazine's feeds",
    "news": "the sitemap of what is fresh",
    "section": "a section's front, feeds and fragment",
    "month": "a month of a section",
    "archive": "the months of a section",
    "tag": "a tag's newest, or a year of it",
    "author": "an author's newest, or a year of them",
    "tags": "all tags",
    "authors": "all contributors",
    "issue": "a journal issue with its articles",
    "journal": "all journal issues",
    "media": "an uploaded file's objects, as long as a page shows it",
    "mentions": "whatever mentions what has this name",
    "sitemap": "a month of the sitemap and of what search looks through",
    "sitemaps": "the months that there are of both",
    "fronts": "the sitemap of fronts and pages",
    "assets": "the assets of former editions, to be deleted",
    "site": "what shows no article: the 404, the search page, the assets, robots.txt and its like",
}


def reading_of(target: Target) -> Reading:
    """What the target is made from."""
    kind, name, period = target
    match kind:
        case "home":
            return Reading(ALL, newest=ON_HOME)
        case "news":
            return Reading(FRESHEST, newest=IN_NEWS)
        case "section":
            return Reading(f"section/{name}", newest=FEED)
        case "month":
            return Reading(f"section/{name}", period=period)
        case "archive":
            return Reading(periods=f"section/{name}")
        case "tag" | "author":
            found = f"{kind}/{name}"
            return Reading(found, period=period) if period else Reading(found, newest=NEWEST, periods=found, cards=found if kind == "author" else "")
        case "issue":
            return Reading(f"issue/{name}", newest=IN_ISSUE, cards=f"issue/{name}")
        case "journal":
            return Reading(cards=ALL_ISSUES)
        case "authors":
            return Reading(cards=ALL_AUTHORS)
        case "fronts":
            return Reading(PAGES, newest=1000)
        case "sitemap":
            return Reading(ALL, period=period)
        case "sitemaps":
            return Reading(periods=ALL)
        case "tags":
            return Reading(periods=TAGGED)
    return Reading()


def parent_of(target: Target) -> Target | None:
    """The target that shows whether this period of a list, or this tag, has anything in it."""
    match target:
        case Target("month", path):
            return Target("archive", path)
        case Target("tag" | "author" as kind, slug, period) if period:
            return Target(kind, slug)
        case Target("tag"):
            return TAGS
        case Target("sitemap"):
            return SITEMAPS
    return None


def noted_under(target: Target) -> tuple[str, str] | None:
    """Where it is noted that a target with a parent has a page: the list whose periods the parent reads, and the period, or the tag's slug."""
    if parent_of(target) is None:
        return None
    return (TAGGED, target.name) if target.kind == "tag" and not target.period else (reading_of(target).entries, target.period)


def noted_as(target: Target, teasers: Sequence[Teaser]) -> str:
    """What its parent reads of a target that has these teasers, newest first: the period, or the tag as ``slug#name``."""
    if target.period:
        return target.period
    return f"{target.name}#{next((tag.name for teaser in teasers for tag in teaser.tags if tag.slug == target.name), target.name)}"


def targets_of(name: str, published: datetime, zone: ZoneInfo) -> tuple[Target, ...]:
    """The targets that show the entry of this list that was published at this instant."""
    return _targets_in(name, _month_of(published, zone))


@lru_cache(maxsize=16)
def _month_of(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m}"


@lru_cache(maxsize=4096)
def _targets_in(name: str, month: str) -> tuple[Target, ...]:
    kind, _, rest = name.partition("/")
    if kind == "section":
        return Target("section", rest), Target("month", rest, month)
    if kind in ("tag", "author"):
        return Target(kind, rest), Target(kind, rest, month[:4])
    if kind == "issue":
        return (Target(kind, rest),)
    if kind == PAGES:
        return (FRONTS,)
    if kind == FRESHEST:
        return (NEWS,)
    return HOME, Target("sitemap", "", month)


def targets_of_name(name: str) -> tuple[Target, ...]:
    """The targets that show the card filed under this name."""
    kind, _, slug = name.partition("/")
    if name in (ALL_ISSUES, ALL_AUTHORS):
        return (JOURNAL,) if name == ALL_ISSUES else (AUTHORS,)
    mentions = Target("mentions", name)
    if kind == FILE.rstrip("/"):
        return mentions, Target("media", slug)
    return (mentions, Target(kind, slug)) if kind in ("author", "issue") else (mentions,)


def targets_of_card(card: Card) -> tuple[Target, ...]:
    """The targets of an author's or an issue's own pages."""
    return (Target("issue", card.slug), JOURNAL) if card.key.startswith(ISSUES) else (Target("author", card.slug), AUTHORS)


def cards_on(target: Target, cards: Sequence[Card]) -> Sequence[Card]:
    """Those of the cards that the target reads whose media its pages show."""
    if target in (JOURNAL, AUTHORS):
        return cards
    card = addressed(target.name, cards) if target.kind in ("author", "issue") and not target.period else None
    return [card] if card else []


def fixed_targets(magazine: Magazine) -> tuple[Target, ...]:
    """The targets that are there whether or not the magazine has an article."""
    sections = (Target(kind, section.path) for section in magazine.sections for kind in ("section", "archive"))
    return HOME, SITE, NEWS, FRONTS, SITEMAPS, TAGS, *sections


@lru_cache(maxsize=1024)
def bounds(period: str, zone: ZoneInfo) -> tuple[str, str]:
    """The places between which a period's entries lie: from the first, up to but without the second.

    ``period`` is a year or a month in the magazine's time zone: ``2021`` or ``2021-10``.
    """
    year, month = int(period[:4]), int(period[5:] or 1)
    begin = datetime(year, month, 1, tzinfo=zone)
    end = begin.replace(year=year + 1) if len(period) == 4 else (begin + timedelta(days=31)).replace(day=1)
    return stamp(begin), stamp(end)


def newest_first(teasers: Iterable[Teaser]) -> list[Teaser]:
    """In the order of a list: that of their places, which need not be written for it."""
    ordered = sorted(teasers, key=attrgetter("url"), reverse=True)
    ordered.sort(key=attrgetter("published"), reverse=True)
    return ordered
