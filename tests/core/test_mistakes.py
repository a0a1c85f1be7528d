"""What people who know no YAML get wrong is said in words, all of it at once, each with its line and with what to write instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressrun.core.article import read_article
from pressrun.core.frontmatter import split
from pressrun.core.mistakes import mended, mended_toml
from pressrun.core.problem import errors

from .magazines import MERIDIAN

KEY = "articles/plain.md"
Told = list[tuple[int | None, str, str, str]]

MISTAKES: dict[str, tuple[str, Told]] = {
    "a quotation mark that is not closed": (
        '---\ntitle: "The ferry\nsection: news\n---\n',
        [(2, 'title: "The ferry', "The quotation mark is never closed.", 'Write title: "The ferry"')],
    ),
    "quotation marks in quotation marks": (
        '---\ntitle: "She said "no" again"\n---\n',
        [
            (
                2,
                'title: "She said "no" again"',
                'The value has " inside it, where its own quotation marks are ", too.',
                """Write title: 'She said "no" again'""",
            )
        ],
    ),
    "an apostrophe in quotation marks": (
        "---\ntitle: 'It's here'\n---\n",
        [(2, "title: 'It's here'", "The value has ' inside it, where its own quotation marks are ', too.", 'Write title: "It\'s here"')],
    ),
    "tabs": (
        "---\ntitle: One\n\tsection: news\ntags:\n\t- ice\n---\n",
        [
            (3, "section: news", "The line begins with a tab.", "Begin it with spaces, or with nothing."),
            (5, "- ice", "The line begins with a tab.", "Begin it with spaces, or with nothing."),
        ],
    ),
    "a line that is indented": (
        "---\ntitle: One\n  section: news\n---\n",
        [(3, "section: news", "The line begins with a space, as if it belonged to the one above.", "Begin it at the margin.")],
    ),
    "a hyphen or nothing for a colon": (
        "---\ntitle: One\nTags - ice\nsection news\n---\n",
        [
            (3, "Tags - ice", "There is no colon after the field's name.", "Write Tags: ice"),
            (4, "section news", "There is no colon after the field's name.", "Write section: news"),
        ],
    ),
    "no space after the colon": (
        "---\ntitle:One\nsection:news\n---\n",
        [
            (2, "title:One", "There is no space after the colon.", "Write title: One"),
            (3, "section:news", "There is no space after the colon.", "Write section: news"),
        ],
    ),
    "no space after the hyphen": (
        "---\ntitle: One\ntags:\n-ice\n-sea\n---\n",
        [
            (4, "-ice", "There is no space after the hyphen.", "Write - ice"),
            (5, "-sea", "There is no space after the hyphen.", "Write - sea"),
        ],
    ),
    "equals signs": (
        '---\ntitle = "One"\n---\n',
        [(2, 'title = "One"', "A field has a colon after its name, and no equals sign.", 'Write title: "One"')],
    ),
    "a value that begins with a bracket": (
        "---\ntitle: [Update] The ferry\n---\n",
        [
            (
                2,
                "title: [Update] The ferry",
                "The value begins with [, as a list does, and goes on after its end.",
                'Put it in quotation marks: title: "[Update] The ferry"',
            )
        ],
    ),
    "signs at the beginning, and what else is wrong": (
        "---\ntitle: *Ulysses* at 100\nsummary: %off\nsection: nwes\n---\n",
        [
            (
                2,
                "title: *Ulysses* at 100",
                "The value begins with *, which means something else here.",
                'Put it in quotation marks: title: "*Ulysses* at 100"',
            ),
            (3, "summary: %off", "The value begins with %, which means something else here.", 'Put it in quotation marks: summary: "%off"'),
            (
                4,
                "section: nwes",
                "The magazine has no section “nwes”.",
                "The sections are: news, news/arctic, sea. Did you mean “news”?",
            ),
        ],
    ),
    "colons and no quotation marks in TOML": (
        "+++\ntitle: One\nsection = news\nsummary = 'x'\n+++\n",
        [
            (2, "title: One", "Between the lines +++, a field has an equals sign after its name, and no colon.", 'Write title = "One"'),
            (3, "section = news", "The value is not in quotation marks.", 'Write section = "news"'),
        ],
    ),
    "no line of hyphens": (
        "title: One\nsection: news\n\nText.",
        [(1, "title: One", "The line --- above the fields is missing.", "Put a line --- above this one, and another below the last field.")],
    ),
    "a dash for three hyphens": (
        "—\ntitle: One\n—\nText.",
        [(1, "—", "The first line must be three plain hyphens.", "Write --- there, and again below the last field.")],
    ),
    "no second line of hyphens": (
        "---\ntitle: One\ntags:\n  - ice\n\nText.",
        [(1, "---", "The front matter has no end.", "Put a line --- after its last field. That may be line 4.")],
    ),
    "a Word document with another name": (
        "PK\x03\x04\x14",
        [
            (
                1,
                "",
                "The file is not text in UTF-8, but a Word document or a packed file, whatever its name.",
                "Save it as UTF-8 (in Word: Save As, Plain Text, encoding UTF-8).",
            )
        ],
    ),
    "a section by nearly its name": (
        "---\ntitle: One\nsection: See Power\n---\n",
        [
            (
                3,
                "section: See Power",
                "The magazine has no section “See Power”.",
                "The sections are: news, news/arctic, sea. Did you mean “sea”?",
            )
        ],
    ),
}


@pytest.mark.parametrize(("text", "told"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_words_with_its_line_and_what_to_write(text: str, told: Told) -> None:
    found, problems = read_article(KEY, text.encode(), MERIDIAN)
    assert found is None
    assert [(problem.line, problem.text, problem.problem, problem.remedy) for problem in errors(problems)] == told


def test_the_quotation_marks_of_a_word_processor_are_forgiven_but_in_prose() -> None:
    lines = ["title: “One”", "slug: “the-ferry”", "section: “sea”", "date: “2026-11-22”", "tags: [“ice”, ‘ships’]", "draft: “true”"]
    found, problems = read_article(KEY, "\n".join(["---", *lines, "---", "Text."]).encode(), MERIDIAN)
    assert problems == ()
    assert found
    assert (found.title, found.url, found.draft) == ("“One”", "/sea/the-ferry/", True)
    assert [tag.name for tag in found.tags] == ["ice", "ships"]


@given(st.text(alphabet="at:-#'\"[]{}|>@% \t\n=", max_size=60))
def test_whatever_is_mended_has_as_many_lines_as_before(head: str) -> None:
    for mend in (mended, mended_toml):
        assert len(mend(head, 2).lines) == head.count("\n") + 1
    document, problems = split(f"---\n{head}\n---\n")
    assert document or errors(problems)
