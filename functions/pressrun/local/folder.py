"""A content folder on disk as the truth of a local cloud: a file saved in it is an upload, and an upload by any S3 client is a file in it.

``.pressrun/`` in the folder is the register, with a log and a lock beside it. Reports are mirrored too, for an editor to read.
"""

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from watchfiles import watch

from pressrun.cloud.register import SOURCES, is_claim
from pressrun.core.claims import Claim, Register
from pressrun.core.magazine import KEY as SITE_TOML
from pressrun.core.media import KINDS
from pressrun.core.report import PREFIX as REPORTS

REGISTER = ".pressrun"
_FIRST_LOOK = 500  # milliseconds after which the folder is looked at, whether or not anything changes


class _OnDisk(Mapping[str, bytes]):
    """The files of a folder by key, each read whenever it is wanted; ``named`` are there besides, or instead."""

    def __init__(self, folder: Path, keys: Iterable[str], named: Mapping[str, Path] = MappingProxyType({})) -> None:
        self._folder, self._named = str(folder), dict(named)
        self._keys = dict.fromkeys([*keys, *named])

    def __getitem__(self, key: str) -> bytes:
        if key not in self._keys:
            raise KeyError(key)
        with open(self._named.get(key, f"{self._folder}/{key}"), "rb", buffering=0) as file:  # noqa: PTH123 - some ten thousand times
            return file.read()

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys


def read_content(folder: Path, named: Mapping[str, Path] = MappingProxyType({})) -> Mapping[str, bytes]:
    """The files that are content, by key; ``named`` are there besides, or instead."""
    return _OnDisk(folder, filter(is_content, _keys(folder)), named)


def read_register(folder: Path) -> Register:
    """The register of a content folder; an empty one where there is none."""
    register = folder / REGISTER
    keys = list(_keys(register))
    claims = [Claim.from_json((register / key).read_bytes()) for key in keys if is_claim(key)]
    sources = [key.removeprefix(SOURCES) for key in keys if _is_source(key) and (register / key).stat().st_size]
    return Register({claim.url: claim for claim in claims}, _OnDisk(register / SOURCES, sources))


class Folder:
    """Keeps a folder and the buckets of a local cloud alike, both ways."""

    def __init__(self, path: Path, s3: Any, content: str, register: str) -> None:
        self.path, self.s3 = path.resolve(), s3
        self.buckets = {content: self.path, register: self.path / REGISTER}
        self.content = content
        self._held: dict[str, str] = {}  # content key -> digest of what the bucket holds: an echo is not an upload
        self._lock = threading.Lock()  # what is held and what is on disk change together

    def load_register(self) -> None:
        """Puts the folder's register into its bucket, before anything else."""
        (bucket,) = (name for name in self.buckets if name != self.content)
        for key, path in _files(self.path / REGISTER):
            if is_claim(key) or _is_source(key):
                self.s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())

    def upload(self) -> None:
        """Puts every content file, ``site.toml`` first."""
        content = read_content(self.path)
        for key in sorted(content, key=lambda key: (key != SITE_TOML, key)):
            self._put(key, content[key])

    def mirror(self, bucket: str, key: str, body: bytes | None) -> None:
        """Called after each put (its bytes) and delete (None) in any bucket: writes it to disk."""
        if bucket not in self.buckets:
            return
        path = self._path_of(bucket, key)
        if path is None:
            return
        # S3 may hold both 'a' and 'a/b', a disk cannot: the second is in the bucket alone.
        with self._lock, suppress(FileExistsError, NotADirectoryError, IsADirectoryError):
            if body is None:
                if path.is_file():  # and not what has its name now
                    path.unlink()
            elif not path.is_file() or path.read_bytes() != body:
                path.parent.mkdir(parents=True, exist_ok=True)
                fresh = path.with_name(f".{path.name}.new")
                fresh.write_bytes(body)
                fresh.replace(path)
            if bucket == self.content:
                self._held[key] = sha256(body).hexdigest() if body is not None else ""

    def watch(self, stop: threading.Event) -> None:
        """Uploads what is saved in the folder and deletes what is removed, until ``stop``; first what changed before anybody watched."""
        for at, paths in enumerate(changes_below(self.path, stop)):
            keys = {key for path in paths for key in self._touched(path)}
            if at == 0:
                with self._lock:
                    keys |= {*read_content(self.path), *self._held}
            for key in sorted(keys):
                self._bring(key)

    def _touched(self, path: Path) -> Iterator[str]:
        """The content keys that a change at ``path`` may concern: a folder that is moved is one change, whatever it holds."""
        key = path.relative_to(self.path).as_posix() if path.is_relative_to(self.path) else ""
        if is_content(key):
            yield key
        if is_content(f"{key}/") and not path.is_file():
            yield from filter(is_content, (f"{key}/{name}" for name, _ in _files(path)))
            with self._lock:
                held = list(self._held)
            yield from (other for other in held if other.startswith(f"{key}/"))

    def _bring(self, key: str) -> None:
        path = self.path / key
        # Under the lock, or a file that is just being mirrored would count as removed.
        with self._lock:
            held = self._held.get(key, "")
            try:
                body = path.read_bytes() if path.is_file() else None
            except OSError:
                return  # a file that nobody may read
        if body is None and held:
            self.s3.delete_object(Bucket=self.content, Key=key)
        elif body is not None and held != sha256(body).hexdigest():
            self._put(key, body)

    def _put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.content, Key=key, Body=body)

    def _path_of(self, bucket: str, key: str) -> Path | None:
        """Where a key lies on disk; None for one that no file can have, or that is not content."""
        parts = PurePosixPath(key).parts
        if key.endswith("/") or "/".join(parts) != key or not parts or any(part.startswith(".") or len(part.encode()) > 250 for part in parts):
            return None
        if bucket == self.content and not (is_content(key) or key.startswith(REPORTS)):
            return None
        return self.buckets[bucket].joinpath(*parts)


def changes_below(folder: Path, stop: threading.Event) -> Iterator[set[Path]]:
    """The paths that change, as they do, until ``stop``. The first time comes by itself: what changed before anybody watched is not among them."""
    settings: dict[str, Any] = {"debounce": 200, "step": 50, "watch_filter": None, "raise_interrupt": False}
    is_first = True
    for changes in watch(folder, stop_event=stop, rust_timeout=_FIRST_LOOK, yield_on_timeout=True, **settings):
        if changes or is_first:
            yield {Path(name) for _, name in changes}
        is_first = False


def is_content(key: str) -> bool:
    """Whether a file of this key is uploaded."""
    return (key == SITE_TOML or key.startswith(KINDS)) and not any(part.startswith(".") for part in key.split("/"))


def _is_source(key: str) -> bool:
    """Whether a file of the register is a copy; one that begins with a dot was left by somebody else, or by whoever died writing it."""
    return key.startswith(SOURCES) and not PurePosixPath(key).name.startswith(".")


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    return ((key, folder / key) for key in _keys(folder))


def _keys(folder: Path, within: str = "") -> Iterator[str]:
    """The files below a folder, in their order."""
    if not folder.is_dir():
        return
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            yield from _keys(folder / entry.name, f"{within}{entry.name}/")
        elif entry.is_file():
            yield within + entry.name


def starter(port: int) -> str:
    """The least ``site.toml``, for a folder that has none."""
    return f"""# The magazine. Change anything: the pages follow.
title = "My magazine"
base_url = "http://127.0.0.1:{port}"
language = "en"
timezone = "UTC"
default_section = "news"    # for an article that names no section and lies in no section's folder

[[sections]]
slug = "news"
name = "News"
"""
