"""List targets: fronts, archives, tags, authors, issues, feeds, sitemaps, fragments; and the articles whose related posts changed with them, or what
they mention; and the media that pages show.

Some targets are made in step: the objects' ETags first, then what they are made from, put where bytes differ, then read again; those that would now
be different start over. A month, year or tag that comes to be, or is no more, marks the page that lists it. Media come last: what no page shows any
more goes when the lists that showed it are made anew.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from json import dumps, loads
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from pressrun.cloud import media, walk
from pressrun.cloud.batch import Named, OutOfTime, Tally, TooEarly, chunks, has_time, hint_at, same_edition, work
from pressrun.cloud.buckets import Conflict, Head
from pressrun.cloud.catalogue import (
    ACTIONS,
    BASIS,
    Basis,
    Entries,
    Key,
    entries_key,
    mark_item,
    mention_item,
    mention_key,
    noted_in,
    noted_item,
    shown_key,
)
from pressrun.cloud.cloud import Cloud, connect
from pressrun.cloud.context import LambdaContext
from pressrun.cloud.events import hashed
from pressrun.cloud.press import pages_for
from pressrun.cloud.queues import Hint
from pressrun.cloud.readings import read_list
from pressrun.core.cards import FILE, Card, Media, chosen_media, media_of_card
from pressrun.core.dates import stamp
from pressrun.core.lists import ASSETS, NEWEST, Target, Teaser, cards_on, noted_as, noted_under, parent_of, reading_of, url_target
from pressrun.core.pages import Pages
from pressrun.core.related import NEAREST, may_change

logger = Logger()
metrics = Metrics()

_TRIES = 12
_IN_STEP = 50  # targets, which share calls; a few seconds' work
_LONGEST = 20  # seconds that they may take


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Takes hints from the queue ``lists``. What fails comes back."""
    cloud = connect()

    def make(named: Mapping[str, Named], tally: Tally) -> dict[str, Exception]:
        failed = index(cloud, named, tally, lambda: has_time(context, _LONGEST))
        metrics.add_metric("PagesPut", MetricUnit.Count, tally.put)
        return failed

    return work(cloud, event, context, make, cloud.lists)


@dataclass(frozen=True, slots=True)
class Look:
    """The state that one target is made from. ``noted`` is what is noted of its page for the page that lists it, '' where there is none.

    ``media`` are those of its cards, by content key; ``shown`` are the digests of those that its pages showed when they were made last.
    """

    basis: Basis
    teasers: tuple[Teaser, ...]
    periods: frozenset[str]
    cards: tuple[Card, ...]
    media: Media
    noted: str
    shown: Mapping[str, str] = field(compare=False)


def index(cloud: Cloud, named: Mapping[str, Named], tally: Tally, has_time: Callable[[], bool]) -> dict[str, Exception]:
    """Makes every target that is named what it should be now, as long as it ``has_time``. Returns what went wrong, by target."""
    failed: dict[str, Exception] = {}
    targets: list[Target] = []
    for name in named:
        try:
            targets.append(Target.parse(name))
        except ValueError as error:
            failed[name] = error
    # Lists first: what they show no longer may go then.
    for some in chunks(sorted(targets, key=lambda target: target.kind == "media"), _IN_STEP):
        failed |= _make(cloud, some, named, tally) if has_time() else {str(target): OutOfTime() for target in some}
    return failed


