"""What the command line does against AWS, or against a local cloud by ``AWS_ENDPOINT_URL``."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NoReturn
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from pressrun.cloud import walk
from pressrun.cloud.batch import TooEarly, hint_at
from pressrun.cloud.buckets import Conflict
from pressrun.cloud.catalogue import (
    BASIS,
    Basis,
    ClaimCopy,
    Entries,
    Made,
    Record,
    Told,
    claim_key,
    entries_key,
    made_key,
    record_key,
    told_key,
)
from pressrun.cloud.cloud import Cloud
from pressrun.cloud.pending import as_of, pending, records
from pressrun.cloud.press import pages_for
from pressrun.cloud.queues import Hint, Queue, is_ours
from pressrun.cloud.register import read_register
from pressrun.cloud.restore import restore
from pressrun.cloud.theme import load_theme
from pressrun.core.build import Built, build
from pressrun.core.cards import is_source
from pressrun.core.claims import NOT_YET
from pressrun.core.dates import stamp
from pressrun.core.lists import Target, fixed_targets, preview_target, targets_of_name, url_target
from pressrun.core.magazine import KEY as SITE_TOML
from pressrun.core.media import KINDS, Files
from pressrun.core.report import preview_key, report_key
from pressrun.core.site import key_of

Distribution = dict[str, Any]

_POLL = 0.2  # seconds
# What AWS calls credentials that it does not know, or no longer; each service in its own words.
_NOT_LOGGED_IN = frozenset(
    {"AuthFailure", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "InvalidAccessKeyId", "InvalidClientTokenId"}
    | {"InvalidSignatureException", "InvalidToken", "MissingAuthenticationToken", "RequestExpired", "SignatureDoesNotMatch"}
    | {"TokenRefreshRequired", "UnrecognizedClientException"}
)


def stack_name() -> str:
    """What ``PRESSRUN_NAME`` says, 'pressrun' without it."""
    return os.environ.get("PRESSRUN_NAME") or "pressrun"


@contextmanager
def connected(fail: Callable[..., NoReturn]) -> Iterator[Cloud]:
    """A Cloud whose settings are those of the stack. What AWS refuses ends in ``fail``."""
    name = stack_name()
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    if _is_local("AWS_ENDPOINT_URL", fail):
        # The local cloud takes any credentials.
        for setting, value in (("AWS_ACCESS_KEY_ID", "any"), ("AWS_SECRET_ACCESS_KEY", "any"), ("AWS_DEFAULT_REGION", "us-east-1")):
            os.environ.setdefault(setting, value)
    try:
        cloud = Cloud()
        sqs = cloud.client("sqs")
        found = {f"{bucket.upper()}_BUCKET": f"{name}-{bucket}" for bucket in ("content", "register", "site")}
        found |= {"TABLE": f"{name}-catalogue", "EDITION": "command line"}
        for queue in ("uploads", "articles", "lists", "changed"):
            found[f"{queue.upper()}_QUEUE_URL"] = sqs.get_queue_url(QueueName=f"{name}-{queue}")["QueueUrl"]
        os.environ.update(found)
        yield cloud
    except ClientError as error:
        said = error.response["Error"]
        remedy = "Is it allowed to you?"
        if said.get("Code") in _NOT_LOGGED_IN:
            remedy = "Log in to AWS again, and try once more."
        elif said.get("Code") in ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NoSuchBucket"):
            remedy = f"Is there a stack named {name} in this account and region? PRESSRUN_NAME names another."
        fail(f"AWS refused {error.operation_name}: {said.get('Message', said.get('Code'))}", remedy)
    except BotoCoreError as error:
        remedy = "Start a local cloud with pressrun dev DIR, and set AWS_ENDPOINT_URL as it says; or log in to AWS."
        fail(f"There is no cloud to talk to{f' at {endpoint}' if endpoint else ''}: {error}", remedy)


def _is_local(setting: str, fail: Callable[..., NoReturn]) -> bool:
    """Whether the address in this setting is one of a local cloud. What is no address ends in ``fail``."""
    address = os.environ.get(setting, "")
    try:
        there = urlsplit(address)
        if address and not (there.scheme in ("http", "https") and there.hostname and there.port != 0):
            raise ValueError(address)
    except ValueError:
        fail(f"{setting} is no address: {address}", "Write it like http://127.0.0.1:4566.")
    return there.hostname in ("127.0.0.1", "localhost")


def must_reach_aws(fail: Callable[..., NoReturn]) -> None:
    """Ends in ``fail`` where, once SAM has deployed, nothing could be put in force there: by the settings alone, so AWS may refuse it still."""
    for setting in sorted(name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")):
        if _is_local(setting, fail):
            fail(f"{setting} leads to a local cloud, and SAM deploys to AWS.", f"Take it away, and try again: unset {setting}")
    try:
        session = boto3.Session()
        if not session.region_name:
            fail("No region is set.", "Set AWS_DEFAULT_REGION to that in which SAM deploys.")
        if not session.get_credentials():
            fail("There are no credentials for AWS.", "Log in to AWS, or set AWS_PROFILE to the profile by which SAM deploys.")
    except BotoCoreError as error:
        fail(f"The settings for AWS cannot be used: {error}", "Log in to AWS, or set AWS_PROFILE to the profile by which SAM deploys.")


def settle(cloud: Cloud, timeout: float) -> int:
    """Waits until nothing is pending, twice in a row. Returns what is left."""
    end = monotonic() + timeout
    quiet = 0
    while True:
        left = pending(cloud)
        quiet = 0 if left else quiet + 1
        if quiet == 2 or monotonic() > end:
            return left
        sleep(_POLL)


@dataclass(frozen=True)
class Receipt:
    """What came of one ``publish``. ``status`` is 'pending' where there was no answer in time.

    ``times`` are the stamps at which it was ``uploaded`` and ``accepted``, its ``page`` and the last of its ``lists`` put, and the CDN ``told``, as
    far as it came to that; ``done`` has nothing of what a new ``site.toml`` leads to. ``here`` is where a local cloud serves the page of a magazine
    that has another address, else ''.
    """

    key: str
    status: str
    url: str | None
    problems: list[dict[str, Any]]
    said: str
    done: dict[str, int]
    times: dict[str, str | None]
    invalidation_items: int
    settled: bool
    seconds: float
    here: str

    def value(self) -> dict[str, Any]:
        """As JSON."""
        calls: dict[str, dict[str, int]] = {}
        for name, count in sorted(self.done.items()):
            if name.startswith("calls."):
                _, service, operation = name.split(".")
                calls.setdefault(service, {})[operation] = count
        counts = {name: self.done.get(name, 0) for name in ("put", "unchanged", "deleted")}
        value = {"key": self.key, "status": self.status, "url": self.url, "problems": self.problems, **counts}
        return value | {"invalidation_items": self.invalidation_items, "calls": calls, "times": self.times}

    def text(self) -> str:
        """For people."""
        put, unchanged, deleted = (self.done.get(name, 0) for name in ("put", "unchanged", "deleted"))
        pages = f"{put} pages put, {unchanged} left unchanged, {deleted} deleted"
        if self.key == SITE_TOML and self.status == "live":
            pages = "Every page was looked at again"  # by the walk that it began, for which there is no receipt
        pages += f"; the CDN was told in {self.invalidation_items} invalidation items"
        calls = sum(count for name, count in self.done.items() if name.startswith("calls."))
        here = f"Here it is at {self.here}\n" if self.here and self.here not in self.said else ""
        steps = {"uploaded": "uploaded", "accepted": "accepted", "page": "page live", "lists": "last list put", "told": "CDN told"}
        times = ", ".join(f"{said} {at[11:19]}" for step, said in steps.items() if (at := self.times[step]))
        return f"{self.said}\n{here}{pages}; {calls} AWS calls, {self.seconds:.1f} s.\nIn UTC: {times}."


def publish(cloud: Cloud, files: Sequence[tuple[str, Path]], timeout: float) -> list[Receipt]:
    """Uploads each file to its key, and waits for what comes of it."""
    return [_publish(cloud, key, path, timeout) for key, path in files]


def _publish(cloud: Cloud, key: str, path: Path, timeout: float) -> Receipt:
    began, name = monotonic(), cloud.new_mark()
    distribution = distribution_of(cloud)
    known = set(_invalidations(cloud, distribution))
    etag = cloud.content.put(key, path.read_bytes(), metadata={"receipt": name})[0]
    head = cloud.content.head(key)  # S3's clock, as this machine's may be another
    uploaded = stamp(head.modified if head else cloud.now())
    while monotonic() < began + timeout and not is_judged(cloud, key, etag):
        sleep(_POLL)
    left = settle(cloud, max(0.0, began + timeout - monotonic()))
    is_answered = is_judged(cloud, key, etag)  # before the record is read, which may be another a moment later
    judged = _record(cloud, key)
    found = cloud.catalogue.read([(f"receipt#{name}", "receipt")])
    done = {field: count for field, count in next(iter(found.values()), {}).items() if isinstance(count, int) and field != "ttl"}
    items = sum(_items(cloud, distribution, one) for one in _invalidations(cloud, distribution) if one not in known)
    machine: dict[str, Any] = _machine_answer(cloud, key) if is_answered else {"status": "pending"}  # what is there answers an earlier upload
    return Receipt(
        key=key,
        status=judged.status if is_answered and judged.judged else machine.get("status", ""),
        url=machine.get("url"),
        problems=machine.get("problems", []),
        said=answer_to(cloud, key) if is_answered else f"{key}: no answer yet. pressrun status {key} shows it when it is there.",
        done=done,
        times=_times(cloud, judged, uploaded),
        invalidation_items=items,
        settled=left == 0 and is_answered,
        seconds=monotonic() - began,
        here=_local_url(distribution, judged) if judged.status == "live" else "",
    )


def _times(cloud: Cloud, record: Record, uploaded: str) -> dict[str, str | None]:
    """When what an upload led to was done. What was done before it was none of its doing."""
    found = cloud.catalogue.read([BASIS, entries_key(record.url)])
    keys = [key_of(record.url)] if record.url else []
    if (basis := Basis.of(found.get(BASIS))).config:
        pages, entries = pages_for(basis), Entries.of(found.get(entries_key(record.url)))
        keys += [key for target in entries.targets for key in pages.keys(Target.parse(target))]
    notes = cloud.catalogue.read([note for key in keys for note in (made_key(key), told_key(key))])
    put = [made for key in keys if (item := notes.get(made_key(key))) and (made := Made.of(item)).at >= uploaded]
    told = [told.at for made in put if (item := notes.get(told_key(made.key))) and (told := Told.of(item)).etag == made.etag]
    page = [made.at for made in put if made.key == keys[0]]
    lists = [made.at for made in put if made.key != keys[0]]
    accepted = record.judged if record.judged >= uploaded and not record.refused else None
    latest = {"page": page, "lists": lists, "told": told}
    return {"uploaded": uploaded, "accepted": accepted, **{step: max(stamps, default=None) for step, stamps in latest.items()}}


def _local_url(distribution: Distribution, record: Record) -> str:
    domain = distribution.get("DomainName", "")
    return f"http://{domain}{record.url}" if domain.startswith("127.0.0.1:") else ""


def is_judged(cloud: Cloud, key: str, etag: str) -> bool:
    """Whether the upload of this ETag ('' for a deletion) has its answer. Of what is not published there is no record, only the answer."""
    if is_source(key) or key == SITE_TOML:
        return _record(cloud, key).upload == etag and bool(answer_to(cloud, key))
    return bool(answer_to(cloud, key))


def answer_to(cloud: Cloud, key: str) -> str:
    """What the editor was told about a content key, '' if nothing yet."""
    report = cloud.content.get(report_key(key))
    return report.body.decode().rstrip() if report else ""


def _machine_answer(cloud: Cloud, key: str) -> dict[str, Any]:
    answer = cloud.content.get(report_key(key, "json"))
    return dict(json.loads(answer.body)) if answer else {}


def _record(cloud: Cloud, key: str) -> Record:
    return Record.of(key, cloud.catalogue.read([record_key(key)]).get(record_key(key)))


def distribution_of(cloud: Cloud) -> Distribution:
    """The stack's, {} where there is none."""
    name = cloud.setting("CONTENT_BUCKET").removesuffix("-content")
    pages = cloud.cloudfront.get_paginator("list_distributions").paginate()
    found = (one for page in pages for one in page["DistributionList"].get("Items", []) if one["Comment"] == name)
    return next((dict(one) for one in found), {})


