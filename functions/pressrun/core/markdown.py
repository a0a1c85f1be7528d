"""Article text: CommonMark with tables, footnotes, strikethrough, task lists and typographic quotes, or HTML; as HTML that can do no harm."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from html import escape, unescape
from itertools import count
from typing import Literal, NamedTuple

import nh3
import pyromark

from pressrun.core.links import anchor_of, is_elsewhere, read_href, video_of
from pressrun.core.media import is_media_name
from pressrun.core.problem import CONTROL, may_have_control, mended

Markup = Literal["markdown", "html"]

_OPTIONS = (
    pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_FOOTNOTES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
    | pyromark.Options.ENABLE_SMART_PUNCTUATION
    | pyromark.Options.ENABLE_HEADING_ATTRIBUTES
    | pyromark.Options.ENABLE_DEFINITION_LIST
)
_MARKDOWN = pyromark.Markdown(options=_OPTIONS)
_LINE = pyromark.Markdown(options=pyromark.Options.ENABLE_STRIKETHROUGH)

_TAGS = {
    *("a", "abbr", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "code", "data", "dd", "del", "details", "dfn", "div", "dl", "dt", "em"),
    *(
        "figcaption",
        "figure",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "input",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "rp",
        "rt",
        "ruby",
    ),
    *("s", "samp", "section", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u"),
    *("ul", "var", "wbr"),
}
_EVERYWHERE = {"lang", "dir", "title"}
_ATTRIBUTES = {
    "*": _EVERYWHERE,
    **{anchor: {"id"} for anchor in ("div", "dt", "figure", "h2", "h3", "h4", "h5", "h6", "li", "p", "section", "span", "sup")},
    "a": {"href", "hreflang", "id", "name"},  # name: an id, as it was written once
    "data": {"value"},
    "del": {"datetime"},
    "img": {"src", "alt"},
    "ins": {"datetime"},
    "ol": {"start", "reversed"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope", "abbr"},
    "time": {"datetime"},
}
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    clean_content_tags={"script", "style", "template", "noscript", "iframe", "object", "svg", "math", "textarea", "title", "xmp"},
    # A task list's boxes: drawn, never used.
    tag_attribute_values={"input": {"type": {"checkbox"}, "disabled": {""}, "checked": {""}}},
    set_tag_attribute_values={"input": {"disabled": ""}},
    allowed_classes={
        "td": {"left", "center", "right"},
        "th": {"left", "center", "right"},
        "blockquote": {"pullquote"},
        "div": {"footnote-definition"},
        "sup": {"footnote-reference", "footnote-definition-label"},
    },
    url_schemes={"http", "https", "mailto", "tel", "ref"},
    link_rel=None,
)
_ALIGNED = re.compile(r'<(t[hd]) style="text-align: (left|center|right)">')
DEEPEST = 200
_MOST_TAGS, _MOST_ENTITIES = 100_000, 10_000
_ENTITY = re.compile(r"&(?!(?:lt|gt|quot);)")
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
# Void elements, and those that the next one of their kind closes: https://html.spec.whatwg.org/multipage/syntax.html#optional-tags
_NEVER_DEEP = {
    *("br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "option", "p", "rp", "rt", "source", "td", "th", "tr", "wbr"),
}
_ANY_TAG = re.compile(r"<[^>]*>")
_CJK = re.compile(r"[\u3000-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]+")  # kana and Han with their signs; Korean has spaces
_NEVER_CJK = bytes({*range(0x100)} - {*range(0xE3, 0xEA)})  # the bytes that begin none of U+3000 to U+9FFF in UTF-8
_MENTION = re.compile(r'<(?:a(?: [a-z-]+="[^"]*")*? href="([^"]*)"|img(?: [a-z-]+="[^"]*")*? src="([^"]*)")')
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_OTHERWISE = re.compile(r"<(/?)(h1|strike)\b", re.IGNORECASE)  # what is shown as another element
# Of a shortcode that was left out, as a rule, or of a tag that ended in a paragraph and began before it.
_EMPTY = re.compile(r"<(h[2-6])(?: [^<>]*+)?>\s*+</\1>|<p></p>")
_INCHES = re.compile(r"“(?<=\w“)(?=[\s.,;:!?)\]…’”/×–—-]|</|\Z)")  # a quotation opens before a word, and not behind one
_FOOTNOTE = re.compile(r'(<sup class="footnote-reference"><a href="#|<div class="footnote-definition" id=")')
_FRAME = re.compile(r"<iframe\b([^<>]*+)>(?:\s*+</iframe\s*>)?", re.IGNORECASE)
_VIDEO = re.compile(r"<p>(https?://[^\s<>\"]++)</p>")
# An address in the text of clean HTML, without the signs that end a sentence; what has text of another kind is passed over.
_ADDRESS = re.compile(r"<(a|code|pre)\b.*?</\1>|<[^>]*>|(\bhttps?://[^\s<>\"]*[^\s<>\"'’”.,;:!?)\]])", re.DOTALL)
_HAS_ADDRESS = re.compile(r"http(?<![\w\"=]http)s?://")  # begins with what is looked for, so that nearly all of a text is passed over at once
_UNSHOWN = re.compile(r"<(script|iframe|object|embed|form|svg|math|video|audio|canvas)\b", re.IGNORECASE)
_COMMENT = re.compile(r"<!--(?:[^-]|-(?!->))*+(?:-->)?")
_HTML_CODE = re.compile(rf"{_COMMENT.pattern}|<(pre|code)\b(?:[^<]|<(?!/\1))*+", re.IGNORECASE)

# The sanitiser's output: "<" begins a tag and nothing else, and no attribute's value has a quotation mark in it. Only tags into which something is
# to be put are looked for.
_ATTRIBUTES_OF = r'(?: [a-z-]+="[^"]*")*'
_ALONE = rf"<p(?: id=\"(?P<id>[^\"]*)\")?>\s*+(?:(?P<link><a{_ATTRIBUTES_OF}>)\s*+)?<img(?P<image>{_ATTRIBUTES_OF})>\s*+(?:</a>\s*+)?</p>"
_NOTE = r'<div class="footnote-definition" id="(?P<note>fn-[^"]*)"><sup class="footnote-definition-label">(?P<number>[^<]*)</sup>'
_HAS_ID = r'[a-z]++(?=(?: [a-z-]+="[^"]*")*? id=")'
_CLEAN_TAG = re.compile(rf"{_ALONE}|{_NOTE}|<(?P<tag>/?a|img|h[2-6]|input|/?table|{_HAS_ID})(?P<attributes>{_ATTRIBUTES_OF})>")
_REFERENCE = '<sup class="footnote-reference">'  # what a footnote's number in the text stands in
_PAGE_IDS = frozenset({"main", "menu", "special-reports"})  # what the templates call parts of the page

Picture = Callable[[str, str, str], str | None]
Words = Callable[..., str]


def in_english(label: str, *values: str) -> str:
    """A label as it is, with each value in the place of a pair of braces."""
    for value in values:
        label = label.replace("{}", value, 1)
    return label


def to_html(text: str, markup: Markup = "markdown", links: Mapping[str, str] = {}, picture: Picture | None = None, words: Words = in_english) -> str:
    """The body as a page has it: rendered, clean and complete."""
    return complete(clean(rendered(text, markup)), links, picture, words)


def complete(html: str, links: Mapping[str, str] = {}, picture: Picture | None = None, words: Words = in_english, tongue: str = "") -> str:
    """The clean HTML of a body, with what only the magazine knows put in.

    ``links`` has the URL of each article (``Article.refs``) and of each file (``Article.files``) that the body may name; a link to any other is its
    text alone. ``picture`` gets a picture's source, alternative text and caption, and returns HTML that is trusted, '' where only the alternative
    text is to be left, or None where nothing is. A picture that stands alone in its paragraph becomes a figure with its caption, which ``picture``
    then does not get. ``words`` says a label in the magazine's language; ``tongue`` is that language where the body is in another one.
    """
    return "".join(_Page(links, picture, words, tongue).pieces(html))


class Mentions(NamedTuple):
    """What a body says of other things: the articles that it links to, by name and sorted, the sources of its pictures and of the files that it
    links to, in order."""

    refs: tuple[str, ...]
    pictures: tuple[str, ...]
    files: tuple[str, ...]


def mentions(html: str) -> Mentions:
    """What clean HTML mentions, each thing once."""
    refs: set[str] = set()
    pictures: dict[str, None] = {}
    files: dict[str, None] = {}
    for href, src in _MENTION.findall(html):
        if src and (written := unescape(src).strip()):
            pictures[written] = None
        elif href:
            ref, file = _meant(unescape(href))
            refs.update([ref[0]] if ref and ref[0] else [])
            files |= {file: None} if file else {}
    return Mentions(tuple(sorted(refs)), tuple(pictures), tuple(files))


def unshown(html: str) -> tuple[str, ...]:
    """The names of the tags in rendered HTML that cannot be shown."""
    return tuple(dict.fromkeys(name.lower() for name in _UNSHOWN.findall(html)))


def rendered(text: str, markup: Markup = "markdown") -> str:
    """The body as HTML, which may still do harm."""
    html = text if markup == "html" else _MARKDOWN.html(text)
    # Who writes “ means it: in German it closes a quotation. Only what straight marks became is mended.
    if markup == "markdown" and "“" in html and "“" not in text and "„" not in html:
        html = _INCHES.sub("”", html)
    return _VIDEO.sub(_alone, _FRAME.sub(_watched, html))


def _alone(paragraph: re.Match[str]) -> str:
    """A video's address that is a paragraph by itself is a link that says so."""
    url = video_of(unescape(paragraph[1]))
    return f'<p><a href="{escape(url)}"></a></p>' if url else paragraph[0]


