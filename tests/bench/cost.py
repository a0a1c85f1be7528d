"""What Pressrun costs on AWS, from counted calls and public prices: ``docs/cost.md``.

Prices are those of the public list for us-east-1, in US dollars, as of November 2026, without any free tier but that of invalidations.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pressrun.local.latency import CALLS
from tests.bench.meter import Meter
from tests.bench.publish import Publish

# https://aws.amazon.com/s3/pricing/ and likewise dynamodb, sqs, eventbridge, lambda, cloudfront, cloudwatch, xray
S3_WRITE, S3_READ = 0.005 / 1000, 0.0004 / 1000  # PUT, LIST and their like; GET, HEAD and all others
DYNAMODB_WRITE, DYNAMODB_READ = 0.625 / 1e6, 0.125 / 1e6
SQS, EVENTBRIDGE = 0.40 / 1e6, 1.00 / 1e6
LAMBDA_REQUEST, LAMBDA_GB_SECOND = 0.20 / 1e6, 0.0000133334  # arm64
INVALIDATION, FREE_INVALIDATIONS = 0.005, 1000
ALARM, METRIC, LOG_GB, TRACE = 0.10, 0.30, 0.50, 5.00 / 1e6

MINUTES = 30 * 24 * 60
POLLS = 4 * 5 * 3 * MINUTES  # four queues, which Lambda asks with five long polls of 20 seconds each
ALARMS, METRICS = 14, 7
MEMORY = {"validate": 1024, "render": 1769, "index": 1024, "invalidate": 256, "sweep": 256}  # MB, as the template has it
LOGGED = 2_000  # bytes an invocation, assumed
RATES = (10, 300, 3_000)
SERVICES = ("CloudFront invalidations", "S3 requests", "DynamoDB on demand", "SQS", "EventBridge", "Lambda", "CloudWatch, X-Ray")
_WRITES = {"PutObject", "ListObjectsV2", "CopyObject", "CompleteMultipartUpload"}


@dataclass(frozen=True)
class Use:
    """What something uses of AWS: a publish, or a minute in which nothing happens."""

    s3_writes: int
    s3_reads: int
    read_units: int
    write_units: int
    messages: int
    events: int
    invocations: int
    gb_seconds: float

    @classmethod
    def of(cls, meter: Meter, uploads: int = 0) -> "Use":
        """``uploads`` are objects that an editor put, each of which S3 tells ``uploads``, as it tells ``changed`` of each that is put in the site."""
        count = meter.services
        s3 = {operation: number for (service, operation), number in count.items() if service == "s3"}
        writes = sum(number for operation, number in s3.items() if operation in _WRITES)
        told = uploads + len(meter.put)
        # A message is sent, received and deleted; the last two by tens.
        sent = sum(number for (service, operation), number in count.items() if service == "sqs" and operation.startswith("Send"))
        seconds = dict(meter.own)
        for (step, service, _), number in meter.calls.items():
            seconds[step] += CALLS[service].median * number
        return cls(
            s3_writes=writes + uploads,
            s3_reads=sum(s3.values()) - writes,
            read_units=meter.reads,
            write_units=meter.writes,
            messages=sent + told + 2 * sum(meter.invocations.values()),
            events=sum(number for (service, _), number in count.items() if service == "events"),
            invocations=sum(meter.invocations.values()),
            gb_seconds=sum(seconds[step] * MEMORY[step] / 1024 for step in seconds),
        )


def month(publish: Use, minute: Use, purged: int, a_day: int) -> dict[str, float]:
    """Dollars by service."""
    publishes = a_day * 30

    def sum_of(name: str) -> float:
        return float(getattr(publish, name)) * publishes + float(getattr(minute, name)) * MINUTES

    logs = sum_of("invocations") * LOGGED / 1e9 * LOG_GB
    costs = (
        max(0, purged * publishes - FREE_INVALIDATIONS) * INVALIDATION,
        sum_of("s3_writes") * S3_WRITE + sum_of("s3_reads") * S3_READ,
        sum_of("write_units") * DYNAMODB_WRITE + sum_of("read_units") * DYNAMODB_READ,
        (sum_of("messages") + POLLS) * SQS,
        sum_of("events") * EVENTBRIDGE,
        sum_of("invocations") * LAMBDA_REQUEST + sum_of("gb_seconds") * LAMBDA_GB_SECOND,
        ALARMS * ALARM + METRICS * METRIC + logs + sum_of("invocations") * 0.05 * TRACE,
    )
    return dict(zip(SERVICES, costs, strict=True))


def thousand(publish: Use, purged: int) -> dict[str, float]:
    """Dollars by service of 1,000 publishes alone, with no invalidation free."""
    none = Use(0, 0, 0, 0, 0, 0, 0, 0.0)
    costs = month(publish, none, 0, 1000)
    fixed = month(none, none, 0, 0)
    alone = {service: (costs[service] - fixed[service]) / 30 for service in SERVICES}
    return alone | {SERVICES[0]: 1000 * purged * INVALIDATION}


def page(publish: Publish, minute: Meter) -> str:
    """``docs/cost.md``."""
    use, idle = Use.of(publish.meter, uploads=1), Use.of(minute)
    return "\n".join(_lines(publish, use, idle)) + "\n"


def _lines(publish: Publish, use: Use, idle: Use) -> Iterator[str]:
    purged = publish.meter.purged
    policies: Mapping[str, int] = {"purge": purged, "expire": purged - 1}
    yield "# What Pressrun costs on AWS"
    yield ""
    yield f"""\
