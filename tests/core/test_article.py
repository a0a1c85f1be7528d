"""What an editor uploads, and what the answer is."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressrun.core.article import Article, Label, is_article, read_article, slug_of
from pressrun.core.dates import stamp
from pressrun.core.problem import CONTROL, Problem, errors

from .magazines import MERIDIAN, SITE_TOML, article, file, magazine

KEY = "articles/plain.md"
FRONT_MATTER = "Begin the file with a line ---, then title: and the other fields, then another line ---."
DATE = "Write it like 2026-11-22, or 2026-11-22T09:30, or 2026-11-22T09:30:00-05:00."
ADDRESS = "Write it like /news/my-article/ with small letters, digits and hyphens."
OLD_ADDRESS = "Write it like /old/address/."
ONE_LINE_EACH = "Write each field as name: value on a line of its own"
PASTE = "Remove it; it may have come with a paste."
ANOTHER_SLUG = "Give it another slug: in the front matter."
SECTIONS = "The sections are: news, news/arctic, sea."

Finding = tuple[int | None, str, str]


def read(data: str | bytes, key: str = KEY) -> tuple[Article | None, tuple[Problem, ...]]:
    return read_article(key, data.encode() if isinstance(data, str) else data, MERIDIAN)


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
    "a control character by an escape": (head(r'summary: "a\x01b"'), [(3, "control character", PASTE)]),
    "a NUL by an escape": (head(r'summary: "a\u0000b"'), [(3, "control character", PASTE)]),
    "half a surrogate pair": (head(r'summary: "a\ud800b"'), [(3, "cannot be read here", ONE_LINE_EACH)]),
    "no character at all": (head(r'summary: "a\uFFFEb"'), [(3, "control character", PASTE)]),
    "a control character in a name": (head(r'"sum\x02mary": a'), [(3, "control character", PASTE)]),
    "too large": (b"x" * (2 * 1024 * 1024 + 1), [(None, "larger than 2 MB", "upload pictures and downloads to media/ instead")]),
    "front matter that is too large": (head("summary: " + "x" * 70_000), [(1, "larger than 64 KB", "Move the text below the second ---.")]),
    "no title": ("---\nsummary: x\n---\n", [(1, "has no title", "Add a line to the front matter: title: …")]),
    "nothing between the lines": ("---\n---\nText.", [(1, "has no title", "Add a line to the front matter: title: …")]),
    "an empty title": ("---\ntitle:\n---\n", [(2, "The title is empty.", "Write the headline after title:")]),
    "a title that is a list": ("---\ntitle: [a, b]\n---\n", [(2, "“title” must be text.", "Write it on one line: title: …")]),
    "a long title": (f"---\ntitle: {'x' * 301}\n---\n", [(2, "has 301 characters; 300 is the most", "the rest may be the summary")]),
    "a list": ("---\n- title\n---\n", [(2, "not a list of fields", "Write each as name: value.")]),
    "a sentence": ("---\nnothing to see\n---\n", [(2, "not a list of fields", "Write each as name: value.")]),
    "a field twice": ("---\ntitle: a\nTitle: b\n---\n", [(3, "“title” stands here twice.", "Keep one of the two.")]),
    "a name that is a list": (head("? [a, b]", ": c"), [(3, "The name of a field must be a word.", "Write each as name: value.")]),
    "an unclosed quotation": (head('summary: "x'), [(3, "cannot be read here", ONE_LINE_EACH)]),
    "a tab": (head("\tsummary: x"), [(3, "cannot be read here", ONE_LINE_EACH)]),
    "a sign": (head("summary: @jane"), [(3, "cannot be read here", ONE_LINE_EACH)]),
    "an anchor": (head("summary: &a x"), [(3, "Anchors (&name) and aliases (*name) are not allowed", "in quotation marks")]),
    "an alias": (head("summary: *a"), [(3, "Anchors (&name) and aliases (*name) are not allowed", "in quotation marks")]),
    "a billion laughs": (head("a: &a [x, x]", "b: &b [*a, *a]"), [(3, "Anchors", "Write the value out")]),
    "ten thousand levels": (head("tags: " + "[" * 10_000), [(3, "nested too deeply", "Use plain lists and values.")]),
    "ten thousand levels in blocks": (head("a:", *(" " * n + "a:" for n in range(1, 250))), [(23, "nested too deeply", "plain lists")]),
    "ten thousand levels of text": (head() + "\n" + "> " * 10_000, [(4, "nested more than 200 deep", "Close every HTML tag")]),
    "a word for a flag": (head("draft: maybe"), [(3, "“draft” must be true or false.", "Write draft: true, or remove the line.")]),
    "an impossible date": (head("date: 2026-02-30"), [(3, "“2026-02-30” is not a date.", DATE)]),
    "words for a date": (head("date: next Tuesday"), [(3, "“next Tuesday” is not a date.", DATE)]),
    "a time for a date": (head("date: 12:30"), [(3, "“12:30” is not a date.", DATE)]),
    "the year 21": (head("date: 0021-10-07"), [(3, "“0021-10-07” is not a date.", DATE)]),
    "the last year that there is": (head("date: 9999-12-31"), [(3, "“9999-12-31” is not a date.", DATE)]),
    "gone before it is published": (head("date: 2026-11-22", "expires: 2026-11-21"), [(4, "gone before it is published", "after the date")]),
    "an unknown section": (head("section: artic"), [(3, "has no section “artic”", SECTIONS)]),
    "a section that is nearly right": (head("section: seas"), [(3, "has no section “seas”", SECTIONS + " Did you mean “sea”?")]),
    "a slug with a path": (head("slug: ../etc"), [(3, "“../etc” cannot stand in an address.", 'Write it like "etc".')]),
    "a slug with a percent sign": (head('slug: "a%20b"'), [(3, "“a%20b” cannot stand in an address.", 'Write it like "a-20b".')]),
    "a slug without a letter": (head('slug: "🚀"'), [(3, "“🚀” cannot stand in an address.", 'Write it like "my-article".')]),
    "an address with a path": (head("url: /../etc/"), [(3, "not an address in this magazine", ADDRESS)]),
    "an address with a percent sign": (head("url: /news/%2e%2e/x/"), [(3, "not an address in this magazine", ADDRESS)]),
    "an address elsewhere": (head("url: https://elsewhere.example/x/"), [(3, "not an address in this magazine", ADDRESS)]),
    "an address that is a file": (head("url: /news/x.html"), [(3, "ends with a slash, and has no dot in it", ANOTHER_SLUG)]),
    "the home page": (head("url: /"), [(3, "not an address in this magazine", ADDRESS)]),
    "a tag's page": (head("url: /tags/ice/"), [(3, "addresses below /tags/ belong to the magazine's own pages", ANOTHER_SLUG)]),
    "a sub-section's front": (head("slug: arctic"), [(3, "/news/arctic/: that is the address of a section's front", ANOTHER_SLUG)]),
    "a front by its title": ("---\ntitle: Arctic\n---\n", [(2, "/news/arctic/: that is the address of a section's front", ANOTHER_SLUG)]),
    "an archive": (head("url: /news/2021/10/"), [(3, "that is the address of an archive", ANOTHER_SLUG)]),
    "a day of an archive": (head("url: /sea/2021/10/07/"), [(3, "that is the address of an archive", ANOTHER_SLUG)]),
    "redirects with a path": (head("redirects: [../x]"), [(3, "“../x” is not an address", OLD_ADDRESS)]),
    "redirects elsewhere": (head("redirects: [https://meridian.example/x/]"), [(3, "is not an address", OLD_ADDRESS)]),
    "the home page as a redirect": (head("redirects: [/index.html]"), [(3, "“/index.html” is not an address", OLD_ADDRESS)]),
    "a front's file as a redirect": (head("redirects: /news/index.html"), [(3, "/news/ cannot lead to this article", "Remove it from redirects:")]),
    "the 404 as a redirect": (head("redirects: [/404.html]"), [(3, "belongs to the magazine's own files", "Remove it from redirects:")]),
    "a feed as a redirect": (head("redirects: [/sea/feed.xml]"), [(3, "belongs to the magazine's own files", "Remove it from redirects:")]),
    "a fragment as a redirect": (head("redirects: [/_fragments/news.html]"), [(3, "addresses below /_fragments/", "Remove it from redirects:")]),
    "an archive as a redirect": (head("redirects: [/news/2021/10/]"), [(3, "the address of an archive", "Remove it from redirects:")]),
    "tags that are a mapping": (head("tags: {a: b}"), [(3, "“tags” must be a list of names.", "Write it like tags: [one, two]")]),
    "a list within tags": (head("tags: [[a]]"), [(3, "“tags” must be a list of names.", "Write it like tags: [one, two]")]),
    "a tag without a letter": (head('tags: ["!!"]'), [(3, "“!!” has no letter or digit", "Write a word.")]),
}


@pytest.mark.parametrize(("data", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_published_is_refused_with_its_line_and_its_remedy(data: str | bytes, expected: list[Finding]) -> None:
    found, problems = read(data)
    assert found is None
    assert [(problem.line, problem.severity) for problem in problems] == [(line, "error") for line, _, _ in expected], problems
    for problem, (_, said, remedy) in zip(problems, expected, strict=True):
        assert said in problem.problem
        assert remedy in problem.remedy


def test_every_problem_is_told_at_once() -> None:
    _, problems = read("---\ntitle:\ndate: soon\nsection: nowhere\ndraft: perhaps\nredirects: [..]\ntags: {a: b}\nlang: [en]\n---\n")
    assert [problem.line for problem in problems] == [2, 3, 4, 5, 6, 7, 8]


def test_the_offending_line_is_quoted() -> None:
    assert read(head("date: soon"))[1][0].text == "date: soon"
    assert read(head('summary: "x" and so on'))[1][0].text == 'summary: "x" and so on'


@pytest.mark.parametrize("key", ["articles/a.docx", "articles/a.txt", "articles/a"])
def test_a_file_of_another_kind_is_refused(key: str) -> None:
    assert [problem.remedy for problem in read(head(), key)[1]] == ["Write it in Markdown, and give it a name that ends with .md."]


ACCEPTED: dict[str, tuple[str | bytes, dict[str, object]]] = {
    "the least": ("---\ntitle: One\n---\n", {"title": "One", "url": "/news/one/", "section": "news", "date": None, "draft": False, "body": ""}),
    "a byte order mark": (b"\xef\xbb\xbf---\ntitle: One\n---\nText.", {"title": "One", "body": "Text."}),
    "Windows lines": ("---\r\ntitle: One\r\n---\r\nA\r\n\r\nB", {"title": "One", "body": "A\n\nB"}),
    "old Macintosh lines": ("---\rtitle: One\r---\rA", {"title": "One", "body": "A"}),
    "an end with dots, and spaces": ("--- \ntitle: One\n...\nText.", {"title": "One", "body": "Text."}),
    "a rule in the text": (head() + "\n\n---\n\nMore.", {"body": "Text.\n\n---\n\nMore."}),
    "a colon in quotation marks": ('---\ntitle: "Milley: talk"\n---\n', {"title": "Milley: talk", "url": "/news/milley-talk/"}),
    "a block of text": ("---\ntitle: One\nsummary: |\n  Two\n  lines\n---\n", {"summary": "Two lines"}),
    "names in any case": ("---\nTITLE: One\nPublish-At: 2026-11-23\n---\n", {"publish_at": datetime(2026, 11, 23, 5, tzinfo=UTC)}),
    "what YAML takes for booleans and numbers": (
        "---\ntitle: no\ntags: [12:30, 0123, on, 1_000, null, 1e3]\n---\n",
        {"title": "no", "tags": tuple(map(Label, ["12:30", "0123", "on", "1_000", "null", "1e3"], ["12-30", "0123", "on", "1-000", "null", "1e3"]))},
    ),
    "a flag that is text": (head('draft: "false"'), {"draft": False}),
    "a flag in another case": (head("draft: Yes"), {"draft": True}),
    "an empty flag": (head("draft:"), {"draft": False}),
    "a YAML tag": (head("summary: !!python/object:os.system x"), {"summary": "x"}),
    "a date": (head("date: 2026-11-22"), {"date": datetime(2026, 11, 22, 5, tzinfo=UTC)}),
    "a date with a time": (head("date: 2026-07-01 09:30"), {"date": datetime(2026, 7, 1, 13, 30, tzinfo=UTC)}),
    "a date with an offset": (head("date: 2026-11-22T09:30:00+02:00"), {"date": datetime(2026, 11, 22, 7, 30, tzinfo=UTC)}),
    "a date with an offset as other tools write it": (head("date: 2019-11-12 13:30:00 -0500"), {"date": datetime(2019, 11, 12, 18, 30, tzinfo=UTC)}),
    "a date in UTC": (head("date: 2026-11-22T09:30:00.25Z"), {"date": datetime(2026, 11, 22, 9, 30, tzinfo=UTC)}),
    "a time that the clocks leap over": (head("date: 2026-03-08T02:30"), {"date": datetime(2026, 3, 8, 7, 30, tzinfo=UTC)}),
    "a time that comes twice": (head("date: 2026-11-01T01:30"), {"date": datetime(2026, 11, 1, 5, 30, tzinfo=UTC)}),
    "an embargo without a date": (
        head("publish_at: 2026-11-23"),
        {"date": datetime(2026, 11, 23, 5, tzinfo=UTC), "start": datetime(2026, 11, 23, 5, tzinfo=UTC)},
    ),
    "a section by its path": (head("section: news/arctic"), {"section": "news/arctic", "url": "/news/arctic/one/"}),
    "a section by its name": (head("section: Sea Power"), {"section": "sea"}),
    "an emoji for a title": ('---\ntitle: "🚀"\n---\n', {"title": "🚀", "url": "/news/plain/"}),
    "an Arabic title": ("---\ntitle: مرحبا\n---\n", {"title": "مرحبا", "url": "/news/mrhb/"}),
    "a Japanese title": ("---\ntitle: 日本\n---\n", {"title": "日本", "url": "/news/ri-ben/"}),
    "initials": ("---\ntitle: The U.S. Navy’s day\n---\n", {"url": "/news/the-us-navys-day/"}),
    "a title of 300 characters": (f"---\ntitle: {'word ' * 60}\n---\n", {"url": "/news/" + "-".join(["word"] * 20) + "/"}),
    "a slug": (head("slug: other"), {"url": "/news/other/"}),
    "an address": (head("url: old/place"), {"url": "/old/place/"}),
    "the address of a folder's file": (head("url: /old/place/index.html"), {"url": "/old/place/"}),
    "redirects": (head("redirects: [/a, b/, /c/d.html, /e/index.html, /news/one/]"), {"redirects": ("/a/", "/b/", "/c/d.html", "/e/")}),
    "redirects on one line": (head("redirects: /a/ /b/"), {"redirects": ("/a/", "/b/")}),
    "tags on one line": (head("tags: ice, ships"), {"tags": (Label("ice", "ice"), Label("ships", "ships"))}),
    "a tag twice": (head("tags: [Sea ice, sea-ice]"), {"tags": (Label("Sea ice", "sea-ice"),)}),
    "authors on one line": (
        head("authors: Jo Ash and Sandy Anderson, Bo"),
        {"authors": (Label("Jo Ash", "jo-ash"), Label("Sandy Anderson", "sandy-anderson"), Label("Bo", "bo"))},
    ),
    "unclosed paragraphs": (head() + "\n" + "<p>x\n" * 1000, {"title": "One"}),
}


@pytest.mark.parametrize(("data", "expected"), ACCEPTED.values(), ids=ACCEPTED)
def test_what_can_be_published_is_read_as_it_was_meant(data: str | bytes, expected: dict[str, object]) -> None:
    found, problems = read(data)
    assert problems == ()
    assert {name: getattr(found, name) for name in expected} == expected


def test_a_colon_in_a_title_is_accepted_with_a_note() -> None:
    found, problems = read("---\ntitle: Milley: U.S. should: talk\n---\n")
    assert found
    assert (found.title, found.url) == ("Milley: U.S. should: talk", "/news/milley-us-should-talk/")
    remedy = 'Better in quotation marks: title: "…"'
    assert problems == (Problem("A value with a colon in it.", remedy, 2, "title: Milley: U.S. should: talk", "note"),)


def test_an_unknown_field_is_a_note_with_the_nearest_known_one() -> None:
    found, problems = read(head("sumary: x"))
    assert found
    said, remedy = "“sumary” is not a field that Pressrun knows.", "It is left out. Did you mean “summary”?"
    assert problems == (Problem(said, remedy, 3, "sumary: x", "note"),)


def test_the_section_is_that_of_the_folder_where_the_file_names_none() -> None:
    found, _ = read(head(), "articles/news/arctic/2026/a.md")
    assert found
    assert found.section == "news/arctic"


def test_an_article_without_any_section_is_refused() -> None:
    found, problems = read_article(KEY, head().encode(), magazine(SITE_TOML.replace('default_section = "news"\n', "")))
    assert found is None
    assert [(p.line, p.problem) for p in problems] == [(1, "The article names no section and lies in no section's folder.")]
    assert SECTIONS in problems[0].remedy


def test_an_emoji_for_a_title_and_a_name_gets_an_address_that_never_changes() -> None:
    found, _ = read('---\ntitle: "🚀"\n---\n', "articles/🚀.md")
    again, _ = read('---\ntitle: "🛰"\n---\n', "articles/🚀.md")
    assert found
    assert again
    assert found.url == again.url
    assert len(found.url) == len("/news/0123456789/")


def test_a_dated_address_goes_by_the_magazines_day() -> None:
    dated = magazine(SITE_TOML.replace("default_section", 'permalink = "/{yyyy}/{mm}/{dd}/{slug}/"\ndefault_section'))
    found, _ = read_article(KEY, head("date: 2026-01-01T03:00Z").encode(), dated)
    assert found
    assert found.url == "/2025/12/31/one/"
    _, problems = read_article(KEY, head().encode(), dated)
    assert [problem.remedy for problem in problems] == ["Add a line date: 2026-11-22"]


def test_expiry_is_left_out_where_the_magazine_does_not_honour_it() -> None:
    forgiving = magazine(SITE_TOML.replace("default_section", "honour_expiry = false\ndefault_section"))
    found, _ = read_article(KEY, head("expires: 2020-01-01").encode(), forgiving)
    assert found
    assert found.expires is None


def test_a_folder_is_not_an_article() -> None:
    assert [is_article(key) for key in ("articles/a.md", "articles/a/", "reports/articles/a.md.txt", "articles")] == [True, False, False, False]


@given(st.text())
def test_a_slug_is_one_segment_of_an_address_whatever_the_title(title: str) -> None:
    slug = slug_of(title)
    assert len(slug) <= 100
    assert re.fullmatch(r"[a-z0-9-]*", slug)
    assert slug_of(slug) == slug


@given(st.binary(max_size=200) | st.text().map(lambda text: f"---\n{text}\n---\n".encode("utf-8", "ignore")))
def test_no_upload_is_too_strange_for_an_answer(data: bytes) -> None:
    found, problems = read(data)
    assert (found is None) == bool(errors(problems))


@given(st.characters(exclude_categories=["Cs"]), st.sampled_from(['"{}"', "{}", "'a{}b'", '"\\U{:08X}"']))
def test_nothing_that_xml_cannot_hold_gets_into_a_field(character: str, form: str) -> None:
    written = form.format(ord(character)) if "U" in form else form.format(character)
    found, _ = read(head(f"summary: {written}", f"kicker: {written}"))
    assert found is None or not CONTROL.search(found.summary + found.kicker)


@given(st.integers(-30_000_000_000, 253_000_000_000))
def test_a_date_is_read_as_it_is_stamped(seconds: int) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert article(date=stamp(at)).date == at


def test_an_article_needs_no_more_than_its_file_to_be_read_again() -> None:
    data = file("Text.", title="One", tags=["ice"], date="2026-11-22")
    assert read(data) == read(data)
