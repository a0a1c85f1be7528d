"""What an editor uploads, and what the answer is."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressrun.core.article import Article, Label, is_article, read_article
from pressrun.core.dates import stamp
from pressrun.core.links import slug_of
from pressrun.core.problem import CONTROL, Problem, errors

from .magazines import MERIDIAN, SITE_TOML, article, file, magazine

KEY = "articles/plain.md"
SECTIONS = "The sections are: news, news/arctic, sea."


def read(data: str | bytes, key: str = KEY) -> tuple[Article | None, tuple[Problem, ...]]:
    return read_article(key, data.encode() if isinstance(data, str) else data, MERIDIAN)


def head(*lines: str) -> str:
    return "\n".join(["---", "title: One", *lines, "---", "Text."])


def test_every_problem_is_told_at_once() -> None:
    _, problems = read("---\ntitle:\ndate: soon\nsection: nowhere\ndraft: perhaps\nredirects: [..]\ntags: {a: b}\nlang: {a: b}\n---\n")
    assert [problem.line for problem in problems] == [2, 3, 4, 5, 6, 7, 8]


def test_the_offending_line_is_quoted() -> None:
    assert read(head("date: soon"))[1][0].text == "date: soon"
    assert read(head('summary: "x" and so on'))[1][0].text == 'summary: "x" and so on'


@pytest.mark.parametrize("key", ["articles/a.docx", "articles/a.txt", "articles/a"])
def test_a_file_of_another_kind_is_refused(key: str) -> None:
    assert [problem.remedy for problem in read(head(), key)[1]] == ["Write it in Markdown or HTML, and give it a name that ends with .md or .html."]


ACCEPTED: dict[str, tuple[str | bytes, dict[str, object]]] = {
    "the least": ("---\ntitle: One\n---\n", {"title": "One", "url": "/news/one/", "section": "news", "date": None, "draft": False, "html": ""}),
    "a byte order mark": (b"\xef\xbb\xbf---\ntitle: One\n---\nText.", {"title": "One", "html": "<p>Text.</p>\n"}),
    "Windows lines": ("---\r\ntitle: One\r\n---\r\nA\r\n\r\nB", {"title": "One", "html": "<p>A</p>\n<p>B</p>\n"}),
    "old Macintosh lines": ("---\rtitle: One\r---\rA", {"title": "One", "html": "<p>A</p>\n"}),
    "an end with dots, and spaces": ("--- \ntitle: One\n...\nText.", {"title": "One", "html": "<p>Text.</p>\n"}),
    "a rule in the text": (head() + "\n\n---\n\nMore.", {"html": "<p>Text.</p>\n<hr>\n<p>More.</p>\n"}),
    "a colon in quotation marks": ('---\ntitle: "Milley: talk"\n---\n', {"title": "Milley: talk", "url": "/news/milley-talk/"}),
    "a block of text": ("---\ntitle: One\nsummary: |\n  Two\n  lines\n---\n", {"summary": "Two lines"}),
    "names in any case": ("---\nTITLE: One\nPublish-At: 2026-11-23\n---\n", {"publish_at": datetime(2026, 11, 23, 5, tzinfo=UTC)}),
    "what YAML takes for booleans and numbers": (
        "---\ntitle: no\ntags: [12:30, 0123, on, 1_000, Null, 1e3]\n---\n",
        {"title": "no", "tags": tuple(map(Label, ["12:30", "0123", "on", "1_000", "Null", "1e3"], ["12-30", "0123", "on", "1-000", "null", "1e3"]))},
    ),
    "a flag that is text": (head('draft: "false"'), {"draft": False}),
    "a flag in another case": (head("draft: Yes"), {"draft": True}),
    "an empty flag": (head("draft:"), {"draft": False}),
    "a YAML tag": (head("summary: !!python/object:os.system x"), {"summary": "x"}),
    "a date": (head("date: 2026-11-22"), {"date": datetime(2026, 11, 22, 5, tzinfo=UTC)}),
    "a date with a time": (head("date: 2026-07-01 09:30"), {"date": datetime(2026, 7, 1, 13, 30, tzinfo=UTC)}),
    "a date with an offset": (head("date: 2026-11-22T09:30:00+02:00"), {"date": datetime(2026, 11, 22, 7, 30, tzinfo=UTC)}),
    "a date with a month in words": (head("date: Nov. 12th, 2019 at 1:30 pm"), {"date": datetime(2019, 11, 12, 18, 30, tzinfo=UTC)}),
    "a date as mail has it": (head("date: Tue, 12 Nov 2019 13:30:00 -0500"), {"date": datetime(2019, 11, 12, 18, 30, tzinfo=UTC)}),
    "a date as Go prints it": (head("date: 2019-11-12 18:30:00 +0000 UTC"), {"date": datetime(2019, 11, 12, 18, 30, tzinfo=UTC)}),
    "a date with its place": (head("date: 2019-11-12 19:30 Europe/Berlin"), {"date": datetime(2019, 11, 12, 18, 30, tzinfo=UTC)}),
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


def test_a_headline_that_the_text_repeats_is_left_out_of_it() -> None:
    found, _ = read_article("articles/a.md", b"---\ntitle: On *Ice*\n---\n\n# On Ice\n\n# Other\n", MERIDIAN)
    assert found
    assert found.html == "<h2>Other</h2>\n"


def test_a_slug_that_cannot_stand_in_an_address_as_it_is_written_is_told_how_it_does() -> None:
    found, problems = read_article("articles/a.md", b"---\ntitle: One\nslug: version-2.6.0\n---\n", MERIDIAN)
    assert found
    assert found.url == "/news/version-260/"
    assert found.redirects == ("/news/version-2.6.0/",)
    [problem] = problems
    assert problem.problem == "“version-2.6.0” is “version-260” in the article's address."
    assert problem.remedy == "Nothing need be done: /news/version-2.6.0/ leads there."


@pytest.mark.parametrize(("slug", "url"), [("Der Größte", "/news/der-grosste/"), ("My-Ferry", "/news/my-ferry/")])
def test_a_slug_that_is_no_address_as_it_is_written_is_told_to_lead_nowhere(slug: str, url: str) -> None:
    found, [problem] = read_article("articles/a.md", f"---\ntitle: One\nslug: {slug}\n---\n".encode(), MERIDIAN)
    assert found
    assert (found.url, found.redirects) == (url, ())
    assert problem.remedy == "Nothing need be done, but no address leads there as it is written here."


@pytest.mark.parametrize("key", ["articles/a.md", "pages/a.md"])
def test_what_a_slug_was_before_it_was_cut_leads_to_the_article(key: str) -> None:
    slug = "ice-" * 30 + "ice"
    found, _ = read_article(key, f"---\ntitle: One\nslug: {slug}\n---\n".encode(), MERIDIAN)
    assert found
    assert len(found.url.strip("/").rpartition("/")[2]) <= 100
    assert [old.strip("/").rpartition("/")[2] for old in found.redirects] == [slug]


def test_eleventys_permalink_false_is_a_draft_and_says_so() -> None:
    found, problems = read("---\ntitle: One\npermalink: false\n---\n")
    assert found
    assert (found.draft, found.url) == (True, "/news/one/")
    [problem] = problems
    said = "With permalink: false nothing is published, so the article is a draft."
    assert (problem.severity, problem.line, problem.problem) == ("note", 3, said)


def test_no_line_of_an_answer_is_written_by_the_upload() -> None:
    _, problems = read_article("articles/a.md", b'{"title": "x", "date": "soon\\n\\nAccepted."}', MERIDIAN)
    assert [problem.text for problem in problems] == ["date: soon Accepted."]
