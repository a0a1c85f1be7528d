"""One content key: read it, judge it, and make register, catalogue and report say what it is now.

Gather: the basis, the key's record, the file, the claims on the URLs that it wants. Decide: ``core.claims.decide``. Apply, in this order: the
accepted bytes, the claims, the report; then record, copied claims and marks in one transaction; then hints. Then look again: where the file is
no longer the one that was judged, start over.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from json import loads
from math import ceil
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from pressrun.cloud import walk
from pressrun.cloud.batch import LOOK_AHEAD, TooEarly, chunks, has_time, same_edition, tallied
from pressrun.cloud.buckets import Conflict, Head, Stored
from pressrun.cloud.catalogue import (
    ACTIONS,
    BASIS,
    Action,
    Basis,
    ClaimCopy,
    Item,
    Record,
    card_item,
    card_key,
    claim_key,
    due_item,
    identity_item,
    mark_item,
    mark_key,
    mention_item,
    mention_key,
    record_key,
    want_item,
)
from pressrun.cloud.cloud import Cloud, connect
from pressrun.cloud.context import LambdaContext
from pressrun.cloud.events import answered, hashed
from pressrun.cloud.queues import Hint, dead_letter_in, keys_in
from pressrun.cloud.register import Kept, claim_object, claim_object_key, source_key
from pressrun.core.article import Article, is_article, read_article
from pressrun.core.cards import (
    ALIKE_TAGS,
    FILE,
    Card,
    address_of,
    card_of,
    has_card_alone,
    is_source,
    media_of_card,
    misspelt,
    names_of,
    read_card,
    rivals_of,
    told_of_rivals,
    unmet,
)
from pressrun.core.claims import NOT_YET, Claim, Decision, Phase, changes_at, decide, holder, phase_of, standing_problems, wanted
from pressrun.core.dates import stamp, unstamp
from pressrun.core.lists import FRESH, TAGGED, Target, preview_target, targets_of_card, targets_of_name, url_target
from pressrun.core.magazine import KEY as SITE_TOML
from pressrun.core.magazine import Magazine, no_logo_yet, read_magazine
from pressrun.core.media import BEGINNING, Medium, is_medium, is_picture, judge, judge_file, judge_size
from pressrun.core.problem import Problem, errors
from pressrun.core.report import PREFIX as REPORTS
from pressrun.core.report import Report, failed, report_key, report_on, report_on_card, report_on_medium, report_on_other, report_on_site

logger = Logger()
metrics = Metrics()

_TRIES = 12
_LONGEST = 20  # seconds that one file may take: a film is read to its end
_SHOWN = ("phase", "fresh", "url", "urls", "source", "basis")  # what a record's pages are made from
_SOON = 2  # seconds
_AGAIN = 15 * 60  # seconds until a fault is looked at again: the longest that SQS delays
_RECEIPT = "receipt"  # the upload's metadata names the receipt that the work it causes is added to
_NO_SITE = Problem(
    "The magazine has no site.toml yet, or none without a mistake.",
    "Upload site.toml, or mend it as its own answer says; this file is then looked at again by itself.",
)


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Takes S3's events and hints from the queue ``uploads``. What fails comes back."""
    cloud = connect()
    metrics.add_metric("Messages", MetricUnit.Count, len(event["Records"]))
    judged = 0

    def look(record: SQSRecord) -> None:
        nonlocal judged
        faults: list[Exception] = []
        letter, again = dead_letter_in(record.body)
        if letter:
            tell_of_fault(cloud, letter, again=again)
        keys = keys_in(record.body)
        for number, key in enumerate(keys):
            if not has_time(context, _LONGEST):
                cloud.uploads.send_keys(keys[number:])
                break
            try:
                with tallied(cloud) as tally:
                    tally.receipts.update(validate(cloud, key))
            except Exception as error:  # the message comes back, and none that it names waits for this one
                faults.append(error)
            else:
                judged += 1
        if faults:
            raise faults[0]

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    answer = process_partial_response(event=event, record_handler=look, processor=processor, context=context)  # type: ignore[arg-type]
    metrics.add_metric("FilesJudged", MetricUnit.Count, judged)
    return answer


File = Stored | Head


