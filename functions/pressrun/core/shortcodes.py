"""Other tools' shortcodes in an article: Hugo's, Jekyll's Liquid and Obsidian's links become what they obviously mean, the rest is left out."""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from itertools import islice

from pressrun.core.frontmatter import line_finder
from pressrun.core.links import ref_of, video_of, vimeo, youtube
from pressrun.core.markdown import Markup, plain, spans
from pressrun.core.problem import Problem, note

# None has the opening of another in it, so one that never closes ends the search at the next opening and not at the end of the file.
_HUGO = r"\{\{<(?P<hugo>(?:[^{>]|\{(?![{%])|>(?!\}\}))*+)>\}\}|\{\{%(?P<hugo_text>(?:[^{%]|\{(?![{%])|%(?!\}\}))*+)%\}\}"
_PATH = r"[A-Za-z_][\w.-]*+(?:\[[^\[\]{}\n]*+\][\w.-]*+)*+|\d[\w.]*+\s*+(?=\|)"  # site.data["x"], or a number with a filter
_LIQUID = (
    r"\{%-?(?P<tag>(?:[^{%]|\{(?![{%])|%(?!\}))*+)%\}"
    rf"|\{{\{{-?\s*(?P<value>(?:{_PATH}|\"[^\"{{}}\n]*+\"|'[^'{{}}\n]*+')\s*+(?:\|[^{{}}\n]*+)?)\}}\}}"
)
_OBSIDIAN = r"(?P<embed>!?)\[\[(?P<link>[^\[\]|\n]++)(?:\|(?P<label>[^\[\]\n]*+))?\]\](?![(\[])"
# What Jekyll's Markdown says of looks: classes, and where a table of contents goes, in place of a list of one item.
_TOC = r"(?:^[ \t]*(?:[*+-]|1\.) [^\n]*\n)?\{:toc[^{}\n]*\}|^\[\[?_?(?:toc|TOC)_?\]\]?[ \t]*$"
# Attributes as Hugo has them, on a line of their own or behind a link or a picture. A heading's are its anchor.
_ATTRIBUTES = r"^[ \t]*\{[.#][\w-][^{}\n]*\}[ \t]*$|(?<=[)\]])\{(?:[.#]|(?:width|height|target|rel|class|style|align|loading)=)[^{}\n]*\}"
_LOOK = rf"(?P<look>{_TOC}|\{{:[^{{}}\n]*\}}|{_ATTRIBUTES})"
# WordPress's, which archives that came by way of it still have.
_WORDPRESS = r"(?P<video>^\[(?:youtube|vimeo)[= ]\s*[^\[\]\s]{1,300}\][ \t]*$)"
# HTML in whose inside Jekyll's Markdown reads Markdown, which others do after an empty line.
_BLOCK = r"(?P<block>^ {0,3}<(?:div|section|article|aside|main|header|footer|figure|blockquote|details|center)\b[^<>\n]{0,500}?"
_SUMMARY = r"(?:\s{0,9}<summary>[^<>\n]{0,500}</summary>)?"  # which begins a block of HTML itself
_MARKED, _ANY = rf"{_BLOCK}\smarkdown\s?=[^<>\n]{{0,500}}>{_SUMMARY})", rf"{_BLOCK}>{_SUMMARY})"
_IN_HTML = re.compile(f"{_HUGO}|{_LIQUID}")
_IN_MARKDOWN = re.compile(f"{_HUGO}|{_LIQUID}|{_LOOK}|{_OBSIDIAN}|{_WORDPRESS}|{_MARKED}", re.MULTILINE)
_IN_ALL_HTML = re.compile(f"{_HUGO}|{_LIQUID}|{_LOOK}|{_OBSIDIAN}|{_WORDPRESS}|{_ANY}", re.MULTILINE)
_BRACKETS = re.compile(r"\[(?:\[|TOC\]|toc\]|youtube[= ]|vimeo[= ])")
_ALL_HTML = re.compile(r"\{::options\s[^{}\n]*parse_block_html=[\"']true")
_DEFINITION = re.compile(r"^ {0,3}\[([^\[\]\n]++)\]:", re.MULTILINE)
_NAME = re.compile(r"\s*(/?\s*[^\s\"'=]*)")
# A quotation mark behind a backslash begins nothing, so of those that never end, only one is followed to the end.
_ARGUMENT = re.compile(
    r"(?:([\w.-]++)\s*+=\s*+)?(?<!\\)(?:\"((?:[^\"\\]|\\.)*+)\"|'((?:[^'\\]|\\.)*+)'|`([^`]*+)`|([^\s\"'`=]++(?:=[^\s\"'`=]++)*+))"
)
# What follows is a link's destination: after the bracket, the quotation mark or the colon, or after the site's own address there.
_DESTINATION = re.compile(r"(?:\]\(\s*<?|=\s*[\"']|\]:\s*)(?:\{\{[^{}]*\}\})*$")
# How a line begins where there are list items or quotations, and how one ends.
_MARKS = re.compile(r"[ \t>]*+(?:(?:[*+-]|\d{1,9}[.)])[ \t]++[ \t>]*+)*+")
_LINE_ENDS = re.compile(r"[ \t]*(?:\n|\Z)")
_ARTICLE = re.compile(r"\.(?:md|markdown)(?:#|$)", re.IGNORECASE)
_NO_ARTICLE = re.compile(r"\.(?!(?:md|markdown|html?)$)\w+$", re.IGNORECASE)

