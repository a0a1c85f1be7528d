"""Front matter in its three forms says the same, with the line where each field stands."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressrun.core.frontmatter import Field, Value, spelt, split
from pressrun.core.problem import Problem

FORMS = {
    "YAML": "---\ntitle: One\ndraft: false\nn: 0.10\ndate: 2026-11-22\ntags: [a, 1]\ncover: {image: b}\nnothing: ~\n---\nText.\n",
    "TOML": '+++\ntitle = "One"\ndraft = false\nn = 0.10\ndate = 2026-11-22\ntags = ["a", 1]\n[cover]\nimage = "b"\n+++\nText.\n',
    "JSON": '{"nothing": null,\n"title": "One",\n"draft": false,\n"n": 0.10,\n"date": "2026-11-22",\n'
    '"tags": ["a", 1],\n"cover": {"image": "b"}}\nText.\n',
}
MEANT: dict[str, Value] = {"title": "One", "draft": "false", "n": "0.10", "date": "2026-11-22", "tags": ["a", "1"], "cover": {"image": "b"}}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_the_three_forms_mean_the_same(text: str) -> None:
    document, problems = split(text)
    assert problems == []
    assert document
    assert {name: field.value for name, field in document.fields.items() if name != "nothing"} == MEANT
    assert [document.fields[name].line for name in MEANT] == [2, 3, 4, 5, 6, 7]
    assert document.fields.get("nothing", Field("", 0)).value == ""
    assert document.body == "Text.\n"
    assert text.split("\n")[document.body_line - 1] == "Text."


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_empty_lines_before_it_are_forgiven_and_counted(text: str) -> None:
    document, _ = split("\n \n" + text)
    assert document
    assert document.fields["title"].line == 4
    assert ("\n \n" + text).split("\n")[document.body_line - 1] == "Text."


REFUSED = {
    "TOML that is not": ("+++\ntitle = \n+++\n", 2, "The value cannot be read."),
    "TOML without an end": ('+++\ntitle = "a"\n', 1, "has no end"),
    "TOML with a name twice": ('+++\ntitle = "a"\nb = 1\ntitle = "c"\n+++', 4, "This name stands here twice."),
    "TOML with a name twice in two spellings": ('+++\ntitle = "a"\nTitle = "b"\n+++', 3, "“title” stands here twice."),
    "TOML with a control character by an escape": ('+++\ntitle = "a\\u0000"\n+++', 2, "control character"),
    "TOML with a name of ten thousand parts": ("+++\na = 1\n" + "a." * 10_000 + "a = 1\n+++", 3, "nested too deeply"),
    "TOML with ten thousand levels": ("+++\na = " + "[" * 10_000 + "\n+++", 1, "nested too deeply"),
    "TOML with thirty levels": ("+++\na = " + "[" * 30 + "]" * 30 + "\n+++", 2, "nested too deeply"),
    "TOML with a number of ten thousand digits": ("+++\na = " + "1" * 10_000 + "\n+++", 2, "A number is too long."),
    "JSON that is not": ('{\n"title": "a"\n"b": 1\n}', 2, "A comma is missing at the end of this line."),
    "JSON without an end": ('{"title": "a",\n"b": "c', 2, "The quotation mark is not closed"),
    "JSON with a name twice": ('{\n"title": "a",\n"Title": "b"\n}', 3, "“title” stands here twice."),
    "JSON with the same name twice": ('{\n"title": "a",\n"title": "b"\n}', 3, "“title” stands here twice."),
    "JSON with a control character by an escape": ('{\n"title": "a\\u0001"\n}', 2, "control character"),
    "JSON with half a surrogate pair": ('{\n"title": "a\\ud800"\n}', 2, "control character"),
    "JSON with ten thousand levels": ('{"a": ' + "[" * 10_000, 1, "nested too deeply"),
    "JSON with thirty levels": ('{"a": ' + "[" * 30 + "]" * 30 + "}", 1, "nested too deeply"),
    "JSON that is too large": ('{"a": "' + "x" * 70_000 + '"}', 1, "larger than 64 KB"),
    "a shortcode": ("{{< youtube abc >}}", 1, "does not begin with front matter"),
}


@pytest.mark.parametrize(("text", "line", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, line: int, said: str) -> None:
    _, problems = split(text)
    assert [(problem.line, problem.severity) for problem in problems] == [(line, "error")], problems
    assert said in problems[0].problem


@pytest.mark.parametrize(
    ("line", "value", "left_out"),
    [
        ("title: We are #1", "We are", "#1"),
        ("title: #MeToo", "", "#MeToo"),
        ("title: Zoë #1", "Zoë", "#1"),
        ("title: One # a remark", "One", ""),
        ("title: 'We are #1' # a remark", "We are #1", ""),
        ("title: C# and A#1", "C# and A#1", ""),
    ],
)
def test_what_yaml_takes_for_a_remark_is_said(line: str, value: str, left_out: str) -> None:
    document, problems = split(f"---\n{line}\n---\n")
    assert document
    assert document.fields["title"].value == value
    remedy = "Put the whole value in quotation marks if it belongs to it."
    assert problems == ([Problem(f"“{left_out}” is left out: # begins a remark.", remedy, 2, line, "note")] if left_out else [])


@pytest.mark.parametrize("sign", ["\u2028", "\u2029"])
def test_what_only_yaml_takes_for_the_end_of_a_line_is_none(sign: str) -> None:
    document, _ = split(f"---\ntitle: One{sign}two\nsection: news\n---\n")
    assert document
    assert [(field.value, field.line) for field in document.fields.values()] == [("One two", 2), ("news", 3)]
    _, problems = split(f"---\ntitle: One{sign}two\ntags: [@ice]\n---\n")
    assert [(problem.line, problem.text) for problem in problems] == [(3, "tags: [@ice]")]


@given(st.dictionaries(st.text(min_size=1), st.recursive(st.text() | st.booleans() | st.none() | st.integers(), st.lists, max_leaves=5)))
def test_any_json_is_read_or_refused(fields: dict[str, object]) -> None:
    document, problems = split(json.dumps(fields) + "\nText.")
    assert document or problems
    if document:
        assert document.body == "Text."


@given(st.text())
def test_a_name_has_one_spelling(name: str) -> None:
    assert spelt(spelt(name)) == spelt(name)
