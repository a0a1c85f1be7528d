"""What was put or deleted in the site bucket, purged from the CDN: one invalidation for all that a short window gathered.

The bucket's own events drive it, so nothing that was put can miss its purge. The messages stay in the queue until CloudFront has taken the
invalidation.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from pressrun.cloud.cloud import Cloud, connect
from pressrun.cloud.context import LambdaContext
from pressrun.cloud.queues import keys_in
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
    tags = sorted({tag for key in keys for tag in tags_of(cloud, key)})
    if cloud.setting("PURGE_LISTS") == "expire":
        tags = [tag for tag in tags if tag != LISTS_TAG]
    if not tags:
        return 0
    # The same messages again are the same invalidation: CloudFront answers with the first. Their sequencers tell later ones apart.
    reference = sha256("\n".join(bodies).encode()).hexdigest()
    cloud.cloudfront.create_invalidation(
        DistributionId=cloud.setting("DISTRIBUTION_ID"),
        InvalidationBatch={"Paths": {"Quantity": len(tags), "Items": [f"#{tag}" for tag in tags]}, "CallerReference": reference},
    )
    return len(tags)


def tags_of(cloud: Cloud, key: str) -> set[str]:
    """The tags under which the CDN may keep what is or was at ``key``: a list by the one that all lists share, a leaf by its own.

    An event tells neither metadata nor what was there before. Where the key does not tell it either, the object is asked; of one that is gone, both
    are named.
    """
    if key == NEWS_SITEMAP:
        return set()  # A publish purges it with the other lists; that an article left it with time can wait for its minute in the cache.
    if is_surely_list(key):
        return {LISTS_TAG}
    head = cloud.site.head(key)
    if head is None:
        return {cache_tag(key), LISTS_TAG}
    tags = set(head.metadata.get("cache-tag", "").split(",")) - {""}
    return {LISTS_TAG} if LISTS_TAG in tags else tags
