"""What each function may do: the whole table, so that a permission too many fails as one too few does."""

from fnmatch import fnmatchcase
from itertools import chain
from typing import Any

import pytest

from .stack import FUNCTIONS, KEY, QUEUES, properties, resources

# A verb is what a function wants to do, its actions what AWS calls that.
VERBS = {
    "read": ["s3:GetObject"],
    "read-version": ["s3:GetObjectVersion"],
    "write": ["s3:PutObject"],
    "delete": ["s3:DeleteObject"],
    "list": ["s3:ListBucket"],
    "get": ["dynamodb:GetItem"],
    "get-many": ["dynamodb:BatchGetItem"],
    "query": ["dynamodb:Query"],
    "put": ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"],
    "note": ["dynamodb:BatchWriteItem"],
    "check": ["dynamodb:ConditionCheckItem"],
    "receive": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
    "peek": ["sqs:ReceiveMessage"],
    "measure": ["sqs:GetQueueAttributes"],
    "send": ["sqs:SendMessage"],
    "purge": ["cloudfront:CreateInvalidation"],
    "tell": ["events:PutEvents"],
    "log": ["logs:CreateLogStream", "logs:PutLogEvents"],
}
# Nobody needs these.
FORBIDDEN = [
    "s3:DeleteObjectVersion",
    "s3:ListBucketVersions",
    "s3:PutBucketPolicy",
    "s3:PutLifecycleConfiguration",
    "dynamodb:Scan",
    "dynamodb:DeleteTable",
    "dynamodb:PartiQLSelect",
    "sqs:PurgeQueue",
    "cloudfront:UpdateDistribution",
    "events:PutRule",
    "logs:DeleteLogGroup",
    "iam:PassRole",
    "lambda:InvokeFunction",
]
THINGS = {
    "an article": "arn:aws:s3:::pressrun-content/articles/arctic/ice.md",
    "a report": "arn:aws:s3:::pressrun-content/reports/articles/arctic/ice.md.json",
    "a preview": "arn:aws:s3:::pressrun-content/reports/previews/articles/arctic/ice.md.html",
    "the content bucket": "arn:aws:s3:::pressrun-content",
    "a register object": "arn:aws:s3:::pressrun-register/urls/arctic/ice",
    "the register bucket": "arn:aws:s3:::pressrun-register",
    "a page": "arn:aws:s3:::pressrun-site/arctic/ice/index.html",
    "an asset": "arn:aws:s3:::pressrun-site/assets/style.0123456789.css",
    "a picture": "arn:aws:s3:::pressrun-site/pictures/0123456789ab/0123456789abcdef-800.avif",
    "the site bucket": "arn:aws:s3:::pressrun-site",
    "the table": "arn:aws:dynamodb:us-east-1:123456789012:table/pressrun-catalogue",
    "the index": "arn:aws:dynamodb:us-east-1:123456789012:table/pressrun-catalogue/index/dirty",
    "another index": "arn:aws:dynamodb:us-east-1:123456789012:table/pressrun-catalogue/index/other",
    "the distribution": "arn:aws:cloudfront::123456789012:distribution/Distribution",
    "another distribution": "arn:aws:cloudfront::123456789012:distribution/E2OTHER",
    "another bucket": "arn:aws:s3:::elsewhere/key",
    "the event bus": "arn:aws:events:us-east-1:123456789012:event-bus/pressrun",
    "the account's own event bus": "arn:aws:events:us-east-1:123456789012:event-bus/default",
    **{queue: f"arn:aws:sqs:us-east-1:123456789012:pressrun-{queue}" for queue in QUEUES},
    **{f"{queue}-dead": f"arn:aws:sqs:us-east-1:123456789012:pressrun-{queue}-dead" for queue in QUEUES},
    **{f"{name}'s log": f"arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/pressrun-{name}:log-stream:x" for name in FUNCTIONS},
}
MAY = {
    "validate": {
        "an article": "read",
        "a report": "read write",
        "a preview": "read write",
        "the content bucket": "list",
        "a register object": "read read-version write",
        "the register bucket": "list",
        "an asset": "write",
        "a picture": "write",
        "the site bucket": "list",
        "the table": "get-many query put check",
        "uploads": "receive send",
        "articles": "send",
        "lists": "send",
        "the event bus": "tell",
        "validate's log": "log",
    },
    "render": {
        "a preview": "write delete",
        "a register object": "read read-version",
        "the register bucket": "list",
        "a page": "read write delete",
        "an asset": "read write delete",
        "a picture": "read write delete",
        "the site bucket": "list",
        "the table": "get-many query put check",
        "articles": "receive send",
        "lists": "send",
        "the event bus": "tell",
        "render's log": "log",
    },
    "index": {
        "a register object": "read read-version",
        "the register bucket": "list",
        "a page": "read write delete",
        "an asset": "read write delete",
        "a picture": "read write delete",
        "the site bucket": "list",
        "the table": "get-many query put check",
        "articles": "send",
        "lists": "receive send",
        "index's log": "log",
    },
    "invalidate": {
        "a page": "read",
        "an asset": "read",
        "a picture": "read",
        "the site bucket": "list",
        "the distribution": "purge",
        "the table": "note",
        "changed": "receive",
        "invalidate's log": "log",
    },
    "sweep": {
        "the content bucket": "list",
        "the register bucket": "list",
        "the table": "get-many query put",
        "the index": "query",
        "uploads": "send measure",
        "articles": "send",
        "lists": "send",
        "uploads-dead": "peek",
        "articles-dead": "peek",
        "sweep's log": "log",
    },
}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def role(function: str, **parameters: str) -> list[Any]:
    """The statements of a function's role."""
    [policy] = properties("AWS::IAM::Role", **parameters)[f"{function.capitalize()}Role"]["Policies"]
    statements: list[Any] = policy["PolicyDocument"]["Statement"]
    return statements


