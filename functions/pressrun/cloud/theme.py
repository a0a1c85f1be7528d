"""The theme as files: ``templates/`` of the repository, or of the Lambda package."""

import os
from functools import cache
from pathlib import Path

from pressrun.core.pages import Theme

_IN_THE_REPOSITORY = Path(__file__).parents[3] / "templates"


@cache
def load_theme(folder: Path | None = None) -> Theme:
    """The theme in ``folder``; without one, that which the setting ``TEMPLATES`` names, or the repository's own."""
    folder = folder or Path(os.environ.get("TEMPLATES", _IN_THE_REPOSITORY))
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return Theme(
        templates={name: path.read_text("utf-8") for name, path in files.items() if not name.startswith("assets/")},
        assets={name.removeprefix("assets/"): path.read_bytes() for name, path in files.items() if name.startswith("assets/")},
    )
