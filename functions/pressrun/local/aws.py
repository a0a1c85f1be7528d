"""AWS on this machine: moto, one call at a time, in process and behind a port.

Functions run in this process, and their boto3 clients reach moto without HTTP (three times faster); any other S3 client reaches the
same buckets through `serve`. moto keeps its state in its modules, so there is one `Aws` at a time in a process.
Where moto differs from AWS in a way that would hide a bug, `corrections` says how and closes the gap.
"""

from __future__ import annotations

import io
import os
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from moto import backend_index
from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber
from moto.core.request import normalize_request
from moto.moto_api._internal import mock_random
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from werkzeug.exceptions import HTTPException
from werkzeug.serving import make_server

from pressrun.local.corrections import corrections

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ACCOUNT = DEFAULT_ACCOUNT_ID
REGION = "us-east-1"

POLL = 0.05  # seconds after which a server notices that it is to end

Observer = Callable[[str, str, bytes | None], None]
"""Called with bucket, key and the body that is now current, or None when there is none."""

Purge = Callable[[str, list[str], float], None]
"""Called with distribution id, paths and tags, and the instant (of `Aws.clock`) at which CloudFront has taken them out of its caches."""


class Aws:
    """moto made like AWS, from `start` to `stop`.

    `clock` gives seconds since the epoch; queues (visibility, delays), events and invalidations go by it, so that a test can turn it.
    `invalidation_delay`: seconds that an invalidation is in progress. `domain_name`: host and port that distributions answer at.
    """

    def __init__(self, clock: Callable[[], float] = time.time, invalidation_delay: float = 0.0, domain_name: str | None = None) -> None:
        self.clock = clock
        self.domain_name = domain_name
        self.invalidation_delay = invalidation_delay
        # Conditional writes and transactions are check-then-act inside moto: atomic only when nothing else runs in between.
        self.lock = threading.RLock()
        self._observers: list[Observer] = []
        self._purges: list[Purge] = []
        self._sequence = 0
        self._arrival = threading.Condition()
        self._arrivals: Counter[str] = Counter()
        self._patches = ExitStack()

    def observe(self, observer: Observer) -> None:
        """Call `observer` after every object that is put or deleted, in the order in which it happened, before the put is answered.

        It runs under `lock`: it may call AWS, and must not wait for a thread that does.
        """
        self._observers.append(observer)

    def on_purge(self, purge: Purge) -> None:
        """Call `purge` with every invalidation that CloudFront accepts."""
        self._purges.append(purge)

    def start(self) -> None:
        """Begin with an empty account. Ids are drawn from a fixed seed: the same calls give the same ids."""
        if botocore_stubber.enabled:
            raise RuntimeError("a local AWS is running in this process already")
        BackendDict.reset()
        mock_random.seed(0)
        with ExitStack() as patches:
            patches.enter_context(patch.dict(os.environ, _environment(), clear=True))
            # A session made before moto was imported would go to the real AWS.
            patches.enter_context(patch.object(boto3, "DEFAULT_SESSION", None))
            patches.enter_context(patch.object(botocore_stubber, "enabled", True))
            patches.enter_context(patch.object(botocore_stubber, "process_request", self._answer))
            for correction in corrections(self):
                patches.enter_context(correction)
            self._patches = patches.pop_all()

    def stop(self) -> None:
        self._patches.close()

    def __enter__(self) -> Aws:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @contextmanager
    def serve(self, port: int = 0) -> Iterator[str]:
        """The same AWS for clients of other processes: gives its endpoint URL on 127.0.0.1. Port 0 is any that is free.

        Raises OSError, with the port in its message, when the port is taken.
        """
        with listen(port) as listener:
            server = make_server("127.0.0.1", 0, self._application(), threaded=True, request_handler=_QuietHandler, fd=listener.fileno())
            thread = threading.Thread(target=server.serve_forever, args=[POLL], name="aws", daemon=True)
            thread.start()
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                server.shutdown()
                thread.join()
                server.server_close()

    def arrivals(self, queue: str) -> int:
        """How many messages were ever sent to `queue`."""
        with self._arrival:
            return self._arrivals[queue]

    def wait_for_arrival(self, queue: str, known: int, timeout: float) -> None:
        """Until more than `known` messages were ever sent to `queue`, at most `timeout` seconds."""
        with self._arrival:
            self._arrival.wait_for(lambda: self._arrivals[queue] != known, timeout)

    def waiting(self, queue: str) -> int:
        """The messages of `queue` that are visible or in flight. Those that are delayed have their time yet to come."""
        with self.lock:
            return self.ready(queue) + int(self._messages(queue).approximate_number_of_messages_not_visible)

    def ready(self, queue: str) -> int:
        """Those of them that one may receive now."""
        with self.lock:
            return int(self._messages(queue).approximate_number_of_messages)

    def receive(self, queue: str, visibility_timeout: int) -> list[Any]:
        """All that are ready, as moto has them, kept from others for ``visibility_timeout`` seconds; a client gets ten at a time."""
        with self.lock:
            messages: list[Any] = self._messages(queue).receive(self.ready(queue), visibility_timeout)
            return messages

    def delete(self, queue: str, receipt_handle: str) -> None:
        """One that was received. Does nothing where it is gone."""
        with self.lock, suppress(ReceiptHandleIsInvalid):
            self._messages(queue).delete_message(receipt_handle)

    def _messages(self, queue: str) -> Any:
        return get_backend("sqs")[ACCOUNT][REGION].queues[queue]

    # What the corrections tell.

    def arrived(self, queue: str) -> None:
        with self._arrival:
            self._arrivals[queue] += 1
            self._arrival.notify_all()

    def changed(self, bucket: str, key: str, body: bytes | None) -> None:
        for observer in self._observers:
            observer(bucket, key, body)

    def purged(self, distribution: str, items: list[str], at: float) -> None:
        for purge in self._purges:
            purge(distribution, items, at)

    def sequencer(self) -> str:
        """S3's order of the events of one key: 18 hexadecimal digits, increasing."""
        self._sequence += 1
        return f"{self._sequence:018X}"

    def _answer(self, request: Any) -> tuple[int, Any, Any] | None:
        url = request.url.partition("?")[0]
        if re.match(r"https?://(127\.0\.0\.1|localhost)[:/]", url):
            return None  # a client of `serve`: over HTTP
        operation = _operation(url)
        if operation is None:
            return 404, {}, f"the local cloud has no {url}"  # and nothing else leaves this machine
        normalized = normalize_request(request)
        with self.lock:
            try:
                status, headers, body = operation(normalized, normalized.raw_url, normalized.headers)
            except HTTPException as error:
                return error.code or 500, error.get_headers(), error.get_body()
        return status, headers, body

    def _application(self) -> WSGIApplication:
        moto = DomainDispatcherApplication(create_backend_app)

        def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if not _is_private(environ):
                start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
                return [b"This AWS is private to the machine that it runs on.\n"]
            # The body is read before the lock is taken, or a slow upload would hold up everybody.
            if environ.pop("HTTP_TRANSFER_ENCODING", ""):
                body = environ["wsgi.input"].read()
            else:
                body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
            with self.lock:
                return list(moto(environ, start_response))

        return application


