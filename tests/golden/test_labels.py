"""A magazine in another language has no English word on its pages but its editors' own."""

import re
from datetime import datetime

import pytest

from pressrun.cloud.theme import load_theme
from pressrun.core.build import build
from pressrun.core.claims import Register
from pressrun.core.labels import LABELS, MONTHS

from .golden import NOW, SAMPLE, content_of

_USED = re.compile(r'"([^"]+)" \| label|\("([^"]+)" if [^()]*? else "([^"]+)"\) \| label')


def used() -> set[str]:
    """Every label that a template asks for."""
    return {label for text in load_theme().templates.values() for found in _USED.findall(text) for label in found if label}


def test_every_label_that_a_template_uses_can_be_given_and_no_other() -> None:
    assert used() | {*MONTHS, "{day} {month} {year}"} == LABELS


def test_a_magazine_in_another_language_has_none_of_the_labels_in_english() -> None:
    def other(label: str) -> str:
        return "".join(re.findall(r"\{\w*\}", label)) + "§"

    content = content_of(SAMPLE)
    labels = "".join(f'"{label}" = "{other(label)}"\n' for label in sorted(LABELS))
    plain = {key: body for key, body in content.items() if not key.startswith(("articles/", "pages/", "authors/", "issues/"))}
    plain["articles/ice/a.md"] = (
        b"---\ntitle: T\ndate: 2026-10-07\ntags: [x]\nauthors: [N]\ncomments: closed\ncorrections: [C]\nvideo: https://vimeo.com/1\n---\n"
    )
    plain["articles/ice/b.md"] = b"---\ntitle: U\ndate: 2026-10-08\nupdated: 2026-10-09\ntags: [x]\nissue: 1\n---\n" + b"w " * 500
    plain["issues/1.md"] = b"---\ntitle: I\nnumber: 1\ndate: 2026-10-07\n---\n"
    plain["authors/n.md"] = b"---\nname: N\n---\n"
    plain["site.toml"] = re.sub(rb"(?s)\[\[menu\]\].*?(?=\[\[sections)", b"", content["site.toml"]) + f"[labels]\n{labels}".encode()
    made = build(plain, Register(), NOW, load_theme())
    assert not made.refused
    pages = [found.body.decode() for found in made.site.values() if found.content_type.startswith("text/html")]
    assert len(pages) > 20
    words = "\n".join(pages)
    said = set(re.findall(r">([^<]+)<|aria-label=\"([^\"]+)\"|data-\w+=\"([^\"]+)\"", words))
    english = {text.strip() for found in said for text in found} & {*LABELS}
    assert english == set()
    assert not any(month in words for month in MONTHS)


@pytest.mark.parametrize(("written", "expected"), [("{day}. {month} {year}", "7. Oktober 2026"), ("{year}/{month}/{day}", "2026/Oktober/7")])
def test_a_date_is_written_as_the_magazine_writes_it(written: str, expected: str) -> None:
    text = content_of(SAMPLE)["site.toml"].decode() + f'[labels]\n"{{day}} {{month}} {{year}}" = "{written}"\n"October" = "Oktober"\n'
    article = b"---\ntitle: T\ndate: 2026-10-07\n---\nText.\n"
    made = build({"site.toml": text.encode(), "articles/ice/a.md": article}, Register(), datetime(2026, 11, 1, tzinfo=NOW.tzinfo), load_theme())
    assert expected in made.site["ice/t/index.html"].body.decode()
