"""The sample magazine as its readers use it: by mouse and by key, on a phone and on a desk, with script and without."""

from typing import Any

import pytest
from playwright.sync_api import expect as expect_all

from pressrun.cloud.theme import load_theme
from pressrun.core.magazine import read_magazine
from pressrun.local.desk import serving
from pressrun.local.storm.stage import ago, article, staged
from tests.cli.commands import until
from tests.golden.golden import SAMPLE

from .conftest import ARABIC, ARTICLE, FILM, KINDS, expect, page_on

# A headline that nobody shortened, with a word that is wider than a phone.
_LONG_WORDS = "What became of the Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen, and of the men who wore it in the harbour"
_SAY = "words => words && document.querySelectorAll('.title, main :is(h1, h2, h3, a, .summary)').forEach(place => place.textContent = words)"
ICE = '.menu > li:has(> a[href="/ice/"])'


def test_pointing_at_a_section_shows_its_newest_and_at_a_sub_section_that_ones(desk: Any) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    desk.goto(ARTICLE)
    assert not [url for url in asked if "_fragments" in url]
    desk.hover(f"{ICE} > a")
    expect(desk, f"{ICE} .titles li").to_contain_text("The Ship That Wintered by Mistake")
    desk.hover(f'{ICE} a[href="/ice/arctic/"]')
    expect(desk, f"{ICE} .titles li").to_contain_text("The Road That Is There in Winter")


def test_the_menu_opens_by_key_and_esc_shuts_it_and_keeps_the_place(desk: Any) -> None:
    desk.goto("/")
    desk.focus(f"{ICE} > a")
    expect(desk, f"{ICE} .panel").to_be_visible()
    desk.keyboard.press("Tab")
    expect(desk, f'{ICE} a[href="/ice/arctic/"]').to_be_focused()
    desk.keyboard.press("Escape")
    expect(desk, f"{ICE} .panel").to_be_hidden()
    expect(desk, f"{ICE} > a").to_be_focused()


def test_by_key_one_walks_through_a_panel_into_what_is_newest_in_its_section(desk: Any) -> None:
    desk.goto("/")
    desk.focus(f"{ICE} > a")
    newest = desk.locator(f"{ICE} .titles[aria-label=Ice] a:not(.plate)")
    expect_all(newest).not_to_have_count(0)
    for _ in range(desk.locator(f"{ICE} .panel > ul:not(.titles) a").count() + 1):
        desk.keyboard.press("Tab")
    expect_all(newest.first).to_be_focused()


def test_a_table_that_is_wider_than_the_screen_is_moved_by_key_and_the_page_stays(phone: Any) -> None:
    phone.goto(FILM)
    phone.evaluate("word => document.querySelectorAll('.wide td').forEach(cell => cell.textContent = word)", _LONG_WORDS.split()[4])
    phone.focus(".wide")
    phone.keyboard.press("ArrowRight")
    assert until(lambda: phone.evaluate("document.querySelector('.wide').scrollLeft > 0"), "the table's other end")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_nobody_is_behind_the_drawer(phone: Any) -> None:
    phone.goto(ARTICLE)
    phone.click(".opener button")
    expect(phone, ".closer").to_be_focused()
    for _ in range(phone.locator("#menu :is(a, button)").count()):
        phone.keyboard.press("Tab")
    assert not phone.evaluate("document.querySelector('#menu').contains(document.activeElement)")
    expect(phone, "#menu").to_be_hidden()


def test_a_screen_that_is_touched_has_the_drawer_however_wide_it_is(browser: Any, address: str, errors: list[str]) -> None:
    for page in page_on(browser, address, errors, viewport={"width": 1280, "height": 800}, has_touch=True, is_mobile=True):
        page.goto("/")
        page.tap(".opener button")
        expect(page, '#menu a[href="/contact/"]').to_be_visible()


def test_on_a_phone_the_menu_is_a_drawer(phone: Any) -> None:
    phone.goto(ARTICLE)
    expect(phone, f"{ICE} > a").to_be_hidden()
    phone.click(".opener button")
    expect(phone, f"{ICE} > a").to_be_visible()
    phone.keyboard.press("Escape")
    expect(phone, f"{ICE} > a").to_be_hidden()
    expect(phone, ".opener button").to_be_focused()
    phone.click(".opener button")
    phone.click(f'{ICE} a[href="/ice/arctic/"]')
    phone.wait_for_url("**/ice/arctic/")


