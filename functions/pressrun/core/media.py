"""Media: the files that pages show or offer. A picture is developed; a film or a download goes to readers as it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from urllib.parse import quote

from pressrun.core.pictures import MOST_BYTES, Picture, develop, judge_picture, too_large, variants_of
from pressrun.core.problem import Problem
from pressrun.core.site import ASSET, LEAF, SiteObject, cache_tag

KINDS = ("articles/", "authors/", "issues/", "media/", "pages/")  # below these lies all content but site.toml
PREFIX = "media/"
LARGEST = 500 * 1024 * 1024
# Bytes. S3 takes 1,024, and what is kept of a key has more to it: a folder and an ending, as its report and its preview have, or an instant.
LONGEST_KEY = 1000
BEGINNING = 1024  # bytes, enough to tell what a file is
_VERSION = 1  # of what is said of a medium: what an earlier Pressrun said is said anew

_PICTURES = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".heif", ".ico", ".jpeg", ".jpg", ".png", ".psd", ".svg", ".tif", ".tiff", ".webp"}  # some to be refused
)
# Content types (https://www.iana.org/assignments/media-types), and how a file of the kind begins, where all do.
_FILES: dict[str, tuple[str, tuple[bytes, ...]]] = {
    ".csv": ("text/csv; charset=utf-8", ()),
    ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (b"PK",)),
    ".epub": ("application/epub+zip", (b"PK",)),
    ".m4a": ("audio/mp4", ()),
    ".m4v": ("video/mp4", ()),
    ".mov": ("video/quicktime", ()),
    ".mp3": ("audio/mpeg", (b"ID3", b"\xff")),
    ".mp4": ("video/mp4", ()),
    ".ods": ("application/vnd.oasis.opendocument.spreadsheet", (b"PK",)),
    ".odt": ("application/vnd.oasis.opendocument.text", (b"PK",)),
    ".pdf": ("application/pdf", (b"%PDF-",)),
    ".pptx": ("application/vnd.openxmlformats-officedocument.presentationml.presentation", (b"PK",)),
    ".txt": ("text/plain; charset=utf-8", ()),
    ".vtt": ("text/vtt; charset=utf-8", (b"WEBVTT", b"\xef\xbb\xbfWEBVTT")),
    ".webm": ("video/webm", (b"\x1aE\xdf\xa3",)),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (b"PK",)),
    ".zip": ("application/zip", (b"PK",)),
}
_MEDIA = _PICTURES | _FILES.keys()
_FILMS = frozenset({".m4v", ".mov", ".mp4", ".webm"})
_MAYBE_ARTICLES = frozenset({".docx", ".odt", ".txt"})  # beside articles, these are meant to be one


@dataclass(frozen=True, slots=True)
class Medium:
    """An accepted file. ``digest`` is the beginning of its bytes' SHA-256, ``size`` their number; ``picture`` is what it shows, if it is one."""

    key: str
    digest: str
    size: int
    picture: Picture | None = None

    @property
    def url(self) -> str:
        """Where readers get it: a picture as large as they can, in the format that is shown everywhere."""
        if self.picture:
            return self.picture.url(self.picture.widths[-1], self.picture.formats[-1])
        return "/" + quote(self.key)

    def to_json(self) -> str:
        return json.dumps(asdict(self) | {"version": _VERSION}, separators=(",", ":"), sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Medium | None:
        """None for what was said by another version."""
        fields = json.loads(text)
        if fields.pop("version") != _VERSION:
            return None
        return cls(**fields | {"picture": Picture.of(fields["picture"]) if fields["picture"] else None})


class Files(Mapping[str, bytes]):
    """Files by content key, each read when it is first wanted; media, which need not fit into memory together, whenever they are."""

    def __init__(self, keys: Iterable[str], read: Callable[[str], bytes]) -> None:
        self._read, self._kept = read, dict[str, bytes | None].fromkeys(keys)

    def __getitem__(self, key: str) -> bytes:
        found = self._kept[key]
        if found is None:
            found = self._read(key)
            if not is_medium(key):
                self._kept[key] = found
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: object) -> bool:
        return key in self._kept


