"""The CDN over HTTP, and live reload: a page that is open reloads when the CDN was told of something that it shows."""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from urllib.parse import parse_qs, urlsplit

from botocore.exceptions import ClientError

from pressrun.local.aws import POLL, client
from pressrun.local.cdn import Cdn, Request, Response

SCRIPT = b"""
const known = document.currentScript.src.split('?')[1];
const page = encodeURIComponent(location.pathname);
new EventSource(`/__pressrun/events?page=${page}&known=${known}`).onmessage = () => location.reload();
"""

HEARTBEAT = 15.0  # seconds; a browser that has gone is noticed by writing to it

_NO_REQUEST = Response(400, {"content-type": "text/plain; charset=utf-8"}, b"This is no request.\n")


class Reload:
    """Which pages are to be reloaded.

    A changed object waits here until an invalidation that covers it is in force, or the page would only be loaded from the cache again.
    """

    def __init__(self, site_bucket: str, tag_header: str) -> None:
        self._bucket = site_bucket
        self._tag = tag_header.removeprefix("x-amz-meta-")
        self._changed: set[str] = set()
        self._told: list[tuple[float, set[str]]] = []
        self._shown: dict[str, set[str]] = defaultdict(set)
        self._news = threading.Condition()

    def changed(self, bucket: str, key: str, _body: bytes | None) -> None:
        """An observer of `Aws`."""
        if bucket == self._bucket:
            with self._news:
                self._changed.add(f"/{key}")

    def purged(self, items: list[str], at: float) -> None:
        """The CDN was told of `items`, in force at `at`."""
        with self._news:
            changed = set(self._changed)
        covered = {key for key in changed if self._covers(items, key)}
        with self._news:
            self._changed -= covered
            self._told.append((at, covered))
            self._news.notify_all()

    def shows(self, page: str, key: str) -> None:
        """The page at the path `page` showed the object `key`."""
        with self._news:
            self._shown[page].add(key)

    def known(self) -> int:
        """How many pieces of news there are: a page that is made now needs no older ones."""
        with self._news:
            return len(self._told)

    def wait(self, page: str, known: int, timeout: float) -> int | None:
        """The number of the first news after `known` that concerns `page`, once in force; None after `timeout` seconds."""
        end = time.time() + timeout
        with self._news:
            while (now := time.time()) < end:
                news = [(number, at) for number, (at, keys) in enumerate(self._told[known:], known + 1) if keys & self._shown[page]]
                if news and news[0][1] <= now:
                    return news[0][0]
                self._news.wait(min([end, *(at for _, at in news)]) - now)
        return None

    def _covers(self, items: list[str], key: str) -> bool:
        try:
            metadata = client("s3").head_object(Bucket=self._bucket, Key=key.removeprefix("/"))["Metadata"]
        except ClientError:
            return True  # gone, and its tags with it
        return not {f"#{tag}" for tag in re.split(r"[,\s]+", metadata.get(self._tag, ""))}.isdisjoint(items) or key in items


@contextmanager
def serve(cdn: Cdn, listener: socket, reload: Reload | None = None) -> Iterator[None]:
    """Serve the site on `listener`."""

    class Handler(_Handler):
        pass

    Handler.cdn, Handler.reload = cdn, reload
    server = ThreadingHTTPServer(listener.getsockname(), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.daemon_threads = True
    server.block_on_close = False  # an open page's events would never end
    thread = threading.Thread(target=server.serve_forever, args=[POLL], name="cdn", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cdn: Cdn
    reload: Reload | None

    def do_GET(self) -> None:
        try:
            url, referrer = urlsplit(self.path), urlsplit(self.headers.get("Referer", ""))
        except ValueError:
            return self._send(_NO_REQUEST)
        if self.reload and url.path == "/__pressrun/events":
            self._events(self.reload, url.query)
        elif self.reload and url.path == "/__pressrun/reload.js":
            self._send(Response(200, {"content-type": "text/javascript", "cache-control": "no-store"}, SCRIPT))
        else:
            self._answer(url.path, url.query, referrer.path)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _answer(self, path: str, query: str, referrer: str) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.reload:
            headers.pop("accept-encoding", None)  # the script is put into the page as it is
        response = self.cdn.respond(Request(path, self.command, query, headers))
        # A browser would ask this host for https from then on, for years.
        response.headers.pop("strict-transport-security", None)
        self._send(self._with_script(self.reload, response, path, referrer) if self.reload else response)

    def _with_script(self, reload: Reload, response: Response, path: str, referrer: str) -> Response:
        if not response.headers.get("content-type", "").startswith("text/html") or self.headers.get("Sec-Fetch-Dest") == "empty":
            reload.shows(referrer, response.key)
            return response
        reload.shows(path, response.key)
        if not response.body:
            return response
        script = b'<script src="/__pressrun/reload.js?%d" defer></script>' % reload.known()
        head, end, tail = response.body.rpartition(b"</body>")
        # Never stored: the number in it is of this moment.
        headers = {name: value for name, value in response.headers.items() if name not in ("etag", "last-modified")}
        return replace(response, headers=headers | {"cache-control": "no-store"}, body=(head + script + end + tail) if end else tail + script)

    def handle(self) -> None:
        with suppress(ConnectionError):  # the reader has gone
            super().handle()

    def _send(self, response: Response) -> None:
        self.send_response_only(response.status)
        for name, value in response.headers.items():
            if name != "content-length":
                self.send_header(name, value)
        if self.command == "HEAD":
            self.send_header("content-length", response.headers.get("content-length", str(len(response.body))))
        elif response.status != 304:
            self.send_header("content-length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def _events(self, reload: Reload, query: str) -> None:
        asked = parse_qs(query)
        try:
            page, known = asked["page"][0], max(0, int(self.headers.get("Last-Event-ID") or asked["known"][0]))
        except (KeyError, ValueError):
            return self._send(_NO_REQUEST)
        self.close_connection = True
        self.send_response_only(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("cache-control", "no-store")
        self.end_headers()
        while True:
            number = reload.wait(page, known, HEARTBEAT)
            self.wfile.write(f"id: {number}\ndata: reload\n\n".encode() if number else b": still here\n\n")
            known = number or known

    def log_message(self, *_: object) -> None:
        """Nothing: a command's output belongs to the command."""
