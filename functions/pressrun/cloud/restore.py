"""The catalogue, made again from the register: what a new local cloud begins with, and what a lost table comes back from."""

from collections import defaultdict
from hashlib import sha256

from pressrun.cloud import walk
from pressrun.cloud.batch import hint_at
from pressrun.cloud.catalogue import Basis, ClaimCopy, Record, identity_item
from pressrun.cloud.cloud import Cloud
from pressrun.cloud.register import SOURCES, Kept, is_claim
from pressrun.core.claims import Claim
from pressrun.core.lists import url_target
from pressrun.core.magazine import KEY as SITE_TOML
from pressrun.core.media import is_medium


def restore(cloud: Cloud, edition: str) -> None:
    """In place of a catalogue without a basis: every claim, a record of what each key owns, a hint for each URL without an owner; then the basis, and
    a full walk.

    ``edition`` is that of the functions, which do nothing before. Raises Conflict where there is a basis meanwhile.
    """
    # Of a catalogue that lost its basis alone, what is left may be old.
    cloud.catalogue.clear()
    now = cloud.now()
    claims: dict[str, ClaimCopy] = {}
    sources: dict[str, Kept] = {}
    config = ""
    for key, etag in cloud.register.listing():
        source = key.removeprefix(SOURCES)
        if source != key and is_medium(source) and etag:
            head = cloud.register.head(key)
            sources[source] = Kept(head.version if head else "", etag, cloud.register.digest(key, etag, 0)[0])
            continue
        stored = cloud.register.get(key)
        if stored and is_claim(key):
            claim = Claim.from_json(stored.body)
            claims[claim.url] = ClaimCopy(claim, stored.etag, claim.lived(now))
        elif stored and source == SITE_TOML:
            config = stored.body.decode("utf-8-sig")
        elif stored and source != key and stored.body:
            sources[source] = Kept(stored.version, stored.etag, sha256(stored.body).hexdigest())
    owned: defaultdict[str, list[Claim]] = defaultdict(list)
    for copy in claims.values():
        if copy.claim.owner:
            owned[copy.claim.owner].append(copy.claim)
    records = []
    for key in owned.keys() | sources.keys():
        urls = tuple(sorted(claim.url for claim in owned[key]))
        page = next((claim.url for claim in owned[key] if claim.leads_to is None), "")
        records.append(Record(key, url=page, urls=urls, version=1, **sources.get(key, Kept())._asdict()))
    cloud.catalogue.put_all(record.item() for record in records)
    cloud.catalogue.put_all(copy.item() for copy in claims.values())
    cloud.catalogue.put_all(identity_item(copy.claim) for copy in claims.values() if copy.claim.id)
    walk.change_basis(cloud, Basis(), Basis(edition, config))
    ownerless = (url_target(url) for url, copy in claims.items() if copy.claim.owner is None)
    hint_at(cloud, cloud.articles, ownerless, cause="a catalogue made again from the register")
