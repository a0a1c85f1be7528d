"""The stack of infra/template.yaml, made in the local AWS.

`samtranslator` turns the template into CloudFormation, as the SAM transform does on AWS; what the local cloud needs of it is created with
boto3. Roles, policies of queues, alarms and log groups are left out: moto enforces none, so the template's tests judge them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from pressrun.local.aws import ACCOUNT, REGION, client

Resource = dict[str, Any]


@dataclass(frozen=True)
class Function:
    """A Lambda function: `handler` is `module.name`, `timeout` seconds, `memory` MB."""

    name: str
    handler: str
    environment: Mapping[str, str]
    timeout: int
    memory: int

    @property
    def step(self) -> str:
        """Its step in the pipeline, which is its module: `validate` of `pressrun.validate.handler`."""
        return self.handler.split(".")[-2]

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}"


@dataclass(frozen=True)
class EventSource:
    """An event source mapping of a queue: `window` and `visibility` in seconds."""

    queue: str
    function: Function
    batch_size: int
    window: float
    partial_failures: bool
    visibility: int


@dataclass(frozen=True)
class Schedule:
    """A function called every `rate` seconds."""

    function: Function
    rate: float
    arn: str


@dataclass(frozen=True)
class Distribution:
    """What the model of the CDN needs to know: the origin's bucket, TTLs in seconds, policies and error responses as in the template."""

    id: str
    origin: str
    tag_header: str
    min_ttl: int
    default_ttl: int
    max_ttl: int
    error_responses: Mapping[int, Resource]
    headers_policy: Resource
    viewer_request: str
    viewer_response: str


@dataclass(frozen=True)
class Stack:
    """`resources` and `outputs` by their names in the template, a resource's value being its physical name; `functions` by `Function.step`."""

    resources: Mapping[str, str]
    outputs: Mapping[str, str]
    functions: Mapping[str, Function]
    event_sources: list[EventSource]
    schedules: list[Schedule]
    distribution: Distribution


def create(template: Path, parameters: Mapping[str, str] | None = None) -> Stack:
    """Create the template's resources in the running `Aws`.

    Raises ValueError for a parameter that the template does not have, or an expression that this module does not know.
    """
    translated = _translated(template, template.stat().st_mtime_ns)
    resources = _Resources(translated, parameters or {})
    _create_queues(resources)
    for _, table in resources.of_type("AWS::DynamoDB::Table"):
        _create_table(table)
    for _, bus in resources.of_type("AWS::Events::EventBus"):
        client("events").create_event_bus(Name=bus["Name"])
    for _, bucket in resources.of_type("AWS::S3::Bucket"):
        _create_bucket(bucket)
    distribution = _create_distribution(resources)
    functions = {function.step: function for function in (_function(one) for _, one in resources.of_type("AWS::Lambda::Function"))}
    return Stack(
        resources=resources.physical,
        outputs={name: str(resources.resolve(output["Value"])) for name, output in translated.get("Outputs", {}).items()},
        functions=functions,
        event_sources=list(_event_sources(resources, functions)),
        schedules=list(_schedules(resources, functions)),
        distribution=distribution,
    )


def queue_url(queue: str) -> str:
    return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{queue}"


