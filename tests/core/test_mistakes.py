"""What people who know no YAML get wrong is said in words, all of it at once, each with its line and with what to write instead."""

import re

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
    "a title that begins a list": (
        "---\ntitle: [\n---\n",
        [
            (
                2,
                "title: [",
                "What begins with [ is not closed, or a comma or a quotation mark is missing in it.",
                "Write a list like tags: [one, two], or put the value in quotation marks if it is none.",
            )
        ],
    ),
    "a second colon in an item": (
        "---\ntitle: One\ncorrections:\n- 2026-11-24: The headline: it said four\n---\n",
        [(4, "- 2026-11-24: The headline: it said four", "There is a colon in the value.", "Put the whole value in quotation marks.")],
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


# What only a parser notices, by the form that it is in: the line that is wrong, and what is said of it and of what else is wrong.
IN_QUOTES = "Put the whole value in quotation marks."
ITEMS = "Give each item a line of its own that begins with two spaces, a hyphen and a space."
CLOSE = "Put the same quotation mark at its end."
UNREADABLE: dict[str, tuple[str, list[tuple[int, str, str]]]] = {
    "a list that is not closed, and a section that there is none of": (
        "---\ntitle: One\ntags: [ice, sea\nsection: nwes\n---\n",
        [
            (
                3,
                "What begins with [ is not closed, or a comma or a quotation mark is missing in it.",
                "Write a list like tags: [one, two], or put the value in quotation marks if it is none.",
            ),
            (4, "The magazine has no section “nwes”.", "The sections are: news, news/arctic, sea. Did you mean “news”?"),
        ],
    ),
    "two lists that are not closed": (
        "---\ntitle: One\ntags: [ice\nauthors: [Jo\n---\n",
        [
            (
                line,
                "What begins with [ is not closed, or a comma or a quotation mark is missing in it.",
                "Write a list like tags: [one, two], or put the value in quotation marks if it is none.",
            )
            for line in (3, 4)
        ],
    ),
    "something behind a quotation": (
        '---\ntitle: One\nsummary:\n  "One" or two\n---\n',
        [
            (
                4,
                "The line does not fit below the one above it.",
                "Begin each field at the margin, with a colon after its name, and each item of a list with two spaces, a hyphen and a space.",
            )
        ],
    ),
    "a line without a colon": (
        "---\ntitle: One\nquay.jpg\n---\n",
        [(3, "This line is no field: it has no name with a colon after it.", "Write it as name: value, or remove it.")],
    ),
    "a list on its field's line": ("---\ntitle: One\nauthors: - Jo\n---\n", [(3, "A list begins in a line that has something else in it.", ITEMS)]),
    "a sign in a list": (
        "---\ntitle: One\ntags:\n  - @ice\n---\n",
        [(4, "Something in this line begins with @, which means something else here.", "Put it in quotation marks.")],
    ),
    "a quotation over all that follows": (
        '---\ntitle: One\nauthors:\n  - "Jo\n  - Pat\n---\n',
        [(4, "The quotation mark is never closed.", CLOSE)],
    ),
    "a backslash": (
        '---\ntitle: One\nimage: "C:\\quay.jpg"\n---\n',
        [
            (
                3,
                "A backslash (\\) means something else between double quotation marks.",
                "Write two of them (\\\\), or use ' in place of the quotation marks.",
            )
        ],
    ),
    "a comma before a value": (
        "---\ntitle: One\nimage: ,quay.jpg\n---\n",
        [(3, "A comma or a bracket stands where a value should be.", f"Remove it, or: {IN_QUOTES}")],
    ),
    "TOML without an equals sign, and with two quotations": (
        '+++\ntitle = "One"\nda*te = 2026-11-22\nsummary = "a" "b"\n+++\n',
        [
            (3, "This line is no field: it has no equals sign after a name.", 'Write it as name = "value"; a name has no spaces and no signs.'),
            (4, "Something stands behind the end of the value.", "Put the whole value in one pair of quotation marks."),
        ],
    ),
    "a list in TOML": (
        '+++\ntitle = "One"\ntags = ["ice" "sea"]\n+++\n',
        [(3, "A list is not closed with ], or a comma is missing in it.", 'Write it like tags = ["one", "two"]')],
    ),
    "a name twice in TOML": (
        '+++\ntitle = "One"\nsection = "news"\nsection = "sea"\n+++\n',
        [(4, "This name stands here twice.", "Keep one of the two.")],
    ),
    "several lines in TOML": ('+++\ntitle = "One"\nsummary = """a\nb\n+++\n', [(3, "The quotation mark is never closed.", CLOSE)]),
    "JSON without a comma": (
        '{\n"title": "One"\n"section": "news"\n}\n',
        [(2, "A comma is missing at the end of this line.", "Put a comma between two fields.")],
    ),
    "JSON with a comma too many": (
        '{\n"title": "One",\n"tags": ["ice",]\n}\n',
        [(3, "There is a comma after the last item of the list.", "Remove the comma.")],
    ),
    "JSON with bent quotation marks": (
        '{\n"title": "One",\n“section”: "news"\n}\n',
        [(3, "The field's name does not stand between two straight quotation marks.", 'Write it as "name": "value".')],
    ),
    "JSON without quotation marks": (
        '{\n"title": One\n}\n',
        [(2, "The value does not stand between two straight quotation marks.", 'Write it as "name": "value", or true or false.')],
    ),
    "a tag of YAML": (
        "---\ntitle: !Kung people\n---\n",
        [(2, "The value begins with !, which means something else here.", 'Put it in quotation marks: title: "!Kung people"')],
    ),
    "a quotation that goes on": (
        '---\ntitle: "Ferry" comes back\n---\n',
        [(2, 'The value has " inside it, where its own quotation marks are ", too.', "Write title: '\"Ferry\" comes back'")],
    ),
    "several quotations": (
        '---\ntitle: One\nauthors: "Jo", "Pat"\n---\n',
        [(3, "Several values stand between square brackets.", 'Write authors: ["Jo", "Pat"]')],
    ),
    "a comma behind a value": ('---\ntitle: "x",\n---\n', [(2, "There is a comma behind the value.", 'Write title: "x"')]),
    "an apostrophe": ("---\ntitle: 'Tis the season\n---\n", [(2, "The quotation mark is never closed.", 'Write title: "\'Tis the season"')]),
    "a wide colon": (
        "---\ntitle： One\nsection: nwes\n---\n",
        [
            (2, "What stands behind the field's name looks like a colon and a space, and is something else.", "Write title: One"),
            (3, "The magazine has no section “nwes”.", "The sections are: news, news/arctic, sea. Did you mean “news”?"),
        ],
    ),
    "a list with dashes": (
        "---\ntitle: One\ntags:\n– ice\n---\n",
        [(4, "An item of a list begins with another sign than a plain hyphen.", "Write - ice")],
    ),
    "a list in TOML without quotation marks": (
        '+++\ntitle = "One"\ntags = [ice, sea]\n+++\n',
        [(3, "The values of the list are not in quotation marks.", 'Write tags = ["ice", "sea"]')],
    ),
    "JSON without an end of its list": (
        '{\n"title": "One",\n"tags": ["ice"',
        [(3, "The front matter has no end.", "Put a line } after its last field, and a ] after a list.")],
    ),
    "what follows a list that cannot be read": (
        '---\ntitle: One\nauthors:\n  - Jo\n  - "Pat\nsection: nwes\n---\n',
        [
            (5, "The quotation mark is never closed.", CLOSE),
            (6, "The magazine has no section “nwes”.", "The sections are: news, news/arctic, sea. Did you mean “news”?"),
        ],
    ),
    "the text among the fields": (
        "---\ntitle: One\ndate: 2026-11-22\n\n# Ice\n\nThe ferry: it came back.\n\n---\n\nMore.\n",
        [(5, "The text begins here, and no line --- has ended the fields.", "Put a line --- below the last field, which may be line 3.")],
    ),
    "four hyphens at the end": (
        "---\ntitle: One\n----\nText.\n",
        [(3, "This line does not end the fields.", "Write three plain hyphens there, at the margin: ---")],
    ),
    "two hyphens at the end, below a list": (
        "---\ntitle: One\ntags:\n– ice\n--\nText.\n",
        [(5, "This line does not end the fields.", "Write three plain hyphens there, at the margin: ---")],
    ),
    "a hyphen that is none at the end": (
        "---\ntitle: One\n—\nText.\n",
        [(3, "This line does not end the fields.", "Write three plain hyphens there, at the margin: ---")],
    ),
    "a draft in the picture": (
        "---\ntitle: One\ncover:\n  image: a.jpg\n  draft: true\n---\n",
        [(3, "“draft” stands inside of “cover”, where it says nothing of the article.", "Move it above cover, to the margin.")],
    ),
    "an item with a colon": (
        "---\ntitle: One\ntags:\n  - a: b\n---\n",
        [(3, "“tags” must be a list of names.", 'Put an item with a colon in quotation marks: "a: b"')],
    ),
    "JSON with a mistake in each line": (
        '{\n"title": One,\n"section" "news",\n“slug”: "ferry"\n"tags": [\n"ice"\n"sea"\n],\n"date": "someday",\n"draft": "no",\n}\nText.\n',
        [
            (2, "The value does not stand between two straight quotation marks.", 'Write it as "name": "value", or true or false.'),
            (3, "There is no colon after the field's name, or a quotation mark is missing.", 'Write it as "name": "value".'),
            (4, "The field's name does not stand between two straight quotation marks.", 'Write it as "name": "value".'),
            (6, "A comma is missing at the end of this line.", "Put a comma between two fields."),
            (10, "There is a comma after the last field.", "Remove the comma."),
            (9, "“someday” is not a date.", "Write it like 2026-11-22, or 2026-11-22T09:30, or 2026-11-22T09:30:00-05:00."),
        ],
    ),
    "JSON with a mistake, and a value that cannot be": (
        '{\n"title": One,\n"cover": {\n"image": a.jpg\n},\n"date": "someday"\n}\n',
        [
            (2, "The value does not stand between two straight quotation marks.", 'Write it as "name": "value", or true or false.'),
            (4, "The value does not stand between two straight quotation marks.", 'Write it as "name": "value", or true or false.'),
            (6, "“someday” is not a date.", "Write it like 2026-11-22, or 2026-11-22T09:30, or 2026-11-22T09:30:00-05:00."),
        ],
    ),
}


@pytest.mark.parametrize(("text", "told"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_a_parser_cannot_read_is_told_in_words_and_what_follows_is_judged(text: str, told: list[tuple[int, str, str]]) -> None:
    found, problems = read_article(KEY, text.encode(), MERIDIAN)
    assert found is None
    assert [(problem.line, problem.problem, problem.remedy) for problem in errors(problems)] == told
    assert all(problem.text.split(": ")[-1].strip("…") in text for problem in problems)


GOOD = (
    '---\ntitle: "The ferry: back"\ndate: 2026-11-22\nauthors:\n  - O\'Neil\ntags: [ice, "sea"]\nsummary: >\n  Late,\n  in time.\n---\n',
    '+++\ntitle = "The ferry"\ndate = 2026-11-22\nauthors = ["O\'Neil"]\ntags = [\n"ice",\n]\nsummary = """\na\nb"""\n[cover]\nalt = \'c\'\n+++\n',
    '{\n"title": "The ferry",\n"draft": false,\n"authors": ["Jo", "Pat O\'Neil"],\n"cover": {"image": "a.jpg", "alt": "b"}\n}\n',
)
SIGNS = [*"'\":,[]{}-#&*!|>%@`=\t\\“”‘—; .~?\n", "\n  ", " - ", "", "\u2028", "\u2029", "\u00a0", "\ufeff", "\x85", "\u200b"]
JARGON = (
    "cannot be read",
    "token",
    "mapping",
    "scalar",
    "node",
    "delimiter",
    "escape",
    "indentation",
    "statement",
    "character at",
    "document",
    "array",
)


@given(st.sampled_from(GOOD), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 3), st.sampled_from(SIGNS)), min_size=1, max_size=3))
def test_whatever_is_wrong_no_parser_speaks_for_us(text: str, slips: list[tuple[int, int, str]]) -> None:
    for place, gone, sign in slips:
        text = text[:place] + sign + text[place + gone :]
    found, problems = read_article(KEY, text.encode(), MERIDIAN)
    assert (found is None) == bool(errors(problems))
    for problem in errors(problems):
        said = re.sub("“.*”", "", problem.problem, flags=re.DOTALL)
        assert not any(word in said for word in JARGON if word != "cannot be read" or said != "The value cannot be read."), said
        assert problem.line
        assert problem.remedy


@pytest.mark.parametrize("tags", ["ice; sea", "\n  • ice\n  • sea", "ice, sea,", "\n  - ice,\n  - sea;"])
def test_tags_are_told_apart_however_they_are_listed(tags: str) -> None:
    found, _ = read_article(KEY, f"---\ntitle: One\ntags: {tags}\n---\n".encode(), MERIDIAN)
    assert found
    assert [tag.name for tag in found.tags] == ["ice", "sea"]


def test_a_remark_below_an_empty_line_is_no_text() -> None:
    found, problems = read_article(KEY, b"---\ntitle: One\n\n# when it comes out\ndate: 2026-11-22\n\n# done\n---\nText.\n", MERIDIAN)
    assert found
    assert not problems


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
