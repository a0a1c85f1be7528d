"""A magazine in the local cloud, with its clock, its messages and its workers in the test's hands.

The handlers are the real ones, over moto in process. Each is a greenlet that hands over before every AWS call, so two of them may be at work at once,
a seed gives the whole schedule, and the same seed gives it again. ``weather`` says what goes wrong at which call; what a worker that failed was given
comes back, and after five times lies among the dead letters.
"""

import gc
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from itertools import count
from typing import Any
from unittest.mock import patch

import botocore.endpoint
from greenlet import greenlet
from jinja2 import Environment

from pressrun.cloud import catalogue, walk
from pressrun.cloud.batch import DEAD
from pressrun.cloud.catalogue import Basis
from pressrun.cloud.cloud import Cloud, connect
from pressrun.cloud.pending import as_of, pending
from pressrun.cloud.register import read_register
from pressrun.cloud.remote import put_in_force, republish
from pressrun.cloud.restore import restore
from pressrun.cloud.theme import load_theme
from pressrun.core.build import Built, build
from pressrun.core.claims import Claim
from pressrun.core.magazine import read_magazine
from pressrun.core.media import Medium
from pressrun.core.pages import Pages
from pressrun.core.site import SiteObject
from pressrun.core.theme import Theme
from pressrun.local.cdn import Cdn, Request
from pressrun.local.cloud import Cloud as LocalCloud
from pressrun.local.dev import TEMPLATE
from pressrun.local.faults import Crash, Fault, Faults

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
SITE_TOML = """
title = "The Stage"
base_url = "https://stage.example"
timezone = "America/New_York"

[[sections]]
slug = "news"
name = "News"

[[sections]]
slug = "arctic"
name = "Arctic"
parent = "news"

[[sections]]
slug = "essays"
name = "Essays"
"""
_QUEUES = {"uploads": "validate", "articles": "render", "lists": "index", "changed": "invalidate"}


_LONG = 43_200  # seconds for which SQS keeps what was received from others: as long as it can
_RECEIVES = 5  # the template's maxReceiveCount
_LIVES = 60  # seconds: the template's longest Timeout


@dataclass(frozen=True)
class Call:
    """An AWS call that a function is about to make: the how-maniest of the stage, whose, and what."""

    number: int
    function: str
    operation: str
    params: dict[str, Any]


@dataclass
class Worker:
    """A function at work on some messages (the sweep: on none). One that is ``late`` stands still until it is let go on."""

    function: str
    records: list[dict[str, Any]]
    run: greenlet
    edition: str
    priority: float
    late: bool = False


