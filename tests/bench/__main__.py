"""`python -m tests.bench PART…`: measures, prints, and writes docs/performance.md and docs/cost.md. Without a part, all of them."""

import argparse
import os
import platform
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pressrun.cloud.cloud import connect
from pressrun.cloud.walk import Walk
from pressrun.local import package
from pressrun.local.storm.command import same_every_time
from tests.bench import build, cold, cost, latency, memory
from tests.bench.meter import Meter, metered
from tests.bench.publish import SIZES, Publish, bulk, magazine, one
from tests.package.runtime import runtime_folder

DOCS = Path(__file__).parents[2] / "docs"
PARTS = ("build", "publish", "bulk", "cold", "memory", "latency", "cost")
_BEGIN, _END = "<!-- measured: {} -->", "<!-- end -->"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--peers", type=Path, help="a folder with a versus.py that builds the same corpus with other generators")
    parser.add_argument("--work", type=Path, help="where the peers' tools and sites are kept")
    parser.add_argument("--tools", default="hugo,eleventy,pelican")
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--uploads", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    parts = asked.parts or PARTS
    same_every_time()  # a function that is played again asks in the same order
    if unknown := set(parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="pressrun-bench-") as name:
        work = Path(name)
        if "build" in parts:
            _write("build", _build(asked, work))
        published: list[Publish] = []
        if "publish" in parts:
            published = [one(size) for size in asked.sizes]
            _write("publish", _publish(published))
            (DOCS / "performance.svg").write_text(_plot(published))
        if "bulk" in parts:
            (work / "recorded").mkdir()
            _write("bulk", _bulk(asked.uploads, work / "recorded"))
        if {"cold", "memory"} & set(parts):
            built, client = package.build(work / "package", package.HERE), runtime_folder(work / "runtime")
            if "cold" in parts:
                _write("cold", _cold(built, client))
            if "memory" in parts:
                _write("memory", _memory(built, client, work / "functions"))
        if "latency" in parts or "cost" in parts:
            alone = published[0] if published else one(100, 3)
            if "latency" in parts:
                _write("latency", _latency(alone))
            if "cost" in parts:
                (DOCS / "cost.md").write_text(cost.page(alone, _minute()))
                print(f"{DOCS / 'cost.md'} is written.")


def _write(part: str, lines: Iterator[str]) -> None:
    """Prints the part, and puts it into its place in docs/performance.md."""
    text = "\n".join(lines)
    print(text, "\n")
    page = DOCS / "performance.md"
    before, begin, rest = page.read_text("utf-8").partition(_BEGIN.format(part))
    _, end, after = rest.partition(_END)
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")


def _machine() -> str:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} processors ({platform.machine()}), Python {platform.python_version()}, load {load}."


def _build(asked: argparse.Namespace, work: Path) -> Iterator[str]:
    content = work / "content"
    build.corpus(content, asked.articles)
    spent, whole, articles = build.profile(content, work / "site")
    yield f"{_machine()} {articles:,} articles, in one process:"
    yield ""
    yield "| Stage | CPU s | Share | µs an article |"
    yield "|---|--:|--:|--:|"
    for stage in build.STAGES:
        yield f"| {stage} | {spent[stage]:.2f} | {spent[stage] / whole:.0%} | {spent[stage] / articles * 1e6:.0f} |"
    other = whole - sum(spent.values())
    yield f"| what is between | {other:.2f} | {other / whole:.0%} | {other / articles * 1e6:.0f} |"
    yield f"| **all** | **{whole:.2f}** | | **{whole / articles * 1e6:.0f}** |"
    if asked.peers:
        yield ""
        yield f"Beside others, in turn in one run of {asked.runs} rounds:"
        yield ""
        yield "```"
        yield from build.beside_peers(asked.peers, asked.work or work / "peers", asked.articles, asked.runs, asked.tools)
        yield "```"


def _publish(published: Sequence[Publish]) -> Iterator[str]:
    def row(name: str, values: Sequence[object]) -> str:
        return f"| {name} |" + "".join(f" {value} |" for value in values)

    yield f"{_machine()}"
    yield ""
    yield row("Articles in the archive", [f"{one.size:,}" for one in published])
    yield "|---|" + "--:|" * len(published)
    meters = [one.meter for one in published]
    for service, operation in sorted(set().union(*(meter.services for meter in meters))):
        yield row(f"{service} {operation}", [meter.services[service, operation] for meter in meters])
    yield row("**AWS calls**", [sum(meter.calls.values()) for meter in meters])
    yield row("objects read or asked about", [meter.read for meter in meters])
    yield row("objects put", [len(meter.put) for meter in meters])
    yield row("items purged", [meter.purged for meter in meters])
    yield row("bytes of objects put", [f"{sum(meter.put.values()):,}" for meter in meters])
    yield row("bytes sent to AWS besides", [f"{meter.sent:,}" for meter in meters])
    yield row("bytes got from AWS", [f"{meter.got:,}" for meter in meters])
    yield row("DynamoDB read and write units", [f"{meter.reads}, {meter.writes}" for meter in meters])
    yield row("functions' own CPU ms, calls left out: median (least to most)", [_spread([1000 * own for own in one.own]) for one in published])


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.0f} ({min(values):.0f} to {max(values):.0f})"


