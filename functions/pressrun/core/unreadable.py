"""What a parser could not read, in an editor's words: where it is, what is wrong and what to write, whatever the parser says of it.

A parser stops at the first thing that it cannot read. ``without`` puts a plain text in its place, so that what stands below it is read, too.
"""

import json
import re
import tomllib
from collections.abc import Callable, Sequence
from json import dumps
from typing import Any, TypeVar

import yaml

from pressrun.core.problem import Problem, errors

T = TypeVar("T")

_MOST_PLACES = 20
Said = tuple[int, str, str]  # the line, from 0; what is wrong; how to mend it

CANNOT = "This line cannot be read."
_IN_QUOTES = "Put the whole value in quotation marks."
_LIST = "Write a list like tags: [one, two], or put the value in quotation marks if it is none."
_BACKSLASH = r"A backslash (\) means something else between double quotation marks."
_CLOSE = "Put the same quotation mark at its end."
_ITEMS = "Give each item a line of its own that begins with two spaces, a hyphen and a space."
_STAMP = re.compile(r"\s*\(at .*\)$")
# Where a statement begins: what belongs to it are the lines up to the next.
_YAML_STATEMENT = re.compile(r"(?P<name>[A-Za-z_][\w-]*+)[ \t]*+:[ \t]*+(?P<value>.*+)|[^\s#-].*+|---.*+")
_TOML_STATEMENT = re.compile(r"\s*+(?:(?P<name>[A-Za-z_][\w-]*+)\s*+=\s*+(?P<value>.*+)|[^\s=#\"'\[\]{},][^=]*+=.*+|\[.*+)")
_JSON_STATEMENT = re.compile(r"\s*+(?:[\"“”]?(?P<name>[A-Za-z_][\w-]*+)[\"“”]?\s*+:\s*+(?P<value>.*+)|\"[^\"]*+\"\s*+[^\s,:\]].*+|[{}].*+)")


# YAML

# What libyaml says, by a word of it.
_YAML: tuple[tuple[str, str, str], ...] = (
    (
        "an anchor",
        "Anchors (&name) and aliases (*name) are not allowed in front matter.",
        "Write the value out, or in quotation marks if it begins with & or *.",
    ),
    ("a tag", "Something in this line begins with !, which means something else here.", _IN_QUOTES),
    ("hexdecimal", _BACKSLASH, r"Write two of them (\\), or use ' in place of the quotation marks."),
    ("escape character", _BACKSLASH, r"Write two of them (\\), or use ' in place of the quotation marks."),
    ("Unicode", _BACKSLASH, r"Write two of them (\\), or use ' in place of the quotation marks."),
    ("tab character", "There is a tab in the line.", "Put spaces in its place."),
    ("block sequence entries", "A list begins in a line that has something else in it.", _ITEMS),
    ("expected '-' indicator", "Not every line of the list begins with a hyphen.", _ITEMS),
    ("node content", "A comma or a bracket stands where a value should be.", f"Remove it, or: {_IN_QUOTES}"),
    ("comment or line break", "After the sign > or | at the beginning of a value, nothing else may stand in its line.", _IN_QUOTES),
    ("alphabetical", "The line begins with %, which means something else here.", "Remove the sign."),
    ("alphabetic", "Something here begins with & or *, which means something else here.", _IN_QUOTES),
    ("document", "The line does not belong to the fields above it.", "Begin each field at the margin, with a colon after its name."),
)


def said_of_yaml(head: str, error: yaml.YAMLError) -> Said:
    """What is wrong where libyaml stopped."""
    lines = head.split("\n")
    context, problem = str(getattr(error, "context", "") or ""), str(getattr(error, "problem", "") or "")
    place, begun = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    if begun and any(what in context for what in ("quoted scalar", "simple key", "flow")):
        line = min(begun.line, len(lines) - 1)
    else:
        line = min(place.line if place else 0, len(lines) - 1)
    text = lines[line].strip()
    known = next(((said, remedy) for word, said, remedy in _YAML if word in problem), None)
    if "quoted scalar" in context and (not known or known[0] != _BACKSLASH):
        return line, "The quotation mark is never closed.", _CLOSE
    if "cannot start any token" in problem and place and place.line < len(lines):
        sign = lines[place.line][place.column : place.column + 1]
        said = "There is a tab in the line." if sign == "\t" else f"Something in this line begins with {sign}, which means something else here."
        return place.line, said, "Put spaces in its place." if sign == "\t" else "Put it in quotation marks."
    if known and not ("flow" in context and "node content" in problem):
        return line, *known
    if "flow" in context:
        line, bracket = next(((n, found[0]) for n in range(line, -1, -1) if (found := re.search(r"[\[{]", lines[n]))), (line, "["))
        return line, f"What begins with {bracket} is not closed, or a comma or a quotation mark is missing in it.", _LIST
    if re.match(r"[A-Za-z_][\w-]*[ \t]*:[ \t]*([\[{].*[\]}]|\".*\"|'.*')", text):
        return line, "Something stands behind the end of the value.", _IN_QUOTES
    if "expected ':'" in problem:
        return line, "This line is no field: it has no name with a colon after it.", "Write it as name: value, or remove it."
    if "mapping values" in problem:
        if re.match(r"(?:-\s+)?[^\s:]++:.*:(\s|$)", text):
            return line, "There is a colon in the value.", _IN_QUOTES
        return line, "The line begins with spaces, as if it belonged to the one above, which has its value already.", "Begin it at the margin."
    if "expected key" in problem:
        remedy = "Begin each field at the margin, with a colon after its name, and each item of a list with two spaces, a hyphen and a space."
        return line, "The line does not fit below the one above it.", remedy
    return line, CANNOT, "Write each field as name: value on a line of its own, with the value in quotation marks."


