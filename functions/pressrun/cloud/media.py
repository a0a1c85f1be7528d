"""Media in the site bucket: put there before a page shows them, deleted once none does.

Which media a page shows is noted in the catalogue after the page was put. Until then a mark with the medium's digest keeps what was brought for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from json import loads

from pressrun.cloud.batch import Named, Tally, TooEarly
from pressrun.cloud.buckets import Conflict
from pressrun.cloud.catalogue import Action, Item, Record, mark_item, mention_item, record_key
from pressrun.cloud.cloud import Cloud
from pressrun.cloud.events import hashed
from pressrun.cloud.register import source_key
from pressrun.core.cards import FILE
from pressrun.core.dates import stamp
from pressrun.core.embedded import take_out
from pressrun.core.lists import SITE, Target, Teaser, url_target
from pressrun.core.media import Medium, bodies_of, is_picture, judge, objects_of
from pressrun.core.pictures import folder_of
from pressrun.core.related import NEAREST

_LOGOS = "logos"
_TRIES = 12
_PREVIEW = 800  # pixels
_INSIDE = re.compile(r"(.+)\n([^\n]+)", re.DOTALL)  # as core.cards.embedded_key has it


def hold(cloud: Cloud, media: Iterable[Medium], mark: str, tally: Tally, cause: str) -> set[str]:
    """Brings media for a page that is about to show them. Returns the targets that were marked: who calls hints at them once the page is noted."""
    held = {str(Target("media", medium.key)): medium for medium in media}
    since = stamp(cloud.now())
    cloud.catalogue.put_all(mark_item(target, mark, since, (medium.digest,), cause) for target, medium in held.items())
    tally.causes |= dict.fromkeys(held, cause)
    for medium in held.values():
        _bring(cloud, medium, tally)
    return set(held)


def bring_logo(cloud: Cloud, medium: Medium) -> None:
    """Brings a logo before it is in force. It stays until ``forget_logos``. Raises Conflict where another upload has taken its place."""
    cloud.catalogue.put_all(_logo_items(medium.key, medium.digest))
    tally = Tally(cloud.now, causes={str(Target("media", medium.key)): medium.key})
    _bring(cloud, medium, tally)
    cloud.catalogue.put_all(note.item() for note in tally.made.values())


def forget_logos(cloud: Cloud, current: Medium | None) -> Iterator[tuple[str, list[Action]]]:
    """Of each former logo, its content key, and the writes after which no page is noted that shows it."""
    for logo in cloud.catalogue.query(_LOGOS):
        digest, _, key = logo["sk"].partition("#")
        if not current or (key, digest) != (current.key, current.digest):
            yield key, [cloud.catalogue.delete((item["pk"], item["sk"])) for item in _logo_items(key, digest)]


def _logo_items(key: str, digest: str) -> tuple[Item, Item]:
    """The medium is the magazine's logo, or was and may still be shown, or is about to be."""
    return {"pk": _LOGOS, "sk": f"{digest}#{key}"}, mention_item(FILE + key, SITE, digest)


def previews(cloud: Cloud, media: Iterable[Medium]) -> dict[str, tuple[str, bytes]]:
    """One variant of each picture, for a page that is not in the site: content type and bytes by the picture's place. Raises Conflict."""
    found = {}
    for medium in media:
        if picture := medium.picture:
            wanted = picture.url(next((width for width in picture.widths if width >= _PREVIEW), picture.widths[-1]), picture.formats[-1])[1:]
            types = {key: made.content_type for key, made in objects_of(medium).items()}
            ((_, body),) = bodies_of(medium, _upload(cloud, medium), types.keys() - {wanted})
            found[picture.place] = types[wanted], body
    return found


def make(cloud: Cloud, key: str, named: Mapping[str, Named], failed: Collection[str], tally: Tally) -> None:
    """Makes the site bucket hold what pages show of the medium at a content key, and nothing else. ``named`` are the targets that are worked off in
    this invocation, of which some ``failed``.

    Raises TooEarly where an article shows it no longer, and lists and related posts may still.
    """
    target = str(Target("media", key))
    for _ in range(_TRIES):
        medium, there, shown, after = seen = _look(cloud, key, named[target].marks)
        try:
            if medium and medium.digest in shown:
                _bring(cloud, medium, tally)
            _wait_for(cloud, after, named, failed)
            for name, digest in there.items():
                if digest not in shown:
                    cloud.site.delete(name)
                    tally.wrote(Target("media", key), name, "")
        except Conflict:
            continue
        again = _look(cloud, key, named[target].marks)
        if (again[0], again[2]) == (seen[0], seen[2]):
            return
    raise RuntimeError(f"the file whose key has the hash {hashed(key)} changed {_TRIES} times while it was brought into the site")


