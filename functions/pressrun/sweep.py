"""Every minute: what falls due, what was left unfinished, and a page of the content listing get a hint again; and dead letters are told of."""

from collections import defaultdict
from contextlib import suppress
from datetime import datetime, timedelta
from json import loads
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from pressrun.cloud import walk
from pressrun.cloud.batch import DEAD, LOOK_AHEAD, same_edition
from pressrun.cloud.buckets import Conflict
from pressrun.cloud.catalogue import CLOCK, SHARDS, Item, mark_item
from pressrun.cloud.cloud import Cloud, connect
from pressrun.cloud.context import LambdaContext
from pressrun.cloud.queues import Hint, is_ours
from pressrun.core.dates import stamp, unstamp
from pressrun.core.lists import ASSETS

logger = Logger()
metrics = Metrics()

_RAREST = 6  # doublings: what keeps failing is hinted at every three hours
_DUE_A_SHARD = 500


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001 - Lambda passes both
    """Runs on a schedule; the event says nothing."""
    cloud = connect()
    basis = same_edition(cloud, cloud.catalogue.basis())
    now = cloud.now()
    due = hint_at_what_falls_due(cloud, now)
    unfinished = hint_at_what_is_unfinished(cloud, now)
    come = walk.step(cloud)
    if come.old_assets and not (come.full or come.unsure or unfinished) and basis.config:
        delete_old_assets(cloud, come, now)
    hand_on_dead_letters(cloud)  # last, since the walk waits for a queue that is empty
    cloud.catalogue.put_item({"pk": CLOCK[0], "sk": CLOCK[1], "now": stamp(now)})
    metrics.add_metric("Due", MetricUnit.Count, due)
    metrics.add_metric("Unfinished", MetricUnit.Count, unfinished)


def hint_at_what_falls_due(cloud: Cloud, now: datetime) -> int:
    """Hints that arrive at the instant itself, for what falls due before the next sweep but one. Returns how many."""
    delays: defaultdict[int, list[str]] = defaultdict(list)
    for shard in SHARDS:
        for item in cloud.catalogue.query(f"due#{shard}", end=stamp(now + LOOK_AHEAD), newest=False, limit=_DUE_A_SHARD):
            instant, _, key = item["sk"].partition("#")
            delays[max(0, int((unstamp(instant) - now).total_seconds()))].append(key)
    for delay, keys in delays.items():
        cloud.uploads.send_keys(keys, delay)
    return sum(map(len, delays.values()))


def hint_at_what_is_unfinished(cloud: Cloud, now: datetime) -> int:
    """Hints at the marks of dead workers and lost messages, each time twice as rarely. Returns how many."""
    marks: defaultdict[tuple[bool, str], list[Item]] = defaultdict(list)
    for mark in cloud.catalogue.old_marks(stamp(now - DEAD)):
        target = mark["pk"].removeprefix("target#")
        if mark.get("own") and len(list(cloud.catalogue.query(mark["pk"], limit=2))) > 1:
            # A dead worker's, and another mark stands: whoever deletes that one began after the death. What fails again and again would heap them up.
            cloud.catalogue.delete_all([(mark["pk"], mark["sk"])])
            continue
        marks[target.startswith(("url:", "preview:")), mark["sk"].removeprefix("mark#")].append(mark)
    for (is_article, name), found in marks.items():
        targets = tuple(mark["pk"].removeprefix("target#") for mark in found)
        around = tuple(sorted({place for mark in found for place in loads(mark.get("around", "[]"))}))
        (cloud.articles if is_article else cloud.lists).send([Hint(targets, name, around)])
        for mark in found:
            cloud.catalogue.postpone(mark, stamp(now + DEAD * (2 ** min(mark.get("tries", 0), _RAREST) - 1)))
    return sum(map(len, marks.values()))


def hand_on_dead_letters(cloud: Cloud) -> None:
    """Has ``validate`` tell the editors. The letters stay where they are, and with them the alarm."""
    for queue in cloud.dead:
        # None about a letter, which names no key itself: who fails at telling of a fault is told of by the alarm alone.
        cloud.uploads.send_dead(filter(is_ours, queue.peek()))


def delete_old_assets(cloud: Cloud, come: walk.Walk, now: datetime) -> None:
    """Once everything is judged by the basis in force and no mark is left, no page names the assets of a former edition or look."""
    if cloud.depth(cloud.uploads.url):
        return
    if next(cloud.catalogue.old_marks(stamp(now + timedelta(days=1)), limit=1), None) is None:
        mark = cloud.new_mark()
        change = cloud.catalogue.put(mark_item(ASSETS, mark, stamp(now), cause=walk.NEW_EDITION))
        with suppress(Conflict):  # a newer edition's walk has begun: its end is waited for
            cloud.catalogue.write([walk.moved(cloud, come, walk.Walk(revision=mark)), change])
            cloud.lists.send([Hint((str(ASSETS),), mark)])
