"""Pages: from articles, teasers and the magazine to the site's objects. What a template gets is said in ``docs/templates.md``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from math import ceil
from typing import NamedTuple

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from pressrun.core.article import Article
from pressrun.core.cards import Card, Media, Mentioned, addressed, chosen_media, media_of_card
from pressrun.core.dates import stamp
from pressrun.core.lists import IN_FRAGMENT, NEWEST, Target, Teaser
from pressrun.core.magazine import Magazine, Section
from pressrun.core.markdown import to_html, word_count
from pressrun.core.pictures import Picture
from pressrun.core.site import SiteObject, asset, fixed, key_of, leaf, listing

_WORDS_A_MINUTE = 200
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
_ASSET_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml", "png": "image/png"}


@dataclass(frozen=True)
class Theme:
    """The look: jinja2 templates by name, and assets by file name."""

    templates: Mapping[str, str]
    assets: Mapping[str, bytes]


class Crumb(NamedTuple):
    name: str
    url: str


class Period(NamedTuple):
    """A month or a year of a list, and where its page is."""

    period: str
    name: str
    url: str


class Pages:
    """The press with its plates: one magazine and one theme, ready to make any page of it."""

    def __init__(self, magazine: Magazine, theme: Theme) -> None:
        self.magazine = magazine
        self.assets = {_hashed(name, body): (name, body) for name, body in sorted(theme.assets.items())}
        urls = {name: f"/{key}" for key, (name, _) in self.assets.items()}
        self.env = Environment(
            loader=DictLoader(dict(theme.templates)),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            cache_size=-1,
        )
        self.env.filters |= {"date": self._date, "stamp": stamp, "absolute": self._absolute}
        self.env.globals |= {"magazine": magazine, "assets": urls}

    # An article's URL

    def article(self, article: Article, teaser: Teaser, mentioned: Mentioned, related: Iterable[Teaser]) -> SiteObject:
        """The page of an article, or of what lies in ``pages/``."""
        media = mentioned.media
        lead = media[article.image].picture if article.image in media else None

        def shown(src: str, alt: str, caption: str) -> str | None:
            picture = media[src].picture if src in media else None
            return None if picture and picture == lead else self._picture(picture, alt, caption)

        links = {**mentioned.links, **{src: media[src].url for src in article.files if src in media}}
        body = to_html(article.body, article.markup, links, shown)
        line = self.magazine.line_of(article.section)
        html = self._render(
            "article.html" if line else "page.html",
            article=article,
            teaser=teaser,
            body=Markup(body),  # noqa: S704 - to_html has cleaned it
            minutes=max(1, ceil(word_count(body) / _WORDS_A_MINUTE)),
            related=list(related),
            lead=lead,
            film=media.get(article.video),
            url=article.url,
            **({"section": line[-1], "crumbs": [Crumb(section.name, section.url) for section in line]} if line else {}),
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
                return "index.html", "feed.xml"
            case Target("section", path):
                return f"{path}/index.html", f"{path}/feed.xml", f"_fragments/{path}.html"
            case Target("month", path, month):
                return (f"{path}/{month.replace('-', '/')}/index.html",)
            case Target("archive", path):
                return (f"archive/{path}/index.html",)
            case Target("tag" | "author" as kind, slug, year):
                return (f"{kind}s/{slug}/{f'{year}/' if year else ''}index.html",)
            case Target("journal" | "issue", slug):
                return (f"journal/{slug}/index.html" if slug else "journal/index.html",)
            case Target("sitemap", _, month):
                return (f"sitemaps/{month}.xml",)
            case Target("sitemaps"):
                return ("sitemap.xml",)
            case Target("fronts"):
                return ("sitemaps/fronts.xml",)
            case Target("site"):
                return "404.html", "robots.txt", "archive/index.html", *self.assets
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
                return self._list(target, "issue.html", **_profile(card, media), teasers=teasers) if card else {}
            case Target("journal"):
                newest = sorted(cards, key=lambda card: (stamp(card.date) if card.date else "", card.number.zfill(9), card.slug), reverse=True)
                return self._list(target, "journal.html", issues=[_profile(card, media) for card in newest]) if newest else {}
            case Target("fronts"):
                fronts = ["/", "/archive/", *(section.url for section in self.magazine.sections)]
                pages = [(url, None) for url in fronts] + [(teaser.url, teaser.updated) for teaser in teasers]
                return self._xml(target, "sitemap.xml", pages=pages)
            case Target("sitemap"):
                return (
                    self._xml(target, "sitemap.xml", pages=[(teaser.url, teaser.updated or teaser.published) for teaser in teasers])
                    if teasers
                    else {}
                )
            case Target("sitemaps"):
                return self._xml(target, "sitemaps.xml", names=["fronts", *sorted(periods, reverse=True)])
            case Target("site"):
                return self._site()
            case Target("assets" | "media" | "mentions"):
                return {}
        raise ValueError(f"{target} is not a list target")

    def _home(self, teasers: Sequence[Teaser]) -> dict[str, SiteObject]:
        title = self.magazine.title
        return {
            "index.html": listing("index.html", self._render("home.html", url="/", teasers=teasers[:NEWEST])),
            "feed.xml": self._feed("feed.xml", title, "/", teasers),
        }

    def _section(self, section: Section, teasers: Sequence[Teaser]) -> dict[str, SiteObject]:
        front, feed, fragment = self.keys(Target("section", section.path))
        html = self._render(
            "section.html",
            url=section.url,
            section=section,
            crumbs=[Crumb(above.name, above.url) for above in self.magazine.line_of(section.path)[:-1]],
            children=self.magazine.children_of(section.path),
            teasers=teasers[:NEWEST],
        )
        latest = self._render("fragment.html", section=section, teasers=teasers[:IN_FRAGMENT])
        return {
            front: listing(front, html),
            feed: self._feed(feed, f"{self.magazine.title}: {section.name}", section.url, teasers),
            fragment: listing(fragment, latest),
        }

    def _month(self, target: Target, section: Section, month: str, teasers: Sequence[Teaser]) -> dict[str, SiteObject]:
        if not teasers:
            return {}
        archive = Crumb("Archive", f"/archive/{section.path}/")
        return self._period(target, f"{section.name}, {month_name(month)}", [Crumb(section.name, section.url), archive], teasers)

    def _label(
        self, target: Target, kind: str, slug: str, year: str, teasers: Sequence[Teaser], periods: Iterable[str], card: Card | None, media: Media
    ) -> dict[str, SiteObject]:
        if not teasers and not card:
            return {}
        labels = (label for teaser in teasers for label in (teaser.tags if kind == "tag" else teaser.authors))
        name = next((label.name for label in labels if label.slug == slug), card.name if card else slug)
        url = f"/{kind}s/{slug}/"
        if year:
            return self._period(target, f"{name}, {year}", [Crumb(name, url)], teasers) if teasers else {}
        years = [Period(period, period, f"{url}{period}/") for period in sorted(periods, reverse=True)]
        profile = _profile(card, media) if kind == "author" else {}
        return self._list(target, f"{kind}.html", name=name, teasers=teasers, years=years, **profile)

    def _list(self, target: Target, template: str, **values: object) -> dict[str, SiteObject]:
        (key,) = self.keys(target)
        return {key: listing(key, self._render(template, url="/" + key.removesuffix("index.html"), **values))}

    def _period(self, target: Target, title: str, crumbs: list[Crumb], teasers: Sequence[Teaser]) -> dict[str, SiteObject]:
        return self._list(target, "period.html", title=title, crumbs=crumbs, teasers=teasers)

    def _archive(self, target: Target, section: Section, periods: Iterable[str]) -> dict[str, SiteObject]:
        months = [Period(month, month_name(month), f"{section.url}{month.replace('-', '/')}/") for month in sorted(periods, reverse=True)]
        years = {year: [month for month in months if month.period.startswith(year)] for year in dict.fromkeys(m.period[:4] for m in months)}
        return self._list(target, "archive.html", section=section, years=years)

    def _site(self) -> dict[str, SiteObject]:
        return {
            "404.html": fixed("404.html", self._render("404.html", url="/404.html"), "text/html; charset=utf-8"),
            "robots.txt": fixed("robots.txt", self._render("robots.txt"), "text/plain; charset=utf-8"),
            "archive/index.html": fixed("archive/index.html", self._render("archives.html", url="/archive/"), "text/html; charset=utf-8"),
            **{key: asset(body, _ASSET_TYPES[name.rsplit(".", 1)[-1]]) for key, (name, body) in self.assets.items()},
        }

    def _xml(self, target: Target, template: str, **values: object) -> dict[str, SiteObject]:
        (key,) = self.keys(target)
        return {key: listing(key, self._render(template, **values), "application/xml")}

    def _feed(self, key: str, title: str, url: str, teasers: Sequence[Teaser]) -> SiteObject:
        changed = max((teaser.updated or teaser.published for teaser in teasers), default=None)
        body = self._render("feed.xml", key=key, title=title, url=url, teasers=teasers, changed=changed)
        return listing(key, body, "application/atom+xml; charset=utf-8")

    def _picture(self, picture: Picture | None, alt: str, caption: str) -> str:
        """A picture in an article's text."""
        if picture is None:
            return ""
        return str(self.env.get_template("parts/picture.html").module.in_text(picture, alt, caption))  # type: ignore[attr-defined]

    def _render(self, template: str, **values: object) -> str:
        return self.env.get_template(template).render(**values)

    def _date(self, instant: datetime) -> str:
        local = instant.astimezone(self.magazine.timezone)
        return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"

    def _absolute(self, url: str) -> str:
        return self.magazine.base_url + url


def _profile(card: Card | None, media: Media) -> dict[str, object]:
    """What a page shows of an author or an issue: the card, its text, and its media by the names of its fields."""
    found = chosen_media(media_of_card(card), media) if card else {}
    named = {name: found.get(getattr(card, name, "")) for name in ("picture", "download", "insert")}
    shown = {name: medium if (name == "picture") == bool(medium and medium.picture) else None for name, medium in named.items()}
    return {"card": card, "body": _safe(card.body) if card else "", "media": shown}


def _safe(text: str) -> Markup:
    return Markup(to_html(text))  # noqa: S704 - to_html has cleaned it


def month_name(month: str) -> str:
    """``2021-10`` as ``October 2021``."""
    return f"{_MONTHS[int(month[5:]) - 1]} {month[:4]}"


def _hashed(name: str, body: bytes) -> str:
    stem, _, ending = name.rpartition(".")
    return f"assets/{stem}.{sha256(body).hexdigest()[:10]}.{ending}"
