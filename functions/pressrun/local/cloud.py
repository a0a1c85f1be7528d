"""The local cloud: AWS, the stack, the functions with their event source mappings, and the CDN, as one.

`Cloud` has no threads and no ports: a test takes the messages by hand. `LocalCloud` runs by itself and serves.
"""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

from pressrun.cloud.theme import own_theme
from pressrun.local import stack
from pressrun.local.aws import ACCOUNT, REGION, Aws, client, listen
from pressrun.local.cdn import Cdn
from pressrun.local.functions import Functions, Handler, Weather, shared_environment
from pressrun.local.latency import Aws as Latencies
from pressrun.local.mapping import Mapping as EventSourceMapping
from pressrun.local.weather import Stirred
from pressrun.local.web import Reload, serve

PURGED_WITHIN = 5.0  # seconds, in 95 of 100 invalidations, as AWS has it of those by tag
TASK_ROOT = "/var/task/"  # where Lambda unpacks the package


class Cloud:
    """The local cloud in this process, from `with` to its end.

    `template`: infra/template.yaml; its `parameters` by name. `handlers`: code to run instead of a step's own, such as
    `{"index": f}`. `clock`: seconds since the epoch; queues, invalidations and the CDN go by it.
    `invalidation_delay`: seconds. `pace` scales waiting (windows, retries, invalidations, the schedule): 0.1 is ten times faster.
    Meanwhile os.environ is as on Lambda, for all functions at once.
    """

    def __init__(
        self,
        template: Path,
        *,
        parameters: Mapping[str, str] | None = None,
        handlers: Mapping[str, Handler] | None = None,
        weather: Weather | None = None,
        clock: Callable[[], float] = time.time,
        invalidation_delay: float = 0.0,
        pace: float = 1.0,
    ) -> None:
        self.template = template.resolve()
        self.parameters = parameters or {}
        self.pace = pace
        self.aws = Aws(clock, invalidation_delay * pace)
        self.functions = Functions(handlers or {}, weather, self.aws.clock)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        # Powertools keeps one set of metrics for a process: functions that run side by side in this one empty it for each other.
        warnings.filterwarnings("ignore", "No application metrics to publish")
        with ExitStack() as opening:
            opening.enter_context(self.aws)
            self.stack = stack.create(self.template, self.parameters)
            opening.enter_context(patch.dict(os.environ, self._environment()))
            self.functions.load(self.stack.functions.values())
            opening.enter_context(self.functions.counted())
            self.mappings = {source.function.step: self._mapping(at) for at, source in enumerate(self.stack.event_sources)}
            self.cdn = Cdn(self.stack.distribution, self.aws.clock)
            self.aws.on_purge(self._purge)
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def calls(self) -> dict[str, Counter[str]]:
        """What the functions called: service, operation, how often. Calls from other processes and of the local cloud are not in it."""
        return self.functions.calls

    @property
    def errors(self) -> list[tuple[str, Exception]]:
        """What invocations ended with, where it was an exception: the step and the exception."""
        return self.functions.errors

    def poll(self) -> int:
        """One batch from each queue. Gives how many messages that were."""
        return sum(mapping.poll() for mapping in self.mappings.values())

    def sweep(self) -> None:
        """Call what the template schedules, once."""
        for schedule in self.stack.schedules:
            self.functions.invoke(schedule.function, _scheduled_event(schedule, self.aws.clock()))

    def settle(self) -> bool:
        """Poll until no message is visible. False when something failed and is in flight until `clock` has moved on."""
        while self.poll():
            pass
        return self.quiet()

    def quiet(self) -> bool:
        """Whether no message is visible or in flight, and no function runs. Delayed messages and dead letters do not count."""
        if isinstance(self.functions.weather, Stirred) and self.functions.weather.on_its_way():
            return False
        with self.aws.lock:
            return not self.functions.running and not any(self.aws.waiting(source.queue) for source in self.stack.event_sources)

    def client(self, service: str) -> Any:
        """A boto3 client whose calls are not counted."""
        return client(service)

    def _mapping(self, at: int) -> EventSourceMapping:
        before = [source.queue for source in self.stack.event_sources[:at]]  # the template has them in the order of the pipeline
        return EventSourceMapping(
            self.stack.event_sources[at], self.functions, self.aws, self.pace, lambda: any(self.aws.waiting(queue) for queue in before)
        )

    def _purge(self, distribution: str, items: list[str], at: float) -> None:
        if distribution == self.stack.distribution.id:
            self.cdn.invalidate(items, at)

    def _environment(self) -> dict[str, str]:
        shared = shared_environment(self.stack.functions)
        root = f"{self.template.parent.parent}{os.sep}"
        # Metrics go to standard output, where on this machine nobody collects them.
        local = {"POWERTOOLS_METRICS_DISABLED": "true"}
        # A package has its deployment's own theme in it.
        own = {"TEMPLATES": str(theme.resolve())} if (theme := own_theme()) else {}
        return {name: value.replace(TASK_ROOT, root) for name, value in shared.items()} | local | own