# TOML

_TOML: tuple[tuple[str, str, str], ...] = (
    ("Expected '='", "This line is no field: it has no equals sign after a name.", 'Write it as name = "value"; a name has no spaces and no signs.'),
    ("newline or end of document", "Something stands behind the end of the value.", "Put the whole value in one pair of quotation marks."),
    ("Invalid value", "The value cannot be read.", 'Put it in quotation marks: name = "value"'),
    ("Invalid statement", "The line begins with a sign that begins no field.", 'Remove the sign, or write name = "value".'),
    ("Invalid initial", "A name has a sign in it, or is missing.", 'Write it as name = "value"; a name has no spaces and no signs.'),
    ("Unclosed array", "A list is not closed with ], or a comma is missing in it.", 'Write it like tags = ["one", "two"]'),
    (
        "inline table",
        "What begins with { is not closed with }, or a comma is missing in it.",
        'Write it like cover = {image = "a.jpg", alt = "A quay"}',
    ),
    ("table declaration", "The name of a group of fields stands between brackets, alone in its line.", "Write it like [cover]"),
    ("array declaration", "The name of a group of fields stands between brackets, alone in its line.", "Write it like [[cover]]"),
    ("Illegal character", "The quotation mark is not closed in its line.", _CLOSE),
    ("invalid character", "The quotation mark is not closed in its line.", _CLOSE),
    ("Unterminated", "The quotation mark is never closed.", _CLOSE),
    ('Expected "\'"', "The quotation mark is never closed.", _CLOSE),
    ('Expected "\\""', "The quotation mark is never closed.", _CLOSE),
    ("Unescaped", _BACKSLASH, r"Write two of them (\\), or use ' in place of the quotation marks."),
    ("hex value", _BACKSLASH, r"Write two of them (\\), or use ' in place of the quotation marks."),
    ("overwrite", "This name stands here twice.", "Keep one of the two."),
    ("twice", "This name stands here twice.", "Keep one of the two."),
    ("mutate", "This name stands here twice.", "Keep one of the two."),
    ("Duplicate", "This name stands here twice.", "Keep one of the two."),
    ("date", "This is not a date.", "Write it like 2026-11-22, or 2026-11-22T09:30:00-05:00."),
)


def said_of_toml(text: str, error: ValueError) -> Said:
    """What is wrong where ``tomllib`` stopped. What is no TOMLDecodeError is a number of too many digits."""
    lines = text.split("\n")
    place = re.search(r"\(at line (\d+)", str(error))
    line = int(place[1]) - 1 if place else _last_opening(lines)
    if not isinstance(error, tomllib.TOMLDecodeError):
        return line, "A number is too long.", "Put it in quotation marks."
    problem = _STAMP.sub("", str(error))
    said, remedy = next(((said, remedy) for word, said, remedy in _TOML if word in problem), (CANNOT, 'Write each field as name = "value".'))
    return line, said, remedy


def _last_opening(lines: Sequence[str]) -> int:
    """Where a text of several lines begins that has no end; else the last line."""
    return next((n for n in range(len(lines) - 1, -1, -1) if re.search(r"\"\"\"|'''", lines[n])), len(lines) - 1)


# JSON


