"""``site = f(content, register, now)``, in one pass: what the bucket must hold once the events have settled."""

from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial
from itertools import chain

from pressrun.core.article import Article, is_article, read_article
from pressrun.core.cards import (
    ALIKE_TAGS,
    FILE,
    Card,
    Media,
    Mentioned,
    address_of,
    card_of,
    chosen,
    chosen_media,
    embedded_key,
    has_card_alone,
    issue_of,
    media_keys_of,
    media_of,
    media_of_card,
    mentioned_by,
    misspelt,
    names_of,
    read_card,
    rivals_of,
    told_of_rivals,
    unmet,
)
from pressrun.core.claims import Answer, Claim, Register, answer_of, decide, phase_of, standing_problems, wanted
from pressrun.core.dates import unstamp
from pressrun.core.links import name_of
from pressrun.core.lists import (
    FRESH,
    Target,
    Teaser,
    bounds,
    cards_on,
    fixed_targets,
    lists_of,
    newest_first,
    noted_as,
    noted_under,
    parent_of,
    reading_of,
    targets_of,
    targets_of_name,
    teaser_of,
    url_target,
)
from pressrun.core.magazine import KEY as SITE_TOML
from pressrun.core.magazine import Magazine, no_logo_yet, read_magazine
from pressrun.core.media import Medium, is_medium, objects_of, too_long
from pressrun.core.media import judge as judge_medium
from pressrun.core.pages import Pages
from pressrun.core.problem import Problem, errors
from pressrun.core.related import NEAREST, related_to
from pressrun.core.site import SiteObject, key_of
from pressrun.core.theme import Theme


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


def judge(content: Mapping[str, bytes], register: Register, now: datetime, keys: Iterable[str]) -> dict[str, Judged]:
    """What the uploads of these content keys would be told; none of what is not published. Raises NoMagazine."""
    magazine, found = magazine_of(content, register)
    library = _Library(content, register, {})
    is_bare = magazine.logo and not errors(found) and not library.find([magazine.logo])
    problems = {SITE_TOML: (*found, no_logo_yet(magazine)) if is_bare else found}
    reads = cache(partial(read, content=content, register=register, magazine=magazine))
    in_force, *_ = _decide_all(content, register, magazine, now, problems, reads)
    live = [article for article in in_force.values() if phase_of(article, now) == "live"]
    cards = _read_cards(content, register, magazine, problems)
    filed = _file(cards, map(card_of, live))
    for card in cards:
        problems[card.key] += told_of_rivals(card, rivals_of(card, filed[address_of(card)]))
    used = Counter(tag.slug for article in live for tag in article.tags)
    judged = {}
    for key in keys:
        phase: str = "live"
        if key in problems and is_article(key):
            article, current = in_force.get(key), reads(key).current
            phase = phase_of(article, now)
            if current:  # its notes are told, also where its address is another's
                media = library.find(candidate for candidates in media_of(current).values() for candidate in candidates)
                there = {*filed, *(FILE + candidate for candidate in media)}
                text = content[key].decode("utf-8-sig")
                own = {tag.slug for tag in article.tags} if article and phase == "live" else set[str]()
                others = {slug for slug, count in used.items() if count > (slug in own)}
                problems[key] += unmet(current, text, there)[1] + misspelt(current, text, partial(_spelt, others), others.__contains__)
        elif found := too_long(key):
            problems[key] = found
        elif is_medium(key):
            _, problems[key] = judge_medium(key, content[key])
        if key in problems:
            judged[key] = Judged("refused" if errors(problems[key]) else phase, problems[key])
    return judged


def _spelt(tags: Iterable[str], begin: str) -> list[str]:
    return sorted(slug for slug in tags if slug.startswith(begin))[:ALIKE_TAGS]


class _Library:
    """The accepted media, of the file where it is acceptable, else of the accepted copy. Each is judged once, and only where a page may show it."""

    def __init__(self, content: Mapping[str, bytes], register: Register, problems: dict[str, tuple[Problem, ...]]) -> None:
        self.content, self.register, self.problems = content, register, problems
        self.inside: dict[str, bytes] = {}
        self.judged: dict[str, tuple[Medium, Callable[[], bytes]] | None] = {}

    def find(self, keys: Iterable[str]) -> dict[str, Medium]:
        """Those of these content keys at which there is one."""
        return {key: found[0] for key in keys if (found := self._get(key))}

    def take_in(self, article: Article) -> None:
        """The pictures that lie inside an article."""
        self.inside |= {embedded_key(article.key, picture.name): picture.data for picture in article.embedded}

    def upload_of(self, key: str) -> bytes:
        """The bytes that were accepted of a medium that was found."""
        found = self._get(key)
        if found is None:
            raise KeyError(key)
        return found[1]()

    def _get(self, key: str) -> tuple[Medium, Callable[[], bytes]] | None:
        if key not in self.judged and (key in self.content or key in self.inside):
            self.judged[key] = next(self._judge(key), None)
        return self.judged.get(key)

    def _judge(self, key: str) -> Iterator[tuple[Medium, Callable[[], bytes]]]:
        """The medium and how to get its bytes, which are too many to be kept."""
        uploads: tuple[Mapping[str, bytes], ...] = (self.inside,)
        if key in self.content and is_medium(key):
            uploads = (self.content, self.register.sources)
        for uploaded in uploads:
            if data := uploaded.get(key):
                medium, problems = judge_medium(key, data)
                self.problems.setdefault(key, problems)
                if medium:
                    yield medium, partial(uploaded.__getitem__, key)


