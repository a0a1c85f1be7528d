"""``deploy``, with a stand-in for SAM's command line: what it is asked to do, and what follows."""

import os
from pathlib import Path
from typing import Any

import pytest

from pressrun.local.package import FOLDER, edition

from .commands import Dev, free_port, pressrun


@pytest.fixture
def sam(tmp_path: Path) -> Path:
    """Keeps what it was asked in ``asked``, and ends with the code in ``code``."""
    (tmp_path / "code").write_text("0")
    script = tmp_path / "sam"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{tmp_path}/asked"\nexit "$(cat "{tmp_path}/code")"\n')
    script.chmod(0o755)
    return script


def on_aws(sam: Path) -> dict[str, Any]:
    """As who deploys has set it: a file ``config`` beside ``sam`` may say where AWS is."""
    return {
        "PATH": f"{sam.parent}{os.pathsep}{os.environ['PATH']}",
        "AWS_CONFIG_FILE": str(sam.parent / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
    }


def test_without_sam_it_says_how_to_get_it(tmp_path: Path) -> None:
    ran = pressrun("deploy", PATH=str(tmp_path))
    assert ran.code == 2
    assert "pip install aws-sam-cli" in ran.err


def test_what_is_no_parameter_is_named_before_anything_is_done(sam: Path) -> None:
    ran = pressrun("deploy", "FreshLists", PATH=f"{sam.parent}{os.pathsep}{os.environ['PATH']}")
    assert (ran.code, (sam.parent / "asked").exists()) == (2, False)
    assert "FreshLists is no parameter." in ran.err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("Name=other", "Name is no parameter to be given."),
        ("Edition=other", "Edition is no parameter to be given."),
        ("=x", "The template has no parameter ''."),
        ("FreshList=expire", "The template has no parameter 'FreshList'."),
    ],
)
def test_a_parameter_that_cannot_be_is_refused_before_anything_is_done(sam: Path, given: str, said: str) -> None:
    ran = pressrun("deploy", given, PATH=f"{sam.parent}{os.pathsep}{os.environ['PATH']}")
    assert (ran.code, (sam.parent / "asked").exists()) == (2, False)
    assert ran.err.startswith(said)


def test_a_template_with_a_mistake_is_not_deployed(sam: Path, tmp_path: Path) -> None:
    own = tmp_path / "look"
    own.mkdir()
    (own / "base.html").write_text("{% if %}")
    ran = pressrun("deploy", PATH=f"{sam.parent}{os.pathsep}{os.environ['PATH']}", TEMPLATES=str(own))
    assert (ran.code, (sam.parent / "asked").exists()) == (2, False)
    assert ran.err.startswith("The template base.html, line 1: ")


@pytest.mark.parametrize("setting", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"])
def test_what_leads_to_a_local_cloud_is_refused_before_anything_is_done(sam: Path, setting: str) -> None:
    ran = pressrun("deploy", **{**on_aws(sam), setting: "http://127.0.0.1:4566"})
    assert (ran.code, (sam.parent / "asked").exists()) == (2, False)
    assert ran.err.startswith(f"{setting} leads to a local cloud")
    assert f"unset {setting}" in ran.err


@pytest.mark.parametrize(
    ("without", "said"),
    [
        (["AWS_DEFAULT_REGION"], "No region is set."),
        (["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], "There are no credentials for AWS."),
        (["AWS_SECRET_ACCESS_KEY"], "The settings for AWS cannot be used: "),
    ],
)
def test_without_region_or_credentials_nothing_is_deployed(sam: Path, without: list[str], said: str) -> None:
    ran = pressrun("deploy", **{name: value for name, value in on_aws(sam).items() if name not in without})
    assert (ran.code, (sam.parent / "asked").exists()) == (2, False)
    assert ran.err.startswith(said)


def test_what_fails_after_sam_says_that_the_stack_is_deployed_and_what_is_left_to_do(sam: Path) -> None:
    (sam.parent / "config").write_text(f"[default]\nendpoint_url = http://127.0.0.1:{free_port()}\n")
    ran = pressrun("deploy", **on_aws(sam))
    assert (ran.code, (sam.parent / "asked").exists()) == (2, True)
    assert ran.err.startswith("The stack is deployed, but this edition could not be put in force")
    assert ran.err.endswith("the same command goes on from there.\n")
    assert "Deployed." not in ran.out


def test_the_package_and_the_template_are_deployed_and_put_in_force(running: Dev, sam: Path) -> None:
    settings = on_aws(sam)
    (sam.parent / "config").write_text(f"[default]\nendpoint_url = {running.settings['AWS_ENDPOINT_URL']}\n")
    ran = pressrun("deploy", "FreshLists=expire", **settings)
    assert ran.code == 0, ran.err
    asked = (sam.parent / "asked").read_text().split("\n")
    assert asked[:2] == ["deploy", "--template-file"]
    assert asked[-4:-1] == ["Name=pressrun", f"Edition={edition()}", "FreshLists=expire"]
    assert any(FOLDER.rglob("pressrun/render.py*"))
    assert "This edition was in force already." in ran.out  # as the local cloud is of the same code

    (sam.parent / "code").write_text("3")
    failed = pressrun("deploy", **settings)
    assert failed.code == 1
    assert "nothing was put in force" in failed.err
