"""``dev`` and ``demo``: a local cloud over a content folder."""

import fcntl
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import Any, TypeVar

from jinja2 import TemplateError

import pressrun
from pressrun.cloud import press
from pressrun.cloud.cloud import connect
from pressrun.cloud.pending import pending, records
from pressrun.cloud.remote import answer_to, put_in_force
from pressrun.cloud.restore import restore
from pressrun.cloud.theme import NoTheme, load_theme, own_theme
from pressrun.core.article import PREFIX as ARTICLES
from pressrun.core.report import PREFIX as REPORTS
from pressrun.local.cloud import LocalCloud
from pressrun.local.folder import REGISTER, Folder, changes_below, is_content
from pressrun.local.latency import Aws as Latencies
from pressrun.local.package import edition
from pressrun.local.theme import REMEDY, check_theme, mistake_in
from pressrun.local.weather import Stirred, Weather

Listener = TypeVar("Listener", bound=logging.Handler)

_REPOSITORY = Path(pressrun.__file__).parents[2]
# At a tenth, as everything here that waits: long enough for lists to gather, and for their purge to join their article's.
WINDOWS = {"ListsWindow": "10", "ChangedWindow": "25"}
TEMPLATE = _REPOSITORY / "infra" / "template.yaml"
SAMPLE = Path(__file__).parent / "magazine"
LOG = "functions.log"  # beside the register, anew with each start
_LOCK = "lock"  # beside it
_POLL = 0.2  # seconds


@dataclass(frozen=True)
class Running:
    """A local cloud over a folder. ``purged`` are the items of all invalidations; ``log`` is where what the functions print goes; ``mistakes`` are
    those of templates, at which no page can be made.
    """

    cloud: LocalCloud
    purged: list[str]
    log: Path
    mistakes: list[str]

    def settle(self, timeout: float) -> bool:
        """Waits until nothing is pending. False when ``timeout`` seconds were not enough, or a template has a mistake, since none would be."""
        end = monotonic() + timeout
        while monotonic() < end and not self.mistakes:
            if self.cloud.settle(_POLL) and pending(connect()) == 0 and self.cloud.quiet():
                return True
            sleep(0.05)
        return False

    def answers(self) -> Iterator[str]:
        """What each upload from now on is told, as soon as it is; for ever."""
        # A content key and its report, whenever one is written, and '' at each upload.
        news: SimpleQueue[tuple[str, str]] = SimpleQueue()
        content = connect().content

        def tell(bucket: str, key: str, body: bytes | None) -> None:
            if bucket == content.name and is_content(key):
                news.put((key, ""))
            elif bucket == content.name and key.endswith(".txt") and body:
                news.put((key.removeprefix(REPORTS).removesuffix(".txt"), body.decode().rstrip()))

        self.cloud.aws.observe(tell)
        waiting: set[str] = set()
        while True:
            try:
                key, answer = news.get(timeout=_POLL if waiting else None)
            except Empty:
                if self.cloud.quiet():
                    # Told the same as before, so no report was written.
                    yield from (_brief(answer_to(connect(), key)) for key in sorted(waiting))
                    waiting.clear()
                continue
            if answer:
                waiting.discard(key)
                yield _brief(answer)
            else:
                waiting.add(key)

    def refusals(self) -> list[str]:
        """What is told to the articles that are refused as they stand."""
        return [_brief(answer_to(connect(), record.key)) for record in records(connect()) if record.refused]

    def summary(self, seconds: float) -> dict[str, Any]:
        """What was done so far: the JSON value of ``demo --once``."""
        articles = [record for record in records(connect()) if record.key.startswith(ARTICLES)]
        return {
            "articles": sum(record.phase == "live" for record in articles),
            "refused": sum(record.refused for record in articles),
            "objects": sum(1 for _ in connect().site.listing()),
            **{outcome: connect().done[outcome] for outcome in ("put", "unchanged", "deleted")},
            "invalidation_items": len(self.purged),
            "calls": {service: dict(sorted(count.items())) for service, count in sorted(self.cloud.calls.items())},
            "seconds": round(seconds, 1),
        }


def _brief(answer: str) -> str:
    return answer.replace("\n\n", ": ", 1)