def test_the_drawer_is_opened_by_key_and_leads_to_all_that_the_bar_leads_to(phone: Any) -> None:
    phone.goto(ARTICLE)
    phone.focus(".opener button")
    phone.keyboard.press("Enter")
    for href in ("/ice/antarctic/", "/archive/ice/", "/journal/3/", "/journal/#special-reports", "/authors/", "/contact/", "/subscribe/"):
        expect(phone, f'#menu a[href="{href}"]').to_be_visible()
    phone.keyboard.press("Tab")
    assert phone.evaluate("document.querySelector('#menu').contains(document.activeElement)")
    phone.keyboard.press("Escape")
    expect(phone, ".opener button").to_be_focused()


def test_the_drawer_shuts_when_its_link_leads_to_another_place_of_the_same_page(phone: Any) -> None:
    phone.goto("/journal/")
    phone.click(".opener button")
    phone.click('#menu a[href="/journal/#special-reports"]')
    expect(phone, "#menu").to_be_hidden()
    expect(phone, "#special-reports").to_be_in_viewport()


def test_the_panel_of_about_leads_to_contributors_and_contact(desk: Any) -> None:
    desk.goto(ARTICLE)
    about = '.menu > li:has(> a[href="/about/"])'
    desk.hover(f"{about} > a")
    for href in ("/authors/", "/contact/", "/archive/"):
        expect(desk, f'{about} .panel a[href="{href}"]').to_be_visible()


def test_on_a_phone_search_is_opened_by_touch_and_closed_by_its_button(phone: Any) -> None:
    phone.goto(ARTICLE)
    phone.tap(".find")
    expect(phone, "dialog input").to_be_focused()
    expect(phone, "dialog .hint").to_contain_text("Esc closes it")
    phone.keyboard.type("barometer")
    expect(phone, "dialog .titles a").to_have_attribute("href", ARTICLE)
    phone.tap("dialog .closer")
    expect(phone, "dialog").to_be_hidden()


@pytest.mark.parametrize("opening", ["/", "click"])
def test_search_opens_finds_as_one_types_and_closes(desk: Any, opening: str) -> None:
    desk.goto("/")
    desk.click(".find") if opening == "click" else desk.keyboard.press("/")
    expect(desk, "dialog input").to_be_focused()
    desk.keyboard.type("icé ship")
    expect(desk, "dialog [role=status]").to_contain_text("Found")
    desk.keyboard.press("ArrowDown")
    expect(desk, "dialog .titles a").to_be_focused()
    expect(desk, "dialog .titles a").to_have_attribute("href", "/ice/the-ship-that-wintered-by-mistake/")
    desk.keyboard.press("ArrowUp")
    expect(desk, "dialog input").to_be_focused()
    desk.keyboard.press("Escape")
    expect(desk, "dialog").to_be_hidden()


def test_the_search_page_begins_with_what_its_address_asks_for(phone: Any) -> None:
    phone.goto("/search/?q=barometer")
    expect(phone, ".titles a").to_have_attribute("href", ARTICLE)
    phone.fill(".search input", "no such word")
    expect(phone, "[role=status]").to_contain_text("Nothing has all of these words.")


@pytest.mark.parametrize("words", ["mate's", "mate’s", "mates", "“Second Mate’s Pencil”"])
def test_search_finds_a_word_whichever_quotation_marks_it_has(phone: Any, words: str) -> None:
    phone.goto("/search/")
    phone.fill(".search input", words)
    expect(phone, ".titles a").to_have_attribute("href", "/log/essays/the-second-mates-pencil/")


@pytest.mark.parametrize("words", ["/log/", "second-mates", "7 October 2021"])
def test_search_finds_nothing_in_addresses_and_dates(phone: Any, words: str) -> None:
    phone.goto("/search/")
    phone.fill(".search input", words)
    expect(phone, "[role=status]").to_contain_text("Nothing has all of these words.")


def test_the_latest_of_the_section_come_when_the_reader_comes_near_and_leave_out_what_the_reader_knows(desk: Any) -> None:
    desk.goto(ARTICLE)
    desk.locator("[data-latest]").scroll_into_view_if_needed()
    latest = desk.locator("section:has([data-latest]) .titles a:not(.plate):visible")
    expect_all(latest).to_have_count(3)
    known = [ARTICLE, *(link.get_attribute("href") for link in desk.locator("aside section:not(:has([data-latest])) .titles a").all())]
    assert not {link.get_attribute("href") for link in latest.all()}.intersection(known)


def test_the_devices_share_sheet_is_offered_where_there_is_one(desk: Any) -> None:
    desk.add_init_script("navigator.share = (shared) => { window.shared = shared; return Promise.resolve(); }")
    desk.goto(ARTICLE)
    desk.click("[data-share]")
    assert desk.evaluate("window.shared") == {"title": "Reading the Glass", "url": f"https://meridian.example{ARTICLE}"}


