"""One URL: the article's page, or the redirect or 410 in its place; then, once that is there, the page's entries in the lists.

Gather: the basis, the URL's claim, its owner's record, the accepted copy, the nearest older articles of its tags. Decide: what the URL answers.
Apply: the media that the page shows, then the page where its bytes differ; then the entries with the marks of every target that shows them, in one
transaction that is conditional on the claim and the record that were read. Then look again: where the page would now be different, start over.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from pressrun.cloud.batch import Named, OutOfTime, Tally, chunks, has_time, same_edition, work
from pressrun.cloud.buckets import Conflict
from pressrun.cloud.catalogue import (
    ACTIONS,
    BASIS,
    Basis,
    ClaimCopy,
    Entries,
    Record,
    claim_key,
    entries_key,
    mark_item,
    mark_key,
    mention_item,
    mention_key,
    record_key,
)
from pressrun.cloud.cloud import Cloud, connect
from pressrun.cloud.context import LambdaContext
from pressrun.cloud.events import Event, hashed
from pressrun.cloud.media import hold, previews
from pressrun.cloud.press import pages_for
from pressrun.cloud.queues import Hint
from pressrun.cloud.readings import lists_with
from pressrun.cloud.register import source_key
from pressrun.core.article import Article, read_article
from pressrun.core.cards import FILE, Card, Mentioned, card_of, chosen, embedded_key, issue_of, media_keys_of, mentioned_by, mentions_of, names_of
from pressrun.core.claims import NOT_YET, Answer, Claim, answer_of
from pressrun.core.dates import stamp, unstamp
from pressrun.core.lists import FRESH, Target, Teaser, lists_of, newest_first, targets_of, teaser_of, url_target
from pressrun.core.media import Medium
from pressrun.core.media import judge as judge_medium
from pressrun.core.pages import Pages
from pressrun.core.preview import preview_of
from pressrun.core.related import NEAREST, may_change, related_to, shown_on
from pressrun.core.report import preview_key
from pressrun.core.site import SiteObject, key_of

logger = Logger()
metrics = Metrics()

_TRIES = 12
_MOST_OTHERS = 20  # pages of other articles in a preview
_LONGEST = 60  # seconds that one page may take: its pictures are developed


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Takes hints from the queue ``articles``. What fails comes back."""
    cloud = connect()

    def make(named: Mapping[str, Named], tally: Tally) -> dict[str, Exception]:
        failed: dict[str, Exception] = {}
        for target in named:
            try:
                if not has_time(context, _LONGEST):
                    raise OutOfTime
                kind, name, _ = Target.parse(target)
                if kind == "preview":
                    preview(cloud, name)
                else:
                    render(cloud, name, tally)
            except Unjudged:
                continue  # done: its own hint is on the way
            except OutOfTime as late:
                failed[target] = late
            except Exception as error:
                logger.exception("a page could not be made", extra={"target_hash": hashed(target)})
                failed[target] = error
        metrics.add_metric("PagesPut", MetricUnit.Count, tally.put)
        return failed

    return work(cloud, event, context, make, cloud.articles)


class Unjudged(Exception):
    """The URL's owner was judged with another ``site.toml``, which may have given it another URL, or by another edition, or not at all yet.

    What stands there stays. The walk that the new basis began hints at the owner's key, and ``validate`` then marks all of its URLs.
    """


@dataclass(frozen=True, slots=True)
class Look:
    """The state that one URL is made from."""

    basis: Basis
    copy: ClaimCopy | None
    record: Record | None
    answer: Answer
    article: Article | None
    mentioned: Mentioned
    teaser: Teaser | None
    related: tuple[Teaser, ...]


def render(cloud: Cloud, url: str, tally: Tally) -> None:
    """Makes what stands at ``url`` what it should be now, and the lists' entries with it. Raises Unjudged."""
    target, held = url_target(url), defaultdict[str, set[str]](set)
    for _ in range(_TRIES):
        mark = cloud.new_mark()  # That of an earlier try may be worked off by now: a hint with it would be taken for done.
        head = cloud.site.head(key_of(url))
        seen, entries = look(cloud, url)
        if seen.answer.kind == "redirect":
            _destination_first(cloud, seen.answer.to, tally, tally.cause_of(target))
        wanted = _entries(seen)
        try:
            if not _is_list_page(seen, url):
                held[mark] = _hold_media(cloud, seen, entries, mark, tally)
                tally.bring(target, cloud.site, key_of(url), _page(seen, url), head)
            standing, told = _enter(cloud, url, seen, entries, wanted, mark, tally)
            held[mark] -= told
            _tell(cloud, url, standing)
        except Conflict:
            continue
        again, standing = look(cloud, url, seen.copy.claim.owner if seen.copy else None)
        if again == seen and _alike(standing, wanted):
            # Held for a page that has changed before it was made.
            cloud.lists.send([Hint(tuple(sorted(targets)), mark, receipt=tally.receipt) for mark, targets in held.items() if targets])
            return
    raise RuntimeError(f"the page whose URL has the hash {hashed(url)} changed {_TRIES} times while it was made")