def denied_to_all() -> list[Any]:
    """What a bucket's own policy refuses to everybody, without a condition."""
    policies = properties("AWS::S3::BucketPolicy").values()
    statements = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    return [each for each in statements if each["Effect"] == "Deny" and each["Principal"] == "*" and "Condition" not in each]


def covers(statement: Any, action: str, thing: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in as_list(statement["Action"])) and any(
        fnmatchcase(thing, pattern) for pattern in as_list(statement["Resource"])
    )


def grants(statements: list[Any], action: str, thing: str) -> bool:
    return any(statement["Effect"] == "Allow" and covers(statement, action, thing) for statement in statements)


def allows(statements: list[Any], action: str, thing: str) -> bool:
    """IAM's rule: a refusal anywhere wins, and what nobody grants is refused."""
    return grants(statements, action, thing) and not any(covers(statement, action, thing) for statement in denied_to_all())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_its_work_and_nothing_else(function: str) -> None:
    granted = {
        (thing, action)
        for thing, arn in THINGS.items()
        for action in [*(action for actions in VERBS.values() for action in actions), *FORBIDDEN]
        if grants(role(function), action, arn)
    }
    needed = {(thing, action) for thing, verbs in MAY[function].items() for verb in verbs.split() for action in VERBS[verb]}
    assert granted == needed


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_names_every_action_and_every_resource(function: str) -> None:
    named = {action for actions in VERBS.values() for action in actions}
    for statement in role(function):
        if statement["Resource"] == "*":  # X-Ray knows no resources
            assert as_list(statement["Action"]) == ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
        else:
            assert set(as_list(statement["Action"])) <= named


def test_every_function_has_a_role_of_its_own_that_only_lambda_takes_on() -> None:
    functions = properties("AWS::Lambda::Function")
    assert {id_: function["Role"] for id_, function in functions.items()} == {
        f"{name.capitalize()}Function": f"{name.capitalize()}Role.Arn" for name in FUNCTIONS
    }
    roles = properties("AWS::IAM::Role")
    assert len(roles) == len(FUNCTIONS)
    for each in roles.values():
        [trust] = each["AssumeRolePolicyDocument"]["Statement"]
        assert (trust["Effect"], trust["Principal"], trust["Action"]) == ("Allow", {"Service": "lambda.amazonaws.com"}, "sts:AssumeRole")
        assert "ManagedPolicyArns" not in each


def test_nobody_but_validate_writes_the_register() -> None:
    assert [name for name in FUNCTIONS if allows(role(name), "s3:PutObject", THINGS["a register object"])] == ["validate"]


def test_nobody_deletes_from_the_register_not_even_an_administrator() -> None:
    administrator = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    assert allows(administrator, "s3:GetObject", THINGS["a register object"])
    for action in ["s3:DeleteObject", "s3:DeleteObjectVersion"]:
        assert not allows(administrator, action, THINGS["a register object"])
    assert "LifecycleConfiguration" not in resources("AWS::S3::Bucket")["RegisterBucket"]["Properties"]


