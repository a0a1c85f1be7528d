"""What is missing skips by name on a laptop, and fails in CI."""

import pytest

from tests import needs


def test_what_is_missing_skips_the_test_and_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="`make judges` gets it with npm"):
        needs.judge("no-such-judge")


@pytest.mark.parametrize(
    "missing", [lambda: needs.judge("no-such-judge"), lambda: needs.program("no-such-program", "nothing gets it"), lambda: needs.need("", "gone")]
)
def test_in_ci_nothing_that_is_missing_skips(missing: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception):
        missing()  # type: ignore[operator]


def test_in_ci_a_machine_without_chromium_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        needs.chromium()
