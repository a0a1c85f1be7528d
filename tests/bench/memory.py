"""How much memory each function takes at the most: the package, under Lambda's runtime client, publishes the sample magazine at once, and then an
article with the largest picture that is accepted."""

import io
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from pressrun.cloud.cloud import connect
from pressrun.cloud.restore import restore
from pressrun.core.pictures import MOST_PIXELS
from pressrun.local.cloud import Cloud
from pressrun.local.dev import SAMPLE, TEMPLATE
from pressrun.local.folder import read_content
from pressrun.local.package import Package
from tests.package.runtime import processes

_WIDTH = 8_000


@dataclass(frozen=True)
class Memory:
    """In MB: what the function took at the most after the magazine, and after the picture, too; and what the template gives it."""

    step: str
    magazine: float
    picture: float
    given: int


def used(package: Package, client: Path, work: Path) -> list[Memory]:
    """``client`` is the folder of the runtime client. Linux alone tells the peak."""
    connect.cache_clear()
    work.mkdir()
    with ExitStack() as stack:
        cloud = stack.enter_context(Cloud(TEMPLATE, parameters={"Edition": package.edition}))
        stack.callback(connect.cache_clear)
        runtimes = stack.enter_context(processes(cloud, package.folder, client, work))
        restore(connect(), connect().edition)
        publish(cloud, read_content(SAMPLE))
        cloud.sweep()
        magazine = {step: runtime.peak for step, runtime in runtimes.items()}
        shows = f"---\ntitle: The largest\nsection: news\ndate: {datetime.now(UTC):%Y-%m-%d}\nimage: largest.png\n---\nText.\n"
        publish(cloud, {"media/largest.png": largest_picture(), "articles/largest.md": shows.encode()})
        return [Memory(step, magazine[step] / 1e6, runtimes[step].peak / 1e6, function.memory) for step, function in cloud.stack.functions.items()]


def publish(cloud: Cloud, files: Mapping[str, bytes]) -> None:
    for key in files:
        cloud.client("s3").put_object(Bucket=connect().content.name, Key=key, Body=files[key])
    if not cloud.settle():
        raise RuntimeError(cloud.errors)


def largest_picture() -> bytes:
    # A PNG is decoded as a whole, a JPEG at the size that is wanted.
    picture = Image.linear_gradient("L").resize((_WIDTH, MOST_PIXELS // _WIDTH)).convert("RGBA")
    png = io.BytesIO()
    picture.save(png, "PNG")
    return png.getvalue()
