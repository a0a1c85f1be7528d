"""The catalogue: one DynamoDB table, read strongly. What each item is:

=====================  ==================  =====================================================================================
pk                     sk                  what
=====================  ==================  =====================================================================================
``magazine``           ``basis``           the edition in force, ``site.toml`` as it was accepted last, and its logo
``magazine``           ``walk``            how far the walk over all content has come; none where none is under way
``magazine``           ``clock``           the instant of the last sweep
``article#<key>``      ``record``          what one content key came to: written by ``validate`` alone
``url#<url>``          ``claim``           the register's claim, copied, with its ETag: written by ``validate`` alone
``url#<url>``          ``entries``         the list entries that the page at the URL has made: written by ``render`` alone
``card#<name>``        ``<key>``           what others show of a key, filed under this name: written by ``validate`` alone
``mention#<name>``     ``<digest>#<target>`` the target's pages mention the name, and show the medium with this digest ('' for none)
``shown#<target>``     ``media``           the media that an author's or an issue's pages show: written by ``index`` alone
``logos``              ``<digest>#<key>``  a logo, until no page can show it any more: with its mention, written before it is in force
``identity#<id>``      ``<url>``           the page at the URL carries the ``id``, or did: written by ``validate`` alone
``want#<name>``        ``<key>``           the answer to this key notes that nothing has the name, or that the file ``rival/<key>`` has the
                                           same address: written by ``validate`` alone
``list#<list>``        ``<place>``         one teaser: written by ``render`` alone
``periods#<list>``     ``<period>``        the month or year has a page; the tag, under ``tags``: written by ``index`` alone
``target#<target>``    ``mark#<id>``       the target is to be made (again), and what caused it
``made#<site key>``    ``made``            what was put or deleted there last, and why: for ``explain``, read by no page
``made#<site key>``    ``told``            when the CDN was told of it: written by ``invalidate`` alone, for ``explain``
``due#<shard>``        ``<instant>#<key>`` the article's phase changes then
``desk#<status>``      ``<since>#<key>``   what the desk shows of one content key: written by ``validate`` alone
``receipt#<id>``       ``receipt``         what one upload caused, added up
=====================  ==================  =====================================================================================

The index ``dirty`` finds old marks for the sweep, whose findings are only hints. Nothing else reads it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from time import sleep
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pressrun.cloud.buckets import Conflict
from pressrun.cloud.events import Event
from pressrun.core.claims import Claim
from pressrun.core.related import Shown

if TYPE_CHECKING:
    from pressrun.core.cards import Card
    from pressrun.core.magazine import Magazine
    from pressrun.core.media import Medium

Item = dict[str, Any]
Key = tuple[str, str]
Action = dict[str, Any]

SHARDS = ("0", "1", "2", "3")
ACTIONS = 100  # in one transaction: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
_READ, _WRITE = 100, 25  # items in one BatchGetItem, BatchWriteItem

_ENCODER = json.JSONEncoder(separators=(",", ":"), sort_keys=True, ensure_ascii=False)
BASIS: Key = ("magazine", "basis")
WALK: Key = ("magazine", "walk")
CLOCK: Key = ("magazine", "clock")


@dataclass(frozen=True, slots=True)
class Basis:
    """What every page is made from besides its articles. ``config`` is ``site.toml``'s text, '' before the first one.

    ``logo`` is the JSON of the medium that it names as the logo, '' for none.
    """

    edition: str = ""
    config: str = ""
    logo: str = ""

    @property
    def name(self) -> str:
        """One word for all, to see whether something was made from them."""
        return sha256("\n".join(filter(None, (self.edition, self.config, self.logo))).encode()).hexdigest()[:16]

    @property
    def magazine(self) -> "Magazine | None":
        """What ``site.toml`` says, None before the first one."""
        return _read_magazine(self.config) if self.config else None

    @classmethod
    def of(cls, item: Item | None) -> "Basis":
        return cls(item["edition"], item["config"], item.get("logo", "")) if item else cls()


@dataclass(frozen=True, slots=True)
class Record:
    """What one content key came to. Instants are stamps.

    ``source`` is the VersionId of the accepted copy in the register, ``copy`` its ETag, ``digest`` its SHA-256; ``upload`` is the ETag of the newest
    upload, accepted or not. ``urls`` are those that it owns, ``url`` the one of its page; ``waits_for`` those it would have, ``claiming`` those
    whose claims are being written, ``waking`` the keys that are to be looked at after that. ``fresh`` is whether the news sitemap has it, ``due``
    when this or its phase changes by itself. ``card`` is the JSON of its card, ``names`` those under which it is filed; ``wants`` are the names of
    what its answer says is not there yet, or has the same address.
    """

    key: str
    phase: str = "withdrawn"
    url: str = ""
    title: str = ""
    urls: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    claiming: tuple[str, ...] = ()
    waking: tuple[str, ...] = ()
    source: str = ""
    copy: str = ""
    digest: str = ""
    upload: str = ""
    refused: bool = False
    basis: str = ""
    card: str = ""
    names: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    fresh: bool = False
    due: str = ""
    report: str = ""
    since: str = ""
    judged: str = ""
    version: int = 0

    @classmethod
    def of(cls, key: str, item: Item | None) -> "Record":
        if item is None:
            return cls(key)
        fields = json.loads(item["json"])
        lists = {name: tuple(fields.get(name, ())) for name in ("urls", "waits_for", "claiming", "waking", "names", "wants")}
        return cls(**fields | lists | {"version": int(item["version"])})

    def item(self) -> Item:
        fields = {name: getattr(self, name) for name in Record.__slots__ if name != "version"}
        return {"pk": f"article#{self.key}", "sk": "record", "version": self.version, "json": _json(fields)}

    @property
    def unchanged(self) -> tuple[str, dict[str, object]]:
        """The condition, and its values, which is false once the record is another than this one."""
        return ("version = :version", {"version": self.version}) if self.version else ("attribute_not_exists(pk)", {})

    @property
    def status(self) -> str:
        """What an editor calls it: its phase, or that its newest upload was refused."""
        return "refused" if self.refused else self.phase

    @property
    def public_url(self) -> str:
        """Where readers find it or will find it, '' if nowhere."""
        return self.url if self.phase == "live" or (self.phase == "scheduled" and not self.refused) else ""

    def desk_item(self) -> Item | None:
        """What the desk shows of it; nothing of what was taken down."""
        if self.status == "withdrawn":
            return None
        shown = {"key": self.key, "title": self.title, "url": self.public_url, "due": self.due, "report": self.report}
        return {"pk": f"desk#{self.status}", "sk": f"{self.since}#{self.key}", **shown}


@dataclass(frozen=True, slots=True)
class ClaimCopy:
    """The register's claim as the catalogue has it. ``lived`` is whether the URL had ever been live when ``validate`` looked at the clock."""

    claim: Claim
    etag: str
    lived: bool

    @classmethod
    def of(cls, item: Item) -> "ClaimCopy":
        return cls(Claim.from_json(item["json"]), item["etag"], item["lived"])

    def item(self) -> Item:
        claim = self.claim
        item = {"pk": f"url#{claim.url}", "sk": "claim", "revision": claim.revision}
        return item | {"json": claim.to_json(), "etag": self.etag, "lived": self.lived}


