"""The CDN: a model of one CloudFront edge in front of the site bucket.

It caches by TTL, honours invalidations by path and by tag when their time has come, runs the distribution's own edge functions, and adds
the distribution's own headers. What it leaves out: byte ranges, Brotli, and revalidation (an expired object is fetched again).
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote

import quickjs
from botocore.exceptions import ClientError

from pressrun.local.aws import client
from pressrun.local.stack import Distribution

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
COMPRESSED_SIZES = range(1_000, 10_000_001)
COMPRESSED_TYPES = re.compile(r"text/|application/(javascript|json|xml|[\w.]+\+(json|xml)|manifest\+json)|image/svg\+xml|font/")

REASONS = {200: "OK", 301: "Moved Permanently", 304: "Not Modified", 403: "Forbidden", 404: "Not Found", 410: "Gone"}


@dataclass(frozen=True)
class Request:
    """`path` and `query` as the reader sent them, percent-encoded; header names in lower case."""

    path: str
    method: str = "GET"
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Response:
    """Header names in lower case. `key` is the path that the edge function made of the request's, by which the CDN caches."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    key: str = ""


@dataclass(frozen=True)
class Cached:
    response: Response
    origin_status: int
    tags: frozenset[str]
    since: float
    until: float
    stale_until: float


@dataclass(frozen=True)
class Purge:
    """An accepted invalidation: `items` are paths and `#tag`s; it is in force from `at` on, for what was cached until `since`."""

    items: tuple[str, ...]
    since: float
    at: float

    def hits(self, key: str, cached: Cached) -> bool:
        if cached.since > self.since:
            return False
        for item in self.items:
            if item.startswith("#"):
                hit = item[1:] in cached.tags
            elif item.endswith("*"):
                hit = key.startswith(unquote(item[:-1]))
            else:
                hit = key == unquote(item)
            if hit:
                return True
        return False


