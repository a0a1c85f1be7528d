"""What CloudFront caches, and what it tells a browser."""

from typing import Any

from .stack import properties, the


def distribution(**parameters: str) -> Any:
    return the("AWS::CloudFront::Distribution", **parameters)["DistributionConfig"]


def headers_policy() -> Any:
    return the("AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]


def test_the_distribution_reads_the_site_bucket_signed_and_nobody_else_does() -> None:
    [origin] = distribution()["Origins"]
    assert (origin["DomainName"], origin["OriginAccessControlId"]) == ("SiteBucket.RegionalDomainName", "OriginAccess.Id")
    access = the("AWS::CloudFront::OriginAccessControl")["OriginAccessControlConfig"]
    assert (access["OriginAccessControlOriginType"], access["SigningBehavior"], access["SigningProtocol"]) == ("s3", "always", "sigv4")
    statements = properties("AWS::S3::BucketPolicy")["SiteBucketPolicy"]["PolicyDocument"]["Statement"]
    allowed = [statement for statement in statements if statement["Effect"] == "Allow"]
    assert {(statement["Action"], statement["Resource"]) for statement in allowed} == {
        ("s3:GetObject", "arn:aws:s3:::pressrun-site/*"),
        ("s3:ListBucket", "arn:aws:s3:::pressrun-site"),
    }
    for statement in allowed:
        assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert statement["Condition"] == {"StringEquals": {"aws:SourceArn": "arn:aws:cloudfront::123456789012:distribution/Distribution"}}


def test_the_root_is_never_the_listing_of_the_bucket() -> None:
    assert distribution()["DefaultRootObject"] == "index.html"


def test_the_distribution_can_be_found_by_the_name_of_the_stack() -> None:
    assert distribution(Name="meridian")["Comment"] == "meridian"


def test_readers_come_over_tls_1_2_and_http_3() -> None:
    domain = distribution(DomainName="meridian.example", CertificateArn="arn:aws:acm:us-east-1:123456789012:certificate/1")
    assert domain["Aliases"] == ["meridian.example"]
    assert domain["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert distribution()["ViewerCertificate"] == {"CloudFrontDefaultCertificate": True}
    assert distribution()["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
    assert (distribution()["HttpVersion"], distribution()["IPV6Enabled"]) == ("http2and3", True)


def test_the_objects_decide_how_long_they_are_cached_and_the_reader_does_not_split_the_cache() -> None:
    policy = the("AWS::CloudFront::CachePolicy")["CachePolicyConfig"]
    assert (policy["MinTTL"], policy["DefaultTTL"], policy["MaxTTL"]) == (0, 60, 31536000)
    assert policy["ParametersInCacheKeyAndForwardedToOrigin"] == {
        "EnableAcceptEncodingGzip": True,
        "EnableAcceptEncodingBrotli": True,
        "CookiesConfig": {"CookieBehavior": "none"},
        "HeadersConfig": {"HeaderBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    }
    behaviour = distribution()["DefaultCacheBehavior"]
    assert behaviour["CachePolicyId"] == "CachePolicy"
    assert behaviour["Compress"] is True
    assert behaviour["AllowedMethods"] == ["GET", "HEAD"]


def test_a_missing_page_is_a_404_with_a_page_of_its_own_kept_for_a_second() -> None:
    assert distribution()["CustomErrorResponses"] == [
        {"ErrorCode": code, "ResponseCode": 404, "ResponsePagePath": "/404.html", "ErrorCachingMinTTL": 1} for code in (404, 403)
    ]


def test_the_cache_learns_an_objects_tags_and_the_reader_does_not() -> None:
    assert distribution()["CacheTagConfig"] == {"HeaderName": "x-amz-meta-cache-tag"}
    removed = {item["Header"] for item in headers_policy()["RemoveHeadersConfig"]["Items"]}
    assert removed == {"x-amz-meta-cache-tag", "x-amz-meta-digest"}


def test_the_headers_policy_leaves_what_the_edge_function_after_it_reads() -> None:
    removed = {item["Header"] for item in headers_policy()["RemoveHeadersConfig"]["Items"]}
    assert not {"x-amz-meta-status", "x-amz-meta-location"} & removed


def test_a_page_may_load_nothing_from_elsewhere_and_run_nothing_inline() -> None:
    policy = headers_policy()["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    directives = {name: sources for name, *sources in (directive.split() for directive in policy.split(";"))}
    assert directives.pop("img-src") == ["'self'", "data:"]
    assert {name for name, sources in directives.items() if sources == ["'none'"]} == {"default-src", "base-uri", "frame-ancestors"}
    assert {name for name, sources in directives.items() if sources == ["'self'"]} == {
        "script-src",
        "style-src",
        "media-src",
        "font-src",
        "connect-src",
        "form-action",
        "manifest-src",
    }
    assert len(directives) == 10
    assert "\n" not in policy


def test_the_security_headers_hold_whatever_an_object_says() -> None:
    headers = headers_policy()["SecurityHeadersConfig"]
    assert all(header["Override"] is True for header in headers.values())
    assert headers["StrictTransportSecurity"] == {"Override": True, "AccessControlMaxAgeSec": 2 * 365 * 24 * 3600}
    assert headers["FrameOptions"]["FrameOption"] == "DENY"
    assert headers["ReferrerPolicy"]["ReferrerPolicy"] == "strict-origin-when-cross-origin"
    assert "ContentTypeOptions" in headers
    headers = {item["Header"]: item["Value"] for item in headers_policy()["CustomHeadersConfig"]["Items"]}
    assert "camera=()" in headers["Permissions-Policy"]


def test_browsers_are_told_which_pages_they_may_prepare() -> None:
    headers = {item["Header"]: item["Value"] for item in headers_policy()["CustomHeadersConfig"]["Items"]}
    assert headers["Speculation-Rules"] == '"/speculation-rules.json"'  # a structured field: https://www.rfc-editor.org/rfc/rfc8941