def validate(cloud: Cloud, key: str, on_the_way: frozenset[str] = frozenset()) -> set[str]:
    """Makes everything say what the file at ``key`` is now. Doing it twice changes nothing. Returns the receipts that the upload asked for.

    ``on_the_way`` are the keys whose turn has begun, and which wait for this one.
    """
    for _ in range(_TRIES):
        found = cloud.catalogue.read([BASIS, record_key(key)])
        basis = same_edition(cloud, Basis.of(found.get(BASIS)))
        record = Record.of(key, found.get(record_key(key)))
        file: File | None
        try:
            if key == SITE_TOML:
                file = _site_toml(cloud, basis, record)
            elif is_article(key):
                file = _article(cloud, basis, record, on_the_way)
            elif has_card_alone(key):
                file = _card(cloud, basis, record)
            elif is_medium(key):
                file = _medium(cloud, basis, record)
                _renew_logo(cloud, basis, key)
            else:
                file = _other(cloud, record)
        except Conflict:
            continue
        head = cloud.content.head(key)
        if (head.etag if head else "") == _etag(file):
            return {receipt} if file and (receipt := file.metadata.get(_RECEIPT)) else set()
    raise RuntimeError(f"the file whose key has the hash {hashed(key)} changed {_TRIES} times while it was looked at")


def tell_of_fault(cloud: Cloud, letter: str, *, again: bool) -> None:
    """Answers the editors for whom what a dead letter asked for is still not done. Once it is, they get the usual answer.

    ``again``: this comes back until then, also when the letter is among the dead no longer.
    """
    stuck = _stuck(cloud, letter)
    told = False
    for key, is_stuck in stuck.items():
        report = failed(key)
        stands = _stands(cloud, key, _digest(report))
        if is_stuck and not stands:
            _answer(cloud, report)
            told = True
            is_stuck = _stuck(cloud, letter).get(key, False)  # who has done it meanwhile has answered before
        if not is_stuck and (stands or told):
            validate(cloud, key)
    if told or (again and any(stuck.values())):
        cloud.uploads.send_dead([letter], _AGAIN)


def _stuck(cloud: Cloud, letter: str) -> dict[str, bool]:
    """The content keys that a dead letter is about, and whether what it asked for is still not done."""
    fields = loads(letter)
    if "targets" not in fields:
        keys = [key for key in keys_in(letter) if is_source(key) or key == SITE_TOML]
        records = cloud.catalogue.read(map(record_key, keys))
        heads = {key: cloud.content.head(key) for key in keys}
        return {key: Record.of(key, records.get(record_key(key))).upload != _etag(heads[key]) for key in keys}
    hint = Hint.read(letter)
    found = cloud.catalogue.read(mark_key(target, hint.mark) for target in hint.targets)
    stuck = {target: mark_key(target, hint.mark) in found for target in hint.targets}
    copies = _copies(cloud, [Target.parse(target).name for target in stuck if Target.parse(target).kind == "url"])
    owners = {str(url_target(url)): copy.claim.owner for url, copy in copies.items()}
    owners |= {target: Target.parse(target).name for target in stuck if Target.parse(target).kind == "preview"}
    return {owner: is_stuck for target, is_stuck in stuck.items() if (owner := owners.get(target))}


def _etag(file: File | None) -> str:
    return file.etag if file else ""


def _other(cloud: Cloud, record: Record) -> Head | None:
    """A file that nothing is published from: its record says no more than that it was answered."""
    key = record.key
    file = cloud.content.head(key)
    if key.startswith(REPORTS) or key.endswith("/"):
        return file
    if file:
        _answer(cloud, report_on_other(key))
    if writes := _record_writes(cloud, record, replace(record, upload=_etag(file))):
        cloud.catalogue.write(writes)
    return file


def _site_toml(cloud: Cloud, basis: Basis, record: Record) -> Stored | None:
    file = cloud.content.get(SITE_TOML)
    magazine, problems = read_magazine(file.body) if file else (None, (Problem("site.toml is gone.", "Upload it again."),))
    config = file.body.decode("utf-8-sig") if file and magazine else basis.config
    in_force = magazine or (read_magazine(config.encode())[0] if config else None)
    logo = _logo(cloud, in_force)
    if magazine and magazine.logo and not logo:
        problems = (*problems, no_logo_yet(magazine))
    report = report_on_site(magazine, problems, in_force=bool(basis.config))
    answered = _answer(cloud, report, record)
    after = replace(record, phase="live" if magazine or basis.config else "withdrawn", upload=_etag(file))
    after = replace(after, refused=magazine is None, report=answered)
    if file and config != basis.config:
        copy, _ = cloud.register.put(source_key(SITE_TOML), file.body)
    else:
        copy = _copy_in_force(cloud, basis)
    after = replace(after, copy=copy)
    writes = _record_writes(cloud, record, after)
    if (config, logo) != (basis.config, basis.logo):
        try:
            walk.change_basis(cloud, basis, replace(basis, config=config, logo=logo), writes)
        except TooEarly:
            cloud.uploads.send_keys([SITE_TOML], delay=_SOON)
            _copy_in_force(cloud, basis)
    elif writes:
        cloud.catalogue.write(writes)
    return file


