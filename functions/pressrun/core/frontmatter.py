"""Front matter: the fields at the head of an article, in YAML, TOML or JSON, read as text. What a value means is its field's business."""

import json
import re
import tomllib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Any, cast

import yaml

from pressrun.core.mistakes import last_field, mended, mended_toml, without_dashes, wrong_end
from pressrun.core.problem import CONTROL, Problem, note
from pressrun.core.unreadable import Said, as_far_as_it_goes, said_of_json, said_of_toml, said_of_yaml, without_json, without_toml, without_yaml

_BLANK_LINES = re.compile(r"(?:[ \t]*+\n)*+")
# Every one of the three parsers recurses or worse; a file nested deeper than this is an attack, not an article.
_DEEPEST = 20
_LARGEST = 64 * 1024

TWICE = "Keep one of the two."

Value = str | list["Value"] | dict[str, "Value"]


@dataclass(frozen=True, slots=True)
class Field:
    """A value as text (or a list or mapping of texts), the line, from 1, where its key stands, and that key as it is written there."""

    value: Value
    line: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """An upload taken apart. ``fields`` has canonical spelling (``spelt``). ``body_line`` is the body's first line."""

    fields: dict[str, Field]
    body: str
    body_line: int


Read = tuple[dict[str, Field], list[Problem]]


class _Refused(Exception):
    def __init__(self, problem: str, remedy: str, line: int | None = None, text: str = "") -> None:
        super().__init__(problem)
        self.problems = [Problem(problem, remedy, line, text[:120])]


class _Unreadable(_Refused):
    """What is not YAML, TOML or JSON: each place of it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("", "")
        self.problems = problems


class _NoFields(_Refused):
    """It is YAML, but something else than fields."""


def spelt(name: str) -> str:
    """A field's name in one spelling, whatever its case, its hyphens and its quotation marks.

    >>> [spelt(name) for name in ("Publish-At", "heroImage", "pubDate", "pubdate")]
    ['publish_at', 'hero_image', 'pub_date', 'pubdate']
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip(" \t“”„‟\"'‘’")).lower().replace("-", "_").replace(" ", "_")


def line_finder(text: str) -> Callable[[int], int]:
    """The line, from 1, of any place in the text."""
    ends = [found.start() for found in re.finditer("\n", text)]
    return lambda place: bisect_left(ends, place) + 1


def has_front_matter(text: str) -> bool:
    """Whether the text begins as front matter does. A brace that another follows is a shortcode."""
    return re.match(r"(?:[ \t]*+\n)*+(?:(?:---|\+\+\+)[ \t]*(?:\n|$)|\{\s*[\"}])", text) is not None


def split(text: str) -> tuple[Document | None, list[Problem]]:
    """The front matter and body of an article's text, or None with an error. Empty lines before it are forgiven."""
    blank = _BLANK_LINES.match(text)
    before = blank[0].count("\n") if blank else 0
    document: Document | None = None
    try:
        document, problems = _split(text[blank.end() if blank else 0 :])
    except _Refused as refused:
        problems = refused.problems
    if not before:
        return document, problems
    problems = [replace(problem, line=problem.line + before if problem.line else None) for problem in problems]
    if document is None:
        return None, problems
    fields = {name: replace(field, line=field.line + before) for name, field in document.fields.items()}
    return Document(fields, document.body, document.body_line + before), problems