def test_without_script_there_is_a_menu_an_explanation_and_every_link(plain: Any) -> None:
    plain.goto(ARTICLE)
    plain.click(".opener button")
    expect(plain, f'{ICE} a[href="/ice/arctic/"]').to_be_visible()
    plain.click(".closer")
    expect(plain, '[data-latest] a[href="/weather/"]').to_be_visible()
    expect(plain, "[data-share]").to_be_hidden()
    plain.click(".find")
    plain.wait_for_url("**/search/")
    expect(plain, "noscript p").to_contain_text("Searching needs JavaScript")
    expect(plain, ".search input").to_be_hidden()


def test_the_first_key_offers_the_way_past_the_menu(desk: Any) -> None:
    desk.goto(ARTICLE)
    desk.keyboard.press("Tab")
    expect(desk, ".skip").to_be_focused()
    expect(desk, ".skip").to_be_in_viewport()
    desk.keyboard.press("Enter")
    expect(desk, "main").to_be_focused()


def test_the_journals_menu_shows_its_newest_issues_with_their_covers(desk: Any) -> None:
    desk.goto("/")
    journal = '.menu > li:has(> a[href="/journal/"])'
    desk.focus(f"{journal} > a")
    expect(desk, f"{journal} .titles .cover img").to_be_visible()
    expect(desk, f"{journal} .titles li").to_contain_text("The Winter Number")


def test_an_issue_shows_its_cover_lists_its_articles_and_can_be_downloaded(phone: Any) -> None:
    phone.goto("/journal/3/")
    assert phone.locator(".portrait img, .profile .cover img").first.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert phone.locator(".teasers > li").count() == 5
    link = phone.locator("a[download]").first
    assert "0.1 MB" in link.locator("xpath=..").inner_text()
    fetched = phone.request.get(link.get_attribute("href"))
    assert (fetched.status, fetched.headers["content-type"], fetched.body()[:5]) == (200, "application/pdf", b"%PDF-")


