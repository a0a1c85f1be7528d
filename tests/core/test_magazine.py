"""``site.toml``, and what the answer to it is."""

from zoneinfo import ZoneInfo

import pytest

from pressrun.core.magazine import Magazine, Place, Section, read_magazine
from pressrun.core.problem import Problem

from .magazines import MERIDIAN, SITE_TOML, magazine

LEAST = 'title = "The Meridian"\nbase_url = "https://meridian.example"\n'
NEWS = '[[sections]]\nslug = "news"\n'
IN_QUOTES = "Write it in quotation marks: "
A_SECTION = 'Add one: a line [[sections]], then slug = "news" and name = "News".'
SLUG_NEEDED = "“permalink” must begin and end with / and have {slug} in it."
PERMALINK = 'Write it like "/{section}/{slug}/".'

LEFT_OUT = "It is left out."
IN_ENGLISH = "It is left out, and the pages say it in English."
PUT_ABOVE = "It is left out. If it is meant for the magazine, put it above the first line in brackets."

Finding = tuple[int | None, str, str]

REFUSED: dict[str, tuple[str | bytes, list[Finding]]] = {
    "nothing": (
        "",
        [
            (None, "“base_url” is missing.", 'Add a line: base_url = "…"'),
            (None, "The magazine has no sections.", A_SECTION),
            (None, "“title” is missing.", 'Add a line: title = "…"'),
        ],
    ),
    "not UTF-8": (b"title = '\xff'", [(None, "This file is not text in UTF-8.", "Save it again as UTF-8.")]),
    "several lines that are not TOML": (
        'title: The Meridian\nbase_url = "https://meridian.example"\nlanguage = en\n[[sections]\nslug = "news"\nname = "News"\n',
        [
            (1, "This line is no field: it has no equals sign after a name.", 'Write it as name = "value"'),
            (3, "The value cannot be read.", 'Put it in quotation marks: name = "value"'),
            (4, "The name of a group of fields stands between brackets, alone in its line.", "Write it like [["),
        ],
    ),
    "not TOML": ("title = The Meridian\n" + NEWS, [(1, "The value cannot be read.", 'Put it in quotation marks: name = "value"')]),
    "ten thousand levels": (LEAST + "menu = " + "[" * 10_000, [(None, "This file is nested too deeply.", "Use plain values and lists.")]),
    "too large": (LEAST + NEWS + "#" * 200_000, [(None, "This file is larger than 128 KB.", "Leave out what is not a setting.")]),
    "no section": (LEAST, [(None, "The magazine has no sections.", A_SECTION)]),
    "sections that are text": (LEAST + 'sections = "news"', [(3, "“sections” must be a list of tables.", A_SECTION)]),
    "a section without a slug": (LEAST + '[[sections]]\nname = "News"', [(3, "“slug” is missing.", 'Add a line: slug = "…"')]),
    "a language that is none": (LEAST + NEWS.replace("[[", 'language = "in English"\n[['), [(3, "“in English” is not a language.", '"fr-CA"')]),
    "a second section without a slug": (LEAST + NEWS + '[[sections]]\nname = "Sea"', [(5, "“slug” is missing.", 'Add a line: slug = "…"')]),
    "sections below sections": (
        LEAST + NEWS + "".join(f'[[sections]]\nslug = "a{n}"\nparent = "{f"a{n - 1}" if n else "news"}"\n' for n in range(5)),
        [(18, "“news/a0/a1/a2/a3/a4” lies below too many sections.", "Sections may lie 5 deep.")],
    ),
    "a menu's second level that is a word": (
        LEAST + NEWS + '[[menu]]\nname = "A"\nurl = "/a/"\nbelow = "b"',
        [(8, "“below” must be a list of tables.", "Write it like [[menu.below]]")],
    ),
    "a slug with a space": (
        LEAST + '[[sections]]\nslug = "sea power"',
        [(4, "“sea power” cannot stand in an address.", 'Write it like "sea-power".')],
    ),
    "a slug like a year": (LEAST + '[[sections]]\nslug = "2021"', [(4, "“2021” would look like a year in an address.", "Choose a word.")]),
    "a slug of Pressrun's own": (LEAST + '[[sections]]\nslug = "tags"', [(4, "“tags” is a name that Pressrun's own pages use.", "Choose another.")]),
    "a section twice": (LEAST + NEWS + NEWS, [(6, "The section “news” stands here twice.", "Remove one.")]),
    "an unknown parent": (
        LEAST + NEWS + '[[sections]]\nslug = "ice"\nparent = "nws"',
        [(7, "There is no section “nws” above this one. Did you mean “news”?", "Put the parent before its sub-sections.")],
    ),
    "a parent that comes later": (
        LEAST + '[[sections]]\nslug = "ice"\nparent = "news"\n' + NEWS,
        [(5, "There is no section “news” above this one.", "Put the parent before its sub-sections.")],
    ),
    "an empty title": ('title = " "\nbase_url = "https://a.example"\n' + NEWS, [(1, "“title” must be text.", IN_QUOTES + 'title = "…"')]),
    "a number for a title": ('title = 3\nbase_url = "https://a.example"\n' + NEWS, [(1, "“title” must be text.", IN_QUOTES + 'title = "…"')]),
    "a control character": (
        'title = "a\\u0001"\nbase_url = "https://a.example"\n' + NEWS,
        [(1, "There is a control character in “title”.", "Remove it.")],
    ),
    "an address with a path": (
        'title = "M"\nbase_url = "https://a.example/m"\n' + NEWS,
        [(2, "“base_url” must be the magazine's own address.", 'Write it like "https://meridian.example".')],
    ),
    "no time zone": (LEAST + 'timezone = "Mars/Olympus"\n' + NEWS, [(3, "“Mars/Olympus” is not a time zone.", 'Write it like "America/New_York".')]),
    "a time zone with a path": (LEAST + 'timezone = "../../x"\n' + NEWS, [(3, "“../../x” is not a time zone.", "America/New_York")]),
    "half a time zone": (LEAST + 'timezone = "America"\n' + NEWS, [(3, "“America” is not a time zone.", "America/New_York")]),
    "an empty time zone": (LEAST + 'timezone = ""\n' + NEWS, [(3, "“timezone” must be text.", IN_QUOTES + 'timezone = "…"')]),
    "a permalink without a slug": (LEAST + 'permalink = "/{section}/"\n' + NEWS, [(3, SLUG_NEEDED, PERMALINK)]),
    "a permalink without its slash": (LEAST + 'permalink = "/{slug}"\n' + NEWS, [(3, SLUG_NEEDED, PERMALINK)]),
    "a permalink with an unknown field": (
        LEAST + 'permalink = "/{author}/{slug}/"\n' + NEWS,
        [(3, "“permalink” names {author}.", "It may have {section}, {slug}, {yyyy}, {mm} and {dd}.")],
    ),
    "a permalink among Pressrun's own": (
        LEAST + 'permalink = "/tags/{slug}/"\n' + NEWS,
        [(3, "Addresses below /tags/ belong to Pressrun's own pages.", "Begin it with another word.")],
    ),
    "a flag that is text": (
        LEAST + 'honour_expiry = "no"\n' + NEWS,
        [(3, "“honour_expiry” must be true or false.", "Write true or false, without quotation marks.")],
    ),
    "a menu that is text": (LEAST + 'menu = "news"\n' + NEWS, [(3, "“menu” must be a list of tables.", "Write it like [[menu]]")]),
    "a menu with an unknown section": (
        LEAST + NEWS + '[[menu]]\nsection = "nws"',
        [(6, "There is no section “nws”. Did you mean “news”?", "Name one of the sections.")],
    ),
    "a link without its address": (LEAST + NEWS + '[[social]]\nname = "Bird"', [(5, "“url” is missing.", 'Add a line: url = "…"')]),
    "a link that is a script": (
        LEAST + NEWS + '[[menu]]\nname = "Bad"\nurl = "javascript:alert(1)"',
        [(7, "“javascript:alert(1)” is not an address.", 'or "/about/"')],
    ),
    "a colour by its name": (LEAST + NEWS + '[theme]\naccent = "red"', [(6, "“red” is not a colour.", 'Write it like "#9a2a1c".')]),
    "fonts that end the rule": (LEAST + NEWS + '[theme]\nserif = "a;}b{"', [(6, "“a;}b{” is not a list of fonts.", "Charter, Georgia, serif")]),
    "fonts with a quotation that never ends": (
        LEAST + NEWS + "[theme]\nserif = 'Charter\", serif'",
        [(6, '“Charter", serif” is not a list of fonts.', "Charter, Georgia, serif")],
    ),
    "fonts that end with a comma": (
        LEAST + NEWS + '[theme]\nserif = "Georgia, "',
        [(6, "“Georgia,” is not a list of fonts.", "Charter, Georgia, serif")],
    ),
    "a colour that is a number": (LEAST + NEWS + "[theme]\npaper = 0", [(6, "“paper” must be text.", IN_QUOTES + 'paper = "…"')]),
    "a footer that is a flag": (LEAST + "footer = true\n" + NEWS, [(3, "“footer” must be text.", IN_QUOTES + 'footer = "…"')]),
    "a footer that is a list": (LEAST + 'footer = ["a"]\n' + NEWS, [(3, "“footer” must be text.", IN_QUOTES + 'footer = "…"')]),
    "a footer that is a long number": (LEAST + "footer = 1_000\n" + NEWS, [(3, "“footer” must be text.", IN_QUOTES + 'footer = "…"')]),
    "a name in quotation marks": (
        '"title" = 5\nbase_url = "https://a.example"\n' + NEWS,
        [(1, "“title” must be text.", IN_QUOTES + 'title = "…"')],
    ),
    "a label that is a number": (
        LEAST + NEWS + '[labels]\n"Latest in {}" = 5',
        [(6, "“Latest in {}” must be text.", IN_QUOTES + '"Latest in {}" = "…"')],
    ),
    "a menu's second level on lines of its own": (
        LEAST
        + NEWS
        + '[[menu]]\nname = "A"\nurl = "/a/"\nbelow = [\n  { name = "B", url = "/" },\n  { name = "C", url = "c" },\n  { name = "D" },\n]\n',
        [(10, "“c” is not an address.", 'or "/about/"'), (11, "“url” is missing.", 'Add a line: url = "…"')],
    ),
    "a menu's second level in tables": (
        LEAST + NEWS + '[[menu]]\nname = "A"\nurl = "/a/"\n' + '[[menu.below]]\nname = "B"\nurl = "/b/"\n[[menu.below]]\nname = "C"\nurl = 5\n',
        [(13, "“url” must be text.", IN_QUOTES + 'url = "…"')],
    ),
    "links that are one line": (
        LEAST + 'social = [{ name = "A", url = "/a/" }, { name = 5, url = "/b/" }]\n' + NEWS,
        [(3, "“name” must be text.", IN_QUOTES + 'name = "…"')],
    ),
    "a link after a comment that names its table": (
        LEAST + NEWS + '# Below, each of [[social]] is a link.\n[[social]]\nname = "A"\nurl = "/a/"\n[[social]]\nname = "B"\nurl = "b"\n',
        [(11, "“b” is not an address.", 'or "/about/"')],
    ),
    "sections in one pair of brackets": (LEAST + '[sections]\nslug = "news"', [(3, "“sections” must be a list of tables.", A_SECTION)]),
    "labels that are text": (LEAST + 'labels = "x"\n' + NEWS, [(3, "“labels” must be a table.", "Write a line [labels]")]),
    "an unknown default section": (
        LEAST + 'default_section = "nws"\n' + NEWS,
        [(3, "There is no section “nws”. Did you mean “news”?", "Name one of the sections below.")],
    ),
}


