"""Who has which URL: the claims that the register keeps, and how an article comes by one.

A claim outlives its article: it knows every interval in which its URL was live, so that a URL which was ever live answers for ever.
A page beats a redirect, the first page keeps its URL against the second, and a URL whose file is gone passes to the file that asks for it,
with its first publication and feed id (a rename is a put, then a delete).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from pressrun.core.dates import stamp, unstamp
from pressrun.core.problem import Problem, note

if TYPE_CHECKING:
    # Judging a claim needs no Markdown, and who only reads claims is spared it.
    from pressrun.core.article import Article

Phase = Literal["live", "scheduled", "draft", "expired", "withdrawn"]
NOT_YET: frozenset[Phase] = frozenset({"scheduled", "draft"})  # nobody sees it, and it has a private preview
Interval = tuple[datetime, datetime | None]


@dataclass(frozen=True, slots=True)
class Claim:
    """One URL. ``live`` holds the intervals past and planned; ``leads_to`` is None where the URL is its owner's page.

    ``owner`` is a content key, or None where the claim has lapsed: a redirect that was taken back, a slug that was changed before its embargo's
    instant. ``revision`` grows by one with every change; ``id`` is the article's whose page it is.
    """

    url: str
    owner: str | None = None
    waiting: tuple[str, ...] = ()
    live: tuple[Interval, ...] = ()
    first: datetime | None = None
    feed_id: str = ""
    leads_to: str | None = None
    revision: int = 0
    id: str = ""

    def lived(self, now: datetime) -> bool:
        """Whether the URL was ever live."""
        return any(begin <= now for begin, _ in self.live)

    def to_json(self) -> str:
        live = [[stamp(begin), stamp(end) if end else None] for begin, end in self.live]
        fields: dict[str, object] = {"url": self.url, "owner": self.owner, "waiting": self.waiting, "live": live, "feed_id": self.feed_id}
        fields |= {"first": stamp(self.first) if self.first else None, "leads_to": self.leads_to, "id": self.id, "revision": self.revision}
        return json.dumps(fields, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Claim:
        fields = json.loads(text)
        fields["live"] = tuple((unstamp(begin), unstamp(end) if end else None) for begin, end in fields["live"])
        fields["first"] = unstamp(fields["first"]) if fields["first"] else None
        fields["waiting"] = tuple(fields["waiting"])
        return cls(**fields)


@dataclass(frozen=True)
class Register:
    """The claims by URL, and the last accepted bytes by content key. An empty one is that of a magazine that was never published."""

    claims: Mapping[str, Claim] = field(default_factory=dict)
    sources: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What one content key comes to. ``article`` is the version in force, None where there is none.

    ``changed`` are the claims to write; ``blocked_by`` is the key that has the URL which the newest version asks for; ``wake`` are the keys that
    wait for a URL which is another's now, or nobody's, and those who must learn of this one's page: its redirect gave way to it, or it carries the
    same ``id`` and does not wait for it yet, or does and the page has another ``id`` now. ``unmet`` are the redirects that belong to another article,
    with its key.
    """

    article: Article | None
    changed: Mapping[str, Claim]
    blocked_by: str | None = None
    wake: tuple[str, ...] = ()
    unmet: Mapping[str, str] = ()  # type: ignore[assignment]


def phase_of(article: Article | None, now: datetime) -> Phase:
    """What the article is at ``now``. None is an article that is gone."""
    if article is None:
        return "withdrawn"
    if article.draft:
        return "draft"
    if article.expires and article.expires <= now:
        return "expired"
    if article.start and article.start > now:
        return "scheduled"
    return "live"


def changes_at(article: Article | None, now: datetime) -> datetime | None:
    """The next instant at which the article's phase changes by itself."""
    if article is None or article.draft:
        return None
    return min((instant for instant in (article.start, article.expires) if instant and instant > now), default=None)


def holder(key: str, article: Article, claims: Mapping[str, Claim], gone: Collection[str]) -> str | None:
    """The key of the other article whose page has this article's URL, or None where the URL is free for ``key``."""
    claim = claims.get(article.url)
    if claim is None or claim.owner in (None, key) or claim.owner in gone or claim.leads_to is not None:
        return None
    return claim.owner


def wanted(articles: Iterable[Article | None], owned: Iterable[str]) -> frozenset[str]:
    """The URLs whose claims must be known to decide."""
    return frozenset(owned).union(*((article.url, *article.redirects) for article in articles if article))