Made by `make cost`: arithmetic from counted calls, not a bill; nothing of this ran on AWS yet. Prices are those of the public list for us-east-1,
in US dollars, as of November 2026. No free tier is taken off but that of the invalidations (1,000 a month). Not in it: what readers fetch through
CloudFront, storage, tax.

Counted in an archive of {publish.size:,} articles: a new article of a sub-section with three tags and one author, published alone. It makes
{sum(publish.meter.calls.values())} AWS calls and puts {len(publish.meter.put)} objects.
"""
    yield "| | A publish | A minute in which the sweep finds nothing |"
    yield "|---|--:|--:|"
    for name, label in (
        ("s3_writes", "S3 PUT, LIST"),
        ("s3_reads", "S3 GET, HEAD"),
        ("write_units", "DynamoDB write units"),
        ("read_units", "DynamoDB read units"),
        ("messages", "SQS requests, but for idle polling"),
        ("events", "EventBridge events"),
        ("invocations", "Lambda invocations"),
    ):
        yield f"| {label} | {getattr(use, name)} | {getattr(idle, name)} |"
    yield f"| Lambda, GB-seconds | {use.gb_seconds:.2f} | {idle.gb_seconds:.2f} |"
    yield ""
    yield f"""\
The seconds of Lambda are the functions' own CPU time, measured, and the median that each call takes ([performance.md](performance.md)
says where these come from). Lambda asks the four queues {POLLS / 1e6:.1f} million times a month, whatever happens.
"""
    yield "| Dollars | 1,000 publishes |" + "".join(f" a month at {rate:,} a day |" for rate in RATES)
    yield "|---|--:|" + "--:|" * len(RATES)
    columns = [thousand(use, purged), *(month(use, idle, purged, rate) for rate in RATES)]
    for service in SERVICES:
        yield f"| {service} |" + "".join(f" {column[service]:,.2f} |" for column in columns)
    yield "| **Sum** |" + "".join(f" **{sum(column.values()):,.2f}** |" for column in columns)
    yield ""
    yield "The invalidations are the bill. What they come to a month under each policy of freshness (the stack's parameter `FreshLists`):"
    yield ""
    yield "| `FreshLists` | Items a publish |" + "".join(f" {rate:,} a day |" for rate in RATES)
    yield "|---|--:|" + "--:|" * len(RATES)
    for policy, items in policies.items():
        costs = [month(use, idle, items, rate)[SERVICES[0]] for rate in RATES]
        yield f"| `{policy}` | {items} |" + "".join(f" {cost:,.2f} |" for cost in costs)
    yield ""
    yield """\
- `purge`: lists are purged together, as one item, and an article's page as another, where both changed within one window (10 seconds). A publish
  whose lists come later costs a third item. `expire`: lists wait for their minute in the cache, and articles alone are purged.
- An article with an old date also changes the related posts of newer ones with the same tags: one item for each page that changed.
- Two days later, an article leaves the news sitemap: another PUT, five GET and HEAD, no invalidation.
- What changes all pages (another look or title, other templates) purges each of them: 5 dollars for each 1,000 articles, once.
- Uploads that come together are worked off together: they cost less than each alone."""
