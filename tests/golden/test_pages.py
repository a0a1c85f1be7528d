"""What is true of every page, whichever magazine it belongs to: shown on the sample magazine's and the golden one's."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import pytest

from pressrun.core.site import SiteObject, key_of

from .golden import build_golden, build_sample

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
BASE = {"sample": "https://meridian.example", "golden": "https://hours.example"}
Site = Mapping[str, SiteObject]


class Page(HTMLParser):
    """An HTML page as a browser takes it: its elements with their attributes, and its scripts, each with its attributes and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[str, str]] = re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL)
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def data(self) -> Iterator[str]:
        """The blocks of JSON-LD: scripts that nothing runs."""
        yield from (text for attributes, text in self.scripts if attributes == ' type="application/ld+json"')

    def links(self) -> Iterator[str]:
        for tag, attributes in self.elements:
            yield from (value for name in ("href", "src", "data-fragment") if (value := attributes.get(name)))
            if tag == "meta" and attributes.get("http-equiv") == "refresh":
                yield (attributes["content"] or "").partition("url=")[2]

    def ids(self) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get("id"))]


@cache
def site_of(name: str) -> Site:
    return (build_sample if name == "sample" else build_golden)().site


@cache
def pages_of(name: str) -> Mapping[str, Page]:
    """The site's whole HTML pages by URL. A fragment is a part of one."""
    return {
        "/" + key.removesuffix("index.html"): Page(found.body.decode())
        for key, found in site_of(name).items()
        if found.content_type.startswith("text/html") and not key.startswith("_fragments/")
    }


@pytest.fixture(params=["sample", "golden"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def site(name: str) -> Site:
    return site_of(name)


@pytest.fixture
def pages(name: str) -> Mapping[str, Page]:
    return pages_of(name)


def test_every_link_inside_the_magazine_leads_to_a_page_that_is_there(name: str, site: Site, pages: Mapping[str, Page]) -> None:
    fragments = {f"/{key}": Page(found.body.decode()) for key, found in site.items() if key.startswith("_fragments/")}
    broken = []
    for url, page in {**pages, **fragments}.items():
        for link in page.links():
            there = urlsplit(urljoin(BASE[name] + url, link))
            if f"{there.scheme}://{there.netloc}" != BASE[name]:
                continue
            if there.fragment and there.path == url:
                leads = there.fragment in page.ids()
            else:
                found = site.get(key_of(there.path))
                leads = found is not None and dict(found.metadata).get("status") != "410"
            if not leads:
                broken.append((url, link))
    assert broken == []


def test_every_page_has_one_h1_and_a_title_and_no_id_twice(pages: Mapping[str, Page]) -> None:
    for url, page in pages.items():
        tags = Counter(tag for tag, _ in page.elements)
        assert (tags["h1"], tags["title"], tags["main"]) == (1, 1, 1), url
        assert [found for found, times in Counter(page.ids()).items() if times > 1] == [], url


def test_no_page_has_a_style_attribute_or_anything_that_the_content_security_policy_would_stop(name: str, pages: Mapping[str, Page]) -> None:
    for url, page in pages.items():
        for tag, attributes in page.elements:
            assert tag not in ("style", "iframe", "base"), url
            assert not [attribute for attribute in attributes if attribute == "style" or attribute.startswith("on")], url
            if tag in ("script", "img", "source") or (tag == "link" and attributes.get("rel") in ("stylesheet", "icon")):
                assert (attributes.get("src") or attributes.get("href") or "/").startswith("/"), url
        assert sum(bool(text) for _, text in page.scripts) == len(list(page.data())), url


def test_an_article_says_what_it_is_to_machines(name: str, pages: Mapping[str, Page]) -> None:
    found = {url: json.loads(text) for url, page in pages.items() for text in page.data()}
    assert len(found) > 3
    for url, article in found.items():
        assert article["@type"] == "NewsArticle", url
        assert article["mainEntityOfPage"] == BASE[name] + url
        assert article["datePublished"] <= article["dateModified"], url
        assert article["headline"], url
        assert article["author"], url


def test_no_text_can_end_the_data_block_that_it_stands_in(pages: Mapping[str, Page]) -> None:
    assert not [url for url, page in pages.items() for text in page.data() if "<" in text]


def test_the_feeds_are_atom_with_ids_that_occur_once(name: str, site: Site) -> None:
    for key in [key for key in site if key.endswith("feed.xml")]:
        feed = ElementTree.fromstring(site[key].body)
        assert feed.tag == f"{ATOM}feed", key
        assert all(feed.findtext(ATOM + tag) for tag in ("title", "id", "updated")), key
        links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
        assert links["self"] == f"{BASE[name]}/{key}"
        entries = feed.findall(f"{ATOM}entry")
        ids = [entry.findtext(f"{ATOM}id") for entry in entries]
        assert len(set(ids)) == len(ids), key
        for entry in entries:
            assert all(entry.findtext(ATOM + tag) for tag in ("title", "id", "updated", "published")), key
            assert entry.find(f"{ATOM}author/{ATOM}name") is not None, key


def test_the_sitemaps_name_every_page_that_is_a_list_or_an_article_and_nothing_that_is_not_there(name: str, site: Site) -> None:
    index = ElementTree.fromstring(site["sitemap.xml"].body)
    maps = [urlsplit(loc.text or "").path for loc in index.iter(f"{SITEMAP}loc")]
    assert sorted(maps) == sorted(f"/{key}" for key in site if key.startswith("sitemaps/"))
    urls = [loc.text or "" for path in maps for loc in ElementTree.fromstring(site[path.lstrip("/")].body).iter(f"{SITEMAP}loc")]
    assert len(set(urls)) == len(urls)
    for url in urls:
        assert url.startswith(f"{BASE[name]}/")
        assert "status" not in dict(site[key_of(urlsplit(url).path)].metadata)


def test_the_pages_keep_to_their_budgets(name: str, site: Site) -> None:
    budgets = {"text/html": 15_000, "text/css": 8_000, "text/javascript": 1_000}
    for key, found in site.items():
        budget = budgets.get(found.content_type.partition(";")[0])
        assert budget is None or len(gzip.compress(found.body, mtime=0)) <= budget, key


def test_no_text_of_an_editor_becomes_markup() -> None:
    """A summary of the golden magazine has tags in it, and a section's name an ampersand."""
    for key in ("notes/index.html", "notes/corrections/index.html", "notes/feed.xml", "field/index.html"):
        body = site_of("golden")[key].body.decode()
        assert "<b>" not in body, key
        assert not re.search(r"&(?!#?\w+;)", body), key