def _copy_in_force(cloud: Cloud, basis: Basis) -> str:
    """The ETag of the register's copy of the ``site.toml`` that is in force. Where another stands there, which somebody put who was late, or died
    before it came into force, it is put back. Raises Conflict where another is in force by now.
    """
    key = source_key(SITE_TOML)
    stored = cloud.register.get(key)
    if (stored.body.decode("utf-8-sig") if stored else "") == basis.config:
        return stored.etag if stored else ""
    etag, _ = cloud.register.put(key, basis.config.encode())
    if cloud.catalogue.basis() != basis:
        raise Conflict(SITE_TOML)
    return etag


def _logo(cloud: Cloud, magazine: Magazine | None) -> str:
    """What the basis says of the magazine's logo."""
    medium = cloud.catalogue.media([magazine.logo]).get(magazine.logo) if magazine and magazine.logo else None
    return medium.to_json() if medium else ""


def _renew_logo(cloud: Cloud, basis: Basis, key: str) -> None:
    """Has ``site.toml`` looked at where the logo that it names is another now: every page shows it, so it is part of the basis."""
    magazine = basis.magazine
    if magazine and magazine.logo == key and _logo(cloud, magazine) != basis.logo:
        cloud.uploads.send_keys([SITE_TOML])


def _card(cloud: Cloud, basis: Basis, record: Record) -> Stored | None:
    """An author or an issue: no page of their own, but others show them."""
    key, now = record.key, _now(cloud, record)
    magazine = basis.magazine
    file = cloud.content.get(key)
    current, problems = (None, ()) if file is None else read_card(key, file.body, magazine) if magazine else (None, (_NO_SITE,))
    card = current
    if file and current is None and magazine and (accepted := _accepted_bytes(cloud, record)):
        card, _ = read_card(key, accepted, magazine)
    kept = _keep(cloud, record, file, file if current else None)
    rivals = _rivals(cloud, card)
    problems = (*problems, *told_of_rivals(card, rivals)) if card else problems
    report = report_on_card(key, card, bool(errors(problems)), problems, magazine)
    after = _judged(cloud, basis, record, file, kept, "live" if card else "withdrawn", card, report, now)
    after = replace(after, url=card.url if card else "", title=card.name if card else record.title, wants=tuple(map(_rival, rivals)))
    # An author's or an issue's own page is made anew with a new basis; the pages that mention them are looked at by themselves.
    own = [] if after.basis == record.basis else [target for name in after.names for target in targets_of_name(name) if target.kind != "mentions"]
    if after != record:
        _commit(cloud, record, replace(after, judged=stamp(now)), {}, (), own, file)
        if _rivals(cloud, card) != rivals:
            # One came, or went, before either could know of the other.
            raise Conflict(key)
    # Those whose answer says something else of this one.
    cloud.uploads.send_keys(sorted(_wanting(cloud, [_rival(key)]) ^ set(rivals)))
    _wake_wanting(cloud, after.names)
    return file


def _rivals(cloud: Cloud, card: Card | None) -> tuple[str, ...]:
    """Who has the same address, as far as is known now."""
    return rivals_of(card, cloud.catalogue.cards(address_of(card))) if card else ()


def _rival(key: str) -> str:
    """The name by which an answer says that the file at ``key`` has the same address."""
    return f"rival/{key}"


def _medium(cloud: Cloud, basis: Basis, record: Record) -> Head | None:
    """A picture, a film or a download: its bytes are read where they are others than those that were judged last."""
    key, now = record.key, _now(cloud, record)
    file = cloud.content.head(key)
    had = Medium.from_json(record.card) if record.card else None
    if file and file.etag == record.upload and (record.basis == basis.name if record.refused else had) and _stands(cloud, key, record.report):
        if (kept := _keep(cloud, record, file, None)).source != record.source:
            _commit(cloud, record, replace(record, **kept._asdict()), {}, (), (), file)
        _wake_wanting(cloud, record.names)
        return file
    medium, problems, digest = _judge_medium(cloud, key, file) if file else (None, (), "")
    if file and medium and digest != record.digest:
        copy, version = cloud.register.copy(cloud.content, key, source_key(key), etag=file.etag)
        kept = Kept(version, copy, digest)
    else:
        kept = _keep(cloud, record, file, None)
    if file and medium is None:
        medium = had or _accepted_medium(cloud, record)
    report = report_on_medium(key, medium, bool(errors(problems)), problems)
    after = _judged(cloud, basis, record, file, kept, "live" if medium else "withdrawn", medium, report, now)
    if after != record:
        _commit(cloud, record, replace(after, judged=stamp(now)), {}, (), (), file)
    _wake_wanting(cloud, after.names)
    return file