class _Mistakes(logging.Handler):
    """Tells what is wrong with the theme when a function fails by it: once, however many pages need it."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self.found: list[str] = []
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        self.note(record.exc_info[1] if record.exc_info else None)

    def note(self, error: BaseException | None) -> None:
        said = mistake_in(error)
        if said and said not in self.found:
            self.found.append(said)
            self._tell(f"{said}\n{REMEDY}")


def _watch_theme(own: Path, cloud: LocalCloud, mistakes: _Mistakes, tell: Callable[[str], None], stop: threading.Event) -> None:
    """Puts the theme in force as a deploy does, whenever it has changed and can be read, until ``stop``."""

    def pause() -> None:
        if stop.wait(_POLL):
            raise SystemExit  # of this thread

    seen = connect().edition
    for _ in changes_below(own, stop):
        with cloud.functions.turn:  # no function begins with one theme and ends with another, or meets with an edition that is not in force
            try:
                fresh = edition()  # first: what changes from here on comes again, as another edition
                if fresh == seen:
                    continue
                seen = fresh
                mistakes.found.clear()
                check_theme(load_theme.__wrapped__())
                os.environ["EDITION"] = fresh
                load_theme.cache_clear()
                press._pages.cache_clear()
                put_in_force(connect(), fresh, pause)
            except OSError:
                continue  # a file has just gone, which comes again, too
            except (NoTheme, TemplateError) as error:
                mistakes.note(error)
                continue
        tell("The theme is in force as it is now, and the pages follow.")


@contextmanager
def running(
    path: Path,
    tell: Callable[[str], None],
    *,
    aws_port: int,
    cdn_port: int,
    reload: bool,
    watch: bool,
    weather: Weather = Weather.CALM,
    latency: bool = False,
) -> Iterator[Running]:
    """A local cloud over the folder at ``path``: its register first, then its files; with ``latency``, as slow as AWS. Raises OSError for a port that
    is taken, BlockingIOError where another one is at work on the folder. ``tell`` is called with what is to be said of the theme, from any thread.

    Until it ends, standard output goes into a log in the folder, as that of a function on Lambda does: what has something to say to the user
    keeps the real one.
    """
    stirred = None if weather is Weather.CALM else Stirred(weather)
    settings: dict[str, Any] = {"parameters": {"Edition": edition()} | ({} if latency else WINDOWS), "weather": stirred}
    with (
        _alone(path / REGISTER / _LOCK),
        _log(path / REGISTER / LOG),
        LocalCloud(
            TEMPLATE, aws_port=aws_port, cdn_port=cdn_port, reload=reload, latency=Latencies() if latency else None, held=True, **settings
        ) as cloud,
        stirred.over(connect().session, cloud.pace) if stirred else nullcontext(),
        _listening(_Mistakes(tell)) as mistakes,  # once the functions are loaded, whose loggers shut out who listens already
    ):
        buckets = connect()
        folder = Folder(path, cloud.client("s3"), buckets.content.name, buckets.register.name)
        folder.load_register()
        cloud.aws.observe(folder.mirror)
        purged: list[str] = []
        cloud.aws.on_purge(lambda _distribution, items, _at: purged.extend(items))
        restore(buckets, settings["parameters"]["Edition"])
        folder.upload()
        stop = threading.Event()
        watchers = [threading.Thread(target=folder.watch, args=[stop], daemon=True)] if watch else []
        # Functions that are as slow as on AWS take no turns, and one would be given another theme while it works.
        if watch and not latency and (own := own_theme()):
            watchers.append(threading.Thread(target=_watch_theme, args=[own, cloud, mistakes, tell, stop], daemon=True))
        for watcher in watchers:
            watcher.start()
        cloud.begin()  # not before: a function would take what is not there yet for gone, and an upload be overwritten by what is
        try:
            yield Running(cloud, purged, path.resolve() / REGISTER / LOG, mistakes.found)
        finally:
            stop.set()
            for watcher in watchers:
                watcher.join(timeout=5)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Holds the lock at ``path``, which ends with the process however that ends. Raises BlockingIOError where another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


@contextmanager
def _log(path: Path) -> Iterator[None]:
    # Besides what functions print: how their invocations ended.
    with path.open("w", encoding="utf-8", buffering=1) as log, redirect_stdout(log), _listening(logging.StreamHandler(log)):
        yield


@contextmanager
def _listening(handler: Listener) -> Iterator[Listener]:
    logging.getLogger().addHandler(handler)
    try:
        yield handler
    finally:
        logging.getLogger().removeHandler(handler)


def copy_sample(path: Path) -> None:
    """The sample magazine, as files of one's own."""
    shutil.copytree(SAMPLE, path, dirs_exist_ok=True)