@dataclass
class Stage:
    """``errors`` are what invocations ended with, ``calls`` how many AWS calls the functions have made. ``heard`` is told of each call there and then
    when it is made, ``answered`` of the bodies of the messages that an invocation has answered as done.
    """

    local: LocalCloud
    cloud: Cloud
    random: random.Random
    clock: list[float]
    edition: str
    weather: Callable[[Call], Fault | None] | None = None
    heard: Callable[[Call], None] | None = None
    answered: Callable[[list[str]], None] | None = None
    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    calls: int = 0
    _failures: Counter[str] = field(default_factory=Counter)

    @property
    def at_work(self) -> str:
        """The function that is at work, '' for the test itself."""
        worker = self._at_work()
        return worker.function if worker else ""

    @property
    def edition_at_work(self) -> str:
        """That of the code that asks."""
        worker = self._at_work()
        return worker.edition if worker else self.edition

    def _at_work(self) -> Worker | None:
        current = greenlet.getcurrent()
        return next((worker for worker in self.workers if worker.run is current), None)

    # What happens to the magazine

    def put(self, key: str, body: str | bytes, metadata: dict[str, str] | None = None) -> None:
        data = body.encode() if isinstance(body, str) else body
        self._client.put_object(Bucket="pressrun-content", Key=key, Body=data, Metadata=metadata or {})

    def delete(self, key: str) -> None:
        self._client.delete_object(Bucket="pressrun-content", Key=key)

    def wait(self, seconds: float) -> None:
        """Time passes; the sweep does not come. No function lives as long as that."""
        if seconds > _LIVES:
            while self.workers:
                self.step(self.workers[0], crash=True)
        self.clock[0] += seconds

    def sweep(self) -> None:
        self._go_on(self.begin_sweep())

    def begin_sweep(self) -> Worker:
        """The sweep stands before its first AWS call."""
        return self._begin("sweep", [], {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}})

    def reverse_messages(self) -> None:
        """What was sent last is delivered first."""
        self._take_messages()
        self.messages.reverse()

    def lose_messages(self) -> None:
        """What was sent is lost for good."""
        for queue in _QUEUES:
            self.local.client("sqs").purge_queue(QueueUrl=_url(queue))
        self.messages.clear()

    def lose_catalogue_and_site(self) -> None:
        """Everything but the content and the register is lost, and the catalogue is made again from the register."""
        for key in self.site():
            self.cloud.site.delete(key)
        self.cloud.catalogue.clear()
        self.lose_messages()
        restore(self.cloud, self.edition)

    def ruin(self) -> None:
        """The catalogue is lost, and made again when the functions have met with that."""
        self.cloud.catalogue.clear()
        self.sweep()
        self._take_messages()
        for queue in sorted({queue for queue, _ in self.messages}):
            self.work_off(queue)
        republish(self.cloud, self.edition)

    def deploy(self, edition: str) -> None:
        """Other functions and templates are in force from now on; who is at work goes on with those that it has."""
        self.edition = edition
        put_in_force(self.cloud, edition, pause=lambda: self.wait(DEAD.total_seconds()))

    # How it is worked off

    def work_off(self, queue: str) -> None:
        """Gives everything in one queue to its function, at once. What fails comes back."""
        self._go_on(self.begin(queue))

    def settle_now(self) -> None:
        """Works off everything that is there, in order, by one worker at a time; no time passes. Who is late stays late."""
        for worker in [worker for worker in self.workers if not worker.late]:
            self._go_on(worker)
        for _ in range(200):
            if not self._take_messages():
                return
            self.work_off(self.messages[0][0])
        raise AssertionError(f"messages that fail for ever: {self.messages[:3]}") from (self.errors[-1] if self.errors else None)

    def go_on(self, late: Sequence[Worker]) -> None:
        """These have stood still for long enough."""
        for worker in late:
            worker.late = False
            self._go_on(worker)

    def settle(self) -> None:
        """Works off everything; then time passes and the sweep comes, until nothing is pending."""
        for _ in range(40):
            self.settle_now()
            self.go_on(list(self.workers))
            self.settle_now()
            if not pending(self.cloud):
                return
            self.wait(240)
            self.sweep()
        raise AssertionError(f"{pending(self.cloud)} still pending after 40 sweeps")

    def work(self, steps: int, *, at_once: int = 2, crashes: bool = True) -> None:
        """A stretch of rough weather: messages shuffled, repeated and left lying, several workers at once, one that crashes now and then.

        The schedule is that of probabilistic concurrency testing: the worker with the highest priority goes on, and now and then it is put behind
        all others, so that one may stand still at any of its calls while a whole other chain of work goes by.
        """
        for _ in range(steps):
            self._take_messages()
            if self.messages and len(self.workers) < at_once and (not self.workers or self.random.random() < 0.7):
                self._begin_worker()
            if not self.workers:
                return
            worker = max(self.workers, key=lambda worker: (not worker.late, worker.priority))
            worker.late = False
            if self.random.random() < 0.03:
                worker.priority = min(other.priority for other in self.workers) - 1
            self.step(worker, crash=crashes and self.random.random() < 0.004)

    def begin(self, queue: str, batch: list[dict[str, Any]] | None = None) -> Worker:
        """A worker begins on these messages, or on everything in the queue, and stands before its first AWS call."""
        if batch is None:
            self._take_messages()
            batch = [record for name, record in self.messages if name == queue]
            self.messages = [message for message in self.messages if message[0] != queue]
        return self._begin(_QUEUES[queue], batch, {"Records": batch})

    def _begin(self, function: str, records: list[dict[str, Any]], event: dict[str, Any]) -> Worker:
        worker = Worker(function, records, greenlet(lambda: self._invoke(function, event)), self.edition, self.random.random())
        self.workers.append(worker)
        self.step(worker)
        return worker

    def _begin_worker(self) -> None:
        queues = {name for name, _ in self.messages}
        # Purges follow and change nothing, so they are seldom worth a worker here.
        queue = self.random.choice(sorted(queues - {"changed"} if self.random.random() < 0.95 and queues != {"changed"} else queues))
        waiting = [message for message in self.messages if message[0] == queue]
        batch = self.random.sample(waiting, self.random.randint(1, min(4, len(waiting))))
        for message in batch:
            if self.random.random() > 0.15:  # now and then, a message is delivered twice
                self.messages.remove(message)
        self.begin(queue, [record for _, record in batch])

    def step(self, worker: Worker, *, crash: bool = False) -> None:
        """Lets a worker go on to its next AWS call."""
        died = False
        try:
            answer = worker.run.throw(Crash) if crash else worker.run.switch()
        except Crash:
            answer, died = None, True
        if worker.run.dead:
            self.workers.remove(worker)
            self._give_back(worker, answer, died=died)

    def _go_on(self, worker: Worker) -> None:
        while worker in self.workers and not worker.late:
            self.step(worker)

    def _take_messages(self) -> bool:
        for queue in _QUEUES:
            for message in self.local.aws.receive(f"pressrun-{queue}", _LONG):
                record = {"messageId": message.id, "receiptHandle": message.receipt_handle, "body": message.body}
                self.messages.append((queue, record | {"eventSource": "aws:sqs"}))
        return bool(self.messages)

    def _give_back(self, worker: Worker, answer: Any, *, died: bool) -> None:
        """What failed comes back, or is a dead letter at last. The weather alone, which kills workers and delivers twice, makes none."""
        queue = next((queue for queue, function in _QUEUES.items() if function == worker.function), "")
        failed = {record["messageId"] for record in worker.records}
        if isinstance(answer, dict):
            failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        if self.answered:
            self.answered([record["body"] for record in worker.records if record["messageId"] not in failed])
        for record in worker.records:
            if record["messageId"] in failed:
                self._failures[record["messageId"]] += not died
                if self._failures[record["messageId"]] < _RECEIVES:
                    self.messages.append((queue, record))
                    continue
                self.local.client("sqs").send_message(QueueUrl=_url(f"{queue}-dead"), MessageBody=record["body"])
            self.local.aws.delete(f"pressrun-{queue}", record["receiptHandle"])

    def _invoke(self, function: str, event: dict[str, Any]) -> Any:
        try:
            return self.local.functions.invoke(self.local.stack.functions[function], event)
        except Exception as error:  # as on Lambda: the whole batch comes back
            self.errors.append(error)
            return None

    def before_call(self, operation: str, params: dict[str, Any]) -> Fault | None:
        """A worker lets others go on, and then learns what the weather has for its call."""
        worker = self._at_work()
        if worker is None:
            return None
        worker.run.parent.switch()
        call = Call(self.calls, worker.function, operation, params)
        self.calls += 1
        fault = self.weather(call) if self.weather else None
        if fault is Fault.DELAY:
            worker.late = True
            worker.run.parent.switch()
        if self.heard:
            self.heard(call)
        return fault

    # What is there

    @property
    def dead(self) -> list[str]:
        """The queues of the dead letters, each as often as it has one."""
        return [queue for queue in _QUEUES for _ in range(self.local.aws.waiting(f"pressrun-{queue}-dead"))]

    def site(self) -> dict[str, SiteObject]:
        found = {key: self.cloud.site.read(key) for key, _ in self.cloud.site.listing()}
        return {key: made for key, made in found.items() if made}

    def content(self) -> dict[str, bytes]:
        listing = [found for found in self.cloud.content.listing() if not found[0].startswith("reports/")]
        return {key: stored.body for key, _ in listing if (stored := self.cloud.content.get(key))}

    def claims(self) -> Mapping[str, Claim]:
        return read_register(self.cloud.register).claims

    def built(self) -> Built:
        """What the site should be."""
        return build(self.content(), read_register(self.cloud.register), as_of(self.cloud), self.theme)

    @property
    def theme(self) -> Theme:
        """The templates that are in force."""
        return _theme(self.edition)

    def answer(self, url: str) -> tuple[int, str]:
        """What a reader gets who comes for the first time: the status, and where a redirect leads."""
        response = Cdn(self.local.stack.distribution, lambda: self.clock[0]).respond(Request(url))
        return response.status, response.headers.get("location", "")

    def text(self, url: str) -> str:
        """The page at ``url``, '' where there is none."""
        stored = self.cloud.site.get(url.lstrip("/") + ("index.html" if url.endswith("/") else ""))
        return stored.body.decode() if stored else ""

    def report(self, key: str) -> str:
        stored = self.cloud.content.get(f"reports/{key}.txt")
        return stored.body.decode() if stored else ""

    def check(self) -> None:
        """Law 1: the site bucket holds what ``build`` makes, to the byte; and nothing is left behind."""
        built, site = self.built(), self.site()
        assert sorted(site) == sorted(built.described)
        for key, made in built.site.items():
            assert site[key] == made, f"{key} is not what build makes:\n{site[key].body.decode()}\n---\n{made.body.decode()}"
        for key in built.described.keys() - built.site.keys():
            assert replace(site[key], body=b"") == built.described[key]
            assert site[key].body
        assert built.claims == self.claims(), "the register is not at rest"
        assert not pending(self.cloud)

    @property
    def _client(self) -> Any:
        return self.local.client("s3")


