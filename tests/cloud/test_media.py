"""Pictures, films and downloads, from the upload to the page that shows them, and away again."""

from base64 import b64encode
from collections.abc import Iterator
from io import BytesIO
from random import Random

import pytest
from PIL import Image

from pressrun.core.media import Medium
from pressrun.core.media import judge as judge_medium
from pressrun.local.storm.stage import Stage, ago, article, staged

PDF = b"%PDF-1.7\n" + b"0" * 3000


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged() as made:
        yield made


def photo(width: int = 40, height: int = 30, seed: int = 1, file_format: str = "JPEG") -> bytes:
    file = BytesIO()
    Image.frombytes("RGB", (width, height), Random(seed).randbytes(width * height * 3)).save(file, file_format)
    return file.getvalue()


def put(stage: Stage, key: str, body: str | bytes) -> None:
    stage.put(key, body)
    stage.settle()
    stage.check()


def delete(stage: Stage, key: str) -> None:
    stage.delete(key)
    stage.settle()
    stage.check()


def pictures(stage: Stage) -> set[str]:
    return {key for key in stage.site() if key.startswith("pictures/")}


def place(key: str, data: bytes) -> str:
    medium, _ = judge_medium(key, data)
    assert isinstance(medium, Medium)
    assert medium.picture
    return f"/{medium.picture.place}-"


def test_a_picture_is_in_the_site_as_long_as_a_live_article_shows_it(stage: Stage) -> None:
    data = photo()
    put(stage, "media/quay.jpg", data)
    assert pictures(stage) == set()
    assert "Accepted, 40 × 30 pixels." in stage.report("media/quay.jpg")
    put(stage, "articles/ice.md", article("Ice", "![The quay](quay.jpg)", section="news"))
    text = stage.text("/news/ice/")
    assert f'src="{place("media/quay.jpg", data)}40.jpg"' in text
    assert 'width="40" height="30"' in text
    assert 'alt="The quay"' in text
    assert len(pictures(stage)) == 2
    delete(stage, "articles/ice.md")
    assert pictures(stage) == set()


def test_a_picture_that_is_not_there_yet_is_a_note_and_the_page_shows_it_when_it_comes(stage: Stage) -> None:
    put(stage, "articles/ice.md", article("Ice", "Text.\n\n![The quay](quay.jpg)", section="news"))
    assert "Note, line 7:\n    quay.jpg\n  The picture is not there yet." in stage.report("articles/ice.md")
    assert "<em>The quay</em>" in stage.text("/news/ice/")
    put(stage, "articles/quay.jpg", photo())
    assert "<picture>" in stage.text("/news/ice/")
    assert "not there yet" not in stage.report("articles/ice.md")


def test_another_picture_under_the_same_name_takes_the_place_of_the_first(stage: Stage) -> None:
    put(stage, "media/quay.jpg", photo())
    put(stage, "articles/ice.md", article("Ice", "![The quay](quay.jpg)", section="news", image="/quay.jpg"))
    first = pictures(stage)
    put(stage, "media/quay.jpg", photo(seed=2))
    assert len(pictures(stage)) == 2
    assert not pictures(stage) & first
    assert place("media/quay.jpg", photo(seed=2)) in stage.text("/")


def test_a_picture_that_is_no_picture_is_refused_and_the_one_before_stays(stage: Stage) -> None:
    put(stage, "media/quay.jpg", photo())
    put(stage, "articles/ice.md", article("Ice", "![The quay](quay.jpg)", section="news"))
    before = pictures(stage)
    put(stage, "media/quay.jpg", "<html>no picture</html>")
    assert pictures(stage) == before
    assert "Refused: 1 thing to mend. The version before it stays in use." in stage.report("media/quay.jpg")
    delete(stage, "media/quay.jpg")
    assert pictures(stage) == set()
    assert "<em>The quay</em>" in stage.text("/news/ice/")


def test_an_embargoed_article_s_picture_comes_with_it_and_not_before(stage: Stage) -> None:
    put(stage, "articles/ice/quay.jpg", photo())
    put(stage, "articles/ice/index.md", article("Ice", "![The quay](quay.jpg)", section="news", date=ago(hours=-1)))
    assert pictures(stage) == set()
    stage.wait(3600)
    stage.sweep()
    stage.settle()
    stage.check()
    assert len(pictures(stage)) == 2


def test_the_preview_of_an_embargoed_article_has_its_picture_in_it(stage: Stage) -> None:
    put(stage, "media/quay.jpg", photo())
    put(stage, "articles/ice.md", article("Ice", "![The quay](quay.jpg)", section="news", date=ago(hours=-1)))
    preview = stage.cloud.content.body("reports/previews/articles/ice.md.html").decode()
    assert "data:image/jpeg;base64," in preview
    assert 'src="/pictures/' not in preview.replace("&#34;", '"')
    assert pictures(stage) == set()


