"""The register bucket: a claim for each URL that was ever asked for, and the last accepted bytes of each source. Only ``validate`` writes it."""

from pressrun.cloud.buckets import Bucket
from pressrun.core.claims import Claim, Register
from pressrun.core.site import SiteObject

CLAIMS = "urls/"
SOURCES = "sources/"


def claim_object_key(url: str) -> str:
    """``/news/x/`` has its claim at ``urls/news/x/claim.json``."""
    return f"{CLAIMS}{url.strip('/')}/claim.json"


def source_key(key: str) -> str:
    """``articles/x.md`` has its copy at ``sources/articles/x.md``. An empty copy is that of a file that is gone."""
    return SOURCES + key


def claim_object(claim: Claim) -> SiteObject:
    """The claim as bytes."""
    return SiteObject(claim.to_json().encode(), "application/json", "", ())


def read_register(bucket: Bucket) -> Register:
    """All of it: for commands that look at everything."""
    claims, sources = {}, {}
    for key, _ in bucket.listing():
        stored = bucket.get(key)
        if stored is None:
            continue
        if key.startswith(CLAIMS):
            claim = Claim.from_json(stored.body)
            claims[claim.url] = claim
        elif key.startswith(SOURCES) and stored.body:
            sources[key.removeprefix(SOURCES)] = stored.body
    return Register(claims, sources)
