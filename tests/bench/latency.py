"""From an upload until readers see it on AWS, simulated: from the calls that were counted and the latencies of ``local.latency``."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pressrun.local.cloud import Cloud
from pressrun.local.latency import CALLS, EVENT, PICK_UP, PURGE
from tests.bench.meter import Meter
from tests.bench.publish import WORKERS

STAGES = ("S3's event", "validate", "render", "index", "S3's event of a put", "invalidate", "purge")


@dataclass(frozen=True)
class Seen:
    """Seconds after their upload at which articles are seen, and at which the lists show them; and how long each stage took, of those in sequence."""

    page: Sequence[float]
    lists: Sequence[float]
    stages: Mapping[str, Sequence[float]]


def simulate(cloud: Cloud, publish: Meter, uploads: int, seed: int = 0) -> Seen:
    """As many uploads at the same instant. ``publish`` is one publish alone: ``validate`` and ``render`` do as much for each article; ``index`` and
    ``invalidate`` do it once for a batch, since the articles of one upload mostly concern the same lists."""
    chance = random.Random(seed)
    sources = {source.function.step: source for source in cloud.stack.event_sources}
    per_step: dict[str, Counter[str]] = {step: Counter() for step in sources}
    for (step, service, _), count in publish.calls.items():
        if step in per_step:
            per_step[step][service] += count
    own = {step: publish.own[step] / max(1, publish.invocations[step]) for step in sources}

    def work(step: str) -> float:
        return own[step] + sum(CALLS[service].draw(chance) for service, count in per_step[step].items() for _ in range(count))

    def run(step: str, arrivals: Sequence[float], each: bool) -> list[float]:
        """When each message is done. A batch is taken when it is full or its window is over and a worker is free; ``each`` takes its time."""
        source = sources[step]
        done = [0.0] * len(arrivals)
        order = sorted(range(len(arrivals)), key=arrivals.__getitem__)
        free = [0.0] * WORKERS[step]
        while order:
            first = arrivals[order[0]]
            worker = min(range(len(free)), key=free.__getitem__)
            begin = max(first + source.window, free[worker])
            batch = [one for one in order[: source.batch_size] if arrivals[one] <= begin]
            if len(batch) == source.batch_size:
                begin = max(arrivals[batch[-1]], free[worker])
            order = order[len(batch) :]
            at = begin
            for one in batch:
                at += work(step) if each or one == batch[0] else 0.0
                done[one] = at
            if not each:
                for one in batch:
                    done[one] = at
            free[worker] = at
        return done

    def later(times: Sequence[float], *steps: Callable[[], float]) -> list[float]:
        return [time + sum(step() for step in steps) for time in times]

    def event() -> float:
        return EVENT.draw(chance)

    def pick_up() -> float:
        return PICK_UP.draw(chance)

    told = later([0.0] * uploads, event, pick_up)
    judged = run("validate", told, each=True)
    page = run("render", later(judged, pick_up), each=True)
    listed = run("index", later(page, pick_up), each=False)
    heard = later(listed, event, pick_up)
    sent = run("invalidate", heard, each=False)
    purged = later(sent, lambda: PURGE.draw(chance))
    times = [told, judged, page, listed, heard, sent, purged]
    before = [[0.0] * uploads, *times[:-1]]
    stages = {stage: [b - a for a, b in zip(one, other, strict=True)] for stage, one, other in zip(STAGES, before, times, strict=True)}
    return Seen(page, purged, stages)
