"""The site of the golden magazine, byte for byte, and the same bytes every time."""

import os
import subprocess
import sys

import pytest

from .golden import GOLDEN, LISTING, SITE, build_golden, build_sample, content_of, fingerprint, listing_of

_HOW = "if it is meant, run `python tests/golden/golden.py` and read the diff"


def test_the_golden_magazine_makes_the_golden_site() -> None:
    made = {key: found.body.decode() for key, found in build_golden().site.items()}
    kept = {key: body.decode() for key, body in content_of(SITE).items()}
    assert made.keys() == kept.keys(), _HOW
    for key in kept:
        assert made[key] == kept[key], f"{key}: {_HOW}"


def test_the_golden_site_has_its_metadata() -> None:
    assert listing_of(build_golden().site) == LISTING.read_text("utf-8"), _HOW


def test_nothing_of_the_golden_magazine_is_refused() -> None:
    assert build_golden().refused == ()


@pytest.mark.parametrize("word", ["comet", "sealed", "nobody-yet", "Christmas", "unfinished", "half-written", "regrets", "A Mistake"])
def test_nothing_of_an_embargoed_unfinished_or_withdrawn_article_is_in_the_site(word: str) -> None:
    assert [key for key, found in build_golden().site.items() if word in key or word.encode() in found.body] == []


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_the_sample_magazine_makes_the_same_site_in_every_process(seed: str) -> None:
    program = "from golden import build_sample, fingerprint; print(fingerprint(build_sample().site))"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=GOLDEN, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == fingerprint(build_sample().site)
