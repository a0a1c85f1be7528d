"""A site as files: what ``build`` writes. As many processes as there are processors make it, to the same bytes as one.

First they read the articles, and put the texts aside on disk. One decides from the rest what is to be made (``core.build.Plan``); then all make and
write it. So none holds the texts or the pages of a magazine together.
"""

import gc
import json
import multiprocessing
import os
import pickle
import sys
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import chain, islice, pairwise, zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, TypeVar

from pressrun.core.build import Files, Plan, Read, articles_in, logo_of, magazine_of, read
from pressrun.core.claims import Register
from pressrun.core.lists import Target
from pressrun.core.magazine import KEY as SITE_TOML
from pressrun.core.magazine import Magazine
from pressrun.core.media import Medium, bodies_of, objects_of
from pressrun.core.pages import Pages
from pressrun.core.problem import Problem, errors
from pressrun.core.site import SiteObject
from pressrun.core.theme import Theme
from pressrun.local.folder import read_content, read_register

# Which files are the site's, one on a line, with the metadata that a file cannot have. What it does not name was there before, and stays.
MANIFEST = ".pressrun-site.json"
_A_FEW = 400  # articles, with which one process is done before more have begun
_AT_A_TIME = 50
_UNDER_WAY = 16  # times as many, for each process
_FILES = 1 << 24  # more than processes have numbers
_A_RUN = 1000  # lines of the manifest, which are sorted in memory
_BLOCK = 1 << 14  # bytes of it, more than any line has

Told = Callable[[str, int, int], None]
Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Written:
    """What a build came to: how many articles are live and how many objects the site has; how many of these were put, unchanged and deleted; and, by
    content key, what is wrong with the files that are refused."""

    articles: int
    objects: int
    counts: dict[str, int]
    refused: dict[str, list[Problem]]


def write_site(content: Path, into: Path, now: datetime, theme: Theme, told: Told, processes: int = 0) -> Written:
    """Makes the site of a content folder: writes what differs, and deletes what an earlier build wrote that is no longer of the site.

    ``told`` gets what is being done, of how many things, and how many there are. Raises NoMagazine and OSError.
    """
    files, register = read_content(content), read_register(content)
    magazine, problems = magazine_of(files, register)
    keys = articles_in(files, register)
    processes = processes or (processors() if len(keys) > _A_FEW else 1)
    logo = logo_of(files, register, magazine)
    pages = Pages(magazine, theme, logo)
    with TemporaryDirectory(prefix="pressrun-") as texts, Path(texts, "listed").open("w+b") as lines, _no_pauses():
        reads: dict[str, Read] = {}
        places: dict[str, int] = {}
        with _workers(processes, _Reading(files, register, magazine, _Texts(texts))) as each:
            results = each(keys)
            pages.compile()  # while others read
            for number, (key, (one, place)) in enumerate(zip(keys, results, strict=True), 1):
                reads[key], places[key] = one, place
                told("Reading", number, len(keys))
        put_aside = _Texts(texts, places)
        # Each is let go of once it was decided upon; who is asked for again comes from disk.
        plan = Plan(files, register, now, magazine, lambda key: reads.pop(key, None) or put_aside(key).lean)
        reads.clear()
        targets, count = chain(plan.targets, (Target("media", key) for key in sorted(plan.media))), plan.count + len(plan.media)
        listed = _Listed(lines)
        counts = Counter(put=0, unchanged=0)
        with _workers(processes, _Making(plan, magazine, theme, logo, pages, put_aside, into)) as each:
            for number, objects in enumerate(each(targets), 1):
                for key, description, is_put in objects:
                    listed.add(key, description)
                    counts["put" if is_put else "unchanged"] += 1
                told("Making", number, count)
        counts["deleted"] = listed.write(into)
    wrong = {SITE_TOML: problems, **plan.problems}
    refused = {key: found for key in sorted(wrong) if (found := errors(wrong[key]))}
    return Written(len(plan.live), listed.count, dict(counts), refused)