@dataclass(frozen=True, slots=True)
class Entries:
    """The list entries that one URL's page has made: lists by name, each with the place and the teaser there, and the targets that show them.

    ``mentions`` are the names that the page mentions, each with the digest of the medium that it shows ('' for none), ``related`` the related posts
    that it shows. ``basis`` is '' while the entries are written in more than one transaction. ``key`` and ``title`` are the article's whose page it
    is, '' where there is none; ``untold`` are the events about it that may not have been sent yet.
    """

    basis: str = ""
    lists: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    mentions: Mapping[str, str] = field(default_factory=dict)
    related: tuple[Shown, ...] = ()
    key: str = ""
    title: str = ""
    untold: tuple[Event, ...] = ()
    revision: int = 0

    @classmethod
    def of(cls, item: Item | None) -> "Entries":
        if item is None:
            return cls()
        fields = json.loads(item["json"])
        entries = [(place, teaser) for place, teaser in fields["entries"]]
        lists = {name: entries[number] for name, number in fields["lists"].items()}
        related = tuple(Shown(*post) for post in fields["related"])
        untold = tuple(Event(*event) for event in fields["untold"])
        targets = tuple(fields["targets"])
        return cls(fields["basis"], lists, targets, fields["mentions"], related, fields["key"], fields["title"], untold, item["revision"])

    def item(self, url: str, revision: int) -> Item:
        # Nearly all lists have the same, which is kept once: an item has 400 KB at the most.
        entries = {entry: number for number, entry in enumerate(dict.fromkeys(self.lists.values()))}
        fields: dict[str, object] = {"basis": self.basis, "entries": list(entries)}
        fields |= {"lists": {name: entries[entry] for name, entry in self.lists.items()}, "targets": self.targets}
        fields |= {"mentions": self.mentions, "related": self.related, "key": self.key, "title": self.title, "untold": self.untold}
        return {"pk": f"url#{url}", "sk": "entries", "revision": revision, "json": _json(fields)}