class Cdn:
    """Answers requests at the instant that `clock` gives (seconds since the epoch). Safe for threads.

    `counts`: answers by X-Cache's first word ('Hit', 'Miss', 'Error', 'FunctionGeneratedResponse'), and by status.
    """

    def __init__(self, distribution: Distribution, clock: Callable[[], float]) -> None:
        self.distribution = distribution
        self.counts: Counter[str | int] = Counter()
        self._clock = clock
        self._cache: dict[str, Cached] = {}
        # Not under the lock: who invalidates may hold the lock of `Aws`, for which a reader's miss waits.
        self._purges: deque[Purge] = deque()
        policy = distribution.headers_policy
        self._removed = {one["Header"].lower() for one in policy.get("RemoveHeadersConfig", {}).get("Items", [])}
        self._added = _added_headers(policy)
        self._lock = threading.RLock()

    def invalidate(self, items: list[str], at: float) -> None:
        """What CloudFront does after it accepted an invalidation: `items` leave the cache at the instant `at`."""
        self._purges.append(Purge(tuple(items), self._clock(), at))

    def cached(self) -> list[str]:
        """The keys that would be answered from the cache now."""
        with self._lock:
            self._purge()
            return sorted(key for key, cached in self._cache.items() if self._clock() < cached.until)

    def purging(self) -> bool:
        """Whether an invalidation is still on its way."""
        return any(self._clock() < purge.at for purge in list(self._purges))

    def respond(self, request: Request) -> Response:
        with self._lock:
            response, x_cache = self._respond(request)
            self.counts.update([x_cache, response.status])
        headers = response.headers | {"x-cache": f"{x_cache} from cloudfront", "via": "1.1 local.cloudfront.net (CloudFront)"}
        headers["content-length"] = str(len(response.body))
        return replace(response, headers=headers, body=b"" if request.method == "HEAD" else response.body)

    def _respond(self, request: Request) -> tuple[Response, str]:
        if request.method not in ("GET", "HEAD"):
            return Response(403, {"content-type": "text/plain"}, b"This distribution allows GET and HEAD."), "Error"
        event = self._event(request)
        edge = _run(self.distribution.viewer_request, event | {"context": event["context"] | {"eventType": "viewer-request"}})
        if "statusCode" in edge:
            # Neither the headers policy nor the function on the response sees an answer that a function made.
            return _generated(edge), "FunctionGeneratedResponse"
        event["request"] = edge
        key = unquote(edge["uri"])
        cached, x_cache = self._fetch(key)

        response = replace(cached.response, headers=dict(cached.response.headers), key=key)
        if x_cache == "Hit":
            response.headers["age"] = str(int(self._clock() - cached.since))
        response = self._compressed(response, request)
        if _unchanged(response, request):
            response = replace(response, status=304, body=b"")
        response = self._with_policy(response)
        if cached.origin_status < 400:
            response = self._viewer_response(response, event)
        return response, x_cache

    # ---- The cache

    def _fetch(self, key: str) -> tuple[Cached, str]:
        self._purge()
        now = self._clock()
        cached = self._cache.get(key)
        if cached and now < cached.until:
            return cached, "Hit"
        fresh = self._origin(key)
        if fresh.until > now:
            self._cache[key] = fresh
        else:
            self._cache.pop(key, None)
        if cached and now < cached.stale_until:
            return cached, "Hit"  # stale-while-revalidate: this reader gets the old, the next one the new
        return fresh, "Error" if fresh.origin_status >= 400 else "Miss"

    def _purge(self) -> None:
        for _ in range(len(self._purges)):
            purge = self._purges.popleft()
            if purge.at <= self._clock():
                self._cache = {key: cached for key, cached in self._cache.items() if not purge.hits(key, cached)}
            else:
                self._purges.append(purge)

    def _origin(self, key: str) -> Cached:
        now = self._clock()
        try:
            answer = client("s3").get_object(Bucket=self.distribution.origin, Key=key.removeprefix("/"))
        except ClientError as error:
            return self._error(key, int(error.response["ResponseMetadata"]["HTTPStatusCode"]))
        headers = {
            "content-type": answer["ContentType"],
            "etag": answer["ETag"],
            "last-modified": formatdate(answer["LastModified"].timestamp(), usegmt=True),
            "cache-control": answer.get("CacheControl"),
            "content-disposition": answer.get("ContentDisposition"),
            "content-encoding": answer.get("ContentEncoding"),
            "content-language": answer.get("ContentLanguage"),
            "server": "AmazonS3",
            **{f"x-amz-meta-{name}": value for name, value in answer["Metadata"].items()},
        }
        present = {name: value for name, value in headers.items() if value is not None}
        directives = _directives(present.get("cache-control", ""))
        until = now + self._ttl(directives)
        return Cached(
            response=Response(200, present, answer["Body"].read()),
            origin_status=200,
            tags=frozenset(filter(None, re.split(r"[,\s]+", present.get(self.distribution.tag_header, "")))),
            since=now,
            until=until,
            stale_until=until + directives.get("stale-while-revalidate", 0),
        )

    def _error(self, key: str, status: int) -> Cached:
        now = self._clock()
        response = Response(status, {"content-type": "text/plain"}, REASONS.get(status, "").encode())
        error = self.distribution.error_responses.get(status, {})
        path = error.get("ResponsePagePath", key)
        if path != key:
            page, _ = self._fetch(path)
            if page.origin_status == 200:
                response = replace(page.response, status=error["ResponseCode"])
        until = now + error.get("ErrorCachingMinTTL", 10)
        return Cached(response, status, frozenset(), now, until, until)

    def _ttl(self, directives: Mapping[str, int]) -> int:
        """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html"""
        if directives.keys() & {"no-cache", "no-store", "private"}:
            return self.distribution.min_ttl
        ttl = directives.get("s-maxage", directives.get("max-age", self.distribution.default_ttl))
        return min(max(ttl, self.distribution.min_ttl), self.distribution.max_ttl)

    # ---- On the way to the reader

    def _compressed(self, response: Response, request: Request) -> Response:
        headers = response.headers
        if (
            "gzip" not in request.headers.get("accept-encoding", "")
            or "content-encoding" in headers
            or len(response.body) not in COMPRESSED_SIZES
            or not COMPRESSED_TYPES.match(headers["content-type"])
        ):
            return response
        # The validator becomes weak: the bytes are not the object's any more.
        packed = {"content-encoding": "gzip", "vary": "Accept-Encoding", "etag": "W/" + headers["etag"]}
        return replace(response, headers=headers | packed, body=gzip.compress(response.body, mtime=0))

    def _with_policy(self, response: Response) -> Response:
        headers = {name: value for name, value in response.headers.items() if name not in self._removed}
        for name, value, override in self._added:
            if override or name not in headers:
                headers[name] = value
        return replace(response, headers=headers)

    def _viewer_response(self, response: Response, event: dict[str, Any]) -> Response:
        seen = {
            "statusCode": response.status,
            "statusDescription": REASONS[response.status],
            "headers": {name: {"value": value} for name, value in response.headers.items()},
            "cookies": {},
        }
        context = event["context"] | {"eventType": "viewer-response"}
        edge = _run(self.distribution.viewer_response, event | {"context": context, "response": seen})
        made = _generated(edge)
        # Without a body of its own, the answer keeps the one it has.
        return replace(made, body=made.body if "body" in edge else response.body, key=response.key)

    def _event(self, request: Request) -> dict[str, Any]:
        """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html"""
        query: dict[str, Any] = {}
        for pair in filter(None, request.query.split("&")):
            name, _, value = pair.partition("=")
            query.setdefault(name, {"value": value, "multiValue": []})["multiValue"].append({"value": value})
        for one in query.values():
            if len(one["multiValue"]) == 1:
                del one["multiValue"]
        return {
            "version": "1.0",
            "context": {
                "distributionDomainName": "local.cloudfront.net",
                "distributionId": self.distribution.id,
                "endpoint": "local.cloudfront.net",
                "requestId": "local",
            },
            "viewer": {"ip": "127.0.0.1"},
            "request": {
                "method": request.method,
                "uri": request.path,
                "querystring": query,
                "headers": {name: {"value": value} for name, value in request.headers.items() if name != "cookie"},
                "cookies": {},
            },
        }


