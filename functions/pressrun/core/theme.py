"""The theme, and the assets that come of it: the files which every page names by their hash."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath

from pressrun.core.magazine import Magazine
from pressrun.core.site import SiteObject, asset

# What an asset may be, by the ending of its name.
TYPES = {
    ".avif": "image/avif",
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".ico": "image/vnd.microsoft.icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True)
class Theme:
    """The look: jinja2 templates by name, and assets by file name, each with an ending of ``TYPES``."""

    templates: Mapping[str, str]
    assets: Mapping[str, bytes]


def assets_of(magazine: Magazine, theme: Theme) -> dict[str, tuple[str, SiteObject]]:
    """By file name: the site key, and what is at it. The magazine's colours and fonts are at the end of the style sheet."""
    bodies = {name: body + magazine.style().encode() if name == "style.css" else body for name, body in sorted(theme.assets.items())}
    return {name: (_key(name, body), asset(body, TYPES[ending_of(name)])) for name, body in bodies.items()}


def ending_of(name: str) -> str:
    """By which its type is known, such as ``.css``; '' where there is none."""
    return PurePosixPath(name).suffix.lower()


def _key(name: str, body: bytes) -> str:
    stem, _, ending = name.rpartition(".")
    return f"assets/{stem}.{sha256(body).hexdigest()[:10]}.{ending}"
