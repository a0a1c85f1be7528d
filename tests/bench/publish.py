"""One publish in archives of several sizes, and many at once."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from pressrun.cloud.catalogue import Basis
from pressrun.cloud.cloud import connect
from pressrun.cloud.remote import put_in_force
from pressrun.cloud.restore import restore
from pressrun.core.magazine import read_magazine
from pressrun.local.cloud import Cloud
from pressrun.local.dev import TEMPLATE
from pressrun.local.package import edition
from pressrun.local.storm.stage import SITE_TOML, article
from tests.bench.archive import LABELS, lay
from tests.bench.meter import Meter, metered
from tests.bench.replay import Recorder

SIZES = (100, 10_000, 100_000)
_TEN_YEARS = timedelta(days=3_650)
WORKERS = {"validate": 10, "render": 10, "index": 10, "invalidate": 2}  # MaximumConcurrency, as the template has it


@dataclass(frozen=True)
class Publish:
    """One publish into an archive of ``size`` articles; ``median`` is the functions' own CPU time in seconds, of several."""

    size: int
    meter: Meter
    own: Sequence[float]


@contextmanager
def magazine(archive: int) -> Iterator[Cloud]:
    """A magazine with an archive, in the local cloud, settled."""
    connect.cache_clear()
    with Cloud(TEMPLATE, parameters={"Edition": edition()}) as cloud:
        restore(connect(), connect().edition)
        cloud.client("s3").put_object(Bucket=connect().content.name, Key="site.toml", Body=SITE_TOML.encode())
        cloud.settle()
        for _ in range(3):
            cloud.sweep()
            cloud.settle()
        made, _ = read_magazine(SITE_TOML.encode())
        if made is None:
            raise ValueError(SITE_TOML)
        lay(connect(), made, Basis(edition(), SITE_TOML), archive, datetime.now(UTC) - timedelta(hours=6))
        try:
            yield cloud
        finally:
            connect.cache_clear()


def upload(cloud: Cloud, number: int, age: timedelta = timedelta()) -> None:
    date = datetime.now(UTC) - timedelta(hours=5) + timedelta(seconds=number) - age
    body = article(f"Published {number}", "Text, and more of it.\n\n" * 50, **LABELS, date=date.isoformat())
    cloud.client("s3").put_object(Bucket=connect().content.name, Key=f"articles/published-{number}.md", Body=body.encode())


def one(size: int, repeats: int = 5) -> Publish:
    """The last of several publishes, each settled before the next; what they have in common is made before."""
    with magazine(size) as cloud:
        upload(cloud, 0)
        cloud.settle()
        own = []
        for number in range(1, repeats + 1):
            with metered(cloud) as meter:
                upload(cloud, number)
                cloud.settle()
            own.append(sum(meter.own.values()))
        if cloud.errors:
            raise RuntimeError(cloud.errors[0])
        return Publish(size, meter, own)


@dataclass(frozen=True)
class Bulk:
    """``count`` uploads at once, of an archive of ten years, and a new edition after them, whose templates make the same pages. ``home`` is how often
    the home page was put.

    ``alone`` are the functions' own CPU seconds for the ``uploads`` and for the ``edition``, without the local cloud beside them.
    """

    count: int
    meter: Meter
    home: int
    deploy: Meter
    alone: Mapping[str, float]


def bulk(count: int, folder: Path) -> Bulk:
    """What the functions did is kept in ``folder``, an empty one."""
    recorder = Recorder(folder)
    with recorder.recording(), magazine(0) as cloud:
        upload(cloud, 0)
        cloud.settle()
        for number in range(1, count + 1):
            upload(cloud, number, _TEN_YEARS * (1 - number / count))
        home = _HomePuts(cloud)
        recorder.phase = "uploads"
        with metered(cloud) as meter:
            _work(cloud)
        puts = home.puts
        recorder.phase = "edition"
        with patch.dict(os.environ, EDITION="the next one"), metered(cloud) as deploy:
            put_in_force(connect(), "the next one")
            _work(cloud)
        if cloud.errors:
            raise RuntimeError(cloud.errors[0])
    return Bulk(count, meter, puts, deploy, recorder.replayed())


def _work(cloud: Cloud) -> None:
    """As many batches of each at once as the template lets Lambda have; meanwhile hints for lists gather, as in their window."""
    while not cloud.quiet():
        for step in ("validate", "render"):
            for _ in range(WORKERS[step]):
                cloud.mappings[step].poll()
        for step in ("index", "invalidate"):
            cloud.mappings[step].poll()


class _HomePuts:
    def __init__(self, cloud: Cloud) -> None:
        self.puts = 0
        self._site = cloud.stack.distribution.origin
        cloud.aws.observe(self._see)

    def _see(self, bucket: str, key: str, body: bytes | None) -> None:
        self.puts += bucket == self._site and key == "index.html" and body is not None
