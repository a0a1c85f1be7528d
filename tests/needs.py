"""What some tests need beyond the lock. A machine that has not got it skips them and says how to get it; CI fails."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

JUDGES = Path(__file__).parent / "judges"


def need(found: object, how: str) -> None:
    """Skips the test where ``found`` is nothing; ``how`` says how to get it."""
    if not found:
        (pytest.fail if "CI" in os.environ else pytest.skip)(how)


def chromium() -> str:
    """The path of a Chromium."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""
    need(path, "there is no Chromium; `apt-get install chromium` gets one, and CHROMIUM may name one")
    return path


def judge(package: str) -> Path:
    """The folder of an npm package."""
    folder = JUDGES / "node_modules" / package
    need(folder.exists(), f"{package} is not here; `make judges` gets it with npm")
    return folder


def program(name: str, how: str) -> str:
    """The path of a program."""
    path = shutil.which(name) or ""
    need(path, f"there is no {name}; {how}")
    return path


def node(script: str, *arguments: str) -> object:
    """What one of the scripts beside the judges answers, as JSON."""
    command = [program("node", "`apt-get install nodejs npm` gets it"), str(JUDGES / script), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
