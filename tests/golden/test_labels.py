"""A magazine in another language has no English word on its pages but its editors' own."""

import json
import re
from datetime import datetime
from html.parser import HTMLParser

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
    in_texts = {"Done", "Not done", "Note {}", "Note {}: back to the text", "Table {}", "Watch the video on {}"}
    assert used() | in_texts | {*MONTHS, "{day} {month} {year}"} == LABELS


class Said(HTMLParser):
    """What a page says to readers: its texts, and the attributes that are shown or read out."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.shown = True
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shown = tag != "script"
        said = ("alt", "aria-label", "label", "title", "placeholder", "data-found", "data-many", "data-nothing", "data-looking", "data-failed")
        self.texts += [value or "" for name, value in attrs if name in said]

    def handle_data(self, data: str) -> None:
        if self.shown:
            self.texts.append(data)


# What is called so in every language.
_NAMES = {"Atom", "Facebook", "JSON", "LinkedIn", "PDF", "Pinterest", "RSS", "Tumblr", "Vimeo", "YouTube", "Esc"}


def test_a_magazine_in_another_language_has_no_english_word_on_its_pages() -> None:
    def other(label: str) -> str:
        return "".join(re.findall(r"\{\w*\}", label)) + "§"

    sample = content_of(SAMPLE)
    labels = "".join(f'"{label}" = "{other(label)}"\n' for label in sorted(LABELS))
    toml = re.sub(r"(?s)\[\[menu\]\].*?(?=\[\[sections)", "", sample["site.toml"].decode())
    plain = {"site.toml": f"{toml}[labels]\n{labels}".encode()}
    plain |= {
        f"media/{name}": sample[f"media/{name}"]
        for name in ("dial.jpg", "cover-3.jpg", "nell-carrow.jpg", "the-winter-number.pdf", "a-light-in-fog.mp4", "a-light-in-fog.vtt")
    }
    plain["articles/ice/a.md"] = (
        b"---\ntitle: Tt\ndate: 2026-10-07\ntags: [xx]\nauthors: [Nn]\ncomments: closed\n"
        b"corrections: [Cc]\nvideo: https://vimeo.com/1\nimage: /media/dial.jpg\n---\n- [x] zz\n- [ ] zz\n\n{{< youtube abcdefghijk >}}\n\n"
        b"<iframe src='https://player.vimeo.com/video/123'></iframe>\n\nzz[^1]\n\n[^1]: zz\n"
    )
    plain["articles/ice/b.md"] = (
        b"---\ntitle: Uu\ndate: 2026-10-08\nupdated: 2026-10-09\ntags: [xx]\nissue: 1\nvideo: media/a-light-in-fog.mp4\n---\n" + b"zz " * 500
    )
    plain["issues/1.md"] = (
        b"---\ntitle: Ii\nnumber: 1\ndate: 2026-10-07\ncover: /media/cover-3.jpg\n"
        b"pdf: /media/the-winter-number.pdf\ninsert: /media/the-winter-number.pdf\n---\n"
    )
    plain["authors/n.md"] = b"---\nname: Nn\nportrait: /media/nell-carrow.jpg\n---\n- [x] zz\n"
    plain["pages/p.md"] = b"---\ntitle: Pp\n---\n- [x] zz\n"
    taken_down = {"articles/ice/c.md": b"---\ntitle: Vv\ndate: 2026-10-01\n---\nzz\n"}
    before = build(plain | taken_down, Register(), datetime(2026, 10, 2, tzinfo=NOW.tzinfo), load_theme())
    made = build(plain, Register(claims=before.claims), NOW, load_theme())
    assert not made.refused
    its_own = set(re.findall(r"[^\W\d_]{2,}", toml + "Tt Uu Vv Nn Ii Cc Pp xx zz")) | _NAMES
    pages = {key: found.body.decode() for key, found in made.site.items() if found.content_type.startswith("text/html")}
    assert len(pages) > 20
    for key, page in pages.items():
        said = " ".join(Said(page).texts)
        assert "§" in said or "_fragments" in key or "http-equiv" in page, key
        assert set(re.findall(r"[^\W\d_]{2,}", re.sub(r"https:\S+", "", said))) - its_own == set(), key
    assert set(re.findall(r"[^\W\d_]{2,}", re.sub(r"https:\S+", "", made.site["llms.txt"].body.decode()))) - its_own == set()


def test_what_the_magazine_calls_itself_and_its_months_stands_everywhere_as_it_is_written() -> None:
    text = content_of(SAMPLE)["site.toml"].decode().replace('title = "', 'title = "M & ', 1)
    toml = text + '[labels]\nApril = "d\'abril"\nSections = "L\'arxiu"\n'
    article = b"---\ntitle: T\ndate: 2026-04-07\n---\nText.\n"
    made = build({"site.toml": toml.encode(), "articles/ice/a.md": article}, Register(), datetime(2026, 11, 1, tzinfo=NOW.tzinfo), load_theme())
    text = made.site["llms.txt"].body.decode()
    assert text.startswith("# M & ")
    assert "## L'arxiu\n" in text
    assert "d'abril 2026" in json.loads(made.site["search/2026-04.json"].body)[0][3]
    for key in ("ice/2026/04/index.html", "archive/ice/index.html", "ice/t/index.html"):
        said = " ".join(Said(made.site[key].body.decode()).texts)
        assert "d'abril 2026" in said
        assert "&" not in said.replace("M & ", "")


@pytest.mark.parametrize(("written", "expected"), [("{day}. {month} {year}", "7. Oktober 2026"), ("{year}/{month}/{day}", "2026/Oktober/7")])
def test_a_date_is_written_as_the_magazine_writes_it(written: str, expected: str) -> None:
    text = content_of(SAMPLE)["site.toml"].decode() + f'[labels]\n"{{day}} {{month}} {{year}}" = "{written}"\n"October" = "Oktober"\n'
    article = b"---\ntitle: T\ndate: 2026-10-07\n---\nText.\n"
    made = build({"site.toml": text.encode(), "articles/ice/a.md": article}, Register(), datetime(2026, 11, 1, tzinfo=NOW.tzinfo), load_theme())
    assert expected in made.site["ice/t/index.html"].body.decode()