@dataclass(frozen=True)
class Built:
    """The site's objects by key, and the target that each belongs to; the keys of the articles that are live; what was found wrong by content
    key; and the claims as they now stand.

    ``site`` is without the objects of ``media``, the media that pages show by content key: their bytes are made when they are wanted, from what
    ``upload_of`` gives. ``described`` has all objects, those of media without bytes.
    """

    site: Mapping[str, SiteObject]
    media: Mapping[str, Medium]
    targets: Mapping[str, Target]
    live: frozenset[str]
    problems: Mapping[str, tuple[Problem, ...]]
    claims: Mapping[str, Claim]
    upload_of: Callable[[str], bytes] = field(compare=False)

    @property
    def refused(self) -> tuple[str, ...]:
        """The keys of the files that have an error."""
        return tuple(key for key, found in sorted(self.problems.items()) if errors(found))

    @property
    def described(self) -> dict[str, SiteObject]:
        objects = {key: made for medium in self.media.values() for key, made in objects_of(medium).items()}
        return {**self.site, **objects}


@dataclass(frozen=True, slots=True)
class Read:
    """An article's file, read: what it says as it is, what the copy says that was accepted last where that is another, and what is wrong with it."""

    current: Article | None
    fallback: Article | None
    problems: tuple[Problem, ...]

    @property
    def lean(self) -> "Read":
        """Without the texts, which nothing is decided by."""
        current, fallback = (replace(article, html="") if article else None for article in (self.current, self.fallback))
        return Read(current, fallback, self.problems)


def read(key: str, content: Mapping[str, bytes], register: Register, magazine: Magazine) -> Read:
    """What is at an article's key; nothing where its file is gone."""
    if key not in content:
        return Read(None, None, ())
    data, accepted = content[key], register.sources.get(key, b"")
    current, problems = read_article(key, data, magazine)
    return Read(current, read_article(key, accepted, magazine)[0] if accepted and accepted != data else None, problems)


Files = Mapping[str, bytes]
Reads = Callable[[str], Read]


def build(content: Mapping[str, bytes], register: Register, now: datetime, theme: Theme) -> Built:
    """The whole site. Raises NoMagazine."""
    magazine, problems = magazine_of(content, register)
    reads = cache(partial(read, content=content, register=register, magazine=magazine))
    plan = Plan(content, register, now, magazine, reads)
    pages = Pages(magazine, theme, logo_of(content, register, magazine))
    site: dict[str, SiteObject] = {}
    targets: dict[str, Target] = {}
    for target in plan.targets:
        made = plan.make(target, pages, reads)
        site |= made
        targets |= dict.fromkeys(made, target)
    targets |= {key: Target("media", medium.key) for medium in plan.media.values() for key in objects_of(medium)}
    return Built(site, plan.media, targets, frozenset(plan.live), {SITE_TOML: problems, **plan.problems}, plan.claims, plan.upload_of)


