"""The model of the CDN."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from pressrun.local.cdn import Request, Response
from pressrun.local.cloud import Cloud

from .conftest import Clock

PAGE = "max-age=0, s-maxage=60"


class Site:
    """A cloud's site bucket, and readers of it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.references = 0

    def put(self, key: str, body: bytes = b"<p>", cache_control: str | None = PAGE, **metadata: str) -> None:
        more = {"CacheControl": cache_control} if cache_control else {}
        named = {name.replace("_", "-"): value for name, value in metadata.items()}
        s3 = self.cloud.client("s3")
        s3.put_object(Bucket="pressrun-site", Key=key, Body=body, ContentType="text/html; charset=utf-8", Metadata=named, **more)

    def get(self, path: str, method: str = "GET", query: str = "", **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.cloud.cdn.respond(Request(path, method, query, named))

    def seen(self, path: str) -> tuple[int, bytes, str]:
        response = self.get(path)
        return response.status, response.body, response.headers["x-cache"].partition(" ")[0]

    def invalidate(self, *items: str) -> None:
        self.references += 1
        batch = {"Paths": {"Quantity": len(items), "Items": list(items)}, "CallerReference": str(self.references)}
        distribution = self.cloud.stack.distribution.id
        self.cloud.client("cloudfront").create_invalidation(DistributionId=distribution, InvalidationBatch=batch)


@pytest.fixture
def site(make_cloud: Callable[..., Cloud]) -> Site:
    return Site(make_cloud())


def test_a_page_is_kept_for_its_shared_age_and_no_longer(site: Site, clock: Clock) -> None:
    site.put("a/index.html", b"old")
    assert site.seen("/a/") == (200, b"old", "Miss")
    site.put("a/index.html", b"new")
    clock.now += 59
    assert site.seen("/a/") == (200, b"old", "Hit")
    assert site.get("/a/").headers["age"] == "59"
    clock.now += 1
    assert site.seen("/a/") == (200, b"new", "Miss")


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [
        ("max-age=10", 10),
        ("max-age=10, s-maxage=20", 20),
        (None, 60),
        ("max-age=99999999", 31_536_000),
        ("no-store", 0),
        ("private, max-age=10", 0),
        ("max-age=0", 0),
    ],
)
def test_what_decides_how_long_an_object_is_kept(site: Site, clock: Clock, cache_control: str | None, seconds: int) -> None:
    site.put("a.html", b"x", cache_control)
    site.get("/a.html")
    clock.now += seconds - 1
    assert site.seen("/a.html")[2] == ("Hit" if seconds else "Miss")
    clock.now += 1
    assert site.seen("/a.html")[2] == "Miss"


def test_a_stale_page_is_given_once_more_while_it_is_revalidated(site: Site, clock: Clock) -> None:
    site.put("a.html", b"old", "s-maxage=10, stale-while-revalidate=10")
    site.get("/a.html")
    site.put("a.html", b"new", "s-maxage=10, stale-while-revalidate=10")
    clock.now += 15
    assert site.seen("/a.html") == (200, b"old", "Hit")
    assert site.seen("/a.html") == (200, b"new", "Hit")


def test_an_invalidation_by_tag_takes_effect_after_its_delay_and_hits_only_what_carries_the_tag(site: Site, clock: Clock) -> None:
    site.put("a/index.html", b"old", cache_tag="a,lists")
    site.put("b/index.html", b"old", cache_tag="b")
    for path in ("/a/", "/b/"):
        site.get(path)
    site.put("a/index.html", b"new", cache_tag="a,lists")
    site.invalidate("#lists")
    assert site.cloud.cdn.purging()
    clock.now += 4
    assert site.seen("/a/") == (200, b"old", "Hit")
    clock.now += 1
    assert not site.cloud.cdn.purging()
    assert site.seen("/a/") == (200, b"new", "Miss")
    assert site.seen("/b/") == (200, b"old", "Hit")


def test_what_was_fetched_after_the_invalidation_was_sent_stays(site: Site, clock: Clock) -> None:
    site.put("a/index.html", cache_tag="a")
    site.invalidate("#a")
    clock.now += 1
    site.get("/a/")
    clock.now += 4
    assert site.seen("/a/")[2] == "Hit"


