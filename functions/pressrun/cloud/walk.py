"""The walk over all content, a page of the listing at a time: what finds lost upload events, and takes new templates or a new ``site.toml``
everywhere.

A *full* walk hints at every key; it is begun by a change of the basis and pending until it ends. Its hints may be lost, so *unsure* rounds follow,
which hint at what is still of another basis, until one finds nothing. Otherwise the sweep walks round and round, and hints only where the file and
the register's copy of it differ, or a file that is no content was not answered. The listings of both buckets are in the order of the keys, so a page
of both is merged.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from pressrun.cloud import media
from pressrun.cloud.batch import DEAD, TooEarly
from pressrun.cloud.buckets import Conflict
from pressrun.cloud.catalogue import BASIS, WALK, Action, Basis, Item, Record, mark_item, record_key
from pressrun.cloud.cloud import Cloud
from pressrun.cloud.queues import Hint
from pressrun.cloud.register import SOURCES
from pressrun.cloud.theme import load_theme
from pressrun.core.cards import is_source
from pressrun.core.dates import stamp
from pressrun.core.lists import ASSETS, fixed_targets
from pressrun.core.magazine import KEY as SITE_TOML
from pressrun.core.media import Medium, is_medium
from pressrun.core.report import PREFIX as REPORTS
from pressrun.core.theme import assets_of

_PAGE = 1000
_AFTER_REPORTS = REPORTS[:-1] + chr(ord("/") + 1)  # in the order of the keys
_REST = timedelta(minutes=10)
NEW_EDITION = "new code or templates"  # what ``explain`` says caused it
NEW_BASIS = f"a new site.toml, or {NEW_EDITION}"


@dataclass(frozen=True, slots=True)
class Walk:
    """How far it has come. ``missed`` is whether an unsure round has found something, ``old_assets`` whether those of a former edition or look are to
    be deleted once all is sure.

    ``rest`` is the stamp until which no new round begins: in a bulk upload, what was not looked at yet differs, too, and is already hinted at.
    ``revision`` is another with each step, so that a sweep which is late does not put back a walk that a new basis has begun.
    """

    cursor: str = ""
    full: bool = False
    unsure: bool = False
    missed: bool = False
    old_assets: bool = False
    rest: str = ""
    revision: str = ""

    @classmethod
    def of(cls, item: Item | None) -> "Walk":
        return cls(**{name: value for name, value in item.items() if name not in ("pk", "sk")}) if item else cls()

    def item(self) -> Item:
        return {"pk": WALK[0], "sk": WALK[1], **asdict(self)}


def change_basis(cloud: Cloud, old: Basis, new: Basis, extra: Sequence[Action] = ()) -> None:
    """Puts another edition, another ``site.toml`` or another logo in force, and begins a full walk.

    Raises Conflict where ``old`` is no longer in force, or the walk has just moved on; TooEarly while old assets are being deleted.
    """
    now, mark = stamp(cloud.now()), cloud.new_mark()
    before, after = old.magazine, new.magazine
    come, old_assets = _bring_assets(cloud, old, new)
    targets = sorted({str(target) for magazine in (before, after) if magazine for target in fixed_targets(magazine)})
    # Before the change, and not named by a hint before it: no worker deletes them too early.
    cause = NEW_EDITION if new.edition != old.edition else SITE_TOML
    cloud.catalogue.put_all(mark_item(target, mark, now, cause=cause) for target in targets)
    item = {"pk": BASIS[0], "sk": BASIS[1], "edition": new.edition, "config": new.config, "logo": new.logo, "basis": new.name}
    condition, values = ("basis = :old", {"old": old.name}) if old != Basis() else ("attribute_not_exists(pk)", {})
    begun = Walk(full=True, old_assets=old_assets, revision=cloud.new_mark())
    cloud.catalogue.write([cloud.catalogue.put(item, condition, **values), moved(cloud, come, begun), *extra])
    if targets:
        cloud.lists.send([Hint(tuple(targets), mark)])
    step(cloud)


def _bring_assets(cloud: Cloud, old: Basis, new: Basis) -> tuple[Walk, bool]:
    """Puts the assets of a new edition or look, and the logo, before there is a page that names them. Returns how far the walk stands, and whether
    there are old ones to delete after the next.
    """
    walk = read(cloud)
    before, after = old.magazine, new.magazine
    alike = before and after and (old.edition, old.logo, before.style()) == (new.edition, new.logo, after.style())
    if not after or alike:
        return walk, walk.old_assets
    # Noted first: who dies after this leaves assets behind that may never be in force. And who has not begun to delete old ones does not begin now;
    # one that has begun does not know these, and is waited for.
    noted = replace(walk, old_assets=True, revision=cloud.new_mark())
    cloud.catalogue.write([moved(cloud, walk, noted)])
    alive = stamp(cloud.now() - DEAD)
    if any(mark.get("own") and mark["since"] > alive for mark in cloud.catalogue.marks(ASSETS).values()):
        raise TooEarly
    if new.logo and new.logo != old.logo and (logo := Medium.from_json(new.logo)):
        media.bring_logo(cloud, logo)
    for key, made in assets_of(after, load_theme()).values():
        with suppress(Conflict):  # it is there
            cloud.site.put_if(key, made, None)
    return noted, walk.old_assets or before is not None


def step(cloud: Cloud, pages: int = 20) -> Walk:
    """Walks on: at most ``pages`` pages of a full walk or of an unsure round, else one; not beyond its end. Returns how far it came."""
    walk = read(cloud)
    if not walk.cursor and _rests(cloud, walk):
        return walk
    for _ in range(pages):
        keys, behind, last = _page(cloud, walk)
        cloud.uploads.send_keys(keys)
        after = replace(_after(walk, behind, last, stamp(cloud.now() + _REST)), revision=cloud.new_mark())
        try:
            cloud.catalogue.write([moved(cloud, walk, after)])
            walk = after
        except Conflict:
            walk = read(cloud)
        if not walk.cursor or not (walk.full or walk.unsure):
            break
    return walk


def _rests(cloud: Cloud, walk: Walk) -> bool:
    """Whether no new round begins yet."""
    if walk.unsure and cloud.depth(cloud.uploads.url):
        return True  # what was hinted at is being worked off
    return not walk.full and stamp(cloud.now()) < walk.rest


def _after(walk: Walk, behind: bool, last: str, rest: str) -> Walk:
    """How far it has come with a page that ended at ``last``, and had something ``behind``."""
    missed = walk.missed or behind
    if last:
        return replace(walk, cursor=last, missed=missed, rest="")
    if walk.full:
        return Walk(unsure=True, old_assets=walk.old_assets)
    return Walk(unsure=walk.unsure and missed, old_assets=walk.old_assets, rest=rest)


def moved(cloud: Cloud, walk: Walk, after: Walk) -> Action:
    """Writes ``after`` where ``walk`` still stands."""
    condition, values = ("revision = :seen", {"seen": walk.revision}) if walk.revision else ("attribute_not_exists(pk)", {})
    return cloud.catalogue.put(after.item(), condition, **values)


def read(cloud: Cloud) -> Walk:
    """How far it has come."""
    return Walk.of(cloud.catalogue.read([WALK]).get(WALK))


def _page(cloud: Cloud, walk: Walk) -> tuple[list[str], bool, str]:
    """The keys to hint at, whether there is one among them that is still of another basis, and the last key of the page, '' at the end."""
    content, last = _listed(cloud, walk.cursor)
    copies = {}
    for key, etag in cloud.register.listing(SOURCES, after=SOURCES + walk.cursor):
        if last and key > SOURCES + last:
            break
        if walk.full or walk.unsure or etag:  # where an article was taken down there is a page, too
            copies[key.removeprefix(SOURCES)] = etag
    if walk.full:
        return sorted({*filter(is_source, content), *copies} - {SITE_TOML}), False, last
    others = [key for key in sorted(content.keys() | copies.keys()) if walk.unsure or content.get(key) != copies.get(key)]
    # They may be known to differ: the file is refused, or is no content; or an ETag is not of the bytes alone, after an upload in parts or under KMS:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    found = cloud.catalogue.read([*map(record_key, others), *([BASIS] if walk.unsure else [])])
    records = [Record.of(key, found.get(record_key(key))) for key in others]
    basis = Basis.of(found.get(BASIS)).name
    behind = {one.key for one in records if walk.unsure and _is_behind(one, basis)}
    changed = {one.key for one in records if (one.upload, one.copy) != (content.get(one.key, ""), copies.get(one.key, ""))}
    return sorted(behind | changed), bool(behind), last


def _is_behind(record: Record, basis: str) -> bool:
    """Whether it was judged by another basis than the one of this name. What an accepted medium is depends on none."""
    is_same = is_medium(record.key) and record.card and not record.refused
    return is_source(record.key) and record.basis != basis and not is_same


def _listed(cloud: Cloud, cursor: str) -> tuple[dict[str, str], str]:
    """A page of the content by key, without reports and folders, and its last key, '' at the end."""
    found = dict(cloud.content.listing(after=cursor, limit=_PAGE, empty=True))
    last = max(found) if len(found) == _PAGE else ""
    if cursor < REPORTS and not "" < last < REPORTS:
        behind = dict(cloud.content.listing(after=_AFTER_REPORTS, limit=_PAGE, empty=True))
        found = {key: etag for key, etag in found.items() if key < REPORTS} | behind
        last = max(behind) if len(behind) == _PAGE else ""
    return {key: etag for key, etag in found.items() if not key.endswith("/")}, last