def _judge_medium(cloud: Cloud, key: str, file: Head) -> tuple[Medium | None, tuple[Problem, ...], str]:
    """With the SHA-256 of its bytes. Raises Conflict where the file is another by now."""
    if problems := judge_size(key, file.size):
        return None, problems, ""
    if not is_picture(key):
        digest, beginning = cloud.content.digest(key, file.etag, BEGINNING)
        return *judge_file(key, file.size, beginning, digest[:16]), digest
    stored = cloud.content.get(key)
    if stored is None or stored.etag != file.etag:
        raise Conflict(key)
    return *judge(key, stored.body), sha256(stored.body).hexdigest()


def _accepted_medium(cloud: Cloud, record: Record) -> Medium | None:
    """Judged anew from the accepted copy: after the catalogue was lost, or said otherwise what a medium is."""
    accepted = _accepted_bytes(cloud, record)
    return judge(record.key, accepted)[0] if accepted else None


@dataclass(frozen=True, slots=True)
class Gathered:
    """What there is to decide about one key."""

    current: Article | None
    fallback: Article | None
    problems: tuple[Problem, ...]
    copies: dict[str, ClaimCopy]
    gone: frozenset[str]

    @property
    def claims(self) -> dict[str, Claim]:
        return {url: copy.claim for url, copy in self.copies.items()}


def _article(cloud: Cloud, basis: Basis, record: Record, on_the_way: frozenset[str]) -> Stored | None:
    key, now = record.key, _now(cloud, record)
    magazine = basis.magazine
    file = cloud.content.get(key)
    gathered = _gather(cloud, magazine, record, file, now)
    if file is None and (waiting := _waiting_for(key, gathered) - on_the_way):
        # They take the URL over in one step, without a gap, before this article lets go of it.
        for other in sorted(waiting):
            validate(cloud, other, on_the_way | {key})
        gathered = _gather(cloud, magazine, record, file, now)
    host = magazine.host if magazine else ""
    decision = decide(key, gathered.current, gathered.fallback, gathered.claims, gathered.gone, now, host)
    _apply(cloud, basis, magazine, record, file, gathered, decision, now)
    return file


def _now(cloud: Cloud, record: Record) -> datetime:
    """A clock that is behind does not undo what one that is ahead has done."""
    return max(cloud.now(), unstamp(record.judged)) if record.judged else cloud.now()


def _judged(
    cloud: Cloud,
    basis: Basis,
    record: Record,
    file: File | None,
    kept: Kept,
    phase: Phase,
    card: Card | Medium | None,
    report: Report,
    now: datetime,
) -> Record:
    """The record with what every kind of file comes to, once its answer stands beside it. ``kept`` is what ``_keep`` gave."""
    return replace(
        record,
        phase=phase,
        **kept._asdict(),
        upload=_etag(file),
        refused=report.status == "refused",
        basis=basis.name,
        card=card.to_json() if card else "",
        names=names_of(card) if card else (),
        report=_answer(cloud, report, record),
        since=record.since if phase == record.phase and record.since else stamp(now),
    )


def _waiting_for(key: str, gathered: Gathered) -> set[str]:
    return {waiting for claim in gathered.claims.values() if claim.owner == key for waiting in claim.waiting if waiting != key}


def _gather(cloud: Cloud, magazine: Magazine | None, record: Record, file: Stored | None, now: datetime) -> Gathered:
    key = record.key
    current, problems = (None, ()) if file is None else read_article(key, file.body, magazine) if magazine else (None, (_NO_SITE,))
    fallback = _accepted(cloud, magazine, record) if file and current is None else None
    urls = wanted((current, fallback), (*record.urls, *record.waits_for))
    copies = _copies(cloud, {*urls, *(url for article in (current, fallback) if article for url in cloud.catalogue.carrying(article.id))})
    copies |= {url: _taken(cloud, url, copies.get(url), now) for url in record.claiming}
    owners = {copy.claim.owner for copy in copies.values()} - {None, key}
    gone = frozenset(owner for owner in owners if owner and cloud.content.head(owner) is None)
    if gone:
        # What led to the page of an article that is gone comes along with the page.
        records = cloud.catalogue.read(record_key(owner) for owner in gone)
        copies |= _copies(cloud, {url for owner in gone for url in Record.of(owner, records.get(record_key(owner))).urls} - copies.keys())
    if current and holder(key, current, {url: copy.claim for url, copy in copies.items()}, gone):
        fallback = _accepted(cloud, magazine, record)
        copies |= _copies(cloud, wanted((fallback,), ()) - copies.keys())
    return Gathered(current, fallback, problems, copies, gone)


