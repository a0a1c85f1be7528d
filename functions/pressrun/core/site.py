"""The site bucket's objects: keys, bytes and the metadata that the CDN goes by."""

import re
from dataclasses import dataclass
from hashlib import sha256

LEAF = "public, max-age=0, s-maxage=3600, stale-while-revalidate=60"
LIST = "public, max-age=0, s-maxage=60, stale-while-revalidate=60"
ASSET = "public, max-age=31536000, immutable"

# The tag that all lists share, so that they are purged together and count as one path. Tags reach readers, so they say nothing.
LISTS_TAG = "l"
NEWS_SITEMAP = "news-sitemap.xml"
# Where nothing but lists is. At other keys there may be a list or a leaf.
_LISTS_ALONE = re.compile(
    r"(_fragments|authors|journal|sitemaps|tags)/.*|search/.*\.json|(.*/)?(feed\.xml|rss\.xml|feed\.json)|index\.html|sitemap\.xml|news-sitemap\.xml"
)


@dataclass(frozen=True, slots=True)
class SiteObject:
    """What stands under one key of the site bucket.

    ``metadata`` is S3 user metadata: ``digest`` (SHA-256 of the body, since an ETag is not a hash of it under KMS), ``cache-tag``, and, on a redirect
    or a 410, ``status`` and ``location``, which the edge function turns into the real answer.
    """

    body: bytes
    content_type: str
    cache_control: str
    metadata: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return f"SiteObject({len(self.body)} bytes, {self.content_type}, {self.cache_control}, {dict(self.metadata)})"


def key_of(url: str) -> str:
    """The site key at which a URL is found: ``/news/x/`` is ``news/x/index.html``."""
    return url.lstrip("/") + ("index.html" if url.endswith("/") else "")


def cache_tag(key: str) -> str:
    """The cache tag of one object, derived from its key, so that a deleted one can still be purged."""
    return sha256(key.encode()).hexdigest()[:16]


def is_surely_list(key: str) -> bool:
    """Whether what is or was at this key can only be a list."""
    return _LISTS_ALONE.fullmatch(key) is not None


def leaf(key: str, body: str, *, status: str = "", location: str = "") -> SiteObject:
    """An article's page, or the redirect or 410 that stands in its place."""
    metadata = {"cache-tag": cache_tag(key)}
    if status:
        metadata["status"] = status
    if location:
        metadata["location"] = location
    return _object(body.encode(), "text/html; charset=utf-8", LEAF, metadata)


def listing(key: str, body: str, content_type: str = "text/html; charset=utf-8") -> SiteObject:
    """A page that shows other articles: purged with its fellows."""
    return _object(body.encode(), content_type, LIST, {"cache-tag": f"{cache_tag(key)},{LISTS_TAG}"})


def fixed(key: str, body: str | bytes, content_type: str) -> SiteObject:
    """A page that shows no article."""
    return _object(body.encode() if isinstance(body, str) else body, content_type, LEAF, {"cache-tag": cache_tag(key)})


def asset(body: bytes, content_type: str) -> SiteObject:
    """A file whose name carries its hash: never purged, kept for a year."""
    return _object(body, content_type, ASSET, {})


def _object(body: bytes, content_type: str, cache_control: str, metadata: dict[str, str]) -> SiteObject:
    digest = sha256(body).hexdigest()
    return SiteObject(body, content_type, cache_control, tuple(sorted({**metadata, "digest": digest}.items())))
