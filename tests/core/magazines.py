"""A small magazine, its articles as files, and templates that show no more than they must."""

from datetime import UTC, datetime

from pressrun.core.article import Article, read_article
from pressrun.core.magazine import Magazine, read_magazine
from pressrun.core.theme import Theme

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)

SITE_TOML = """\
title = "The Meridian"
base_url = "https://meridian.example"
timezone = "America/New_York"
default_section = "news"

[[sections]]
slug = "news"
name = "News"

[[sections]]
slug = "arctic"
name = "The Arctic"
parent = "news"

[[sections]]
slug = "sea"
name = "Sea Power"
"""

_TEASERS = "{% for teaser in teasers %}{{ teaser.url }} {{ teaser.title }} {{ teaser.published | stamp }} {{ teaser.feed_id }}\n{% endfor %}"
_HOME = "{% set teasers = ([front.lead] if front.lead else []) + front.featured %}" + _TEASERS
_ONE_ARTICLE = (
    "{{ article.title }}|{{ article.summary }}|{{ body }}|{{ teaser.feed_id }}|{{ teaser.published | stamp }}|"
    "{% for other in related %}{{ other.url }} {% endfor %}"
)
THEME = Theme(
    templates={
        "home.html": _HOME,
        **dict.fromkeys(("section.html", "period.html", "fragment.html"), _TEASERS),
        **dict.fromkeys(("feed.xml", "rss.xml", "feed.json", "news-sitemap.xml", "search.json"), _TEASERS),
        "tags.html": "{% for tag in tags %}{{ tag.name }}: {{ tag.url }} {% endfor %}",
        **dict.fromkeys(("tag.html", "author.html"), "{{ name }}: {% for year in years %}{{ year.url }} {% endfor %}" + _TEASERS),
        **dict.fromkeys(("404.html", "robots.txt", "llms.txt", "archives.html", "search.html"), "{{ magazine.title }}"),
        **dict.fromkeys(("manifest.webmanifest", "speculation-rules.json"), "{}"),
        "months.json": "{{ months | join(' ') }}",
        "journal.html": "{% for issue in issues %}{{ issue.card.name }}{% endfor %}",
        "fragment-journal.html": "{% for issue in issues %}{{ issue.card.name }}{% endfor %}",
        "authors.html": "{% for author in authors %}{{ author.card.name }}{% endfor %}",
        "archive.html": "{% for months in years.values() %}{% for month in months %}{{ month.url }} {% endfor %}{% endfor %}",
        "sitemap.xml": "{% for url, changed in pages %}{{ url }} {% endfor %}",
        "sitemaps.xml": "{{ names | join(' ') }}",
        **dict.fromkeys(("article.html", "page.html"), _ONE_ARTICLE),
        "redirect.html": "{{ to }}",
        "gone.html": "gone",
    },
    assets={"style.css": b"p {}", "icon.png": b"an icon"},
)


def magazine(text: str = SITE_TOML) -> Magazine:
    found, problems = read_magazine(text.encode())
    assert found, problems
    return found


MERIDIAN = magazine()


def file(body: str = "Text.", /, **fields: object) -> bytes:
    """An article as an editor saves it. Lists and texts are written as YAML has them."""
    lines = "".join(f"{name}: {'[' + ', '.join(map(str, value)) + ']' if isinstance(value, list) else value}\n" for name, value in fields.items())
    return f"---\n{lines}---\n{body}\n".encode()


def article(key: str = "articles/news/one.md", /, **fields: object) -> Article:
    """An article that must be acceptable."""
    found, problems = read_article(key, file(**{"title": "One"} | fields), MERIDIAN)
    assert found, problems
    return found