def test_two_articles_share_a_picture_until_the_last_of_them_goes(stage: Stage) -> None:
    put(stage, "media/quay.jpg", photo())
    for name in ("one", "two"):
        put(stage, f"articles/{name}.md", article(name, "![The quay](quay.jpg)", section="news"))
    delete(stage, "articles/one.md")
    assert len(pictures(stage)) == 2
    put(stage, "articles/two.md", article("two", "No picture any more.", section="news"))
    assert pictures(stage) == set()


def test_a_bundle_s_own_picture_goes_before_one_of_the_same_name_in_media(stage: Stage) -> None:
    put(stage, "media/quay.jpg", photo(seed=1))
    put(stage, "articles/ice/index.md", article("Ice", "![The quay](quay.jpg)", section="news"))
    assert place("media/quay.jpg", photo(seed=1)) in stage.text("/news/ice/")
    put(stage, "articles/ice/quay.jpg", photo(seed=2))
    assert place("articles/ice/quay.jpg", photo(seed=2)) in stage.text("/news/ice/")
    assert len(pictures(stage)) == 2


def test_a_picture_inside_the_text_is_taken_out_and_shown(stage: Stage) -> None:
    data = photo()
    put(stage, "articles/ice.md", article("Ice", f"![The quay](data:image/jpeg;base64,{b64encode(data).decode()})", section="news"))
    assert "<picture>" in stage.text("/news/ice/")
    assert len(pictures(stage)) == 2
    assert "not there yet" not in stage.report("articles/ice.md")
    delete(stage, "articles/ice.md")
    assert pictures(stage) == set()


def test_a_lead_picture_is_shown_once_with_its_caption_and_credit(stage: Stage) -> None:
    put(stage, "media/quay.jpg", photo())
    fields = {"image": "quay.jpg", "image_alt": "Low tide", "image_caption": "The quay at low tide.", "image_credit": "Jo Ash"}
    put(stage, "articles/ice.md", article("Ice", "![Again](media/quay.jpg)", section="news", **fields))
    text = stage.text("/news/ice/")
    assert text.count("<picture>") == 1
    assert text.count("The quay at low tide.") == text.count("Jo Ash") == 1
    assert 'alt="Low tide"' in text
    assert "<picture>" in stage.text("/news/")


def test_a_download_is_at_its_own_address_as_long_as_a_live_article_offers_it(stage: Stage) -> None:
    put(stage, "articles/ice.md", article("Ice", "Read [the report](/annual%20report.pdf#page=3).", section="news"))
    assert "The file is not there yet." in stage.report("articles/ice.md")
    assert "Read the report." in stage.text("/news/ice/")
    put(stage, "media/annual report.pdf", PDF)
    assert '<a href="/media/annual%20report.pdf#page=3">the report</a>' in stage.text("/news/ice/")
    assert stage.answer("/media/annual%20report.pdf")[0] == 200
    assert stage.site()["media/annual report.pdf"].body == PDF
    put(stage, "media/annual report.pdf", PDF + b"1")
    assert stage.site()["media/annual report.pdf"].body == PDF + b"1"
    delete(stage, "articles/ice.md")
    assert stage.answer("/media/annual%20report.pdf")[0] == 404


def test_a_film_in_media_is_shown_and_not_loaded_before_it_is_asked_for(stage: Stage) -> None:
    put(stage, "media/launch.mp4", b"\0\0\0\x20ftypisom" + bytes(100))
    put(stage, "articles/ice.md", article("Ice", section="news", video="media/launch.mp4"))
    assert '<video controls preload="none" src="/media/launch.mp4" aria-label="Ice"></video>' in stage.text("/news/ice/").replace("\n", "")


def test_a_films_captions_are_the_file_of_its_name_beside_it_and_its_editor_is_told_where_there_are_none(stage: Stage) -> None:
    put(stage, "media/launch.mp4", b"\0\0\0\x20ftypisom" + bytes(100))
    put(stage, "articles/ice.md", article("Ice", section="news", video="media/launch.mp4"))
    assert "The film has no captions." in stage.report("articles/ice.md")
    assert "<track" not in stage.text("/news/ice/")
    put(stage, "media/launch.vtt", b"WEBVTT\n\n00:00.000 --> 00:01.000\nA bottle breaks.\n")
    assert '<track kind="captions" src="/media/launch.vtt" srclang="en" label="Captions" default>' in stage.text("/news/ice/")
    assert "The film has no captions." not in stage.report("articles/ice.md")
    delete(stage, "media/launch.vtt")
    assert "<track" not in stage.text("/news/ice/")
    assert stage.answer("/media/launch.vtt")[0] == 404