class Plan:
    """All that is to be made of the site, and from what; nothing of it is made yet. Whoever has the plan makes any target, in any order and beside
    others who make the rest.

    ``live`` are the keys of the articles that are live, ``media`` those that pages show by content key, ``problems`` what was found wrong by content
    key, ``claims`` as they now stand.
    """

    def __init__(self, content: Mapping[str, bytes], register: Register, now: datetime, magazine: Magazine, reads: Reads) -> None:
        """``reads`` need not have the articles' texts. An article is asked for once, and again where others decide something about it."""
        problems: dict[str, tuple[Problem, ...]] = {}
        live, self.claims, self._copies = _decide_all(content, register, magazine, now, problems, reads)
        self.problems = {key: found for key, found in problems.items() if found}
        del problems
        for key in [key for key, article in live.items() if phase_of(article, now) != "live"]:
            del live[key]
        self.live = tuple(live)
        self._answers: dict[str, Answer] = {}  # where there is no page
        for url, claim in self.claims.items():
            owner = live.get(claim.owner or "")
            answer = answer_of(claim, lived=claim.lived(now), live_at=owner.url if owner else "")
            if answer.kind not in ("nothing", "page") and not magazine.why_reserved(url):
                self._answers[url] = answer
        linked = {name for article in live.values() for name in article.refs}
        linked_to = (card_of(article) for key, article in live.items() if name_of(key) in linked)
        filed = _file(_read_cards(content, register, magazine, self.problems), linked_to)
        self._cards = {name: card for name, cards in filed.items() if (card := chosen(name, cards))}
        self._library, self.media = _Library(content, register, self.problems), dict[str, Medium]()
        teasers: list[Teaser] = []
        while live:  # an article goes as its teaser comes, so that few are there as both
            _, article = live.popitem()
            self._library.take_in(article)
            mentioned = self._mentioned_by(article)
            self.media |= {medium.key: medium for medium in (*mentioned.media.values(), *mentioned.issue_media.values())}
            claim = self.claims[article.url]
            teasers.append(teaser_of(article, mentioned, claim.first or now, claim.feed_id))
        del live
        if logo := self._library.find([magazine.logo]).get(magazine.logo):
            self.media[logo.key] = logo
        self._shelves = _Shelves(magazine, teasers, filed, now)
        for target in self._shelves.targets:
            for found in self._sources_on(target):
                media = self._library.find(key for keys in found.values() for key in keys)
                self.media |= {medium.key: medium for medium in chosen_media(found, media).values()}
        # A section may have come to be where there was an article.
        self._teasers = {teaser.url: teaser for teaser in self._shelves.newest if not magazine.why_reserved(teaser.url)}
        self._lists = sorted(self._shelves.targets, key=lambda target: (target.period[:4], target))

    @property
    def targets(self) -> Iterator[Target]:
        """So many as ``count`` says, in an order in which those that show the same articles are near each other."""
        yield from self._lists
        yield from map(url_target, self._teasers)
        yield from map(url_target, sorted(self._answers))

    @property
    def count(self) -> int:
        return len(self._lists) + len(self._teasers) + len(self._answers)

    def make(self, target: Target, pages: Pages, reads: Reads) -> dict[str, SiteObject]:
        """The objects of a target, by site key. ``reads`` have the articles' texts."""
        if target.kind != "url":
            media = self._library.find(key for found in self._sources_on(target) for keys in found.values() for key in keys)
            return self._shelves.make(pages, target, media)
        url = target.name
        if answer := self._answers.get(url):
            return {key_of(url): pages.redirect(url, answer.to) if answer.kind == "redirect" else pages.gone(url)}
        key, teaser = self.claims[url].owner or "", self._teasers[url]
        found = reads(key)
        article = found.fallback if key in self._copies else found.current
        if article is None:
            raise KeyError(key)
        return {key_of(url): pages.article(article, teaser, self._mentioned_by(article), related_to(teaser, self._shelves.older(teaser)))}

    def upload_of(self, key: str) -> bytes:
        """The bytes that were accepted of one of ``media``."""
        return self._library.upload_of(key)

    def _mentioned_by(self, article: Article) -> Mentioned:
        return mentioned_by(article, self._cards, self._library.find(media_keys_of(article, issue_of(article, self._cards))))

    def _sources_on(self, target: Target) -> list[dict[str, tuple[str, ...]]]:
        """The content keys that the media of each card on the target may have, by their sources as written."""
        return [media_of_card(card) for card in cards_on(target, self._shelves.cards.get(reading_of(target).cards, ()))]


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


def magazine_of(content: Mapping[str, bytes], register: Register) -> tuple[Magazine, tuple[Problem, ...]]:
    """The magazine, and what is wrong with its file, which may be older then. Raises NoMagazine."""
    missing = Problem("There is no site.toml.", "Add one with a title, a base_url and at least one section.")
    current, accepted = content.get(SITE_TOML), register.sources.get(SITE_TOML)
    magazine, problems = read_magazine(current) if current is not None else (None, (missing,))
    if magazine is None and accepted:
        magazine, _ = read_magazine(accepted)
    if magazine is None:
        raise NoMagazine(problems)
    return magazine, problems


def logo_of(content: Files, register: Register, magazine: Magazine) -> Medium | None:
    """The magazine's logo, where it is there."""
    return _Library(content, register, {}).find([magazine.logo]).get(magazine.logo)


def articles_in(content: Iterable[str], register: Register) -> list[str]:
    """The keys at which there is an article, in their order, then those at which there was one."""
    owners = {claim.owner for claim in register.claims.values() if claim.owner}
    return [*sorted(filter(is_article, content)), *sorted(owners.difference(content))]


