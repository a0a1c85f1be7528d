"""The local cloud that runs by itself."""

import json
import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import unquote_plus, urlsplit

import boto3
import pytest

from pressrun.local.aws import listen
from pressrun.local.cloud import LocalCloud
from pressrun.local.folder import Folder

from .conftest import TEMPLATE, handlers

AWS = Path(sys.executable).with_name("aws")


class Publisher:
    """A pipeline of two functions: a file is put into the site as it is, and what changed is purged."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []

    def validate(self, event: dict[str, Any], _context: Any) -> None:
        s3 = boto3.client("s3")
        for record in (one for message in event["Records"] for one in json.loads(message["body"]).get("Records", [])):
            key = unquote_plus(record["s3"]["object"]["key"])
            self.events.append((record["eventName"], key))
            page = key.removesuffix(".md") + "/index.html"
            if record["eventName"].startswith("ObjectCreated"):
                body = s3.get_object(Bucket=os.environ["CONTENT_BUCKET"], Key=key)["Body"].read()
                s3.put_object(
                    Bucket="pressrun-site",
                    Key=page,
                    Body=b"<body>" + body + b"</body>",
                    ContentType="text/html",
                    CacheControl="s-maxage=3600",
                    Metadata={"cache-tag": "all"},
                )
            else:
                s3.delete_object(Bucket="pressrun-site", Key=page)

    def invalidate(self, event: dict[str, Any], context: Any) -> None:
        batch = {"Paths": {"Quantity": 1, "Items": ["#all"]}, "CallerReference": context.aws_request_id}
        boto3.client("cloudfront").create_invalidation(DistributionId=os.environ["DISTRIBUTION_ID"], InvalidationBatch=batch)


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


@pytest.fixture
def cloud(publisher: Publisher) -> Iterator[LocalCloud]:
    functions = handlers(validate=publisher.validate, invalidate=publisher.invalidate)
    with LocalCloud(TEMPLATE, handlers=functions, pace=0.02, reload=True) as running:
        assert running.settle(20)
        yield running


def cli(cloud: LocalCloud, *arguments: str | Path) -> str:
    """The real AWS command line, with credentials of its own, against the endpoint."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": cloud.endpoint_url,
    }
    run = subprocess.run([AWS, *arguments], env=environment, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert cloud.settle(20)
    return run.stdout


def read(cloud: LocalCloud, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    request = urllib.request.Request(cloud.site_url + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read(), {name.lower(): value for name, value in response.headers.items()}
    except HTTPError as error:
        return error.code, error.read(), dict(error.headers)


def test_the_aws_command_line_uploads_syncs_and_removes(cloud: LocalCloud, publisher: Publisher, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a b+c ü.md").write_bytes(b"hello")
    (folder / "large.md").write_bytes(b"x" * 9_000_000)
    for file in folder.iterdir():
        os.utime(file, (1, 1))  # older than its upload, or sync sends it again
    cli(cloud, "s3", "cp", folder / "a b+c ü.md", "s3://pressrun-content/articles/")
    assert publisher.events == [("ObjectCreated:Put", "articles/a b+c ü.md")]
    assert b"hello" in read(cloud, "/articles/a%20b+c%20%C3%BC/")[1]

    cli(cloud, "s3", "sync", tmp_path, "s3://pressrun-content")
    assert publisher.events[1:] == [("ObjectCreated:CompleteMultipartUpload", "articles/large.md")]
    assert "large.md" in cli(cloud, "s3", "ls", "s3://pressrun-content/articles/")

    (folder / "large.md").unlink()
    cli(cloud, "s3", "sync", "--delete", tmp_path, "s3://pressrun-content")
    cli(cloud, "s3", "rm", "s3://pressrun-content/articles/a b+c ü.md")
    assert publisher.events[2:] == [
        ("ObjectRemoved:DeleteMarkerCreated", "articles/large.md"),
        ("ObjectRemoved:DeleteMarkerCreated", "articles/a b+c ü.md"),
    ]
    assert read(cloud, "/articles/a%20b+c%20%C3%BC/")[0] == 404
    assert not cloud.errors


def test_an_update_is_read_once_the_cloud_has_settled(cloud: LocalCloud) -> None:
    for body in (b"first", b"second"):
        cloud.client("s3").put_object(Bucket="pressrun-content", Key="articles/a.md", Body=body)
        assert cloud.settle(20)
        assert body in read(cloud, "/articles/a/")[1]
    assert cloud.calls["s3"]["PutObject"] == 2
    assert cloud.calls["cloudfront"]["CreateInvalidation"] >= 2


def test_the_distributions_address_is_the_sites(cloud: LocalCloud) -> None:
    found = json.loads(cli(cloud, "cloudfront", "list-distributions"))
    [distribution] = found["DistributionList"]["Items"]
    assert f"http://{distribution['DomainName']}" == cloud.site_url


def test_plain_http_never_asks_for_https(cloud: LocalCloud) -> None:
    _, _, headers = read(cloud, "/none/")
    assert "content-security-policy" in headers
    assert "strict-transport-security" not in headers


def test_an_open_page_is_reloaded_when_the_cdn_was_told_of_its_change(cloud: LocalCloud) -> None:
    s3 = cloud.client("s3")
    for name in ("a", "b"):
        s3.put_object(Bucket="pressrun-content", Key=f"articles/{name}.md", Body=b"first")
    assert cloud.settle(20)
    _, page, _ = read(cloud, "/articles/a/")
    known = page.partition(b"reload.js?")[2].partition(b'"')[0].decode()
    assert "EventSource" in read(cloud, "/__pressrun/reload.js")[1].decode()

    s3.put_object(Bucket="pressrun-content", Key="articles/b.md", Body=b"of another page")
    assert cloud.settle(20)
    told: list[bytes] = []

    def listen() -> None:
        url = f"{cloud.site_url}/__pressrun/events?page=%2Farticles%2Fa%2F&known={known}"
        with urllib.request.urlopen(url, timeout=20) as events:
            told.append(events.readline())
            told.append(events.readline())
            told.append(read(cloud, "/articles/a/")[1])

    listener = threading.Thread(target=listen)
    listener.start()
    s3.put_object(Bucket="pressrun-content", Key="articles/a.md", Body=b"second")
    listener.join(20)
    assert told[1] == b"data: reload\n"
    assert b"second" in told[2]


def status_of(url: str, line: str, *headers: str) -> str:
    """What answers a request's line as it stands, which no client would send."""
    there = urlsplit(url)
    with socket.create_connection((there.hostname, there.port or 80), timeout=20) as connection:
        connection.sendall("\r\n".join([f"{line} HTTP/1.1", f"Host: {there.netloc}", *headers, "", ""]).encode())
        return connection.recv(1000).decode().partition("\r\n")[0]


def test_what_is_no_request_is_answered(cloud: LocalCloud) -> None:
    for line, *headers in (
        ["GET http://["],
        ["HEAD http://["],
        ["GET /none/", "Referer: http://["],
        ["GET /__pressrun/events"],
        ["GET /__pressrun/events?known=1"],
        ["GET /__pressrun/events?page=/&known=abc"],
        ["GET /__pressrun/events?page=/&known=1", "Last-Event-ID: abc"],
    ):
        assert status_of(cloud.site_url, line, *headers) == "HTTP/1.1 400 Bad Request"
    assert status_of(cloud.site_url, "HEAD /__pressrun/reload.js") == "HTTP/1.1 200 OK"
    assert status_of(cloud.endpoint_url, "GET http://[") == "HTTP/1.1 400 Bad Request"


def test_without_reload_a_page_is_as_it_is(publisher: Publisher) -> None:
    functions = handlers(validate=publisher.validate, invalidate=publisher.invalidate)
    with LocalCloud(TEMPLATE, handlers=functions, pace=0.02) as cloud:
        cloud.client("s3").put_object(Bucket="pressrun-content", Key="articles/a.md", Body=b"first")
        assert cloud.settle(20)
        status, body, headers = read(cloud, "/articles/a/")
        assert (status, body) == (200, b"<body>first</body>")
        assert read(cloud, "/articles/a/", **{"If-None-Match": headers["etag"]})[0] == 304
        assert read(cloud, "/__pressrun/reload.js")[0] == 404


def test_the_sweep_comes_by_itself_and_failures_are_tried_again() -> None:
    swept = threading.Semaphore(0)
    failures = iter([RuntimeError("the first time")])

    def sweep(_event: dict[str, Any], _context: Any) -> None:
        swept.release()

    def validate(_event: dict[str, Any], _context: Any) -> None:
        for failure in failures:
            raise failure

    with LocalCloud(TEMPLATE, handlers=handlers(sweep=sweep, validate=validate), pace=0.01) as cloud:
        assert cloud.settle(20)
        assert [str(error) for _, error in cloud.errors] == ["the first time"]
        assert swept.acquire(timeout=10)
        assert swept.acquire(timeout=10)


def test_no_function_runs_before_it_is_let_go() -> None:
    ran: list[str] = []
    functions = handlers(validate=lambda *_: ran.append("validate"), sweep=lambda *_: ran.append("sweep"))
    with LocalCloud(TEMPLATE, handlers=functions, pace=0.01, held=True) as cloud:
        cloud.client("s3").put_object(Bucket="pressrun-content", Key="articles/a.md", Body=b"a")
        assert not cloud.settle(0.3)
        assert ran == []
        cloud.begin()
        assert cloud.settle(20)
        assert set(ran) == {"sweep", "validate"}
    with LocalCloud(TEMPLATE, handlers=functions, held=True):
        ran.clear()
    assert ran == []


def test_what_changes_in_a_folder_before_anybody_watches_it_is_brought(tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    for name in ("stays", "changes", "goes"):
        (articles / f"{name}.md").write_text(name)
    with LocalCloud(TEMPLATE, handlers=handlers(), pace=0.01, held=True) as cloud:
        s3 = cloud.client("s3")
        folder = Folder(tmp_path, s3, "pressrun-content", "pressrun-register")
        cloud.aws.observe(folder.mirror)
        folder.upload()
        (articles / "changes.md").write_text("changed")
        (articles / "goes.md").unlink()
        (articles / "comes.md").write_text("comes")
        stop = threading.Event()
        watcher = threading.Thread(target=folder.watch, args=[stop])
        watcher.start()
        texts = {"stays": b"stays", "changes": b"changed", "comes": b"comes"}
        wanted = {f"articles/{name}.md": md5(text, usedforsecurity=False).hexdigest() for name, text in texts.items()}
        found: dict[str, str] = {}
        for _ in range(400):
            listed = s3.list_objects_v2(Bucket="pressrun-content").get("Contents", [])
            found = {one["Key"]: one["ETag"].strip('"') for one in listed}
            if found == wanted:
                break
            stop.wait(0.05)
        stop.set()
        watcher.join()
        assert found == wanted


def test_a_taken_port_is_named_and_leaves_nothing_behind() -> None:
    before = dict(os.environ)
    with LocalCloud(TEMPLATE, handlers=handlers()) as cloud:
        taken = int(cloud.site_url.rpartition(":")[2])
    with listen(taken):
        for aws_port, cdn_port in ((taken, 0), (0, taken)):
            with pytest.raises(OSError, match=f"port {taken}: "), LocalCloud(TEMPLATE, aws_port=aws_port, cdn_port=cdn_port):
                pass
    assert dict(os.environ) == before
