"""The golden magazine: six small articles, one that was taken down, and the site that they must make, byte for byte.

After a change that is meant, make the site anew and read the diff::

    python tests/golden/golden.py
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from pressrun.cloud.theme import load_theme
from pressrun.core.build import Built, build
from pressrun.core.claims import Register
from pressrun.core.site import SiteObject

GOLDEN = Path(__file__).parent
SAMPLE = GOLDEN.parents[1] / "functions/pressrun/local/magazine"
SITE = GOLDEN / "site"
LISTING = GOLDEN / "site.json"

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_TAKEN_DOWN = {"articles/notes/a-mistake.md": b"---\ntitle: A Mistake\ndate: 2024-05-05\ntags: [regrets]\n---\n\nWe should not have printed this.\n"}


def content_of(folder: Path) -> dict[str, bytes]:
    """The files below ``folder`` by content key."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def build_golden() -> Built:
    """The golden magazine's site at ``NOW``, when one of its articles has been taken down."""
    content = content_of(GOLDEN / "magazine")
    # The names of assets carry their hashes. With stand-ins for them, another colour is not another page.
    theme = replace(load_theme(), assets={name: name.encode() for name in load_theme().assets})
    before = build(content | _TAKEN_DOWN, Register(), datetime(2024, 6, 1, tzinfo=UTC), theme)
    return build(content, Register(claims=before.claims), NOW, theme)


def build_sample() -> Built:
    """The sample magazine's site at ``NOW``, as its readers get it."""
    return build(content_of(SAMPLE), Register(), NOW, load_theme())


def listing_of(site: Mapping[str, SiteObject]) -> str:
    """What stands beside the bytes of each object: content type, cache control and metadata."""
    listing = {
        key: {"content_type": found.content_type, "cache_control": found.cache_control, "metadata": dict(found.metadata)}
        for key, found in site.items()
    }
    return json.dumps(listing, indent=1, sort_keys=True) + "\n"


def fingerprint(site: Mapping[str, SiteObject]) -> str:
    """Equal for equal sites: their keys, bytes and metadata."""
    return sha256(listing_of(site).encode() + b"".join(site[key].body for key in sorted(site))).hexdigest()


def refresh() -> None:
    """Writes the golden site as the code now makes it."""
    shutil.rmtree(SITE, ignore_errors=True)
    site = build_golden().site
    for key, found in site.items():
        path = SITE / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(found.body)
    LISTING.write_text(listing_of(site), "utf-8")


if __name__ == "__main__":
    refresh()
