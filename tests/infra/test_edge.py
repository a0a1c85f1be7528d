"""The edge functions' own JavaScript, on the events that CloudFront passes.

Event shapes: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html
"""

import json
import re
from typing import Any

import pytest
import quickjs

from .stack import INFRA, properties

# What a viewer response event holds for an ordinary page.
PAGE = {
    "date": "Mon, 02 Nov 2026 09:00:00 GMT",
    "content-type": "text/html; charset=utf-8",
    "content-encoding": "gzip",
    "content-length": "5120",
    "etag": '"6805f2cfc46c0f04559748bb039d69ae"',
    "last-modified": "Mon, 02 Nov 2026 08:00:00 GMT",
    "cache-control": "public, max-age=0, s-maxage=3600",
    "via": "1.1 example.cloudfront.net (CloudFront)",
}


def code(name: str) -> str:
    """The JavaScript that CloudFront gets."""
    text: str = properties("AWS::CloudFront::Function")[f"{name.capitalize()}Function"]["FunctionCode"]
    return text


def values(pairs: dict[str, str]) -> dict[str, Any]:
    return {name: {"value": value} for name, value in pairs.items()}


def run(name: str, uri: str, querystring: dict[str, Any] | None = None, response: dict[str, Any] | None = None) -> Any:
    """What the function answers to an event of version 1.0."""
    event: dict[str, Any] = {
        "version": "1.0",
        "context": {
            "distributionDomainName": "d111111abcdef8.cloudfront.net",
            "distributionId": "EDFDVBD6EXAMPLE",
            "eventType": f"viewer-{name}",
            "requestId": "4TyzHTaYWb1GX1qTfsHhEqV6HUDd_BzoBZnwfnvQc_1oF26ClkoUSEQ==",
        },
        "viewer": {"ip": "198.51.100.11"},
        "request": {
            "method": "GET",
            "uri": uri,
            "querystring": querystring or {},
            "headers": values({"host": "meridian.example", "accept-encoding": "gzip, br"}),
            "cookies": {},
        },
    }
    if response:
        event["response"] = response
    context = quickjs.Context()
    context.eval(code(name))
    return json.loads(context.eval(f"JSON.stringify(handler({json.dumps(event)}))"))


def respond(metadata: dict[str, str], uri: str = "/arctic/ice/index.html", status: int = 200) -> Any:
    """What the viewer-response function makes of an origin's answer with this S3 metadata."""
    headers = values(PAGE | {f"x-amz-meta-{name}": value for name, value in metadata.items()})
    description = {200: "OK", 304: "Not Modified"}[status]
    return run("response", uri, response={"statusCode": status, "statusDescription": description, "headers": headers, "cookies": {}})


@pytest.mark.parametrize("name", ["request", "response"])
def test_the_template_holds_the_file_in_infra_edge(name: str) -> None:
    assert code(name) == (INFRA / "edge" / f"{name}.js").read_text(), f"copy infra/edge/{name}.js under FunctionCode in infra/template.yaml"


@pytest.mark.parametrize("name", ["request", "response"])
def test_an_edge_function_keeps_to_the_javascript_of_cloudfront(name: str) -> None:
    """CloudFront's cloudfront-js-2.0 is ES 5.1 with parts of later editions; the engine of these tests knows more than it does."""
    assert len(code(name)) <= 10 * 1024
    statements = re.sub(r"//.*", "", code(name))
    assert not re.findall(r"\bof\b|\bclass\b|\bimport\b|\?\.|\?\?|\.\.\.|\bfetch\b|\bDate\b|\bMath\.random\b", statements)


@pytest.mark.parametrize("name", ["request", "response"])
def test_an_edge_function_is_attached_and_published(name: str) -> None:
    function = properties("AWS::CloudFront::Function")[f"{name.capitalize()}Function"]
    assert (function["AutoPublish"], function["FunctionConfig"]["Runtime"]) == (True, "cloudfront-js-2.0")
    [distribution] = properties("AWS::CloudFront::Distribution").values()
    attached = distribution["DistributionConfig"]["DefaultCacheBehavior"]["FunctionAssociations"]
    assert {"EventType": f"viewer-{name}", "FunctionARN": f"{name.capitalize()}Function.FunctionMetadata.FunctionARN"} in attached


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("/", "/index.html"),
        ("/arctic/", "/arctic/index.html"),
        ("/v1.2/", "/v1.2/index.html"),
        ("/caf%C3%A9/", "/caf%C3%A9/index.html"),
        ("/feed.xml", "/feed.xml"),
        ("/assets/site.0f3a.css", "/assets/site.0f3a.css"),
        ("/.well-known/security.txt", "/.well-known/security.txt"),
    ],
)
def test_a_url_leads_to_its_object(uri: str, key: str) -> None:
    answer = run("request", uri)
    assert "statusCode" not in answer
    assert answer["uri"] == key
    assert answer["headers"]["host"] == {"value": "meridian.example"}


