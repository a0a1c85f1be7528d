"""What is wrong with an upload, in an editor's words. A judgement returns every problem at once, never just the first."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

# What no feed or sitemap can hold: https://www.w3.org/TR/xml/#charsets, and what a page should not: https://infra.spec.whatwg.org/#control
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
WINDOWS = re.compile(r"[\x80-\x9f]")
# The bytes that begin none of these in UTF-8.
_HARMLESS = bytes({*b"\t\n\r", *range(0x20, 0x100)} - {0x7F, 0xC2, 0xEF})


def may_have_control(data: bytes) -> bool:
    """Whether there may be a control character in UTF-8. Of most texts the bytes alone say that there is none, in a tenth of the time."""
    return bool(data.translate(None, _HARMLESS))


def mended(control: re.Match[str]) -> str:
    """What was meant by a control character: those above 127 are Windows's quotation marks and dashes, kept through a change of encoding."""
    return control[0].encode("latin-1", "ignore").decode("cp1252", "replace") if "\x80" <= control[0] <= "\x9f" else "\ufffd"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. ``line`` counts from 1 and is None where the whole file is meant; ``text`` is the offending text as it stands there."""

    problem: str
    remedy: str
    line: int | None = None
    text: str = ""
    severity: Literal["error", "note"] = "error"


def note(problem: str, remedy: str = "", *, line: int | None = None, text: str = "") -> Problem:
    """A finding that does not stop the upload."""
    return Problem(problem, remedy, line, text, "note")


def errors(problems: Iterable[Problem]) -> list[Problem]:
    """Those that refuse the upload."""
    return [found for found in problems if found.severity == "error"]


def ranked(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Most important first: errors before notes, then by line."""
    return tuple(sorted(problems, key=lambda found: (found.severity != "error", found.line or 0, found.problem)))


def nearest(word: str, known: Sequence[str] | Mapping[str, str]) -> str:
    """' Did you mean x?' for the known word that is most like this one, or nothing. A mapping has what is meant by each spelling."""
    close = get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    meant = known[close[0]] if close and isinstance(known, Mapping) else "".join(close)
    return f" Did you mean “{meant}”?" if meant else ""
