"""One URL: the article's page, or the redirect or 410 in its place; then, once that is there, the page's entries in the lists.

Gather: the basis, the URL's claim, its owner's record, the accepted copy, the nearest older articles of its tags. Decide: what the URL answers.
Apply: put where the bytes differ, then the entries with the marks of every target that shows them, in one transaction that is conditional on the
claim and the record that were read. Then look again: where the page would now be different, start over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from pressrun.cloud.batch import Named, Tally, chunks, same_edition, work
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
from pressrun.cloud.press import pages_for
from pressrun.cloud.queues import Hint
from pressrun.cloud.register import source_key
from pressrun.core.article import Article, read_article
from pressrun.core.cards import Mentioned, chosen, mentioned_by, mentions_of
from pressrun.core.claims import Answer, answer_of
from pressrun.core.dates import stamp
from pressrun.core.lists import Target, Teaser, lists_of, targets_of, teaser_of, url_target
from pressrun.core.related import NEAREST, Shown, related_to, shared
from pressrun.core.site import SiteObject, key_of

logger = Logger()
metrics = Metrics()

_TRIES = 12


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Takes hints from the queue ``articles``. What fails comes back."""
    cloud = connect()

    def make(named: Mapping[str, Named], tally: Tally) -> dict[str, Exception]:
        failed: dict[str, Exception] = {}
        for target in named:
            try:
                render(cloud, Target.parse(target).name, tally)
            except Exception as error:
                logger.exception("a page could not be made", extra={"target_hash": hashed(target)})
                failed[target] = error
        metrics.add_metric("PagesPut", MetricUnit.Count, tally.put)
        return failed

    return work(cloud, event, context, make)


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
    """Makes what stands at ``url`` what it should be now, and the lists' entries with it."""
    for _ in range(_TRIES):
        head = cloud.site.head(key_of(url))
        seen, entries = look(cloud, url)
        if seen.answer.kind == "redirect":
            _destination_first(cloud, seen.answer.to, tally)
        wanted = _entries(seen)
        try:
            if not _is_list_page(seen, url):
                tally.bring(cloud.site, key_of(url), _page(seen, url), head)
            _tell(cloud, url, _enter(cloud, url, seen, entries, wanted, tally))
        except Conflict:
            continue
        again, standing = look(cloud, url, seen.copy.claim.owner if seen.copy else None)
        if again == seen and _alike(standing, wanted):
            return
    raise RuntimeError(f"the page whose URL has the hash {hashed(url)} changed {_TRIES} times while it was made")


def look(cloud: Cloud, url: str, owner_before: str | None = None) -> tuple[Look, Entries]:
    """Reads everything that decides what stands at ``url``, and the entries that it has. Who knows the owner from a look before spares a read."""
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
    answer = answer_of(copy.claim, lived=copy.lived, live_at=record.url if record.phase == "live" else "")
    article = teaser = None
    mentioned = Mentioned()
    related: tuple[Teaser, ...] = ()
    if answer.kind == "page":
        article = _article(cloud, owner, record.source, basis.config)
        if copy.claim.first is None:
            raise RuntimeError(f"{url} is live, but has no first publication")
        cards = {name: card for name in mentions_of(article) if (card := chosen(name, cloud.catalogue.cards(name)))}
        mentioned = mentioned_by(article, cards)
        teaser = teaser_of(article, mentioned, copy.claim.first, copy.claim.feed_id)
        related = related_to(teaser, [_older(cloud, f"tag/{tag.slug}", teaser.place) for tag in teaser.tags])
    return Look(basis, copy, record, answer, article, mentioned, teaser, related), entries


def _article(cloud: Cloud, key: str, version: str, config: str) -> Article:
    stored = _source(cloud, key, version)
    article, problems = read_article(key, stored, pages_for(config).magazine)
    if article is None:
        raise RuntimeError(f"the accepted copy of {key} is not acceptable: {problems}")
    return article


@lru_cache(maxsize=64)
def _source(cloud: Cloud, key: str, version: str) -> bytes:
    """A version of an object never changes, so it is read once."""
    stored = cloud.register.get(source_key(key), version)
    if stored is None:
        raise RuntimeError(f"the register has no version {version} of {key}")
    return stored.body


def _older(cloud: Cloud, name: str, place: str) -> list[Teaser]:
    return [Teaser.from_json(item["json"]) for item in cloud.catalogue.query(f"list#{name}", end=place, limit=NEAREST)]


def _is_list_page(seen: Look, url: str) -> bool:
    """Whether a later ``site.toml`` gave the URL to a page of the magazine's own: then another target makes what stands there."""
    return bool(seen.basis.config) and pages_for(seen.basis.config).magazine.why_reserved(url) is not None