@dataclass(frozen=True, slots=True)
class Made:
    """What was put last at a site key, or, where ``etag`` is '', deleted. ``at`` is a stamp; ``cause`` what led to it: a content key, or a few words.

    A note for who asks why. Of a worker that died before it noted anything, another's note is left: the object's ETag tells.
    """

    key: str
    at: str
    etag: str
    target: str
    cause: str

    @classmethod
    def of(cls, item: Item) -> "Made":
        return cls(item["pk"].removeprefix("made#"), item["at"], item["etag"], item["target"], item["cause"])

    def item(self) -> Item:
        pk, sk = made_key(self.key)
        return {"pk": pk, "sk": sk, "at": self.at, "etag": self.etag, "target": self.target, "cause": self.cause}


@dataclass(frozen=True, slots=True)
class Told:
    """The invalidation that named a site key last: the stamp of its instant, its id, and the ETag that stood there then ('': nothing did)."""

    key: str
    at: str
    etag: str
    invalidation: str

    @classmethod
    def of(cls, item: Item) -> "Told":
        return cls(item["pk"].removeprefix("made#"), item["at"], item["etag"], item["invalidation"])

    def item(self) -> Item:
        pk, sk = told_key(self.key)
        return {"pk": pk, "sk": sk, "at": self.at, "etag": self.etag, "invalidation": self.invalidation}


