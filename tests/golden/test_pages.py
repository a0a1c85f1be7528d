"""What is true of every page, whichever magazine it belongs to: shown on the sample magazine's and the golden one's."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from random import Random
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import pytest

from pressrun.cloud.theme import load_theme
from pressrun.core.build import build
from pressrun.core.claims import Register
from pressrun.core.site import SiteObject, key_of

from .golden import NOW, SAMPLE, build_golden, build_sample, content_of

# The kinds of <link> that a browser fetches with the page; an Apple device fetches its icon when the page is put on its screen.
FETCHED = ("stylesheet", "icon", "manifest")
ATOM = "{http://www.w3.org/2005/Atom}"
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"
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
    return (build_sample if name == "sample" else build_golden)().described


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


def test_no_rank_of_heading_is_left_out_on_the_way_down(pages: Mapping[str, Page]) -> None:
    for url, page in pages.items():
        ranks = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
        assert all(below <= above + 1 for above, below in pairwise([0, *ranks])), (url, ranks)


def test_every_page_says_what_its_parts_are_to_who_cannot_see_them(pages: Mapping[str, Page]) -> None:
    for url, page in pages.items():
        named = [attributes for tag, attributes in page.elements if tag in ("nav", "aside", "dialog")]
        assert all(attributes.get("aria-label") for attributes in named), url
        assert all("alt" in attributes for tag, attributes in page.elements if tag == "img"), url
        for tag, attributes in page.elements:
            reached = attributes.get("tabindex") != "-1"
            assert reached or attributes.get("aria-hidden") == "true" or tag == "main", (url, tag)
        if "refresh" not in str(page.elements):
            first = next(attributes for tag, attributes in page.elements if tag == "a")
            assert first == {"class": "skip", "href": "#main"}, url


def test_no_page_has_a_style_attribute_or_anything_that_the_content_security_policy_would_stop(name: str, pages: Mapping[str, Page]) -> None:
    for url, page in pages.items():
        for tag, attributes in page.elements:
            assert tag not in ("style", "iframe", "base"), url
            assert not [attribute for attribute in attributes if attribute == "style" or attribute.startswith("on")], url
            if tag in ("script", "img", "source") or (tag == "link" and attributes.get("rel") in FETCHED):
                assert (attributes.get("src") or attributes.get("href") or "/").startswith("/"), url
        assert sum(bool(text) for _, text in page.scripts) == len(list(page.data())), url


def described(pages: Mapping[str, Page], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each thing of this schema.org type that a page describes as data, with the page's URL."""
    for url, page in pages.items():
        blocks = (json.loads(text) for text in page.data())
        things = (thing for block in blocks for thing in (block if isinstance(block, list) else [block]))
        yield from ((url, thing) for thing in things if thing["@type"] == kind)


def test_an_article_says_what_it_is_to_machines(name: str, pages: Mapping[str, Page]) -> None:
    found = dict(described(pages, "NewsArticle"))
    assert len(found) > 3
    for url, article in found.items():
        assert article["mainEntityOfPage"] == BASE[name] + url
        assert len(article["headline"]) <= 110, url
        assert all(image.startswith("https://") for image in article["image"]), url
        assert article["datePublished"] <= article["dateModified"], url
        assert all(author["name"] for author in article["author"]), url


def test_the_way_to_a_page_is_the_same_for_machines_and_for_readers(name: str, pages: Mapping[str, Page]) -> None:
    ways = dict(described(pages, "BreadcrumbList"))
    assert len(ways) > 5
    for url, way in ways.items():
        steps = way["itemListElement"]
        assert [step["position"] for step in steps] == list(range(1, len(steps) + 1)), url
        assert steps[-1]["item"] == BASE[name] + url
        assert all(site_of(name).get(key_of(urlsplit(step["item"]).path)) for step in steps), url


def test_the_publisher_of_every_article_is_described(name: str, pages: Mapping[str, Page]) -> None:
    ((url, publisher),) = described(pages, "NewsMediaOrganization")
    assert url == "/"
    for url, article in described(pages, "NewsArticle"):
        assert article["publisher"] == {key: said for key, said in publisher.items() if key != "@context"}, url


