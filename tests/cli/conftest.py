"""One running ``pressrun dev`` for all tests of a module that share it."""

from collections.abc import Iterator

import pytest

from .commands import Dev, dev


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """Over a folder that was empty."""
    place = tmp_path_factory.mktemp("dev")
    with dev(place / "magazine", place / "printed") as started:
        yield started