def _copies(cloud: Cloud, urls: Iterable[str]) -> dict[str, ClaimCopy]:
    return {item["pk"].removeprefix("url#"): ClaimCopy.of(item) for item in cloud.catalogue.read(map(claim_key, sorted(urls))).values()}


def _accepted(cloud: Cloud, magazine: Magazine | None, record: Record) -> Article | None:
    """The version that was accepted last, read as the magazine is now."""
    accepted = _accepted_bytes(cloud, record) if magazine else b""
    return read_article(record.key, accepted, magazine)[0] if accepted and magazine else None


def _accepted_bytes(cloud: Cloud, record: Record) -> bytes:
    stored = cloud.register.get(source_key(record.key), record.source) if record.source else None
    return stored.body if stored else b""


def _apply(
    cloud: Cloud,
    basis: Basis,
    magazine: Magazine | None,
    record: Record,
    file: Stored | None,
    gathered: Gathered,
    decision: Decision,
    now: datetime,
) -> None:
    article, phase = decision.article, phase_of(decision.article, now)
    accepted = file if article is not None and article is gathered.current else None
    kept = _keep(cloud, record, file, accepted)
    record = _announce(cloud, record, decision)
    copies = dict(gathered.copies)
    for url, claim in decision.changed.items():
        copies[url] = _claim(cloud, claim, copies.get(url), now)
    copies = {url: replace(copy, lived=copy.claim.lived(now)) for url, copy in copies.items()}
    wants, notes = _unmet(cloud, gathered.current, file) if gathered.current and file else ((), ())
    problems = (*gathered.problems, *standing_problems(decision, gathered.current), *notes)
    report = report_on(record.key, article, phase, bool(errors(problems)), problems, magazine)
    stale_at = _stale_at(article, copies) if phase == "live" else None
    fresh = stale_at is not None and now < stale_at
    due = min((instant for instant in (changes_at(article, now), stale_at if fresh else None) if instant), default=None)
    urls = tuple(sorted(url for url, copy in copies.items() if copy.claim.owner == record.key))
    card = card_of(article) if article and phase == "live" else None
    after = replace(
        _judged(cloud, basis, record, file, kept, phase, card, report, now),
        url=article.url if article else record.url if record.url in urls else "",
        title=article.title if article else record.title,
        urls=urls,
        waits_for=tuple(sorted(url for url, copy in copies.items() if record.key in copy.claim.waiting)),
        claiming=(),
        fresh=fresh,
        due=stamp(due) if due else "",
        wants=wants,
    )
    if file and (record.upload, record.refused) != (after.upload, after.refused):
        # Before the record, which would forget that this answer is a new one. A report that is only worded anew tells nobody.
        cloud.events.send([answered(report, article if phase == "live" else None, stamp(now))])
    changed = {url: copy for url, copy in copies.items() if copy != gathered.copies.get(url)}
    touched = set(changed)
    is_other = any(getattr(record, name) != getattr(after, name) for name in _SHOWN)
    previews = [preview_target(record.key)] if is_other and {record.phase, phase} & NOT_YET else []
    if is_other:
        touched.update(record.urls, after.urls)
    # Where nothing is and nothing was, there is nothing to make: no hint, mark or log line names a URL before an embargo's instant.
    leads = "live" in (record.phase, phase)
    known = [(url, copy) for some in (gathered.copies, copies) for url, copy in some.items()]
    given_way, fences = _given_way(cloud, record.key, changed, gathered)
    touched &= {url for url, copy in known if copy.lived or (leads and copy.claim.leads_to)} | given_way
    if changed or after != record:
        after = replace(after, judged=stamp(now))
        _commit(cloud, record, after, changed, [*map(url_target, touched), *previews], (), file, fences)
        after = replace(after, version=record.version + 1)
    if due and due <= now + LOOK_AHEAD:
        # The next sweep may come too late for it.
        cloud.uploads.send_keys([record.key], delay=max(0, ceil((due - cloud.now()).total_seconds())))
    cloud.uploads.send_keys(sorted({*record.waking, *decision.wake}))
    if after.waking:
        cloud.catalogue.write(_record_writes(cloud, after, replace(after, waking=())))
    _wake_wanting(cloud, after.names)
    if _there(cloud, wants):
        # It came before anybody could know that this one wants it.
        raise Conflict(record.key)