@cache
def client(service: str) -> Any:
    """A boto3 client for this package's own work, which `Functions.calls` leaves out."""
    return boto3.session.Session().client(service, region_name=REGION, config=Config(user_agent_extra=OWN_WORK))


OWN_WORK = "pressrun-local"


@contextmanager
def listen(port: int) -> Iterator[socket.socket]:
    """A listening socket on 127.0.0.1. The message of its OSError names the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise OSError(error.errno, f"port {port}: {error.strerror}") from error
        listener.listen(128)
        yield listener


def _is_private(environ: WSGIEnvironment) -> bool:
    """Whether no page of a browser asks, as any that is open could: nobody has to sign here. An S3 client says nothing of where it is.

    Followed by hand, or from a page of this machine, the address of a preview is opened.
    """
    if not re.fullmatch(r"(127\.0\.0\.1|(.+\.)?localhost)(:\d+)?", environ.get("HTTP_HOST", "")):
        return False  # another site's name, made to lead here
    came = environ.get("HTTP_SEC_FETCH_SITE", "none"), environ.get("HTTP_SEC_FETCH_MODE")
    return "HTTP_ORIGIN" not in environ and (came[0] == "none" or came == ("same-site", "navigate"))


class _QuietHandler(MotoRequestHandler):
    def run_wsgi(self) -> None:
        try:
            urlsplit(self.path)
        except ValueError:
            self.send_response_only(400)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            super().run_wsgi()

    def log_request(self, *_: object) -> None:
        """Nothing: a command's output belongs to the command."""


def _environment() -> dict[str, str]:
    """This process's environment without what could lead a client to another AWS."""
    # AWS_CA_BUNDLE and the profile make botocore read files of the laptop's owner.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        # DynamoDB's account-based host names are none that moto knows.
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
    }


# moto compiles and tries some 250 patterns for each call, which costs as much as the call itself.
def _operation(url: str) -> Callable[..., tuple[int, Any, Any]] | None:
    service = _service("/".join(url.split("/", 3)[:3]))
    return next((operation for pattern, operation in _operations(service) if pattern.match(url)), None) if service else None


@cache
def _service(origin: str) -> Any:
    return next((service for service, pattern in backend_index.backend_url_patterns if pattern.match(origin)), None)


@cache
def _operations(service: Any) -> list[tuple[re.Pattern[str], Callable[..., tuple[int, Any, Any]]]]:
    regions: Any = get_backend(service)[ACCOUNT]
    backend = regions[REGION if REGION in regions else "aws"]
    return [(re.compile(url), operation) for url, operation in backend.urls.items()]
