"""What is not done yet, and what is: for commands that wait or look at everything."""

from datetime import datetime

from pressrun.cloud.catalogue import BASIS, CLOCK, SHARDS, WALK, Basis, Record
from pressrun.cloud.cloud import Cloud
from pressrun.cloud.walk import Walk
from pressrun.core.cards import is_source
from pressrun.core.dates import stamp, unstamp
from pressrun.core.magazine import KEY as SITE_TOML


def pending(cloud: Cloud) -> int:
    """How many messages, marks and instants that have come are still to be worked off. 0 is settled."""
    count = 0
    # The queues' URLs differ in the last word alone; no function has all four among its settings.
    base = cloud.setting("UPLOADS_QUEUE_URL").removesuffix("uploads")
    count += sum(cloud.depth(base + name) for name in ("uploads", "articles", "lists", "changed"))
    count += sum(1 for _ in cloud.catalogue.old_marks("9999"))
    found = cloud.catalogue.read([WALK, BASIS])
    walk = Walk.of(found.get(WALK))
    count += walk.full or (walk.old_assets and bool(Basis.of(found.get(BASIS)).config))
    now = stamp(cloud.now())
    count += sum(1 for shard in SHARDS for _ in cloud.catalogue.query(f"due#{shard}", end=now, limit=100))
    return count


def records(cloud: Cloud) -> list[Record]:
    """The record of every content key that was ever looked at and from which something may be published, by key."""
    found = [Record.of(item["pk"].removeprefix("article#"), item) for item in cloud.catalogue.scan() if item["sk"] == "record"]
    return sorted((record for record in found if is_source(record.key) or record.key == SITE_TOML), key=lambda record: record.key)


def as_of(cloud: Cloud) -> datetime:
    """The instant that the site is of: the latest at which a function looked at the clock."""
    clock = cloud.catalogue.read([CLOCK]).get(CLOCK)
    stamps = [record.judged for record in records(cloud) if record.judged] + ([clock["now"]] if clock else [])
    return unstamp(max(stamps)) if stamps else cloud.now()