def _make(cloud: Cloud, targets: Sequence[Target], named: Mapping[str, Named], tally: Tally) -> dict[str, Exception]:
    """Returns what went wrong, by target."""
    failed: dict[str, Exception] = {}
    files = [target for target in targets if target.kind == "media"]
    todo = [target for target in targets if target.kind != "media"]
    for _ in range(_TRIES if todo else 0):
        basis = same_edition(cloud, cloud.catalogue.basis())
        heads = {target: {key: cloud.site.head(key) for key in pages_for(basis).keys(target)} for target in todo}
        seen = _look(cloud, todo)
        unsettled = []
        for target in todo:
            try:
                if seen[target].basis != basis:
                    raise Conflict(str(target))  # with another theme, it has assets under other names
                noted = _put(cloud, target, seen[target], heads[target], tally)
                seen[target] = replace(seen[target], noted=noted)
            except Conflict:
                unsettled.append(target)
            except Exception as error:
                logger.exception("a list could not be made", extra={"target": str(target)})
                failed[str(target)] = error
        _mark_neighbours(cloud, {target: named[str(target)].around for target in todo}, seen, tally)
        made = [target for target in todo if target not in unsettled and str(target) not in failed]
        again = _look(cloud, made)
        todo = unsettled + [target for target in made if again[target] != seen[target]]
        if not todo:
            break
    failed |= {str(target): RuntimeError(f"{target} changed {_TRIES} times while it was made") for target in todo}
    for target in files:
        try:
            media.make(cloud, target.name, named, failed, tally)
        except TooEarly as early:
            failed[str(target)] = early
        except Exception as error:
            logger.exception("a file could not be brought into the site", extra={"target_hash": hashed(str(target))})
            failed[str(target)] = error
    return failed


def _look(cloud: Cloud, targets: Collection[Target]) -> dict[Target, Look]:
    found = cloud.catalogue.read(
        [BASIS, *(key for target in targets if (key := _page_noted(target))), *map(shown_key, filter(_shows_media, targets))]
    )
    basis = same_edition(cloud, Basis.of(found.get(BASIS)))
    zone = pages_for(basis).magazine.timezone
    looks = {}
    for target in targets:
        shown = found.get(shown_key(target))
        noted = found.get(key) if (key := _page_noted(target)) else None
        looks[target] = Look(basis, *read_list(cloud, target, zone), noted_in(noted) if noted else "", loads(shown["json"]) if shown else {})
    return looks


def _shows_media(target: Target) -> bool:
    return bool(reading_of(target).cards)


def _page_noted(target: Target) -> Key | None:
    """Where the catalogue notes that this period of a list, or this tag, has a page."""
    under = noted_under(target)
    return (f"periods#{under[0]}", under[1]) if under else None


def _put(cloud: Cloud, target: Target, seen: Look, heads: Mapping[str, Head | None], tally: Tally) -> str:
    """Returns what is now noted of the page for the one that lists it."""
    pages = pages_for(seen.basis)
    if target == ASSETS:
        _delete_old_assets(cloud, pages, tally)
        return ""
    if target.kind == "mentions":
        mentioning = {Target.parse(item["sk"].partition("#")[2]) for item in cloud.catalogue.query(f"mention#{target.name}")}
        articles = {found for found in mentioning if found.kind == "url"}
        hint_at(cloud, cloud.articles, articles, tally.receipt, tally.cause_of(target))
        hint_at(cloud, cloud.lists, mentioning - articles, tally.receipt, tally.cause_of(target))
        return ""
    shown = {medium.key: medium for card in cards_on(target, seen.cards) for medium in chosen_media(media_of_card(card), seen.media).values()}
    new = [medium for key, medium in shown.items() if seen.shown.get(key) != medium.digest]
    mark = cloud.new_mark()  # That of an earlier try may be worked off by now: a hint with it would be taken for done.
    media.hold(cloud, new, mark, tally, tally.cause_of(target))
    made = pages.make(target, seen.teasers, seen.periods, seen.cards, seen.media)
    for key, head in heads.items():
        tally.bring(target, cloud.site, key, made.get(key), head)
    digests = {key: medium.digest for key, medium in shown.items()}
    if digests != seen.shown:
        _note_shown(cloud, target, seen.shown, digests, mark, tally)
    if target.kind == "section" and not made:
        # Before the section was, there may have been an article at its URL.
        hint_at(cloud, cloud.articles, [url_target(f"/{target.name}/")], tally.receipt, tally.cause_of(target))
    place, parent = _page_noted(target), parent_of(target)
    noted = noted_as(target, seen.teasers) if place and made else ""
    if place and parent and noted != seen.noted:
        change = cloud.catalogue.put(noted_item(place, noted)) if noted else cloud.catalogue.delete(place)
        cloud.catalogue.write([change, cloud.catalogue.put(mark_item(parent, mark, stamp(cloud.now()), cause=tally.cause_of(target)))])
        cloud.lists.send([Hint((str(parent),), mark, receipt=tally.receipt)])
    return noted