def look(cloud: Cloud, url: str, owner_before: str | None = None) -> tuple[Look, Entries]:
    """Reads everything that decides what stands at ``url``, and the entries that it has. Who knows the owner from a look before spares a read.

    Raises Unjudged.
    """
    found = cloud.catalogue.read([BASIS, claim_key(url), entries_key(url), *([record_key(owner_before)] if owner_before else [])])
    basis = same_edition(cloud, Basis.of(found.get(BASIS)))
    entries = Entries.of(found.get(entries_key(url)))
    item = found.get(claim_key(url))
    copy = ClaimCopy.of(item) if item else None
    owner = copy.claim.owner if copy else None
    if copy is None or owner is None:
        lived = copy is not None and copy.lived
        return Look(basis, copy, None, Answer("gone" if lived else "nothing"), None, Mentioned(), None, ()), entries
    if owner != owner_before:
        found |= cloud.catalogue.read([record_key(owner)])
    record = Record.of(owner, found.get(record_key(owner)))
    # Where no page ever was, there is nothing unless it leads to one that is live; and a judgement that leaves that as it is marks no such URL.
    if record.basis != basis.name and (copy.lived or (copy.claim.leads_to and record.phase == "live")):
        raise Unjudged(hashed(owner))
    answer = answer_of(copy.claim, lived=copy.lived, live_at=record.url if record.phase == "live" else "")
    article = teaser = None
    mentioned = Mentioned()
    related: tuple[Teaser, ...] = ()
    if answer.kind == "page":
        article, inside = _article(cloud, owner, record.source, basis)
        if copy.claim.first is None:
            raise RuntimeError(f"{url} is live, but has no first publication")
        mentioned, teaser, related = _shown(cloud, article, inside, copy.claim.first, copy.claim.feed_id)
    return Look(basis, copy, record, answer, article, mentioned, teaser, related), entries


@dataclass(frozen=True, slots=True)
class _Guest:
    """An article that is not live yet, as if it were."""

    card: Card
    teaser: Teaser

    def among_cards(self, name: str, cards: Sequence[Card]) -> Sequence[Card]:
        return sorted((*cards, self.card), key=lambda card: card.key) if name in names_of(self.card) else cards

    def among_older(self, tag: str, place: str, older: Sequence[Teaser]) -> Sequence[Teaser]:
        is_one = tag in {own.slug for own in self.teaser.tags} and self.teaser.place < place
        return newest_first([*older, self.teaser])[:NEAREST] if is_one else older


def _shown(
    cloud: Cloud, article: Article, inside: Mapping[str, Medium], first: datetime, feed_id: str, guest: _Guest | None = None
) -> tuple[Mentioned, Teaser, tuple[Teaser, ...]]:
    """What an article's page shows of others: what it mentions and its related posts; and what others show of it."""
    filed = {name: cloud.catalogue.cards(name) for name in mentions_of(article)}
    cards = {name: card for name, found in filed.items() if (card := chosen(name, guest.among_cards(name, found) if guest else found))}
    media = cloud.catalogue.media(key for key in media_keys_of(article, issue_of(article, cards)) if key not in inside)
    mentioned = mentioned_by(article, cards, {**media, **inside})
    teaser = teaser_of(article, mentioned, first, feed_id)
    older = {tag.slug: _older(cloud, f"tag/{tag.slug}", teaser.place) for tag in teaser.tags}
    nearest = [guest.among_older(tag, teaser.place, found) if guest else found for tag, found in older.items()]
    return mentioned, teaser, related_to(teaser, nearest)