class Catalogue:
    """The table. All reads are strong, but for ``old_marks``."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self.dynamodb, self.table = dynamodb, table

    def read(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """The items at these keys, those that are there."""
        wanted = list(dict.fromkeys(keys))
        found: dict[Key, Item] = {}
        for start in range(0, len(wanted), _READ):
            request: Any = {self.table: {"Keys": [_plain_key(key) for key in wanted[start : start + _READ]], "ConsistentRead": True}}
            for attempt in range(8):
                answer = self.dynamodb.batch_get_item(RequestItems=request)
                for raw in answer["Responses"].get(self.table, []):
                    item = _from_wire(raw)
                    found[item["pk"], item["sk"]] = item
                request = answer.get("UnprocessedKeys")
                if not request:
                    break
                _back_off(attempt)
            else:
                raise RuntimeError("DynamoDB left keys unread")
        return found

    def basis(self) -> Basis:
        """The one in force."""
        return Basis.of(self.read([BASIS]).get(BASIS))

    def marks(self, target: object) -> dict[str, Item]:
        """Those under a target, by name."""
        return {item["sk"].removeprefix("mark#"): item for item in self.query(f"target#{target}")}

    def query(self, pk: str, *, begin: str = "", end: str = "", newest: bool = True, limit: int = 0, fields: str = "") -> Iterator[Item]:
        """Items of one partition, from ``begin`` up to but without ``end``, newest first or oldest first, at most ``limit`` (0: all)."""
        values = {":pk": pk} | ({":begin": begin} if begin else {}) | ({":end": end} if end else {})
        condition = "pk = :pk"
        if begin and end:
            condition += " AND sk BETWEEN :begin AND :end"
        elif begin:
            condition += " AND sk >= :begin"
        elif end:
            condition += " AND sk < :end"
        arguments: Item = {
            "TableName": self.table,
            "ConsistentRead": True,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": _to_wire(values),
            "ScanIndexForward": not newest,
        }
        if fields:
            arguments["ProjectionExpression"] = fields
        left = limit
        while True:
            page = self.dynamodb.query(**arguments, **({"Limit": left} if limit else {}))
            for raw in page["Items"]:
                item = _from_wire(raw)
                if not end or item["sk"] < end:
                    yield item
            left -= len(page["Items"])
            if "LastEvaluatedKey" not in page or (limit and left <= 0):
                return
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def write(self, actions: Sequence[Action]) -> None:
        """All of them or none. Raises Conflict where a condition is false or another transaction is under way; the caller looks again."""
        try:
            self.dynamodb.transact_write_items(TransactItems=list(actions))
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("TransactionCanceledException", "TransactionInProgressException"):
                raise
            reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])} - {"None", None}
            if reasons - {"ConditionalCheckFailed", "TransactionConflict"}:
                raise
            raise Conflict(str(error)) from error

    def put_item(self, item: Item) -> None:
        self.dynamodb.put_item(TableName=self.table, Item=_to_wire(item))

    def put_all(self, items: Iterable[Item]) -> None:
        """One by one, in no transaction."""
        self.change_all(items, ())

    def delete_all(self, keys: Iterable[Key]) -> None:
        """One by one, in no transaction."""
        self.change_all((), keys)

    def change_all(self, put: Iterable[Item], delete: Iterable[Key]) -> None:
        """Both at once, which takes fewer calls; one by one, in no transaction."""
        requests: list[Item] = [{"PutRequest": {"Item": _to_wire(item)}} for item in put]
        requests += [{"DeleteRequest": {"Key": _plain_key(key)}} for key in dict.fromkeys(delete)]
        for start in range(0, len(requests), _WRITE):
            request: Any = {self.table: requests[start : start + _WRITE]}
            for attempt in range(8):
                request = self.dynamodb.batch_write_item(RequestItems=request).get("UnprocessedItems")
                if not request:
                    break
                _back_off(attempt)
            else:
                raise RuntimeError("DynamoDB left items unwritten")

    def add(self, key: Key, amounts: Mapping[str, int], ttl: int) -> None:
        """Adds to the numbers of one item, which expires at ``ttl`` (seconds since 1970)."""
        names = {f"#n{n}": name for n, name in enumerate(amounts)}
        values = {f":n{n}": amount for n, amount in enumerate(amounts.values())}
        self.dynamodb.update_item(
            TableName=self.table,
            Key=_plain_key(key),
            UpdateExpression="SET #ttl = :ttl ADD " + ", ".join(f"#n{n} :n{n}" for n in range(len(amounts))),
            ExpressionAttributeNames=names | {"#ttl": "ttl"},
            ExpressionAttributeValues=_to_wire(values | {":ttl": ttl}),
        )

    def old_marks(self, before: str, limit: int = 500) -> Iterator[Item]:
        """Marks that were due for another hint before this instant. From the index: neither complete nor fresh."""
        for shard in SHARDS:
            page = self.dynamodb.query(
                TableName=self.table,
                IndexName="dirty",
                KeyConditionExpression="shard = :shard AND since < :before",
                ExpressionAttributeValues=_to_wire({":shard": shard, ":before": before}),
                Limit=limit,
            )
            yield from map(_from_wire, page["Items"])

    def postpone(self, mark: Item, since: str) -> None:
        """The sweep hinted at the mark: not again before ``since``. A mark that is gone stays so."""
        try:
            self.dynamodb.update_item(
                TableName=self.table,
                Key=_plain_key((mark["pk"], mark["sk"])),
                UpdateExpression="SET since = :since, tries = :tries",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues=_to_wire({":since": since, ":tries": mark.get("tries", 0) + 1}),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise

    def scan(self) -> Iterator[Item]:
        """Every item: for commands that look at everything, never for publishing."""
        arguments: Item = {"TableName": self.table, "ConsistentRead": True}
        while True:
            page = self.dynamodb.scan(**arguments)
            yield from map(_from_wire, page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def clear(self) -> None:
        """Forgets everything."""
        self.delete_all([(item["pk"], item["sk"]) for item in self.scan()])

    def cards(self, name: str) -> "tuple[Card, ...]":
        """Those that are filed under this name, in the order of their keys."""
        from pressrun.core.cards import Card  # here: who makes no page is spared what comes with it

        return tuple(Card.from_json(item["json"]) for item in self.query(f"card#{name}", newest=False))

    def carrying(self, id: str) -> tuple[str, ...]:
        """The URLs of pages that carry this ``id`` of an article, or did; none for ''."""
        return tuple(item["sk"] for item in self.query(f"identity#{id}")) if id else ()

    def media(self, keys: Iterable[str]) -> "dict[str, Medium]":
        """The accepted media at these content keys."""
        from pressrun.core.media import Medium

        found = self.read(medium_key(key) for key in keys)
        return {key[1]: medium for key, item in found.items() if (medium := Medium.from_json(item["json"]))}

    # Actions of a transaction

    def put(self, item: Item, condition: str = "", **values: object) -> Action:
        return {"Put": {"TableName": self.table, "Item": _to_wire(item)} | _condition(condition, values)}

    def delete(self, key: Key) -> Action:
        return {"Delete": {"TableName": self.table, "Key": _plain_key(key)}}

    def check(self, key: Key, condition: str, **values: object) -> Action:
        return {"ConditionCheck": {"TableName": self.table, "Key": _plain_key(key)} | _condition(condition, values)}

    def unchanged(self, record: Record) -> Action:
        """Turns the transaction away once the record is another than the one that was read."""
        condition, values = record.unchanged
        return self.check(record_key(record.key), condition, **values)


@lru_cache(maxsize=4)
def _read_magazine(config: str) -> "Magazine | None":
    from pressrun.core.magazine import read_magazine

    return read_magazine(config.encode())[0]


def noted_item(key: Key, noted: str) -> Item:
    """That the page of a period or a tag is there, as ``core.lists.noted_as`` says it."""
    return {"pk": key[0], "sk": key[1], "name": noted.partition("#")[2]}


def noted_in(item: Item) -> str:
    """What ``noted_item`` kept."""
    return "#".join(filter(None, (item["sk"], item.get("name"))))


def mark_item(
    target: object, mark: str, since: str, around: Sequence[str] = (), cause: str = "", *, own: bool = False, after: Sequence[str] = ()
) -> Item:
    """The mark ``mark`` under ``target``, of the instant ``since``; ``around``: as in a ``Hint``. ``cause`` is what ``explain`` says of what is made
    for it. ``own`` is one that a worker keeps for itself: no function's hint names it. ``after`` are the targets that must be made before it, and
    the places in tag lists whose newer neighbours must be.
    """
    item = {"pk": f"target#{target}", "sk": f"mark#{mark}", "shard": _shard(str(target)), "since": since}
    more = {"around": around and _json(list(around)), "cause": cause, "own": own, "after": after and _json(list(after))}
    return item | {name: value for name, value in more.items() if value}


def mark_key(target: object, mark: str) -> Key:
    return f"target#{target}", f"mark#{mark}"


def record_key(key: str) -> Key:
    return f"article#{key}", "record"


def claim_key(url: str) -> Key:
    return f"url#{url}", "claim"


def entries_key(url: str) -> Key:
    return f"url#{url}", "entries"


def card_key(name: str, key: str) -> Key:
    return f"card#{name}", key


def medium_key(key: str) -> Key:
    """Where the medium at a content key is filed."""
    return card_key(f"file/{key}", key)


def card_item(name: str, key: str, card: str) -> Item:
    """The JSON of the card of ``key``, filed under ``name``."""
    pk, sk = card_key(name, key)
    return {"pk": pk, "sk": sk, "json": card}


def mention_key(name: str, target: object, digest: str = "") -> Key:
    return f"mention#{name}", f"{digest}#{target}"


def mention_item(name: str, target: object, digest: str = "") -> Item:
    """The target's pages mention what is filed under ``name``, and show the medium with this digest."""
    pk, sk = mention_key(name, target, digest)
    return {"pk": pk, "sk": sk}


