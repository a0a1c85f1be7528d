"""The desk: a private page on this machine that lists what is refused, scheduled, in draft, live and pending, with the answers, while one looks.

It is served to this machine alone, with the credentials of whoever began it; it is no part of the site and never on the CDN's port. It changes
nothing, but has previews made anew. What it reads does not grow with the archive: the newest of each status, and what is still to be made.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from pressrun.cloud.cloud import Cloud
from pressrun.cloud.explain import Elsewhere, NotAnAddress, explain
from pressrun.cloud.pending import pending
from pressrun.cloud.remote import answer_to, distribution_of, preview
from pressrun.core.claims import NOT_YET

SHOWN = 50  # of each status
_STATUSES = ("refused", "scheduled", "draft", "live", "expired")
_HERE = Path(__file__).parent
_FILES = {"/desk.css": "text/css; charset=utf-8", "/desk.js": "text/javascript; charset=utf-8"}
_PREVIEW_WITHIN = 30  # seconds

_CSP = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# A preview stands alone: its style is in it, and nothing in it runs.
_PREVIEW_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:; form-action 'none'; frame-ancestors 'none'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
_HEADERS = {
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class Row:
    """One content key on the desk. ``since`` and ``due``, when its status changes by itself, are stamps; ``answer`` is its report."""

    key: str
    title: str
    url: str
    since: str
    due: str
    answer: str
    has_preview: bool


@dataclass(frozen=True)
class Unmade:
    """A target that is to be made, and what led to it."""

    target: str
    cause: str


@dataclass(frozen=True)
class Desk:
    """All that the page shows: the newest rows of each status, and which statuses have more; ``pending`` is the count that ``settle`` waits for.

    ``site`` is where readers find the magazine.
    """

    title: str
    site: str
    rows: Mapping[str, tuple[Row, ...]]
    more: frozenset[str]
    pending: int
    unmade: tuple[Unmade, ...]


def read_desk(cloud: Cloud, site: str = "") -> Desk:
    """The desk as it is now. ``site`` is where the magazine is if not at its own address."""
    magazine = cloud.catalogue.basis().magazine
    rows: dict[str, tuple[Row, ...]] = {}
    more: set[str] = set()
    for status in _STATUSES:
        items = list(cloud.catalogue.query(f"desk#{status}", limit=SHOWN + 1))
        if len(items) > SHOWN:
            more.add(status)
        rows[status] = tuple(
            Row(
                **{name: item[name] for name in ("key", "title", "url", "due")},
                since=item["sk"].partition("#")[0],
                answer=_answer(cloud, item["key"], item["report"]),
                has_preview=status in NOT_YET,
            )
            for item in items[:SHOWN]
        )
    rows["scheduled"] = tuple(sorted(rows["scheduled"], key=lambda row: row.due))
    marks = {mark["pk"].removeprefix("target#"): mark.get("cause", "") for mark in cloud.catalogue.old_marks("9999", limit=SHOWN)}
    unmade = tuple(Unmade(target, cause) for target, cause in sorted(marks.items())[:SHOWN])
    title, base_url = (magazine.title, magazine.base_url) if magazine else ("No magazine yet", "")
    return Desk(title, site or base_url, rows, frozenset(more), pending(cloud), unmade)


@lru_cache(maxsize=1000)
def _answer(cloud: Cloud, key: str, digest: str) -> str:  # noqa: ARG001 - a report of this digest never changes, so it is read once
    return answer_to(cloud, key).removeprefix(f"{key}\n\n")


@contextmanager
def serving(cloud: Cloud, port: int) -> Iterator[str]:
    """Serves the desk on ``port`` of 127.0.0.1 (0: any that is free), and gives its address. Raises OSError for a port that is taken."""
    domain = distribution_of(cloud).get("DomainName", "")

    class Handler(_Handler):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    Handler.cloud, Handler.site = cloud, f"http://{domain}" if domain.startswith("127.0.0.1:") else ""
    Handler.hosts = frozenset(f"{name}:{server.server_port}" for name in ("127.0.0.1", "localhost"))
    thread = threading.Thread(target=server.serve_forever, name="desk", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cloud: Cloud
    site: str
    hosts: frozenset[str]

    def do_GET(self) -> None:
        # Another site whose name is made to lead here, or a page of another site that has this one fetched, gets nothing.
        if self.headers.get("Host") not in self.hosts or self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return self._say(403, "This desk is private to the machine that it runs on.")
        try:
            url = urlsplit(self.path)
        except ValueError:
            return self._say(400, "This is no address.")
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        try:
            match url.path:
                case "/":
                    desk = read_desk(self.cloud, self.site)
                    self._send(200, "text/html; charset=utf-8", _page().render(desk=desk).encode())
                case "/preview":
                    self._preview(asked.get("key", ""))
                case "/explain":
                    self._say(200, explain(self.cloud, asked.get("url", "")).text())
                case path if path in _FILES:
                    self._send(200, _FILES[path], (_HERE / path[1:]).read_bytes())
                case _:
                    self._say(404, "There is nothing here.")
        except (Elsewhere, NotAnAddress) as error:
            self._say(404, f"{error} is no address of the magazine.")
        except (ClientError, BotoCoreError) as error:
            self._say(502, f"AWS did not answer: {error}")

    def do_HEAD(self) -> None:
        self.do_GET()

    def _preview(self, key: str) -> None:
        try:
            made = self.cloud.content.get(preview(self.cloud, key, _PREVIEW_WITHIN))
        except LookupError as phase:
            return self._say(404, f"There is no preview of {key}: its status is {phase}.")
        except TimeoutError:
            made = None
        if made is None:
            return self._say(504, "The preview is not there yet. Try again.")
        self._send(200, "text/html; charset=utf-8", made.body, _PREVIEW_CSP)

    def _say(self, status: int, text: str) -> None:
        self._send(status, "text/plain; charset=utf-8", f"{text}\n".encode())

    def _send(self, status: int, content_type: str, body: bytes, csp: str = _CSP) -> None:
        """Who has these bytes already is told so: the page that is open asks for itself again and again."""
        etag = f'"{sha256(body).hexdigest()[:32]}"'
        if status == 200 and self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        self.send_response_only(status)
        headers = {**_HEADERS, "Content-Security-Policy": csp, "Content-Type": content_type, "Content-Length": str(len(body)), "ETag": etag}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle(self) -> None:
        with suppress(ConnectionError):  # the reader has gone
            super().handle()

    def log_message(self, *_: object) -> None:
        """Nothing: a command's output belongs to the command."""


@cache
def _page() -> Template:
    environment = Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("desk.html")