@pytest.mark.parametrize(("data", "expected"), REFUSED.values(), ids=REFUSED)
def test_a_site_toml_that_cannot_be_used_is_refused_with_its_line_and_its_remedy(data: str | bytes, expected: list[Finding]) -> None:
    found, problems = read_magazine(data.encode() if isinstance(data, str) else data)
    assert found is None
    assert [(problem.line, problem.severity) for problem in problems] == [(line, "error") for line, _, _ in expected], problems
    for problem, (_, said, remedy) in zip(problems, expected, strict=True):
        assert problem.problem == said
        assert remedy in problem.remedy


def test_the_least_site_toml_has_sensible_defaults() -> None:
    assert magazine(LEAST + NEWS) == Magazine("The Meridian", "https://meridian.example", (Section("news", "news"),))


def test_a_byte_order_mark_and_windows_lines_are_accepted() -> None:
    found, problems = read_magazine(b"\xef\xbb\xbf" + SITE_TOML.replace("\n", "\r\n").encode())
    assert (found, problems) == (MERIDIAN, ())


def test_unknown_settings_are_notes_in_an_order_that_never_changes() -> None:
    found, problems = read_magazine((LEAST + "titel = 1\nfavourite = 2\n" + NEWS).encode())
    assert found
    assert problems == (
        Problem("“favourite” is not a setting that Pressrun knows.", "It is left out.", 4, "favourite = 2", "note"),
        Problem("“titel” is not a setting that Pressrun knows. Did you mean “title”?", "It is left out.", 3, "titel = 1", "note"),
    )