def _linked(found: re.Match[str]) -> str:
    """An address in a text leads there."""
    return f'<a href="{found[2]}">{found[2]}</a>' if found[2] else found[0]


def _watched(frame: re.Match[str]) -> str:
    """Another site's video in its frame is a link to it; any other frame stays what it was, and is cleaned away."""
    src = re.search(r"\ssrc\s*=\s*[\"']?(?:https?:)?(//[^\"'\s]++)", frame[1], re.IGNORECASE)
    url = video_of("https:" + unescape(src[1])) if src else None
    return f'<p><a href="{escape(url)}"></a></p>' if url else frame[0]


def clean(html: str) -> str:
    """Rendered HTML without what could do harm: no script, no style, no embedded page, and no ``h1``, which is the title's.

    Its links and pictures are still as they were written.
    """
    # The content security policy allows no style attribute, so a column's alignment becomes a class.
    html = _ALIGNED.sub(r'<\1 class="\2">', html)
    if "footnote-" in html:
        html = _FOOTNOTE.sub(r"\1fn-", html)  # a footnote's name may be a heading's, too
    # A reference like &#1; is a control character by now, and in what some tools made, &#146; is an apostrophe.
    cleaned = _CLEANER.clean(_OTHERWISE.sub(lambda tag: f"<{tag[1]}{'s' if tag[2].lower() == 'strike' else 'h2'}", html))
    if may_have_control(cleaned.encode()):
        cleaned = CONTROL.sub(mended, cleaned)
    if "http" in cleaned and _HAS_ADDRESS.search(cleaned):
        cleaned = _ADDRESS.sub(_linked, cleaned)
    return _EMPTY.sub("", cleaned)