def said_of_json(text: str, error: json.JSONDecodeError) -> Said:
    """What is wrong where ``json`` stopped, which is often a line below it."""
    before = text[: error.pos].rstrip()
    after, line = text[error.pos : error.pos + 1], error.lineno - 1
    last = before.count("\n")
    remove = "Remove the comma."
    match error.msg.removesuffix(" starting at").removesuffix(" at"):
        case "Expecting ',' delimiter" if not after:
            return last, "The front matter has no end.", "Put a line } after its last field, and a ] after a list."
        case "Expecting ',' delimiter" if last == line and re.search(r":\s*[\d.]+$", before):
            return line, "The value does not stand between two straight quotation marks.", 'Write it as "name": "value", or true or false.'
        case "Expecting ',' delimiter" if last < line or before.endswith('"'):
            if last == line:
                return (
                    line,
                    "A comma is missing here, or there are quotation marks in the text.",
                    r"Put a comma between; before a quotation mark in a text write \ .",
                )
            return last, "A comma is missing at the end of this line.", "Put a comma between two fields."
        case "Expecting ',' delimiter":
            return line, "The value is not closed, or a comma is missing.", 'Write it like "tags": ["one", "two"],'
        case "Expecting ':' delimiter":
            return line, "There is no colon after the field's name, or a quotation mark is missing.", 'Write it as "name": "value".'
        case "Expecting property name enclosed in double quotes" | "Illegal trailing comma before end of object" if after in ("}", ""):
            return last, "There is a comma after the last field.", remove
        case "Illegal trailing comma before end of object":
            return last, "There is a comma after the last field.", remove
        case "Illegal trailing comma before end of array":
            return last, "There is a comma after the last item of the list.", remove
        case "Expecting property name enclosed in double quotes":
            return line, "The field's name does not stand between two straight quotation marks.", 'Write it as "name": "value".'
        case "Expecting value" if after == "]":
            return last, "There is a comma after the last item of the list.", remove
        case "Expecting value":
            return line, "The value does not stand between two straight quotation marks.", 'Write it as "name": "value", or true or false.'
        case "Invalid control character" | "Unterminated string":
            return line, "The quotation mark is not closed in its line, or there is a tab in the text.", 'Put a " at its end, and spaces for tabs.'
        case "Invalid \\escape" | "Invalid \\uXXXX escape":
            return line, r"A backslash (\) means something else here.", r"Write two of them: \\"
    return line, CANNOT, 'Write each field as "name": "value", with a comma between two fields.'


# What is left


def as_far_as_it_goes(
    text: str,
    first_line: int,
    problems: list[Problem],
    read: Callable[[str], T],
    said_of: Callable[[str, Any], Said],
    without: Callable[[str, int], str],
) -> T | None:
    """What can be read of a text in which something cannot; ``problems`` gets one for each such place. None where there are too many."""
    lines = text.split("\n")
    for _ in range(_MOST_PLACES):
        try:
            return read(text)
        except (yaml.YAMLError, ValueError) as error:
            line, said, remedy = said_of(text, error)
            if all(problem.line != first_line + line for problem in errors(problems)):
                problems.append(Problem(said, remedy, first_line + line, lines[line].strip()[:120]))
            text = without(text, line)
    return None


def _statement(text: str, line: int, pattern: re.Pattern[str]) -> tuple[list[str], int, int, str, str]:
    """The text's lines, where what stands at this line begins and ends among them, its name, '' for none, and its value as one plain text in
    quotation marks.
    """
    lines = text.split("\n")
    start = next((n for n in range(line, -1, -1) if pattern.fullmatch(lines[n])), 0)
    end = next((n for n in range(max(start, line) + 1, len(lines)) if pattern.fullmatch(lines[n])), len(lines))
    found = pattern.fullmatch(lines[start])
    name = found["name"] or "" if found else ""
    value = " ".join(map(_bare, [found["value"] or "", *lines[start + 1 : end]])) if found else ""
    return lines, start, end, name, dumps(" ".join(value.split()), ensure_ascii=False)


def _bare(value: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]|^\s*-\s", " ", value).strip(" \t\"'[]{},|>&*!%@`")


def _without(text: str, line: int, pattern: re.Pattern[str], form: str) -> str:
    """The text, on as many lines, with what is written at this line as a plain text, or without it where it has no name."""
    lines, start, end, name, value = _statement(text, line, pattern)
    meant = form.format(name, value) if name else ""
    return "\n".join([*lines[:start], meant, *[""] * (end - start - 1), *lines[end:]])


def without_yaml(head: str, line: int) -> str:
    """``_without``, of YAML."""
    return _without(head, line, _YAML_STATEMENT, "{}: {}")


def without_toml(text: str, line: int) -> str:
    """``_without``, of TOML."""
    return _without(text, line, _TOML_STATEMENT, "{} = {}")


def without_json(text: str, line: int) -> str:
    """``_without``, of JSON, where a comma stands between two fields and none after the last. What stands in the line of a brace is left as it is."""
    lines, start, end, name, value = _statement(text, line, _JSON_STATEMENT)
    if lines[start].lstrip().startswith(("{", "}")):
        return text
    following = next((each.lstrip() for each in lines[end:] if each.strip()), "}")
    meant = f'"{name}": {value}' + ("" if following.startswith("}") else ",")
    return "\n".join([*lines[:start], meant, *[""] * (end - start - 1), *lines[end:]])