@pytest.mark.parametrize(
    ("key", "body", "said"),
    [
        ("media/run.exe", b"MZ", "This kind of file is not published."),
        ("media/page.html", b"<script>alert(1)</script>", "This kind of file is not published."),
        ("media/empty.pdf", b"", "The file is empty."),
        ("media/report.pdf", b"<html>", "The name says PDF, but this is no PDF file."),
        ("media/drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "An SVG drawing can carry script, so none is taken."),
        ("media/quay.jpg", b"\xff\xd8\xff broken", "The picture is broken"),
        ("articles/x/large.png", bytes(26 * 1024 * 1024), "The picture has 26.0 MB."),
    ],
)
def test_what_cannot_be_published_is_refused_with_its_remedy(stage: Stage, key: str, body: bytes, said: str) -> None:
    put(stage, key, body)
    assert said in stage.report(key)
    assert "Refused: 1 thing to mend." in stage.report(key)


def test_an_author_s_portrait_comes_changes_and_goes(stage: Stage) -> None:
    put(stage, "authors/jo.md", "---\nname: Jo Ash\nportrait: jo.jpg\n---\n")
    put(stage, "authors/jo.jpg", photo())
    assert place("authors/jo.jpg", photo()) in stage.text("/authors/jo/")
    put(stage, "authors/jo.jpg", photo(seed=2))
    assert place("authors/jo.jpg", photo(seed=2)) in stage.text("/authors/jo/")
    assert len(pictures(stage)) == 2
    put(stage, "authors/jo.md", "---\nname: Jo Ash\n---\n")
    assert pictures(stage) == set()


def test_a_journal_issue_shows_its_cover_and_offers_its_pdf(stage: Stage) -> None:
    put(stage, "issues/12.md", "---\ntitle: The Ice Issue\nnumber: 12\ncover: cover.jpg\npdf: ice.pdf\ninsert: /maps.pdf\n---\n")
    put(stage, "issues/cover.jpg", photo())
    put(stage, "issues/ice.pdf", PDF)
    put(stage, "media/maps.pdf", PDF)
    assert place("issues/cover.jpg", photo()) in stage.text("/journal/")
    text = stage.text("/journal/12/")
    assert place("issues/cover.jpg", photo()) in text
    assert 'href="/issues/ice.pdf"' in text
    assert 'href="/media/maps.pdf"' in text
    delete(stage, "issues/12.md")
    assert not {key for key in stage.site() if key.startswith(("pictures/", "media/", "issues/"))}


def test_the_same_bytes_again_put_nothing(stage: Stage) -> None:
    put(stage, "media/quay.jpg", photo())
    put(stage, "articles/ice.md", article("Ice", "![The quay](quay.jpg)", section="news"))
    before = {key: stage.cloud.site.head(key) for key in stage.site()}
    put(stage, "media/quay.jpg", photo())
    assert {key: stage.cloud.site.head(key) for key in stage.site()} == before


def test_media_come_back_from_the_content_and_the_register(stage: Stage) -> None:
    put(stage, "authors/jo.md", "---\nname: Jo Ash\nportrait: jo.jpg\n---\n")
    put(stage, "authors/jo.jpg", photo(seed=3))
    put(stage, "media/quay.jpg", photo())
    put(stage, "media/report.pdf", PDF)
    put(stage, "articles/ice.md", article("Ice", "![The quay](quay.jpg) [more](/report.pdf)", section="news", authors="[jo]"))
    put(stage, "media/quay.jpg", b"refused")
    put(stage, "media/report.pdf", b"refused")
    before = stage.site()
    stage.lose_catalogue_and_site()
    stage.settle()
    stage.check()
    assert stage.site() == before


@pytest.mark.parametrize("seed", range(6))
def test_media_end_as_build_makes_them_in_any_weather(seed: int) -> None:
    with staged(seed=seed) as stage:
        for _ in range(3):
            for _ in range(stage.random.randint(1, 5)):
                match stage.random.randrange(6):
                    case 0:
                        stage.put("media/quay.jpg", photo(seed=stage.random.randrange(3)))
                    case 1:
                        stage.delete("media/quay.jpg")
                    case 2:
                        stage.put("articles/ice/quay.jpg", photo(seed=stage.random.randrange(3)))
                    case 3:
                        stage.put("articles/ice/index.md", article("Ice", "![The quay](quay.jpg)", section="news", authors="[jo]"))
                    case 4:
                        stage.delete("articles/ice/index.md")
                    case 5:
                        stage.put("authors/jo.md", f"---\nname: Jo\nportrait: {stage.random.choice(['/quay.jpg', 'none.jpg'])}\n---\n")
            stage.work(300)
            stage.settle()
            stage.check()
