"""What people who know no YAML write in front matter: each mistake by its line, in words, and the text as it was meant.

The parser stops at the first line that it cannot read and names a place behind it. Here every line is looked at, so that all is said at once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from json import dumps

from pressrun.core.problem import Problem

# Whatever tool an archive or an editor comes from. Any other word without its colon may be a sentence.
_USUAL = {
    *(
        "author",
        "authors",
        "byline",
        "categories",
        "category",
        "date",
        "description",
        "draft",
        "excerpt",
        "id",
        "image",
        "keywords",
        "lang",
        "layout",
    ),
    *("permalink", "published", "section", "slug", "status", "summary", "tags", "title", "updated", "url", "video"),
}
_FIELD = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:(?:[ \t]+(.*)|)")
_GLUED = re.compile(r"([A-Za-z_][\w-]*):(?!//)([^\s:].*)")
_EQUALS = re.compile(r"([A-Za-z_][\w-]*)\s*=\s*(.*)")
_WITHOUT = re.compile(r"([A-Za-z_]+)(?:\s+[-–—=]\s*|\s+)(.+)")
# A colon that is none, or a space that is none, as word processors and other keyboards make them.
_ODD = re.compile(r"([A-Za-z_][\w-]*+)(?=[^\w\u00a0：∶]*[\u00a0：∶])[ \u00a0]*[:：∶][ \u00a0]*(.*)")
_APOSTROPHE = re.compile(r"'(?:[Tt](?:is|was|il|ill)|[Nn]?[Ee]m|[Cc]ause|[Rr]ound|\d\ds?)\b")  # with which a headline may begin
_LIST = re.compile(r"(\"[^\"]*\"|'[^']*')(?:\s*,\s*(?:\"[^\"]*\"|'[^']*'))+,?")
_BLOCK = re.compile(r"[|>][-+\d]{0,2}(?:[ \t]+#.*)?")
_SIGNS = "@`%&*!|>"
_UNQUOTED = re.compile(r"([A-Za-z_][\w-]*)\s*=\s*((?!(?:true|false)\s*(?:#|$))[A-Za-z“‘].*)")
_SHORT = 120


@dataclass(slots=True)
class Mended:
    """``lines`` are what was meant, one for each line."""

    lines: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def mended(head: str, first_line: int) -> Mended:
    """The front matter as it was meant, and what is wrong with it. ``first_line`` is the head's first line in its file."""
    found = Mended()
    lines = head.split("\n")
    in_block = in_value = False
    for place, line in enumerate(lines):
        bare = line.strip()
        indented = line[:1] in (" ", "\t")
        in_block = in_block and (indented or not bare)
        if in_block or not bare or bare.startswith("#"):
            found.lines.append(line)
            continue
        meant, said, remedy = _line(line, bare, in_value, lines[place + 1] if place + 1 < len(lines) else "")
        if said:
            found.problems.append(Problem(said, remedy, first_line + place, bare[:120]))
        found.lines.append(meant)
        if named := _FIELD.fullmatch(meant.rstrip()):
            value = named[2] or ""
            in_block = _BLOCK.fullmatch(value.strip()) is not None
            in_value = bool(value.strip()) and not in_block
    return found