class _Texts:
    """Articles on disk, in a file for each process that put some there. A place is a number: where the text begins, and in which process's file."""

    def __init__(self, folder: str, places: dict[str, int] = {}) -> None:  # noqa: B006 - nothing is ever put into it
        self.folder, self.places = folder, places
        self._open: dict[int, BinaryIO] = {}

    def put(self, one: Read) -> int:
        name = os.getpid()
        file = self._file(name, "ab")
        place = file.tell() * _FILES + name
        file.write(pickle.dumps(one, pickle.HIGHEST_PROTOCOL))
        return place

    def __call__(self, key: str) -> Read:
        start, name = divmod(self.places[key], _FILES)
        file = self._file(name, "rb")
        file.seek(start)
        one: Read = pickle.load(file)  # noqa: S301 - our own
        return one

    def flush(self) -> None:
        for file in self._open.values():
            file.flush()

    def _file(self, name: int, mode: str) -> BinaryIO:
        if name not in self._open:
            self._open[name] = open(Path(self.folder, str(name)), mode)  # type: ignore[assignment]  # noqa: PTH123, SIM115 - closed with the process
        return self._open[name]


@dataclass
class _Reading:
    files: Files
    register: Register
    magazine: Magazine
    texts: _Texts

    def __call__(self, keys: Sequence[str]) -> list[tuple[Read, int]]:
        """What is decided by, and where the whole of it is."""
        found = []
        for key in keys:
            one = read(key, self.files, self.register, self.magazine)
            found.append((one.lean, self.texts.put(one)))
        self.texts.flush()
        return found


@dataclass
class _Making:
    plan: Plan
    magazine: Magazine
    theme: Theme
    logo: Medium | None
    pages: Pages | None
    texts: _Texts
    into: Path

    def __getstate__(self) -> dict[str, Any]:
        """For a process that is not a copy of this one: plates cannot be sent, and are made anew there."""
        return {**self.__dict__, "pages": None}

    def __call__(self, targets: Sequence[Target]) -> list[list[tuple[str, str, bool]]]:
        """Of each object of each target: its key, its description, and whether it was put."""
        return [list(self._write_target(target)) for target in targets]

    def _write_target(self, target: Target) -> Iterator[tuple[str, str, bool]]:
        if target.kind == "media":
            yield from self._write_medium(target.name)
            return
        self.pages = self.pages or Pages(self.magazine, self.theme, self.logo)
        for key, made in self.plan.make(target, self.pages, self.texts).items():
            yield key, _described(made), self._write(key, made.body)

    def _write_medium(self, key: str) -> Iterator[tuple[str, str, bool]]:
        medium = self.plan.media[key]
        objects = objects_of(medium)
        # A picture's names carry the hash of what it was made from: what is there need not be made again.
        there = {name for name in objects if medium.picture and (self.into / name).is_file()}
        bodies = bodies_of(medium, self.plan.upload_of(key), there) if len(there) < len(objects) else ()
        put = {name: self._write(name, body) for name, body in bodies}
        yield from ((name, _described(made), put.get(name, False)) for name, made in objects.items())

    def _write(self, key: str, body: bytes) -> bool:
        """Whether it was not there yet."""
        path = f"{self.into}/{key}"
        # Some ten thousand times, so nothing is asked of the system whose answer is known: in a new folder there is no file.
        if not _make_folder(path.rpartition("/")[0]):
            with suppress(FileNotFoundError), open(path, "rb", buffering=0) as file:  # noqa: PTH123
                if file.read() == body:
                    return False
        with open(path, "wb", buffering=0) as file:  # noqa: PTH123
            file.write(body)
        return True


def _make_folder(folder: str) -> bool:
    """Whether it was not there yet."""
    try:
        os.mkdir(folder)  # noqa: PTH102
    except FileExistsError:
        return False
    except FileNotFoundError:
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
        return False  # or another process has made it meanwhile
    return True