def _url(queue: str) -> str:
    return f"https://sqs.us-east-1.amazonaws.com/123456789012/pressrun-{queue}"


@contextmanager
def staged(seed: int = 0, site_toml: str = SITE_TOML, calls: Callable[[Stage, dict[str, Any], Any], None] | None = None) -> Iterator[Stage]:
    """A stage with an empty magazine, settled. ``calls`` is told of each AWS call's parameters and botocore's model of it."""
    clock = [START.timestamp()]
    connect.cache_clear()
    with ExitStack() as stack:
        local = stack.enter_context(LocalCloud(TEMPLATE, clock=lambda: clock[0]))
        stack.enter_context(patch.object(Cloud, "now", lambda _: datetime.fromtimestamp(clock[0], UTC).replace(microsecond=0)))
        marks = count()
        stack.enter_context(patch.object(Cloud, "new_mark", lambda _: f"{next(marks):032x}"))
        # Who waits for AWS, waits by the stage's clock.
        stack.enter_context(patch.object(botocore.endpoint.time, "sleep", lambda _: None))
        stack.enter_context(patch.object(catalogue, "sleep", lambda _: None))
        # A process compiles each template once, whoever asks: it is half of a check.
        stack.enter_context(patch.object(Environment, "compile", _compile))
        stack.callback(_forget)
        cloud = connect()
        stage = Stage(local, cloud, random.Random(seed), clock, os.environ["EDITION"])
        stack.enter_context(patch.object(Cloud, "edition", property(lambda _: stage.edition_at_work)))
        stack.enter_context(patch.object(walk, "load_theme", lambda: _theme(stage.edition_at_work)))
        for module in ("pressrun.render", "pressrun.index"):
            stack.enter_context(patch(f"{module}.pages_for", lambda basis: _pages_for(basis.config, basis.logo, stage.edition_at_work)))
        Faults(cloud.session, stage.before_call)
        if calls:
            cloud.session.events.register("provide-client-params", lambda params, model, **_: calls(stage, params, model))
        walk.change_basis(cloud, Basis(), Basis(stage.edition, ""))
        if site_toml:
            stage.put("site.toml", site_toml)
            stage.settle()
        yield stage