@pytest.mark.parametrize(
    ("uri", "querystring", "location"),
    [
        ("/arctic/ice", {}, "/arctic/ice/"),
        ("/caf%C3%A9", {}, "/caf%C3%A9/"),
        ("/v1.2/notes", {}, "/v1.2/notes/"),
        ("/ice", {"q": {"value": "sea%20ice"}, "page": {"value": "2"}}, "/ice/?q=sea%20ice&page=2"),
        ("/ice", {"preview": {"value": ""}}, "/ice/?preview"),
        ("/ice", {"tag": {"value": "a", "multiValue": [{"value": "a"}, {"value": "b"}]}}, "/ice/?tag=a&tag=b"),
    ],
)
def test_a_page_without_its_slash_is_redirected_with_its_query(uri: str, querystring: dict[str, Any], location: str) -> None:
    answer = run("request", uri, querystring)
    assert answer["statusCode"] == 301
    assert answer["headers"]["location"] == {"value": location}
    assert answer["headers"]["cache-control"] == {"value": "public, max-age=3600"}


@pytest.mark.parametrize("uri", ["//elsewhere.example/../x", "//elsewhere", "/\\elsewhere", "/\\/elsewhere", "///elsewhere"])
def test_no_url_redirects_to_another_site(uri: str) -> None:
    answer = run("request", uri)
    assert re.match(r"/[^/\\]", answer["headers"]["location"]["value"])


def test_a_page_passes_unchanged() -> None:
    answer = respond({})
    assert answer == {"statusCode": 200, "statusDescription": "OK", "headers": values(PAGE), "cookies": {}}


def test_a_redirect_in_the_metadata_becomes_a_301_without_a_body() -> None:
    answer = respond({"status": "301", "location": "/arctic/ice-retreats/"})
    assert (answer["statusCode"], answer["statusDescription"]) == (301, "Moved Permanently")
    assert answer["body"] == {"encoding": "text", "data": ""}
    assert answer["headers"] == values(
        {
            "date": PAGE["date"],
            "via": PAGE["via"],  # read-only: an answer that changes it is a 502
            "content-length": "0",
            "location": "/arctic/ice-retreats/",
            "cache-control": "public, max-age=60",
        }
    )


def test_a_browser_that_revalidates_a_redirect_gets_the_present_one() -> None:
    answer = respond({"status": "301", "location": "/arctic/ice-retreats/"}, status=304)
    assert (answer["statusCode"], answer["headers"]["location"]) == (301, {"value": "/arctic/ice-retreats/"})


def test_a_410_in_the_metadata_keeps_the_page_that_says_so() -> None:
    answer = respond({"status": "410"})
    assert (answer["statusCode"], answer["statusDescription"]) == (410, "Gone")
    assert answer["headers"] == values(PAGE)
    assert "body" not in answer  # without the field, CloudFront sends the object's own


def test_a_410_that_the_browser_kept_is_shown_again() -> None:
    assert respond({"status": "410"}, status=304)["statusCode"] == 304


@pytest.mark.parametrize(
    "metadata", [{"status": "301"}, {"status": "302", "location": "/x/"}, {"status": "200"}, {"location": "/x/"}, {"digest": "1"}]
)
def test_any_other_metadata_changes_no_status(metadata: dict[str, str]) -> None:
    answer = respond(metadata)
    assert answer["statusCode"] == 200
    assert "location" not in answer["headers"]


@pytest.mark.parametrize("metadata", [{}, {"status": "301", "location": "/x/"}, {"status": "410"}])
def test_the_url_does_not_matter_to_the_answer(metadata: dict[str, str]) -> None:
    answers = [respond(metadata, uri) for uri in ["/index.html", "/410/index.html", "/feed.xml"]]
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize("metadata", [{"status": "301", "location": "/x/"}, {"status": "410"}, {"status": "9", "location": "/x/"}])
def test_what_the_function_reads_does_not_reach_the_reader(metadata: dict[str, str]) -> None:
    assert not [name for name in respond(metadata)["headers"] if name.startswith("x-amz-meta-")]