def test_a_page_that_is_shared_has_a_card_with_a_picture(name: str, pages: Mapping[str, Page]) -> None:
    for url, page in pages.items():
        said = {attributes.get("property") or attributes.get("name"): attributes.get("content") for tag, attributes in page.elements if tag == "meta"}
        links = {attributes.get("rel"): attributes.get("href") for tag, attributes in page.elements if tag == "link"}
        if "noindex" in (said.get("robots") or "") or "refresh" in str(page.elements):
            continue
        assert links["canonical"] == said["og:url"] == BASE[name] + url
        assert all(said.get(property) for property in ("og:title", "og:type", "og:site_name", "twitter:card")), url
        assert site_of(name)[key_of(urlsplit(said["og:image"] or "").path)].content_type.startswith("image/")


def test_a_page_shows_what_an_article_shows_of_its_file() -> None:
    said = "title: Us\nkicker: Ashore\nimage: dusk.jpg\nimage_credit: Jo\nvideo: https://vimeo.com/76979871\ncorrections: We are four."
    body = f"---\n{said}\n---\nText.\n\n![Dusk](dusk.jpg)\n".encode()
    sample = content_of(SAMPLE)
    given = {key: sample[key] for key in ("site.toml", "media/dusk.jpg")}
    site = build({**given, "pages/us.md": body, "articles/news/us.md": body}, Register(), NOW, load_theme()).site
    page, article = (site[key].body.decode() for key in ("us/index.html", "news/us/index.html"))
    for part in (r'<p class="kicker">.*?</p>', r'<figure class="opening">.*?</figure>', r'<p class="watch">.*?</p>', r"<section .*?</section>"):
        assert re.findall(part, page, re.DOTALL) == re.findall(part, article, re.DOTALL)[:1] != [], part
    card = r'<meta property="og:image" .*?>'
    assert re.findall(card, page) == re.findall(card, article) != []


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


def test_the_other_feeds_say_what_atom_says(name: str, site: Site) -> None:
    keys = [key.removesuffix("feed.xml") for key in site if key.endswith("feed.xml")]
    assert len(keys) > 3
    for key in keys:
        atom = [entry.findtext(f"{ATOM}id") for entry in ElementTree.fromstring(site[f"{key}feed.xml"].body).findall(f"{ATOM}entry")]
        rss = ElementTree.fromstring(site[f"{key}rss.xml"].body).findall("channel/item")
        items = json.loads(site[f"{key}feed.json"].body)["items"]
        assert [item.findtext("guid") for item in rss] == [item["id"] for item in items] == atom, key
        assert [item.findtext("link") for item in rss] == [item["url"] for item in items], key
        assert [parsedate_to_datetime(item.findtext("pubDate") or "") for item in rss] == [
            datetime.fromisoformat(item["date_published"]) for item in items
        ], key


def test_search_finds_every_article_in_the_month_in_which_it_was_published(name: str, site: Site) -> None:
    months = json.loads(site["search/months.json"].body)
    assert months == sorted(months, reverse=True)
    assert {f"search/{month}.json" for month in months} == {key for key in site if re.fullmatch(r"search/\d.*", key)}
    found = [url for month in months for url, *_ in json.loads(site[f"search/{month}.json"].body)]
    assert sorted(found) == sorted(url for url, _ in described(pages_of(name), "NewsArticle"))


def test_whatever_a_browser_or_a_machine_asks_for_by_name_can_be_read(site: Site) -> None:
    manifest = json.loads(site["manifest.webmanifest"].body)
    assert all(key_of(icon["src"]) in site for icon in manifest["icons"])
    assert json.loads(site["speculation-rules.json"].body)["prerender"]
    assert b"Sitemap: https://" in site["robots.txt"].body
    assert site["llms.txt"].body.startswith(b"# ")


