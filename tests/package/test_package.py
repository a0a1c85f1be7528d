"""What is in the package that `make package` builds."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from pressrun.local.package import FOLDER, HERE, LAMBDA, Package

from .conftest import built

REPOSITORY = Path(__file__).parents[2]
TEMPLATE = REPOSITORY / "infra" / "template.yaml"
FUNCTIONS = ["validate", "render", "index", "invalidate", "sweep"]
ARM64 = 183  # EM_AARCH64 in elf.h
UNCHECKED_HASH = 0b01  # https://peps.python.org/pep-0552/


@pytest.fixture(scope="module")
def imported(package: Package) -> dict[str, set[str]]:
    """What each function imports, in a fresh process that sees nothing but the package."""
    return {step: modules(package, f"pressrun.{step}") for step in FUNCTIONS}


def modules(package: Package, name: str) -> set[str]:
    code = f"import json, sys, {name}; print(json.dumps(list(sys.modules)))"
    environment = {"PYTHONPATH": str(package.folder), "AWS_DEFAULT_REGION": "us-east-1"}
    run = subprocess.run([sys.executable, "-S", "-P", "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout))


def module(path: Path) -> str:
    """`pressrun/core/site.py` is `pressrun.core.site`."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def versions(lock: Path) -> set[str]:
    return set(re.findall(r"^[\w.-]+==\S+", lock.read_text(), re.MULTILINE))


def test_the_package_holds_what_the_functions_import_and_nothing_else_of_ours(package: Package, imported: dict[str, set[str]]) -> None:
    held = {module(path.relative_to(package.folder)) for path in (package.folder / "pressrun").rglob("*.py*")}
    assert held == {name for name in set.union(*imported.values()) if name.partition(".")[0] == "pressrun"}


def test_the_package_holds_the_theme(package: Package) -> None:
    def files(folder: Path) -> dict[str, bytes]:
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    assert files(package.folder / "templates") == files(REPOSITORY / "templates")


@pytest.mark.parametrize("name", ["typer", "rich", "moto", "samtranslator", "watchfiles", "pytest", "bin"])
def test_what_only_a_laptop_needs_is_not_in_it(package: Package, name: str) -> None:
    assert not (package.folder / name).exists()


@pytest.mark.parametrize(
    ("step", "name"),
    [
        *(("invalidate", name) for name in ("jinja2", "pyromark", "nh3", "yaml", "slugify", "PIL", "pressrun.core.article")),
        *(("sweep", name) for name in ("jinja2", "PIL")),
        *((step, name) for step in FUNCTIONS for name in ("PIL", "pydantic", "aws_xray_sdk", "requests", "pressrun.core.build")),
    ],
)
def test_a_function_that_makes_no_page_does_not_pay_for_it_at_its_cold_start(imported: dict[str, set[str]], step: str, name: str) -> None:
    assert name not in imported[step]


def test_the_package_is_where_and_for_what_the_template_says() -> None:
    settings = yaml_parse(TEMPLATE.read_text())["Globals"]["Function"]
    assert (TEMPLATE.parent / settings["CodeUri"]).resolve() == FOLDER
    assert settings["Runtime"] == f"python{LAMBDA.python}"
    assert settings["Architectures"] == ["arm64"]


def test_every_extension_is_for_lambdas_processor_and_python(lambda_package: Package) -> None:
    extensions = list(lambda_package.folder.rglob("*.so"))
    assert {path.name.partition(".")[0] for path in extensions} >= {"_pyromark", "nh3", "_yaml", "_speedups"}
    for path in extensions:
        assert int.from_bytes(path.read_bytes()[18:20], "little") == ARM64
        assert f".cpython-{LAMBDA.python.replace('.', '')}-" in path.name or ".abi3." in path.name


def test_what_is_tested_is_what_is_shipped() -> None:
    assert versions(REPOSITORY / "functions" / "requirements.lock") <= versions(REPOSITORY / "requirements.lock")


