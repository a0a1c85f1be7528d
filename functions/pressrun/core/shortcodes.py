"""Other tools' shortcodes in an article: Hugo's, Jekyll's Liquid and Obsidian's links become what they obviously mean, the rest is left out."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import islice

from pressrun.core.frontmatter import line_finder
from pressrun.core.links import ref_of, vimeo, youtube
from pressrun.core.markdown import Markup, code_spans
from pressrun.core.problem import Problem, note

# None has the opening of another in it, so one that never closes ends the search at the next opening and not at the end of the file.
_HUGO = r"\{\{<(?P<hugo>(?:[^{>]|\{(?![{%])|>(?!\}\}))*+)>\}\}|\{\{%(?P<hugo_text>(?:[^{%]|\{(?![{%])|%(?!\}\}))*+)%\}\}"
_LIQUID = (
    r"\{%-?(?P<tag>(?:[^{%]|\{(?![{%])|%(?!\}))*+)%\}|\{\{-?\s*(?P<value>(?:[A-Za-z_][\w.-]*+|\"[^\"{}\n]*+\"|'[^'{}\n]*+')\s*+(?:\|[^{}\n]*+)?)\}\}"
)
_OBSIDIAN = r"(?P<embed>!?)\[\[(?P<link>[^\[\]|\n]++)(?:\|(?P<label>[^\[\]\n]*+))?\]\](?![(\[])"
# What Jekyll's Markdown says of looks: classes, and where a table of contents goes, in place of a list of one item.
_KRAMDOWN = r"(?P<look>(?:(?:[*+-]|1\.) [^\n]*\n)?\{:toc\}|\{:[^{}\n]*\})"
_IN_MARKDOWN, _IN_HTML = re.compile(f"{_HUGO}|{_LIQUID}|{_OBSIDIAN}|{_KRAMDOWN}"), re.compile(f"{_HUGO}|{_LIQUID}")
_DEFINITION = re.compile(r"^ {0,3}\[([^\[\]\n]++)\]:", re.MULTILINE)
_NAME = re.compile(r"\s*(/?\s*[^\s\"'=]*)")
_ARGUMENT = re.compile(r"(?:([\w.-]+)\s*=\s*)?(?:\"((?:[^\"\\]|\\.)*+)\"|'((?:[^'\\]|\\.)*+)'|`([^`]*+)`|([^\s\"'`=]++))")
# What follows is a link's destination: after the bracket, the quotation mark or the colon, or after the site's own address there.
_DESTINATION = re.compile(r"(?:\]\(\s*<?|=\s*[\"']|\]:\s*)(?:\{\{[^{}]*\}\})*$")
_NO_ARTICLE = re.compile(r"\.(?!(?:md|markdown|html?)$)\w+$", re.IGNORECASE)

_LITERAL = {"highlight", "raw", "comment"}  # what stands between its two marks is not looked into
_PICTURES = {"figure", "fig", "image", "img", "picture"}
_SOURCES = ("src", "url", "path", "image_path", "file")
_SITE_ADDRESSES = {"site.baseurl", "site.url"}
_ADDRESS_FILTERS = {"relative_url", "absolute_url", "prepend", "escape", "xml_escape", "uri_escape"}
_MOST, _MOST_NOTES = 10_000, 50


@dataclass(frozen=True, slots=True)
class _Shortcode:
    """``arguments`` go by name, or by place: "0", "1". ``alone`` is whether nothing else stands on its line."""

    start: int
    end: int
    name: str
    arguments: dict[str, str]
    alone: bool


def translate(text: str, first_line: int, markup: Markup = "markdown") -> tuple[str, list[Problem]]:
    """The text without shortcodes, and a note for each that was left out; an error where there are too many. ``first_line`` is the text's first
    line in its file.

    A link to another article leads to ``ref:`` and its name. In code, a shortcode is what it is.
    """
    if "{" not in text and "[[" not in text:
        return text, []
    pattern = _IN_HTML if markup == "html" else _IN_MARKDOWN
    found = list(islice(pattern.finditer(text), _MOST + 1))
    if len(found) > _MOST:
        return text, [
            Problem(f"The text has more than {_MOST:,} shortcodes and links in double brackets.", "Make several articles of it.", first_line)
        ]
    translator = _Translator(text, markup, found)
    translated = "".join(translator.pieces())
    line_at = line_finder(text)
    said = "Write what it showed as text, as a picture or as a link."
    notes = [
        note(
            f"Pressrun does not know “{name}”, a shortcode of another tool.",
            f"It is left out. {said}",
            line=line_at(start) + first_line - 1,
            text=shown,
        )
        for start, name, shown in translator.left_out[:_MOST_NOTES]
    ]
    if more := translator.left_out[_MOST_NOTES:]:
        notes.append(note(f"{len(more)} more shortcodes are left out.", said, line=line_at(more[0][0]) + first_line - 1))
    return translated, notes


class _Translator:
    def __init__(self, text: str, markup: Markup, found: list[re.Match[str]]) -> None:
        self.text, self.markup, self.found = text, markup, found
        self.defined = {found[1] for found in _DEFINITION.finditer(text)} if "[[" in text else set()
        self.code = code_spans(text, markup) if found else []
        self.left_out: list[tuple[int, str, str]] = []

    def pieces(self) -> Iterator[str]:
        """The text in order: what stands between the shortcodes, and what each becomes."""
        shortcodes = [self._read(found) for found in self.found]
        closings = _closings(shortcodes)
        done = 0
        for found, shortcode in zip(self.found, shortcodes, strict=True):
            if found.start() < done:
                continue  # between the marks of a literal one
            yield self.text[done : found.start()]
            done = found.end()
            if self._in_code(found.start()):
                yield _unescaped(found) or found[0]
            elif unescaped := _unescaped(found):
                yield escape(unescaped, quote=False)
            elif found.lastgroup == "look":
                continue
            elif found.lastgroup in ("link", "label"):
                yield self._link(found)
            elif found.lastgroup == "value":
                yield self._noted(_value(found["value"]), shortcode)
            elif closing := closings.get(found.start()):
                yield self._literal(shortcode, self.text[done : closing.start])
                done = closing.end
            elif not shortcode.name.startswith(("/", "end")):
                yield self._noted(self._shown(shortcode), shortcode)
        yield self.text[done:]

    def _read(self, found: re.Match[str]) -> _Shortcode:
        if found.lastgroup in ("link", "label", "value", "look"):
            return _Shortcode(found.start(), found.end(), found[0], {}, False)
        inside = found[found.lastgroup or 0].rstrip().removesuffix("-")
        named = _NAME.match(inside)
        name, rest = ("".join(named[1].split()).lower(), inside[named.end() :]) if named else ("", inside)
        arguments: dict[str, str] = {}
        for place, argument in enumerate(_ARGUMENT.finditer(rest)):
            key, *values = argument.groups()
            arguments.setdefault(key or str(place), re.sub(r"\\([\"'\\])", r"\1", "".join(filter(None, values))))
        before = self.text[max(0, found.start() - 20) : found.start()].rpartition("\n")
        after = self.text[found.end() : found.end() + 20].partition("\n")
        alone = not before[2].strip() and not after[0].strip() and (bool(before[1]) or found.start() < 20)
        return _Shortcode(found.start(), found.end(), name, arguments, alone)

    def _in_code(self, place: int) -> bool:
        number = bisect_right(self.code, (place, len(self.text))) - 1
        return number >= 0 and place < self.code[number][1]

    def _noted(self, shown: str | None, shortcode: _Shortcode) -> str:
        if shown is None:
            self.left_out.append((shortcode.start, shortcode.name, self.text[shortcode.start : min(shortcode.end, shortcode.start + 120)]))
        return shown or ""

    def _shown(self, shortcode: _Shortcode) -> str | None:
        """What it becomes, or None where that is not obvious."""
        name, arguments = shortcode.name, shortcode.arguments
        if name == "include":
            name = arguments.get("0", "").rpartition("/")[2].partition(".")[0].lower()
            arguments = {key: value for key, value in arguments.items() if key != "0"}
        if name in ("ref", "relref", "post_url", "link"):
            return self._ref(shortcode, arguments.get("0") or arguments.get("path", ""))
        if name in ("youtube", "vimeo", "video"):
            return self._video(shortcode, arguments.get("provider", name), arguments)
        return self._picture(shortcode, arguments) if _PICTURES.intersection(re.split(r"[-_]", name)) else None

    def _literal(self, shortcode: _Shortcode, inner: str) -> str:
        if shortcode.name == "comment":
            return ""
        if shortcode.name == "raw":
            return inner
        if self.markup == "html":
            return f"<pre><code>{escape(inner.strip(), quote=False)}</code></pre>"
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", inner)), default=0))
        language = re.sub(r"[^\w+#-]", "", shortcode.arguments.get("0", ""))
        before = "" if shortcode.alone or not self.text[: shortcode.start].strip() else "\n\n"
        inner = inner if inner.startswith("\n") else f"\n{inner}"
        return f"{before}{fence}{language}{inner}{'' if inner.rstrip(' ').endswith(chr(10)) else chr(10)}{fence}"

    def _ref(self, shortcode: _Shortcode, target: str) -> str | None:
        place = "/" + target.lstrip("/") if shortcode.name == "link" and _NO_ARTICLE.search(target) else ref_of(target)
        if _DESTINATION.search(self.text[max(0, shortcode.start - 80) : shortcode.start]):
            return place
        return self._anchor(target, place) if place else None

    def _link(self, found: re.Match[str]) -> str:
        """Obsidian's link, or the picture or article that it embeds."""
        target = found["link"].rstrip("\\").strip()  # in a table the bar is written \|
        if target.startswith("^") or target in self.defined:
            return found[0]
        label = (found["label"] or "").strip()
        if found["embed"] and _NO_ARTICLE.search(target):
            return f"![{'' if re.fullmatch(r'[0-9x]*', label) else _text(label)}]({_destination(target)})"  # a number is its width
        return self._anchor(label or ": ".join(filter(None, target.split("#"))), ref_of(target))

    def _picture(self, shortcode: _Shortcode, arguments: dict[str, str]) -> str | None:
        placed = [value for key, value in arguments.items() if key.isdigit()]
        named = [arguments[name] for name in _SOURCES if arguments.get(name)]
        src = next(iter([*named, *(value for value in placed if "." in value), *placed]), "")
        if not src:
            return None
        caption = " ".join(filter(None, (arguments.get(name) for name in ("title", "caption", "description", "attr"))))
        if self.markup == "html":
            image = f'<img src="{escape(src)}" alt="{escape(arguments.get("alt", ""))}" title="{escape(caption)}">'
        else:
            title = f' "{_text(caption)}"' if caption else ""
            image = f"![{_text(arguments.get('alt', ''))}]({_destination(src)}{title})"
        return self._paragraph(shortcode, self._anchor(image, arguments["link"], is_text=False) if arguments.get("link") else image)

    def _video(self, shortcode: _Shortcode, provider: str, arguments: dict[str, str]) -> str | None:
        given = arguments.get("id") or arguments.get("0", "")
        url = youtube(given) if provider == "youtube" else vimeo(given) if provider == "vimeo" else None
        # Without a text, the page says what it leads to, in the magazine's language.
        return self._paragraph(shortcode, self._anchor(arguments.get("title", ""), url)) if url else None

    def _anchor(self, label: str, href: str, is_text: bool = True) -> str:
        if self.markup == "html":
            return f'<a href="{escape(href)}">{escape(label, quote=False) if is_text else label}</a>'
        return f"[{_text(label) if is_text else label}]({_destination(href)})"

    def _paragraph(self, shortcode: _Shortcode, shown: str) -> str:
        """What stands alone on its line is a paragraph, and a picture alone in its paragraph is a figure."""
        if not shortcode.alone:
            return shown
        return f"<p>{shown}</p>" if self.markup == "html" else f"\n{shown}\n"


