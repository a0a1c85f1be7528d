"""The Lambda package, which `infra/template.yaml` names as its CodeUri: the functions' code, the theme, and what they depend on.

boto3 is in it although the runtime has one, because AWS replaces the runtime's when it likes, and what is tested here is to be what runs there, until
the edition says otherwise. What no function imports is left out, to the last shared library; and where there is bytecode, there is no source beside
it. The same inputs give the same bytes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from struct import pack_into, unpack_from

from pressrun.cloud.theme import NoTheme, own_theme, theme_files

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
# Of what the functions depend on, patterns for what they never import.
_UNUSED = (
    "*.dist-info/RECORD",  # holds the hashes of scripts, which begin with the path of this machine's Python
    "*.dist-info/sboms",
    "**/*.pyi",
    "**/*.pyx",
    "bin",
    *(f"PIL/_imaging{name}.*" for name in ("ft", "math", "morph", "tk")),
    *(f"PIL/Image{name}.py" for name in ("Draw", "Draw2", "Font", "Grab", "Math", "Morph", "Qt", "Show", "Text", "Tk", "Transform")),
    *(f"PIL/{name}.py" for name in ("BdfFontFile", "FontFile", "PSDraw", "PcfFontFile", "PdfParser")),
    *(f"aws_lambda_powertools/{name}" for name in ("event_handler", "metrics/provider/datadog")),
    *(
        f"aws_lambda_powertools/utilities/{name}"
        for name in (
            *("auth_alpha", "circuit_breaker", "data_masking", "feature_flags", "idempotency", "kafka", "parameters", "parser", "streaming"),
            "validation",
        )
    ),
    "boto3/data/*/",
    "boto3/examples",
    "botocore/data/**/examples-1.*",
    "dateutil/zoneinfo",
)
# Pillow's modules for the kinds of pictures that are taken in, and for those that it looks for by itself.
_PICTURES = {f"{kind}ImagePlugin.py" for kind in ("Avif", "Bmp", "Gif", "Jpeg", "Mpo", "Png", "Ppm", "Tiff", "WebP")}
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
    """Makes `folder` anew, and beside it the list of what is in it.

    Raises subprocess.CalledProcessError, with what pip said, for a dependency without a wheel or with another hash.
    """
    if folder.exists():
        shutil.rmtree(folder)
    _install(folder, platform)
    for name, source in _sources().items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    (folder / "EDITION").write_text(edition())
    python = _compiler(platform.python)  # bytecode is of one version
    if python:
        _compile(folder, python)
    _bill(folder).write_text(json.dumps(bill_of_materials(), indent=1) + "\n", "utf-8")
    size = 0
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (_LONG_AGO, _LONG_AGO))
        size += 0 if path.is_dir() else path.stat().st_size
    return Package(folder, edition(), size, compiled=python is not None)


def bill_of_materials() -> dict[str, object]:
    """What others' work is in the package (SBOM), as CycloneDX has it: https://cyclonedx.org/docs/1.6/json/"""
    locked = re.findall(r"^([\w.-]+)==(\S+)", _LOCK.read_text("utf-8"), re.MULTILINE)
    components = [{"type": "library", "name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}"} for name, version in locked]
    about = {"component": {"type": "application", "name": "pressrun", "version": edition()}}
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": about, "components": components}


def _bill(folder: Path) -> Path:
    """Beside the package, not in it: no function reads it."""
    return folder.with_name(f"{folder.name}.cdx.json")


def _sources() -> dict[str, Path]:
    """The package's own files: from their names in it to where they are in the repository."""
    code = {path.relative_to(_REPOSITORY / "functions").as_posix(): path for path in (_REPOSITORY / "functions").rglob("*.py")}
    theme = {f"templates/{name}": path for name, path in theme_files(own_theme()).items()}
    return {name: path for name, path in (code | theme).items() if not name.startswith(_LEFT_OUT)}