def is_medium(key: str) -> bool:
    """Whether this content key is that of a picture, a film or a download: all of ``media/``, and what may lie beside an article, author or issue."""
    suffix = suffix_of(key)
    beside = key.startswith(KINDS) and suffix in _MEDIA and suffix not in _MAYBE_ARTICLES
    return (key.startswith(PREFIX) or beside) and not key.endswith("/") and "/." not in key and not too_long(key)


def too_long(key: str) -> tuple[Problem, ...]:
    """What is wrong with a content key that is too long for what is kept of it, nothing where it is not."""
    if len(key) * 4 <= LONGEST_KEY or (size := len(key.encode())) <= LONGEST_KEY:
        return ()
    said = f"The file's name is too long: with its folders it has {size:,} bytes, and {LONGEST_KEY:,} is the most."
    return (Problem(said, "Give it a shorter name, and upload it again."),)


def is_media_name(name: str) -> bool:
    """Whether a file of this name is a picture, a film or a download."""
    return suffix_of(name) in _MEDIA


def is_picture(key: str) -> bool:
    """Whether the medium of this key can only be a picture."""
    return suffix_of(key) in _PICTURES


def is_film(key: str) -> bool:
    return suffix_of(key) in _FILMS


def suffix_of(name: str) -> str:
    """The ending of a file's name, in small letters: ``.jpg``; '' where it has none."""
    stem, _, ending = name.rstrip("/").rpartition("/")[2].rpartition(".")
    return f".{ending}".lower() if stem and ending else ""


def judge(key: str, data: bytes) -> tuple[Medium | None, tuple[Problem, ...]]:
    """The medium in a file's bytes, or why it is refused."""
    digest = digest_of(data)
    if is_picture(key):
        picture, problems = judge_picture(key, data)
        return (Medium(key, digest, len(data), picture) if picture else None), problems
    return judge_file(key, len(data), data[:BEGINNING], digest)


def judge_size(key: str, size: int) -> tuple[Problem, ...]:
    """What is wrong before a byte is read."""
    if is_picture(key):
        return (too_large(size),) if size > MOST_BYTES else ()
    if not is_media_name(key):
        kinds = "pictures (JPEG, PNG, GIF, WebP, AVIF), PDF, ZIP and office files, MP3, M4A, MP4, MOV and WebM"
        return (Problem("This kind of file is not published.", f"media/ takes {kinds}."),)
    if size > LARGEST:
        most = f"{LARGEST // 1024 // 1024} MB"
        return (Problem(f"The file has {size / 1024 / 1024:,.0f} MB; {most} is the most.", "Make it smaller, or publish it in parts."),)
    return () if size else (Problem("The file is empty.", "Upload it again."),)


def judge_file(key: str, size: int, beginning: bytes, digest: str) -> tuple[Medium | None, tuple[Problem, ...]]:
    """A film or a download, by what it begins with."""
    if problems := judge_size(key, size):
        return None, problems
    suffix = suffix_of(key)
    begins = _FILES[suffix][1]
    if begins and not beginning.startswith(begins):
        kind = suffix[1:].upper()
        return None, (Problem(f"The name says {kind}, but this is no {kind} file.", f"Save it anew as {kind}, or give it the right ending."),)
    return Medium(key, digest, size), ()


def digest_of(data: bytes) -> str:
    return sha256(data).hexdigest()[:16]


def objects_of(medium: Medium) -> dict[str, SiteObject]:
    """The site's objects of a medium, by key, but for their bytes. Their ``digest`` is the upload's: another machine may develop other bytes."""
    digest = ("digest", medium.digest)
    if medium.picture:
        return {key: SiteObject(b"", content_type, ASSET, (digest,)) for key, content_type in variants_of(medium.picture).items()}
    return {medium.key: SiteObject(b"", _FILES[suffix_of(medium.key)][0], LEAF, (("cache-tag", cache_tag(medium.key)), digest))}


def bodies_of(medium: Medium, data: bytes, there: Container[str] = ()) -> Iterator[tuple[str, bytes]]:
    """The bytes of those of the objects whose key is not ``there``, one at a time. ``data`` is the upload."""
    if medium.picture:
        yield from develop(data, medium.picture, there)
    elif medium.key not in there:
        yield medium.key, data