def _invalidations(cloud: Cloud, distribution: Distribution) -> list[str]:
    if not distribution:
        return []
    # The newest come first; what one publish sends is among them.
    found = cloud.cloudfront.list_invalidations(DistributionId=distribution["Id"], MaxItems="100")["InvalidationList"]
    return [item["Id"] for item in found.get("Items", [])]


def _items(cloud: Cloud, distribution: Distribution, invalidation: str) -> int:
    found = cloud.cloudfront.get_invalidation(DistributionId=distribution["Id"], Id=invalidation)
    return int(found["Invalidation"]["InvalidationBatch"]["Paths"]["Quantity"])


def status(cloud: Cloud, key: str) -> tuple[list[dict[str, Any]], str, int]:
    """The row of each article, or of one; that one's report; and how much is pending."""
    found = [_record(cloud, key)] if key else records(cloud)
    magazine = cloud.catalogue.basis().magazine
    base = magazine.base_url if magazine else ""
    rows = [{"key": r.key, "status": r.status, "url": base + r.public_url if r.public_url else None, "since": r.since} for r in found if r.judged]
    if key and not rows and (answer := _machine_answer(cloud, key)):  # site.toml, or a file that nothing is published from
        rows = [{"key": key, "status": answer["status"], "url": answer["url"], "since": ""}]
    return rows, answer_to(cloud, key) if key else "", pending(cloud)


