"""The magazine's logo: a picture that every page shows, so a part of the basis."""

from collections.abc import Iterator

import pytest

from pressrun.cloud.explain import explain
from pressrun.core.magazine import read_magazine
from pressrun.local.storm.stage import SITE_TOML, Stage, article, staged
from tests.cloud.test_media import photo, pictures, place

KEY = "media/logo.png"
WITH_LOGO = f'logo = "{KEY}"\n{SITE_TOML}'


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged() as made:
        made.put("articles/ice.md", article("Ice", section="news"))
        settle(made)
        yield made


def settle(stage: Stage) -> None:
    stage.settle()
    stage.check()


def shown(stage: Stage) -> set[str]:
    """The addresses of the logo on a page of each kind, and as the publisher's."""
    return {
        page.partition('<img src="')[2].partition('"')[0]
        + " "
        + page.partition('"logo":')[2].partition("}")[0].partition("/pictures")[2].partition('"')[0]
        for page in (stage.text("/"), stage.text("/news/ice/"))
    }


@pytest.mark.parametrize("first", [KEY, "site.toml"])
def test_the_logo_stands_in_the_place_of_the_name_whichever_was_uploaded_first(stage: Stage, first: str) -> None:
    logo = photo(60, 20, file_format="PNG")
    uploads = {KEY: logo, "site.toml": WITH_LOGO.encode()}
    stage.put(first, uploads.pop(first))
    settle(stage)
    assert pictures(stage) == set()
    if first == "site.toml":
        assert "There is no picture media/logo.png yet." in stage.report("site.toml")
        assert ">The Stage</a></p>" in stage.text("/news/ice/")
    ((last, body),) = uploads.items()
    stage.put(last, body)
    settle(stage)
    address = f"{place(KEY, logo)}60.jpg"
    assert shown(stage) == {f"{address} {address.removeprefix('/pictures')}"}
    for url in ("/", "/news/ice/", "/archive/", "/search/"):
        assert f'src="{address}"' in stage.text(url)
        assert 'alt="The Stage"' in stage.text(url)
    assert "There is no picture" not in stage.report("site.toml")
    found = explain(stage.cloud, address)
    assert found.put
    assert (found.target, found.put.cause) == (f"media:{KEY}", KEY)


def test_another_logo_takes_its_place_and_without_it_the_name_comes_back(stage: Stage) -> None:
    stage.put(KEY, photo(60, 20, seed=1, file_format="PNG"))
    stage.put("site.toml", WITH_LOGO)
    settle(stage)
    other = photo(50, 50, seed=2, file_format="PNG")
    stage.put(KEY, other)
    settle(stage)
    assert pictures(stage) == {f"{place(KEY, other)}50.{ending}"[1:] for ending in ("avif", "jpg")}
    assert f'{place(KEY, other)}50.jpg"' in stage.text("/news/ice/")
    assert f'"{place(KEY, other)}50.jpg", "sizes": "50x50"' in stage.text("/manifest.webmanifest")
    stage.put(KEY, b"no picture")
    settle(stage)
    assert f'{place(KEY, other)}50.jpg"' in stage.text("/news/ice/")
    stage.delete(KEY)
    settle(stage)
    assert pictures(stage) == set()
    assert ">The Stage</a></p>" in stage.text("/news/ice/")


def test_the_logo_comes_back_when_all_but_content_and_register_is_lost(stage: Stage) -> None:
    stage.put(KEY, photo(60, 20, file_format="PNG"))
    stage.put("site.toml", WITH_LOGO)
    settle(stage)
    before = stage.site()
    stage.lose_catalogue_and_site()
    settle(stage)
    assert stage.site() == before


@pytest.mark.parametrize("written", ["logo.png", "media/logo.svg.txt", "https://elsewhere.example/logo.png"])
def test_a_logo_that_is_no_picture_of_the_magazines_is_refused(written: str) -> None:
    magazine, problems = read_magazine(f'logo = "{written}"\n{SITE_TOML}'.encode())
    assert magazine is None
    assert [problem.problem for problem in problems] == [f"“{written}” is no picture in media/."]
