"""A site as files: the same bytes from any number of processes, and no more writes than there are changes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden.golden import build_sample, content_of

_PROGRAM = """
import sys
from pathlib import Path
from tests.golden.golden import NOW, SAMPLE
from pressrun.cloud.theme import load_theme
from pressrun.local import output

output.sys.platform = sys.argv[3]
if __name__ == "__main__":
    output.write_site(SAMPLE, Path(sys.argv[1]), NOW, load_theme(), lambda *_: None, int(sys.argv[2]))
"""


def build(into: Path, processes: int, platform: str = sys.platform) -> None:
    """In a process of its own: one that has threads, as a test runner has, should not be copied."""
    program = into.parent / "program.py"
    program.write_text(_PROGRAM)
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, program, into, str(processes), platform], cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, check=True)


@pytest.mark.parametrize(("processes", "platform"), [(1, "linux"), (3, "linux"), (2, "darwin")])
def test_any_number_of_processes_makes_the_site_that_the_pure_function_makes(tmp_path: Path, processes: int, platform: str) -> None:
    build(tmp_path / "site", processes, platform)
    written = content_of(tmp_path / "site")
    manifest = written.pop(".pressrun-site.json")
    built = build_sample()
    assert {key: body for key, body in written.items() if key in built.site} == {key: made.body for key, made in built.site.items()}
    assert written.keys() == built.described.keys()
    assert manifest.count(b"\n") == len(built.described) + 2


def test_what_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    site = tmp_path / "site"
    build(site, 2)
    before = {path: path.stat().st_mtime_ns for path in site.rglob("*")}
    build(site, 3)
    assert {path: path.stat().st_mtime_ns for path in site.rglob("*")} == before
    (site / "index.html").write_text("by another hand")
    (site / "feed.xml").unlink()
    build(site, 1)
    changed = {path.name for path in before if path.is_file() and before[path] != path.stat().st_mtime_ns}
    assert changed == {"index.html", "feed.xml"}


def test_nothing_is_left_beside_the_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setenv("TMPDIR", str(aside))
    build(tmp_path / "site", 2)
    assert list(aside.iterdir()) == []
