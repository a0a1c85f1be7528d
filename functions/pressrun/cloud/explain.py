"""``explain``: what stands at one URL of the site, what it was made from, what changed it last, and when the CDN was told. Reads, never writes.

What is asked is asked of the bucket and of the catalogue as they are now; only the causes and the invalidations are notes.
"""

from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from pressrun.cloud.catalogue import Basis, ClaimCopy, Entries, Made, Record, Told, claim_key, entries_key, made_key, record_key, told_key
from pressrun.cloud.cloud import Cloud
from pressrun.cloud.register import source_key
from pressrun.cloud.remote import distribution_of
from pressrun.core.claims import Claim
from pressrun.core.dates import stamp
from pressrun.core.lists import KINDS, SITE, Target, reading_of, url_target
from pressrun.core.magazine import Magazine
from pressrun.core.site import key_of

_LONGEST_KEY = 1024  # bytes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html


class NotAnAddress(ValueError):
    """What was asked of is no URL of any site."""


class Elsewhere(LookupError):
    """The URL is another site's."""


@dataclass(frozen=True)
class Put:
    """When the object was put or, where there is none, deleted, and what led to it; ``cause`` is '' where nobody noted it."""

    at: str
    cause: str


@dataclass(frozen=True)
class Purge:
    """The invalidation that told the CDN of what stands there, and its instant."""

    at: str
    invalidation: str


