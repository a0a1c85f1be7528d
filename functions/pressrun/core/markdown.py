"""Article text: CommonMark with tables, footnotes, strikethrough, task lists and typographic quotes, as HTML that can do no harm."""

import re
from collections import Counter

import nh3
import pyromark

_OPTIONS = (
    pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_FOOTNOTES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
    | pyromark.Options.ENABLE_SMART_PUNCTUATION
    | pyromark.Options.ENABLE_HEADING_ATTRIBUTES
)
_MARKDOWN = pyromark.Markdown(options=_OPTIONS)

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
    "a": {"href", "hreflang"},
    "blockquote": {"cite"},
    "data": {"value"},
    "del": {"cite", "datetime"},
    "div": {"id"},
    **{heading: {"id"} for heading in ("h2", "h3", "h4", "h5", "h6")},
    "ins": {"cite", "datetime"},
    "ol": {"start", "reversed"},
    "q": {"cite"},
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
        "div": {"footnote-definition"},
        "sup": {"footnote-reference", "footnote-definition-label"},
    },
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel=None,
)
_ALIGNED = re.compile(r'<(t[hd]) style="text-align: (left|center|right)">')
DEEPEST = 200
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
# Void elements, and those that the next one of their kind closes: https://html.spec.whatwg.org/multipage/syntax.html#optional-tags
_NEVER_DEEP = {
    *("br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "option", "p", "rp", "rt", "source", "td", "th", "tr", "wbr"),
}
_HEADING_1 = re.compile(r"<(/?)h1\b")


def to_html(text: str) -> str:
    """The body's HTML: no script, no style, no embedded page, no picture, and no ``h1``, which is the title's."""
    html = _MARKDOWN.html(text)
    # The content security policy allows no style attribute, so a column's alignment becomes a class.
    html = _ALIGNED.sub(r'<\1 class="\2">', html)
    return _CLEANER.clean(_HEADING_1.sub(r"<\1h2", html))


def depth(text: str) -> int:
    """How deeply the body's HTML is nested at the most: an HTML parser's time grows with its square. Unclosed tags count as open to the end."""
    open_tags: Counter[str] = Counter()
    now = deepest = 0
    for closing, name in _TAG.findall(_MARKDOWN.html(text)):
        tag = name.lower()
        if tag in _NEVER_DEEP or (closing and not open_tags[tag]):
            continue
        step = -1 if closing else 1
        open_tags[tag] += step
        now += step
        deepest = max(deepest, now)
    return deepest


def word_count(html: str) -> int:
    """The words of the text, tags left out."""
    return len(re.sub(r"<[^>]*>", " ", html).split())
