"""Whoever may upload may write what they like: it is shown as text, or refused, and never runs, leads astray or reaches out."""

import json
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from io import BytesIO
from urllib.parse import urlsplit
from xml.etree import ElementTree
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from pressrun.cloud.theme import load_theme
from pressrun.core.build import Built, NoMagazine, build
from pressrun.core.claims import Register
from pressrun.core.links import media_keys
from pressrun.core.site import SiteObject
from pressrun.local.storm.stage import ago, article, staged

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SITE_TOML = """
title = "The Target"
base_url = "https://target.example"
default_section = "news"

[[sections]]
slug = "news"
name = "News"
"""
# Each breaks out of another place: text, an attribute, a script, a comment, CDATA, a URL, a template, a line of a header.
HOSTILE = {
    "a script": "<script>alert('harm')</script>",
    "an attribute": "\"' onmouseover=alert('harm') autofocus onfocus=alert('harm') x=\"",
    "a picture's error": "\"><img src=x onerror=alert('harm')>",
    "an end of script": "</script><script>alert('harm')</script>",
    "an end of comment and CDATA": "--> ]]> <svg onload=alert('harm')>",
    "an end of title and style": "</title></style><iframe src=javascript:alert('harm')></iframe>",
    "line separators": "\u2028alert('harm')\u2029",
    "a template": "{{ 7 * 191 }}{% for x in range(9) %}harm{% endfor %}${7*191}#{7*191}",
    "a template's escape": "{{ ''.__class__.__mro__ }}{{ self }}{{ config }}",
}
FIELDS = (
    "title",
    "summary",
    "kicker",
    "agency",
    "image_alt",
    "image_caption",
    "image_credit",
    "tags",
    "authors",
    "section",
    "slug",
    "url",
    "redirects",
    "image",
    "video",
    "issue",
    "id",
    "lang",
    "comments",
    "date",
    "expires",
)
HOSTILE_URLS = (
    "javascript:alert(1)",
    "JaVaScRiPt&colon;alert(1)",
    " \tjava\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "//evil.example/x",
    "https://evil.example/x",
    "\\\\evil.example\\x",
    "/\\evil.example",
)


class Page(HTMLParser):
    """Everything in a page that could run, and every address in it."""

    ADDRESSES = {"href", "src", "srcset", "action", "formaction", "poster", "data", "cite", "content", "xlink:href", "ping", "background"}

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.runs: list[str] = []
        self.data_blocks: list[str] = []
        self._in_data = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "script":
            self._in_data = given.get("type") in ("application/ld+json", "application/json", "speculationrules")
            if not self._in_data and not re.fullmatch(r"/assets/[\w.]+\.js", given.get("src", "")):
                self.runs.append(f"script {given}")
        if tag in ("iframe", "object", "embed", "applet", "base", "frame", "portal", "foreignobject", "math"):
            self.runs.append(f"{tag} {given}")
        # A redirect's page, for whoever gets past the edge function: to a path of the magazine's own.
        if given.get("http-equiv") and not re.fullmatch(r"0; url=/(?![/\\\\])\S*", given.get("content", "")):
            self.runs.append(f"{tag} {given}")
        for name, value in given.items():
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.runs.append(f"{tag} {name}={value}")
            scheme = re.sub(r"[\s\x00-\x20]", "", value).lower().partition(":")[0]
            if name in self.ADDRESSES and scheme in ("javascript", "vbscript", "data") and tag != "meta":
                self.runs.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        if self._in_data:
            self.data_blocks.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._in_data = False


def what_runs(key: str, made: SiteObject) -> Iterator[str]:
    """Whatever a browser or a feed reader could be made to run by this object."""
    text = made.body.decode()
    kind = made.content_type.partition(";")[0]
    if kind == "text/html":
        yield from html_runs(text)
    elif kind in ("application/json", "application/feed+json", "application/manifest+json", "application/speculationrules+json"):
        # The only member of a feed that is HTML: https://www.jsonfeed.org/version/1.1/
        for item in json.loads(text).get("items", []) if key.endswith("feed.json") else []:
            yield from html_runs(item.get("content_html", ""))
    elif kind.endswith("xml"):
        for element in ElementTree.fromstring(text).iter():
            yield from html_runs(element.text or "") if element.get("type") == "html" or element.tag.endswith("encoded") else ()
            yield from (
                f"{name}={value}" for name, value in element.attrib.items() if value.lower().startswith(("javascript:", "data:", "vbscript:"))
            )
    for name, value in made.metadata:
        if not value.isascii() or not value.isprintable():
            yield f"metadata {name}={value!r}"
        if name == "location" and (not value.startswith("/") or value.startswith(("//", "/\\"))):
            yield f"redirect to {value}"


