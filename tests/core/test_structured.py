"""What pages say of themselves for search engines."""

from datetime import UTC, datetime

from pressrun.core.article import Article, Label
from pressrun.core.cards import Card, Mentioned
from pressrun.core.lists import teaser_of
from pressrun.core.structured import StructuredData
from tests.core.magazines import SITE_TOML, article, magazine

FIRST = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ICON = "/assets/icon.0.png"
KEY = "articles/news/arctic/ferry.md"
SOCIAL = magazine(SITE_TOML + '\n[[social]]\nname = "Mastodon"\nurl = "https://social.example/@meridian"\n')


def described(one: Article, mentioned: Mentioned) -> dict[str, object]:
    line = SOCIAL.line_of(one.section)
    crumbs = [*((section.name, section.url) for section in line), (one.title, one.url)]
    data, way = StructuredData(SOCIAL, None, ICON).article(one, teaser_of(one, mentioned, FIRST, "tag:x"), line[-1], crumbs)
    steps = ("https://meridian.example/news/", "https://meridian.example/news/arctic/", "https://meridian.example/news/arctic/the-ferry/")
    assert [step["item"] for step in way["itemListElement"]] == list(steps)  # type: ignore[attr-defined]
    return data


def test_an_article_says_all_that_is_known_of_it() -> None:
    ferry = article(KEY, title="The Ferry", date="2026-11-20", updated="2026-11-21", summary="It sails.", tags=["ice", "sea"], lang="fr")
    issue = Card("issues/12.md", "Winter", "/journal/12/", number="12")
    data = described(ferry, Mentioned((Label("Jo Ash", "jo-ash"),), issue))
    assert data == {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": "The Ferry",
        "description": "It sails.",
        "keywords": ["ice", "sea"],
        "inLanguage": "fr",
        "articleSection": "The Arctic",
        "mainEntityOfPage": "https://meridian.example/news/arctic/the-ferry/",
        "image": [f"https://meridian.example{ICON}"],
        "datePublished": "2026-11-20T05:00:00Z",
        "dateModified": "2026-11-21T05:00:00Z",
        "author": [{"@type": "Person", "name": "Jo Ash", "url": "https://meridian.example/authors/jo-ash/"}],
        "isPartOf": {"@type": "PublicationIssue", "name": "Winter", "url": "https://meridian.example/journal/12/"},
        "publisher": {
            "@type": "NewsMediaOrganization",
            "@id": "https://meridian.example/#organization",
            "name": "The Meridian",
            "url": "https://meridian.example/",
            "logo": {"@type": "ImageObject", "url": f"https://meridian.example{ICON}", "width": 512, "height": 512},
            "sameAs": ["https://social.example/@meridian"],
        },
    }


def test_what_an_article_does_not_say_is_left_out_and_somebody_has_written_it() -> None:
    data = described(article(KEY, title="The Ferry", agency="Night Wire"), Mentioned())
    assert data.keys().isdisjoint({"description", "keywords", "isPartOf"})
    assert data["author"] == [{"@type": "Organization", "name": "Night Wire"}]
    assert data["datePublished"] == data["dateModified"] == "2026-11-22T09:30:00Z"
    assert described(article(KEY, title="The Ferry"), Mentioned())["author"] == [{"@type": "Organization", "name": "The Meridian"}]


def test_an_update_before_the_publication_is_none() -> None:
    data = described(article(KEY, title="The Ferry", date="2026-11-22", updated="2026-11-01"), Mentioned())
    assert data["dateModified"] == data["datePublished"]
