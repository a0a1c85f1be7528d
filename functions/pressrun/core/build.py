"""``site = f(content, register, now)``, in one pass: what the bucket must hold once the events have settled."""

from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain, islice

from pressrun.core.article import Article, is_article, read_article
from pressrun.core.cards import (
    ALIKE_TAGS,
    FILE,
    Card,
    Media,
    Mentioned,
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
    unmet,
)
from pressrun.core.claims import Claim, Decision, Register, answer_of, decide, phase_of, standing_problems, wanted
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
from pressrun.core.magazine import Magazine, read_magazine
from pressrun.core.media import Medium, is_medium, objects_of
from pressrun.core.media import judge as judge_medium
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


def judge(content: Mapping[str, bytes], register: Register, now: datetime, keys: Iterable[str]) -> dict[str, Judged]:
    """What the uploads of these content keys would be told; none of what is not published. Raises NoMagazine."""
    problems: dict[str, tuple[Problem, ...]] = {}
    magazine = _magazine(content, register, problems)
    decisions, _ = _decide_all(content, register, magazine, now, problems)
    live = [d.article for d in decisions.values() if d.article and phase_of(d.article, now) == "live"]
    filed = _file(_read_cards(content, register, magazine, problems), map(card_of, live))
    library = _Library(content, register, {})
    used = Counter(tag.slug for article in live for tag in article.tags)
    judged = {}
    for key in keys:
        phase: str = "live"
        if key in decisions:
            article = decisions[key].article
            phase = phase_of(article, now)
            if article and not errors(problems[key]):
                media = library.find(candidate for candidates in media_of(article).values() for candidate in candidates)
                there = {*filed, *(FILE + candidate for candidate in media)}
                text = content[key].decode("utf-8-sig")
                own = {tag.slug for tag in article.tags} if phase == "live" else set[str]()
                others = {slug for slug, count in used.items() if count > (slug in own)}
                problems[key] += unmet(article, text, there)[1] + misspelt(article, text, partial(_spelt, others), others.__contains__)
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
        if key not in self.judged:
            self.judged[key] = next(self._judge(key), None)
        return self.judged[key]

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


def build(content: Mapping[str, bytes], register: Register, now: datetime, theme: Theme) -> Built:
    """The whole site. Raises NoMagazine."""
    problems: dict[str, tuple[Problem, ...]] = {}
    magazine = _magazine(content, register, problems)
    decisions, claims = _decide_all(content, register, magazine, now, problems)
    live = {d.article.url: d.article for d in decisions.values() if d.article and phase_of(d.article, now) == "live"}
    live_at = {article.key: url for url, article in live.items()}
    filed = _file(_read_cards(content, register, magazine, problems), map(card_of, live.values()))
    first = {name: card for name, cards in filed.items() if (card := chosen(name, cards))}
    library, shown = _Library(content, register, problems), dict[str, Medium]()
    mentioned: dict[str, Mentioned] = {}
    for url, article in live.items():
        library.take_in(article)
        mentioned[url] = mentioned_by(article, first, library.find(media_keys_of(article, issue_of(article, first))))
        shown |= {medium.key: medium for medium in (*mentioned[url].media.values(), *mentioned[url].issue_media.values())}
    teasers = {url: teaser_of(article, mentioned[url], claims[url].first or now, claims[url].feed_id) for url, article in live.items()}
    shelves = _Shelves(magazine, teasers.values(), filed, now)
    logo = library.find([magazine.logo]).get(magazine.logo)
    shown |= {logo.key: logo} if logo else {}
    pages = Pages(magazine, theme, logo)
    site: dict[str, SiteObject] = {}
    targets: dict[str, Target] = {}
    for target in sorted(shelves.targets):
        cards = shelves.cards.get(reading_of(target).cards, ())
        sources = [media_of_card(card) for card in cards_on(target, cards)]
        media = library.find(key for found in sources for keys in found.values() for key in keys)
        shown |= {medium.key: medium for found in sources for medium in chosen_media(found, media).values()}
        made = shelves.make(pages, target, media)
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
    targets |= {key: Target("media", medium.key) for medium in shown.values() for key in objects_of(medium)}
    return Built(site, shown, targets, frozenset(live_at), problems, claims, library.upload_of)


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
    carrying: defaultdict[str, set[str]] = defaultdict(set)
    for url, claim in claims.items():
        owned[claim.owner].add(url)
        carrying[claim.id].add(url)
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
        urls = wanted((current, fallback), owned[key]).union(*(carrying[article.id] for article in read[key] if article and article.id))
        gone = {owner for url in urls if url in claims and (owner := claims[url].owner) and owner not in content}
        near = urls.union(*(owned[owner] for owner in gone))
        decision = decide(key, current, fallback, {url: claims[url] for url in near if url in claims}, gone, now, magazine.host)
        for url, claim in decision.changed.items():
            if url in claims:
                owned[claims[url].owner].discard(url)
            owned[claim.owner].add(url)
            carrying[claim.id].add(url)
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
        noted = set[Target]()
        for teaser in newest_first(teasers):
            for name in lists_of(teaser, fresh=now < teaser.published + FRESH):
                self.lists[name].append(teaser)
                for target in targets_of(name, teaser.published, magazine.timezone):
                    self.targets.add(target)
                    if (parent := parent_of(target)) and (under := noted_under(target)) and target not in noted:
                        noted.add(target)
                        self.targets.add(parent)
                        self.periods[under[0]].add(noted_as(target, [teaser]))
        self.targets.update(target for name in cards for target in targets_of_name(name))
        # Bisection wants places in rising order; the lists have them newest first.
        self.places = {name: [teaser.place for teaser in reversed(teasers)] for name, teasers in self.lists.items()}

    def make(self, pages: Pages, target: Target, media: Media) -> dict[str, SiteObject]:
        """What a target makes."""
        reading = reading_of(target)
        entries = self._entries(reading.entries, reading.newest, reading.period)
        return pages.make(target, entries, self.periods[reading.periods], self.cards.get(reading.cards, ()), media)

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
