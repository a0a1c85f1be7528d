"""Every AWS call that a function makes in the life of a magazine is one that its role allows: moto enforces no policy, so this does."""

from collections.abc import Iterator
from typing import Any

import pytest

from pressrun.local.storm.stage import SITE_TOML, Stage, ago, article, staged

from .stack import FUNCTIONS
from .test_roles import allows, role

# What IAM calls an operation, where it is another name.
S3_ACTIONS = {"HeadObject": "s3:GetObject", "ListObjectsV2": "s3:ListBucket"}
TRANSACTION_ACTIONS = {"Put": "PutItem", "Delete": "DeleteItem", "Update": "UpdateItem", "ConditionCheck": "ConditionCheckItem"}

Call = tuple[str, str, str]


def needed(service: str, operation: str, parameters: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The IAM actions of one call, each with the ARN that it is about."""
    match service:
        case "s3":
            thing = f"arn:aws:s3:::{parameters['Bucket']}" + (f"/{parameters['Key']}" if "Key" in parameters else "")
            version = "Version" if "VersionId" in parameters else ""
            yield S3_ACTIONS.get(operation, f"s3:{operation}") + version, thing
        case "dynamodb":
            table = "arn:aws:dynamodb:us-east-1:123456789012:table/pressrun-catalogue"
            if operation == "TransactWriteItems":
                for item in parameters["TransactItems"]:
                    yield f"dynamodb:{TRANSACTION_ACTIONS[next(iter(item))]}", table
            else:
                yield f"dynamodb:{operation}", table + (f"/index/{parameters['IndexName']}" if "IndexName" in parameters else "")
        case "sqs":
            queue = parameters["QueueUrl"].rsplit("/", 1)[-1]
            yield f"sqs:{operation.removesuffix('Batch')}", f"arn:aws:sqs:us-east-1:123456789012:{queue}"
        case "events":
            for entry in parameters["Entries"]:
                yield f"events:{operation}", f"arn:aws:events:us-east-1:123456789012:event-bus/{entry['EventBusName']}"
        case "cloudfront":
            yield f"cloudfront:{operation}", "arn:aws:cloudfront::123456789012:distribution/Distribution"


@pytest.fixture(scope="module")
def calls() -> set[Call]:
    """(function, action, ARN) of every call in a life that comes by everything a function does."""
    made: set[Call] = set()

    def note(stage: Stage, params: dict[str, Any], model: Any) -> None:
        for action, thing in needed(model.service_model.service_name, model.name, params):
            made.add((stage.at_work, action, thing))

    with staged(site_toml="", calls=note) as stage:
        stage.put("site.toml", SITE_TOML)
        stage.put("articles/a.md", article("One", section="news", tags="[ice]", authors="[Jo]", date=ago(days=3)))
        stage.put("articles/bad.md", article("Bad", section="nowhere"))
        stage.put("articles/later.md", article("Later", section="news", date=ago(hours=-1)))
        stage.put("media/x.pdf", "not published yet")
        stage.settle()
        stage.put("articles/a.md", article("One", slug="moved", section="essays", tags="[ice]", date=ago(days=3)))
        stage.put("articles/b.md", article("Between", section="news", tags="[ice]", date=ago(days=4)), metadata={"receipt": "r"})
        stage.settle()
        stage.put("site.toml", SITE_TOML.replace("The Stage", "Another name"))
        stage.delete("articles/b.md")
        stage.settle()
        stage.put("articles/lost.md", article("Lost", section="news"))
        stage.work_off("uploads")
        stage.lose_messages()
        stage.settle()
        stage.check()
    return made


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_call_that_a_function_makes_is_one_that_its_role_allows(function: str, calls: set[Call]) -> None:
    statements = role(function)
    mine = {(action, thing) for name, action, thing in calls if name == function}
    assert mine
    assert sorted((action, thing) for action, thing in mine if not allows(statements, action, thing)) == []