def test_the_lock_has_no_markers_since_pip_would_judge_them_by_this_machine() -> None:
    assert ";" not in (REPOSITORY / "functions" / "requirements.lock").read_text()


def test_the_same_inputs_give_the_same_bytes(package: Package, tmp_path: Path) -> None:
    again = built(tmp_path / "package", HERE)
    assert (again.edition, again.size) == (package.edition, package.size)
    first, second = (shutil.make_archive(str(tmp_path / name), "tar", one.folder) for name, one in (("first", package), ("second", again)))
    assert Path(first).read_bytes() == Path(second).read_bytes()


def test_every_module_is_bytecode_that_is_loaded_whatever_the_time_of_its_source(package: Package) -> None:
    assert package.compiled
    assert not list(package.folder.rglob("*.py"))
    modules = list(package.folder.rglob("*.pyc"))
    assert len(modules) > 300
    for bytecode in modules:
        assert bytecode.parent.name != "__pycache__"
        assert int.from_bytes(bytecode.read_bytes()[4:8], "little") == UNCHECKED_HASH


def test_there_is_bytecode_for_lambda_where_a_python_is_at_hand_that_can_make_it(lambda_package: Package) -> None:
    assert lambda_package.compiled == any(lambda_package.folder.rglob("*.pyc"))
    assert lambda_package.compiled != any(lambda_package.folder.rglob("*.py"))
    assert lambda_package.compiled or HERE.python != LAMBDA.python


def test_the_package_for_lambda_is_under_30_mb(lambda_package: Package) -> None:
    assert lambda_package.size == sum(path.stat().st_size for path in lambda_package.folder.rglob("*") if path.is_file())
    assert lambda_package.size < 30_000_000


_DEVELOP = """
import io, sys
from PIL import AvifImagePlugin, Image, ImageCms, WebPImagePlugin
from pressrun.core.pictures import develop, judge_picture

profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
for ending, kind, settings in [
    ("jpg", "JPEG", {"icc_profile": profile}), ("png", "PNG", {}), ("gif", "GIF", {}), ("webp", "WEBP", {}), ("avif", "AVIF", {})
]:
    file = io.BytesIO()
    Image.effect_noise((640, 400), 60).convert("RGB").save(file, kind, **settings)
    picture, problems = judge_picture("media/a." + ending, file.getvalue())
    assert picture and not problems, (ending, problems)
    for key, body in develop(file.getvalue(), picture, ()):
        sys.stdout.write(f"{ending} {key.rpartition('.')[2]} {len(body) > 100}\\n")
"""


def test_what_is_left_of_pillow_takes_in_every_kind_of_picture(package: Package) -> None:
    environment = {"PYTHONPATH": str(package.folder)}
    ran = subprocess.run([sys.executable, "-S", "-P", "-c", _DEVELOP], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    lines = [line.split() for line in ran.stdout.splitlines()]
    assert {upload for upload, _, _ in lines} == {"jpg", "png", "gif", "webp", "avif"}
    assert {made for _, made, _ in lines} >= {"avif", "jpg"}
    assert {whole for _, _, whole in lines} == {"True"}


def test_the_bill_of_materials_names_everything_that_is_in_the_package(package: Package) -> None:
    bill = json.loads(package.folder.with_name(f"{package.folder.name}.cdx.json").read_text("utf-8"))
    assert (bill["bomFormat"], bill["specVersion"], bill["metadata"]["component"]["version"]) == ("CycloneDX", "1.6", package.edition)
    named = {(re.sub(r"[-_.]+", "-", one["name"]).lower(), one["version"]) for one in bill["components"]}
    there = {tuple(folder.name.removesuffix(".dist-info").rsplit("-", 1)) for folder in package.folder.glob("*.dist-info")}
    assert {(re.sub(r"[-_.]+", "-", name).lower(), version) for name, version in there} == named
    assert {one["purl"] for one in bill["components"]} == {f"pkg:pypi/{one['name']}@{one['version']}" for one in bill["components"]}