def preview(cloud: Cloud, key: str) -> None:
    """Makes the private preview of an article that is not live yet, as everything would be at its instant; or removes it.

    It lies in the content bucket, and nothing that readers or other systems get is made from it.
    """
    for _ in range(_TRIES):
        basis, record = _preview_state(cloud, key)
        if record.phase in NOT_YET and record.source and basis.config:
            article, inside = _article(cloud, key, record.source, basis)
            item = cloud.catalogue.read([claim_key(article.url)]).get(claim_key(article.url))
            claim = ClaimCopy.of(item).claim if item else Claim(article.url)
            pages, live_from = pages_for(basis), article.start or unstamp(record.judged)
            mentioned, teaser, related = _shown(cloud, article, inside, claim.first or live_from, claim.feed_id)
            leaf = pages.article(article, teaser, mentioned, related)
            fresh = live_from < teaser.published + FRESH
            others = _others_with(cloud, pages, _Guest(card_of(article), teaser))
            changed = {key_of(article.url): leaf, **lists_with(cloud, pages, teaser, fresh=fresh), **others}
            media = [*mentioned.media.values(), *([pages.logo] if pages.logo else [])]
            html = preview_of(pages, article, changed, previews(cloud, media), cloud.now())
            cloud.content.put(preview_key(key), html, content_type="text/html; charset=utf-8")
        else:
            cloud.content.delete(preview_key(key))
        if _preview_state(cloud, key) == (basis, record):
            return
    raise RuntimeError(f"the file whose key has the hash {hashed(key)} changed {_TRIES} times while its preview was made")


def _others_with(cloud: Cloud, pages: Pages, guest: _Guest) -> dict[str, SiteObject]:
    """The pages of other articles that would lead to the guest, or show it as related, by site key and as they would be; so many at the most."""
    mentioning = [item["sk"] for name in names_of(guest.card) for item in cloud.catalogue.query(f"mention#{name}", limit=_MOST_OTHERS)]
    targets = (Target.parse(key.partition("#")[2]) for key in mentioning)
    urls = {target.name for target in targets if target.kind == "url"}
    lists = [f"list#tag/{tag.slug}" for tag in guest.teaser.tags]
    newer = [
        Teaser.from_json(item["json"]) for pk in lists for item in cloud.catalogue.query(pk, begin=guest.teaser.place, newest=False, limit=NEAREST)
    ]
    noted = cloud.catalogue.read(entries_key(post.url) for post in newer)
    urls |= {post.url for post in newer if may_change(post, Entries.of(noted.get(entries_key(post.url))).related, guest.teaser)}
    changed: dict[str, SiteObject] = {}
    for url in sorted(urls - {guest.teaser.url})[:_MOST_OTHERS]:
        try:
            seen, _ = look(cloud, url)
        except Unjudged:
            continue
        if not (seen.article and seen.teaser and seen.record and seen.copy and seen.copy.claim.first) or _is_list_page(seen, url):
            continue
        _, inside = _article(cloud, seen.article.key, seen.record.source, seen.basis)
        mentioned, teaser, related = _shown(cloud, seen.article, inside, seen.copy.claim.first, seen.copy.claim.feed_id, guest)
        made = pages.article(seen.article, teaser, mentioned, related)
        if made != _page(seen, url):
            changed[key_of(url)] = made
    return changed


def _preview_state(cloud: Cloud, key: str) -> tuple[Basis, Record]:
    found = cloud.catalogue.read([BASIS, record_key(key)])
    return same_edition(cloud, Basis.of(found.get(BASIS))), Record.of(key, found.get(record_key(key)))


@lru_cache(maxsize=256)
def _article(cloud: Cloud, key: str, version: str, basis: Basis) -> tuple[Article, dict[str, Medium]]:
    """The accepted article, with the pictures that lie inside it. A version of an object never changes, so it is read once."""
    stored = cloud.register.get(source_key(key), version)
    if stored is None:
        raise RuntimeError(f"the register has no version {version} of the file whose key has the hash {hashed(key)}")
    article, _ = read_article(key, stored.body, pages_for(basis).magazine)
    if article is None:
        raise RuntimeError(f"the accepted copy of the file whose key has the hash {hashed(key)} is not acceptable")
    names = {embedded_key(key, picture.name): picture.data for picture in article.embedded}
    return article, {name: medium for name, data in names.items() if (medium := judge_medium(name, data)[0])}


def _hold_media(cloud: Cloud, seen: Look, had: Entries, mark: str, tally: Tally) -> set[str]:
    """Of the media that the page is about to show, those that it did not show before."""
    shown = (*seen.mentioned.media.values(), *seen.mentioned.issue_media.values())
    new = [medium for medium in shown if had.mentions.get(FILE + medium.key) != medium.digest]
    return hold(cloud, new, mark, tally, tally.cause_of(url_target(seen.article.url)) if seen.article else "")