def test_a_sub_section_knows_its_line_and_a_section_its_children() -> None:
    assert [section.path for section in MERIDIAN.line_of("news/arctic")] == ["news", "news/arctic"]
    assert [section.path for section in MERIDIAN.children_of("news")] == ["news/arctic"]
    assert [section.path for section in MERIDIAN.children_of("")] == ["news", "sea"]
    assert [section.url for section in MERIDIAN.sections] == ["/news/", "/news/arctic/", "/sea/"]


@pytest.mark.parametrize("name", ["news/arctic", "/news/arctic/", "arctic", "The Arctic", "the-arctic", "THE ARCTIC"])
def test_a_section_is_found_by_whatever_an_editor_calls_it(name: str) -> None:
    assert MERIDIAN.find_section(name) == MERIDIAN.section("news/arctic")


def test_without_a_menu_of_its_own_the_magazine_has_its_sections() -> None:
    assert MERIDIAN.menu == (
        Place("News", "/news/", "news", (Place("The Arctic", "/news/arctic/", "news/arctic"),)),
        Place("Sea Power", "/sea/", "sea"),
    )


def test_the_menu_is_as_the_magazine_says_with_the_sub_sections_below_their_section() -> None:
    text = """
        [[menu]]
        section = "news"
        name = "Reports"
        [[menu]]
        name = "About"
        url = "/about/"
        below = [{ name = "Elsewhere", url = "https://other.example/x" }]
    """
    reports, about = magazine(SITE_TOML + text).menu
    assert reports == Place("Reports", "/news/", "news", (Place("The Arctic", "/news/arctic/", "news/arctic"),))
    assert about == Place("About", "/about/", below=(Place("Elsewhere", "https://other.example/x"),))