@dataclass(frozen=True)
class Explanation:
    """What is known of one URL. Instants are stamps.

    ``status`` is what readers get (200, 301 to ``to``, 404, 410), ``why`` is the reason in words. ``target`` is what made it, '' where nothing is
    known to have; ``made_from`` says from what, one line each. ``told`` is None while the CDN was not told of what stands there, for ever if it is
    not ``purged``. ``pending`` is how many marks its target has.
    """

    url: str
    key: str
    status: int
    to: str
    why: str
    target: str
    made_from: tuple[str, ...]
    put: Put | None
    told: Purge | None
    purged: bool
    pending: int

    def value(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    def text(self) -> str:
        """For people."""
        answer = f"{self.status}{f' to {self.to}' if self.to else ''}: {self.why}"
        made = self.put and f"{self.put.at}, because of {self.put.cause or 'something that nobody noted'}"
        told = self.told and f"{self.told.at}, in the invalidation {self.told.invalidation}"
        rows = [
            ("Answers", answer),
            ("Site key", self.key),
            ("Made by", f"{self.target} ({KINDS[Target.parse(self.target).kind]})" if self.target else "nothing that is known"),
            *(("Made from" if number == 0 else "", line) for number, line in enumerate(self.made_from)),
            ("Deleted" if self.status == 404 and self.put else "Put last", made or "never"),
            ("CDN told", told or ("not yet of what stands there" if self.purged else "there is nothing to tell")),
            ("Pending", f"{self.pending} changes" if self.pending else "nothing"),
        ]
        return "\n".join([self.url, *(f"  {name:<10} {said}" for name, said in rows)])


def explain(cloud: Cloud, address: str) -> Explanation:
    """``address`` is a URL of the site or its path. Raises Elsewhere for a URL of another site, NotAnAddress for what is no URL."""
    basis = cloud.catalogue.basis()
    magazine = basis.magazine
    url = _path_of(cloud, magazine, address)
    key = key_of(url)
    wanted = claim_key(url), entries_key(url), made_key(key), told_key(key)
    found = cloud.catalogue.read(wanted)
    claim, entries, made, told = (found.get(one) for one in wanted)
    copy, note = ClaimCopy.of(claim) if claim else None, Made.of(made) if made else None
    owner = copy.claim.owner if copy else None
    record = Record.of(owner, cloud.catalogue.read([record_key(owner)]).get(record_key(owner))) if owner else None
    head = cloud.site.head(key)
    status = int(head.metadata.get("status", 200)) if head else 404
    to = head.metadata.get("location", "") if head else ""
    # A section's front may have come to be where an article was: who put it last knows.
    target = Target.parse(note.target) if note and (head or not copy) else url_target(url) if copy else None
    if target is None and head and key.startswith("assets/"):
        target = SITE  # they are brought with the basis, and noted nowhere
    etag = head.etag if head else ""
    put = Put(note.at, note.cause) if note and note.etag == etag else Put(stamp(head.modified), "") if head else None
    purge = Told.of(told) if told else None
    is_url = target is not None and target.kind == "url"
    return Explanation(
        url=(magazine.base_url if magazine else "") + url,
        key=key,
        status=status,
        to=to,
        why=_why(status, copy.claim if copy else None, record) if is_url or target is None else KINDS[target.kind],
        target=str(target) if target else "",
        made_from=_made_from(target, basis, copy.claim if copy else None, record, Entries.of(entries), status) if head and target else (),
        put=put,
        told=Purge(purge.at, purge.invalidation) if purge and purge.etag == etag else None,
        purged="cache-tag" in head.metadata if head else note is not None,
        pending=len(cloud.catalogue.marks(target)) if target else 0,
    )


def _path_of(cloud: Cloud, magazine: Magazine | None, address: str) -> str:
    """The URL's path as its page has it: decoded, and with the slash at the end to which the edge sends a reader who left it out."""
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise NotAnAddress(address) from error
    if parts.scheme in ("http", "https") and parts.netloc:
        if not magazine or parts.netloc != urlsplit(magazine.base_url).netloc:
            distribution = distribution_of(cloud)
            homes = {distribution.get("DomainName"), *distribution.get("Aliases", {}).get("Items", [])}
            if parts.netloc.replace("localhost", "127.0.0.1") not in homes:
                raise Elsewhere(parts.netloc)
    elif parts.scheme or parts.netloc or not address.startswith("/"):
        raise NotAnAddress(address)
    path = unquote(parts.path) or "/"
    if not path.isprintable() or len(key_of(path).encode()) > _LONGEST_KEY:
        raise NotAnAddress(address)
    return path if "." in path.rpartition("/")[2] or path.endswith("/") else f"{path}/"


def _why(status: int, claim: Claim | None, record: Record | None) -> str:
    """What a URL's answer means."""
    if record is None:
        return {404: "nothing ever was there", 410: "what was there is gone"}.get(status, "nothing is noted of what stands there")
    said = {"live": f"live at {record.url}", "scheduled": f"scheduled: it goes live at {record.due}", "withdrawn": "taken down"}
    if record.refused and record.phase == "withdrawn":
        said["withdrawn"] = "refused"
    is_page = claim is not None and claim.leads_to is None
    of = "the page of" if is_page else "a former address of"
    return f"{of} {record.key}" + ("" if status == 200 else f", which is {said.get(record.phase, record.phase)}")


def _made_from(target: Target, basis: Basis, claim: Claim | None, record: Record | None, entries: Entries, status: int) -> tuple[str, ...]:
    """What the target read, a line each."""
    lines: list[str] = []
    if target.kind == "url" and record and claim:
        if status == 200:
            lines.append(f"{record.key} ({record.title}), {record.phase} since {record.since}")
            lines.append(f"its accepted copy: version {record.source} of {source_key(record.key)} in the register")
            lines.append(f"its claim on the URL, first live {stamp(claim.first) if claim.first else 'never'}, feed id {claim.feed_id}")
            lines += [f"the cards of what it mentions: {', '.join(entries.mentions)}"] if entries.mentions else []
            lines += [f"the {len(entries.related)} related posts nearest in its tags"] if entries.related else []
        else:
            lines.append(f"the claim on the URL, revision {claim.revision}, of {record.key}, which is {record.phase} since {record.since}")
    else:
        reading = reading_of(target)
        if reading.entries:
            which = f"of {reading.period}" if reading.period else f"the newest {reading.newest}"
            lines.append(f"the list {reading.entries}, {which}")
        lines += [f"the pages noted under {reading.periods}"] if reading.periods else []
        lines += [f"the cards of {reading.cards}"] if reading.cards else []
    return (*lines, f"site.toml and the templates of edition {basis.edition[:12]}")