def _older(cloud: Cloud, name: str, place: str) -> list[Teaser]:
    return [Teaser.from_json(item["json"]) for item in cloud.catalogue.query(f"list#{name}", end=place, limit=NEAREST)]


def _is_list_page(seen: Look, url: str) -> bool:
    """Whether a later ``site.toml`` gave the URL to a page of the magazine's own: then another target makes what stands there."""
    return bool(seen.basis.config) and pages_for(seen.basis).magazine.why_reserved(url) is not None


def _page(seen: Look, url: str) -> SiteObject | None:
    if not seen.basis.config:
        return None
    pages = pages_for(seen.basis)
    if seen.article and seen.teaser:
        return pages.article(seen.article, seen.teaser, seen.mentioned, seen.related)
    if seen.answer.kind == "redirect":
        return pages.redirect(url, seen.answer.to)
    return pages.gone(url) if seen.answer.kind == "gone" else None


def _destination_first(cloud: Cloud, url: str, tally: Tally, cause: str) -> None:
    """A redirect never stands before the page that it leads to."""
    head = cloud.site.head(key_of(url))
    if head and "status" not in head.metadata:
        return
    own = cloud.new_mark()
    target = url_target(url)
    cloud.catalogue.put_all([mark_item(target, own, stamp(cloud.now()), cause=cause, own=True)])
    tally.causes.setdefault(str(target), cause)
    render(cloud, url, tally)
    cloud.catalogue.delete_all([mark_key(target, own)])


def _entries(seen: Look) -> Entries:
    """The entries that the page should have."""
    if seen.article is None or seen.teaser is None:
        return Entries()
    zone = pages_for(seen.basis).magazine.timezone
    teaser = seen.teaser.to_json()
    names = lists_of(seen.teaser, fresh=seen.record is not None and seen.record.fresh)
    targets = (str(target) for name in names for target in targets_of(name, seen.teaser.published, zone))
    lists = dict.fromkeys(names, (seen.teaser.place, teaser))
    article = seen.article
    shown = (*seen.mentioned.media.values(), *seen.mentioned.issue_media.values())
    media = {FILE + key: "" for key in media_keys_of(article, seen.mentioned.issue)}
    media |= {FILE + medium.key: medium.digest for medium in shown}
    mentions = dict.fromkeys(mentions_of(article), "") | media
    return Entries(seen.basis.name, lists, tuple(sorted(set(targets))), mentions, shown_on(seen.teaser, seen.related), article.key, article.title)


def _alike(some: Entries, others: Entries) -> bool:
    return replace(some, basis="", revision=0) == replace(others, basis="", revision=0)


def _news(url: str, seen: Look, had: Entries, wanted: Entries, at: str) -> tuple[Event, ...]:
    """What other systems are to be told: the page came to be, or is another file's now; or it ceased, and was not only moved."""
    moved = seen.answer.kind == "redirect" and seen.copy is not None and seen.copy.claim.owner == had.key
    if had.key == wanted.key or moved:
        return ()
    address = pages_for(seen.basis).magazine.absolute(url)
    if wanted.key:
        return (Event.of("article.live", at, key=wanted.key, title=wanted.title, url=address),)
    # In the words that were public: the record may be an embargoed article's by now.
    return (Event.of("article.withdrawn", at, key=had.key, title=had.title, url=address),)


def _tell(cloud: Cloud, url: str, standing: Entries) -> None:
    """Sends what is untold, and forgets it only then: whoever dies in between leaves it to the next one. Raises Conflict."""
    if standing.untold:
        cloud.events.send(standing.untold)
        cloud.catalogue.write([_note(cloud, url, replace(standing, untold=(), revision=standing.revision + 1))])


def _note(cloud: Cloud, url: str, entries: Entries) -> dict[str, Any]:
    """Writes the entries' own item over the revision before this one."""
    condition, values = ("revision = :had", {"had": entries.revision - 1}) if entries.revision > 1 else ("attribute_not_exists(pk)", {})
    return cloud.catalogue.put(entries.item(url, entries.revision), condition, **values)