def preview(cloud: Cloud, key: str, timeout: float) -> str:
    """Has the private preview of an article made anew. Returns its key in the content bucket.

    Raises LookupError where the article is not waiting to go live, TimeoutError where the preview is not there in time.
    """
    record = _record(cloud, key)
    if record.phase not in NOT_YET:
        raise LookupError(record.phase if record.judged else "unknown")
    target = preview_target(key)
    hint_at(cloud, cloud.articles, [target], cause="pressrun preview")
    end = monotonic() + timeout
    while cloud.catalogue.marks(target):
        if monotonic() > end:
            raise TimeoutError
        sleep(_POLL)
    return preview_key(key)


@dataclass(frozen=True)
class Difference:
    """How the live site bucket differs from what it should be: lists of site keys. So much was still ``pending`` when they were compared."""

    missing: list[str]
    extra: list[str]
    different: list[str]
    built: Built
    pending: int

    @property
    def identical(self) -> bool:
        return not (self.missing or self.extra or self.different)

    def value(self) -> dict[str, Any]:
        """As JSON."""
        return {"identical": self.identical, "missing": self.missing, "extra": self.extra, "different": self.different}

    def text(self) -> str:
        """For people."""
        if self.identical:
            return f"Identical: {len(self.built.described)} objects, to the byte."
        named = (("missing", self.missing), ("extra", self.extra), ("different", self.different))
        lines = [f"{what}: {key}" for what, keys in named for key in keys]
        if self.pending:
            lines.append(f"{self.pending} still pending, which may be all that is wrong. Wait with pressrun settle, and compare again.")
        return "\n".join(lines)


