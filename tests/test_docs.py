"""The words keep their word: every test that the README and ``docs/`` name is there, and every row of a table of promises names one."""

import re
from pathlib import Path

import pytest

from pressrun.core.article import _FIELDS, _MEANT

ROOT = Path(__file__).parent.parent
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# A test by its file, or by a short name that the same document explains: "`life` is `tests/cloud/test_life.py`". `…` is the one before in its cell.
NAMED = re.compile(r"`([\w/.…]+)::(test_\w+)`")
SHORT = re.compile(r"`([\w…]+)` is\s+`(tests/[\w/]+\.py)`")
FILE = re.compile(r"`(tests/[\w/]+\.py)")


def names_in(path: Path) -> set[str]:
    return set(re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE))


@pytest.mark.parametrize("doc", DOCS, ids=[doc.name for doc in DOCS])
def test_every_test_that_a_document_names_is_there(doc: Path) -> None:
    text = doc.read_text()
    short = dict(SHORT.findall(text))
    missing = []
    for cell in text.split("|"):
        same = short.get("…", "")
        for place, name in NAMED.findall(cell):
            same = same if place == "…" else short.get(place, place)
            missing += [f"{place}::{name}"] if name not in names_in(ROOT / same) else []
    missing += [name for name in FILE.findall(text) if not (ROOT / name).is_file()]
    assert missing == []


def test_every_field_that_an_article_may_have_is_explained_and_no_other() -> None:
    table = (ROOT / "docs" / "editors.md").read_text().partition("## What an article may say")[2].partition("\n## A life")[0]
    rows = [[set(re.findall(r"`([a-z_.]+)[:`]", cell)) for cell in line.split("|")[1:4:2]] for line in table.splitlines() if line.startswith("| `")]
    fields = {name: others for names, others in rows for name in names}
    assert fields.keys() == _FIELDS.keys()
    named = set().union(*({*names, *others} for names, others in rows))
    assert named == _MEANT.keys()


def test_every_row_of_an_articles_life_names_its_tests() -> None:
    life = (ROOT / "docs" / "editors.md").read_text().partition("## A life")[2].partition("## Bad input")[0]
    rows = [line for line in life.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 20
    assert [row for row in rows if not NAMED.search(row)] == []
