"""The register bucket: a claim for each URL that was ever asked for, and the last accepted bytes of each source. Only ``validate`` writes it."""

from typing import NamedTuple

from pressrun.cloud.buckets import Bucket
from pressrun.core.claims import Claim, Register
from pressrun.core.media import Files
from pressrun.core.site import SiteObject

CLAIMS = "urls/"
SOURCES = "sources/"


class Kept(NamedTuple):
    """The copy in the register as a record has it: its VersionId, its ETag, and the SHA-256 of its bytes. All are '' where there is none."""

    source: str = ""
    copy: str = ""
    digest: str = ""


def claim_object_key(url: str) -> str:
    """``/news/x/`` has its claim at ``urls/news/x/claim.json``."""
    return f"{CLAIMS}{url.strip('/')}/claim.json"


def is_claim(key: str) -> bool:
    """Whether this key of the register is a claim's. File managers leave files of their own beside them."""
    return key.startswith(CLAIMS) and key.endswith("/claim.json")


def source_key(key: str) -> str:
    """``articles/x.md`` has its copy at ``sources/articles/x.md``. An empty copy is that of a file that is gone."""
    return SOURCES + key


def claim_object(claim: Claim) -> SiteObject:
    """The claim as bytes."""
    return SiteObject(claim.to_json().encode(), "application/json", "", ())


def read_register(bucket: Bucket) -> Register:
    """All of it: for commands that look at everything."""
    claims = (Claim.from_json(stored.body) for key, _ in bucket.listing(CLAIMS) if is_claim(key) and (stored := bucket.get(key)))
    sources = (key.removeprefix(SOURCES) for key, etag in bucket.listing(SOURCES) if etag)
    return Register({claim.url: claim for claim in claims}, Files(sources, lambda key: bucket.body(source_key(key))))