def decide(
    key: str,
    current: Article | None,
    fallback: Article | None,
    claims: Mapping[str, Claim],
    gone: Collection[str],
    now: datetime,
    host: str,
) -> Decision:
    """Which version of ``key`` is in force, and what the register must say.

    ``current`` is the file as it is, where it is acceptable; ``fallback`` the copy that was accepted last, for the case that ``current`` is None
    or its URL is another's. ``claims`` has at least those that ``wanted`` names, those of pages that carry the same ``id``, and all that are owned by
    a key in ``gone`` which has one of them.
    """
    table = _Table(key, claims, now)
    blocked_by = holder(key, current, claims, gone) if current else None
    article = current
    if current is None or blocked_by:
        article = fallback if fallback and holder(key, fallback, claims, gone) is None else None
    unmet: dict[str, str] = {}
    if article is None:
        for claim in table.owned():
            # What is given up before its embargo's instant leaves nothing to inherit.
            seen = {} if claim.first and claim.first <= now else {"first": None, "feed_id": ""}
            table.put(claim, live=_closed(claim.live, now), **seen)
    else:
        _stake(table, article, gone, host, unmet)
    waits_for = {current.url} if current and blocked_by else set()
    table.wait_for(waits_for | unmet.keys())
    return Decision(article, table.changed(), blocked_by, table.wake(), unmet)


def _stake(table: _Table, article: Article, gone: Collection[str], host: str, unmet: dict[str, str]) -> None:
    key, now = table.key, table.now
    was = next((claim for claim in table.owned() if claim.leads_to is None), None)
    target = table.get(article.url)
    identities = [was, target if target.leads_to is None else None]
    if target.owner and target.owner != key and target.owner not in gone:
        table.woken.append(target.owner)
    if target.id not in ("", article.id):
        table.woken += (waiting for waiting in target.waiting if waiting != key)  # for a page of that id, perhaps
    table.inherit(target, gone)
    others = table.others_of(article)
    redirects = dict.fromkeys((*article.redirects, *others))
    for url in redirects:
        claim = table.get(url)
        if claim.owner and claim.owner != key and claim.owner not in gone:
            unmet[url] = claim.owner
            if url in others and claim.owner not in target.waiting:
                table.woken.append(claim.owner)
            continue
        table.inherit(claim, gone)
        identities.append(claim if claim.leads_to is None else None)
        live = _closed(claim.live, now)
        if live or url in article.redirects:
            table.put(claim, owner=key, leads_to=article.url, live=live)
        else:
            table.lapse(claim)
    phase = phase_of(article, now)
    known = next((claim for claim in identities if claim and claim.first and claim.first <= now), None)
    if known:
        first, feed_id = known.first, known.feed_id
    elif phase in ("live", "scheduled"):
        first = max(article.start or now, now)
        feed_id = f"tag:{host},{article.date or first:%Y-%m-%d}:{article.url}"
        if target.lived(now):
            feed_id += f";{stamp(first)}"  # the URL's former article may still carry the plain one
    else:
        first, feed_id = None, ""
    table.put(target, owner=key, leads_to=None, first=first, feed_id=feed_id, id=article.id, live=_extended(target.live, article, phase, now))
    for claim in table.owned():
        if claim.url == article.url or claim.url in redirects:
            continue
        live = _closed(claim.live, now)
        if live:
            table.put(claim, leads_to=article.url, live=live)
        else:
            table.lapse(claim)