def _bulk(uploads: int, folder: Path) -> Iterator[str]:
    done = bulk(uploads, folder)
    calls = sum(done.meter.calls.values())
    alone, beside = done.alone["uploads"], sum(done.meter.own.values())
    yield f"{_machine()} {uploads:,} articles of ten years uploaded at once:"
    yield ""
    yield "| | |"
    yield "|---|--:|"
    yield f"| the home page was put | {done.home} times ({done.home / uploads:.1%}) |"
    yield f"| AWS calls an article | {calls / uploads:.0f} |"
    yield f"| items purged | {done.meter.purged:,} |"
    yield f"| functions' own CPU ms an article, calls left out | {alone / uploads * 1000:.1f} |"
    yield f"| the same, in one process with the local cloud | {beside / uploads * 1000:.1f} |"
    yield f"| so many articles a second a core, calls left out | {uploads / alone:.0f} |"
    yield ""
    yield "A new edition after them, whose templates make the same pages:"
    yield ""
    yield "| | |"
    yield "|---|--:|"
    yield f"| objects put, items purged | {len(done.deploy.put):,}, {done.deploy.purged:,} |"
    yield f"| AWS calls an article | {sum(done.deploy.calls.values()) / uploads:.0f} |"
    yield f"| functions' own CPU ms an article, calls left out | {done.alone['edition'] / uploads * 1000:.1f} |"


def _cold(built: package.Package, client: Path) -> Iterator[str]:
    yield f"{_machine()} The package is {built.size / 1e6:.1f} MB here."
    yield "CPU ms until a function has its clients, under Lambda's runtime client (awslambdaric):"
    yield ""
    yield "| Function | Ours | bare boto3 and the same clients | Ratio |"
    yield "|---|--:|--:|--:|"
    for start in cold.starts(built.folder, client):
        yield f"| {start.step} | {start.ours:.0f} | {start.bare:.0f} | {start.ratio:.2f} |"


def _memory(built: package.Package, client: Path, work: Path) -> Iterator[str]:
    yield f"{_machine()} The sample magazine at once, then an article with a picture of 50 megapixels:"
    yield ""
    yield "| Function | MB at the most, after the magazine | and after the picture | MB in the template |"
    yield "|---|--:|--:|--:|"
    for each in memory.used(built, client, work):
        yield f"| {each.step} | {each.magazine:.0f} | {each.picture:.0f} | {each.given} |"


def _latency(alone: Publish) -> Iterator[str]:
    with magazine(0) as cloud:
        calm = [latency.simulate(cloud, alone.meter, 1, seed) for seed in range(500)]
        rush = latency.simulate(cloud, alone.meter, 10_000)
    page, lists = sorted(seen.page[0] for seen in calm), sorted(seen.lists[0] for seen in calm)
    yield "Seconds after an upload, simulated:"
    yield ""
    yield "| | Median | 95 of 100 | Most |"
    yield "|---|--:|--:|--:|"
    for name, times in (
        ("its page, alone", page),
        ("every list, alone", lists),
        ("its page, of 10,000 at once", sorted(rush.page)),
        ("every list, of these", sorted(rush.lists)),
    ):
        yield f"| {name} | {statistics.median(times):.1f} | {times[int(len(times) * 0.95)]:.1f} | {times[-1]:.1f} |"
    yield ""
    yield "| Stage, median seconds | Alone | Of 10,000 at once |"
    yield "|---|--:|--:|"
    for stage in latency.STAGES:
        yield f"| {stage} | {statistics.median(seen.stages[stage][0] for seen in calm):.1f} | {statistics.median(rush.stages[stage]):.1f} |"


def _minute() -> Meter:
    """A minute in which nothing happens, and the sweep walks on."""
    with magazine(0) as cloud, metered(cloud) as meter:
        connect().catalogue.put_item(Walk().item())
        cloud.sweep()
        cloud.settle()
    return meter


def _plot(published: Sequence[Publish]) -> str:
    """Calls and own time of a publish against the size of the archive, which is drawn by its logarithm."""
    width, height, left, bottom = 640, 320, 60, 40
    series = {
        "AWS calls": ([float(sum(one.meter.calls.values())) for one in published], "#9a2a1c"),
        "own CPU ms": ([1000 * statistics.median(one.own) for one in published], "#1c5a9a"),
    }
    most = max(max(values) for values, _ in series.values()) * 1.2
    steps = max(1, len(published) - 1)
    across = [left + (width - 2 * left) * number / steps for number in range(len(published))]

    def up(value: float) -> float:
        return height - bottom - (height - 2 * bottom) * value / most

    drawn = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">']
    drawn += ["<title>A publish against the size of the archive</title>", f'<rect width="{width}" height="{height}" fill="#fff"/>']
    drawn += [
        f'<text x="{x:.0f}" y="{height - 15}" text-anchor="middle">{one.size:,} articles</text>' for x, one in zip(across, published, strict=True)
    ]
    for place, (name, (values, colour)) in enumerate(series.items()):
        points = " ".join(f"{x:.0f},{up(value):.0f}" for x, value in zip(across, values, strict=True))
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        drawn += [
            f'<text x="{x:.0f}" y="{up(value) - 8:.0f}" text-anchor="middle">{value:.0f}</text>' for x, value in zip(across, values, strict=True)
        ]
        drawn.append(f'<text x="{left + 140 * place}" y="20" fill="{colour}">{name}</text>')
    return "\n".join([*drawn, "</svg>", ""])


if __name__ == "__main__":
    main()
