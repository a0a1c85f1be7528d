"""`infra/template.yaml` as CloudFormation gets it: after the SAM transform, with every reference replaced by a name or an ARN."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

INFRA = Path(__file__).parents[2] / "infra"
TEMPLATE = INFRA / "template.yaml"
FUNCTIONS = ["validate", "render", "index", "invalidate", "sweep"]
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234"  # of one's own
QUEUES = ["uploads", "articles", "lists", "changed"]

_PSEUDO = {"AWS::Partition": "aws", "AWS::AccountId": "123456789012", "AWS::Region": "us-east-1", "AWS::NoValue": None}
# type: the property that holds the physical name, and the ARN that AWS makes of it
_NAMED = {
    "AWS::S3::Bucket": ("BucketName", "arn:aws:s3:::{}"),
    "AWS::SQS::Queue": ("QueueName", "arn:aws:sqs:us-east-1:123456789012:{}"),
    "AWS::DynamoDB::Table": ("TableName", "arn:aws:dynamodb:us-east-1:123456789012:table/{}"),
    "AWS::Logs::LogGroup": ("LogGroupName", "arn:aws:logs:us-east-1:123456789012:log-group:{}:*"),
    "AWS::Lambda::Function": ("FunctionName", "arn:aws:lambda:us-east-1:123456789012:function:{}"),
    "AWS::Events::EventBus": ("Name", "arn:aws:events:us-east-1:123456789012:event-bus/{}"),
}


@cache
def translated() -> dict[str, Any]:
    """The CloudFormation template that the SAM transform makes. Raises samtranslator's InvalidDocumentException."""
    template = yaml_parse(TEMPLATE.read_text())
    # `sam deploy` uploads the package and writes its address here; the transform accepts nothing else.
    template["Globals"]["Function"]["CodeUri"] = "s3://deployment/package.zip"
    # No managed policies to look up, since the template names none; the session only tells the region.
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name="us-east-1"))
    result: dict[str, Any] = translator.translate(template, {})
    return result


@cache
def resources(type_: str, **parameters: str) -> dict[str, Any]:
    """Logical id → the resource, of one type, as a stack with these parameters (else the defaults) has it."""
    template = translated()
    values = {name: str(parameter["Default"]) for name, parameter in template["Parameters"].items()} | parameters
    return {id_: _resolve(resource, template, values) for id_, resource in template["Resources"].items() if resource["Type"] == type_}


@cache
def properties(type_: str, **parameters: str) -> dict[str, Any]:
    """Logical id → the properties alone."""
    return {id_: resource["Properties"] for id_, resource in resources(type_, **parameters).items()}


def the(type_: str, **parameters: str) -> Any:
    """The properties of the only resource of its type."""
    [only] = properties(type_, **parameters).values()
    return only


def _resolve(value: Any, template: dict[str, Any], parameters: dict[str, str]) -> Any:
    def resolve(value: Any) -> Any:
        match value:
            case {"Ref": name}:
                return _PSEUDO[name] if name in _PSEUDO else parameters.get(name, physical_name(name))
            case {"Fn::GetAtt": [id_, "Arn"]} if template["Resources"][id_]["Type"] in _NAMED:
                return _NAMED[template["Resources"][id_]["Type"]][1].format(physical_name(id_))
            case {"Fn::GetAtt": [id_, "QueueName"]}:
                return physical_name(id_)
            case {"Fn::GetAtt": [id_, attribute]}:
                return f"{id_}.{attribute}"
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([^}]+)\}", lambda match: str(resolve(_reference(match[1]))), text)
            case {"Fn::If": [condition, then, otherwise]}:
                return resolve(then if holds(template["Conditions"][condition]) else otherwise)
            case dict():
                return {key: resolve(item) for key, item in value.items() if item != {"Ref": "AWS::NoValue"}}
            case list():
                return [item for each in value if (item := resolve(each)) is not None]
        return value

    def physical_name(id_: str) -> str:
        resource = template["Resources"].get(id_, {"Type": ""})
        return str(resolve(resource["Properties"][_NAMED[resource["Type"]][0]])) if resource["Type"] in _NAMED else id_

    def holds(condition: Any) -> bool:
        match condition:
            case {"Fn::Not": [inner]}:
                return not holds(inner)
            case {"Fn::Equals": [left, right]}:
                return bool(resolve(left) == resolve(right))
        raise NotImplementedError(condition)

    return resolve(value)


def _reference(name: str) -> dict[str, Any]:
    id_, _, attribute = name.partition(".")
    return {"Fn::GetAtt": [id_, attribute]} if attribute else {"Ref": name}
