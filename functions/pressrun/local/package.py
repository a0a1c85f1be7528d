"""The Lambda package, which `infra/template.yaml` names as its CodeUri: the functions' code, the theme, and what they depend on.

The same inputs give the same bytes. boto3 is in it although the runtime has one, because AWS replaces the runtime's when it likes, and what is
tested here is to be what runs there, until the edition says otherwise.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pressrun.cloud.theme import theme_files

_REPOSITORY = Path(__file__).parents[3]
_LOCK = _REPOSITORY / "functions" / "requirements.lock"
FOLDER = _REPOSITORY / "build" / "package"

# What no function imports.
_LEFT_OUT = (
    "pressrun/cli.py",
    "pressrun/local/",
    "pressrun/cloud/explain.py",
    "pressrun/cloud/pending.py",
    "pressrun/cloud/remote.py",
    "pressrun/cloud/restore.py",
    "pressrun/core/build.py",
)
# botocore describes every service of AWS, in 28 MB.
_SERVICES = {"cloudfront", "dynamodb", "events", "s3", "sqs"}
_LONG_AGO = 1_577_836_800  # 2020: a zip file knows no instant before 1980


@dataclass(frozen=True, slots=True)
class Platform:
    """Where a package runs: Python's version, and the platform tags of the wheels that serve there, the best first; none: this machine's."""

    python: str
    tags: tuple[str, ...] = ()


HERE = Platform(f"{sys.version_info.major}.{sys.version_info.minor}")
# The runtime python3.13 is Amazon Linux 2023, which has glibc 2.34: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
# pip takes a tag as it stands, so each older glibc is named too, or it would choose older releases.
LAMBDA = Platform("3.13", (*(f"manylinux_2_{minor}_aarch64" for minor in range(34, 16, -1)), "manylinux2014_aarch64"))


@dataclass(frozen=True, slots=True)
class Package:
    """A package that was built. `size`: bytes, unpacked. `compiled`: whether bytecode is in it, which halves a cold start."""

    folder: Path
    edition: str
    size: int
    compiled: bool


def edition() -> str:
    """The hash of what makes the pages: code, theme and the versions of what they depend on."""
    files = _sources() | {"requirements.lock": _LOCK}
    lines = (f"{name} {sha256(path.read_bytes()).hexdigest()}" for name, path in sorted(files.items()))
    return sha256("\n".join(lines).encode()).hexdigest()[:12]


def build(folder: Path = FOLDER, platform: Platform = LAMBDA) -> Package:
    """Makes `folder` anew. Raises subprocess.CalledProcessError, with what pip said, for a dependency without a wheel or with another hash."""
    if folder.exists():
        shutil.rmtree(folder)
    _install(folder, platform)
    for name, source in _sources().items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    # Bytecode is of one version of Python.
    compiled = platform.python == HERE.python
    if compiled:
        _compile(folder)
    size = 0
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (_LONG_AGO, _LONG_AGO))
        size += 0 if path.is_dir() else path.stat().st_size
    return Package(folder, edition(), size, compiled)


def _sources() -> dict[str, Path]:
    """The package's own files: from their names in it to where they are in the repository."""
    code = {path.relative_to(_REPOSITORY / "functions").as_posix(): path for path in (_REPOSITORY / "functions").rglob("*.py")}
    own = os.environ.get("TEMPLATES")
    theme = {f"templates/{name}": path for name, path in theme_files(Path(own) if own else None).items()}
    return {name: path for name, path in (code | theme).items() if not name.startswith(_LEFT_OUT)}


def _install(folder: Path, platform: Platform) -> None:
    flags = ["--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    if platform.tags:
        flags += ["--implementation", "cp", "--python-version", platform.python, *(f"--platform={tag}" for tag in platform.tags)]
    _python("pip", "install", *flags, "--target", str(folder), "--requirement", str(_LOCK))
    # Scripts begin with the path of this machine's Python, and pip's records hold their hashes.
    shutil.rmtree(folder / "bin")
    for record in folder.glob("*.dist-info/RECORD"):
        record.unlink()
    for service in (folder / "botocore" / "data").iterdir():
        if service.is_dir() and service.name not in _SERVICES:
            shutil.rmtree(service)


def _compile(folder: Path) -> None:
    """Bytecode that Python loads without a look at the source's time, which Lambda's unpacking does not keep."""
    _python("compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", "/var/task", str(folder))


def _python(module: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", module, *arguments], check=True, capture_output=True, text=True)  # noqa: S603 - our own words


def main() -> None:
    """`make package`."""
    try:
        package = build()
    except subprocess.CalledProcessError as error:
        sys.exit(error.stderr)
    sys.stdout.write(f"{package.folder}: {package.size / 1e6:.1f} MB, edition {package.edition}\n")
    if not package.compiled:
        version = LAMBDA.python
        sys.stderr.write(f"There is no bytecode in it: only Python {version} makes that of Lambda's. Try: make PYTHON=python{version} package\n")


if __name__ == "__main__":
    main()
