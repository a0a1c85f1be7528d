"""The theme, and the assets that come of it: the files which every page names by their hash."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from pressrun.core.magazine import Magazine
from pressrun.core.site import SiteObject, asset

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml", "png": "image/png"}


@dataclass(frozen=True)
class Theme:
    """The look: jinja2 templates by name, and assets by file name."""

    templates: Mapping[str, str]
    assets: Mapping[str, bytes]


def assets_of(magazine: Magazine, theme: Theme) -> dict[str, tuple[str, SiteObject]]:
    """By file name: the site key, and what is at it. The magazine's colours and fonts are at the end of the style sheet."""
    bodies = {name: body + magazine.style().encode() if name == "style.css" else body for name, body in sorted(theme.assets.items())}
    return {name: (_key(name, body), asset(body, _TYPES[name.rsplit(".", 1)[-1]])) for name, body in bodies.items()}


def _key(name: str, body: bytes) -> str:
    stem, _, ending = name.rpartition(".")
    return f"assets/{stem}.{sha256(body).hexdigest()[:10]}.{ending}"
