"""The theme as files: ``templates/`` of the repository, or of the Lambda package, and what a deployment puts in the place of some of them."""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pressrun.core.theme import TYPES, Theme, ending_of

_IN_THE_REPOSITORY = Path(__file__).parents[3] / "templates"


class NoTheme(Exception):
    """What is wrong with a deployment's own theme."""


@cache
def load_theme(own: Path | None = None) -> Theme:
    """The theme. Each file of ``own`` stands in for that of the same name; without it, the setting ``TEMPLATES`` names the folder. Raises NoTheme."""
    files = theme_files(own or own_theme())
    return Theme(
        templates={name: _text(path) for name, path in files.items() if not name.startswith("assets/")},
        assets={name.removeprefix("assets/"): path.read_bytes() for name, path in files.items() if name.startswith("assets/")},
    )


def theme_files(own: Path | None) -> Mapping[str, Path]:
    """Where each file of the theme is, by its name. Raises NoTheme where there is no folder ``own``, and for an asset of no kind that is known."""
    if own and not own.is_dir():
        raise NoTheme(f"TEMPLATES names {own}, where there is no folder.")
    folders = [_IN_THE_REPOSITORY, *([own] if own else [])]
    found = {path.relative_to(folder).as_posix(): path for folder in folders for path in folder.rglob("*") if path.is_file()}
    files = {name: path for name, path in sorted(found.items()) if not path.name.startswith(".")}
    for name, path in files.items():
        if name.startswith("assets/") and ending_of(name) not in TYPES:
            raise NoTheme(f"The asset {path} is of no kind that pages can use. The name of one ends in {', '.join(TYPES)}.")
    return files


def own_theme() -> Path | None:
    """The folder that the setting names."""
    folder = os.environ.get("TEMPLATES")
    return Path(folder) if folder else None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise NoTheme(f"The template {path} is not text in UTF-8.") from error
