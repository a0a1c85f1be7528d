"""Media in the site bucket: put there before a page shows them, deleted once none does.

Which media a page shows is noted in the catalogue after the page was put. Until then a mark with the medium's digest keeps what was brought for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from json import loads

from pressrun.cloud.batch import Tally
from pressrun.cloud.buckets import Conflict
from pressrun.cloud.catalogue import Record, mark_item, record_key
from pressrun.cloud.cloud import Cloud
from pressrun.cloud.events import hashed
from pressrun.cloud.register import source_key
from pressrun.core.dates import stamp
from pressrun.core.embedded import take_out
from pressrun.core.lists import Target
from pressrun.core.media import Medium, bodies_of, is_picture, judge, objects_of
from pressrun.core.pictures import folder_of

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


def make(cloud: Cloud, key: str, named: Collection[str], tally: Tally) -> None:
    """Makes the site bucket hold what pages show of the medium at a content key, and nothing else. ``named`` are the marks that are worked off."""
    for _ in range(_TRIES):
        medium, there, shown = seen = _look(cloud, key, named)
        try:
            if medium and medium.digest in shown:
                _bring(cloud, medium, tally)
            for name, digest in there.items():
                if digest not in shown:
                    cloud.site.delete(name)
                    tally.wrote(Target("media", key), name, "")
        except Conflict:
            continue
        again = _look(cloud, key, named)
        if (again[0], again[2]) == (seen[0], seen[2]):
            return
    raise RuntimeError(f"the file whose key has the hash {hashed(key)} changed {_TRIES} times while it was brought into the site")


def _look(cloud: Cloud, key: str, named: Collection[str]) -> tuple[Medium | None, dict[str, str], frozenset[str]]:
    """The medium; the digest of each of its objects in the site bucket; and which of these digests pages show, or are about to."""
    medium = _inside(cloud, key) or cloud.catalogue.media([key]).get(key)
    if is_picture(key):
        there = {name: name.rpartition("/")[2].partition("-")[0] for name, _ in cloud.site.listing(folder_of(key))}
    else:
        # Under one key, whichever bytes: it stays as long as a page offers any of them.
        head = cloud.site.head(key)
        there = {key: medium.digest if medium and _is_shown(cloud, key) else head.metadata.get("digest", "")} if head else {}
    marks = cloud.catalogue.query(f"target#{Target('media', key)}")
    held = {digest for mark in marks if mark["sk"].removeprefix("mark#") not in named for digest in loads(mark.get("around", "[]"))}
    digests = {*there.values(), *([medium.digest] if medium else [])}
    return medium, there, frozenset(digest for digest in digests if digest in held or _is_shown(cloud, key, digest))


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