def verify(cloud: Cloud) -> Difference:
    """The live site bucket against ``build`` of the content and register buckets, as of the last look at a clock. Raises NoMagazine."""
    left = pending(cloud)
    content = Files((key for prefix in (SITE_TOML, *KINDS) for key, _ in cloud.content.listing(prefix)), cloud.content.body)
    built = build(content, read_register(cloud.register), as_of(cloud), load_theme())
    described, there = built.described, {key for key, _ in cloud.site.listing()}
    different = sorted(key for key in described.keys() & there if not _is_as_built(cloud, key, built))
    return Difference(sorted(described.keys() - there), sorted(there - described.keys()), different, built, left)


def _is_as_built(cloud: Cloud, key: str, built: Built) -> bool:
    """To the byte; a medium by its headers, since another machine may develop the same picture otherwise."""
    if key in built.site:
        return cloud.site.read(key) == built.site[key]
    head = cloud.site.head(key)
    return head is not None and head.holds(built.described[key])


def repair(cloud: Cloud, difference: Difference, timeout: float = 300) -> None:
    """Hints at the target of every object that is not as it should be, deletes what belongs to none, and waits."""
    site, targets_of = difference.built.described, difference.built.targets
    for key in difference.extra:
        if key not in targets_of:
            cloud.site.delete(key)
    for key in difference.different:
        # Other bytes under the right metadata: a worker that goes by their digest would leave them.
        if (head := cloud.site.head(key)) and head.holds(site[key]):
            cloud.site.delete(key)
    wrong = (*difference.missing, *difference.different, *difference.extra)
    _hint_at(cloud, {targets_of[key] for key in wrong if key in targets_of}, "pressrun verify --repair")
    settle(cloud, timeout)