def queue_arn(queue: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"


@cache
def _translated(template: Path, _modified: int) -> Resource:
    source = yaml_parse(template.read_text("utf-8"))
    # The transform wants the code in S3, as after `sam package`. Here the code is this process's own.
    source["Globals"]["Function"]["CodeUri"] = "s3://package/pressrun"
    translated: Resource = transform(source, {}, _NoManagedPolicies())
    return translated


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


class _Resources:
    """The translated template, with its expressions resolved to what exists."""

    def __init__(self, template: Resource, parameters: Mapping[str, str]) -> None:
        unknown = parameters.keys() - template["Parameters"].keys()
        if unknown:
            raise ValueError(f"the template has no parameter {', '.join(sorted(unknown))}")
        self._template = template
        defaults = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}
        pseudo = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
        pseudo["AWS::StackName"] = str((defaults | dict(parameters)).get("Name"))
        self._values = defaults | pseudo | dict(parameters)
        self.physical: dict[str, str] = {}
        for kind, attribute in _NAMED.items():
            for name, properties in self.of_type(kind):
                self.physical[name] = properties[attribute]

    def of_type(self, kind: str) -> Iterator[tuple[str, Resource]]:
        """Names and resolved properties."""
        for name, resource in self._template["Resources"].items():
            if resource["Type"] == kind:
                yield name, self.resolve(resource.get("Properties", {}))

    def resolve(self, node: Any) -> Any:
        match node:
            case {"Ref": name}:
                return self._ref(name)
            case {"Fn::GetAtt": [name, *attribute]}:
                return self._attribute(name, ".".join(attribute))
            case {"Fn::Sub": str(text)}:
                return self._sub(text, {})
            case {"Fn::Sub": [text, values]}:
                return self._sub(text, self.resolve(values))
            case {"Fn::Join": [separator, parts]}:
                return separator.join(str(part) for part in self.resolve(parts))
            case {"Fn::If": [condition, yes, no]}:
                return self.resolve(yes if self._holds(condition) else no)
            case {"Fn::Equals": [one, other]}:
                return self.resolve(one) == self.resolve(other)
            case {"Fn::Not": [one]}:
                return not self.resolve(one)
            case {"Fn::And": [*all_of]}:
                return all(self.resolve(one) for one in all_of)
            case {"Fn::Or": [*any_of]}:
                return any(self.resolve(one) for one in any_of)
            case {"Condition": str(name)} if len(node) == 1:
                return self._holds(name)
            case dict() if len(node) == 1 and next(iter(node)).startswith("Fn::"):
                raise ValueError(f"the local cloud does not know {next(iter(node))}")
            case dict():
                return {name: value for name, raw in node.items() if (value := self.resolve(raw)) is not _NO_VALUE}
            case list():
                return [value for raw in node if (value := self.resolve(raw)) is not _NO_VALUE]
            case _:
                return node

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self._values:
            return self._values[name]
        physical = self.physical.get(name, name)
        return queue_url(physical) if self._template["Resources"][name]["Type"] == "AWS::SQS::Queue" else physical

    def _attribute(self, name: str, attribute: str) -> str:
        physical, kind = self.physical.get(name, name), self._template["Resources"][name]["Type"]
        match kind, attribute:
            case "AWS::S3::Bucket", "Arn":
                return f"arn:aws:s3:::{physical}"
            case "AWS::S3::Bucket", "RegionalDomainName" | "DomainName":
                return f"{physical}.s3.{REGION}.amazonaws.com"
            case "AWS::SQS::Queue", "QueueName":
                return physical
            case "AWS::SQS::Queue", "Arn":
                return queue_arn(physical)
            case "AWS::Lambda::Function", "Arn":
                return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{physical}"
            case "AWS::DynamoDB::Table", "Arn":
                return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{physical}"
            case "AWS::CloudFront::Distribution", "DomainName":
                distribution = client("cloudfront").get_distribution(Id=physical)["Distribution"]
                return str(distribution["DomainName"])
            case _:
                return f"{name}.{attribute}"  # of a resource that is left out: only told apart, never used

    def _sub(self, text: str, values: Mapping[str, Any]) -> str:
        def value(match: re.Match[str]) -> str:
            name, _, attribute = match[1].partition(".")
            if match[1] in values:
                return str(values[match[1]])
            return str(self._attribute(name, attribute) if attribute else self._ref(name))

        return re.sub(r"\$\{([^!}]+)\}", value, text).replace("${!", "${")

    def _holds(self, condition: str | None) -> bool:
        return condition is None or bool(self.resolve(self._template["Conditions"][condition]))


_NO_VALUE = object()

# What the template names itself. The id of a distribution is AWS's to give.
_NAMED = {
    "AWS::SQS::Queue": "QueueName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Events::EventBus": "Name",
}


def _create_queues(resources: _Resources) -> None:
    sqs = client("sqs")
    queues = [queue for _, queue in resources.of_type("AWS::SQS::Queue")]
    for queue in queues:
        plain = {name: str(value) for name, value in queue.items() if isinstance(value, int) and not isinstance(value, bool)}
        sqs.create_queue(QueueName=queue["QueueName"], Attributes=plain)
    for queue in queues:  # a dead-letter queue must exist before it is named
        if "RedrivePolicy" in queue:
            attributes = {"RedrivePolicy": json.dumps(queue["RedrivePolicy"])}
            sqs.set_queue_attributes(QueueUrl=queue_url(queue["QueueName"]), Attributes=attributes)


def _create_table(table: Resource) -> None:
    names = ("TableName", "BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    client("dynamodb").create_table(**{name: table[name] for name in names if name in table})
    if "TimeToLiveSpecification" in table:
        client("dynamodb").update_time_to_live(TableName=table["TableName"], TimeToLiveSpecification=table["TimeToLiveSpecification"])


def _create_bucket(bucket: Resource) -> None:
    s3, name = client("s3"), bucket["BucketName"]
    s3.create_bucket(Bucket=name)
    if "VersioningConfiguration" in bucket:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=bucket["VersioningConfiguration"])
    notifications = [
        {"QueueArn": one["Queue"], "Events": [one["Event"]], **_filter(one.get("Filter"))}
        for one in bucket.get("NotificationConfiguration", {}).get("QueueConfigurations", [])
    ]
    if notifications:
        s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={"QueueConfigurations": notifications})


