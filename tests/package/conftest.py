"""The package, built once as for Lambda and once for the machine that runs the tests."""

import subprocess
from pathlib import Path

import pytest

from pressrun.local.package import HERE, LAMBDA, Package, Platform, build
from tests.needs import need


def built(folder: Path, platform: Platform) -> Package:
    """A package in `folder`. A machine without a network skips the test; CI never does."""
    try:
        return build(folder, platform)
    except subprocess.CalledProcessError as error:
        need("connection" not in error.stderr, "the package index cannot be reached, and the functions' dependencies come from it")
        raise AssertionError(error.stderr) from error


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The package as this machine can run it."""
    return built(tmp_path_factory.mktemp("here") / "package", HERE)


@pytest.fixture(scope="session")
def lambda_package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The package as `make package` builds it."""
    return built(tmp_path_factory.mktemp("lambda") / "package", LAMBDA)
