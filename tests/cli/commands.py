"""Pressrun and the AWS command line as their users run them: processes of their own, which speak over ports."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM, Signals
from typing import Any, TypeVar
from urllib.error import HTTPError

from pressrun.local.aws import listen

T = TypeVar("T")

BIN = Path(sys.executable).parent
PATIENCE = 120  # seconds, on a machine that does much else

SITE_TOML = """\
title = "The Meridian"
base_url = "https://meridian.example"
default_section = "news"

[[sections]]
slug = "news"
name = "News"
"""


def article(title: str = "One", body: str = "Text.", **fields: str) -> str:
    """An article as an editor saves it."""
    lines = "".join(f"{name}: {value}\n" for name, value in fields.items())
    return f"---\ntitle: {title}\n{lines}---\n{body}\n"


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one value on the one line that ``--json`` prints."""
        [line] = self.out.splitlines()
        return json.loads(line)


def environment(**settings: str) -> dict[str, str]:
    """This process's, without what could lead a client anywhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PRESSRUN_"))} | settings


def pressrun(*arguments: str | Path, folder: Path | None = None, **settings: str) -> Ran:
    """Runs a command to its end. Whatever came of it, nobody is shown a stack trace who did not ask for one."""
    run = subprocess.run(
        [BIN / "pressrun", *arguments], cwd=folder, env=environment(**settings), capture_output=True, text=True, timeout=PATIENCE * 6, check=False
    )
    assert "PRESSRUN_DEBUG" in settings or "Traceback" not in run.stdout + run.stderr
    return Ran(run.returncode, run.stdout, run.stderr)


def until(found: Callable[[], T | None], what: str) -> T:
    """The first answer that is not false."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if answer := found():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {PATIENCE} seconds")


def free_port() -> int:
    with listen(0) as listener:
        return int(listener.getsockname()[1])


class Dev:
    """A running ``pressrun dev``."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes], printed: Path, port: int, aws_port: int) -> None:
        self.folder, self.port, self.aws_port = folder, port, aws_port
        self._process, self._printed = process, printed

    @property
    def settings(self) -> dict[str, str]:
        """As it tells its user to set them."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.aws_port}",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
        }

    def pressrun(self, *arguments: str | Path, folder: Path | None = None, **settings: str) -> Ran:
        return pressrun(*arguments, folder=folder, **self.settings, **settings)

    def aws(self, *arguments: str | Path) -> str:
        """The real AWS command line."""
        run = subprocess.run(
            [BIN / "aws", "--endpoint-url", self.settings["AWS_ENDPOINT_URL"], *arguments],
            env=environment(**self.settings),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    def settle(self) -> None:
        assert self.pressrun("settle", "--timeout", str(PATIENCE), "--json").json == {"settled": True, "pending": 0}

    def verify(self) -> None:
        """Once nothing is pending, the site is what it should be, to the byte."""
        self.settle()
        ran = self.pressrun("verify")
        assert ran.code == 0, ran.out

    def get(self, path: str) -> tuple[int, str]:
        """Status and body, through the CDN. A redirect is not followed."""
        try:
            with _opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE) as response:
                return response.status, response.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def answers(self, path: str, status: int) -> str:
        """The page, as soon as it answers so."""
        return until(lambda: found if (found := self.get(path))[0] == status else None, f"{status} at {path}")[1]

    def printed(self) -> str:
        return self._printed.read_text("utf-8")

    def says(self, text: str) -> None:
        until(lambda: text in self.printed(), f"“{text}”")

    def versions(self, key: str) -> list[str]:
        """The versions that the site bucket keeps of one object: one for each time that it was put."""
        listed = self.aws("s3api", "list-object-versions", "--bucket", "pressrun-site", "--prefix", key)
        return [one["VersionId"] for one in json.loads(listed).get("Versions", []) if one["Key"] == key]

    def history(self) -> set[tuple[str, str]]:
        """Every version of every object of the site: unchanged, if nothing was put."""
        listed = json.loads(self.aws("s3api", "list-object-versions", "--bucket", "pressrun-site"))
        return {(one["Key"], one["VersionId"]) for one in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]}

    def invalidations(self) -> int:
        [distribution] = json.loads(self.aws("cloudfront", "list-distributions"))["DistributionList"]["Items"]
        listed = json.loads(self.aws("cloudfront", "list-invalidations", "--distribution-id", distribution["Id"]))
        return len(listed["InvalidationList"].get("Items", []))

    def stop(self, signal: Signals = SIGTERM) -> int:
        """Ends it, and gives its exit code."""
        self._process.send_signal(signal)
        return self._process.wait(PATIENCE)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


@contextmanager
def dev(folder: Path, printed: Path, **settings: str) -> Iterator[Dev]:
    """A ``pressrun dev`` over ``folder`` that is ready, and ended in the end. What it prints to either stream is kept in ``printed``."""
    port, aws_port = free_port(), free_port()
    with printed.open("wb") as sink:
        command: list[str | Path] = [BIN / "pressrun", "dev", folder, "--port", str(port), "--aws-port", str(aws_port)]
        process = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT, env=environment(**settings))
    running = Dev(folder, process, printed, port, aws_port)
    try:
        until(lambda: "Stop with Ctrl-C" in running.printed() or process.poll() is not None, "a start")
        assert process.poll() is None, running.printed()
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()
            process.wait()
        assert "Traceback" not in running.printed()