def test_an_articles_picture_has_its_caption_and_its_credit_once(phone: Any) -> None:
    phone.goto(ARTICLE)
    assert phone.locator(".opening img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    expect(phone, "figcaption").to_have_text("It said this, more or less, from the spring of 1961 on. The Meridian")
    assert phone.locator("figcaption").count() == 1


def test_a_film_asks_for_nothing_until_it_is_played_and_then_has_its_captions(desk: Any) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    desk.goto(FILM, wait_until="networkidle")
    assert not [url for url in asked if url.endswith((".mp4", ".webm"))]
    assert desk.locator(".opening").count() == 1  # the picture is the film's poster, and stands nowhere else
    assert desk.locator("video").get_attribute("poster")
    desk.evaluate("document.querySelector('video').play()")
    assert until(lambda: desk.evaluate("document.querySelector('video').textTracks[0].cues?.length > 0"), "the film's words")
    assert desk.evaluate("document.querySelector('video').textTracks[0].mode") == "showing"


def test_the_journal_lists_its_special_reports(desk: Any) -> None:
    desk.goto("/journal/#special-reports")
    link = desk.locator("#special-reports a")
    expect_all(link).to_be_in_viewport()
    assert desk.request.get(link.get_attribute("href")).body()[:5] == b"%PDF-"


def test_on_paper_there_is_the_article_with_its_address_and_those_of_its_links_and_nothing_to_press(desk: Any) -> None:
    desk.goto("/about/")
    desk.emulate_media(media="print")
    after = "link => getComputedStyle(link, '::after').content"
    assert desk.locator('.body a[href="/authors/"]').evaluate(after) == '" (/authors/)"'
    desk.goto(ARTICLE)
    expect(desk, ".address").to_have_text(f"https://meridian.example{ARTICLE}")
    expect(desk, ".address").to_be_visible()
    for hidden in ("#menu", ".tools", ".share", "aside", ".imprint .row"):
        expect(desk, hidden).to_be_hidden()
    desk.emulate_media(media="screen")
    expect(desk, ".address").to_be_hidden()


def test_a_light_paper_of_the_magazines_own_is_for_light_screens_alone(desk: Any) -> None:
    own, problems = read_magazine((SAMPLE / "site.toml").read_bytes() + b'[theme]\npaper = "#fff8e7"\n')
    assert own, problems
    style = load_theme().assets["style.css"].decode() + own.style()
    desk.route("**/assets/style.*.css", lambda route: route.fulfill(body=style, content_type="text/css"))
    desk.goto(ARTICLE)
    shown = {}
    for media, scheme in (("screen", "light"), ("screen", "dark"), ("print", "light"), ("print", "dark")):
        desk.emulate_media(media=media, color_scheme=scheme)
        shown[media, scheme] = desk.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert shown == {
        ("screen", "light"): "rgb(255, 248, 231)",
        ("screen", "dark"): "rgb(21, 23, 26)",
        ("print", "light"): "rgb(255, 255, 255)",
        ("print", "dark"): "rgb(255, 255, 255)",
    }


def test_with_colours_of_ones_own_one_still_sees_where_one_is_and_where_the_panel_ends(desk: Any) -> None:
    desk.emulate_media(forced_colors="active")
    desk.goto("/ice/")
    assert "underline" in desk.locator(f"{ICE} > a").evaluate("link => getComputedStyle(link).textDecorationLine")
    desk.focus(f"{ICE} > a")
    assert desk.locator(f"{ICE} .panel").evaluate("panel => getComputedStyle(panel).borderBottomWidth") == "3px"


def test_the_plain_links_share_the_articles_own_address(plain: Any) -> None:
    plain.goto(ARTICLE)
    shared = [link.get_attribute("href") for link in plain.locator(".share a").all()]
    assert len(shared) == 6
    for href in shared:
        assert "https%3A//meridian.example/weather/reading-the-glass/" in href, href


def test_an_article_in_a_language_that_runs_the_other_way_does_and_what_the_magazine_says_of_it_does_not(desk: Any) -> None:
    desk.goto(ARABIC)
    direction = "element => getComputedStyle(element).direction"
    assert desk.locator("h1").evaluate(direction) == desk.locator(".body p").first.evaluate(direction) == "rtl"
    assert desk.locator("h1").get_attribute("lang") == desk.locator(".body").get_attribute("lang") == "ar"
    assert desk.locator(".facts").evaluate(direction) == desk.locator(".masthead").evaluate(direction) == "ltr"
    rule = "element => [getComputedStyle(element).borderRightWidth, getComputedStyle(element).borderLeftWidth]"
    assert desk.locator("blockquote").evaluate(rule) == ["3px", "0px"]


def test_code_runs_from_left_to_right_also_where_the_text_does_not(desk: Any) -> None:
    desk.goto(ARABIC)
    left = """(code, at) => {
      const sign = document.createRange();
      sign.setStart(code.firstChild, at);
      sign.setEnd(code.firstChild, at + 1);
      return sign.getBoundingClientRect().left;
    }"""
    signs = [desk.locator("pre code").evaluate(left, at) for at in range(len("deep(9):"))]
    assert signs == sorted(signs)
    assert desk.locator("pre").evaluate("pre => getComputedStyle(pre).direction") == "ltr"


@pytest.mark.parametrize(("url", "where"), [("/log/letters/", ".teasers h2"), ("/", ".stories h3")])
def test_a_list_says_in_which_language_a_title_is(desk: Any, url: str, where: str) -> None:
    desk.goto(url)
    title = desk.locator(f'{where}:has(> a[href="{ARABIC}"])')
    assert (title.get_attribute("lang"), title.get_attribute("dir")) == ("ar", "rtl")
    assert desk.locator(f'{where}:not(:has(> a[href="{ARABIC}"]))').first.get_attribute("lang") is None


def test_all_tags_are_on_one_page(phone: Any) -> None:
    phone.goto(ARTICLE)
    phone.click('.imprint a[href="/tags/"]')
    phone.click('.index a[href="/tags/sea-ice/"]')
    phone.wait_for_url("**/tags/sea-ice/")


@pytest.mark.parametrize("url", KINDS)
def test_no_page_is_wider_than_the_screen(desk: Any, url: str) -> None:
    desk.goto(url)
    for words in ("", _LONG_WORDS):
        desk.evaluate(_SAY, words)
        for width in (320, 390, 640, 768, 1280, 3840):
            desk.set_viewport_size({"width": width, "height": 900})
            assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth"), (width, words)


def test_the_desk_is_no_wider_than_a_phone(browser: Any, errors: list[str]) -> None:
    with staged() as stage:
        for key, title in (("articles/one.md", "One"), (f"articles/{'deep/' * 40}two.md", _LONG_WORDS)):
            stage.put(key, article(title, section="news", date=ago(days=1)))
        stage.work_off("uploads")
        with serving(stage.cloud, 0) as address:
            for page in page_on(browser, address, errors, viewport={"width": 320, "height": 900}):
                page.goto("/")
                expect(page, "#pending td").to_be_visible()
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_wide_logo_keeps_its_proportions_on_a_phone(browser: Any, address: str) -> None:
    for page in page_on(browser, address, [], viewport={"width": 320, "height": 900}, bypass_csp=True):
        page.goto("/")
        shown = page.evaluate("""() => {
          const drawn = document.createElement('canvas');
          [drawn.width, drawn.height] = [1200, 200];
          const logo = new Image(1200, 200);
          logo.src = drawn.toDataURL();
          document.querySelector('.title').replaceChildren(logo);
          return logo.decode().then(() => [logo.width, logo.height]);
        }""")
        assert shown[0] / shown[1] == pytest.approx(6, abs=0.1)
