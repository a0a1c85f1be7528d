"""Front matter: the fields at the head of an article, read as text. What a value means is its field's business, never YAML's guess."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from pressrun.core.problem import CONTROL, Problem, note

# libyaml builds nodes by recursion in C; a file nested deeper than this is an attack, not an article.
_DEEPEST = 20
_LARGEST = 64 * 1024

Value = str | list["Value"] | dict[str, "Value"]


@dataclass(frozen=True, slots=True)
class Field:
    """A value as text (or a list or mapping of texts), and the line, from 1, where its key stands."""

    value: Value
    line: int


@dataclass(frozen=True, slots=True)
class Document:
    """An upload taken apart. ``fields`` has canonical spelling: lower case, with ``_`` for ``-``. ``body_line`` is the body's first line."""

    fields: dict[str, Field]
    body: str
    body_line: int


def split(text: str) -> tuple[Document | None, list[Problem]]:
    """The front matter and body of an article's text, or None with an error."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        remedy = "Begin the file with a line ---, then title: and the other fields, then another line ---."
        return None, [Problem("The file does not begin with front matter.", remedy, 1, lines[0][:80])]
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")), None)
    if end is None:
        return None, [Problem("The front matter has no end.", "Put a line --- after its last field.", 1, "---")]
    head = "\n".join(lines[1:end])
    if len(head) > _LARGEST:
        return None, [Problem("The front matter is larger than 64 KB.", "Move the text below the second ---.", 1)]
    fields, problems = _read_yaml(head)
    if fields is None:
        return None, problems
    return Document(fields, "\n".join(lines[end + 1 :]), end + 2), problems


def _read_yaml(head: str) -> tuple[dict[str, Field] | None, list[Problem]]:
    try:
        _refuse_bombs(head)
        return _fields(yaml.compose(head, yaml.CBaseLoader), [])
    except _Bomb as bomb:
        return None, [bomb.problem]
    except yaml.YAMLError as error:
        mended, notes = _quote_colons(head)
        if notes:
            try:
                _refuse_bombs(mended)
                return _fields(yaml.compose(mended, yaml.CBaseLoader), notes)
            except (yaml.YAMLError, _Bomb):
                pass
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line if mark else 0
        lines = head.split("\n")
        text = lines[line].strip() if line < len(lines) else ""
        said = getattr(error, "problem", None) or "it cannot be read"
        remedy = "Write each field as name: value on a line of its own; put the value in quotation marks if it has a colon or begins with a sign."
        return None, [Problem(f"The front matter cannot be read here ({said}).", remedy, line + 2, text[:120])]


class _Bomb(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.problem)
        self.problem = problem


def _refuse_bombs(head: str) -> None:
    depth = 0
    for event in yaml.parse(head, yaml.CBaseLoader):
        line = event.start_mark.line + 2 if event.start_mark else None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            what = "Anchors (&name) and aliases (*name) are not allowed in front matter."
            remedy = "Write the value out, or in quotation marks if it begins with & or *."
            raise _Bomb(Problem(what, remedy, line))
        if isinstance(event, yaml.ScalarEvent) and CONTROL.search(event.value):
            raise _Bomb(Problem("There is a control character in the front matter.", "Remove it; it may have come with a paste.", line))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise _Bomb(Problem("The front matter is nested too deeply.", "Use plain lists and values.", line))


def _fields(node: yaml.Node | None, problems: list[Problem]) -> tuple[dict[str, Field] | None, list[Problem]]:
    if node is None:
        return {}, problems
    if not isinstance(node, yaml.MappingNode):
        return None, [*problems, Problem("The front matter is not a list of fields.", "Write each as name: value.", 2)]
    fields: dict[str, Field] = {}
    for key, value in node.value:
        line = key.start_mark.line + 2
        if not isinstance(key, yaml.ScalarNode):
            problems.append(Problem("The name of a field must be a word.", "Write each as name: value.", line))
            continue
        name = str(key.value).strip().lower().replace("-", "_")
        if name in fields:
            problems.append(Problem(f"“{name}” stands here twice.", "Keep one of the two.", line, str(key.value)))
        fields[name] = Field(_value(value), line)
    return fields, problems


def _value(node: yaml.Node) -> Value:
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _value(value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    return str(node.value)


def _quote_colons(head: str) -> tuple[str, list[Problem]]:
    """``title: Milley: U.S. should talk`` is not YAML, but everybody writes it and everybody knows what it means."""
    notes: list[Problem] = []

    def mended(lines: list[str]) -> Iterator[str]:
        for number, line in enumerate(lines, 2):
            found = re.fullmatch(r"([A-Za-z_-]+):[ \t]+([^\s\"'\[{|>&*!%@`].*:(?:[ \t].*)?)", line)
            if found:
                notes.append(note("A value with a colon in it.", f'Better in quotation marks: {found[1]}: "…"', line=number, text=line[:120]))
                quoted = found[2].rstrip().replace("'", "''")
                yield f"{found[1]}: '{quoted}'"
            else:
                yield line

    return "\n".join(mended(head.split("\n"))), notes
