"""What an editor may get wrong, all of it uploaded at once, through the real functions: each is answered, none delays another, none gets anywhere."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image

from pressrun.core.report import report_key
from pressrun.local.storm.stage import SITE_TOML, Stage, ago, article, staged


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


GOOD = article("Canary", section="news", date=ago(days=1))
WRONG: dict[str, tuple[str | bytes, str]] = {
    "articles/empty.md": (b"", "The file is empty."),
    "articles/binary.md": (bytes(range(256)) * 40, "The file is not text in UTF-8."),
    "articles/12mb.md": (GOOD.encode() + b"x" * (12 << 20), "The file is larger than 2 MB."),
    "articles/utf-16.md": (GOOD.encode("utf-16"), "The file is not text in UTF-8, but text in UTF-16, whatever its name."),
    "articles/latin-1.md": (GOOD.encode() + b"Zo\xeb", "The file is not text in UTF-8."),
    "articles/nul.md": (GOOD + "\0", "There is a control character in the text."),
    "articles/without.md": ("# Canary\n\nText.", "The file does not begin with front matter."),
    "articles/unclosed.md": ("---\ntitle: Canary\n", "The front matter has no end."),
    "articles/twice.md": ("---\ntitle: Canary\ntitle: Canaries\n---\n", "“title” stands here twice."),
    "articles/bomb.md": ("---\na: &a [x]\nb: [*a, *a]\n---\n", "The value begins with &, which means something else here."),
    "articles/deep.md": (f"---\ntitle: Canary\na: {'[' * 10_000}\n---\n", "The front matter is nested too deeply."),
    "articles/untitled.md": (article("", section="news"), "The title is empty."),
    "articles/long.md": (article("C" * 5000, section="news"), "The title has 5000 characters; 300 is the most."),
    "articles/never.md": (article("Canary", section="news", date="2026-02-30"), "“2026-02-30” is not a date."),
    "articles/path.md": (article("Canary", section="news", slug="../canary"), "“../canary” cannot stand in an address."),
    "articles/reserved.md": (article("Canary", section="news", url="/tags/canary/"), "addresses below /tags/ belong to the magazine's own pages"),
    "articles/section.md": (article("Canary", section="nws"), "The magazine has no section “nws”."),
    "articles/word.docx": (b"PK\x03\x04", "This is not a kind of file that can be an article."),
    f"articles/{'canary/' * 143}.md": (GOOD, "The file's name is too long: with its folders it has 1,013 bytes, and 1,000 is the most."),
    f"articles/{'🚀' * 252}.md": (GOOD, "The file's name is too long"),
    f"media/{'x' * 1000}.png": (b"", "The file's name is too long"),
    "authors/nobody.md": ("---\nrole: Writer\n---\n", "name"),
    "issues/bad.md": ("---\ntitle: [\n---\n", "What begins with [ is not closed"),
    "media/no-picture.png": (b"no picture", "not a picture"),
    "media/half.png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "picture"),
    "media/drawing.svg": (b"<svg onload='alert(1)'/>", "SVG"),
}


def picture() -> bytes:
    data = BytesIO()
    Image.new("RGB", (8, 8)).save(data, "PNG")
    return data.getvalue()


def told(stage: Stage, key: str) -> str:
    return stage.cloud.content.body(report_key(key)).decode()


def test_each_bad_upload_is_answered_and_no_good_one_waits_for_it(stage: Stage) -> None:
    stage.put("articles/before.md", article("Before", section="news", tags="[ice]", date=ago(days=2)))
    for key, (data, _) in WRONG.items():
        stage.put(key, data)
    stage.put("media/quay.png", picture())
    stage.put("articles/after.md", article("After", "![A quay](quay.png)", section="news", tags="[ice]", date=ago(days=1)))
    stage.settle()
    for key, (_, said) in WRONG.items():
        assert "\n\nRefused: " in told(stage, key), key
        assert said in told(stage, key), key
    assert stage.errors == []
    for url in ("/news/before/", "/news/after/"):
        assert stage.answer(url) == (200, "")
        assert f'href="{url}"' in stage.text("/tags/ice/")
    assert [key for key, made in stage.site().items() if b"canar" in key.lower().encode() + made.body.lower()] == []
    stage.check()


def test_a_bad_upload_over_a_good_one_changes_no_byte_of_the_site(stage: Stage) -> None:
    for key in WRONG:
        if key.startswith("articles/") and key.endswith(".md"):
            stage.put(key, article(f"Of {key[-20:]}", section="news", date=ago(days=1)))
    stage.put("media/no-picture.png", picture())
    stage.settle()
    before = stage.site()
    for key, (data, _) in WRONG.items():
        stage.put(key, data)
    stage.settle()
    assert stage.site() == before
    assert stage.errors == []
    assert "The version before it stays live at https://stage.example/news/of-articles-emptymd/." in told(stage, "articles/empty.md")
    assert "The version before it stays in use." in told(stage, "media/no-picture.png")


BAD_SITES = {
    "empty": b"",
    "not text": b"\xff",
    "not TOML": SITE_TOML.replace('"essays"', "essays").encode(),
    "a reserved section": SITE_TOML.replace('"essays"', '"tags"').encode(),
    "ten thousand levels": b"x = " + b"[" * 10_000,
    "too large": SITE_TOML.encode() + b"#" * 200_000,
}


@pytest.mark.parametrize("data", BAD_SITES.values(), ids=BAD_SITES)
def test_a_wrong_site_toml_leaves_the_last_good_one_in_force_and_holds_nothing_up(stage: Stage, data: bytes) -> None:
    stage.put("site.toml", data)
    stage.put("articles/a.md", article("A", section="essays", date=ago(days=1)))
    stage.settle()
    assert "Refused. The one before it stays in force." in told(stage, "site.toml")
    assert "Problem" in told(stage, "site.toml")
    assert stage.answer("/essays/a/") == (200, "")
    assert "The Stage" in stage.text("/")
    assert stage.errors == []
    stage.check()


STRANGE = {
    "of 1,000 bytes": f"articles/{'x' * 988}.md",
    "of 1,000 bytes in emoji": f"articles/{'🚀' * 247}.md",
    "with an emoji": "articles/🚀.md",
    "with a space, a plus, a percent sign and more": "articles/a b+c%20&=?#.md",
    "below another file": "articles/file.md/file.md",
    "with two slashes": "articles//a.md",
    "with dots": "articles/../../a.md",
    "with a line in it": "articles/new\nline.md",
    "that is read from right to left": "articles/\u202egp.md",
    "that is HTML": "articles/'\"<script>alert(1)<\x2fscript>.md",
    "that is a template": "articles/{{ config }}{% raw %}.md",
}


def test_an_article_is_published_whatever_its_key(stage: Stage) -> None:
    for n, key in enumerate(STRANGE.values()):
        stage.put(key, article(f"Story {n}", section="news", date=ago(days=1)))
    stage.put("articles/folder.md/", "")
    stage.settle()
    for n, (what, key) in enumerate(STRANGE.items()):
        assert f"Accepted. It is live at https://stage.example/news/story-{n}/" in told(stage, key), what
        assert stage.answer(f"/news/story-{n}/") == (200, ""), what
    assert told(stage, "articles/folder.md/") == ""
    assert stage.errors == []
    stage.check()
    for key in STRANGE.values():
        stage.delete(key)
    stage.settle()
    stage.check()
    assert [stage.answer(f"/news/story-{n}/")[0] for n in range(len(STRANGE))] == [410] * len(STRANGE)
