"""What an editor may get wrong, or an attacker may try: each has its answer, none is published by halves, and none takes more than its share."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressrun.core.article import Label, is_article, read_article
from pressrun.core.cards import is_source, misspelt, read_card, unmet
from pressrun.core.links import media_keys
from pressrun.core.magazine import read_magazine
from pressrun.core.markdown import Markup, complete, to_html
from pressrun.core.problem import CONTROL, errors
from pressrun.core.report import Report, report_on_other

from .magazines import MERIDIAN, SITE_TOML

KEY = "articles/plain.md"
FRONT_MATTER = "Begin the file with a line ---, then title: and the other fields, then another line ---."
DATE = "Write it like 2026-11-22, or 2026-11-22T09:30, or 2026-11-22T09:30:00-05:00."
ADDRESS = "Write it like /news/my-article/ with small letters, digits and hyphens."
OLD_ADDRESS = "Write it like /old/address/."
PASTE = "Remove it; it may have come with a paste."
ANOTHER_SLUG = "Give it another slug: in the front matter."
ANOTHER_URL = "Give it another url: in the front matter."
SECTIONS = "The sections are: news, news/arctic, sea."

Finding = tuple[int | None, str, str]


def head(*lines: str) -> str:
    return "\n".join(["---", "title: One", *lines, "---", "Text."])


REFUSED: dict[str, tuple[str | bytes, list[Finding]]] = {
    "empty": ("", [(None, "The file is empty.", "Save the article and upload it again.")]),
    "blank": (" \n\n", [(None, "The file is empty.", "Save the article and upload it again.")]),
    "no front matter": ("# A headline\n\nText.", [(1, "does not begin with front matter", FRONT_MATTER)]),
    "a byte order mark alone": (b"\xef\xbb\xbf", [(1, "does not begin with front matter", FRONT_MATTER)]),
    "unclosed": ("---\ntitle: One\n\nText.", [(1, "The front matter has no end.", "Put a line --- after its last field.")]),
    "UTF-16": (head().encode("utf-16"), [(1, "not text in UTF-8", "Save it as UTF-8")]),
    "UTF-16 without its mark": (head().encode("utf-16-le"), [(1, "control character", PASTE)]),
    "Latin-1": ("---\ntitle: One\nsummary: Zoë\n---\n".encode("latin-1"), [(3, "not text in UTF-8", "Save it as UTF-8")]),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00", [(1, "not text in UTF-8", "Save it as UTF-8")]),
    "a control character in the text": (head() + "\n\x07", [(5, "control character", PASTE)]),
    "a control character by an escape": (head(r'summary: "a\x01b"'), [(3, "A backslash", "Write two of them")]),
    "a NUL by an escape": (head(r'summary: "a\u0000b"'), [(3, "A backslash", "Write two of them")]),
    "half a surrogate pair": (head(r'summary: "a\ud800b"'), [(3, "A backslash (\\) means something else", "Write two of them")]),
    "no character at all": (head(r'summary: "a\uFFFEb"'), [(3, "A backslash", "Write two of them")]),
    "a control character in a name": (head(r'"sum\x02mary": a'), [(3, "A backslash", "Write two of them")]),
    "12 MB": (b"x" * (12 * 1024 * 1024), [(None, "larger than 2 MB", "upload pictures and downloads to media/ instead")]),
    "more than 2 MB": (b"x" * (2 * 1024 * 1024 + 1), [(None, "larger than 2 MB", "upload pictures and downloads to media/ instead")]),
    "front matter that is too large": (head("summary: " + "x" * 70_000), [(1, "larger than 64 KB", "Move the text below the second ---.")]),
    "no title": ("---\nsummary: x\n---\n", [(1, "has no title", "Add a line to the front matter: title: …")]),
    "nothing between the lines": ("---\n---\nText.", [(1, "has no title", "Add a line to the front matter: title: …")]),
    "an empty title": ("---\ntitle:\n---\n", [(2, "The title is empty.", "Write the headline after title:")]),
    "a title that is a list": ("---\ntitle: [a, b]\n---\n", [(2, "“title” must be text.", "Write it on one line: title: …")]),
    "a title of 5,000 characters": (f"---\ntitle: {'x' * 5000}\n---\n", [(2, "has 5000 characters; 300 is the most", "the rest may be the summary")]),
    "a long title": (f"---\ntitle: {'x' * 301}\n---\n", [(2, "has 301 characters; 300 is the most", "the rest may be the summary")]),
    "a list": ("---\n- title\n---\n", [(2, "not a list of fields", "Write each as name: value.")]),
    "a sentence": ("---\nnothing to see\n---\n", [(2, "not a list of fields", "Write each as name: value.")]),
    "a field twice": ("---\ntitle: a\nTitle: b\n---\n", [(3, "“title” stands here twice.", "Keep one of the two.")]),
    "a name that is a list": (head("? [a, b]", ": c"), [(3, "The name of a field must be a word.", "Write each as name: value.")]),
    "an unclosed quotation": (head('summary: "x'), [(3, "The quotation mark is never closed.", 'Write summary: "x"')]),
    "a tab": (head("\tsummary: x"), [(3, "The line begins with a tab.", "Begin it with spaces")]),
    "a sign": (head("summary: @jane"), [(3, "begins with @", 'in quotation marks: summary: "@jane"')]),
    "an anchor": (head("summary: &a x"), [(3, "The value begins with &", "in quotation marks")]),
    "an alias": (head("summary: *a"), [(3, "The value begins with *", "in quotation marks")]),
    "a billion laughs": (
        head("summary: &a [x, x]", "tags: [*a, *a]"),
        [(3, "The value begins with &", "in quotation marks"), (4, "Anchors (&name) and aliases (*name) are not allowed", "Write the value out")],
    ),
    "ten thousand levels": (head("tags: " + "[" * 10_000), [(3, "nested too deeply", "Use plain lists and values.")]),
    "ten thousand levels in blocks": (head("a:", *(" " * n + "a:" for n in range(1, 250))), [(23, "nested too deeply", "plain lists")]),
    "ten thousand levels of text": (head() + "\n" + "> " * 10_000, [(4, "nested more than 200 deep", "Close every HTML tag")]),
    "a hundred thousand links": (
        head() + "[a](/b/) " * 60_000,
        [(4, "more than 100,000 paragraphs, links and other parts", "Make several articles")],
    ),
    "ten thousand ampersands": (head() + "& " * 11_000, [(4, "more than 10,000 signs like &", "Write the letters themselves")]),
    "a thousand links to articles": (
        head() + "".join(f"[a](b{n}.md) " for n in range(1_001)),
        [(4, "names more than 1,000 other articles, pictures and files", "Make several articles")],
    ),
    "pictures with long names": (
        head() + "".join(f"![]({n}{'x' * 500}.jpg) " for n in range(90)),
        [(4, "or such with very long names", "Make several articles")],
    ),
    "ten thousand shortcodes": (head() + "{{< x >}}" * 11_000, [(4, "more than 10,000 shortcodes", "Make several articles")]),
    "a word for a flag": (head("draft: maybe"), [(3, "“draft” must be true or false.", "Write draft: true, or remove the line.")]),
    "an impossible date": (head("date: 2026-02-30"), [(3, "“2026-02-30” is not a date.", DATE)]),
    "words for a date": (head("date: next Tuesday"), [(3, "“next Tuesday” is not a date.", DATE)]),
    "a date that may be two": (head("date: 10/11/2026"), [(3, "“10/11/2026” may be two dates.", "2026-11-10 for 10 November or 2026-10-11")]),
    "a date with points": (head("date: 31.12.2026"), [(3, "“31.12.2026” is not a date.", DATE)]),
    "the 13th hour of the afternoon": (head("date: 2026-11-22 13:00 pm"), [(3, "“2026-11-22 13:00 pm” is not a date.", DATE)]),
    "a time zone that is several": (head("date: 2026-11-22 9:30 EST"), [(3, "“EST” is not a time zone that is known everywhere.", DATE)]),
    "a time zone that is none": (head("date: 2026-11-22 9:30 Atlantis/Main"), [(3, "is not a date.", DATE)]),
    "the 13th month": (head("date: 2026-13-01"), [(3, "“2026-13-01” is not a date.", DATE)]),
    "a time for a date": (head("date: 12:30"), [(3, "“12:30” is not a date.", DATE)]),
    "the year 21": (head("date: 0021-10-07"), [(3, "“0021-10-07” is not a date.", DATE)]),
    "the last year that there is": (head("date: 9999-12-31"), [(3, "“9999-12-31” is not a date.", DATE)]),
    "a year that its offset makes another": (head("date: 1000-01-01T00:00+05:00"), [(3, "is not a date.", DATE)]),
    "a year that none can follow": (head("date: 9998-12-31T23:00-05:00"), [(3, "is not a date.", DATE)]),
    "an embargo twice by one name": (
        head("publishdate: 2020-01-01", "publishDate: 2099-01-01"),
        [(4, "“publish_date” stands here twice.", "Keep one of the two.")],
    ),
    "a draft in another spelling": (head("drAft: false", "draft: true"), [(4, "“draft” stands here twice.", "Keep one")]),
    "a draft deep in an image": (
        head("cover: {image: {draft: true, src: q.jpg}}"),
        [(3, "“draft” stands inside of “cover”, where it says nothing", "to the margin")],
    ),
    "a title that nobody sees": ('---\ntitle: "\u200b\u2060"\n---\n', [(2, "The title is empty.", "Write the headline after title:")]),
    "a kicker that is a text": (head(f"kicker: {'x' * 301}"), [(3, "has 301 characters; 300 is the most", "Shorten it.")]),
    "a tag that is a text": (head(f"tags: [{'x' * 301}]"), [(3, "has 301 characters; 300 is the most", "Shorten it.")]),
    "many corrections": (head(f"corrections: [{'a, ' * 200}b]"), [(3, "There are 201 corrections; 200 is the most.", "Keep the important")]),
    "gone before it is published": (head("date: 2026-11-22", "expires: 2026-11-21"), [(4, "gone before it is published", "after the date")]),
    "an unknown section": (head("section: artic"), [(3, "has no section “artic”", SECTIONS)]),
    "a section that is nearly right": (head("section: seas"), [(3, "has no section “seas”", SECTIONS + " Did you mean “sea”?")]),
    "a slug with a path": (head("slug: ../etc"), [(3, "“../etc” cannot stand in an address.", 'Write it like "etc".')]),
    "a slug with a percent sign": (head('slug: "a%20b"'), [(3, "“a%20b” cannot stand in an address.", 'Write it like "a-20b".')]),
    "a slug without a letter": (head('slug: "🚀"'), [(3, "“🚀” cannot stand in an address.", 'Write it like "my-article".')]),
    "an address with a path": (head("url: /../etc/"), [(3, "not an address in this magazine", ADDRESS)]),
    "an address with a percent sign": (head("url: /news/%2e%2e/x/"), [(3, "not an address in this magazine", ADDRESS)]),
    "an address elsewhere": (head("url: https://elsewhere.example/x/"), [(3, "not an address in this magazine", ADDRESS)]),
    "an address that is a file": (head("url: /news/x.php"), [(3, "ends with a slash, and has no dot in it", ANOTHER_URL)]),
    "an address with a very long part": (head(f"url: /{'a' * 201}/"), [(3, "not an address in this magazine", ADDRESS)]),
    "an address below a file": (head("url: /a.html/b/"), [(3, "not an address in this magazine", ADDRESS)]),
    "the home page": (head("url: /"), [(3, "not an address in this magazine", ADDRESS)]),
    "a tag's page": (head("url: /tags/ice/"), [(3, "addresses below /tags/ belong to the magazine's own pages", ANOTHER_URL)]),
    "a fragment": (head("url: /_fragments/news/"), [(3, "addresses below /_fragments/ belong", ANOTHER_URL)]),
    "an asset": (head("url: assets"), [(3, "addresses below /assets/ belong", ANOTHER_URL)]),
    "a sub-section's front": (head("slug: arctic"), [(3, "/news/arctic/: that is the address of a section's front", ANOTHER_SLUG)]),
    "a front by its title": ("---\ntitle: Arctic\n---\n", [(2, "/news/arctic/: that is the address of a section's front", ANOTHER_SLUG)]),
    "an archive": (head("url: /news/2021/10/"), [(3, "that is the address of an archive", ANOTHER_URL)]),
    "a day of an archive": (head("url: /sea/2021/10/07/"), [(3, "that is the address of an archive", ANOTHER_URL)]),
    "redirects with a path": (head("redirects: [../x]"), [(3, "“../x” is not an address", OLD_ADDRESS)]),
    "redirects elsewhere": (head("redirects: [https://meridian.example/x/]"), [(3, "is not an address", OLD_ADDRESS)]),
    "the home page as a redirect": (head("redirects: [/index.html]"), [(3, "“/index.html” is not an address", OLD_ADDRESS)]),
    "a front's file as a redirect": (head("redirects: /news/index.html"), [(3, "/news/ cannot lead to this article", "Remove it from redirects:")]),
    "the 404 as a redirect": (head("redirects: [/404.html]"), [(3, "belongs to the magazine's own files", "Remove it from redirects:")]),
    "a feed as a redirect": (head("redirects: [/sea/feed.xml]"), [(3, "belongs to the magazine's own files", "Remove it from redirects:")]),
    "a fragment as a redirect": (head("redirects: [/_fragments/news.html]"), [(3, "addresses below /_fragments/", "Remove it from redirects:")]),
    "an archive as a redirect": (head("redirects: [/news/2021/10/]"), [(3, "the address of an archive", "Remove it from redirects:")]),
    "tags that are a mapping": (head("tags: {a: b}"), [(3, "“tags” must be a list of names.", "Write it like tags: [one, two]")]),
    "a mapping within tags": (head("tags: [{a: b}]"), [(3, "“tags” must be a list of names.", "Put an item with a colon in quotation marks")]),
    "a tag without a letter": (head('tags: ["!!"]'), [(3, "“!!” has no letter or digit", "Write a word.")]),
    "tags and a summary that are texts": (
        head("summary: " + "s" * 3000, f"tags: [{', '.join(f'tag {number:03}' + 'x' * 93 for number in range(40))}]"),
        [(4, "What lists show of the article has 7,000 characters; 5,000 is the most.", "Shorten the summary, or name fewer tags")],
    ),
    "too many tags": (head("tags: [" + "a," * 300 + "]"), [(3, "“tags” has 300 names; 200 is the most.", "Keep the important ones.")]),
    "a section with a path": (head("section: ../../etc"), [(3, "has no section “../../etc”", SECTIONS)]),
    "a video elsewhere": (head("video: https://elsewhere.example/x.mp4"), [(3, "no video that can be shown", "at YouTube or Vimeo")]),
    "a video with a path": (head("video: media/../../x.mp4"), [(3, "no video that can be shown", "a file like media/launch.mp4")]),
    "a long id": (head("id: " + "x" * 201), [(3, "The id has 201 characters; 200 is the most.", "Shorten it.")]),
    "a correction without a text": (head("corrections: [{date: 2026-11-22}]"), [(3, "A correction must be text.", "Write what was wrong")]),
    "a correction without its day": (head("corrections: [{date: soon, text: x}]"), [(3, "“soon” is not a date.", DATE)]),
    "a picture in the text that is none": (
        head() + "\n![x](data:image/png;base64,AAAA)",
        [(5, "A picture inside the text is not a PNG", "as a PNG or JPEG")],
    ),
    "TOML that is not": ("+++\ntitle = 'One\n+++\n", [(2, "The quotation mark is never closed.", "Put the same quotation mark at its end.")]),
    "JSON that is not": ('{"title": "One",}\n', [(1, "There is a comma after the last field.", "Remove the comma.")]),
}


@pytest.mark.parametrize(("data", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_published_is_refused_with_its_line_and_its_remedy(data: str | bytes, expected: list[Finding]) -> None:
    found, problems = read_article(KEY, data.encode() if isinstance(data, str) else data, MERIDIAN)
    assert found is None
    assert [(problem.line, problem.severity) for problem in problems] == [(line, "error") for line, _, _ in expected], problems
    for problem, (_, said, remedy) in zip(problems, expected, strict=True):
        assert said in problem.problem
        assert remedy in problem.remedy


FORGIVEN: dict[str, tuple[str | bytes, str, list[str]]] = {
    "a byte order mark": (b"\xef\xbb\xbf---\ntitle: One\n---\nText.", "<p>Text.</p>", []),
    "Windows lines": (head().replace("\n", "\r\n"), "<p>Text.</p>", []),
    "an empty line before the front matter": ("\n" + head(), "<p>Text.</p>", []),
    "a script": (head() + "\n<script>alert(1)</script>", "<p>Text.</p>", ["<script> cannot be shown."]),
    "an iframe": (head() + "\n\n<iframe src=//elsewhere.example></iframe>\n", "<p>Text.</p>", ["<iframe> cannot be shown."]),
    "SVG": (head() + "\n\n<div><svg onload=alert(1)><path/></svg></div>\n", "<p>Text.</p>\n<div></div>", ["<svg> cannot be shown."]),
    "an event handler": (head() + "\n\n<p onclick='alert(1)'>x</p>", "<p>Text.</p>\n<p>x</p>", []),
    "a style": (head() + "\n\n<p style='position: fixed'>x</p>", "<p>Text.</p>\n<p>x</p>", []),
    "a link that is a script": (head() + " [x](javascript:alert(1))", "<p>Text. <a>x</a></p>", []),
    "a link that is a page": (head() + " [x](data:text/html,x)", "<p>Text. <a>x</a></p>", []),
    "broken nesting": (head() + " <b><i>x</b></i></div>", "<p>Text. <b><i>x</i></b></p>", []),
    "a control character by a reference": (head() + " a&#1;b &#xfffe;", "<p>Text. a\ufffdb \ufffd</p>", []),
    "Windows's quotation marks": (head() + " It&#146;s \x93so\x94\x7f", "<p>Text. It’s “so”</p>", []),
    "a quotation from a script": (head() + "\n\n<q cite='javascript:alert(1)'>x</q>", "<p>Text.</p>\n<p><q>x</q></p>", []),
    "a script in the title": (head().replace("One", "<script>alert(1)</script>"), "<p>Text.</p>", []),
}


@pytest.mark.parametrize(("data", "html", "notes"), FORGIVEN.values(), ids=FORGIVEN)
def test_what_can_be_mended_is_published_without_what_harms(data: str | bytes, html: str, notes: list[str]) -> None:
    found, problems = read_article(KEY, data.encode() if isinstance(data, str) else data, MERIDIAN)
    assert found
    assert complete(found.html).strip() == html
    assert [problem.problem for problem in problems] == notes
    assert all(problem.severity == "note" for problem in problems)


KEYS = {
    "of 1,000 bytes": "articles/" + "x" * 988 + ".md",
    "with an emoji": "articles/🚀.md",
    "with a space and a plus": "articles/a b+c.md",
    "with a path": "articles/../../a.md",
    "with two slashes": "articles//a.md",
    "with a percent sign": "articles/%2e%2e/a.md",
    "in Arabic": "articles/سفينة.md",
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_an_article_with_a_strange_key_has_a_plain_address(key: str) -> None:
    assert is_article(key)
    for title in ("One", "🚀"):
        found, problems = read_article(key, f"---\ntitle: '{title}'\n---\n".encode(), MERIDIAN)
        assert problems == ()
        assert found
        assert re.fullmatch(r"/news/[a-z0-9-]{1,100}/", found.url)


@pytest.mark.parametrize(
    "key", ["articles/" + "x" * 989 + ".md", "articles/" + "🚀" * 248 + ".md", "media/" + "x" * 991 + ".png", "authors/" + "x" * 990 + ".md"]
)
def test_a_key_of_more_than_1000_bytes_is_refused_and_its_answer_has_a_key_that_s3_takes(key: str) -> None:
    assert not is_source(key)
    report = report_on_other(key)
    assert report.status == "refused"
    assert "is too long" in report.problems[0].problem
    assert all(len(name.encode()) <= 1024 for name in (report.text_key, report.json_key))
    assert is_source(key.replace("x", "", 5).replace("🚀", "", 2))


def test_a_key_with_a_slash_at_its_end_is_a_folder() -> None:
    assert not is_article("articles/a.md/")


BAD_SITES = [b"", b"\xff", b"title", b"\x00", SITE_TOML.replace('"sea"', '"tags"').encode(), b"[" * 10_000, b"x = " + b"9" * 10_000, b"a." * 9_000]


@pytest.mark.parametrize("data", BAD_SITES, ids=range(len(BAD_SITES)))
def test_a_site_toml_that_is_wrong_is_refused(data: bytes) -> None:
    found, problems = read_magazine(data)
    assert found is None
    assert errors(problems)


# Nothing takes more than its share: sizes are what is measured, since a machine's speed is not the code's.

ENDLESS = {
    "brackets": "[" * 50_000,
    "links in links": "[a](" * 50_000,
    "emphasis": "*a **b " * 25_000,
    "emphasis over emphasis": "a**b" * 25_000 + "c* " * 25_000,
    "backticks": "".join("`" * n + " " for n in range(1500)),
    "a wide table": "|" + "a|" * 20_000 + "\n|" + "-|" * 20_000,
    "remarks": "<!--" * 50_000,
    "tags": "<a " * 50_000,
    "frames": "<iframe " * 50_000,
    "code": "<pre>" * 190 + "<code" * 50_000,
    "Hugo's shortcodes": "{{<" * 50_000,
    "Liquid's": "{% a " * 50_000,
    "values": "{{ a " * 50_000,
    "literals": "{% raw %}" * 20_000,
    "arguments": "{{< x " + 'a="' * 50_000 + ">}}",
    "links to notes": "[[a|" * 50_000,
    "embedded pictures": '"data:image/png;base64,' * 10_000,
    "entities": "&#x" * 50_000,
    "definitions": "[a]: b\n" * 20_000 + "[[a]]",
    "footnotes": "[^a]" * 50_000 + "\n\n[^a]: b",
    "headlines": "<h1>" * 190 + "<h1 " * 50_000,
    "articles": "<article " * 50_000,
    "signs for a headline": "# " * 50_000 + "x",
    "items before a table of contents": "{" + "- " * 100_000,
    "escaped quotation marks": "{{< x " + '\\"' * 50_000 + " >}}",
    "a paragraph of blanks": "<p>" + " " * 200_000 + "x</p>",
    "empty lines": "\n" * 100_000 + "x",
}


@pytest.mark.parametrize("ending", ["md", "html"])
@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_what_never_ends_is_answered_with_no_more_than_it_said(text: str, ending: str) -> None:
    found, problems = read_article(f"articles/a.{ending}", (head() + "\n" + text).encode(), MERIDIAN)
    assert (found is None) == bool(errors(problems))
    report = Report(KEY, "live", "", "", problems)
    assert len(report.text()) < 50_000
    if found:
        assert len(complete(found.html)) < 20 * len(text)


@pytest.mark.parametrize(
    "text",
    [
        f"+++\ntags: [{' ' * 50_000}x\n+++\n",
        f"+++\ntags = [{' ' * 50_000}x]\n+++\n",
        head(f"a{'-' * 50_000}\n@"),
        head("“" * 50_000),
    ],
    ids=["a list of blanks", "a list with a word", "hyphens", "quotation marks"],
)
def test_a_field_that_never_ends_is_refused(text: str) -> None:
    assert errors(read_article(KEY, text.encode(), MERIDIAN)[1])


def test_what_is_not_there_is_told_with_its_line_however_it_is_written() -> None:
    text = head() + "\n[y](My_Ferry.md)\n[[The Crew]]\n![c](né.jpg)\n![d](<a b.jpg>)\n"
    found, _ = read_article(KEY, text.encode(), MERIDIAN)
    assert found
    told = [(problem.line, problem.text) for problem in unmet(found, text, ())[1]]
    assert told == [(7, "né.jpg"), (8, "a b.jpg"), (5, "my-ferry"), (6, "the-crew")]


UNMET = {
    "a link, and a summary": (head("summary: We look at the-ferry") + "\nThe ferry\n\n[[the-ferry]]\n", [8]),
    "a link by a title": (head("summary: The ferry") + "\nOn the ferry, the-ferry-yard.\n[[The Ferry]]\n", [7]),
    "a picture, and its like": (head("image_alt: quay.jpg in fog") + "\nOf quay.jpgs\n![a](quay.jpg)\n", [7]),
    "a picture of a field": (head("image_alt: quay.jpg in fog", "heroImage: quay.jpg") + "\n![a](quay.jpg)\n", [4]),
    "a link to a dated file": (head("summary: the-ferry") + "\n[y](2021-10-07-the-ferry.md)\n", [6]),
    "an issue": (head("summary: No 12", "issue: 12") + "\n[12 ships](12.html)\n", [7, 4]),
    "in TOML": ('+++\ntitle = "One"\nimage_alt = "quay.jpg"\nimage = "quay.jpg"\n+++\n[[one-two]]\n', [4, 6]),
    "in JSON": ('{"title": "One",\n"summary": "one-two",\n"issue": "12"\n}\n[[one-two]]\n', [5, 3]),
}


@pytest.mark.parametrize(("text", "lines"), UNMET.values(), ids=UNMET)
def test_what_is_not_there_is_told_where_it_is_wanted_and_not_where_it_is_but_named(text: str, lines: list[int]) -> None:
    found, _ = read_article(KEY, text.encode(), MERIDIAN)
    assert found
    assert [problem.line for problem in unmet(found, text, ())[1]] == lines


@pytest.mark.parametrize(
    ("name", "said", "remedy"),
    [
        ("logo.svg", "An SVG drawing can carry script", "Export it as PNG, 1,600 pixels wide"),
        ("a.HEIC", "HEIC files are not taken", "Save it as JPEG"),
    ],
)
def test_a_picture_of_a_kind_that_is_never_taken_is_not_asked_for(name: str, said: str, remedy: str) -> None:
    text = head() + f"\n![c]({name})\n"
    found, _ = read_article(KEY, text.encode(), MERIDIAN)
    assert found
    _, [problem] = unmet(found, text, ())
    assert problem.problem.startswith(said)
    assert problem.remedy.startswith(remedy)
    assert problem.remedy.endswith("Then write its name here.")


def test_files_whose_names_look_alike_are_each_wanted() -> None:
    found, _ = read_article(KEY, (head() + "\n![a](a%3Fb.jpg) ![b](a?b.jpg) ![c](a%3Fb.jpg)").encode(), MERIDIAN)
    assert found
    wants, _ = unmet(found, head(), ())
    assert {"file/media/a?b.jpg"} <= {*wants}
    assert wants == unmet(replace(found, pictures=found.pictures[::-1]), head(), ())[0]


def test_what_an_article_mentions_is_looked_for_where_it_is_told_and_no_more() -> None:
    links = "".join(f"[a](A_{n:05}.md) " for n in range(900))
    found, _ = read_article(KEY, (head() + links).encode(), MERIDIAN)
    assert found
    wants, notes = unmet(found, links, ())
    assert (len(wants), len(notes)) == (900, 20)
    misspelt(replace(found, tags=(Label("Ices", "ices"),)), "\n" * 100_000 + head(), lambda _: ["ice"], lambda _: False)


@pytest.mark.parametrize(
    "lines",
    [
        [f"n{n}: x" for n in range(5000)],
        ["title: x"] * 5000,
        ["tags: [" + ",".join(f"t{n}" for n in range(9000)) + "]"],
        ["redirects: [" + ",".join(f"'{n} /'" for n in range(190)) + "]"],
        ["aliases: [" + ",".join(f"a{n}" for n in range(190)) + "]"],
        ["a: " + "#b " * 9000],
        [f"a{n}: b: c" for n in range(5000)],
        ["x" * 60_000 + ": y"],
        ["title2: " + "y" * 60_000],
    ],
)
def test_a_report_is_short_enough_to_be_read(lines: list[str]) -> None:
    _, problems = read_article(KEY, head(*lines).encode(), MERIDIAN)
    assert problems
    assert len(Report(KEY, "refused", "", "", problems).text()) < 50_000


@pytest.mark.parametrize("text", ["> " * 5000, "1. " * 5000, "<div>" * 5000], ids=["quotations", "lists", "tags"])
def test_what_is_nested_too_deeply_is_refused_of_an_author_and_an_issue_too(text: str) -> None:
    for key, name in (("authors/a.md", "name"), ("issues/a.md", "title")):
        card, problems = read_card(key, f"---\n{name}: One\n---\n\n{text}".encode(), MERIDIAN)
        assert card is None
        assert [(problem.line, problem.problem) for problem in problems] == [(5, "The text is nested more than 200 deep.")]


def test_an_authors_text_is_without_another_tools_shortcodes() -> None:
    card, problems = read_card("authors/a.md", b"---\nname: One\nsummary: '*Two*'\n---\n\nA {{< b >}}c.", MERIDIAN)
    assert card
    assert (card.summary, card.body) == ("Two", "A c.")
    assert [(problem.line, problem.severity) for problem in problems] == [(6, "note")]


# Nothing executable comes out, whatever goes in.

FRAGMENTS = [
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<iframe src=javascript:alert(1)>", "<style>*{}</style>"),
    *(
        "<a href='javascript:alert(1)'>",
        "<object data=x>",
        "<math>",
        "<p style=x>",
        "</p>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<noscript>",
        "<template>",
    ),
    *(
        "javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "&#106;avascript:x",
        "ref:",
        "ref:b#",
        "{{< ref ",
        '{{< figure src="',
        '{{< img src="',
        ">}}",
    ),
    *(
        "{% raw %}",
        "{% endraw %}",
        "{% highlight ",
        "%}",
        "{{",
        "}}",
        "[[",
        "]]",
        "![[",
        "|",
        "[",
        "](",
        ")",
        "![",
        '"',
        "'",
        "`",
        "```\n",
        "\n\n",
        "\\",
    ),
    *("<", ">", "&lt;", "&quot;", " onerror=", " style=", "\u2028", "\u00a0", "title=", "# ", "{#", "}", "[^1]", "[^1]: ", "- [ ] ", "> ", "\n    "),
]
HOSTILE = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=12).map("".join)
HARMLESS = re.compile(r"(https?://|mailto:|tel:|[/#?]|[^:]*$)", re.IGNORECASE)
NEVER = {"script", "style", "iframe", "object", "embed", "svg", "math", "form", "base", "meta", "link", "template", "noscript"}


class Judge(HTMLParser):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in NEVER
        for name, value in attrs:
            assert not name.startswith("on"), name
            assert name not in ("style", "srcdoc", "formaction"), name
            assert name not in ("href", "src", "cite") or HARMLESS.match((value or "").strip()), value


@pytest.mark.parametrize("ending", ["md", "html"])
@given(HOSTILE)
def test_no_body_becomes_anything_that_runs(ending: str, body: str) -> None:
    found, problems = read_article(f"articles/a.{ending}", f"---\ntitle: One\n---\n{body}".encode("utf-8", "ignore"), MERIDIAN)
    assert (found is None) == bool(errors(problems))
    if found:
        names = dict.fromkeys(found.refs, "/b/")
        Judge().feed(complete(found.html, names))
        Judge().feed(complete(found.html, names, lambda src, alt, caption: "<img>"))


@pytest.mark.parametrize("markup", ["markdown", "html"])
@given(HOSTILE)
def test_no_text_becomes_anything_that_runs_even_unread(markup: Markup, body: str) -> None:
    Judge().feed(to_html(body, markup, {"b": "/b/"}, lambda src, alt, caption: "<img>"))


@given(
    st.sampled_from(["title", "summary", "image", "slug", "url", "section", "tags", "authors", "lang", "video", "id", "aliases", "corrections", "x"]),
    HOSTILE,
)
def test_no_field_is_too_strange_for_an_answer(name: str, value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    found, problems = read_article(KEY, f'---\ntitle: One\n{name}: "{quoted}"\n---\n'.encode("utf-8", "ignore"), MERIDIAN)
    assert (found is None) == bool(errors(problems))
    if found:
        assert not CONTROL.search(found.title + found.summary + found.image + found.id)
        assert re.fullmatch(r"(/[a-z0-9][A-Za-z0-9._~-]*)+/", found.url, re.IGNORECASE)
        assert all(re.fullmatch(r"[a-z0-9-]+", label.slug) for label in (*found.tags, *found.authors))
        assert re.fullmatch(r"[A-Za-z0-9-]*", found.lang)


@given(st.text(), st.text())
def test_no_picture_is_looked_for_outside_of_the_content(folder: str, src: str) -> None:
    for key in media_keys(f"articles/{folder}/a.md", src):
        assert key.startswith(("articles/", "media/"))
        assert ".." not in key.split("/")
