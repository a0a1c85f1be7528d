"""The sample magazine in Chromium, on a phone and on a desk, by light and by dark, with script and without."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright import sync_api as playwright

from pressrun.cloud.theme import load_theme
from pressrun.core.build import Built, build
from pressrun.core.claims import Register
from pressrun.core.media import bodies_of, objects_of
from pressrun.core.site import SiteObject, key_of
from tests.golden.golden import NOW, SAMPLE, content_of
from tests.infra.test_distribution import headers_policy
from tests.needs import chromium

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
ARTICLE = "/weather/reading-the-glass/"
ARABIC = "/log/letters/from-the-port/"
FILM = "/weather/forecasts/fog-has-an-address/"
GONE = "/news/a-mistake/"
_ARABIC = """---
title: رسالة من الميناء
slug: from-the-port
lang: ar
date: 2026-01-02
section: log/letters
authors: [Hester Lamborne]
summary: وصلت السفينة مع الفجر، وكان البحر هادئًا.
---

قال الربان: «رأينا الضوء قبل أن نرى الأرض.»

> كان الضوء صغيرًا، لكنه كان يكفي.

1. نزلنا إلى الرصيف.
2. شربنا القهوة.

| المد | الساعة |
|---|---|
| عالٍ | 04:10 |

    deep(9):
"""
KINDS = (
    *(
        "/",
        ARTICLE,
        ARABIC,
        FILM,
        GONE,
        "/ice/",
        "/ice/arctic/",
        "/ice/arctic/2025/01/",
        "/archive/",
        "/archive/ice/",
        "/tags/",
        "/tags/ships/",
        "/tags/ships/2025/",
    ),
    *("/authors/", "/authors/yusra-halabi/", "/journal/", "/journal/3/", "/search/", "/about/", "/404.html"),
)


@cache
def sample() -> Built:
    """The sample magazine with a letter in Arabic, and with an article that was taken down."""
    content = content_of(SAMPLE) | {"articles/log/letters/arabic.md": _ARABIC.encode()}
    mistake = {"site.toml": content["site.toml"], "articles/news/a-mistake.md": b"---\ntitle: A Mistake\ndate: 2026-01-02\n---\nText.\n"}
    return build(content, Register(claims=build(mistake, Register(), NOW, load_theme()).claims), NOW, load_theme())


@cache
def media() -> dict[str, str]:
    """The content key of the medium that each of its site keys belongs to."""
    return {key: name for name, medium in sample().media.items() for key in objects_of(medium)}


@cache
def body_of(key: str) -> bytes:
    """What stands under a site key. Of a picture, only the variant that is asked for is developed."""
    if key in sample().site:
        return sample().site[key].body
    medium = sample().media[media()[key]]
    ((_, body),) = bodies_of(medium, sample().upload_of(medium.key), objects_of(medium).keys() - {key})
    return body


class Reader(BaseHTTPRequestHandler):
    """The site, compressed and with the content security policy, as the distribution sends it."""

    def __init__(self, objects: dict[str, SiteObject], policy: str, *arguments: Any) -> None:
        self.objects, self.policy = objects, policy
        super().__init__(*arguments)

    def do_GET(self) -> None:
        key = key_of(self.path.partition("?")[0])
        found = self.objects.get(key)
        body = body_of(key) if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Content-Security-Policy", self.policy)
        self.send_header("Content-Type", found.content_type if found else "text/plain")
        if found and not found.content_type.startswith(("image/", "video/")):
            body = gzip.compress(body, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):  # a browser that goes on to another page
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[str]:
    """The address of the sample magazine."""
    policy = headers_policy()["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Reader, sample().described, policy))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    with serving() as at:
        yield at


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    path = chromium()
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-background-networking", "--disable-dev-shm-usage"])
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
