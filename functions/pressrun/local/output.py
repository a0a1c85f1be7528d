"""A site as files: what ``build`` writes."""

import json
from pathlib import Path

from pressrun.core.build import Built
from pressrun.core.media import bodies_of, objects_of

# Which files are the site's, with the metadata that a file cannot have. What it does not name was there before, and stays.
MANIFEST = ".pressrun-site.json"


def write_site(folder: Path, built: Built) -> dict[str, int]:
    """Writes what differs, and deletes what an earlier build wrote that is no longer of the site. Returns how many: put, unchanged, deleted."""
    site = built.described
    counts = {"put": 0, "unchanged": 0, "deleted": 0}
    manifest = folder / MANIFEST
    before = set(json.loads(manifest.read_bytes())) if manifest.is_file() else set()

    def write(key: str, body: bytes) -> None:
        path = folder / key
        if path.is_file() and path.read_bytes() == body:
            counts["unchanged"] += 1
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            counts["put"] += 1

    for key, made in sorted(built.site.items()):
        write(key, made.body)
    for key, medium in sorted(built.media.items()):
        # A picture's names carry the hash of what it was made from: what is there need not be made again.
        there = {name for name in objects_of(medium) if medium.picture and (folder / name).is_file()}
        counts["unchanged"] += len(there)
        if len(there) < len(objects_of(medium)):
            for name, body in bodies_of(medium, built.upload_of(key), there):
                write(name, body)
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
