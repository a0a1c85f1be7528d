"""``dev`` and ``demo``: a local cloud over a content folder."""

import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pressrun
from pressrun.cloud.cloud import connect
from pressrun.cloud.pending import pending, records
from pressrun.cloud.restore import restore
from pressrun.core.article import is_article
from pressrun.local.cloud import LocalCloud
from pressrun.local.folder import Folder

_REPOSITORY = Path(pressrun.__file__).parents[2]
TEMPLATE = _REPOSITORY / "infra" / "template.yaml"
SAMPLE = Path(__file__).parent / "magazine"


@dataclass(frozen=True)
class Running:
    """A local cloud and the folder that it publishes."""

    cloud: LocalCloud
    folder: Folder
    purged: list[str]

    def settle(self, timeout: float) -> bool:
        """Waits until nothing is pending. False when ``timeout`` seconds were not enough."""
        end = monotonic() + timeout
        while monotonic() < end:
            if self.cloud.settle(max(0.1, end - monotonic())) and pending(connect()) == 0 and self.cloud.quiet():
                return True
            sleep(0.05)
        return False

    def summary(self, seconds: float) -> dict[str, Any]:
        """What was done so far: the JSON value of ``demo --once``."""
        articles = [record for record in records(connect()) if is_article(record.key)]
        return {
            "articles": sum(record.phase == "live" for record in articles),
            "refused": sum(record.refused for record in articles),
            "objects": sum(1 for _ in connect().site.listing()),
            **{outcome: connect().done[outcome] for outcome in ("put", "unchanged", "deleted")},
            "invalidation_items": len(self.purged),
            "calls": {service: dict(sorted(count.items())) for service, count in sorted(self.cloud.calls.items())},
            "seconds": round(seconds, 1),
        }


def edition() -> str:
    """The hash of the code and templates that run here."""
    files = [path for folder in ("functions/pressrun", "templates") for path in sorted((_REPOSITORY / folder).rglob("*"))]
    wanted = [path for path in files if path.is_file() and path.suffix != ".pyc" and "local" not in path.parts]
    digests = (f"{path.relative_to(_REPOSITORY)} {sha256(path.read_bytes()).hexdigest()}" for path in wanted)
    return sha256("\n".join(digests).encode()).hexdigest()[:12]


@contextmanager
def running(
    path: Path, *, aws_port: int, cdn_port: int, reload: bool, watch: bool, changed: Callable[[str], None] = lambda _: None
) -> Iterator[Running]:
    """A local cloud over the folder at ``path``: its register first, then its files. Raises OSError for a port that is taken."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with LocalCloud(TEMPLATE, aws_port=aws_port, cdn_port=cdn_port, reload=reload, parameters={"Edition": edition()}) as cloud:
        buckets = connect()
        folder = Folder(path, cloud.client("s3"), buckets.content.name, buckets.register.name)
        folder.load_register()
        cloud.aws.observe(folder.mirror)
        purged: list[str] = []
        cloud.aws.on_purge(lambda _distribution, items, _at: purged.extend(items))
        restore(connect())
        folder.upload()
        stop = threading.Event()
        watcher = threading.Thread(target=folder.watch, args=[stop, changed], daemon=True)
        if watch:
            watcher.start()
        try:
            yield Running(cloud, folder, purged)
        finally:
            stop.set()
            if watch:
                watcher.join(timeout=5)


def copy_sample(path: Path) -> None:
    """The sample magazine, as files of one's own."""
    shutil.copytree(SAMPLE, path, dirs_exist_ok=True)
