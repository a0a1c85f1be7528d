"""Pictures that came inside the text, as some editors' tools save them: taken out into files of their own."""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from pressrun.core.frontmatter import line_finder
from pressrun.core.media import judge
from pressrun.core.problem import Problem

_LARGEST = 5 * 1024 * 1024
# A picture's source begins after a bracket, a quotation mark or a colon. In quotation marks, HTML's, it may go over several lines.
_EMBEDDED = re.compile(
    r"([\"'])\s*+data:image/([\w.+-]+);base64,([A-Za-z0-9+/=\s]*+)\1|(?<=[(<: ])data:image/([\w.+-]+);base64,([A-Za-z0-9+/=]*+)", re.IGNORECASE
)
_KINDS: dict[str, Callable[[bytes], bool]] = {
    ".png": lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"),
    ".jpg": lambda data: data.startswith(b"\xff\xd8\xff"),
    ".gif": lambda data: data.startswith((b"GIF87a", b"GIF89a")),
    ".webp": lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP",
    ".avif": lambda data: data[4:8] == b"ftyp" and data[8:12] in (b"avif", b"avis"),
}


@dataclass(frozen=True, slots=True)
class Embedded:
    """A picture from inside an article. ``name`` is what the article calls it now: a hash of its bytes, with the ending of what they are."""

    name: str
    data: bytes


def take_out(text: str) -> tuple[str, tuple[Embedded, ...], list[Problem]]:
    """The text with a name for each embedded picture, on the same lines as before, and the pictures, each once."""
    if "64," not in text or ";base64," not in text.lower():
        return text, (), []
    found: dict[str, Embedded] = {}
    lines: dict[str, int] = {}  # where each stands first
    problems: list[Problem] = []
    line_at = line_finder(text)

    def named(source: re.Match[str]) -> str:
        quote, kind, code = source[1] or "", source[2] or source[4], source[3] if source[1] else source[5]
        picture = _picture(code)
        if isinstance(picture, str):
            problems.append(_refused(picture, line_at(source.start()), f"data:image/{kind};base64,{code[:40]}…"))
            return quote * 2
        found[picture.name] = picture
        lines.setdefault(picture.name, line_at(source.start()))
        return quote + picture.name + quote + "\n" * source[0].count("\n")

    text = _EMBEDDED.sub(named, text)
    for name, picture in found.items():
        if wrong := judge(name, picture.data)[1]:
            problems.append(_refused(f"cannot be shown. {wrong[0].problem.rstrip('.')}", lines[name]))
    return text, tuple(found.values()), problems


def _refused(what: str, line: int, shown: str = "") -> Problem:
    remedy = "Save the picture as a PNG or JPEG file, upload it to media/ and name it here."
    return Problem(f"A picture inside the text {what}.", remedy, line, shown)


def _picture(code: str) -> Embedded | str:
    """The picture, or what is wrong with it."""
    if len(code) > _LARGEST * 4 // 3:
        return f"is larger than {_LARGEST // 1024 // 1024} MB"
    try:
        data = b64decode("".join(code.split()), validate=True)
    except Error:
        return "is broken"
    ending = next((ending for ending, is_one in _KINDS.items() if is_one(data)), None)
    return Embedded(sha256(data).hexdigest()[:16] + ending, data) if ending else "is not a PNG, JPEG, GIF, WebP or AVIF picture"
