"""How long AWS takes, as its documentation says, or as is assumed where it says nothing: what `--latency aws` waits, and what the bench goes by.

Each is a lognormal distribution, given by its median and the value that 95 of 100 stay below, in seconds.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Latency:
    """``source`` is where the numbers come from, '' where they are assumed."""

    median: float
    p95: float
    source: str = ""

    def draw(self, chance: random.Random) -> float:
        return chance.lognormvariate(math.log(self.median), math.log(self.p95 / self.median) / 1.645)


_DOCS = "https://docs.aws.amazon.com/"
# A call, by service: from a function in the same region until its answer.
CALLS = {
    # "roughly 100-200 milliseconds" for small objects
    "s3": Latency(0.100, 0.200, _DOCS + "AmazonS3/latest/userguide/optimizing-performance.html"),
    # "single-digit millisecond performance"
    "dynamodb": Latency(0.005, 0.010, _DOCS + "amazondynamodb/latest/developerguide/Introduction.html"),
    # "in the tens or low hundreds of milliseconds"
    "sqs": Latency(0.020, 0.100, "https://aws.amazon.com/sqs/faqs/"),
    "events": Latency(0.030, 0.100),
    "cloudfront": Latency(0.300, 1.000),
}
# From a put until its event is in a queue: "typically in seconds but can sometimes take a minute or longer"
EVENT = Latency(0.7, 3.0, _DOCS + "AmazonS3/latest/userguide/EventNotifications.html")
# From a message in a queue until Lambda's poller has it.
PICK_UP = Latency(0.05, 0.20)
# Of a function that has no process yet: the package, the runtime, the imports, the clients.
COLD_START = Latency(0.9, 1.6)
# Until an invalidation by tag is in effect: "under 5 seconds at P95"
PURGE = Latency(2.0, 5.0, _DOCS + "AmazonCloudFront/latest/DeveloperGuide/Invalidation.html")


class Aws:
    """The latencies of AWS, drawn as they are asked for."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - nothing is secret

    def call(self, service: str) -> float:
        return CALLS[service].draw(self._chance) if service in CALLS else 0.0

    def message(self, *, from_s3: bool) -> float:
        """From what caused a message until its function has it."""
        return PICK_UP.draw(self._chance) + (EVENT.draw(self._chance) if from_s3 else 0.0)