@pytest.mark.parametrize(("item", "left"), [("/a/*", ["/ab.html", "/ü.html"]), ("/a*", ["/ü.html"]), ("/%C3%BC.html", ["/a/x.html", "/ab.html"])])
def test_an_invalidation_by_path_hits_that_path_or_all_under_its_wildcard(site: Site, clock: Clock, item: str, left: list[str]) -> None:
    for key in ("a/x.html", "ab.html", "ü.html"):
        site.put(key)
    for path in ("/a/x.html", "/ab.html", "/%C3%BC.html"):
        assert site.get(path).status == 200
    site.invalidate(item)
    clock.now += 5
    assert site.cloud.cdn.cached() == left


def test_a_missing_page_is_the_error_page_and_is_forgotten_after_a_second(site: Site, clock: Clock) -> None:
    site.put("404.html", b"not here")
    assert site.seen("/new/") == (404, b"not here", "Error")
    site.put("new/index.html", b"here")
    assert site.seen("/new/")[0] == 404
    clock.now += 1
    assert site.seen("/new/") == (200, b"here", "Miss")


def test_without_an_error_page_a_missing_page_is_a_bare_404(site: Site) -> None:
    assert site.get("/new/").status == 404
    assert site.get("/404.html").status == 404


def test_a_url_without_its_slash_is_sent_to_it_with_its_query(site: Site) -> None:
    response = site.get("/news/a", query="utm=x%20y&utm=z")
    assert (response.status, response.headers["location"]) == (301, "/news/a/?utm=x%20y&utm=z")
    assert response.headers["x-cache"].startswith("FunctionGeneratedResponse")


def test_an_object_can_be_a_redirect(site: Site) -> None:
    site.put("old/index.html", status="301", location="/new/")
    response = site.get("/old/")
    assert (response.status, response.headers["location"], response.body) == (301, "/new/", b"")
    assert site.seen("/old/")[2] == "Hit"


def test_an_object_can_be_gone_and_keeps_its_page(site: Site) -> None:
    site.put("old/index.html", b"It was withdrawn.", status="410")
    assert site.seen("/old/")[:2] == (410, b"It was withdrawn.")


def test_the_headers_policy_is_on_hits_misses_and_errors_and_our_metadata_on_none(site: Site) -> None:
    site.put("a/index.html", cache_tag="a", digest="x")
    site.put("404.html")
    for path in ("/a/", "/a/", "/none/"):
        headers = site.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["strict-transport-security"] == "max-age=63072000"
        assert headers["x-content-type-options"] == "nosniff"
        assert not [name for name in headers if name.startswith("x-amz-meta-")]


def test_a_reader_who_has_the_page_is_told_that_it_is_unchanged(site: Site) -> None:
    site.put("a/index.html", b"x" * 2_000)
    for encoding in ("identity", "gzip"):
        etag = site.get("/a/", accept_encoding=encoding).headers["etag"]
        response = site.get("/a/", if_none_match=etag, accept_encoding=encoding)
        assert (response.status, response.body) == (304, b"")
    site.put("b/index.html", b"other")
    assert site.get("/b/", if_none_match=etag).status == 200


def test_text_is_compressed_for_who_takes_gzip(site: Site) -> None:
    site.put("a/index.html", b"x" * 2_000)
    packed = site.get("/a/", accept_encoding="gzip, deflate, br")
    assert gzip.decompress(packed.body) == b"x" * 2_000
    assert (packed.headers["content-encoding"], packed.headers["etag"][:2]) == ("gzip", "W/")
    assert packed.body == site.get("/a/", accept_encoding="gzip").body
    assert "content-encoding" not in site.get("/a/").headers
    site.put("short/index.html", b"x")
    assert "content-encoding" not in site.get("/short/", accept_encoding="gzip").headers


def test_head_has_the_headers_without_the_body(site: Site) -> None:
    site.put("a/index.html", b"12345")
    response = site.get("/a/", method="HEAD")
    assert (response.status, response.headers["content-length"], response.body) == (200, "5", b"")


def test_nothing_can_be_written_through_the_cdn(site: Site) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert site.get("/a/", method=method).status == 403


def test_answers_are_counted(site: Site) -> None:
    site.put("a/index.html")
    for path in ("/a/", "/a/", "/a", "/none/"):
        site.get(path)
    counts: dict[Any, int] = dict(site.cloud.cdn.counts)
    assert counts == {"Miss": 1, "Hit": 1, "FunctionGeneratedResponse": 1, "Error": 1, 200: 2, 301: 1, 404: 1}