def _split(text: str) -> tuple[Document, list[Problem]]:
    lines = text.split("\n")
    if not has_front_matter(text):
        remedy = "Begin the file with a line ---, then title: and the other fields, then another line ---."
        said, remedy = next(without_dashes(lines), ("The file does not begin with front matter.", remedy))
        raise _Refused(said, remedy, 1, lines[0][:80])
    mark = lines[0].rstrip()
    if mark not in _FORMS:
        return _split_json(text)
    ends, read = _FORMS[mark]
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() in ends), None)
    if mark == "---" and (wrong := wrong_end(lines[1:end])):
        place, said, remedy = wrong
        raise _Refused(said, remedy, place + 2, lines[place + 1].strip())
    if end is None:
        where = f" That may be line {last_field(lines[1:], 2)}." if mark == "---" and len(lines) > 1 else ""
        raise _Refused("The front matter has no end.", f"Put a line {mark} after its last field.{where}", 1, mark)
    head = "\n".join(lines[1:end])
    if len(head) > _LARGEST:
        raise _Refused("The front matter is larger than 64 KB.", f"Move the text below the second {mark}.", 1)
    fields, problems = read(head)
    return Document(fields, "\n".join(lines[end + 1 :]), end + 2), problems


# YAML


def _read_yaml(head: str) -> Read:
    head = head.replace("\u2028", " ").replace("\u2029", " ")  # line breaks, to YAML; and its lines would be others than an editor's
    try:
        return _compose(head, [])
    except _NoFields:
        found = mended(head, 2)
        if found.problems:
            with suppress(yaml.YAMLError, _Refused):
                return _compose("\n".join(found.lines), found.problems)
        raise
    except yaml.YAMLError:
        text, notes = _quote_colons(head)
        if notes:
            with suppress(yaml.YAMLError, _Refused):
                return _compose(text, notes)
        found = mended(text, 2)
        return _as_far_as_it_goes("\n".join(found.lines), [*found.problems, *notes], lambda text: _compose(text, []), said_of_yaml, without_yaml)


def _compose(head: str, problems: list[Problem]) -> Read:
    lines, events = head.split("\n"), _checked(yaml.CBaseLoader(head))
    next(events)  # the stream begins
    if isinstance(next(events), yaml.StreamEndEvent):
        return {}, problems
    root = next(events)
    is_mapping = isinstance(root, yaml.MappingStartEvent)
    pairs = list(_pairs(events, lines)) if is_mapping else [(root, _value(root, events, lines, []), [])]
    next(events)  # the document ends
    if not isinstance(after := next(events), yaml.StreamEndEvent):
        raise yaml.composer.ComposerError(None, None, "another document begins", after.start_mark)
    if not is_mapping:
        raise _NoFields("The front matter is not a list of fields.", "Write each as name: value.", 2)
    fields: dict[str, Field] = {}
    for key, value, left_out in pairs:
        line = key.start_mark.line + 2
        if not isinstance(key, yaml.ScalarEvent):
            problems.append(Problem("The name of a field must be a word.", "Write each as name: value.", line))
            continue
        problems.extend(left_out)
        _add(fields, problems, Field(value, line, str(key.value).strip()))
    return fields, problems