def _enter(cloud: Cloud, url: str, seen: Look, had: Entries, wanted: Entries, mark: str, tally: Tally) -> tuple[Entries, set[str]]:
    """Writes the entries and marks every target that shows one of them or showed it before; and which related posts the page shows.

    What is to be told of it is written along, so that it is told of no change but one that was made. Returns the entries as they stand, and the
    targets that were hinted at.
    """
    catalogue = cloud.catalogue
    fences = _fences(cloud, url, seen)
    since, cause = stamp(cloud.now()), tally.cause_of(url_target(url))
    standing = replace(wanted, untold=(*had.untold, *_news(url, seen, had, wanted, since)), revision=had.revision + 1)
    own, before = url_target(url), had.mentions if had.basis else {}
    forgotten = [catalogue.delete(mention_key(name, own, digest)) for name, digest in sorted(had.mentions.items() - wanted.mentions.items())]
    mentions = [catalogue.put(mention_item(name, own, digest)) for name, digest in sorted(wanted.mentions.items() - before.items())]
    shown = {name for name in had.mentions.keys() | wanted.mentions.keys() if had.mentions.get(name, "") != wanted.mentions.get(name, "")}
    media = {str(Target("media", name.removeprefix(FILE))) for name in shown if name.startswith(FILE)}
    # Without a basis, the entries were left half-written: whichever of them are there, all are put again.
    changed = {name for name in had.lists.keys() | wanted.lists.keys() if not had.basis or had.lists.get(name) != wanted.lists.get(name)}
    targets = sorted({*_concerned(seen, had, wanted, changed), *media})
    if not targets:
        if _alike(had, wanted):
            return had, set()
        for chunk in chunks([*forgotten, *mentions, _note(cloud, url, standing)], ACTIONS - len(fences)):
            catalogue.write([*fences, *chunk])
        return standing, set()
    places = {(name, entries.lists[name][0]) for name in changed for entries in (had, wanted) if name in entries.lists}
    around = tuple(sorted({place for name, place in places if name.startswith("tag/")}))
    # What an article showed that is still live stays until everything is made that showed it in a teaser.
    left = {str(Target("media", name.removeprefix(FILE))) for name, digest in had.mentions.items() if digest and name in shown and wanted.lists}
    after = sorted({*targets, *around} - media)
    marks = [
        mark_item(target, mark, since, around if target.startswith("tag:") else (), cause, after=after if target in left else ())
        for target in targets
    ]
    removed = [catalogue.delete((f"list#{name}", place)) for name, (place, _) in had.lists.items() if wanted.lists.get(name, ("",))[0] != place]
    removed += forgotten
    put = mentions + [
        catalogue.put({"pk": f"list#{name}", "sk": place, "json": teaser})
        for name, (place, teaser) in sorted(wanted.lists.items())
        if name in changed
    ]
    if len(fences) + len(marks) + len(removed) + len(put) + 1 <= ACTIONS:
        catalogue.write([*fences, *removed, *put, *map(catalogue.put, marks), _note(cloud, url, standing)])
    else:
        # No hint names these marks yet, so no worker deletes them before the entries are there.
        catalogue.put_all(marks)
        room = ACTIONS - len(fences)
        for chunk in chunks([*removed, _note(cloud, url, replace(standing, basis="", targets=tuple(targets))), *put], room):
            catalogue.write([*fences, *chunk])
        standing = replace(standing, revision=standing.revision + 1)
        catalogue.write([*fences, _note(cloud, url, standing)])
    cloud.lists.send([Hint(tuple(targets), mark, around, tally.receipt)])
    return standing, set(targets)


def _concerned(seen: Look, had: Entries, wanted: Entries, changed: Collection[str]) -> set[str]:
    """The targets that show a changed list's entry, now or before. Where the entries were half-written, or are of another basis: all."""
    both = {*had.targets, *wanted.targets}
    if not had.basis or had.basis != wanted.basis:
        return both
    zone = pages_for(seen.basis).magazine.timezone
    places = ((name, entries.lists[name][0]) for name in changed for entries in (had, wanted) if name in entries.lists)
    shown = {str(target) for name, place in places for target in targets_of(name, unstamp(place.partition("#")[0]), zone)}
    return both & shown


def _fences(cloud: Cloud, url: str, seen: Look) -> list[dict[str, Any]]:
    """Conditions that turn away a worker whose claim or record is no longer the one that it read."""
    catalogue, fences = cloud.catalogue, []
    if seen.copy:
        fences.append(catalogue.check(claim_key(url), "revision = :seen", seen=seen.copy.claim.revision))
    if seen.record:
        fences.append(catalogue.unchanged(seen.record))
    return fences