def _note_shown(cloud: Cloud, target: Target, before: Mapping[str, str], now: Mapping[str, str], mark: str, tally: Tally) -> None:
    """Notes which media the target's pages show, by content key, and has those looked at that they show no longer, or only now."""
    catalogue = cloud.catalogue
    gone = [catalogue.delete(mention_key(FILE + key, target, digest)) for key, digest in sorted(before.items() - now.items())]
    new = [catalogue.put(mention_item(FILE + key, target, digest)) for key, digest in sorted(now.items() - before.items())]
    pk, sk = shown_key(target)
    noted = catalogue.put({"pk": pk, "sk": sk, "json": dumps(now)}) if now else catalogue.delete((pk, sk))
    targets = sorted({str(Target("media", key)) for key, _ in before.items() ^ now.items()})
    marks = [catalogue.put(mark_item(changed, mark, stamp(cloud.now()), cause=tally.cause_of(target))) for changed in targets]
    for chunk in chunks([*new, *gone, noted, *marks], ACTIONS):
        catalogue.write(chunk)
    cloud.lists.send([Hint(tuple(targets), mark, receipt=tally.receipt)])


def _delete_old_assets(cloud: Cloud, pages: Pages, tally: Tally) -> None:
    """The sweep asks for it once no page is left that could name one of them. Where others are about to come into force, it will ask again."""
    if walk.read(cloud).old_assets:
        return
    for key, _ in cloud.site.listing("assets/"):
        if key not in pages.assets:
            cloud.site.delete(key)
            tally.deleted += 1
    for key, forgotten in media.forget_logos(cloud, pages.logo):
        target, mark = Target("media", key), cloud.new_mark()
        change = mark_item(target, mark, stamp(cloud.now()), cause=tally.cause_of(ASSETS))
        cloud.catalogue.write([*forgotten, cloud.catalogue.put(change)])
        cloud.lists.send([Hint((str(target),), mark, receipt=tally.receipt)])


def _mark_neighbours(cloud: Cloud, around: Mapping[Target, Collection[str]], seen: Mapping[Target, Look], tally: Tally) -> None:
    """An entry that changed may be among the related posts of the nearest newer articles of its tag."""
    near: dict[Key, Sequence[Teaser]] = {}
    for target, places in around.items():
        if target.kind == "tag" and not target.period:
            pk = f"list#tag/{target.name}"
            newest = {teaser.place: teaser for teaser in seen[target].teasers}
            near |= {(pk, place): _newer(cloud, newest, pk, place) for place in places}
    about = {teaser.url: entries_key(teaser.url) for newer in near.values() for teaser in newer}
    # What a page shows is noted after it was put and before its second look, which comes after the entry and sees it if this does not.
    found = cloud.catalogue.read([*(place for place, newer in near.items() if newer), *about.values()])
    noted = {url: Entries.of(found.get(key)) for url, key in about.items()}
    urls = {url for url, entries in noted.items() if not entries.basis}
    for place, newer in near.items():
        entry = Teaser.from_json(found[place]["json"]) if place in found else None
        urls |= {teaser.url for teaser in newer if teaser.url not in urls and may_change(teaser, noted[teaser.url].related, entry)}
    hint_at(cloud, cloud.articles, map(url_target, urls), tally.receipt, tally.cause_of(*around))


def _newer(cloud: Cloud, newest: Mapping[str, Teaser], pk: str, place: str) -> Sequence[Teaser]:
    """The nearest articles after this place. Those that the tag's page shows, by place, need not be read again."""
    known = [teaser for at, teaser in newest.items() if at > place]
    if len(known) < len(newest) or len(newest) < NEWEST:
        return known[-NEAREST:]
    items = cloud.catalogue.query(pk, begin=place, newest=False, limit=NEAREST + 1)
    return [Teaser.from_json(item["json"]) for item in items if item["sk"] != place][:NEAREST]