def _page(seen: Look, url: str) -> SiteObject | None:
    if not seen.basis.config:
        return None
    pages = pages_for(seen.basis.config)
    if seen.article and seen.teaser:
        return pages.article(seen.article, seen.teaser, seen.mentioned, seen.related)
    if seen.answer.kind == "redirect":
        return pages.redirect(url, seen.answer.to)
    return pages.gone(url) if seen.answer.kind == "gone" else None


def _destination_first(cloud: Cloud, url: str, tally: Tally) -> None:
    """A redirect never stands before the page that it leads to."""
    head = cloud.site.head(key_of(url))
    if head and "status" not in head.metadata:
        return
    own = cloud.new_mark()
    target = url_target(url)
    cloud.catalogue.put_all([mark_item(target, own, stamp(cloud.now()), own=True)])
    render(cloud, url, tally)
    cloud.catalogue.delete_all([mark_key(target, own)])


def _entries(seen: Look) -> Entries:
    """The entries that the page should have."""
    if seen.article is None or seen.teaser is None:
        return Entries()
    zone = pages_for(seen.basis.config).magazine.timezone
    teaser = seen.teaser.to_json()
    names = lists_of(seen.teaser)
    targets = (str(target) for name in names for target in targets_of(name, seen.teaser.published, zone))
    related = tuple(Shown(stamp(post.published), shared(seen.teaser, post)) for post in seen.related)
    lists = dict.fromkeys(names, (seen.teaser.place, teaser))
    mentions, article = mentions_of(seen.article), seen.article
    return Entries(seen.basis.name, lists, tuple(sorted(set(targets))), mentions, related, article.key, article.title)


def _alike(some: Entries, others: Entries) -> bool:
    return replace(some, basis="", revision=0) == replace(others, basis="", revision=0)


def _news(url: str, seen: Look, had: Entries, wanted: Entries, at: str) -> tuple[Event, ...]:
    """What other systems are to be told: the page came to be, or is another file's now; or it ceased, and was not only moved."""
    moved = seen.answer.kind == "redirect" and seen.copy is not None and seen.copy.claim.owner == had.key
    if had.key == wanted.key or moved:
        return ()
    address = pages_for(seen.basis.config).magazine.base_url + url
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


def _enter(cloud: Cloud, url: str, seen: Look, had: Entries, wanted: Entries, tally: Tally) -> Entries:
    """Writes the entries and marks every target that shows one of them or showed it before; and which related posts the page shows.

    What is to be told of it is written along, so that it is told of no change but one that was made. Returns the entries as they stand.
    """
    catalogue = cloud.catalogue
    fences = _fences(cloud, url, seen)
    mark, since = cloud.new_mark(), stamp(cloud.now())
    standing = replace(wanted, untold=(*had.untold, *_news(url, seen, had, wanted, since)), revision=had.revision + 1)
    forgotten = [catalogue.delete(mention_key(name, url)) for name in sorted(set(had.mentions) - set(wanted.mentions))]
    mentioned = sorted(set(wanted.mentions) - set(had.mentions if had.basis else ()))
    mentions = [catalogue.put(mention_item(name, url)) for name in mentioned]
    if (had.basis, had.lists, had.targets) == (wanted.basis, wanted.lists, wanted.targets):
        if _alike(had, wanted):
            return had
        for chunk in chunks([*forgotten, *mentions, _note(cloud, url, standing)], ACTIONS - len(fences)):
            catalogue.write([*fences, *chunk])
        return standing
    # Without a basis, the entries were left half-written: whichever of them are there, all are put again.
    changed = {name for name in had.lists.keys() | wanted.lists.keys() if not had.basis or had.lists.get(name) != wanted.lists.get(name)}
    places = {(name, entries.lists[name][0]) for name in changed for entries in (had, wanted) if name in entries.lists}
    around = tuple(sorted({place for name, place in places if name.startswith("tag/")}))
    targets = sorted({*had.targets, *wanted.targets})
    marks = [mark_item(target, mark, since, around if target.startswith("tag:") else ()) for target in targets]
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
    return standing


def _fences(cloud: Cloud, url: str, seen: Look) -> list[dict[str, Any]]:
    """Conditions that turn away a worker whose claim or record is no longer the one that it read."""
    catalogue, fences = cloud.catalogue, []
    if seen.copy:
        fences.append(catalogue.check(claim_key(url), "revision = :seen", seen=seen.copy.claim.revision))
    if seen.record:
        version = seen.record.version
        condition, values = ("version = :seen", {"seen": version}) if version else ("attribute_not_exists(pk)", {})
        fences.append(catalogue.check(record_key(seen.record.key), condition, **values))
    return fences
