"""What list targets are made from, read from the catalogue: as it is, or as it would be with one more article."""

from collections.abc import Collection, Mapping
from zoneinfo import ZoneInfo

from pressrun.cloud.catalogue import noted_in
from pressrun.cloud.cloud import Cloud
from pressrun.core.cards import Card, Media, media_of_card
from pressrun.core.lists import Target, Teaser, bounds, cards_on, lists_of, newest_first, noted_as, parent_of, reading_of, targets_of
from pressrun.core.pages import Pages
from pressrun.core.site import SiteObject


def read_list(cloud: Cloud, target: Target, zone: ZoneInfo) -> tuple[tuple[Teaser, ...], frozenset[str], tuple[Card, ...], Media]:
    """What ``reading_of`` says of the target: teasers newest first, periods, cards in the order of their keys, and their media by content key."""
    entries, newest, period, periods, name = reading_of(target)
    begin, end = bounds(period, zone) if period else ("", "")
    items = cloud.catalogue.query(f"list#{entries}", begin=begin, end=end, limit=newest) if entries else ()
    noted = cloud.catalogue.query(f"periods#{periods}") if periods else ()
    teasers = tuple(Teaser.from_json(item["json"]) for item in items)
    cards = cloud.catalogue.cards(name) if name else ()
    media = cloud.catalogue.media(key for card in cards_on(target, cards) for keys in media_of_card(card).values() for key in keys)
    return teasers, frozenset(map(noted_in, noted)), cards, media


def lists_with(cloud: Cloud, pages: Pages, teaser: Teaser, *, fresh: bool) -> Mapping[str, SiteObject]:
    """The objects of the lists that would be others if this article were live, by site key, and as they would be. It reads what ``index`` would.

    ``fresh`` is whether the news sitemap would have it.
    """
    zone = pages.magazine.timezone
    shown_by = {target for name in lists_of(teaser, fresh=fresh) for target in targets_of(name, teaser.published, zone)}
    parents = {parent for target in shown_by if (parent := parent_of(target))}
    changed: dict[str, SiteObject] = {}
    for target in sorted(shown_by | parents):
        found, periods, cards, media = read_list(cloud, target, zone)
        newest = reading_of(target).newest or None
        without = [other for other in found if other.url != teaser.url]
        teasers = newest_first([*without, teaser])[:newest] if target in shown_by else without
        there = periods | {noted_as(below, [teaser]) for below in shown_by if parent_of(below) == target and _is_new(below, periods)}
        before = pages.make(target, without, periods, cards, media)
        changed |= {key: made for key, made in pages.make(target, teasers, there, cards, media).items() if made != before.get(key)}
    return changed


def _is_new(target: Target, periods: Collection[str]) -> bool:
    """Whether no page of the period or the tag is noted yet, whatever the tag is called."""
    return not {target.period or target.name} & {noted.partition("#")[0] for noted in periods}