def _wait_for(cloud: Cloud, after: Collection[str], named: Mapping[str, Named], failed: Collection[str]) -> None:
    """Raises TooEarly while a list that showed an article with the medium, or a page that showed that article as related, is still to be made."""
    places = {name for name in after if "#" in name}
    lists = {*after} - places
    for name in sorted(lists):
        mine = named[name].marks if name in named else set()
        if name in failed or cloud.catalogue.marks(name).keys() - mine:
            raise TooEarly
    # A list's mark goes when those of the neighbours are there.
    tags = [Target.parse(name).name for name in lists if name.startswith("tag:")]
    newer = {
        str(url_target(Teaser.from_json(item["json"]).url))
        for tag in tags
        for place in places
        for item in cloud.catalogue.query(f"list#tag/{tag}", begin=place, newest=False, limit=NEAREST + 1)
    }
    for name in sorted(newer):
        if cloud.catalogue.marks(name):
            raise TooEarly


def _look(cloud: Cloud, key: str, named: Collection[str]) -> tuple[Medium | None, dict[str, str], frozenset[str], frozenset[str]]:
    """The medium; the digest of each of its objects in the site bucket; which of these digests pages show, or are about to; and after what those
    that none shows may go, as the marks have it.
    """
    medium = _inside(cloud, key) or cloud.catalogue.media([key]).get(key)
    if is_picture(key):
        there = {name: name.rpartition("/")[2].partition("-")[0] for name, _ in cloud.site.listing(folder_of(key))}
    else:
        # Under one key, whichever bytes: it stays as long as a page offers any of them.
        head = cloud.site.head(key)
        there = {key: medium.digest if medium and _is_shown(cloud, key) else head.metadata.get("digest", "")} if head else {}
    target = Target("media", key)
    marks = cloud.catalogue.marks(target)
    digests = {*there.values(), *([medium.digest] if medium else [])}
    shown = {digest for digest in digests if digest in _held(marks, named) or _is_shown(cloud, key, digest)}
    if not shown.issuperset(there.values()):
        # Who noted meanwhile that a page shows one no longer left a mark with that.
        marks |= cloud.catalogue.marks(target)
        shown |= digests & _held(marks, named)
    after = frozenset(place for mark in marks.values() for place in loads(mark.get("after", "[]")))
    return medium, there, frozenset(shown), after


def _held(marks: Mapping[str, Item], named: Collection[str]) -> set[str]:
    """The digests that pages are about to show. ``named`` are the marks that are worked off."""
    return {digest for name, mark in marks.items() if name not in named for digest in loads(mark.get("around", "[]"))}


def _is_shown(cloud: Cloud, key: str, digest: str = "") -> bool:
    """Whether a page shows the medium, with this digest or any."""
    begin, end = (f"{digest}#", f"{digest}$") if digest else ("0", "g")  # '$' comes after '#', 'g' after every digest
    return any(cloud.catalogue.query(f"mention#file/{key}", begin=begin, end=end, limit=1))


def _bring(cloud: Cloud, medium: Medium, tally: Tally) -> None:
    """Puts those of the medium's objects that are not there. Raises Conflict where another upload has taken its place."""
    objects = objects_of(medium)
    if not medium.picture:
        ((key, made),) = objects.items()
        head = cloud.site.head(key)
        if head and head.holds(made):
            tally.unchanged += 1
            return
        etag, _ = cloud.site.copy(cloud.register, source_key(key), key, version=_record(cloud, key, medium.digest).source, made=made)
        tally.wrote(Target("media", key), key, etag)
        return
    there = {key for key, _ in cloud.site.listing(f"{medium.picture.place}-")}
    if there >= objects.keys():
        return
    for key, body in bodies_of(medium, _upload(cloud, medium), there):
        try:
            tally.bring(Target("media", medium.key), cloud.site, key, replace(objects[key], body=body), None)
        except Conflict:
            continue  # another worker has just put the same


def _upload(cloud: Cloud, medium: Medium) -> bytes:
    """The bytes that were accepted, from the register. Raises Conflict where they are no longer there."""
    if inside := _INSIDE.fullmatch(medium.key):
        data = _pictures_in(cloud, inside[1]).get(inside[2])
    else:
        stored = cloud.register.get(source_key(medium.key), _record(cloud, medium.key, medium.digest).source)
        data = stored.body if stored else None
    if data is None:
        raise Conflict(medium.key)
    return data


def _inside(cloud: Cloud, key: str) -> Medium | None:
    """The medium that lies inside an article."""
    inside = _INSIDE.fullmatch(key)
    data = _pictures_in(cloud, inside[1]).get(inside[2]) if inside else None
    return judge(key, data)[0] if data else None


def _pictures_in(cloud: Cloud, key: str) -> dict[str, bytes]:
    """Those in the accepted copy of an article."""
    record = _record(cloud, key)
    stored = cloud.register.get(source_key(key), record.source) if record.source else None
    return {picture.name: picture.data for picture in take_out(stored.body.decode("utf-8-sig"))[1]} if stored else {}


def _record(cloud: Cloud, key: str, digest: str = "") -> Record:
    """Raises Conflict where the record is of another upload than that with ``digest``."""
    record = Record.of(key, cloud.catalogue.read([record_key(key)]).get(record_key(key)))
    if digest and not record.digest.startswith(digest):
        raise Conflict(key)
    return record