def _forget() -> None:
    """Lets go of a stage that is over: what the functions keep between invocations would keep all of it."""
    import_module("pressrun.render")._article.cache_clear()
    connect.cache_clear()
    gc.unfreeze()


@cache
def _theme(edition: str) -> Theme:
    """Each edition looks other than the one that the package has."""
    theme = load_theme()
    if edition == os.environ["EDITION"]:
        return theme
    page, style = theme.templates["base.html"], theme.assets["style.css"]
    return Theme({**theme.templates, "base.html": f"{page}<!-- {edition} -->\n"}, {**theme.assets, "style.css": style + f"/* {edition} */".encode()})


@cache
def _pages_for(config: str, logo: str, edition: str) -> Pages:
    magazine, _ = read_magazine(config.encode())
    assert magazine
    return Pages(magazine, _theme(edition), Medium.from_json(logo) if logo else None)


_compiled: dict[tuple[Any, ...], Any] = {}
_jinja_compile = Environment.compile


def _compile(environment: Environment, *template: Any) -> Any:
    if template not in _compiled:
        _compiled[template] = _jinja_compile(environment, *template)
    return _compiled[template]


def ago(**by: float) -> str:
    """An instant before the stage's beginning (after it, if negative), as an editor writes it."""
    return (START - timedelta(**by)).isoformat()


def article(title: str = "A title", body: str = "Text.", **fields: object) -> str:
    """An article's file."""
    return "---\n" + "".join(f"{name}: {value}\n" for name, value in {"title": title, **fields}.items()) + f"---\n{body}\n"