def html_runs(html: str) -> Iterator[str]:
    page = Page(html)
    yield from page.runs
    for block in page.data_blocks:
        json.loads(block)
        if "<" in block:
            yield f"a data block with markup: {block[:80]}"


def built(**content: str) -> Built:
    files = {name.replace("__", "/"): text.encode() for name, text in content.items()}
    return build({"site.toml": SITE_TOML.encode()} | files, Register(), NOW, load_theme())


def harm(site: Built) -> list[str]:
    return [f"{key}: {found}" for key, made in site.site.items() if not key.startswith("assets/") for found in what_runs(key, made)]


def with_field(name: str, value: str, body: str = "Text.") -> str:
    fields: dict[str, object] = {"title": f"Plain {name}", "date": "2026-11-21", "tags": ["ice"], "authors": ["Jo"]}
    fields[name] = [value] if name in ("tags", "authors", "redirects") else value
    return json.dumps(fields) + f"\n\n{body}\n"


def test_the_judge_of_these_tests_sees_what_runs() -> None:
    for text in HOSTILE.values():
        assert ("harm" not in text) or ("<" not in text) or list(html_runs(f"<p>{text}</p>")), text
    for url in HOSTILE_URLS[:2]:
        assert list(html_runs(f'<a href="{url}">x</a>'))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_no_field_of_an_article_runs_anywhere_in_the_site(text: str) -> None:
    files = {f"articles/{name}.md": with_field(name, text) for name in FIELDS}
    site = build({"site.toml": SITE_TOML.encode()} | {key: file.encode() for key, file in files.items()}, Register(), NOW, load_theme())
    assert harm(site) == []
    assert len(site.live) > len(FIELDS) // 2, "most of them are plain text to us, and live"
    shown = b"".join(made.body for key, made in site.site.items() if not key.startswith("assets/"))
    assert b"1337" not in shown, "a template's words were taken for a template"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
@pytest.mark.parametrize("ending", ["md", "html"])
def test_no_body_runs_anywhere_in_the_site(text: str, ending: str) -> None:
    body = f"{text}\n\n# {text}\n\n```{text}\n{text}\n```\n\n"
    body += f'[{text}](https://example.com/{text} "{text}") ![{text}](x.png)\n\n<div title="{text}">x</div>'
    assert harm(built(**{f"articles__a.{ending}": with_field("kicker", "Plain", body)})) == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_no_author_issue_or_site_toml_runs_anywhere_in_the_site(text: str) -> None:
    quoted = json.dumps(text)
    toml = SITE_TOML.replace('"The Target"', quoted).replace('"News"', quoted) + f"\n[[menu]]\nname = {quoted}\nurl = {quoted}\n"
    author = json.dumps({"name": text, "role": text, "portrait": text}) + f"\n{text}\n"
    issue = json.dumps({"number": text, "title": text, "cover": text, "pdf": text, "date": "2026-11-01"}) + f"\n{text}\n"
    page = json.dumps({"title": text, "summary": text}) + f"\n{text}\n"
    files = {"authors/jo.md": author, "issues/one.md": issue, "pages/about.md": page, "articles/a.md": with_field("issue", "one")}
    for config in (SITE_TOML, SITE_TOML.replace('"The Target"', quoted), SITE_TOML.replace('"News"', quoted), toml):
        try:
            site = build({"site.toml": config.encode()} | {key: file.encode() for key, file in files.items()}, Register(), NOW, load_theme())
        except NoMagazine:
            continue
        assert harm(site) == []


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_no_address_leads_astray(url: str) -> None:
    body = f'[a]({url}) <a href="{url}">b</a> ![c]({url}) <img src="{url}"> <video src="{url}"></video> <form action="{url}"></form>'
    files = {f"articles__{name}.md": with_field(name, url, body) for name in ("title", "url", "redirects", "image", "video", "slug")}
    site = built(**files)
    assert harm(site) == []
    for key, made in site.site.items():
        if made.content_type.startswith("text/html"):
            sources = re.findall(r'(?:src|srcset|poster)="([^"]*)"', made.body.decode())
            assert [source for source in sources if urlsplit(source).netloc or not source.startswith("/")] == [], key


