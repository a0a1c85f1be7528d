"""A deployment's own templates."""

from pathlib import Path

import pytest

from pressrun.cloud.theme import load_theme
from pressrun.core.build import build
from pressrun.core.claims import Register
from pressrun.local.package import edition

from .golden import NOW, SAMPLE, content_of


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "assets").mkdir()
    (tmp_path / "parts/footer.html").write_text("<footer>Made by {{ magazine.title }} alone.</footer>\n")
    (tmp_path / "assets/icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / ".DS_Store").write_bytes(b"\xff")
    return tmp_path


def test_a_file_of_the_deployments_own_folder_stands_in_for_ours_of_the_same_name(own: Path) -> None:
    ours, theirs = load_theme(), load_theme(own)
    assert theirs.templates.keys() == ours.templates.keys()
    changed = {name for name in ours.templates if theirs.templates[name] != ours.templates[name]}
    changed |= {name for name in ours.assets if theirs.assets[name] != ours.assets[name]}
    assert changed == {"parts/footer.html", "icon.svg"}
    site = build(content_of(SAMPLE), Register(), NOW, theirs).site
    for key in ("index.html", "ice/index.html", "weather/reading-the-glass/index.html"):
        assert b"<footer>Made by The Meridian alone.</footer>" in site[key].body
    (icon,) = [found.body for key, found in site.items() if key.startswith("assets/icon.") and key.endswith(".svg")]
    assert icon.startswith(b"<svg xmlns='")


def test_an_asset_is_served_as_what_its_name_says(own: Path) -> None:
    types = {"logo.JPG": "image/jpeg", "fonts/face.woff2": "font/woff2", "icon.ico": "image/vnd.microsoft.icon", "a.b.json": "application/json"}
    (own / "assets/fonts").mkdir()
    for name in types:
        (own / "assets" / name).write_bytes(name.encode())
    site = build(content_of(SAMPLE), Register(), NOW, load_theme(own)).site
    assert {name: found.content_type for name in types for found in site.values() if found.body == name.encode()} == types


def test_the_deployments_own_folder_is_named_by_a_setting_and_is_part_of_the_edition(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = edition()
    monkeypatch.setenv("TEMPLATES", str(own))
    assert edition() != before
    load_theme.cache_clear()
    try:
        assert load_theme() == load_theme(own)
    finally:
        load_theme.cache_clear()