def _filter(template: Resource | None) -> Resource:
    return {"Filter": {"Key": {"FilterRules": template["S3Key"]["Rules"]}}} if template else {}


def _create_distribution(resources: _Resources) -> Distribution:
    ((name, properties),) = resources.of_type("AWS::CloudFront::Distribution")
    config = properties["DistributionConfig"]
    (origin,) = config["Origins"]
    behavior = config["DefaultCacheBehavior"]
    created = client("cloudfront").create_distribution(
        DistributionConfig={
            "CallerReference": name,
            "Comment": config["Comment"],
            "Enabled": True,
            "Origins": {
                "Quantity": 1,
                "Items": [{"Id": origin["Id"], "DomainName": origin["DomainName"], "S3OriginConfig": {"OriginAccessIdentity": ""}}],
            },
            "DefaultCacheBehavior": {"TargetOriginId": origin["Id"], "ViewerProtocolPolicy": behavior["ViewerProtocolPolicy"]},
        }
    )
    resources.physical[name] = created["Distribution"]["Id"]
    policies = dict(resources.of_type("AWS::CloudFront::CachePolicy"))
    headers = dict(resources.of_type("AWS::CloudFront::ResponseHeadersPolicy"))
    code = {function_name: function["FunctionCode"] for function_name, function in resources.of_type("AWS::CloudFront::Function")}
    edge = {one["EventType"]: code[one["FunctionARN"].partition(".")[0]] for one in behavior.get("FunctionAssociations", [])}
    ttl = policies[behavior["CachePolicyId"]]["CachePolicyConfig"]
    return Distribution(
        id=resources.physical[name],
        origin=origin["DomainName"].partition(".")[0],
        tag_header=config.get("CacheTagConfig", {}).get("HeaderName", ""),
        min_ttl=ttl["MinTTL"],
        default_ttl=ttl["DefaultTTL"],
        max_ttl=ttl["MaxTTL"],
        error_responses={one["ErrorCode"]: one for one in config.get("CustomErrorResponses", [])},
        headers_policy=headers[behavior["ResponseHeadersPolicyId"]]["ResponseHeadersPolicyConfig"],
        viewer_request=edge["viewer-request"],
        viewer_response=edge["viewer-response"],
    )


def _function(properties: Resource) -> Function:
    return Function(
        name=properties["FunctionName"],
        handler=properties["Handler"],
        environment={name: str(value) for name, value in properties["Environment"]["Variables"].items()},
        timeout=properties["Timeout"],
        memory=properties["MemorySize"],
    )


def _event_sources(resources: _Resources, functions: Mapping[str, Function]) -> Iterator[EventSource]:
    visibility = {queue["QueueName"]: int(queue.get("VisibilityTimeout", 30)) for _, queue in resources.of_type("AWS::SQS::Queue")}
    by_name = {function.name: function for function in functions.values()}
    for _, source in resources.of_type("AWS::Lambda::EventSourceMapping"):
        queue = source["EventSourceArn"].rpartition(":")[2]
        yield EventSource(
            queue=queue,
            function=by_name[source["FunctionName"]],
            batch_size=int(source["BatchSize"]),
            window=float(source.get("MaximumBatchingWindowInSeconds", 0)),
            partial_failures="ReportBatchItemFailures" in source.get("FunctionResponseTypes", []),
            visibility=visibility[queue],
        )


def _schedules(resources: _Resources, functions: Mapping[str, Function]) -> Iterator[Schedule]:
    by_arn = {function.arn: function for function in functions.values()}
    for name, rule in resources.of_type("AWS::Events::Rule"):
        for target in rule["Targets"]:
            yield Schedule(by_arn[target["Arn"]], _rate(rule["ScheduleExpression"]), f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}")
    for name, schedule in resources.of_type("AWS::Scheduler::Schedule"):
        arn = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{name}"
        yield Schedule(by_arn[schedule["Target"]["Arn"]], _rate(schedule["ScheduleExpression"]), arn)


def _rate(expression: str) -> float:
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if not match:
        raise ValueError(f"the local cloud knows rate(…), not {expression}")
    return int(match[1]) * {"minute": 60.0, "hour": 3600.0, "day": 86400.0}[match[2]]
