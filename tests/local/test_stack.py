"""infra/template.yaml, made in the local AWS."""

from pathlib import Path

import boto3
import pytest

from pressrun.local import stack
from pressrun.local.aws import Aws

from .conftest import STEPS, TEMPLATE


def test_the_stack_has_the_templates_buckets_queues_table_and_distribution(aws: Aws) -> None:
    made = stack.create(TEMPLATE)
    assert [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]] == [
        "pressrun-content",
        "pressrun-register",
        "pressrun-site",
    ]
    queues = {url.rpartition("/")[2] for url in boto3.client("sqs").list_queues()["QueueUrls"]}
    names = {f"pressrun-{name}" for name in ("uploads", "articles", "lists", "changed")}
    assert queues == names | {f"{name}-dead" for name in names}
    table = boto3.client("dynamodb").describe_table(TableName="pressrun-catalogue")["Table"]
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["dirty"]
    [distribution] = boto3.client("cloudfront").list_distributions()["DistributionList"]["Items"]
    assert (distribution["Id"], distribution["Comment"]) == (made.distribution.id, "pressrun")
    assert made.outputs["DistributionId"] == distribution["Id"]


def test_the_functions_are_told_of_the_resources_that_exist(aws: Aws) -> None:
    made = stack.create(TEMPLATE)
    assert made.functions.keys() == set(STEPS)
    validate = made.functions["validate"]
    assert validate.handler == "pressrun.validate.handler"
    assert validate.environment["CONTENT_BUCKET"] == "pressrun-content"
    assert validate.environment["TABLE"] == "pressrun-catalogue"
    boto3.client("sqs").get_queue_attributes(QueueUrl=validate.environment["LISTS_QUEUE_URL"])
    assert made.functions["invalidate"].environment["DISTRIBUTION_ID"] == made.distribution.id


def test_each_queue_has_its_function_and_the_sweep_its_schedule(aws: Aws) -> None:
    made = stack.create(TEMPLATE)
    assert [(source.queue, source.function.name) for source in made.event_sources] == [
        ("pressrun-uploads", "pressrun-validate"),
        ("pressrun-articles", "pressrun-render"),
        ("pressrun-lists", "pressrun-index"),
        ("pressrun-changed", "pressrun-invalidate"),
    ]
    assert all(source.partial_failures and source.visibility >= 6 * source.function.timeout for source in made.event_sources)
    assert [(schedule.function.name, schedule.rate) for schedule in made.schedules] == [("pressrun-sweep", 60)]


def test_parameters_reach_names_windows_and_functions(aws: Aws) -> None:
    made = stack.create(TEMPLATE, {"Name": "other", "ListsWindow": "7", "FreshLists": "expire"})
    assert made.resources["SiteBucket"] == made.distribution.origin == "other-site"
    assert [source.window for source in made.event_sources if source.queue == "other-lists"] == [7]
    assert made.functions["invalidate"].environment["PURGE_LISTS"] == "expire"


def test_a_parameter_that_the_template_does_not_have_is_refused(aws: Aws) -> None:
    with pytest.raises(ValueError, match="no parameter Nmae"):
        stack.create(TEMPLATE, {"Nmae": "x"})


def test_an_expression_that_the_local_cloud_does_not_know_is_refused(aws: Aws, tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE.read_text("utf-8").replace('TableName: !Sub "${Name}-catalogue"', "TableName: !ImportValue x"), "utf-8")
    with pytest.raises(ValueError, match="Fn::ImportValue"):
        stack.create(template)