def _decide_all(
    content: Mapping[str, bytes], register: Register, magazine: Magazine, now: datetime, problems: dict[str, tuple[Problem, ...]], reads: Reads
) -> tuple[dict[str, Article], dict[str, Claim], set[str]]:
    """The article in force at each key, where there is one, the claims, and the keys at which it is the copy that was accepted last.

    Files that are there are taken first, so that a URL passes without a gap.
    """
    claims = dict(register.claims)
    owned: dict[str, tuple[str, ...]] = {}
    carrying: defaultdict[str, set[str]] = defaultdict(set)
    for url, claim in claims.items():
        if claim.owner:
            owned[claim.owner] = (*owned.get(claim.owner, ()), url)
        if claim.id:
            carrying[claim.id].add(url)
    queue = deque(articles_in(content, register))
    in_force: dict[str, Article] = {}
    copies: set[str] = set()
    while queue:
        key = queue.popleft()
        current, fallback, found = (here := reads(key)).current, here.fallback, here.problems
        urls = wanted((current, fallback), owned.get(key, ())).union(
            *(carrying[article.id] for article in (current, fallback) if article and article.id)
        )
        gone = {owner for url in urls if url in claims and (owner := claims[url].owner) and owner not in content}
        near = urls.union(*(owned[owner] for owner in gone))
        decision = decide(key, current, fallback, {url: claims[url] for url in near if url in claims}, gone, now, magazine.host)
        for url, claim in decision.changed.items():
            owner = claims[url].owner if url in claims else None
            if owner != claim.owner:
                if owner:
                    owned[owner] = tuple(other for other in owned[owner] if other != url)
                if claim.owner:
                    owned[claim.owner] = (*owned.get(claim.owner, ()), url)
            if claim.id:
                carrying[claim.id].add(url)
            claims[url] = claim
        in_force.pop(key, None)
        copies.discard(key)
        if decision.article:
            in_force[key] = decision.article
            if decision.article is not current:
                copies.add(key)
        problems[key] = (*found, *standing_problems(decision, current))
        queue.extend(decision.wake)
    return in_force, claims, copies


class _Shelves:
    """Every list of the magazine in memory, as the catalogue keeps them."""

    def __init__(self, magazine: Magazine, teasers: Iterable[Teaser], cards: Mapping[str, Sequence[Card]], now: datetime) -> None:
        self.magazine, self.cards = magazine, cards
        self.newest = newest_first(teasers)
        self.lists: defaultdict[str, list[Teaser]] = defaultdict(list)  # oldest first, as bisection wants them
        self.periods: defaultdict[str, set[str]] = defaultdict(set)
        self.targets = set(fixed_targets(magazine))
        noted = set[Target]()
        for teaser in self.newest:
            for name in lists_of(teaser, fresh=now < teaser.published + FRESH):
                self.lists[name].append(teaser)
                for target in targets_of(name, teaser.published, magazine.timezone):
                    if target in noted:
                        continue
                    noted.add(target)
                    self.targets.add(target)
                    if (parent := parent_of(target)) and (under := noted_under(target)):
                        self.targets.add(parent)
                        self.periods[under[0]].add(noted_as(target, [teaser]))
        self.targets.update(target for name in cards for target in targets_of_name(name) if target.kind != "mentions")
        for entries in self.lists.values():
            entries.reverse()

    def make(self, pages: Pages, target: Target, media: Media) -> dict[str, SiteObject]:
        """What a target makes."""
        reading = reading_of(target)
        entries = self._entries(reading.entries, reading.newest, reading.period)
        return pages.make(target, entries, self.periods[reading.periods], self.cards.get(reading.cards, ()), media)

    def older(self, teaser: Teaser) -> Iterable[Sequence[Teaser]]:
        """For each tag, the nearest older articles, newest first."""
        for name in (f"tag/{tag.slug}" for tag in teaser.tags):
            entries = self.lists[name]
            end = _index(entries, teaser.published, teaser.url)
            yield entries[max(0, end - NEAREST) : end][::-1]

    def _entries(self, name: str, newest: int, period: str) -> Sequence[Teaser]:
        entries = self.lists.get(name, [])
        if not period:
            return entries[: -newest - 1 : -1]
        begin, end = (_index(entries, unstamp(place)) for place in bounds(period, self.magazine.timezone))
        return entries[begin:end][::-1]


def _index(entries: Sequence[Teaser], published: datetime, url: str = "") -> int:
    """Where in a list, oldest first, this place is, or would be."""
    return bisect_left(entries, (published, url), key=lambda teaser: (teaser.published, teaser.url))