def test_a_section_and_the_journal_have_a_fragment_and_other_pages_have_none() -> None:
    urls = (MERIDIAN.menu[0].fragment, Place("Journal", "/journal/").fragment, Place("About", "/about/").fragment)
    assert urls == ("/_fragments/news.html", "/_fragments/journal.html", "")


IGNORED: dict[str, tuple[str, list[Finding]]] = {
    "a label and a colour that nobody uses": (
        '[labels]\nSerch = "Suche"\n[theme]\nacent = "#000000"\n',
        [
            (2, "“Serch” is not a label that the pages have. Did you mean “Search”?", LEFT_OUT),
            (4, "“acent” is nothing that a theme sets. Did you mean “accent”?", LEFT_OUT),
        ],
    ),
    "the magazine's own settings below a line in brackets": (
        '[[sections]]\nslug = "ports"\ndefault_section = "news"\n[[social]]\nname = "A"\nurl = "/a/"\nfooter = "B"\n[theme]\nlogo = "media/l.png"\n',
        [
            (3, "“default_section” is not a setting of “sections”.", PUT_ABOVE),
            (7, "“footer” is not a setting of “social”.", PUT_ABOVE),
            (9, "“logo” is nothing that a theme sets.", PUT_ABOVE),
        ],
    ),
    "settings that no table has": (
        '[[sections]]\nslug = "ports"\ndescripton = "A"\n[[menu]]\nname = "A"\nurl = "/a/"\nbelow = [{ name = "B", url = "/b/", icon = "C" }]\n',
        [
            (3, "“descripton” is not a setting of “sections”. Did you mean “description”?", LEFT_OUT),
            (7, "“icon” is not a setting of “below”.", LEFT_OUT),
        ],
    ),
    "an address beside a section": (
        '[[menu]]\nsection = "sea"\nurl = "/sea/"\nbelow = []\n',
        [
            (3, "“url” does nothing beside “section”, which has its own.", LEFT_OUT),
            (4, "“below” does nothing beside “section”, which has its own.", LEFT_OUT),
        ],
    ),
    "labels that say less than they must, or other things": (
        '[labels]\n"By {}" = "Par"\n"{day} {month} {year}" = "le jour"\nMenu = " "\nTags = "{}"\n"Archive" = "Archives"\n',
        [
            (2, "“Par” and “By {}” differ in what stands in braces.", IN_ENGLISH),
            (3, "“le jour” and “{day} {month} {year}” differ in what stands in braces.", IN_ENGLISH),
            (4, "“Menu” has no words.", IN_ENGLISH),
            (5, "“{}” and “Tags” differ in what stands in braces.", IN_ENGLISH),
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), IGNORED.values(), ids=IGNORED)
def test_what_does_nothing_is_left_out_with_a_note_at_its_line(text: str, expected: list[Finding]) -> None:
    found, problems = read_magazine((SITE_TOML + text).encode())
    assert found
    begun = SITE_TOML.count("\n")
    notes = sorted(((problem.line or 0) - begun, problem.problem, problem.remedy) for problem in problems if problem.severity == "note")
    assert notes == expected
    assert set(found.labels) <= {"Archive"}


def test_a_theme_sets_the_style_sheets_properties_and_its_colours_for_the_screens_that_they_are_for() -> None:
    made = magazine(SITE_TOML + '[theme]\naccent = "#003366"\npaper = "#fff8e7"\ndark_accent = "#99ccff"\nserif = "Charter, serif"\n')
    assert made.style() == (
        ':root{--serif:"Charter", serif}\n'
        "@media screen and (prefers-color-scheme:light){:root{--paper:#fff8e7;--mark:#003366}}\n"
        "@media screen and (prefers-color-scheme:dark){:root{--mark:#99ccff}}\n"
    )
    assert MERIDIAN.style() == ""


@pytest.mark.parametrize(
    ("written", "fonts"),
    [
        ("Source Serif 4, Georgia, serif", '"Source Serif 4", "Georgia", serif'),
        ("1942 Report,serif", '"1942 Report", serif'),
        ("'Iowan Old Style', \"P052\", Georgia", '\'Iowan Old Style\', "P052", "Georgia"'),
        ("-apple-system, System-UI, inherit", '-apple-system, System-UI, "inherit"'),
        ("Source\n  Serif,\nserif", '"Source Serif", serif'),
    ],
)
def test_each_font_that_has_a_name_has_it_in_quotation_marks(written: str, fonts: str) -> None:
    assert magazine(SITE_TOML + f'[theme]\nserif = """{written}"""\n').style() == f":root{{--serif:{fonts}}}\n"


def test_a_name_that_two_sections_share_finds_neither() -> None:
    both = magazine(SITE_TOML + '[[sections]]\nslug = "arctic"\nname = "Ice"\nparent = "sea"\n')
    assert both.find_section("arctic") is None
    assert both.find_section("sea/arctic") == Section("sea/arctic", "Ice")


def test_the_time_zone_and_the_host_are_read() -> None:
    assert MERIDIAN.timezone == ZoneInfo("America/New_York")
    assert magazine(SITE_TOML.replace("https://meridian.example", "http://127.0.0.1:8080")).host == "127.0.0.1"