class LocalCloud(Cloud):
    """The local cloud that runs by itself, with an AWS endpoint and the site on ports of 127.0.0.1 (0: any that is free).

    `reload`: open pages reload when they change. `latency`: everything takes about as long as on AWS. `held`: no function runs, and AWS is not
    served, before `begin`. `clock` is the machine's. Entering raises OSError, with the port in its message, when a port is taken.
    """

    def __init__(
        self,
        template: Path,
        *,
        aws_port: int = 0,
        cdn_port: int = 0,
        reload: bool = False,
        pace: float = 0.1,
        latency: Latencies | None = None,
        held: bool = False,
        **cloud: Any,
    ) -> None:
        super().__init__(template, pace=1.0 if latency else pace, **{"invalidation_delay": PURGED_WITHIN} | cloud)
        self.latency = latency
        if latency:
            self.functions.latency = latency.call
        else:
            # Threads of one Python process do not add up: five functions at their AWS calls take twice as long as one after the other.
            self.functions.turn = threading.Lock()
        self._ports = aws_port, cdn_port
        self._reload, self._held = reload, held
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        _, cdn_port = self._ports
        with ExitStack() as opening:
            listener = opening.enter_context(listen(cdn_port))
            host, port = listener.getsockname()
            self.aws.domain_name = f"{host}:{port}"
            self.site_url = f"http://{host}:{port}"
            super().__enter__()
            opening.callback(super().__exit__)
            if self.latency:
                for mapping in self.mappings.values():
                    mapping.lag = partial(self.latency.message, from_s3=mapping.source.function.step in ("validate", "invalidate"))
            opening.enter_context(serve(self.cdn, listener, self._live_reload() if self._reload else None))
            self._serving = opening.enter_context(ExitStack())
            opening.enter_context(self._running())
            self._all_open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._all_open.close()

    def settle(self, timeout: float = 60.0) -> bool:
        """Wait until it is `quiet` and the CDN has purged what it was told to. False when `timeout` seconds were not enough."""
        end = time.monotonic() + timeout
        while not (self.quiet() and not self.cdn.purging()):
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def begin(self) -> None:
        """Lets the functions run and serves AWS, once, where all is `held`. Raises OSError when the port is taken."""
        self.endpoint_url = self._serving.enter_context(self.aws.serve(self._ports[0]))
        self._threads = [threading.Thread(target=mapping.run, name=mapping.source.queue, daemon=True) for mapping in self.mappings.values()]
        self._threads += [threading.Thread(target=self._schedule, args=[schedule], daemon=True) for schedule in self.stack.schedules]
        for thread in self._threads:
            thread.start()

    @contextmanager
    def _running(self) -> Iterator[None]:
        if not self._held:
            self.begin()
        try:
            yield
        finally:
            self.functions.stopping.set()
            for thread in self._threads:
                thread.join()

    def _schedule(self, schedule: stack.Schedule) -> None:
        while True:
            with suppress(Exception):  # the invocation has logged it; the next one comes
                self.functions.invoke(schedule.function, _scheduled_event(schedule, self.aws.clock()))
            if self.functions.stopping.wait(max(1.0, schedule.rate * self.pace)):
                return

    def _live_reload(self) -> Reload:
        reload = Reload(self.stack.distribution.origin, self.stack.distribution.tag_header)
        self.aws.observe(reload.changed)
        self.aws.on_purge(lambda _, items, at: reload.purged(items, at))
        return reload


def _scheduled_event(schedule: stack.Schedule, now: float) -> dict[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html"""
    return {
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        "region": REGION,
        "resources": [schedule.arn],
        "detail": {},
    }
