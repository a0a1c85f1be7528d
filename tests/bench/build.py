"""A full build: where its time goes, and side by side with other generators."""

import random
import re
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pressrun.cloud.theme import load_theme
from pressrun.local.output import write_site

SECTIONS = ("news", "ports", "ice", "weather", "essays", "log", "aboard", "deep", "letters", "law")
STAGES = ("read", "parse", "sanitise", "decide", "related", "render", "digest", "write")
_SYLLABLES = (
    "ar",
    "bel",
    "cor",
    "dun",
    "el",
    "far",
    "gan",
    "hol",
    "in",
    "jor",
    "kel",
    "lan",
    "mor",
    "nor",
    "ost",
    "pel",
    "quin",
    "ras",
    "sel",
    "tor",
    "ul",
    "ven",
)


def corpus(folder: Path, count: int, seed: int = 0) -> None:
    """A magazine of made-up words: articles of some 650 words with headings, links, a quotation and a picture, over ten years, in ten sections, with
    three of 200 tags, some of which many have, and one of 40 authors."""
    chance = random.Random(seed)
    words = ["".join(chance.choices(_SYLLABLES, k=chance.randint(1, 3))) for _ in range(2_000)]
    lines = [
        'title = "The Bench"',
        'base_url = "https://bench.example"',
        *(f'[[sections]]\nslug = "{one}"\nname = "{one.title()}"' for one in SECTIONS),
    ]
    folder.mkdir(parents=True)
    (folder / "site.toml").write_text("\n".join(lines) + "\n")
    shares = [1 / (rank + 1) for rank in range(200)]

    def sentence(length: int) -> str:
        return " ".join(chance.choices(words, k=length)).capitalize()

    begin = datetime(2016, 1, 1, tzinfo=UTC)
    for number in range(count):
        date = begin + timedelta(days=3_650) * (number / count)
        section = chance.choice(SECTIONS)
        tags = ", ".join(f"tag-{tag}" for tag in dict.fromkeys(chance.choices(range(200), shares, k=3)))
        head = [
            f'title: "{sentence(9)}"',
            f"slug: a-{number:06}",
            f"tags: [{tags}]",
            f"authors: [Author {chance.randrange(40)}]",
            f"date: {date:%Y-%m-%dT%H:%M:%SZ}",
        ]
        head += [f'summary: "{sentence(30)}."', f"image: /images/{number}.jpg"]
        paragraphs = [". ".join(sentence(15) for _ in range(5)) + f", [{sentence(2)}](/{section}/)." for _ in range(8)]
        body = [paragraphs[0], f"## {sentence(4)}", *paragraphs[1:4], f"> {sentence(20)}", f"![{sentence(3)}](/images/{number}.jpg)", *paragraphs[4:]]
        path = folder / "articles" / section / f"{number:06}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("---\n" + "\n".join(head) + "\n---\n\n" + "\n\n".join(body) + "\n")


def profile(content: Path, into: Path) -> tuple[dict[str, float], float, int]:
    """CPU seconds by stage of a build in one process, those of all, and how many articles there were. A stage that is inside another is not in it."""
    spent: defaultdict[str, float] = defaultdict(float)
    inside: list[str] = []

    def timed(stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            began = time.process_time()
            inside.append(stage)
            try:
                return work(*arguments, **named)
            finally:
                took = time.process_time() - began
                inside.pop()
                spent[stage] += took
                if inside:
                    spent[inside[-1]] -= took

        return run

    from pressrun.core import article, build, pages, site
    from pressrun.local import folder, output

    places: tuple[tuple[str, Any, str], ...] = (
        ("read", folder._OnDisk, "__getitem__"),
        ("parse", build, "read_article"),
        ("sanitise", article, "clean"),
        ("decide", output, "Plan"),
        ("related", build, "related_to"),
        ("render", pages.Pages, "article"),
        ("render", pages.Pages, "make"),
        ("digest", site, "_object"),
        ("write", output._Making, "_write"),
    )
    with ExitStack() as patches:
        for stage, place, name in places:
            patches.enter_context(patch.object(place, name, timed(stage, getattr(place, name))))
        shutil.rmtree(into, ignore_errors=True)
        began = time.process_time()
        made = write_site(content, into, datetime.now(UTC), load_theme(), lambda *_: None, processes=1)
        whole = time.process_time() - began
    return spent, whole, made.articles


def beside_peers(peers: Path, work: Path, count: int, runs: int, tools: str) -> list[str]:
    """What a bench of other generators prints of itself and of ours, in turn: `versus.py` in the folder ``peers``."""
    ours = f"{Path(sys.executable).parent / 'pressrun'} build {{content}} {{out}}"
    command = [
        sys.executable,
        str(peers / "versus.py"),
        "--work",
        str(work),
        "--n",
        str(count),
        "--runs",
        str(runs),
        "--tools",
        tools,
        "--ours",
        ours,
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line for line in ran.stdout.splitlines() if re.match(r"\w+ +median", line)]