@pytest.mark.parametrize(
    "path",
    ["../../reports/x", "/../../reports/x/", "..%2f..%2fx", "/_fragments/x/", "/assets/x/", "/./x//y/", "a/../../../x", "/x\x00y/", "/x\r\ny/"],
)
def test_no_article_gets_a_key_outside_of_its_place(path: str) -> None:
    files = {f"articles__{name}.md": with_field(name, path) for name in ("slug", "url", "redirects", "section", "tags", "authors", "issue")}
    site = built(**files, **{f"articles__{path.replace('/', '__')}.md": with_field("kicker", "Plain")})
    for key in site.site:
        assert not key.startswith(("/", "reports/")), key
        assert not {".", "..", ""} & set(key.split("/")), key
        assert key.isprintable()
    own = {key for key in built().site if key.startswith(("assets/", "_fragments/"))}
    assert {key for key in site.site if key.startswith(("assets/", "_fragments/"))} == own


@pytest.mark.parametrize(
    "src", ["../../site.toml", "../../../etc/passwd", "/reports/x.png", "..\\..\\x.png", "%2e%2e/%2e%2e/site.toml", "articles/../../x"]
)
def test_no_picture_is_looked_for_outside_of_the_content(src: str) -> None:
    assert all(key.startswith(("articles/", "media/")) and ".." not in key for key in media_keys("articles/a/index.md", src))


def test_nothing_remote_is_ever_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: reached.append(address))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **_: reached.append(asked))
    metadata = "http://169.254.169.254/latest/meta-data/iam/"
    body = f'![x]({metadata}) <img src="{metadata}"> {{{{< youtube x >}}}} [[include {metadata}]] <iframe src="{metadata}"></iframe>'
    with staged() as stage:
        for name in ("image", "video", "authors", "url", "issue"):
            stage.put(f"articles/{name}.md", with_field(name, metadata, body))
        stage.put("authors/jo.md", f"---\nname: Jo\nportrait: {metadata}\n---\n")
        stage.put("issues/one.md", f"---\ntitle: One\ncover: {metadata}\npdf: {metadata}\n---\n")
        stage.settle()
        stage.check()
    assert reached == []


def test_an_archive_is_refused_without_being_opened() -> None:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * 50_000_000)
    with staged() as stage:
        stage.put("articles/bomb.docx", file.getvalue())
        stage.put("articles/bomb.md", file.getvalue())
        stage.put("media/bomb.png", file.getvalue())
        stage.settle()
        for key in ("articles/bomb.docx", "articles/bomb.md", "media/bomb.png"):
            assert "Refused" in stage.report(key)


@pytest.mark.parametrize(
    "head",
    [
        "---\na: &a [x, x]\nb: &b [*a, *a]\ntitle: *b\n---\n",
        "---\ntitle: " + "[" * 5000 + "]" * 5000 + "\n---\n",
        "+++\ntitle = " + "[" * 5000 + "]" * 5000 + "\n+++\n",
        '{"title": ' + "[" * 5000 + "]" * 5000 + "}\n",
        "---\ntitle: !!python/object/apply:os.system [id]\n---\n",
        "---\n" + "".join(f"x{number}: y\n" for number in range(20_000)) + "---\n",
    ],
    ids=["aliases", "nested YAML", "nested TOML", "nested JSON", "a Python object", "very many fields"],
)
def test_a_bomb_in_the_front_matter_is_refused_and_delays_no_other(head: str) -> None:
    with staged() as stage:
        stage.put("articles/bomb.md", head + "Text.\n")
        stage.put("articles/good.md", article("Good", section="news", date=ago(days=1)))
        stage.settle()
        stage.check()
        assert "Refused" in stage.report("articles/bomb.md")
        assert stage.answer("/news/good/")[0] == 200


def test_what_a_key_or_a_title_says_stays_inside_its_line_of_the_log_and_no_secret_is_in_any(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with staged() as stage:
        for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.setenv(name, f"secret-{name}")
        forged = '{"level":"INFO","message":"forged"}'
        key = f"articles/x\n{forged}\n.md"
        stage.put(key, article(f"On {forged}", f"Text.\n{forged}", section="news", date=ago(days=1)))
        monkeypatch.setattr("pressrun.core.pages.Pages.article", lambda *_: 1 / 0)
        stage.settle_now()
        stage.cloud.articles.sqs.send_message(QueueUrl=stage.cloud.articles.url, MessageBody=f"no hint\n{forged}")
        stage.settle_now()
        assert stage.dead
    said = capsys.readouterr().out + "\n".join(record.getMessage() for record in caplog.records)
    assert "a page could not be made" in said
    assert [line for line in said.splitlines() if line.strip() == forged] == []
    assert "secret-" not in said