def _meant(href: str) -> tuple[tuple[str, str] | None, str]:
    """What a link leads to: the name of an article and a heading in it, or the name of a file, or neither."""
    if ref := read_href(href):
        return ref, ""
    name = href.partition("#")[0]
    return None, name if is_media_name(name) and not is_elsewhere(name) else ""


class _Page:
    """One reading of clean HTML: what only the magazine knows is put in."""

    def __init__(self, links: Mapping[str, str], picture: Picture | None, words: Words, tongue: str) -> None:
        self.links, self.picture, self.words, self.tongue = links, picture, words, tongue
        self.noted: set[str] = set()  # the footnotes that the text has led to
        self.ids = set(_PAGE_IDS)
        self.again: Counter[str] = Counter()  # how many more there are of an id
        self.tables = count(1)
        self.open_links: list[bool] = []  # whether each is shown

    def pieces(self, html: str) -> Iterator[str]:
        done = 0
        for found in _CLEAN_TAG.finditer(html):
            yield html[done : found.start()]
            done = found.end()
            if found["note"] is not None:
                yield self._note(found["note"], found["number"])
                continue
            attributes = _attributes(found["image"] or found["attributes"] or "")
            match found["tag"]:
                case None:
                    yield self._alone(found["id"] or "", found["link"] or "", attributes)
                case "img":
                    yield self._image(attributes)
                case "a" if attributes.get("href", "").startswith("#fn-") and html.endswith(_REFERENCE, 0, found.start()):
                    yield self._to_note(attributes["href"][1:], html[done : html.find("<", done)])
                case "a":
                    yield self._link(found[0], attributes)
                    if html.startswith("</a>", done) and (url := video_of(unescape(attributes.get("href", "")))):
                        said = self.words("Watch the video on {}", "YouTube" if "youtube" in url else "Vimeo")
                        yield f'<span lang="{self.tongue}">{said}</span>' if self.tongue else said
                case "/a":
                    yield found[0] if self.open_links.pop() else ""
                case "table":
                    # It may be wider than the screen, and is then moved by key, too.
                    yield f'<div class="wide" role="region" tabindex="0" aria-label="{self.words("Table {}", str(next(self.tables)))}">{found[0]}'
                case "/table":
                    yield "</table></div>"
                case "input" if "type" not in attributes:
                    continue  # of a form
                case "input":
                    # What the box says must be said, too.
                    yield f'{found[0][:-1]} aria-label="{self.words("Done" if "checked" in attributes else "Not done")}">'
                case "h2" | "h3" | "h4" | "h5" | "h6":
                    yield self._heading(found[0], attributes, html[done : html.find("</h", done)])
                case _:
                    yield self._with_id(found[0], attributes["id"])
        yield html[done:]

    def _alone(self, written: str, link: str, attributes: dict[str, str]) -> str:
        before, after = (self._link(link, _attributes(link)), "</a>" if self.open_links.pop() else "") if link else ("", "")
        alt, caption = attributes.get("alt", "").strip(), attributes.get("title", "")
        if shown := self._shown(attributes, ""):
            return f"{self._with_id('<figure>', written)}{before}{shown}{after}{f'<figcaption>{caption}</figcaption>' if caption else ''}</figure>"
        said = " ".join(filter(None, (f"<em>{alt}</em>" if alt else "", caption))) if shown is not None else ""
        return f"{self._with_id('<p>', written)}{before}{said}{after}</p>" if said else ""

    def _image(self, attributes: dict[str, str]) -> str:
        alt = attributes.get("alt", "").strip()
        shown = self._shown(attributes, attributes.get("title", ""))
        return f"<em>{alt}</em>" if alt and shown == "" else shown or ""

    def _shown(self, attributes: dict[str, str], title: str) -> str | None:
        src = unescape(attributes.get("src", "")).strip()
        if not src:
            return ""
        return self.picture(src, unescape(attributes.get("alt", "")), unescape(title)) if self.picture else ""

    def _link(self, tag: str, attributes: dict[str, str]) -> str:
        if "id" in attributes or "name" in attributes:
            tag = self._with_id(tag, attributes.get("id") or attributes.get("name", ""))
        written = unescape(attributes.get("href", ""))
        if "href" in attributes and not written.strip():
            self.open_links.append(False)
            return ""
        ref, file = _meant(written)
        if not ref and not file:
            self.open_links.append(True)
            return tag.replace(' href="#fn-', ' href="#fn_')
        name, heading = ref or (file, written.partition("#")[2])
        self.open_links.append(name in self.links)
        if name not in self.links:
            return ""
        href = self.links[name] + (f"#{heading}" if heading else "")
        return tag.replace(f'href="{attributes["href"]}"', f'href="{escape(href)}"')

    def _to_note(self, written: str, number: str) -> str:
        """From the text to a footnote. The first of them is where its note leads back to."""
        name = _id(written)
        self.open_links.append(True)
        place = "" if name in self.noted else f' id="{name}-text"'
        self.noted.add(name)
        return f'<a href="#{name}"{place} role="doc-noteref" aria-label="{self.words("Note {}", number)}">'

    def _note(self, written: str, number: str) -> str:
        """The beginning of a footnote, whose number leads back to the text."""
        name = _id(written)
        tag = f'<div class="footnote-definition" id="{self._free(name)}"><sup class="footnote-definition-label">'
        if name not in self.noted:
            return f"{tag}{number}</sup>"
        back = f'<a href="#{name}-text" role="doc-backlink" aria-label="{self.words("Note {}: back to the text", number)}">{number}</a>'
        return f"{tag}{back}</sup>"

    def _heading(self, tag: str, attributes: dict[str, str], inside: str) -> str:
        """With an id, so that a link can lead to it: what the text says, or what the heading is made of."""
        return self._with_id(tag, attributes.get("id", "") or anchor_of(unescape(re.sub(r"<[^>]*>", "", inside))))

    def _with_id(self, tag: str, written: str) -> str:
        # What footnotes are called is theirs alone.
        name = re.sub(r"^fn-", "fn_", _id(written))
        others = _ATTRIBUTE.sub(lambda found: "" if found[1] in ("id", "name") else found[0], tag)
        return f'{others[:-1]} id="{self._free(name)}">' if name else others

    def _free(self, name: str) -> str:
        """The id, or the first like it that nothing has in the page."""
        free = name
        while free in self.ids:
            self.again[name] += 1
            free = f"{name}-{self.again[name]}"
        self.ids.add(free)
        return free


