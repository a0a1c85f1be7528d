"""The sample magazine as its readers use it: in Chromium, by mouse and by key, on a phone and on a desk, with script and without.

Needs Playwright and a Chromium, which ``CHROMIUM`` may name, and is skipped without them. With ``AXE`` naming axe-core's ``axe.min.js``, it judges
every kind of page, too.
"""

import os
import shutil
from collections.abc import Iterator
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from pressrun.core.site import SiteObject, key_of
from tests.golden.golden import build_sample
from tests.infra.test_distribution import headers_policy

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
AXE = os.environ.get("AXE", "")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium")

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
ARTICLE = "/weather/reading-the-glass/"
KINDS = (
    *("/", ARTICLE, "/ice/", "/ice/arctic/2025/01/", "/archive/", "/archive/ice/", "/tags/ships/", "/authors/", "/authors/yusra-halabi/"),
    *("/journal/", "/journal/3/", "/search/", "/about/", "/404.html"),
)


class Reader(BaseHTTPRequestHandler):
    """The site with the content security policy that the distribution adds."""

    def __init__(self, site: dict[str, SiteObject], policy: str, *arguments: Any) -> None:
        self.site, self.policy = site, policy
        super().__init__(*arguments)

    def do_GET(self) -> None:
        found = self.site.get(key_of(self.path.partition("?")[0]))
        self.send_response(200 if found else 404)
        self.send_header("Content-Security-Policy", self.policy)
        self.send_header("Content-Type", found.content_type if found else "text/plain")
        self.end_headers()
        self.wfile.write(found.body if found else b"")

    def log_message(self, *_: Any) -> None:
        pass


@cache
def sample() -> dict[str, SiteObject]:
    return dict(build_sample().site)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    policy = headers_policy()["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Reader, sample(), policy))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"])
        yield opened
        opened.close()


@pytest.fixture
def errors() -> Iterator[list[str]]:
    """What the browser complained about; nothing, in the end."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def desk(browser: Any, address: str, errors: list[str]) -> Iterator[Any]:
    yield from page_on(browser, address, errors, viewport=DESK)


@pytest.fixture
def phone(browser: Any, address: str, errors: list[str]) -> Iterator[Any]:
    yield from page_on(browser, address, errors, viewport=PHONE, has_touch=True)


@pytest.fixture
def plain(browser: Any, address: str, errors: list[str]) -> Iterator[Any]:
    """A phone on which script is off."""
    yield from page_on(browser, address, errors, viewport=PHONE, java_script_enabled=False)


def page_on(browser: Any, address: str, errors: list[str], **device: Any) -> Iterator[Any]:
    context = browser.new_context(base_url=address, reduced_motion="reduce", **device)
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    yield page
    context.close()


def expect(page: Any, selector: str) -> Any:
    return playwright.expect(page.locator(selector).first)


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


def test_the_latest_of_the_section_come_when_the_reader_comes_near_and_leave_out_the_article_itself(desk: Any) -> None:
    desk.goto(ARTICLE)
    desk.locator("[data-latest]").scroll_into_view_if_needed()
    latest = desk.locator("section:has([data-latest]) .titles a")
    playwright.expect(latest).to_have_count(4)
    assert ARTICLE not in [link.get_attribute("href") for link in latest.all()]


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


@pytest.mark.parametrize("url", KINDS)
def test_no_page_is_wider_than_the_screen_or_moves_while_it_loads(browser: Any, address: str, errors: list[str], url: str) -> None:
    for width in (320, 390, 768, 1280, 3840):
        for page in page_on(browser, address, errors, viewport={"width": width, "height": 900}):
            page.goto(url)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
            shift = (
                "new Promise(say => new PerformanceObserver(list => say(list.getEntries().length)).observe({type: 'layout-shift', buffered: true}))"
            )
            assert page.evaluate(f"Promise.race([{shift}, new Promise(say => setTimeout(say, 100, 0))])") == 0, width


@pytest.mark.skipif(not AXE, reason="AXE names no axe.min.js")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("url", KINDS)
def test_axe_finds_nothing(browser: Any, address: str, url: str, scheme: str) -> None:
    for device in (PHONE, DESK):
        for page in page_on(browser, address, [], viewport=device, color_scheme=scheme, bypass_csp=True):
            page.goto(url)
            page.evaluate(Path(AXE).read_text("utf-8"))
            assert page.evaluate("axe.run().then(found => found.violations.map(one => [one.id, one.nodes.map(node => node.html)]))") == []
