"""The hostile reader: looks at every object there and then when it is put or deleted, so at every state that the site bucket is ever in.

And, once a run has settled, the reference: ``build``, and what a CDN's cache may still hold.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pressrun.cloud.batch import DEAD, LOOK_AHEAD
from pressrun.cloud.buckets import Bucket
from pressrun.cloud.catalogue import CLOCK, SHARDS, Catalogue, Item, Key, mark_key
from pressrun.cloud.pending import as_of
from pressrun.cloud.register import CLAIMS, SOURCES
from pressrun.core.build import build, judge
from pressrun.core.claims import NOT_YET, Claim, Register
from pressrun.core.dates import stamp, unstamp
from pressrun.core.problem import Problem
from pressrun.core.report import PREFIX as REPORTS
from pressrun.core.report import PREVIEWS, preview_key
from pressrun.core.site import LISTS_TAG, NEWS_SITEMAP, SiteObject, key_of
from pressrun.local.storm.stage import Call, Stage

_FILES = ("media/", "pictures/", "assets/")
_FILE = re.compile(rb"(?:src|href)=\"/((?:%s)[^\"]+)\"" % "|".join(_FILES).encode())
_LINK = re.compile(rb"(?:href=\"|<loc>|<id>)(?:https://stage\.example)?(/[^\"<#?]*)")
_VERSION = re.compile(rb"Version (\d+) of (\w+)\.")
_SHARED_MAX_AGE = re.compile(r"s-maxage=(\d+), stale-while-revalidate=(\d+)")


class Violation(AssertionError):
    """A promise is broken."""


@dataclass
class Copy:
    """What the CDN may hold of an object that is no longer there: cached, at worst, just before it went."""

    made: SiteObject
    until: float

    @property
    def tags(self) -> set[str]:
        return set(_metadata(self.made, "cache-tag").split(","))


@dataclass
class Reader:
    """``site`` is what stands in the bucket, ``wrong`` what was seen of it that must not be."""

    stage: Stage
    site: dict[str, SiteObject] = field(default_factory=dict)
    content: dict[str, bytes] = field(default_factory=dict)
    register: dict[str, bytes] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    _secrets: dict[str, float] = field(default_factory=dict)  # until when
    _claimed: set[str] = field(default_factory=set)  # the site keys of the URLs that articles ever asked for
    _lived: set[str] = field(default_factory=set)
    _hinted: set[Key] = field(default_factory=set)
    _entering: dict[Key, Item | None] = field(default_factory=dict)  # entries that are about to be written, and what is there
    _again: Counter[Key] = field(default_factory=Counter)  # those that were hinted at once more
    _copies: defaultdict[str, list[Copy]] = field(default_factory=lambda: defaultdict(list))
    _written: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    _stood: defaultdict[str, list[SiteObject | None]] = field(default_factory=lambda: defaultdict(lambda: [None]))
    _newest: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._bucket = Bucket(self.stage.local.client("s3"), self.stage.cloud.site.name)
        self._catalogue = Catalogue(self.stage.local.client("dynamodb"), self.stage.cloud.catalogue.table)
        self.site.update(self.stage.site())
        cloud = self.stage.cloud
        for bucket, kept in self._kept().items():
            kept.update((key, Bucket(cloud.site.s3, bucket).body(key)) for key, _ in Bucket(cloud.site.s3, bucket).listing())
        self.stage.local.aws.observe(self._changed)
        self.stage.local.aws.on_purge(self._purged)
        self.stage.heard = self._overhear
        self.stage.answered = self._answered

    def wrote(self, key: str, number: int) -> None:
        """The article's newest text is this version of it."""
        self._written[key].append(number)

    def keep_secret(self, word: str, until: float) -> None:
        """No byte of it before this instant, in seconds since 1970, whatever was said before."""
        self._secrets[word] = until

    def purges_are_lost(self) -> None:
        """What the CDN holds then goes by its own time."""
        self._copies.clear()

    def _kept(self) -> dict[str, dict[str, bytes]]:
        cloud = self.stage.cloud
        return {cloud.content.name: self.content, cloud.register.name: self.register}

    # At every call and every change

    def _overhear(self, call: Call) -> None:
        """What other systems, and the queues' logs, may get to see; and what is about to be written."""
        self._check_entries()
        if call.operation == "TransactWriteItems":
            puts = (action["Put"]["Item"] for action in call.params["TransactItems"] if "Put" in action)
            entries = [(item["pk"]["S"], item["sk"]["S"]) for item in puts if item["pk"]["S"].startswith("list#")]
            found = self._catalogue.read(entries)
            self._entering = {key: found.get(key) for key in entries}
        if call.operation in ("PutEvents", "SendMessageBatch"):
            self._listen(f"{call.function} {call.operation}", json.dumps(call.params).encode())
        if call.operation == "SendMessageBatch":
            self._expect_marks(call)

    def _changed(self, bucket: str, key: str, body: bytes | None) -> None:
        if (kept := self._kept().get(bucket)) is not None:
            if body is None:
                kept.pop(key, None)
            else:
                kept[key] = body
        if bucket == self.stage.cloud.register.name and key.startswith(CLAIMS) and body:
            self._claimed.add(key_of(json.loads(body)["url"]))
        if bucket != self.stage.cloud.site.name:
            return
        head = self._bucket.head(key) if body is not None else None
        made = SiteObject(body or b"", head.content_type, head.cache_control, tuple(sorted(head.metadata.items()))) if head else None
        self._outdate(key)
        if made:
            self.site[key] = made
            self._look(key, made)
        else:
            self.site.pop(key, None)
            self._miss(key)
        self._stood[key].append(made)

    def _look(self, key: str, made: SiteObject) -> None:
        self._listen(key, key.encode() + made.body + str(made.metadata).encode())
        if _is_page(made) and not self._came_back(key) and not self._shows_withdrawn(made):
            for file in {file.decode() for file in _FILE.findall(made.body)} - self.site.keys():
                if not (self._is_new(key) and any(self._stood[file])):  # of a related post, and replaced just now
                    self.wrong.append(f"{key} shows {file}, which is not there")
        if _is_list(made):
            self._follow(key, made)
        elif key in self._claimed:
            status = _metadata(made, "status")
            if not status:
                self._lived.add(key)
                self._compare(key, made)
            if status == "301":
                self._arrive(key, made)

    def _listen(self, where: str, said: bytes) -> None:
        low, now = said.lower(), self.stage.clock[0]
        early = [word for word, until in self._secrets.items() if now < until and word.encode() in low]
        if early:
            self.wrong.append(f"{where} says {', '.join(early)} before the embargo's instant")

    def _follow(self, key: str, made: SiteObject) -> None:
        linked = {key_of(url.decode()) for url in _LINK.findall(made.body)}
        for dead in sorted((linked & self._claimed) - self.site.keys()):
            self.wrong.append(f"{key} leads to {dead}, where nothing is")

    def _arrive(self, key: str, made: SiteObject) -> None:
        to = key_of(_metadata(made, "location"))
        if to not in self.site:
            self.wrong.append(f"{key} redirects to {to}, where nothing is")

    def _miss(self, key: str) -> None:
        if key in self._lived:
            self.wrong.append(f"{key} was live, and answers nothing")
        if key.startswith(_FILES):
            for other, made in self.site.items():
                shows = _is_page(made) and f'"/{key}"'.encode() in made.body
                if shows and not self._shows_withdrawn(made) and not self._is_new(other):
                    self.wrong.append(f"{key} is deleted, and {other} shows it")
        if key in self._claimed:
            self.wrong += [f"{key} is deleted, and {other} leads to it" for other in self._lists_with(key)]

    def _shows_withdrawn(self, made: SiteObject) -> bool:
        """Whether this is a list with an article that was taken down, as it may be for a moment."""
        linked = {key_of(url) for url in _links(made)} & self._claimed & self.site.keys()
        return _is_list(made) and any(_metadata(self.site[key], "status") for key in linked)

    def _is_new(self, key: str) -> bool:
        """Whether it is an article that no list leads to yet: its worker looks again, and makes it anew where its related posts have changed."""
        return key in self._claimed and not self._lists_with(key)

    def _lists_with(self, key: str) -> list[str]:
        """The lists that lead to it."""
        return [other for other, made in self.site.items() if _is_list(made) and key in map(key_of, _links(made))]

    def _came_back(self, key: str) -> bool:
        """Whether what was replaced had stood there once before: only then may it have been somebody who was late, and looks again at once."""
        *before, replaced = self._stood[key]
        return replaced in before

    def _compare(self, key: str, made: SiteObject) -> None:
        """An older version of the text stands again only where the object that it replaced had stood before, too."""
        for found, article in _VERSION.findall(made.body):
            order = self._written[article.decode()]
            rank = len(order) - 1 - order[::-1].index(int(found))
            newest = self._newest.get((key, article), -1)
            if rank < newest and not self._came_back(key):
                self.wrong.append(f"{key} is version {found.decode()} again, after a newer one stood there")
            self._newest[key, article] = max(rank, newest)

    def _expect_marks(self, call: Call) -> None:
        """Whoever gets a hint finds its mark, or would take it for done. (What is hinted at again may be done meanwhile.)"""
        for entry in call.params["Entries"]:
            fields = json.loads(entry["MessageBody"])
            if "mark" in fields:
                marks = {mark_key(target, fields["mark"]) for target in fields["targets"]}
                if call.function in ("render", "index"):
                    self._again.update(marks & self._hinted)
                marks -= self._hinted
                if call.function != "sweep" and len(self._catalogue.read(marks)) < len(marks):
                    self.wrong.append(f"{call.function} hints at {fields['targets']} before there is a mark")
                self._hinted |= marks

    def _check_entries(self) -> None:
        """An article enters a list when its page stands, and nobody who is late brings back the entry of one that was taken down or has moved."""
        if not self._entering:
            return
        found, before = self._catalogue.read(self._entering), self._entering
        self._entering = {}
        for key in [key for key, item in found.items() if item != before[key]]:
            page = self.site.get(key_of(key[1].partition("#")[2]))
            if page is None or _metadata(page, "status"):
                self.wrong.append(f"{key[1]} enters {key[0]}, and there is no page")

    def _answered(self, messages: list[str]) -> None:
        """What a message asks for is done, or asked for once more, before it is answered: else it is left to the sweep, as old marks are."""
        hints = [fields for fields in map(json.loads, messages) if "mark" in fields]
        marks = {mark_key(target, hint["mark"]) for hint in hints for target in hint["targets"]}
        young = stamp(self.stage.cloud.now() - DEAD)
        standing = {key for key, mark in self._catalogue.read(marks).items() if mark["since"] > young}
        for target, mark in sorted(standing - self._again.keys()):
            self.wrong.append(f"a message was answered as done, and {target} still has its mark {mark}")
        self._again -= Counter(standing)

    # What the CDN may hold

    def _outdate(self, key: str) -> None:
        old = self.site.get(key)
        # That of news waits for its minute, where it is not put with other lists: see ``invalidate.tags_of``.
        if old and key != NEWS_SITEMAP and (ages := _SHARED_MAX_AGE.search(old.cache_control)):
            self._copies[key].append(Copy(old, self.stage.clock[0] + sum(map(int, ages.groups()))))

    def _purged(self, _: str, items: list[str], __: float) -> None:
        tags = {item.removeprefix("#") for item in items}
        for key, copies in self._copies.items():
            self._copies[key] = [copy for copy in copies if not copy.tags & tags]

    # Once settled

    def raise_if_wrong(self) -> None:
        """Raises Violation."""
        if self.wrong:
            raise Violation("; ".join(self.wrong[:3]))

    def nothing_left(self) -> None:
        """Raises Violation where something is left to the sweep although nothing went wrong, or was not done at its instant although the sweep had
        seen that come."""
        if left := {mark["pk"] for mark in self._catalogue.old_marks("9999")}:
            raise Violation(f"nothing went wrong, and yet it is left to the sweep: {', '.join(sorted(left))}")
        swept = unstamp(self._catalogue.read([CLOCK])[CLOCK]["now"])
        seen = min(self.stage.cloud.now(), swept + LOOK_AHEAD)
        if late := [item["sk"] for shard in SHARDS for item in self._catalogue.query(f"due#{shard}", end=stamp(seen))]:
            raise Violation(f"nothing went wrong, and yet it was not done at its instant: {', '.join(late)}")

    def settled(self) -> None:
        """Raises Violation unless everything is as the reference has it, where nothing is pending (as ``Stage.settle`` leaves it)."""
        self.raise_if_wrong()
        stage = self.stage
        if self.site.keys() != {key for key, _ in stage.cloud.site.listing()}:
            raise Violation("the bucket has not told of each change of the site")
        content = {key: body for key, body in self.content.items() if not key.startswith(REPORTS)}
        claims = {claim.url: claim for key, body in self.register.items() if key.startswith(CLAIMS) for claim in [Claim.from_json(body)]}
        sources = {key.removeprefix(SOURCES): body for key, body in self.register.items() if key.startswith(SOURCES) and body}
        register, now = Register(claims, sources), as_of(stage.cloud)
        built = build(content, register, now, stage.theme)
        described = built.described
        for key in sorted(described.keys() | self.site.keys()):
            if (made := described.get(key)) != (found := self.site.get(key)) and not (key not in built.site and _alike(made, found)):
                raise Violation(f"{key} is {_shown(found)}; it should be {_shown(made)}")
        if built.claims != claims:
            raise Violation(f"the register is not at rest: {[url for url in claims if claims[url] != built.claims[url]]}")
        if stage.dead:
            raise Violation(f"dead letters: {stage.dead}")
        self._stale()
        self._answers(content, register, now)

    def _stale(self) -> None:
        for key, copies in self._copies.items():
            if any(copy.until > self.stage.clock[0] and copy.made != self.site.get(key) for copy in copies):
                raise Violation(f"the CDN was not told of the last change of {key}")

    def _answers(self, content: Mapping[str, bytes], register: Register, now: datetime) -> None:
        """Every upload has its answer, with every problem; what it names may have gone since, of which it is not told. Who is not live yet has a
        preview of the text as it is, and nobody else."""
        previewed = {key for key in self.content if key.startswith(PREVIEWS)}
        for key, judged in judge(content, register, now, content).items():
            report = self.content.get(f"{REPORTS}{key}.json")
            fields: dict[str, Any] = json.loads(report) if report else {"status": "no answer", "problems": []}
            told = [Problem(**found) for found in fields["problems"]]
            untold = [found for found in judged.problems if found not in told and not (found.text and found.severity == "note")]
            if fields["status"] != judged.status or untold or not set(told) <= set(judged.problems):
                raise Violation(f"the editor of {key} was told {fields['status']!r}, {told}; it is {judged.status!r}, {judged.problems}")
            preview = self.content.get(preview_key(key), b"")
            if judged.status in NOT_YET and not set(_VERSION.findall(content[key])) <= set(_VERSION.findall(preview)):
                raise Violation(f"the preview of {key} is another text's, or not there")
            if judged.status in NOT_YET or judged.status == "refused":
                previewed.discard(preview_key(key))
        if previewed:
            raise Violation(f"there are previews of what is live, or gone: {sorted(previewed)}")


def _alike(made: SiteObject | None, found: SiteObject | None) -> bool:
    """A medium's objects are compared by their headers, as ``verify`` does."""
    return made is not None and found is not None and replace(found, body=b"") == made


def _is_list(made: SiteObject) -> bool:
    return LISTS_TAG in _metadata(made, "cache-tag").split(",")


def _is_page(made: SiteObject) -> bool:
    return made.content_type.startswith("text/html")


def _links(made: SiteObject) -> Iterable[str]:
    return (url.decode() for url in _LINK.findall(made.body))


def _metadata(made: SiteObject, name: str) -> str:
    return dict(made.metadata).get(name, "")


def _shown(made: SiteObject | None) -> Any:
    return f"{made!r} {made.body[-600:].decode(errors='replace')!r}" if made else "nothing"