def _line(line: str, bare: str, in_value: bool, following: str) -> tuple[str, str, str]:
    """What was meant, what is wrong, '' for nothing, and how to mend it. ``in_value`` is whether the field above has its value."""
    if odd := _ODD.fullmatch(line.rstrip()):
        said = "What stands behind the field's name looks like a colon and a space, and is something else."
        return f"{odd[1]}: {odd[2]}", said, f"Write {odd[1]}: {_short(odd[2])}"
    if not in_value and (dash := re.match(r"[–—•·]\s*(.*)", bare)):
        return f"  - {dash[1]}", "An item of a list begins with another sign than a plain hyphen.", f"Write - {_short(dash[1])}"
    item = re.match(r"-(?![-\s])(.*)", bare)
    if line.startswith("\t") or re.match(r" +\t", line):
        meant = f"  {bare}" if bare.startswith("-") or not in_value else bare
        return meant, "The line begins with a tab.", "Begin it with spaces, or with nothing."
    if item and not in_value:
        return line.replace("-", "- ", 1), "There is no space after the hyphen.", f"Write - {_short(item[1])}"
    if line[0] == " ":
        if in_value and _FIELD.fullmatch(bare):
            return bare, "The line begins with a space, as if it belonged to the one above.", "Begin it at the margin."
        return line, "", ""
    if named := _FIELD.fullmatch(line.rstrip()):
        return _value(line, named[1], (named[2] or "").strip(), following)
    if glued := _GLUED.fullmatch(bare):
        return f"{glued[1]}: {glued[2]}", "There is no space after the colon.", f"Write {glued[1]}: {_short(glued[2])}"
    if equals := _EQUALS.fullmatch(bare):
        return f"{equals[1]}: {equals[2]}", "A field has a colon after its name, and no equals sign.", f"Write {equals[1]}: {_short(equals[2])}"
    without = _WITHOUT.fullmatch(bare)
    if without and without[1].lower() in _USUAL:
        return f"{without[1]}: {without[2]}", "There is no colon after the field's name.", f"Write {without[1]}: {_short(without[2])}"
    return line, "", ""


def _value(line: str, name: str, value: str, following: str) -> tuple[str, str, str]:
    first, said = value[:1], ""
    if first in ('"', "'"):
        return _quotation(name, value, following) or (line, "", "")
    if first in ("[", "{"):
        end = value.rfind("]" if first == "[" else "}")
        if 0 <= end < len(value) - 1 and not value[end + 1 :].lstrip().startswith("#"):
            said = f"The value begins with {first}, as a list does, and goes on after its end."
    elif first and first in _SIGNS and not _BLOCK.fullmatch(value):
        said = f"The value begins with {first}, which means something else here."
    if not said:
        return line, "", ""
    return f"{name}: {_in_quotes(value, always=True)}", said, f"Put it in quotation marks: {name}: {_in_quotes(_short(value))}"


def _quotation(name: str, value: str, following: str) -> tuple[str, str, str] | None:
    """The same for a value that begins with a quotation mark; None where nothing is wrong."""
    first = value[0]
    if _LIST.fullmatch(value):
        meant = f"{name}: [{value.rstrip(',')}]"
        return meant, "Several values stand between square brackets.", f"Write {_short(meant)}"
    if re.fullmatch(rf"{first}[^{first}]*{first}\s*,", value):
        meant = f"{name}: {value.rstrip(' ,')}"
        return meant, "There is a comma behind the value.", f"Write {_short(meant)}"
    rest = re.sub(r"\\.", "..", value[1:]) if first == '"' else value[1:].replace("''", "..")
    end = rest.find(first)
    if end < 0 and (not following.strip() or _FIELD.fullmatch(following.rstrip())):
        # Its end may have become another mark in a word processor.
        inside = value if _APOSTROPHE.match(value) else value[1:].rstrip("”“„‟’‘")
        said = "The quotation mark is never closed."
    elif 0 <= end < len(rest) - 1 and not rest[end + 1 :].lstrip().startswith("#"):
        inside = value[1:-1] if value[-1] == first else value
        said = f"The value has {first} inside it, where its own quotation marks are {first}, too."
    else:
        return None
    return f"{name}: {_in_quotes(inside, always=True)}", said, f"Write {name}: {_in_quotes(_short(inside))}"


def _in_quotes(text: str, always: bool = False) -> str:
    """In double quotation marks, as people write them, or in single ones, in which nothing but themselves means anything."""
    return "'" + text.replace("'", "''") + "'" if always or re.search(r"[\"\\]", text) else f'"{text}"'


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else text[:_SHORT] + "…"


