"""What was put or deleted in the site bucket, purged from the CDN: one invalidation for all that a short window gathered.

The bucket's own events drive it, so nothing that was put can miss its purge. The messages stay in the queue until CloudFront has taken the
invalidation.
"""

from collections.abc import Iterable
from hashlib import sha256
from json import loads
from typing import Any
from urllib.parse import unquote_plus

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from pressrun.cloud.buckets import Head
from pressrun.cloud.catalogue import Told
from pressrun.cloud.cloud import Cloud, connect
from pressrun.cloud.context import LambdaContext
from pressrun.cloud.queues import keys_in
from pressrun.core.dates import stamp
from pressrun.core.site import LISTS_TAG, NEWS_SITEMAP, cache_tag, is_surely_list

logger = Logger()
metrics = Metrics()


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Takes the site bucket's events from the queue ``changed``. What fails comes back."""
    cloud = connect()
    messages: list[str] = []

    def read(record: SQSRecord) -> None:
        keys_in(record.body)
        messages.append(record.body)

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    response = process_partial_response(event=event, record_handler=read, processor=processor, context=context)  # type: ignore[arg-type]
    # An invalidation that CloudFront does not take raises, and all messages come back.
    items = invalidate(cloud, messages)
    metrics.add_metric("InvalidationItems", MetricUnit.Count, items)
    return response


def invalidate(cloud: Cloud, messages: Iterable[str]) -> int:
    """Sends one invalidation for everything that these messages name. Returns the number of its items."""
    bodies = sorted(set(messages))
    keys = sorted({key for body in bodies for key in keys_in(body)})
    heads = {key: None if is_surely_list(key) else cloud.site.head(key) for key in keys}
    left = {LISTS_TAG} if cloud.setting("PURGE_LISTS") == "expire" else set()
    named = {key: purged for key, head in heads.items() if (purged := tags_of(key, head) - left)}
    tags = sorted(set().union(*named.values()))
    if not tags:
        return 0
    # The same messages again are the same invalidation: CloudFront answers with the first. Their sequencers tell later ones apart. Where an object
    # has other tags by now, it is another one: under the same reference, CloudFront would refuse it.
    reference = sha256("\n".join((*bodies, *tags)).encode()).hexdigest()
    invalidation = cloud.cloudfront.create_invalidation(
        DistributionId=cloud.setting("DISTRIBUTION_ID"),
        InvalidationBatch={"Paths": {"Quantity": len(tags), "Items": [f"#{tag}" for tag in tags]}, "CallerReference": reference},
    )["Invalidation"]
    at = stamp(invalidation["CreateTime"])
    etags = _etags(bodies)
    cloud.catalogue.put_all(Told(key, at, head.etag if (head := heads[key]) else etags.get(key, ""), invalidation["Id"]).item() for key in named)
    return len(tags)


def _etags(bodies: Iterable[str]) -> dict[str, str]:
    """The ETags that the events give, the newest by key. Good enough for a note, which counts only where the same ETag still stands."""
    found = (record["s3"]["object"] for body in bodies for record in loads(body).get("Records", ()))
    newest_last = sorted(found, key=lambda about: str(about.get("sequencer", "")))
    return {unquote_plus(about["key"]): f'"{about["eTag"]}"' if "eTag" in about else "" for about in newest_last}


def tags_of(key: str, head: Head | None) -> set[str]:
    """The tags under which the CDN may keep what is or was at ``key``: a list by the one that all lists share, a leaf by its own.

    An event tells neither metadata nor what was there before. Where the key does not tell it either, the object is asked; of one that is gone, both
    are named.
    """
    if key == NEWS_SITEMAP:
        return set()  # A publish purges it with the other lists; that an article left it with time can wait for its minute in the cache.
    if is_surely_list(key):
        return {LISTS_TAG}
    if head is None:
        return {cache_tag(key), LISTS_TAG}
    tags = set(head.metadata.get("cache-tag", "").split(",")) - {""}
    return {LISTS_TAG} if LISTS_TAG in tags else tags
