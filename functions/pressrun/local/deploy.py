"""``deploy``: the package and ``infra/template.yaml`` to AWS, by SAM's command line."""

from collections.abc import Sequence
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse


def parameters_of(template: Path) -> set[str]:
    """The names of the template's parameters."""
    return set(yaml_parse(template.read_text("utf-8"))["Parameters"])


def arguments(sam: str, template: Path, name: str, edition: str, parameters: Sequence[str]) -> list[str]:
    """The call of ``sam deploy``: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-cli-command-reference-sam-deploy.html

    ``parameters`` are ``NAME=VALUE``, as the template has them; its ``Name`` and ``Edition`` are given.
    """
    overrides = [f"Name={name}", f"Edition={edition}", *parameters]
    fixed = ["--capabilities", "CAPABILITY_NAMED_IAM", "--resolve-s3", "--no-fail-on-empty-changeset", "--no-confirm-changeset"]
    return [sam, "deploy", "--template-file", str(template), "--stack-name", name, *fixed, "--parameter-overrides", *overrides]
