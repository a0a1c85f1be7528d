"""Imports run one way, and the core is pure."""

import ast
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = sorted((ROOT / "functions/pressrun/core").glob("*.py"))

# Clock, chance, environment and files, by what they are called with; the import contracts keep out their modules.
IMPURE_METHODS = {"now", "utcnow", "today", "read_text", "read_bytes", "write_text", "write_bytes"}
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "__import__"}


def test_the_import_contracts_hold() -> None:
    # in a process of its own: it configures logging, which disables every logger that other tests read
    command = [f"{sysconfig.get_path('scripts')}/lint-imports", "--config", "pyproject.toml", "--no-cache"]
    judged = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert judged.returncode == 0, judged.stdout + judged.stderr


def impurities(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if name in IMPURE_METHODS:
                yield name
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_CALLS:
                yield name
            case ast.Import(names=[ast.alias(name="pathlib")]):
                yield "pathlib"
            case ast.ImportFrom(module="pathlib", names=names):
                yield from (name.name for name in names if name.name != "PurePosixPath")


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_the_core_asks_no_clock_no_chance_no_environment_and_no_file(path: Path) -> None:
    assert list(impurities(path.read_text("utf-8"))) == []


@pytest.mark.parametrize("source", ["datetime.now(UTC)", "date.today()", "open('x')", "from pathlib import Path", "import pathlib", "p.read_text()"])
def test_impurity_is_seen(source: str) -> None:
    assert list(impurities(source))