def shown_key(target: object) -> Key:
    return f"shown#{target}", "media"


def want_item(name: str, key: str) -> Item:
    """The answer to ``key`` is to be looked at again once something is filed under ``name``, or is no more where that is a rival's."""
    return {"pk": f"want#{name}", "sk": key}


def identity_item(claim: Claim) -> Item:
    """By which an article of the same ``id`` finds the claim."""
    return {"pk": f"identity#{claim.id}", "sk": claim.url}


def made_key(key: str) -> Key:
    return f"made#{key}", "made"


def told_key(key: str) -> Key:
    return f"made#{key}", "told"


def due_item(instant: str, key: str) -> Item:
    """The sweep finds it when its instant has come near."""
    return {"pk": f"due#{_shard(key)}", "sk": f"{instant}#{key}"}


def _shard(name: str) -> str:
    return SHARDS[sum(name.encode()) % len(SHARDS)]


def _condition(condition: str, values: Mapping[str, object]) -> Item:
    named = {"ExpressionAttributeValues": _to_wire({f":{name}": value for name, value in values.items()})} if values else {}
    return {"ConditionExpression": condition, **named} if condition else {}


def _plain_key(key: Key) -> Item:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _to_wire(item: Mapping[str, object]) -> Item:
    def one(value: object) -> Item:
        if isinstance(value, bool):
            return {"BOOL": value}
        return {"N": str(value)} if isinstance(value, int) else {"S": str(value)}

    return {name: one(value) for name, value in item.items()}


def _from_wire(raw: Item) -> Item:
    # Nearly all are strings.
    return {name: value["S"] if "S" in value else int(value["N"]) if "N" in value else value["BOOL"] for name, value in raw.items()}


def _json(value: object) -> str:
    return _ENCODER.encode(value)


def _back_off(attempt: int) -> None:
    sleep(0.05 * 2**attempt)
