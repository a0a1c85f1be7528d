"""``deploy``, with a stand-in for SAM's command line: what it is asked to do, and what follows."""

import os
from pathlib import Path
from typing import Any

import pytest

from pressrun.local.package import FOLDER, edition

from .commands import Dev, pressrun


@pytest.fixture
def sam(tmp_path: Path) -> Path:
    """Keeps what it was asked in ``asked``, and ends with the code in ``code``."""
    (tmp_path / "code").write_text("0")
    script = tmp_path / "sam"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{tmp_path}/asked"\nexit "$(cat "{tmp_path}/code")"\n')
    script.chmod(0o755)
    return script


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


def test_the_package_and_the_template_are_deployed_and_put_in_force(running: Dev, sam: Path) -> None:
    settings: dict[str, Any] = {**running.settings, "PATH": f"{sam.parent}{os.pathsep}{os.environ['PATH']}"}
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
