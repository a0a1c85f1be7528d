"""The catalogue, made again from the register: what a new local cloud begins with, and what a lost table comes back from."""

from collections import defaultdict
from dataclasses import replace
from hashlib import sha256

from pressrun.cloud import walk
from pressrun.cloud.batch import hint_at
from pressrun.cloud.buckets import Stored
from pressrun.cloud.catalogue import Basis, ClaimCopy, Record
from pressrun.cloud.cloud import Cloud
from pressrun.cloud.register import CLAIMS, SOURCES
from pressrun.core.claims import Claim
from pressrun.core.lists import url_target
from pressrun.core.magazine import KEY as SITE_TOML


def restore(cloud: Cloud) -> None:
    """Into an empty catalogue: every claim, a record of what each content key owns, a hint for each URL; then the basis, and a full walk."""
    now = cloud.now()
    claims: dict[str, ClaimCopy] = {}
    sources: dict[str, Stored] = {}
    for key, _ in cloud.register.listing():
        stored = cloud.register.get(key)
        if stored and key.startswith(CLAIMS):
            claim = Claim.from_json(stored.body)
            claims[claim.url] = ClaimCopy(claim, stored.etag, claim.lived(now))
        elif stored and key.startswith(SOURCES) and stored.body:
            sources[key.removeprefix(SOURCES)] = stored
    owned: defaultdict[str, list[Claim]] = defaultdict(list)
    for copy in claims.values():
        if copy.claim.owner:
            owned[copy.claim.owner].append(copy.claim)
    records = []
    for key in owned.keys() | sources.keys() - {SITE_TOML}:
        urls = tuple(sorted(claim.url for claim in owned[key]))
        page = next((claim.url for claim in owned[key] if claim.leads_to is None), "")
        record = Record(key, url=page, urls=urls, version=1)
        if source := sources.get(key):
            record = replace(record, source=source.version, digest=sha256(source.body).hexdigest())
        records.append(record)
    cloud.catalogue.put_all(record.item() for record in records)
    cloud.catalogue.put_all(copy.item() for copy in claims.values())
    config = sources[SITE_TOML].body.decode("utf-8-sig") if SITE_TOML in sources else ""
    walk.change_basis(cloud, Basis(), Basis(cloud.edition, config))
    hint_at(cloud, cloud.articles, map(url_target, claims), cause="a catalogue made again from the register")
