"""``site = f(content, register, now)``, in one pass: what the bucket must hold once the events have settled."""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice

from pressrun.core.article import Article, is_article, read_article
from pressrun.core.cards import Card, card_of, chosen, has_card_alone, mentioned_by, names_of, read_card
from pressrun.core.claims import Claim, Decision, Register, answer_of, decide, phase_of, standing_problems, wanted
from pressrun.core.lists import (
    FRESH,
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
from pressrun.core.magazine import KEY as SITE_TOML
from pressrun.core.magazine import Magazine, read_magazine
from pressrun.core.pages import Pages, Theme
from pressrun.core.problem import Problem, errors
from pressrun.core.related import NEAREST, related_to
from pressrun.core.site import SiteObject, key_of


class NoMagazine(ValueError):
    """There is no acceptable ``site.toml``, neither now nor before. ``problems`` says why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("there is no acceptable site.toml")
        self.problems = problems


@dataclass(frozen=True)
class Judged:
    """What an upload of a file would be told."""

    status: str
    problems: tuple[Problem, ...]


def judge(content: Mapping[str, bytes], register: Register, now: datetime) -> dict[str, Judged]:
    """What each article is told, by key. Raises NoMagazine."""
    problems: dict[str, tuple[Problem, ...]] = {}
    magazine = _magazine(content, register, problems)
    decisions, _ = _decide_all(content, register, magazine, now, problems)
    phases: dict[str, str] = {key: phase_of(decision.article, now) for key, decision in decisions.items() if key in content}
    phases |= dict.fromkeys(filter(has_card_alone, content), "live")
    _read_cards(content, register, magazine, problems)
    return {key: Judged("refused" if errors(problems[key]) else phase, problems[key]) for key, phase in phases.items()}


@dataclass(frozen=True)
class Built:
    """The site's objects by key, and the target that each belongs to; the keys of the articles that are live; what was found wrong by content
    key; and the claims as they now stand.
    """

    site: Mapping[str, SiteObject]
    targets: Mapping[str, Target]
    live: frozenset[str]
    problems: Mapping[str, tuple[Problem, ...]]
    claims: Mapping[str, Claim]

    @property
    def refused(self) -> tuple[str, ...]:
        """The keys of the files that have an error."""
        return tuple(key for key, found in sorted(self.problems.items()) if errors(found))


def build(content: Mapping[str, bytes], register: Register, now: datetime, theme: Theme) -> Built:
    """The whole site. Raises NoMagazine."""
    problems: dict[str, tuple[Problem, ...]] = {}
    magazine = _magazine(content, register, problems)
    decisions, claims = _decide_all(content, register, magazine, now, problems)
    live = {d.article.url: d.article for d in decisions.values() if d.article and phase_of(d.article, now) == "live"}
    live_at = {article.key: url for url, article in live.items()}
    filed = _file(_read_cards(content, register, magazine, problems), map(card_of, live.values()))
    first = {name: card for name, cards in filed.items() if (card := chosen(name, cards))}
    mentioned = {url: mentioned_by(article, first) for url, article in live.items()}
    teasers = {url: teaser_of(article, mentioned[url], claims[url].first or now, claims[url].feed_id) for url, article in live.items()}
    shelves = _Shelves(magazine, teasers.values(), filed, now)
    pages = Pages(magazine, theme)
    site: dict[str, SiteObject] = {}
    targets: dict[str, Target] = {}
    for target, made in shelves.make(pages):
        site |= made
        targets |= dict.fromkeys(made, target)
    for url, claim in claims.items():
        if magazine.why_reserved(url):
            continue  # a section has come to be where there was an article
        targets[key_of(url)] = url_target(url)
        answer = answer_of(claim, lived=claim.lived(now), live_at=live_at.get(claim.owner or "", ""))
        match answer.kind:
            case "page":
                site[key_of(url)] = pages.article(live[url], teasers[url], mentioned[url], related_to(teasers[url], shelves.older(teasers[url])))
            case "redirect":
                site[key_of(url)] = pages.redirect(url, answer.to)
            case "gone":
                site[key_of(url)] = pages.gone(url)
    return Built(site, targets, frozenset(live_at), problems, claims)


def _read_cards(content: Mapping[str, bytes], register: Register, magazine: Magazine, problems: dict[str, tuple[Problem, ...]]) -> list[Card]:
    """The cards of authors and issues: of the file as it is where it is acceptable, else of the copy that was accepted last."""
    cards = []
    for key in filter(has_card_alone, sorted(content)):
        card, problems[key] = read_card(key, content[key], magazine)
        if card is None and (accepted := register.sources.get(key)):
            card, _ = read_card(key, accepted, magazine)
        if card:
            cards.append(card)
    return cards


def _file(*cards: Iterable[Card]) -> dict[str, list[Card]]:
    """Cards by name, each in the order of their keys."""
    filed: defaultdict[str, list[Card]] = defaultdict(list)
    for card in sorted(chain(*cards), key=lambda card: card.key):
        for name in names_of(card):
            filed[name].append(card)
    return filed


def _magazine(content: Mapping[str, bytes], register: Register, problems: dict[str, tuple[Problem, ...]]) -> Magazine:
    missing = Problem("There is no site.toml.", "Add one with a title, a base_url and at least one section.")
    current, accepted = content.get(SITE_TOML), register.sources.get(SITE_TOML)
    magazine, problems[SITE_TOML] = read_magazine(current) if current is not None else (None, (missing,))
    if magazine is None and accepted:
        magazine, _ = read_magazine(accepted)
    if magazine is None:
        raise NoMagazine(problems[SITE_TOML])
    return magazine


def _decide_all(
    content: Mapping[str, bytes], register: Register, magazine: Magazine, now: datetime, problems: dict[str, tuple[Problem, ...]]
) -> tuple[dict[str, Decision], dict[str, Claim]]:
    """What each article comes to, taken in the order of the keys: those that are there first, so that a URL passes without a gap."""
    claims = dict(register.claims)
    owned: defaultdict[str | None, set[str]] = defaultdict(set)
    for url, claim in claims.items():
        owned[claim.owner].add(url)
    present = sorted(key for key in content if is_article(key))
    queue = deque([*present, *sorted(key for key in owned if key and key not in content)])
    read: dict[str, tuple[Article | None, Article | None]] = {}
    decisions: dict[str, Decision] = {}
    found: dict[str, tuple[Problem, ...]] = {}
    while queue:
        key = queue.popleft()
        if key not in read:
            current, found[key] = read_article(key, content[key], magazine) if key in content else (None, ())
            accepted = register.sources.get(key, b"") if key in content else b""
            fallback = read_article(key, accepted, magazine)[0] if accepted and accepted != content[key] else None
            read[key] = current, fallback
        current, fallback = read[key]
        urls = wanted((current, fallback), owned[key])
        gone = {owner for url in urls if url in claims and (owner := claims[url].owner) and owner not in content}
        near = urls.union(*(owned[owner] for owner in gone))
        decision = decide(key, current, fallback, {url: claims[url] for url in near if url in claims}, gone, now, magazine.host)
        for url, claim in decision.changed.items():
            if url in claims:
                owned[claims[url].owner].discard(url)
            owned[claim.owner].add(url)
            claims[url] = claim
        decisions[key] = decision
        problems[key] = (*found[key], *standing_problems(decision, current))
        queue.extend(decision.wake)
    return decisions, claims


class _Shelves:
    """Every list of the magazine in memory, as the catalogue keeps them."""

    def __init__(self, magazine: Magazine, teasers: Iterable[Teaser], cards: Mapping[str, Sequence[Card]], now: datetime) -> None:
        self.magazine, self.cards = magazine, cards
        self.lists: defaultdict[str, list[Teaser]] = defaultdict(list)
        self.periods: defaultdict[str, set[str]] = defaultdict(set)
        self.targets = set(fixed_targets(magazine))
        for teaser in newest_first(teasers):
            for name in lists_of(teaser, fresh=now < teaser.published + FRESH):
                self.lists[name].append(teaser)
                for target in targets_of(name, teaser.published, magazine.timezone):
                    self.targets.add(target)
                    if parent := parent_of(target):
                        self.targets.add(parent)
                        self.periods[name].add(target.period)
        self.targets.update(target for name in cards for target in targets_of_name(name))
        # Bisection wants places in rising order; the lists have them newest first.
        self.places = {name: [teaser.place for teaser in reversed(teasers)] for name, teasers in self.lists.items()}

    def make(self, pages: Pages) -> Iterable[tuple[Target, dict[str, SiteObject]]]:
        """What each target makes."""
        for target in sorted(self.targets):
            reading = reading_of(target)
            entries = self._entries(reading.entries, reading.newest, reading.period)
            yield target, pages.make(target, entries, self.periods[reading.periods], self.cards.get(reading.cards, ()))

    def older(self, teaser: Teaser) -> Iterable[Sequence[Teaser]]:
        """For each tag, the nearest older articles."""
        for name in (f"tag/{tag.slug}" for tag in teaser.tags):
            teasers = self.lists[name]
            after = len(teasers) - bisect_left(self.places[name], teaser.place)
            yield list(islice(teasers, after, after + NEAREST))

    def _entries(self, name: str, newest: int, period: str) -> Sequence[Teaser]:
        teasers = self.lists.get(name, [])
        if not period:
            return teasers[:newest]
        begin, end = (bisect_left(self.places[name], place) for place in bounds(period, self.magazine.timezone))
        return teasers[len(teasers) - end : len(teasers) - begin]