def put_in_force(cloud: Cloud, edition: str, pause: Callable[[], None] = lambda: sleep(_POLL)) -> bool:
    """What a deploy ends with: the functions of this edition may work, and look at everything again. False where it is in force already.

    ``pause`` passes the time until a function has deleted old assets, or is dead.
    """
    while True:
        old = cloud.catalogue.basis()
        if old.edition == edition:
            return False
        try:
            if old == Basis():
                restore(cloud, edition)
            else:
                walk.change_basis(cloud, old, replace(old, edition=edition))
        except Conflict:
            continue  # a new site.toml came in between
        except TooEarly:
            pause()
        else:
            return True


def republish(cloud: Cloud, edition: str) -> int:
    """Hints at everything: every content key, every URL and every list, whatever each was made from; and takes up dead letters. A catalogue that is
    lost is made again before, for functions of this ``edition``.

    Returns how many keys, URLs and lists that is.
    """
    if cloud.catalogue.basis() == Basis():
        with suppress(Conflict):  # somebody else has done so
            restore(cloud, edition)
    keys, targets = set[str](), set[Target]()
    for item in cloud.catalogue.scan():
        kind, _, name = item["pk"].partition("#")
        if kind == "article":
            keys.add(name)
        elif kind == "url":
            targets.add(url_target(name))
            targets.update(map(Target.parse, Entries.of(item).targets if item["sk"] == "entries" else ()))
        elif kind == "card":
            targets.update(targets_of_name(name))
    magazine = cloud.catalogue.basis().magazine
    targets.update(fixed_targets(magazine) if magazine else ())
    _hint_at(cloud, targets, "pressrun republish")
    take_up(cloud)
    cloud.uploads.send_keys(sorted(keys))
    return len(keys) + len(targets)


def take_up(cloud: Cloud) -> int:
    """Sends every dead letter to the queue that it came from, and has the files looked at that they are about. Returns how many letters that is."""
    base, sqs = cloud.setting("UPLOADS_QUEUE_URL").removesuffix("uploads"), cloud.client("sqs")
    letters = {name: Queue(sqs, f"{base}{name}-dead").empty_into(Queue(sqs, base + name)) for name in ("uploads", "articles", "lists", "changed")}
    targets = {Target.parse(target) for letter in filter(is_ours, letters["articles"]) for target in Hint.read(letter).targets}
    items = cloud.catalogue.read(claim_key(target.name) for target in targets if target.kind == "url").values()
    owners = {owner for item in items if (owner := ClaimCopy.of(item).claim.owner)}
    cloud.uploads.send_keys(sorted(owners | {target.name for target in targets if target.kind == "preview"}))
    return sum(map(len, letters.values()))


def _hint_at(cloud: Cloud, targets: Iterable[Target], cause: str) -> None:
    lists = set(targets)
    articles = {target for target in lists if target.kind == "url"}
    hint_at(cloud, cloud.articles, articles, cause=cause)
    hint_at(cloud, cloud.lists, lists - articles, cause=cause)