def _id(written: str) -> str:
    """An id has no blanks in it."""
    return "-".join(written.split())


def _attributes(tag: str) -> dict[str, str]:
    return dict(_ATTRIBUTE.findall(tag))


def excess(html: str) -> tuple[str, str] | None:
    """What rendered HTML has too much of for an HTML parser, whose time grows with the square of some things, and how to mend it."""
    tags = html.count("<")
    if tags > DEEPEST and depth(html) > DEEPEST:
        return f"The text is nested more than {DEEPEST} deep.", "Close every HTML tag that is opened."
    if tags > _MOST_TAGS and len(_TAG.findall(html)) > _MOST_TAGS:
        return f"The text has more than {_MOST_TAGS:,} paragraphs, links and other parts.", "Make several articles of it."
    if html.count("&") > _MOST_ENTITIES and len(_ENTITY.findall(html)) > _MOST_ENTITIES:
        return f"The text has more than {_MOST_ENTITIES:,} signs like & or &nbsp;", "Write the letters themselves: é, not &eacute;"
    return None


def depth(html: str) -> int:
    """How deeply rendered HTML is nested at the most. Unclosed tags count as open to the end."""
    open_tags: Counter[str] = Counter()
    now = deepest = 0
    for closing, name in _TAG.findall(html):
        tag = name.lower()
        if tag in _NEVER_DEEP or (closing and not open_tags[tag]):
            continue
        step = -1 if closing else 1
        open_tags[tag] += step
        now += step
        deepest = max(deepest, now)
    return deepest


