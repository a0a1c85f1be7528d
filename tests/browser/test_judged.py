"""Every kind of page in a real browser: judged by axe-core, and weighed."""

from typing import Any

import pytest

from tests.needs import judge

from .conftest import ARTICLE, DESK, KINDS, PHONE, expect, page_on

# https://web.dev/articles/performance-budgets-101: what a reader waits for, in bytes as they go over the wire.
BUDGETS = {"document": 15_000, "stylesheet": 8_000, "script": 5_000}
FIRST_VIEW = 150_000
REQUESTS = 6
# Pictures that come after the page, when the reader is near them: whether each is in sight at once, by its address.
LAZY = (
    "Object.fromEntries([...document.images].filter(i => i.loading === 'lazy').map(i => [i.currentSrc, i.getBoundingClientRect().top < innerHeight]))"
)

# Every violation, and all contrast that axe could not judge. That targets are 24 pixels wide it only looks at when it is asked to (WCAG 2.2, 2.5.8).
VIOLATIONS = """
([where, all]) => axe.run(where, {rules: {'target-size': {enabled: true}}}).then(({violations, incomplete}) =>
  [...violations, ...incomplete.filter(one => all && one.id === 'color-contrast')].map(one => [one.id, one.nodes.map(node => node.html)]))
"""
# axe judges no contrast before a picture, and the line of the margin, which no text crosses, is one.
NO_LINE = "main, aside { background-image: none !important; }"
SHIFTS = """
Promise.race([
  new Promise(say => new PerformanceObserver(list => say(list.getEntries().map(one => [
    one.value, one.sources.map(its => [its.node?.outerHTML?.slice(0, 99), its.previousRect, its.currentRect]),
  ]))).observe({type: 'layout-shift', buffered: true})),
  new Promise(say => setTimeout(say, 100, [])),
])
"""


@pytest.mark.parametrize("device", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("url", KINDS)
def test_axe_finds_nothing_by_light_or_by_dark(browser: Any, address: str, url: str, device: dict[str, int]) -> None:
    for page in page_on(browser, address, [], viewport=device, bypass_csp=True):
        page.goto(url)
        assert_accessible(page)


@pytest.mark.parametrize("opened", ["menu", "search", "drawer"])
def test_axe_finds_nothing_in_what_is_opened(browser: Any, address: str, opened: str) -> None:
    for page in page_on(browser, address, [], viewport=PHONE if opened == "drawer" else DESK, bypass_csp=True):
        page.goto(ARTICLE)
        if opened == "menu":
            page.focus('.menu > li > a[href="/ice/"]')
            expect(page, '.menu > li:has(> a[href="/ice/"]) .titles').to_be_visible()
        elif opened == "search":
            page.keyboard.press("/")
            page.keyboard.type("ship")
            expect(page, "dialog .titles a").to_be_visible()
        else:
            page.click(".opener button")
            expect(page, "#menu").to_be_visible()
        assert_accessible(page, "dialog" if opened == "search" else "#menu", opened != "menu")  # a panel lies over text


def assert_accessible(page: Any, where: str = "html", judged: bool = True) -> None:
    """``judged``: that axe could judge all contrast there."""
    page.evaluate((judge("axe-core") / "axe.min.js").read_text("utf-8"))
    page.add_style_tag(content=NO_LINE)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(VIOLATIONS, [where, judged]) == [], scheme


@pytest.mark.parametrize("device", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("url", KINDS)
def test_a_page_is_within_its_budgets_and_nothing_moves_while_it_loads(browser: Any, address: str, url: str, device: dict[str, int]) -> None:
    for page in page_on(browser, address, [], viewport=device, device_scale_factor=2):
        requests: list[Any] = []
        page.on("requestfinished", lambda request, into=requests: into.append(request))
        page.goto(url, wait_until="networkidle")
        lazy = page.evaluate(LAZY)
        assert all(request.url.startswith(address) for request in requests)
        seen = {request.url: (request.resource_type, request.sizes()["responseBodySize"]) for request in requests if lazy.get(request.url, True)}
        for kind, budget in BUDGETS.items():
            assert sum(size for its, size in seen.values() if its == kind) <= budget, kind
        assert sum(size for _, size in seen.values()) <= FIRST_VIEW, seen
        assert len(seen.keys() - lazy.keys()) <= REQUESTS, sorted(seen)
        assert_still(page)


def test_nothing_moves_when_the_search_page_finds_what_its_address_asks_for(browser: Any, address: str) -> None:
    for device in (PHONE, DESK):
        for page in page_on(browser, address, [], viewport=device):
            page.goto("/search/?q=ship", wait_until="networkidle")
            expect(page, ".search .titles a").to_be_visible()
            assert_still(page)


def assert_still(page: Any) -> None:
    for _ in range(3):
        if not (shifts := page.evaluate(SHIFTS)):
            break
        page.reload(wait_until="networkidle")  # what moves, moves again; but a busy machine may paint half of a page that it has not read yet
    assert shifts == []