def test_invalidate_changes_nothing_but_the_cache_and_its_own_notes() -> None:
    changes = [action for verb in ["write", "delete", "put", "send"] for action in VERBS[verb]]
    changed = [(action, thing) for action in changes for thing, arn in THINGS.items() if allows(role("invalidate"), action, arn)]
    assert changed == [("dynamodb:BatchWriteItem", "the table")]
    [noting] = [statement for statement in role("invalidate") if "dynamodb:BatchWriteItem" in as_list(statement["Action"])]
    # An empty set satisfies ForAllValues, but BatchWriteItem always names keys:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
    assert noting["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["made#*"]}}


def test_a_key_of_ones_own_is_used_by_those_alone_who_read_or_write_what_it_encrypts() -> None:
    actions = ["kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt", "kms:CreateGrant", "kms:ScheduleKeyDeletion"]
    keys = [KEY, KEY.replace("1234", "5678")]

    def used(**parameters: str) -> dict[str, list[tuple[str, str]]]:
        roles = {name: role(name, **parameters) for name in FUNCTIONS}
        return {name: [(action, key) for action in actions for key in keys if grants(roles[name], action, key)] for name in FUNCTIONS}

    reads, writes = ("kms:Decrypt", KEY), ("kms:GenerateDataKey", KEY)
    assert used(KmsKeyArn=KEY) == {"validate": [reads, writes], "render": [reads, writes], "index": [reads], "invalidate": [], "sweep": []}
    assert used() == {name: [] for name in FUNCTIONS}


def test_index_does_not_read_the_content() -> None:
    for thing in ["an article", "a report", "a preview", "the content bucket"]:
        assert not any(allows(role("index"), action, THINGS[thing]) for actions in VERBS.values() for action in actions)


@pytest.mark.parametrize("function", ["validate", "render", "index", "invalidate"])
def test_no_function_that_makes_pages_reads_the_eventually_consistent_index(function: str) -> None:
    assert not allows(role(function), "dynamodb:Query", THINGS["the index"])


def allowed_by_services() -> dict[str, list[tuple[str, Any]]]:
    """What the buckets' and queues' own policies allow to a service: by service, the actions and under which condition."""
    found: dict[str, list[tuple[str, Any]]] = {}
    for policy in (*properties("AWS::S3::BucketPolicy").values(), *properties("AWS::SQS::QueuePolicy").values()):
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow":
                found.setdefault(statement["Principal"]["Service"], []).append((statement["Action"], statement["Condition"]))
    return found


def test_only_the_stacks_own_distribution_reads_the_site_and_only_its_buckets_fill_the_queues() -> None:
    allowed = allowed_by_services()
    assert set(allowed) == {"cloudfront.amazonaws.com", "s3.amazonaws.com"}
    distribution = {"StringEquals": {"aws:SourceArn": THINGS["the distribution"]}}
    assert allowed["cloudfront.amazonaws.com"] == [("s3:GetObject", distribution), ("s3:ListBucket", distribution)]
    for (action, condition), bucket in zip(allowed["s3.amazonaws.com"], ("content", "site"), strict=True):
        assert action == "sqs:SendMessage"
        assert condition["ArnEquals"] == {"aws:SourceArn": f"arn:aws:s3:::pressrun-{bucket}"}
        assert condition["StringEquals"] == {"aws:SourceAccount": "123456789012"}


def test_readers_requests_are_signed_to_the_bucket_by_the_distribution_alone() -> None:
    [access] = properties("AWS::CloudFront::OriginAccessControl").values()
    settings = access["OriginAccessControlConfig"]
    assert (settings["SigningBehavior"], settings["SigningProtocol"], settings["OriginAccessControlOriginType"]) == ("always", "sigv4", "s3")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_reaches_what_is_none_of_its_business(function: str) -> None:
    """Said apart from the table, so that a mistake in one of them is found by the other."""
    may = {
        (action, thing) for thing, arn in THINGS.items() for action in {*chain(*VERBS.values()), *FORBIDDEN} if allows(role(function), action, arn)
    }
    never = {
        *((action, thing) for action in FORBIDDEN for thing in THINGS),
        *(("s3:PutObject", thing) for thing in ("an article", "another bucket")),
        *(("s3:DeleteObject", thing) for thing in ("an article", "a report", "a register object", "another bucket")),
        *((action, "another distribution") for action in VERBS["purge"]),
        *(("sqs:DeleteMessage", f"{queue}-dead") for queue in QUEUES),
        *(("sqs:SendMessage", f"{queue}-dead") for queue in QUEUES),
        *((action, "the account's own event bus") for action in VERBS["tell"]),
        *((action, f"{other}'s log") for other in FUNCTIONS if other != function for action in VERBS["log"]),
    }
    assert may & never == set()