def test_the_sitemaps_name_every_page_that_is_a_list_or_an_article_and_nothing_that_is_not_there(name: str, site: Site) -> None:
    index = ElementTree.fromstring(site["sitemap.xml"].body)
    maps = [urlsplit(loc.text or "").path for loc in index.iter(f"{SITEMAP}loc")]
    assert sorted(maps) == sorted(f"/{key}" for key in site if key.startswith("sitemaps/"))
    urls = [loc.text or "" for path in maps for loc in ElementTree.fromstring(site[path.lstrip("/")].body).iter(f"{SITEMAP}loc")]
    assert len(set(urls)) == len(urls)
    for url in urls:
        assert url.startswith(f"{BASE[name]}/")
        assert "status" not in dict(site[key_of(urlsplit(url).path)].metadata)


@pytest.mark.parametrize(
    ("magazines", "articles", "said"),
    [("fr-CA", "", "fr"), ("en", "de", "de"), ("haw", "pt-BR", "pt"), ("zh", "", "zh-cn"), ("en", "zh-TW", "zh-tw"), ("en", "zh-Hans-HK", "zh-cn")],
)
def test_the_news_sitemap_names_the_articles_own_language_as_google_does(magazines: str, articles: str, said: str) -> None:
    toml = content_of(SAMPLE)["site.toml"].replace(b'language = "en"', f'language = "{magazines}"'.encode())
    article = f"---\ntitle: T\ndate: {NOW:%Y-%m-%d}\n{f'lang: {articles}' if articles else ''}\n---\nText.\n"
    sitemap = build({"site.toml": toml, "articles/news/a.md": article.encode()}, Register(), NOW, load_theme()).site["news-sitemap.xml"]
    assert [found.text for found in ElementTree.fromstring(sitemap.body).iter(f"{NEWS}language")] == [said]


def test_the_pages_keep_to_their_budgets(name: str, site: Site) -> None:
    """https://web.dev/articles/performance-budgets-101: what each page's reader must wait for, as it goes over the wire."""
    budgets = {"text/html": 15_000, "text/css": 8_000}
    for key, found in site.items():
        budget = budgets.get(found.content_type.partition(";")[0])
        assert budget is None or len(gzip.compress(found.body, mtime=0)) <= budget, key
    scripts = [found.body for found in site.values() if found.content_type.startswith("text/javascript")]
    assert sum(len(gzip.compress(script, mtime=0)) for script in scripts) <= 5_000


def test_a_page_is_at_most_six_requests_without_its_pictures_further_down(pages: Mapping[str, Page]) -> None:
    for url, page in pages.items():
        links = [attributes["href"] for tag, attributes in page.elements if tag == "link" and attributes.get("rel") in FETCHED]
        scripts = [attributes["src"] for tag, attributes in page.elements if tag == "script" and "src" in attributes]
        eager = [attributes for tag, attributes in page.elements if tag == "img" and attributes.get("loading") != "lazy"]
        assert 1 + len({*links, *scripts}) + len(eager) <= 6, url
        assert all("defer" in attributes for tag, attributes in page.elements if tag == "script" and "src" in attributes), url


def test_no_text_of_an_editor_becomes_markup() -> None:
    """A summary of the golden magazine has tags in it, and a section's name an ampersand."""
    for key in ("notes/index.html", "notes/corrections/index.html", "notes/feed.xml", "field/index.html"):
        body = site_of("golden")[key].body.decode()
        assert "<b>" not in body, key
        assert not re.search(r"&(?!#?\w+;)", body), key


def test_a_month_of_250_articles_goes_by_day_and_is_as_light_as_any_page() -> None:
    random = Random(250)
    content = content_of(SAMPLE)
    words = sorted({word for body in content.values() for word in re.findall(r"\b[a-z]{4,9}\b", body.decode(errors="ignore"))})
    titles = [" ".join(random.sample(words, 7)).capitalize() for _ in range(250)]
    head = "---\ntitle: {}\nsection: news\ndate: 2019-03-{:02}\nsummary: {}\n---\nText.\n"
    long = {f"articles/{n}.md": head.format(title, n % 31 + 1, title).encode() for n, title in enumerate(titles)}
    site = build({**content, **long}, Register(), NOW, load_theme()).site
    body = site["news/2019/03/index.html"].body
    assert len(gzip.compress(body)) < 15_000
    assert all(title in body.decode() for title in titles)
    days = re.findall(r'<h2><time datetime="(\S+?)T', body.decode())
    assert days == sorted(days, reverse=True)
    assert len(days) == 31