def _run(code: str, event: dict[str, Any]) -> dict[str, Any]:
    # A context for each call, as functions share nothing; it costs half a millisecond.
    context = quickjs.Context()
    context.eval(code)
    answer: dict[str, Any] = json.loads(context.eval(f"JSON.stringify(handler({json.dumps(event)}))"))
    return answer


def _generated(edge: dict[str, Any]) -> Response:
    body = edge.get("body", "")
    if isinstance(body, dict):
        data = body["data"]
        content = base64.b64decode(data) if body.get("encoding") == "base64" else data.encode()
    else:
        content = body.encode()
    return Response(edge["statusCode"], {name.lower(): one["value"] for name, one in edge["headers"].items()}, content)


def _unchanged(response: Response, request: Request) -> bool:
    known = {etag.strip().removeprefix("W/") for etag in request.headers.get("if-none-match", "").split(",")}
    return response.status == 200 and response.headers.get("etag", "").removeprefix("W/") in known


def _directives(cache_control: str) -> dict[str, int]:
    """Cache-Control by name; a directive without seconds counts 0."""
    return {name.lower(): int(seconds or 0) for name, seconds in re.findall(r"([\w-]+)(?:=(\d+))?", cache_control)}


def _added_headers(policy: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """Name, value and whether it replaces the origin's."""
    security = policy.get("SecurityHeadersConfig", {})
    added = [(one["Header"].lower(), one["Value"], one["Override"]) for one in policy.get("CustomHeadersConfig", {}).get("Items", [])]
    for setting, name, value in (
        ("ContentSecurityPolicy", "content-security-policy", lambda one: one["ContentSecurityPolicy"]),
        ("ContentTypeOptions", "x-content-type-options", lambda _: "nosniff"),
        ("FrameOptions", "x-frame-options", lambda one: one["FrameOption"]),
        ("ReferrerPolicy", "referrer-policy", lambda one: one["ReferrerPolicy"]),
        ("StrictTransportSecurity", "strict-transport-security", lambda one: f"max-age={one['AccessControlMaxAgeSec']}"),
    ):
        if setting in security:
            added.append((name, value(security[setting]), security[setting]["Override"]))
    return added
