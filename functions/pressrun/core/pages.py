"""Pages: from articles, teasers and the magazine to the site's objects. What a template gets is said in ``docs/templates.md``."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime
from functools import cached_property, lru_cache
from html import unescape
from itertools import groupby
from json import JSONEncoder
from math import ceil
from typing import Any, NamedTuple

from jinja2 import DictLoader, Environment, StrictUndefined, Template
from jinja2.runtime import Context
from markupsafe import Markup, escape

from pressrun.core.article import Article
from pressrun.core.cards import Card, Media, Mentioned, addressed, chosen_media, media_of_card
from pressrun.core.dates import stamp
from pressrun.core.front import front_page
from pressrun.core.labels import MONTHS
from pressrun.core.lists import FEED, IN_FRAGMENT, NEWEST, Target, Teaser
from pressrun.core.magazine import Magazine, Section
from pressrun.core.markdown import complete, to_html, word_count
from pressrun.core.media import Medium
from pressrun.core.pictures import Picture
from pressrun.core.site import NEWS_SITEMAP, SiteObject, fixed, key_of, leaf, listing
from pressrun.core.structured import StructuredData
from pressrun.core.theme import Theme, assets_of

_WORDS_A_MINUTE = 200
_HTML = "text/html; charset=utf-8"
_FEEDS = {
    "feed.xml": "application/atom+xml; charset=utf-8",
    "rss.xml": "application/rss+xml; charset=utf-8",
    "feed.json": "application/feed+json; charset=utf-8",
}
# What shows no article: each file's template has its name, but for the pages'.
_FIXED = {
    "404.html": ("404.html", _HTML),
    "archive/index.html": ("archives.html", _HTML),
    "search/index.html": ("search.html", _HTML),
    "robots.txt": ("robots.txt", "text/plain; charset=utf-8"),
    "llms.txt": ("llms.txt", "text/plain; charset=utf-8"),
    "manifest.webmanifest": ("manifest.webmanifest", "application/manifest+json"),
    "speculation-rules.json": ("speculation-rules.json", "application/speculationrules+json"),
}
_MOST_PARTS = 16_384  # which are kept: those of a busy year
_ENCODER = JSONEncoder(sort_keys=True)
_UNSAFE_IN_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "'": "\\u0027"}
_LONG_PERIOD = 60  # articles: with full teasers, a page of them has about 10 KB
_SPECIAL = re.compile("[&<>'\"]")
_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})


class Crumb(NamedTuple):
    name: str
    url: str


class Period(NamedTuple):
    """A month or a year of a list, and where its page is: '' for a month in which nothing was published."""

    period: str
    name: str
    url: str


@dataclass(frozen=True)
class Profile:
    """What pages show of an author or an issue. ``media`` are its files' by their sources as written."""

    card: Card
    media: Media

    @property
    def picture(self) -> Picture | None:
        """The portrait, or the cover."""
        medium = self.media.get(self.card.picture)
        return medium.picture if medium else None

    @property
    def download(self) -> Medium | None:
        return self.media.get(self.card.download)

    @property
    def insert(self) -> Medium | None:
        return self.media.get(self.card.insert)


def _escaped(value: object) -> str:
    """As ``escape`` does it, but that most values need no escaping, and what becomes part of a page at once need not be marked as escaped."""
    return value if type(value) is Markup or (type(value) is str and not _SPECIAL.search(value)) else escape(value)


class _Template(Template):
    def _get_default_module(self, ctx: object = None) -> Any:  # noqa: ARG002 - jinja2 calls it
        """What other templates import: the same for all, since none is rendered with globals of its own."""
        return super()._get_default_module()


class _Context(Context):
    def call(self, what: Callable[..., Any], /, *values: Any, _block_vars: Any = None, _loop_vars: Any = None, **named: Any) -> Any:
        """Calls it. There is nothing here that wants the context, so it is not asked whether it does."""
        return what(*values, **named)


class _Loader(DictLoader):
    def get_source(self, environment: Environment, template: str) -> Any:
        """The template with its name for that of its file, by which a mistake in it is told."""
        source, _, is_current = super().get_source(environment, template)
        return source, template, is_current