def _install(folder: Path, platform: Platform) -> None:
    flags = ["--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    if platform.tags:
        flags += ["--implementation", "cp", "--python-version", platform.python, *(f"--platform={tag}" for tag in platform.tags)]
    _python("pip", "install", *flags, "--target", str(folder), "--requirement", str(_LOCK))
    for pattern in _UNUSED:
        for path in folder.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for plugin in (folder / "PIL").glob("*ImagePlugin.py"):
        if plugin.name not in _PICTURES:
            plugin.unlink()
    for service in (folder / "botocore" / "data").iterdir():
        if service.name not in _SERVICES:
            if service.is_dir():
                shutil.rmtree(service)
        else:
            for former in sorted(service.iterdir())[:-1]:  # of the service's interface, by date
                shutil.rmtree(former)
    _leave_out_endpoints(folder / "botocore" / "data" / "endpoints.json")
    _leave_out_libraries(folder)
    for extension in folder.rglob("*.so*"):
        _strip(extension)


def _leave_out_endpoints(file: Path) -> None:
    """Of where each service of AWS answers, which is read in each cold start, all but those that are called."""
    endpoints = json.loads(file.read_text("utf-8"))
    for partition in endpoints["partitions"]:
        partition["services"] = {name: where for name, where in partition["services"].items() if name in _SERVICES}
    file.write_text(json.dumps(endpoints), "utf-8")


def _leave_out_libraries(folder: Path) -> None:
    """Of the shared libraries that come with Pillow, those that nothing names any more."""
    left = {path.name: path for path in (folder / "pillow.libs").glob("*")}
    naming = list((folder / "PIL").glob("*.so"))
    while naming:
        data = naming.pop().read_bytes()
        naming += [left.pop(name) for name in sorted(left) if name.encode() in data]
    for path in left.values():
        path.unlink()


# https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html, of a file for 64 bits
_LOADED = 1
_SECTIONS_AT, _SECTIONS = 0x28, 0x3C


def _strip(library: Path) -> None:
    """Cuts off what is never loaded: symbols and what debuggers read, which lie behind what is."""
    data = bytearray(library.read_bytes())
    if not data.startswith(b"\x7fELF\x02\x01"):
        return
    (table,) = unpack_from("<Q", data, 0x20)
    size, count = unpack_from("<HH", data, 0x36)
    segments = [unpack_from("<IIQQQQ", data, table + size * number) for number in range(count)]
    end = max(offset + length for kind, _, offset, _, _, length in segments if kind == _LOADED)
    if end < len(data):
        pack_into("<Q", data, _SECTIONS_AT, 0)
        pack_into("<HH", data, _SECTIONS, 0, 0)
        library.write_bytes(data[:end])


def _compiler(version: str) -> str | None:
    """A Python of this version: this one, or one that is at hand."""
    if version == HERE.python:
        return sys.executable
    named = shutil.which(f"python{version}")
    # A stand-in for a Python that is not there does not run.
    return named if named and subprocess.run([named, "-c", ""], capture_output=True, check=False).returncode == 0 else None  # noqa: S603


def _compile(folder: Path, python: str) -> None:
    """Bytecode in the place of each source. Python loads it without a look at anything else, and still names file and line of what goes wrong."""
    flags = ["-q", "-b", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", "/var/task"]
    _run(python, "-m", "compileall", *flags, str(folder))
    for source in folder.rglob("*.py"):
        source.unlink()


def _python(module: str, *arguments: str) -> None:
    _run(sys.executable, "-m", module, *arguments)


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True)  # noqa: S603 - our own words


def main() -> None:
    """`make package`."""
    try:
        package = build()
    except subprocess.CalledProcessError as error:
        sys.exit(error.stderr)
    except NoTheme as error:
        sys.exit(str(error))
    sys.stdout.write(f"{package.folder}: {package.size / 1e6:.1f} MB, edition {package.edition}\n")
    if not package.compiled:
        version = LAMBDA.python
        sys.stderr.write(f"There is no bytecode in it, which would halve a cold start: there is no python{version} here to make it.\n")


if __name__ == "__main__":
    main()