def _checked(loader: yaml.CBaseLoader) -> Iterator[Any]:
    """YAML's events, without any that could make much of a small file."""
    depth, get_event = 0, cast(Callable[[], Any], loader.get_event)  # its types are wrong
    while event := get_event():
        mark: Any = event.start_mark
        line = mark.line + 2
        if isinstance(event, yaml.ScalarEvent):
            if event.style == '"' and CONTROL.search(event.value):
                raise yaml.scanner.ScannerError(None, None, "escape character", mark)  # "C:\ferry"
            _refuse_control(event.value, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            _refuse_depth(depth, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if isinstance(event, yaml.NodeEvent) and event.anchor:  # which an alias has, too
            raise yaml.composer.ComposerError(None, None, "an anchor", mark)
        if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) and (event.tag or "").startswith("!"):
            raise yaml.constructor.ConstructorError(None, None, "a tag", mark)
        yield event


def _pairs(events: Iterator[Any], lines: list[str]) -> Iterator[tuple[Any, Value, list[Problem]]]:
    """Each key's event, its value, and notes on what is left out of that."""
    while not isinstance(key := next(events), yaml.MappingEndEvent):
        if not isinstance(key, yaml.ScalarEvent):
            _value(key, events, lines, [])
        left_out: list[Problem] = []
        yield key, _value(next(events), events, lines, left_out), left_out


def _value(event: Any, events: Iterator[Any], lines: list[str], left_out: list[Problem]) -> Value:
    """The value that begins with this event."""
    if isinstance(event, yaml.SequenceStartEvent):
        items = []
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            items.append(_value(item, events, lines, left_out))
        return items
    if isinstance(event, yaml.MappingStartEvent):
        return {str(key.value): value for key, value, _ in _pairs(events, lines) if isinstance(key, yaml.ScalarEvent)}
    if event.style:
        return str(event.value)
    line = lines[event.end_mark.line] if event.end_mark.line < len(lines) else ""
    if "#" in line:
        left_out.extend(_remark(event, line))
    # These two spellings say 'nothing' and nothing else; an author may be called Null.
    return "" if event.value in ("null", "~") else str(event.value)


def _remark(event: Any, line: str) -> Iterator[Problem]:
    """Notes for ``We are #1``: YAML takes ``#1`` for a comment. With a space after the sign it is one."""
    if found := re.match(r"\s+(#[^\s#].*)", line[event.end_mark.column :]):
        remedy = "Put the whole value in quotation marks if it belongs to it."
        yield note(f"“{found[1][:80]}” is left out: # begins a remark.", remedy, line=event.end_mark.line + 2, text=line.strip()[:120])


def _quote_colons(head: str) -> tuple[str, list[Problem]]:
    """``title: Milley: U.S. should talk`` is not YAML, but everybody writes it and everybody knows what it means."""
    notes: list[Problem] = []

    def quoted_all(lines: list[str]) -> Iterator[str]:
        for number, line in enumerate(lines, 2):
            found = re.fullmatch(r"([A-Za-z_-]+):[ \t]+([^\s\"'\[{|>&*!%@`].*:(?:[ \t].*)?)", line)
            if found:
                notes.append(note("A value with a colon in it.", f'Better in quotation marks: {found[1]}: "…"', line=number, text=line[:120]))
                quoted = found[2].rstrip().replace("'", "''")
                yield f"{found[1]}: '{quoted}'"
            else:
                yield line

    return "\n".join(quoted_all(head.split("\n"))), notes


# TOML

# The time that tomllib takes for a name of many parts grows with their number's square. This name has too many.
_PART = r"(?:[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+"
LONG_TOML_NAME = re.compile(rf"(?<![\w-]){_PART}(?:\.[ \t]*+{_PART}){{{_DEEPEST}}}")
_TOML_NAME = re.compile(r"\s*(?:\[\[?\s*)?[\"']?([\w-]+)")


def _read_toml(head: str) -> Read:
    try:
        return _toml(head)
    except ValueError:
        meant = mended_toml(head, 2)
        return _as_far_as_it_goes("\n".join(meant.lines), meant.problems, _toml, said_of_toml, without_toml)


def _toml(head: str) -> Read:
    if found := LONG_TOML_NAME.search(head):
        _refuse_depth(_DEEPEST + 1, head.count("\n", 0, found.start()) + 2)
    try:
        table = tomllib.loads(head, parse_float=str)
    except RecursionError:
        _refuse_depth(_DEEPEST + 1, 1)
    lines_of = defaultdict[str, list[int]](list)
    for number, line_text in enumerate(head.split("\n"), 2):
        if named := _TOML_NAME.match(line_text):
            lines_of[named[1]].append(number)
    return _fields(table.items(), lines_of)


# JSON

_JSON_NAME = re.compile(r'"((?:[^"\\]|\\.)*+)"(\s*+:)?')
_JSON_END = re.compile(r"^\}[ \t]*+$", re.MULTILINE)
# Objects come as tuples of pairs, so that a name that stands there twice is seen.
_JSON = json.JSONDecoder(object_pairs_hook=tuple, parse_int=str, parse_float=str, parse_constant=str)


def _split_json(text: str) -> tuple[Document, list[Problem]]:
    head = text[: _LARGEST + 1]
    try:
        (fields, problems), end = _json(head)
    except json.JSONDecodeError as error:
        if len(head) > _LARGEST and (error.msg.startswith("Unterminated") or error.pos > _LARGEST - 10):
            raise _Refused("The front matter has no end, or is larger than 64 KB.", "Put a line } after its last field.", 1, "{") from None
        # It cannot be read, so where it ends is where a line says so; without one, what the text below it would be taken for is no problem to tell.
        closed = _JSON_END.search(head)
        if not closed:
            line, said, remedy = said_of_json(text, error)
            raise _Refused(said, remedy, line + 1, text.split("\n")[line].strip()) from None
        end = closed.end()
        fields, problems = _as_far_as_it_goes(head[:end], [], lambda text: _json(text)[0], said_of_json, without_json, first_line=1)
    body = text[end:].lstrip(" \t").removeprefix("\n")
    return Document(fields, body, text.count("\n") - body.count("\n") + 1), problems


def _json(head: str) -> tuple[Read, int]:
    """What is read, and where it ends."""
    try:
        pairs, end = _JSON.raw_decode(head)
    except RecursionError:
        _refuse_depth(_DEEPEST + 1, 1)
    lines_of = defaultdict[str, list[int]](list)
    line_at = line_finder(head)
    for found in _JSON_NAME.finditer(head, 0, end):
        if found[2]:
            lines_of[found[1]].append(line_at(found.start()))
    return _fields(pairs, lines_of), end


# What the forms have in common


def _as_far_as_it_goes(
    head: str,
    problems: list[Problem],
    read: Callable[[str], Read],
    said_of: Callable[[str, Any], Said],
    without: Callable[[str, int], str],
    first_line: int = 2,
) -> Read:
    try:
        found = as_far_as_it_goes(head, first_line, problems, read, said_of, without)
    except _Refused as refused:
        raise _Unreadable([*problems, *refused.problems]) from None
    if found is None:
        raise _Unreadable(problems)
    fields, more = found
    return fields, [*problems, *more]


def _fields(pairs: Iterable[tuple[str, object]], lines_of: dict[str, list[int]]) -> Read:
    fields: dict[str, Field] = {}
    problems: list[Problem] = []
    for name, value in pairs:
        lines = lines_of.get(name) or [1]
        line = lines.pop(0) if len(lines) > 1 else lines[0]
        _refuse_control(name, line)
        _add(fields, problems, Field(_as_text(value, line), line, name))
    return fields, problems


def _as_text(value: object, line: int, depth: int = 1) -> Value:
    _refuse_depth(depth, line)
    match value:
        case list():
            return [_as_text(item, line, depth + 1) for item in value]
        case dict() | tuple():
            pairs = value.items() if isinstance(value, dict) else value
            return {str(_as_text(name, line)): _as_text(item, line, depth + 1) for name, item in pairs}
        case None:
            return ""
        case bool():
            return str(value).lower()
        case date() | time():
            return value.isoformat()
        case _:
            _refuse_control(str(value), line)
            return str(value)


def _add(fields: dict[str, Field], problems: list[Problem], field: Field) -> None:
    name = spelt(field.name)
    if name in fields and fields[name].value != field.value:
        problems.append(twice(name, field))
    fields[name] = field


def twice(name: str, field: Field) -> Problem:
    """A name that stood there before with another value."""
    return Problem(f"“{name}” stands here twice.", TWICE, field.line, field.name)


def _refuse_depth(depth: int, line: int | None) -> None:
    if depth > _DEEPEST:
        raise _Refused("The front matter is nested too deeply.", "Use plain lists and values.", line)


def _refuse_control(text: str, line: int | None) -> None:
    if CONTROL.search(text):
        raise _Refused("There is a control character in the front matter.", "Remove it; it may have come with a paste.", line)


_FORMS: dict[str, tuple[tuple[str, ...], Callable[[str], Read]]] = {
    "---": (("---", "..."), _read_yaml),
    "+++": (("+++",), _read_toml),
}