class _Environment(Environment):
    """One whose templates do not change."""

    template_class, context_class = _Template, _Context

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:
        if name not in self._loaded:
            self._loaded[name] = loaded = super().get_template(name, parent, globals)
            loaded.root_render_func.__globals__["escape"] = _escaped
            loaded.globals = dict(loaded.globals)  # which each rendering copies: of a chain of mappings that is slow
        return self._loaded[name]

    @cached_property
    def _loaded(self) -> dict[str, Template]:
        return {}


class Pages:
    """The press with its plates: one magazine and one theme, ready to make any page of it."""

    def __init__(self, magazine: Magazine, theme: Theme, logo: Medium | None = None) -> None:
        """``logo`` is the magazine's, where it is there."""
        self.magazine, self.logo = magazine, logo
        assets = assets_of(magazine, theme)
        self.assets = dict(assets.values())
        urls = {name: f"/{key}" for name, (key, _) in assets.items()}
        self.env = _Environment(
            loader=_Loader(dict(theme.templates)),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            cache_size=-1,
        )
        places = [*magazine.menu, *(below for place in magazine.menu for below in place.below)]
        self._addresses = dict.fromkeys(["/", "/search/", *(place.url for place in places)])
        self._part = lru_cache(maxsize=_MOST_PARTS)(self._render_part)
        self._written = lru_cache(maxsize=_MOST_PARTS)(self._write_date)
        self.env.filters |= {
            "date": self._date,
            "stamp": stamp,
            "rfc822": _rfc822,
            "absolute": magazine.absolute,
            "label": self._words,
            "dir": _direction,
            "news_language": _news_language,
            "tojson": _json,
        }
        self._structured = StructuredData(magazine, logo.picture if logo else None, urls["icon.png"])
        self.env.globals |= {"magazine": magazine, "assets": urls, "logo": logo.picture if logo else None}
        self.env.globals |= {"part": self._part, "masthead": self._masthead}

    def compile(self) -> None:
        """Has all templates ready at once; else each is when it is first wanted."""
        for name in self.env.list_templates():
            self.env.get_template(name)

    # An article's URL

    def article(self, article: Article, teaser: Teaser, mentioned: Mentioned, related: Iterable[Teaser]) -> SiteObject:
        """The page of an article, or of what lies in ``pages/``."""
        media, issue = mentioned.media, mentioned.issue
        lead = media[article.image].picture if article.image in media else None

        def shown(src: str, alt: str, caption: str) -> str | None:
            picture = media[src].picture if src in media else None
            return None if picture and picture == lead else self._picture(picture, alt, caption)

        links = {**mentioned.links, **{src: media[src].url for src in article.files if src in media}}
        body = complete(article.html, links, shown, self._words, self.magazine.language if article.lang else "")
        placed: dict[str, object] = {}
        if line := self.magazine.line_of(article.section):
            crumbs = _crumbs(line)
            data = self._structured.article(article, teaser, line[-1], [*crumbs, Crumb(article.title, article.url)])
            placed = {"section": line[-1], "crumbs": crumbs, "data": data}
        html = self._render(
            "article.html" if line else "page.html",
            article=article,
            teaser=teaser,
            body=Markup(body),  # noqa: S704 - read_article has cleaned it
            minutes=max(1, ceil(word_count(body) / _WORDS_A_MINUTE)),
            related=list(related),
            lead=lead,
            film=media.get(article.video),
            captions=media.get(article.captions),
            issue=Profile(issue, mentioned.issue_media) if issue else None,
            url=article.url,
            **placed,
        )
        return leaf(key_of(article.url), html)

    def redirect(self, url: str, to: str) -> SiteObject:
        """What stands where a page has moved away; the edge function answers 301."""
        return leaf(key_of(url), self._render("redirect.html", url=url, to=to), status="301", location=to)

    def gone(self, url: str) -> SiteObject:
        """What stands where a page was taken down; the edge function answers 410. It says nothing of what was there."""
        return leaf(key_of(url), self._render("gone.html", url=url), status="410")

    # Targets

    def keys(self, target: Target) -> tuple[str, ...]:
        """The site keys of a list target, whether or not there is anything at them."""
        match target:
            case Target("home"):
                return "index.html", *_FEEDS
            case Target("section", path):
                return f"{path}/index.html", f"_fragments/{path}.html", *(f"{path}/{name}" for name in _FEEDS)
            case Target("month", path, month):
                return (f"{path}/{month.replace('-', '/')}/index.html",)
            case Target("archive", path):
                return (f"archive/{path}/index.html",)
            case Target("tag" | "author" as kind, slug, year):
                return (f"{kind}s/{slug}/{f'{year}/' if year else ''}index.html",)
            case Target("authors" | "tags" as kind):
                return (f"{kind}/index.html",)
            case Target("journal"):
                return "journal/index.html", "_fragments/journal.html"
            case Target("issue", slug):
                return (f"journal/{slug}/index.html",)
            case Target("news"):
                return (NEWS_SITEMAP,)
            case Target("sitemap", _, month):
                return f"sitemaps/{month}.xml", f"search/{month}.json"
            case Target("sitemaps"):
                return "sitemap.xml", "search/months.json"
            case Target("fronts"):
                return ("sitemaps/fronts.xml",)
            case Target("site"):
                return *_FIXED, *self.assets
            case Target("assets" | "media" | "mentions"):
                return ()
        raise ValueError(f"{target} is not a list target")

    def make(self, target: Target, teasers: Sequence[Teaser], periods: Iterable[str], cards: Sequence[Card], media: Media) -> dict[str, SiteObject]:
        """The objects of a list target, from what ``reading_of`` says: teasers newest first, periods in any order, cards in that of their keys.

        ``media`` are those of ``cards_on`` the target, by content key.
        """
        match target:
            case Target("home"):
                return self._home(teasers)
            case Target("section" | "month" | "archive" as kind, path, month):
                section = self.magazine.section(path)
                if section is None:
                    return {}
                if kind == "section":
                    return self._section(section, teasers)
                return self._month(target, section, month, teasers) if month else self._archive(target, section, periods)
            case Target("tag" | "author" as kind, slug, year):
                # A name that another author's file claims, too, is not that author's page.
                return self._label(target, kind, slug, year, teasers, periods, addressed(slug, cards), media)
            case Target("issue", slug):
                card = addressed(slug, cards)
                return self._list(target, "issue.html", **self._profile(card, media), teasers=teasers) if card else {}
            case Target("journal"):
                return self._journal(cards, media)
            case Target("authors"):
                named = sorted(cards, key=lambda card: (card.name.casefold(), card.slug))
                return self._list(target, "authors.html", authors=[_shown(card, media) for card in named]) if named else {}
            case Target("tags"):
                tags = [Crumb(name, f"/tags/{slug}/") for slug, _, name in (noted.partition("#") for noted in periods)]
                return self._list(target, "tags.html", tags=sorted(tags, key=lambda tag: (tag.name.casefold(), tag.url)))
            case Target("fronts"):
                fronts = ["/", "/archive/", "/tags/", "/search/", *(section.url for section in self.magazine.sections)]
                pages = [(url, None) for url in fronts] + [(teaser.url, teaser.updated) for teaser in teasers]
                return self._file("sitemaps/fronts.xml", "sitemap.xml", "application/xml", pages=pages)
            case Target("news"):
                return self._file(NEWS_SITEMAP, "news-sitemap.xml", "application/xml", teasers=teasers)
            case Target("sitemap"):
                return self._sitemap(target, teasers) if teasers else {}
            case Target("sitemaps"):
                months = sorted(periods, reverse=True)
                index = self._file("sitemap.xml", "sitemaps.xml", "application/xml", names=["fronts", *months])
                return index | self._file("search/months.json", "months.json", "application/json", months=months)
            case Target("site"):
                return self._site()
            case Target("assets" | "media" | "mentions"):
                return {}
        raise ValueError(f"{target} is not a list target")

    def _home(self, teasers: Sequence[Teaser]) -> dict[str, SiteObject]:
        front = front_page(teasers, self.magazine)
        page = self._file("index.html", "home.html", _HTML, url="/", front=front, data=self._structured.magazine())
        return page | self._feeds("", self.magazine.title, "/", teasers[:FEED])

    def _section(self, section: Section, teasers: Sequence[Teaser]) -> dict[str, SiteObject]:
        front, fragment, *_ = self.keys(Target("section", section.path))
        line = _crumbs(self.magazine.line_of(section.path))
        page = self._file(
            front,
            "section.html",
            _HTML,
            url=section.url,
            section=section,
            crumbs=line[:-1],
            data=self._structured.breadcrumbs(line),
            children=self.magazine.children_of(section.path),
            teasers=teasers[:NEWEST],
        )
        latest = self._file(fragment, "fragment.html", _HTML, section=section, teasers=teasers[:IN_FRAGMENT])
        return page | latest | self._feeds(f"{section.path}/", f"{self.magazine.title}: {section.name}", section.url, teasers)

    def _journal(self, cards: Sequence[Card], media: Media) -> dict[str, SiteObject]:
        if not cards:
            return {}
        newest = sorted(cards, key=lambda card: (stamp(card.date) if card.date else "", card.number.zfill(9), card.slug), reverse=True)
        issues = [_shown(card, media) for card in newest]
        page = self._file("journal/index.html", "journal.html", _HTML, url="/journal/", issues=issues)
        return page | self._file("_fragments/journal.html", "fragment-journal.html", _HTML, issues=issues[:IN_FRAGMENT])

    def _sitemap(self, target: Target, teasers: Sequence[Teaser]) -> dict[str, SiteObject]:
        sitemap, search = self.keys(target)
        pages = [(teaser.url, teaser.updated or teaser.published) for teaser in teasers]
        index = self._file(sitemap, "sitemap.xml", "application/xml", pages=pages)
        return index | self._file(search, "search.json", "application/json", teasers=teasers)

    def _month(self, target: Target, section: Section, month: str, teasers: Sequence[Teaser]) -> dict[str, SiteObject]:
        if not teasers:
            return {}
        crumbs = [*_crumbs(self.magazine.line_of(section.path)), Crumb(self._words("Archive"), f"/archive/{section.path}/")]
        return self._period(target, f"{section.name}, {self._month_name(month)}", crumbs, teasers, section=section)

    def _label(
        self, target: Target, kind: str, slug: str, year: str, teasers: Sequence[Teaser], periods: Iterable[str], card: Card | None, media: Media
    ) -> dict[str, SiteObject]:
        if not teasers and not card:
            return {}
        labels = (label for teaser in teasers for label in (teaser.tags if kind == "tag" else teaser.authors))
        name = next((label.name for label in labels if label.slug == slug), card.name if card else slug)
        url = f"/{kind}s/{slug}/"
        if year:
            above = [Crumb(self._words("Tags"), "/tags/")] if kind == "tag" else []
            return self._period(target, f"{name}, {year}", [*above, Crumb(name, url)], teasers) if teasers else {}
        years = [Period(period, period, f"{url}{period}/") for period in sorted(periods, reverse=True)]
        profile = self._profile(card, media) if kind == "author" else {}
        return self._list(target, f"{kind}.html", name=name, teasers=teasers, years=years, **profile)

    def _profile(self, card: Card | None, media: Media) -> dict[str, object]:
        """What the page of an author or an issue gets."""
        body = Markup(to_html(card.body, words=self._words) if card else "")  # noqa: S704 - to_html has cleaned it
        return {"profile": _shown(card, media) if card else None, "card": card, "body": body}

    def _list(self, target: Target, template: str, **values: object) -> dict[str, SiteObject]:
        (key,) = self.keys(target)
        return {key: listing(key, self._render(template, url="/" + key.removesuffix("index.html"), **values))}

    def _period(self, target: Target, title: str, crumbs: list[Crumb], teasers: Sequence[Teaser], **more: object) -> dict[str, SiteObject]:
        def day(teaser: Teaser) -> date:
            return teaser.published.astimezone(self.magazine.timezone).date()

        days = [list(found) for _, found in groupby(teasers, day)] if len(teasers) > _LONG_PERIOD else []
        return self._list(target, "period.html", title=title, crumbs=crumbs, teasers=teasers, days=days, **more)

    def _archive(self, target: Target, section: Section, periods: Iterable[str]) -> dict[str, SiteObject]:
        found = set(periods)

        def month(period: str) -> Period:
            return Period(period, self._month_name(period), f"{section.url}{period.replace('-', '/')}/" if period in found else "")

        years = {year: [month(f"{year}-{number:02}") for number in range(1, 13)] for year in sorted({p[:4] for p in found}, reverse=True)}
        return self._list(target, "archive.html", section=section, years=years)

    def _site(self) -> dict[str, SiteObject]:
        pages = {
            key: fixed(key, self._render(template, url="/" + key.removesuffix("index.html")), content_type)
            for key, (template, content_type) in _FIXED.items()
        }
        return pages | self.assets

    def _feeds(self, folder: str, title: str, url: str, teasers: Sequence[Teaser]) -> dict[str, SiteObject]:
        changed = max((teaser.updated or teaser.published for teaser in teasers), default=None)
        made: dict[str, SiteObject] = {}
        for name, content_type in _FEEDS.items():
            key = folder + name
            made |= self._file(key, name, content_type, key=key, title=title, url=url, teasers=teasers, changed=changed)
        return made

    def _file(self, at: str, template: str, content_type: str, **values: object) -> dict[str, SiteObject]:
        return {at: listing(at, self._render(template, **values), content_type)}

    def _picture(self, picture: Picture | None, alt: str, caption: str) -> str:
        """A picture in an article's text."""
        if picture is None:
            return ""
        return str(self.env.get_template("parts/picture.html").module.in_text(picture, alt, caption))  # type: ignore[attr-defined]

    def _render(self, template: str, **values: object) -> str:
        text = self.env.get_template(template).render(**values)
        return unescape(text) if template.endswith(".txt") else text  # in which nothing is spelt as HTML spells it

    def _render_part(self, template: str, **values: object) -> Markup:
        """A part of many pages, which is the same wherever these values are, and made once."""
        return Markup(self._render(template, **values))  # noqa: S704 - the template has escaped it

    def _masthead(self, url: str, here: str) -> Markup:
        """The masthead of the page at ``url``. ``here`` is the place in the menu that it belongs to: there are no more mastheads than such places."""
        along = tuple(address for address in self._addresses if address != "/" and here.startswith(address))
        return self._part("parts/masthead.html", url=url if url in self._addresses else "", along=along)

    def _words(self, label: str, *values: object) -> Markup:
        """The magazine's own words for the label, with each value in the place of a pair of braces."""
        said = str(escape(self.magazine.labels.get(label, label)))
        for value in values:
            said = said.replace("{}", str(escape(value)), 1)
        return Markup(said)  # noqa: S704 - all of it is escaped

    def _date(self, instant: datetime) -> Markup:
        return self._written(instant.astimezone(self.magazine.timezone).date())

    def _write_date(self, local: date) -> Markup:
        written = self._words("{day} {month} {year}").replace("{day}", str(local.day)).replace("{year}", str(local.year))
        return written.replace("{month}", self._words(MONTHS[local.month - 1]))

    def _month_name(self, month: str) -> str:
        """``2021-10`` as ``October 2021``."""
        return f"{self._words(MONTHS[int(month[5:]) - 1]).unescape()} {month[:4]}"


