"""The outside judges. Each sees what the other cannot, and cfn-lint sees more once the SAM transform is done."""

import json
import subprocess
from pathlib import Path

from cfnlint.api import lint

from tests.needs import need

from .stack import INFRA, TEMPLATE, translated

CHECKOV = INFRA.parent / "build/checkov/bin/checkov"


def test_cfn_lint_has_nothing_to_say_of_the_template() -> None:
    assert lint(TEMPLATE.read_text()) == []


def test_cfn_lint_has_nothing_to_say_of_the_translated_template() -> None:
    assert lint(json.dumps(translated())) == []


def test_checkov_finds_nothing_that_is_not_excused(tmp_path: Path) -> None:
    need(CHECKOV.exists(), "checkov is not here; `make checkov-env` gets it")
    template = tmp_path / "template.json"
    template.write_text(json.dumps(translated()))
    command = [str(CHECKOV), "--config-file", str(INFRA / "checkov.yaml"), "--file", str(template), "--output", "json", "--soft-fail"]
    report = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert [(check["check_id"], check["resource"]) for check in report["results"]["failed_checks"]] == []
    assert report["summary"]["passed"] > 50
    assert report["summary"]["parsing_errors"] == 0