def mended_toml(head: str, first_line: int) -> Mended:
    """The same for front matter in TOML."""
    found = Mended()
    for place, line in enumerate(head.split("\n")):
        bare, said = line.strip(), ""
        if named := _FIELD.fullmatch(bare):
            said = "Between the lines +++, a field has an equals sign after its name, and no colon."
        elif named := _UNQUOTED.fullmatch(bare):
            said = "The value is not in quotation marks."
        elif named := re.fullmatch(r"([A-Za-z_][\w-]*)\s*=\s*(\[\s*[A-Za-z][^\[\]{}\"']*\])", bare):
            said = "The values of the list are not in quotation marks."
        elif named := re.fullmatch(r"([A-Za-z_][\w-]*)\s*=\s*(\"[^\"]*\"|'[^']*')\s*,", bare):
            said = "There is a comma behind the value."
        if named and said:
            value = (named[2] or "").strip()
            if listed := re.fullmatch(r"\[([^\[\]{}\"']+)\]", value):
                items = [item.strip() for item in listed[1].strip().removesuffix(",").split(",")]
                if not all(re.fullmatch(r"true|false|[\d.:TZ+-]+", item) for item in items):
                    value = dumps(items, ensure_ascii=False)
            is_toml = re.fullmatch(r"(\".*\"|'.*'|\[.*\]|\{.*\}|true|false|[\d.:TZ+-]+)", value)
            quoted = f"'{_short(value)}'" if '"' in value and "'" not in value else dumps(_short(value), ensure_ascii=False)
            remedy = f"Write {named[1]} = {_short(value) if is_toml else quoted}"
            found.problems.append(Problem(said, remedy, first_line + place, bare[:120]))
            # JSON's text in quotation marks is TOML's, too.
            line = f"{named[1]} = {value if is_toml else dumps(value, ensure_ascii=False)}"
        found.lines.append(line)
    return found


def without_dashes(lines: list[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with a file whose first line does not begin front matter, and how to mend it; at most one."""
    first = lines[0].strip()
    if re.fullmatch(r"[-–—_*=~+]{1,20}", first):
        yield "The first line must be three plain hyphens.", "Write --- there, and again below the last field."
    elif (named := re.match(r"([A-Za-z_]+)\s*:", first)) and named[1].lower() in _USUAL:
        yield "The line --- above the fields is missing.", "Put a line --- above this one, and another below the last field."


def last_field(lines: list[str], first_line: int) -> int:
    """The line of the last field of front matter that has no end, as it seems."""
    last = 0
    for place, line in enumerate(lines):
        # Below an empty line, a list or a remark may well be the text's.
        after_a_gap = place - last > 1
        if line.strip() and not (_FIELD.fullmatch(line.rstrip()) or (line[0] in " \t#-" and not after_a_gap)):
            break
        last = place if line.strip() else last
    return first_line + last


def wrong_end(lines: list[str]) -> tuple[int, str, str] | None:
    """Of the lines between the first --- and the next, if any: which one was meant to end the fields, or is the text's, as if one had; what is wrong;
    and how to mend it.
    """
    gap = in_block = False
    for place, line in enumerate(lines):
        bare = line.strip()
        in_block = in_block and (not bare or line[0] in " \t")
        if in_block or not bare:
            gap = not bare
            continue
        if re.fullmatch(r"[-–—_=*]{2,}|[–—]|\s+---", line.rstrip()):
            return place, "This line does not end the fields.", "Write three plain hyphens there, at the margin: ---"
        if named := _FIELD.fullmatch(line.rstrip()):
            in_block = _BLOCK.fullmatch((named[2] or "").strip()) is not None
        elif line[0] not in " \t#-–—•" or (gap and re.match(r"#+ \S", line) and _is_text(lines[place:])):
            if gap and re.match(r"#|[^\W\d_]\S* \S+ \S", line):
                remedy = f"Put a line --- below the last field, which may be line {last_field(lines, 2)}."
                return place, "The text begins here, and no line --- has ended the fields.", remedy
            return None
        gap = False
    return None


def _is_text(lines: list[str]) -> bool:
    """Whether what begins with a headline, or a remark, goes on as a text does, and not with a field."""
    following = next((line for line in lines if line.strip() and line[0] != "#"), "")
    return bool(following) and not _FIELD.match(following)
