"""An article in HTML: what its head says of it, and which part of its body is the article."""

import re
from html import unescape

from pressrun.core.frontmatter import Document, Field, has_front_matter, line_finder, split
from pressrun.core.problem import Problem

_LONGEST_HEAD = 64 * 1024
# What a <meta> is called, and which field of an article it is.
_META = {
    "description": "description",
    "og:description": "description",
    "author": "author",
    "article:author": "author",
    "keywords": "keywords",
    "date": "date",
    "article:published_time": "date",
    "article:modified_time": "updated",
}
_HIDDEN = re.compile(r"<!--(?:[^-]|-(?!->))*+(?:-->)?|<(script|style|template)\b(?:[^<]|<(?!/\1))*+", re.IGNORECASE)
# No quoted value has "<" in it here, so that a tag that never closes is read to the next one and not to the end.
_IN_HEAD = re.compile(
    r"<(?P<name>html|meta)\b(?P<attributes>(?:[^<>\"']|\"[^\"<]*+\"|'[^'<]*+')*+)>|<title\b[^<>]*+>(?P<title>[^<]*+)", re.IGNORECASE
)
_ATTRIBUTE = re.compile(r"([\w:-]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'<>]++))")
_HEADLINE = re.compile(r"<h1\b[^<>]*>((?:[^<]|<(?!/?h1\b))*+)</h1\s*>", re.IGNORECASE)


def read_page(text: str) -> tuple[Document | None, list[Problem]]:
    """The fields and body of an HTML file. Front matter before the HTML says more than the HTML's own head.

    A headline that the body repeats is left out of it, for the page has it already.
    """
    document: Document | None = Document({}, text, 1)
    problems: list[Problem] = []
    if has_front_matter(text):
        document, problems = split(text)
    if document is None:
        return None, problems
    # What is hidden is blanked, not removed: every place stays where it is.
    visible = _HIDDEN.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), document.body)
    start, end = _article(visible)
    head = _head(visible[: min(start or len(visible), _LONGEST_HEAD)], document.body_line)
    fields = head | document.fields
    headline = _HEADLINE.search(visible, start, end)
    line_at = line_finder(document.body)
    if headline:
        said = " ".join(unescape(re.sub(r"<[^<>]*>", "", headline[1])).split())
        title = fields.get("title")
        own = title is None or title is head.get("title")
        # <title> has the site's name beside the headline.
        if said and own and (title is None or said in title.value):
            fields["title"] = Field(said, document.body_line + line_at(headline.start()) - 1, "h1")
        if said and fields["title"].value == said:
            body = document.body[start : headline.start()] + document.body[headline.end() : end]
            return Document(fields, body, document.body_line + line_at(start) - 1), problems
    return Document(fields, document.body[start:end], document.body_line + line_at(start) - 1), problems


def _article(html: str) -> tuple[int, int]:
    """Where the article is: in the <article> that has the headline, or is the only one; else in <main>, else in <body>, else all of it.

    Others may be teasers. A headline that stands beside an <article> in <main> is not of that.
    """
    articles, mains = _elements(html, "article"), _elements(html, "main")
    headed = [place for place in articles if _HEADLINE.search(html, *place)]
    if not headed and not any(_HEADLINE.search(html, *place) for place in mains):
        headed = articles
    if len(headed) == 1:
        return headed[0]
    return next(iter([*mains, *_elements(html, "body")]), (0, len(html)))


def _elements(html: str, name: str) -> list[tuple[int, int]]:
    """Where each element of that name has its inside, without those inside of another."""
    found: list[tuple[int, int]] = []
    start, depth = 0, 0
    for tag in re.finditer(rf"<(/?){name}\b[^<>]*>", html, re.IGNORECASE):
        if not tag[1]:
            start = start if depth else tag.end()
            depth += 1
        elif depth:
            depth -= 1
            found += [] if depth else [(start, tag.start())]
    return [*found, (start, len(html))] if depth else found


def _head(html: str, first_line: int) -> dict[str, Field]:
    """The fields that the head of a page gives; of each the first."""
    fields: dict[str, Field] = {}
    line_at = line_finder(html)
    for tag in _IN_HEAD.finditer(html):
        attributes = {found[1].lower(): unescape("".join(filter(None, found.groups()[1:]))) for found in _ATTRIBUTE.finditer(tag["attributes"] or "")}
        name = (attributes.get("name") or attributes.get("property") or "").lower()
        if tag["title"] is not None:
            name, value = "title", " ".join(unescape(tag["title"]).split())
        elif tag["name"].lower() == "html":
            name, value = "lang", attributes.get("lang", "")
        else:
            name, value = _META.get(name, ""), attributes.get("content", "")
        if name and value:
            fields.setdefault(name, Field(value, first_line + line_at(tag.start()) - 1, name))
    return fields
