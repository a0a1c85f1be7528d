"""What a function reaches outside itself: its settings, its clients, the clock."""

import gc
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from pressrun.cloud.buckets import Bucket
from pressrun.cloud.catalogue import Catalogue
from pressrun.cloud.events import Bus
from pressrun.cloud.queues import Queue


class Cloud:
    """One process's way to AWS. A client is made when it is first used, so a function pays at its cold start for no other's.

    Settings are environment variables; ``infra/template.yaml`` gives each function those that it needs. ``done`` adds up what the
    process has put, left unchanged and deleted in the site bucket.
    """

    def __init__(self) -> None:
        self.session = boto3.Session()
        self.done: Counter[str] = Counter()
        self._counter: ContextVar[Counter[str] | None] = ContextVar("calls", default=None)

    def now(self) -> datetime:
        """The clock, in UTC, to the second."""
        return datetime.now(UTC).replace(microsecond=0)

    def new_mark(self) -> str:
        """A name that no other mark has."""
        return uuid4().hex

    def setting(self, name: str) -> str:
        return os.environ[name]

    @property
    def edition(self) -> str:
        """The hash of the code and templates that this process runs.

        Lambda changes a function's code and its settings one after the other. Between the two, this is none that was ever in force.
        """
        setting, packaged = self.setting("EDITION"), _packaged_edition()
        return setting if packaged in ("", setting) else f"{packaged}, with the settings of {setting}"

    @cached_property
    def catalogue(self) -> Catalogue:
        return Catalogue(self.client("dynamodb"), self.setting("TABLE"))

    @cached_property
    def content(self) -> Bucket:
        return Bucket(self._s3, self.setting("CONTENT_BUCKET"))

    @cached_property
    def register(self) -> Bucket:
        return Bucket(self._s3, self.setting("REGISTER_BUCKET"))

    @cached_property
    def site(self) -> Bucket:
        return Bucket(self._s3, self.setting("SITE_BUCKET"))

    @cached_property
    def uploads(self) -> Queue:
        return Queue(self._sqs, self.setting("UPLOADS_QUEUE_URL"))

    @cached_property
    def articles(self) -> Queue:
        return Queue(self._sqs, self.setting("ARTICLES_QUEUE_URL"))

    @cached_property
    def lists(self) -> Queue:
        return Queue(self._sqs, self.setting("LISTS_QUEUE_URL"))

    @cached_property
    def dead(self) -> tuple[Queue, ...]:
        """Where the messages about files and articles lie that failed each time."""
        return tuple(Queue(self._sqs, self.setting(f"{name}_DEAD_QUEUE_URL")) for name in ("UPLOADS", "ARTICLES"))

    @cached_property
    def events(self) -> Bus:
        return Bus(self.client("events"), self.setting("EVENT_BUS"))

    def depth(self, queue_url: str) -> int:
        """How many messages lie in a queue or are being handled, about. Delayed ones do not count."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
        return sum(int(found["Attributes"][name]) for name in names)

    @cached_property
    def cloudfront(self) -> Any:
        return self.client("cloudfront")

    @cached_property
    def _s3(self) -> Any:
        # What signs an address, too: without it, boto3 signs one as S3 did before 2014, which newer regions and KMS refuse.
        return self.client("s3", signature_version="s3v4")

    @cached_property
    def _sqs(self) -> Any:
        return self.client("sqs")

    def client(self, service: str, **config: Any) -> Any:
        with _all_stays():
            client = self.session.client(service, config=Config(retries={"mode": "standard", "max_attempts": 5}, **config))
        client.meta.events.register("after-call", self._count)
        client.meta.events.register("needs-retry", _without_url)
        return client

    @contextmanager
    def counting(self) -> Iterator[Counter[str]]:
        """Counts the AWS calls made inside, by ``service.Operation``, in this thread alone."""
        counter: Counter[str] = Counter()
        token = self._counter.set(counter)
        try:
            yield counter
        finally:
            self._counter.reset(token)

    def _count(self, model: Any, **_: object) -> None:
        counter = self._counter.get()
        if counter is not None:
            counter[f"{model.service_model.service_name}.{model.name}"] += 1


@cache
def _packaged_edition() -> str:
    """What ``local.package`` has noted in the package that this runs from, '' where it runs from the sources."""
    note = Path(__file__).parents[2] / "EDITION"
    return note.read_text() if note.is_file() else ""


def _without_url(caught_exception: Exception | None, **_: object) -> None:
    """What goes wrong on the way to S3 says so with its URL, which may be an embargoed article's, and ends in the log."""
    if isinstance(caught_exception, BotoCoreError):
        caught_exception.args = (type(caught_exception).__name__,)
        caught_exception.__context__ = caught_exception.__cause__ = None


@contextmanager
def _all_stays() -> Iterator[None]:
    """Without the search for garbage: a client is many thousand objects, which all stay."""
    looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looking:
            gc.enable()


@cache
def connect() -> Cloud:
    """The process's one Cloud."""
    with _all_stays():
        cloud = Cloud()
    gc.freeze()
    gc.enable()
    return cloud