def _given_way(cloud: Cloud, key: str, changed: Collection[str], gathered: Gathered) -> tuple[set[str], list[Action]]:
    """Where a redirect of another article, which is live, gives way to what this key asks for.

    With conditions that turn this answer away where one that was not live may be by now: it would not be known to it that its redirect gave way.
    """
    gave = {url: had.claim.owner for url in changed if (had := gathered.copies.get(url)) and had.claim.leads_to and had.claim.owner != key}
    owners = sorted({owner for owner in gave.values() if owner})
    found = cloud.catalogue.read(map(record_key, owners)) if owners else {}
    records = [Record.of(owner, found.get(record_key(owner))) for owner in owners]
    fenced = {record.key: cloud.catalogue.unchanged(record) for record in records if record.phase != "live"}
    return {url for url, owner in gave.items() if owner not in fenced}, list(fenced.values())


def _announce(cloud: Cloud, record: Record, decision: Decision) -> Record:
    """Notes which claims are about to be written, before they are: until the record says so no more, the catalogue's copies may be old; and who is to
    look after that, of whom nobody knows once the claims are written.

    A late worker is turned away here. Returns the record as it stands now. Raises Conflict.
    """
    if not decision.changed:
        return record
    waking = tuple(sorted({*record.waking, *decision.wake}))
    # What an earlier try announced stays announced: it may have claimed a URL that the record does not have yet, and that is right as it is.
    announced = replace(record, claiming=tuple(sorted({*record.claiming, *decision.changed})), waking=waking)
    # Also where somebody else had announced the same: they may be alive, and done with it by now.
    cloud.catalogue.write([_next_version(cloud, record, announced)])
    return replace(announced, version=record.version + 1)


def _unmet(cloud: Cloud, article: Article, file: Stored) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """The names that the article mentions and that nothing has yet, with notes."""
    text = file.body.decode("utf-8-sig")
    wants, notes = unmet(article, text, _there(cloud, unmet(article, "", ())[0]))
    return wants, notes + misspelt(article, text, partial(_spelt, cloud), partial(_is_used, cloud, article))


def _there(cloud: Cloud, names: Collection[str]) -> set[str]:
    """Those of the names under which something is filed."""
    media = cloud.catalogue.media(name.removeprefix(FILE) for name in names if name.startswith(FILE))
    return {FILE + key for key in media} | {name for name in names if not name.startswith(FILE) and cloud.catalogue.cards(name)}


def _spelt(cloud: Cloud, begin: str) -> list[str]:
    """The tags that begin so."""
    noted = cloud.catalogue.query(f"periods#{TAGGED}", begin=begin, newest=False, limit=ALIKE_TAGS)
    return [item["sk"] for item in noted if item["sk"].startswith(begin)]


def _is_used(cloud: Cloud, article: Article, slug: str) -> bool:
    """Whether another live article has the tag."""
    entries = cloud.catalogue.query(f"list#tag/{slug}", limit=2, fields="sk")
    return any(not item["sk"].endswith(f"#{article.url}") for item in entries)


def _stale_at(article: Article | None, copies: Mapping[str, ClaimCopy]) -> datetime | None:
    """When a live article leaves the news sitemap. A page was never in it."""
    published = article and (article.date or copies[article.url].claim.first)
    return published + FRESH if article and article.section and published else None


def _keep(cloud: Cloud, record: Record, file: File | None, accepted: Stored | None) -> Kept:
    """Brings the register's copy up to date."""
    key = source_key(record.key)
    if accepted:
        digest = sha256(accepted.body).hexdigest()
        if digest != record.digest:
            etag, version = cloud.register.put(key, accepted.body)
            return Kept(version, etag, digest)
    elif file is None and record.source:
        cloud.register.put(key, b"")
        return Kept()
    head = cloud.register.head(key)
    there = head if head and head.size else None
    if (there.version if there else "") == record.source:
        return Kept(record.source, there.etag if there else "", record.digest)
    # Who was late has put another one there, and will not be heard; or it was put for a record that was never written.
    if record.source:
        etag, version = cloud.register.copy(cloud.register, key, key, version=record.source)
        return Kept(version, etag, record.digest)
    cloud.register.put(key, b"")
    _still(cloud, record)
    return Kept()