def _described(made: SiteObject) -> str:
    return json.dumps({"content_type": made.content_type, "cache_control": made.cache_control, "metadata": dict(made.metadata)})


class _Listed:
    """The manifest in the making. Its lines are on disk, since they are longer than all else that is known of the objects."""

    def __init__(self, lines: BinaryIO) -> None:
        self._lines, self._ends, self._run = lines, array("Q"), list[str]()
        self.count = 0

    def add(self, key: str, description: str) -> None:
        self._run.append(f"{json.dumps(key)}: {description}\n")
        self.count += 1
        if len(self._run) == _A_RUN:
            self._end_run()

    def _end_run(self) -> None:
        """Lines in their order, after others that are in theirs."""
        self._lines.write("".join(sorted(self._run)).encode())
        self._ends.append(self._lines.tell())
        self._run.clear()

    def write(self, into: Path) -> int:
        """Puts the manifest where it is another one, and deletes what only the last one names. Returns how many that were."""
        self._end_run()
        manifest, fresh = into / MANIFEST, into / f"{MANIFEST}.new"
        gone: set[str] = set()
        if manifest.is_file():
            with manifest.open("rb") as before:
                if all(line == there for line, there in zip_longest(self._sorted(), before)):
                    return 0
                before.seek(0)
                gone = {_key_in(line) for line in before if line.startswith(b'"')}.difference(map(_key_in, self._all()))
        for key in gone:
            (into / key).unlink(missing_ok=True)
        with fresh.open("wb") as file:
            file.writelines(self._sorted())
        fresh.replace(manifest)
        return len(gone)

    def _sorted(self) -> Iterator[bytes]:
        yield b"{\n"
        for number, line in enumerate(self._all(), 1):
            yield line.replace(b"\n", b",\n") if number < self.count else line
        yield b"}\n"

    def _all(self) -> Iterator[bytes]:
        """The lines in their order."""
        return merge(*(self._read(start, end) for start, end in pairwise([0, *self._ends])))

    def _read(self, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            self._lines.seek(start)
            block = self._lines.read(min(_BLOCK, end - start))
            block = block[: block.rindex(b"\n") + 1]
            yield from block.splitlines(keepends=True)
            start += len(block)


_DECODER = json.JSONDecoder()


def _key_in(line: bytes) -> str:
    key: str = _DECODER.raw_decode(line.decode())[0]
    return key


# Processes


_work: Callable[[Sequence[Any]], list[Any]]  # what this process does for another


def _begin(do: Callable[[Sequence[Any]], list[Any]]) -> None:
    global _work
    _work = do
    gc.disable()


def _some(items: Sequence[Any]) -> list[Any]:
    return _work(items)


@contextmanager
def _workers(processes: int, do: Callable[[Sequence[Item]], list[Made]]) -> Iterator[Callable[[Iterable[Item]], Iterator[Made]]]:
    """What does this to many things, in their order, in as many processes; with one, in this one."""

    def chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
        left = iter(items)
        return iter(lambda: list(islice(left, _AT_A_TIME)), [])

    if processes == 1:
        yield lambda items: (made for some in chunks(items) for made in do(some))
        return

    def each(items: Iterable[Item]) -> Iterator[Made]:
        under_way: deque[Future[list[Any]]] = deque()
        for some in chunks(items):
            under_way.append(pool.submit(_some, some))
            if len(under_way) > _UNDER_WAY * processes:
                yield from under_way.popleft().result()
        for future in under_way:
            yield from future.result()

    # A copy of this process has everything at once; where there is no such thing, the work is sent to it.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
    with ProcessPoolExecutor(processes, context, _begin, (do,)) as pool:
        yield each


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _no_pauses() -> Iterator[None]:
    """Without the search for cycles, of which a build makes few, among millions of objects that stay."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