class _Table:
    """The claims as the decision moves along."""

    def __init__(self, key: str, claims: Mapping[str, Claim], now: datetime) -> None:
        self.key, self.now = key, now
        self._before, self._after = claims, dict(claims)
        self.woken: list[str] = []

    def get(self, url: str) -> Claim:
        return self._after.get(url) or Claim(url)

    def all(self) -> list[Claim]:
        return [self._after[url] for url in sorted(self._after)]

    def owned(self) -> list[Claim]:
        return [claim for claim in self.all() if claim.owner == self.key]

    def others_of(self, article: Article) -> list[str]:
        """The pages of other files that carry the article's ``id``: the article is the same, and has moved."""
        pages = (claim for claim in self.all() if claim.leads_to is None and claim.owner not in (None, self.key) and claim.url != article.url)
        return [claim.url for claim in pages if article.id and claim.id == article.id]

    def put(self, claim: Claim, **fields: object) -> None:
        self._after[claim.url] = replace(claim, **fields)  # type: ignore[arg-type]

    def lapse(self, claim: Claim) -> None:
        """The URL was never live, and nobody asks for it any more."""
        self.put(claim, owner=None, leads_to=None, first=None, feed_id="", id="", live=())

    def inherit(self, claim: Claim, gone: Collection[str]) -> None:
        """What led to the page of an article that is gone comes along with the page."""
        if claim.owner in gone and claim.leads_to is None:
            for other in self.all():
                if other.owner == claim.owner and other.leads_to == claim.url:
                    self.put(other, owner=self.key)

    def wait_for(self, urls: Collection[str]) -> None:
        for url in urls:
            claim = self.get(url)
            if self.key not in claim.waiting:
                self.put(claim, waiting=(*claim.waiting, self.key))
        for claim in self.all():
            if self.key in claim.waiting and claim.url not in urls:
                self.put(claim, waiting=tuple(key for key in claim.waiting if key != self.key))

    def wake(self) -> tuple[str, ...]:
        """Who waits for a URL that another has now, or nobody, or that only leads on from this key; and who must learn that its page is there."""
        changed = ((claim, self._after[url]) for url, claim in sorted(self._before.items()) if claim.owner)
        passed = (was for was, now in changed if now.owner != was.owner or (was.owner == self.key and not was.leads_to and now.leads_to))
        waiting = (key for claim in passed for key in claim.waiting if key != self.key)
        return tuple(dict.fromkeys((*waiting, *self.woken)))

    def changed(self) -> dict[str, Claim]:
        return {
            url: replace(claim, revision=claim.revision + 1)
            for url, claim in sorted(self._after.items())
            if claim != self._before.get(url) and (claim != Claim(url) or url in self._before)
        }


def _closed(live: tuple[Interval, ...], now: datetime) -> tuple[Interval, ...]:
    """The intervals that had begun, ended at ``now`` where they had not."""
    return tuple((begin, end if end and end <= now else now) for begin, end in live if begin <= now)


def _extended(live: tuple[Interval, ...], article: Article, phase: Phase, now: datetime) -> tuple[Interval, ...]:
    if phase == "scheduled" and article.start:
        return (*_closed(live, now), (article.start, article.expires))
    if phase != "live":
        return _closed(live, now)
    begun = tuple(interval for interval in live if interval[0] <= now)
    if begun and (begun[-1][1] is None or begun[-1][1] > now):
        return (*begun[:-1], (begun[-1][0], article.expires))
    return (*begun, _interval(now, article.expires))


@lru_cache(maxsize=16)
def _interval(begin: datetime, end: datetime | None) -> Interval:
    """The same for all articles that are published at once."""
    return begin, end


class Answer(NamedTuple):
    """What a URL answers: its ``page``, a ``redirect`` to ``to``, ``gone`` (410), or ``nothing`` where nothing ever was."""

    kind: Literal["page", "redirect", "gone", "nothing"]
    to: str = ""


def answer_of(claim: Claim, *, lived: bool, live_at: str) -> Answer:
    """What the claim's URL answers, given whether it ever lived, and the URL at which its owner is live ('': nowhere)."""
    if live_at and live_at == (claim.leads_to or claim.url):
        return Answer("redirect", live_at) if claim.leads_to else Answer("page")
    return Answer("gone") if lived else Answer("nothing")


def standing_problems(decision: Decision, current: Article | None) -> tuple[Problem, ...]:
    """What an editor must know about the addresses that the article asks for and does not get."""
    found: list[Problem] = []
    if current and decision.blocked_by:
        from pressrun.core.links import LONGEST_SLUG, slug_of  # here: who only reads claims is spared what comes with it

        slug = current.url.strip("/").rpartition("/")[2]
        why = "Without a slug, it comes from the title. " if slug == slug_of(current.title) else ""
        other = f"{slug.removesuffix('-2')[: LONGEST_SLUG - 2].rstrip('-')}-{3 if slug.endswith('-2') else 2}"
        remedy = f"{why}Add a line to this one's front matter, such as slug: {other}. If the other file is taken down, this one gets the address."
        found.append(Problem(f"The address {current.url} belongs to {decision.blocked_by}.", remedy, 1))
    for url, key in decision.unmet.items():
        found.append(note(f"{url} does not lead to this article: it belongs to {key}.", "It will, when that one is taken down."))
    return tuple(found)