def _still(cloud: Cloud, record: Record) -> None:
    """Raises Conflict where the record is another by now: what was put for this one stands in the place of what that one's worker had put.

    A record that is written is compared then; this is for one that stays as it was.
    """
    found = cloud.catalogue.read([record_key(record.key)])
    if Record.of(record.key, found.get(record_key(record.key))).version != record.version:
        raise Conflict(record.key)


def _claim(cloud: Cloud, claim: Claim, had: ClaimCopy | None, now: datetime) -> ClaimCopy:
    """Writes a claim into the register. Where another one stands there, the catalogue takes that over, and Conflict is raised."""
    try:
        return ClaimCopy(claim, cloud.register.put_if(claim_object_key(claim.url), claim_object(claim), had.etag if had else None), claim.lived(now))
    except Conflict:
        if stored := cloud.register.get(claim_object_key(claim.url)):
            other = Claim.from_json(stored.body)
            _take_over(cloud, ClaimCopy(other, stored.etag, other.lived(now)), had, now)
        raise


def _taken(cloud: Cloud, url: str, had: ClaimCopy | None, now: datetime) -> ClaimCopy:
    """The claim on a URL that somebody announced to write and has not, as far as the catalogue knows. Raises Conflict.

    It is written once more, as it is or as nobody's, so that whoever announced it comes too late if they are not dead.
    """
    key = claim_object_key(url)
    stored = cloud.register.get(key)
    claim = Claim.from_json(stored.body) if stored else Claim(url)
    claim = replace(claim, revision=claim.revision + 1)
    etag = cloud.register.put_if(key, claim_object(claim), stored.etag if stored else None)
    return _take_over(cloud, ClaimCopy(claim, etag, claim.lived(now)), had, now)


def _take_over(cloud: Cloud, copy: ClaimCopy, had: ClaimCopy | None, now: datetime) -> ClaimCopy:
    """Copies a claim that this try did not decide into the catalogue, which ``had`` another. Raises Conflict where that has a newer one."""
    target, mark = url_target(copy.claim.url), cloud.new_mark()
    # As in _apply: of a URL at which nothing is and nothing was, no mark or hint tells.
    shown = any(one.lived or one.claim.leads_to for one in (had, copy) if one)
    marked = [cloud.catalogue.put(mark_item(target, mark, stamp(now), cause=copy.claim.owner or ""))] if shown else []
    cloud.catalogue.write([_copy_write(cloud, copy), *_identities(cloud, [copy]), *marked])
    if shown:
        cloud.articles.send([Hint((str(target),), mark)])
    return copy


def _identities(cloud: Cloud, copies: Iterable[ClaimCopy]) -> list[Action]:
    """By which others find the claims, wherever these are copied."""
    return [cloud.catalogue.put(identity_item(copy.claim)) for copy in copies if copy.claim.id]


def _copy_write(cloud: Cloud, copy: ClaimCopy) -> Action:
    """A copy never goes back to an older claim."""
    return cloud.catalogue.put(copy.item(), "attribute_not_exists(pk) OR revision <= :revision", revision=copy.claim.revision)


def _next_version(cloud: Cloud, record: Record, after: Record) -> Action:
    condition, values = record.unchanged
    return cloud.catalogue.put(replace(after, version=record.version + 1).item(), condition, **values)


def _record_writes(cloud: Cloud, record: Record, after: Record) -> list[Action]:
    """The record's next version, conditional on the one that was read, and its place among what falls due."""
    if after == record:
        return []
    catalogue = cloud.catalogue
    writes = [_next_version(cloud, record, after)]
    had, shown = record.desk_item(), after.desk_item()
    if had and (shown is None or (had["pk"], had["sk"]) != (shown["pk"], shown["sk"])):
        writes.append(catalogue.delete((had["pk"], had["sk"])))
    if shown:
        writes.append(catalogue.put(shown))
    if record.due and record.due != after.due:
        item = due_item(record.due, record.key)
        writes.append(catalogue.delete((item["pk"], item["sk"])))
    if after.due and record.due != after.due:
        writes.append(catalogue.put(due_item(after.due, record.key)))
    for name in sorted(_names_changed(record, after)):
        filed = name in after.names
        writes.append(catalogue.put(card_item(name, record.key, after.card)) if filed else catalogue.delete(card_key(name, record.key)))
    before, now = set(record.wants), set(after.wants)
    writes += [catalogue.delete((item["pk"], item["sk"])) for item in (want_item(name, record.key) for name in sorted(before - now))]
    writes += [catalogue.put(want_item(name, record.key)) for name in sorted(now - before)]
    if record.card != after.card and has_card_alone(record.key):
        before_it, with_it = _media_mentions(record.card), _media_mentions(after.card)
        writes += [catalogue.delete(mention_key(FILE + key, target)) for key, target in sorted(before_it - with_it)]
        writes += [catalogue.put(mention_item(FILE + key, target)) for key, target in sorted(with_it - before_it)]
    return writes