Spans = list[tuple[int, int]]


def spans(text: str, markup: Markup = "markdown") -> tuple[Spans, Spans]:
    """Where there is code or a comment in the body, and where blocks of HTML are in Markdown: the start and end of each piece, in order."""
    if markup == "html":
        return [found.span() for found in _HTML_CODE.finditer(text)], []
    data = text.encode()
    code, html = Spans(), Spans()
    place = byte = 0
    for event, where in _MARKDOWN.events_with_range(text):  # whose ranges are in bytes
        match event:
            case {"Code": _} | {"Start": {"CodeBlock": _}}:
                found = code
            case {"InlineHtml": str(tag)} if tag.startswith("<!--"):
                found = code
            case {"Start": "HtmlBlock"}:
                found = html
            case _:
                continue
        start = place + len(data[byte : where["start"]].decode())
        place, byte = start + len(data[where["start"] : where["end"]].decode()), where["end"]
        found.append((start, place))
        if found is html:
            code += [comment.span() for comment in _COMMENT.finditer(text, start, place)]
    return code, html


def plain(text: str) -> str:
    """One line of Markdown or HTML as text: what a summary or a caption says, without its emphasis, links and tags.

    >>> plain("By **Jo** and [Al](https://al.example), in <em>Oslo</em>: 2 * 3 * 4")
    'By Jo and Al, in Oslo: 2 * 3 * 4'
    """
    if not re.search(r"[*_`\[<~\\]", text):
        return text
    # A word before it, so that 'no. 1' or a dash at its beginning is no list.
    events = _LINE.events("x " + " ".join(text.split()).replace("&", "&amp;"))
    return " ".join("".join(filter(None, map(_said, events)))[2:].split())


def _said(event: object) -> str:
    match event:
        case {"Text": str(text)} | {"Code": str(text)}:
            return text
        case {"InlineHtml": str(tag)}:
            named = _TAG.match(tag)
            return "" if named and named[2].lower() in _TAGS else tag
        case _:
            return ""


def word_count(html: str) -> int:
    """The words of the text, tags left out. Chinese and Japanese have no spaces: five of their characters take as long to read as two words."""
    text = _ANY_TAG.sub(" ", html)
    if not text.encode().translate(None, _NEVER_CJK):
        return len(text.split())
    others = _CJK.sub("", text)
    return len(others.split()) + (len(text) - len(others)) * 2 // 5