def _crumbs(line: Iterable[Section]) -> list[Crumb]:
    return [Crumb(section.name, section.url) for section in line]


def _shown(card: Card, media: Media) -> Profile:
    return Profile(card, chosen_media(media_of_card(card), media))


def _json(value: object) -> Markup:
    """As jinja2's ``tojson`` does it, but for an encoder that is not made anew each time."""
    text = _ENCODER.encode(value)
    for sign, written in _UNSAFE_IN_SCRIPT.items():
        text = text.replace(sign, written)
    return Markup(text)  # noqa: S704 - nothing is left that could end a script


def _rfc822(instant: datetime) -> str:
    """As RSS writes an instant: ``Sun, 22 Nov 2026 09:30:00 GMT``."""
    return format_datetime(instant.astimezone(UTC), usegmt=True)


def _direction(language: str) -> str:
    """In which direction the language is written, as HTML's ``dir`` says it."""
    return "rtl" if language.lower().partition("-")[0] in _RIGHT_TO_LEFT else "ltr"


def _news_language(language: str) -> str:
    """The language as Google News knows it: https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap"""
    first, *others = language.lower().split("-")
    if first == "zh":
        return "zh-tw" if {"hant", "tw", "hk", "mo"}.intersection(others) and "hans" not in others else "zh-cn"
    return first