def _media_mentions(card: str) -> set[tuple[str, Target]]:
    """Which content keys an author's or an issue's own pages mention."""
    found = Card.from_json(card) if card else None
    keys = {key for keys in media_of_card(found).values() for key in keys} if found else set()
    return {(key, target) for key in keys for target in targets_of_card(found)} if found else set()


def _commit(
    cloud: Cloud,
    record: Record,
    after: Record,
    copies: dict[str, ClaimCopy],
    articles: Iterable[Target],
    lists: Iterable[Target],
    file: File | None,
    fences: Sequence[Action] = (),
) -> None:
    """Writes the record with its cards and claims, with a mark under every target that shows them; then the hints. ``fences`` are more conditions."""
    shown = {target for name in _names_changed(record, after) for target in targets_of_name(name)}
    queues = (cloud.articles, sorted(map(str, articles))), (cloud.lists, sorted(map(str, {*lists, *shown})))
    mark, receipt = cloud.new_mark(), file.metadata.get(_RECEIPT, "") if file else ""
    cause = record.key if (record.upload, record.phase) != (after.upload, after.phase) or record.basis == after.basis else walk.NEW_BASIS
    marks = [mark_item(target, mark, after.judged, cause=cause) for _, targets in queues for target in targets]
    _write(cloud, record, after, copies, marks, fences)
    for queue, targets in queues:
        if targets:
            queue.send([Hint(tuple(targets), mark, receipt=receipt)])


def _wake_wanting(cloud: Cloud, names: Iterable[str]) -> None:
    """What was told that something is not there is looked at again now that it is, also where somebody who put it there has died since."""
    cloud.uploads.send_keys(sorted(_wanting(cloud, names)))


def _wanting(cloud: Cloud, names: Iterable[str]) -> set[str]:
    """The keys whose answers go by one of these names."""
    return {item["sk"] for name in names for item in cloud.catalogue.query(f"want#{name}")}


def _names_changed(record: Record, after: Record) -> set[str]:
    """The names under which something else is filed now."""
    return {*record.names, *after.names} if record.card != after.card else set(record.names) ^ set(after.names)


def _write(cloud: Cloud, record: Record, after: Record, copies: dict[str, ClaimCopy], marks: Sequence[Item], fences: Sequence[Action]) -> None:
    writes = _record_writes(cloud, record, after)
    writes += [_copy_write(cloud, copy) for _, copy in sorted(copies.items())]
    writes += _identities(cloud, [copy for _, copy in sorted(copies.items())])
    if len(fences) + len(writes) + len(marks) <= ACTIONS:
        cloud.catalogue.write([*fences, *writes, *map(cloud.catalogue.put, marks)])
        return
    # No hint names these marks yet, so no worker deletes them before the record is there. The record comes last.
    cloud.catalogue.put_all(marks)
    *before, last = chunks(writes[::-1], ACTIONS - len(fences) - 1)
    for chunk in before:
        cloud.catalogue.write([cloud.catalogue.unchanged(record), *fences, *chunk])
    cloud.catalogue.write([*fences, *last])


def _answer(cloud: Cloud, report: Report, record: Record | None = None) -> str:
    """Puts the report beside the upload, where another one stands there. Returns its digest. Raises Conflict where the record had that answer already
    and is another by now.

    What stands there is asked of the bucket: the record may know of a newer answer than the one that a late worker has put since.
    """
    digest = _digest(report)
    if not _stands(cloud, report.key, digest):
        metadata = {"digest": digest}
        cloud.content.put(report.json_key, report.json().encode(), content_type="application/json", metadata=metadata)
        cloud.content.put(report.text_key, report.text().encode(), content_type="text/plain; charset=utf-8", metadata=metadata)
        if record and record.report == digest:
            _still(cloud, record)
    return digest


def _stands(cloud: Cloud, key: str, digest: str) -> bool:
    """Whether the answer to a content key is this one, in both forms: somebody who was late may have died when one of them was put."""
    heads = (cloud.content.head(report_key(key, kind)) for kind in ("txt", "json"))
    return all(head is not None and head.metadata.get("digest") == digest for head in heads)


def _digest(report: Report) -> str:
    return sha256(report.text().encode() + report.json().encode()).hexdigest()
