"""Lighthouse on a phone: its four scores for the pages that readers come in by. Not in the suite: a score is a measurement. Run by `make lighthouse`.

Version 12, since 13 wants a newer Node than Debian has.
"""

import json
import os
import subprocess
import sys

from tests.needs import chromium, program

from .conftest import ARTICLE, serving

_PAGES = ("/", "/ice/", ARTICLE, "/journal/", "/search/")
_FLAGS = "--headless=new --no-sandbox --disable-background-networking"


def main() -> int:
    """Returns 1 where a score is below 100."""
    npx = program("npx", "`apt-get install npm` gets it")
    worst = 100
    with serving() as address:
        for page in _PAGES:
            command = [npx, "--yes", "lighthouse@12.8.2", address + page, "--quiet", "--output", "json", f"--chrome-flags={_FLAGS}"]
            ran = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "CHROME_PATH": chromium()})
            scores = {name: round(100 * found["score"]) for name, found in json.loads(ran.stdout)["categories"].items()}
            worst = min(worst, *scores.values())
            sys.stdout.write(f"{page}: {', '.join(f'{name} {score}' for name, score in scores.items())}\n")
    return int(worst < 100)


if __name__ == "__main__":
    sys.exit(main())