_LITERAL = {"highlight", "raw", "comment", "code", "codeblock", "code-toggle"}  # what stands between its two marks is not looked into
_ELEMENTS = {"details": "details", "pullquote": "blockquote", "pull-quote": "blockquote"}  # which stand around Markdown
_ENDS = {end + name: element for name, element in _ELEMENTS.items() for end in ("/", "end")}
_RAW = re.compile(r"\{%-?\s*(?:end)?raw\s*-?%\}")
_TEXTS = ("text", "quote", "body", "content")  # what an unknown shortcode with such an argument shows
_SAYING = {"title", "summary", "caption", "label", "author", "name", "href", "link", "url"}  # others are of looks, as a rule
_PICTURES = {"figure", "fig", "image", "img", "picture"}
_SOURCES = ("src", "url", "path", "image_path", "file")
_SITE_ADDRESSES = {"site.baseurl", "site.url"}
_ADDRESS_FILTERS = {"relative_url", "absolute_url", "prepend", "escape", "xml_escape", "uri_escape"}
_NOTHING = "Nothing need be done."
_LOOK_AT = "It is left out, and its text stays. If readers need what else it says, such as a title or an address, write that as text."
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

    A link to another article leads to ``ref:`` and its name. In code and in a comment, a shortcode is what it is.
    """
    if "{" not in text and "markdown=" not in text and not _BRACKETS.search(text):
        return text, []
    pattern = _IN_HTML if markup == "html" else _IN_ALL_HTML if _ALL_HTML.search(text) else _IN_MARKDOWN
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
            (f"It is left out, and its text stays. {_NOTHING}" if bare else _LOOK_AT) if has_text else f"It is left out. {said}",
            line=line_at(start) + first_line - 1,
            text=shown,
        )
        for start, name, shown, has_text, bare in translator.left_out[:_MOST_NOTES]
    ]
    if more := translator.left_out[_MOST_NOTES:]:
        notes.append(note(f"{len(more)} more shortcodes are left out.", said, line=line_at(more[0][0]) + first_line - 1))
    return translated, notes


class _Translator:
    def __init__(self, text: str, markup: Markup, found: list[re.Match[str]]) -> None:
        self.text, self.markup, self.found = text, markup, found
        self.defined = {found[1] for found in _DEFINITION.finditer(text)} if "[[" in text else set()
        self.code, self.html = spans(text, markup) if found else ([], [])
        # Where, the name, as written, whether its text stays, and whether that was all it said.
        self.left_out: list[tuple[int, str, str, bool, bool]] = []
        self.closed: set[int] = set()  # where those begin that another one closes
        self.open: Counter[str] = Counter()  # how many of each element

    def pieces(self) -> Iterator[str]:
        """The text in order: what stands between the shortcodes, and what each becomes."""
        shortcodes = [self._read(found) for found in self.found]
        closings = _closings(shortcodes)
        self.closed = set(closings)
        done = 0
        for found, shortcode in zip(self.found, shortcodes, strict=True):
            if found.start() < done:
                continue  # between the marks of a literal one
            yield self.text[done : found.start()]
            done = found.end()
            if _inside(self.code, found.start()):
                yield "" if shortcode.name in ("raw", "endraw") else _unescaped(found) or found[0]
            elif unescaped := _unescaped(found):
                yield escape(unescaped, quote=False)
            elif found.lastgroup == "look":
                continue
            elif found.lastgroup == "block":
                # Markdown is read after an empty line, also what stands on the tag's own; a tag there is HTML in any case.
                yield found[0] + ("\n" if _LINE_ENDS.match(self.text, done) or self.text.startswith("<", done) else "\n\n")
            elif found.lastgroup == "video":
                url = video_of(unescape(re.split("[= ]", found[0].strip("[] \t"), maxsplit=1)[1]))
                yield f"\n{self._anchor(shortcode, '', url)}\n" if url else found[0]
            elif found.lastgroup in ("link", "label"):
                yield self._link(found, shortcode)
            elif found.lastgroup == "value":
                yield self._noted(_value(found["value"]), shortcode)
            elif shortcode.name in _LITERAL and (closing := closings.get(found.start())):
                yield self._literal(shortcode, closing)
                done = closing.end
            elif element := _ENDS.get(shortcode.name):
                yield self._end(element, shortcode)
            elif not shortcode.name.startswith(("/", "end")):
                yield self._noted(self._shown(shortcode), shortcode)
        yield self.text[done:]

    def _read(self, found: re.Match[str]) -> _Shortcode:
        if found.lastgroup in ("link", "label", "value", "look", "block", "video"):
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

    def _in_html(self, shortcode: _Shortcode) -> bool:
        """Whether what it becomes is HTML: Markdown is not read in a block of HTML."""
        return self.markup == "html" or _inside(self.html, shortcode.start)

    def _noted(self, shown: str | None, shortcode: _Shortcode) -> str:
        if shown is None:
            said = next((shortcode.arguments[name] for name in _TEXTS if shortcode.arguments.get(name)), "")
            shown = said and self._paragraph(shortcode, escape(said, quote=False) if self._in_html(shortcode) else said)
            written = self.text[shortcode.start : min(shortcode.end, shortcode.start + 120)]
            others = {key: value for key, value in shortcode.arguments.items() if value != said}
            is_all = not any(key in _SAYING or re.search(r"[\s/]", value) for key, value in others.items())
            self.left_out.append((shortcode.start, shortcode.name, written, bool(said) or shortcode.start in self.closed, is_all))
            if not said and re.match(r"[ \t]*[\"')]", self.text[shortcode.end : shortcode.end + 80]) and self._is_destination(shortcode):
                return "<>" if self.text[: shortcode.start].rstrip().endswith("](") else ""  # else the brackets would be text
        return shown

    def _shown(self, shortcode: _Shortcode) -> str | None:
        """What it becomes, or None where that is not obvious."""
        name, arguments = shortcode.name, shortcode.arguments
        if name == "include":
            name = arguments.get("0", "").rpartition("/")[2].partition(".")[0].lower()
            arguments = {key: value for key, value in arguments.items() if key != "0"}
        if name in ("ref", "relref", "post_url", "link"):
            return self._ref(shortcode, arguments.get("0") or arguments.get("path", ""))
        if name in _ELEMENTS and shortcode.start in self.closed:
            return self._begin(_ELEMENTS[name], shortcode, arguments)
        if name in ("youtube", "vimeo", "video"):
            return self._video(shortcode, arguments.get("provider", name), arguments)
        if _ARTICLE.search(target := arguments.get("0", "")) and self._is_destination(shortcode):
            return self._ref(shortcode, target)
        return self._picture(shortcode, arguments) if _PICTURES.intersection(re.split(r"[-_]", name)) else None

    def _literal(self, shortcode: _Shortcode, closing: _Shortcode) -> str:
        if shortcode.name == "comment":
            return ""
        inner = _RAW.sub("", self.text[shortcode.end : closing.start])
        if shortcode.name == "raw":
            return inner
        if self._in_html(shortcode):
            return f"<pre><code>{escape(inner.strip(), quote=False)}</code></pre>"
        if shortcode.name == "code" and not shortcode.alone and "\n" not in inner and "`" not in inner:
            return f"`{inner}`"
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", inner)), default=0))
        language = re.sub(r"[^\w+#-]", "", shortcode.arguments.get("0", ""))
        # A fence stands alone on its line.
        margin = self._margin(shortcode)
        before = "" if _MARKS.fullmatch(self._lines_to(shortcode)[-1]) else f"\n{margin}" * 2
        inner = inner if inner.startswith("\n") else f"\n{margin}{inner}"
        end = "" if inner.rpartition("\n")[2].strip() in ("", margin.strip()) else f"\n{margin}"
        after = "" if _LINE_ENDS.match(self.text, closing.end) else f"\n{margin}"
        return f"{before}{fence}{language}{inner}{end}{fence}{after}"

    def _begin(self, element: str, shortcode: _Shortcode, arguments: dict[str, str]) -> str:
        self.open[element] += 1
        if element == "blockquote":
            return self._apart(shortcode, '<blockquote class="pullquote">')
        summary = escape(next(filter(None, (arguments.get(name) for name in ("summary", "title", "0"))), "…"), quote=False)
        return self._apart(shortcode, f"<details><summary>{summary}</summary>")

    def _end(self, element: str, shortcode: _Shortcode) -> str:
        if not self.open[element]:
            return ""
        self.open[element] -= 1
        return self._apart(shortcode, f"</{element}>")

    def _apart(self, shortcode: _Shortcode, tag: str) -> str:
        """A tag between empty lines, so that Markdown is read around it. A list item cannot begin with one."""
        own = self._lines_to(shortcode)[-1]
        empty = f"\n{self._margin(shortcode)}" * 2
        return f"{'' if own.strip() and _MARKS.fullmatch(own) else empty}{tag}{empty}"

    def _margin(self, shortcode: _Shortcode) -> str:
        """How a line begins that is of the same list items and quotations.

        The first line of a paragraph says it, or the one with the mark of its list: those that follow may begin as they like.
        """
        *above, own = self._lines_to(shortcode)
        marks = _marks(own)
        for line in reversed(above):
            if marks.strip() or not line.strip(" \t>"):
                break
            marks = _marks(line)
        margin = re.sub(r"[^\t>]", " ", marks)
        return min(margin, own, key=len) if shortcode.alone else margin

    def _lines_to(self, shortcode: _Shortcode) -> list[str]:
        """The lines above it, as far as they matter, and its own as far as itself."""
        return self.text[max(0, shortcode.start - 500) : shortcode.start].split("\n")

    def _ref(self, shortcode: _Shortcode, target: str) -> str | None:
        place = "/" + target.lstrip("/") if shortcode.name == "link" and _NO_ARTICLE.search(target) else ref_of(target)
        if self._is_destination(shortcode):
            return place
        return self._anchor(shortcode, target, place) if place else None

    def _is_destination(self, shortcode: _Shortcode) -> bool:
        return _DESTINATION.search(self.text[max(0, shortcode.start - 80) : shortcode.start]) is not None

    def _link(self, found: re.Match[str], shortcode: _Shortcode) -> str:
        """Obsidian's link, or the picture or article that it embeds."""
        target = found["link"].rstrip("\\").strip()  # in a table the bar is written \|
        is_index = target.isdigit() and self.text[max(0, shortcode.start - 1) : shortcode.start].isalnum()  # of a list in a program: a[[0]]
        if target.startswith("^") or target in self.defined or is_index:
            return found[0]
        label = (found["label"] or "").strip()
        if found["embed"] and _NO_ARTICLE.search(target) and not self._in_html(shortcode):
            return f"![{'' if re.fullmatch(r'[0-9x]*', label) else _text(label)}]({_destination(target)})"  # a number is its width
        return self._anchor(shortcode, label or ": ".join(filter(None, target.split("#"))), ref_of(target))

    def _picture(self, shortcode: _Shortcode, arguments: dict[str, str]) -> str | None:
        placed = [value for key, value in arguments.items() if key.isdigit()]
        named = [arguments[name] for name in _SOURCES if arguments.get(name)]
        src = next(iter([*named, *(value for value in placed if "." in value), *placed]), "")
        if not src:
            return None
        caption = plain(" ".join(filter(None, (arguments.get(name) for name in ("title", "caption", "description", "attr")))))
        if self._in_html(shortcode):
            image = f'<img src="{escape(src)}" alt="{escape(arguments.get("alt", ""))}" title="{escape(caption)}">'
        else:
            title = f' "{_text(caption)}"' if caption else ""
            image = f"![{_text(arguments.get('alt', ''))}]({_destination(src)}{title})"
        return self._paragraph(shortcode, self._anchor(shortcode, image, arguments["link"], is_text=False) if arguments.get("link") else image)

    def _video(self, shortcode: _Shortcode, provider: str, arguments: dict[str, str]) -> str | None:
        given = arguments.get("id") or arguments.get("0", "")
        url = youtube(given) if provider == "youtube" else vimeo(given) if provider == "vimeo" else None
        # Without a text, the page says what it leads to, in the magazine's language.
        return self._paragraph(shortcode, self._anchor(shortcode, arguments.get("title", ""), url)) if url else None

    def _anchor(self, shortcode: _Shortcode, label: str, href: str, is_text: bool = True) -> str:
        if self._in_html(shortcode):
            return f'<a href="{escape(href)}">{escape(label, quote=False) if is_text else label}</a>'
        return f"[{_text(label) if is_text else label}]({_destination(href)})"

    def _paragraph(self, shortcode: _Shortcode, shown: str) -> str:
        """What stands alone on its line is a paragraph, and a picture alone in its paragraph is a figure."""
        if not shortcode.alone:
            return shown
        if self.markup == "html":
            return f"<p>{shown}</p>"
        return shown if self._in_html(shortcode) else f"\n{self._margin(shortcode)}{shown}\n"


def _marks(line: str) -> str:
    found = _MARKS.match(line)
    return found[0] if found else ""


def _inside(spans: list[tuple[int, int]], place: int) -> bool:
    number = bisect_right(spans, place, key=lambda span: span[0]) - 1
    return number >= 0 and place < spans[number][1]


def _closings(shortcodes: list[_Shortcode]) -> dict[int, _Shortcode]:
    """By the start of each shortcode, the one that closes it: of a literal one the next, of any other the one at the same depth."""
    found: dict[int, _Shortcode] = {}
    following: dict[str, list[_Shortcode]] = defaultdict(list)
    for shortcode in reversed(shortcodes):
        if shortcode.name.startswith(("/", "end")):
            following[shortcode.name.removeprefix("/").removeprefix("end")].append(shortcode)
        elif ends := following[shortcode.name]:
            found[shortcode.start] = ends[-1] if shortcode.name in _LITERAL else ends.pop()
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
