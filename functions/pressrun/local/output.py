"""A site as files: what ``build`` writes."""

import json
from collections.abc import Mapping
from pathlib import Path

from pressrun.core.site import SiteObject

# Which files are the site's, with the metadata that a file cannot have. What it does not name was there before, and stays.
MANIFEST = ".pressrun-site.json"


def write_site(folder: Path, site: Mapping[str, SiteObject]) -> dict[str, int]:
    """Writes what differs, and deletes what an earlier build wrote that is no longer of the site. Returns how many: put, unchanged, deleted."""
    counts = {"put": 0, "unchanged": 0, "deleted": 0}
    manifest = folder / MANIFEST
    before = set(json.loads(manifest.read_bytes())) if manifest.is_file() else set()
    for key, made in sorted(site.items()):
        path = folder / key
        if path.is_file() and path.read_bytes() == made.body:
            counts["unchanged"] += 1
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(made.body)
            counts["put"] += 1
    for key in sorted(before - site.keys()):
        (folder / key).unlink(missing_ok=True)
        counts["deleted"] += 1
    described = {
        key: {"content_type": made.content_type, "cache_control": made.cache_control, "metadata": dict(made.metadata)}
        for key, made in sorted(site.items())
    }
    text = json.dumps(described, indent=1) + "\n"
    if not manifest.is_file() or manifest.read_text("utf-8") != text:
        manifest.write_text(text, "utf-8")
    return counts