def _closings(shortcodes: list[_Shortcode]) -> dict[int, _Shortcode]:
    """By the start of each literal shortcode, the next one that closes it."""
    found: dict[int, _Shortcode] = {}
    following: dict[str, _Shortcode] = {}
    for shortcode in reversed(shortcodes):
        if shortcode.name.startswith(("/", "end")):
            following[shortcode.name.removeprefix("/").removeprefix("end")] = shortcode
        elif shortcode.name in _LITERAL and shortcode.name in following:
            found[shortcode.start] = following[shortcode.name]
    return found


def _unescaped(found: re.Match[str]) -> str:
    """``{{</* name */>}}`` is how Hugo writes about a shortcode; '' for a real one."""
    inside = re.fullmatch(r"(\{\{[<%])/\*(.*)\*/([>%]\}\})", found[0], re.DOTALL)
    return "".join(inside.groups()) if inside else ""


def _value(expression: str) -> str | None:
    """What Liquid's ``{{ … }}`` says where it is an address below the site: ``"/x" | relative_url`` is ``/x``."""
    value, *filters = (part.strip() for part in expression.rstrip().removesuffix("-").split("|"))
    if any(name.partition(":")[0].strip() not in _ADDRESS_FILTERS for name in filters):
        return None
    if value in _SITE_ADDRESSES:
        return ""
    return value[1:-1] if re.fullmatch(r"\"[^\"]*\"|'[^']*'", value) else None


def _text(text: str) -> str:
    """Text as it may stand in a link's brackets or in its title's quotation marks; Markdown in it stays."""
    return re.sub(r"(?<!\\)([\[\]\"])", r"\\\1", " ".join(text.split()).rstrip("\\"))


def _destination(src: str) -> str:
    src = " ".join(src.split()).replace("<", "%3C").replace(">", "%3E")
    return f"<{src}>" if re.search(r"[ ()\\]", src) else src
