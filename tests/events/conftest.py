"""A magazine in the local cloud whose queues nobody empties: a test hands a payload to a real handler, and looks at what came of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pressrun.cloud import walk
from pressrun.cloud.catalogue import Basis, mark_item, mark_key
from pressrun.cloud.cloud import Cloud as Client
from pressrun.cloud.cloud import connect
from pressrun.core.dates import stamp
from pressrun.local.cloud import Cloud

from .payloads import marks_in, payload

TEMPLATE = Path(__file__).parents[2] / "infra" / "template.yaml"
SITE_TOML = b"""\
title = "The Meridian"
base_url = "https://meridian.example"

[[sections]]
slug = "news"
name = "News"
"""


class Newsroom:
    """The local cloud, and ``aws``: what the functions reach of it."""

    def __init__(self, cloud: Cloud, aws: Client) -> None:
        self.cloud, self.aws = cloud, aws

    def send(self, case: str) -> list[str]:
        """Hands the payload ``<function>/<case>`` to the function's handler. Returns the ids of the messages that failed."""
        name, _, _ = case.partition("/")
        function = next(function for function in self.cloud.stack.functions.values() if function.step == name)
        answer = self.cloud.functions.invoke(function, payload(case)) or {"batchItemFailures": []}
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def upload(self, key: str, body: str = "---\ntitle: One\n---\nText.\n") -> None:
        """Without waiting for anything: the event lies in the queue."""
        self.aws.content.put(key, body.encode())

    def publish(self, key: str, body: str = "---\ntitle: One\n---\nText.\n") -> None:
        self.upload(key, body)
        assert self.cloud.settle()

    def leave_marks(self, case: str) -> None:
        """Puts what a change leaves under the targets that the payload's hints name."""
        marks = (mark_item(target, mark, stamp(self.aws.now())) for target, mark in marks_in(case))
        self.aws.catalogue.put_all(marks)

    def marks_left(self, case: str) -> list[str]:
        """The targets whose marks, of those that the payload's hints name, are still there."""
        named = {mark_key(target, mark): target for target, mark in marks_in(case)}
        return sorted(named[key] for key in self.aws.catalogue.read(named))

    def page(self, key: str) -> str | None:
        """The text at a key of the site bucket."""
        found = self.aws.site.get(key)
        return found.body.decode() if found else None

    def report(self, key: str) -> str:
        """What the editor is told about a content key, '' if nothing."""
        found = self.aws.content.get(f"reports/{key}.txt")
        return found.body.decode() if found else ""

    def receipt(self, name: str) -> dict[str, Any]:
        return self.aws.catalogue.read([(f"receipt#{name}", "receipt")])[f"receipt#{name}", "receipt"]

    def invalidations(self) -> list[list[str]]:
        """The items of each invalidation that CloudFront was asked for, oldest first."""
        distribution = self.aws.setting("DISTRIBUTION_ID")
        summaries = self.aws.cloudfront.list_invalidations(DistributionId=distribution)["InvalidationList"].get("Items", [])
        found = [self.aws.cloudfront.get_invalidation(DistributionId=distribution, Id=one["Id"])["Invalidation"] for one in summaries]
        return [one["InvalidationBatch"]["Paths"]["Items"] for one in sorted(found, key=lambda one: str(one["CreateTime"]))]


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    """With a ``site.toml`` in force, and no article."""
    with Cloud(TEMPLATE) as cloud:
        connect.cache_clear()
        aws = connect()
        walk.change_basis(aws, Basis(), Basis("local", ""))
        aws.content.put("site.toml", SITE_TOML)
        assert cloud.settle()
        yield Newsroom(cloud, aws)
    connect.cache_clear()
