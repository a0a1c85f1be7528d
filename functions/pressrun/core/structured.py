"""What pages say of themselves for search engines: schema.org's terms, as data for an ``application/ld+json`` element.

What Google reads of it: https://developers.google.com/search/docs/appearance/structured-data/article
"""

from collections.abc import Sequence

from pressrun.core.article import Article
from pressrun.core.dates import stamp
from pressrun.core.lists import Teaser
from pressrun.core.magazine import Magazine, Section
from pressrun.core.pictures import Picture

Data = dict[str, object]
Crumbs = Sequence[tuple[str, str]]  # names and URLs, topmost first

_CONTEXT = "https://schema.org"
_ICON_SIZE = 512  # pixels, of assets/icon.png


class StructuredData:
    """Of one magazine's pages. ``icon`` is a URL below the root, and stands in for a logo that is not there."""

    def __init__(self, magazine: Magazine, logo: Picture | None, icon: str) -> None:
        self._magazine, self._absolute = magazine, magazine.absolute
        width, height = (logo.card_width, logo.height_at(logo.card_width)) if logo else (_ICON_SIZE, _ICON_SIZE)
        self._picture = self._absolute(logo.card if logo else icon)
        self._publisher: Data = {
            "@type": "NewsMediaOrganization",
            "@id": self._absolute("/#organization"),
            "name": magazine.title,
            "url": self._absolute("/"),
            "logo": {"@type": "ImageObject", "url": self._picture, "width": width, "height": height},
        }
        if magazine.social:
            self._publisher["sameAs"] = [one.url for one in magazine.social]

    def magazine(self) -> Data:
        """Of the home page: who publishes the magazine."""
        return {"@context": _CONTEXT, **self._publisher}

    def breadcrumbs(self, crumbs: Crumbs) -> Data:
        """Of a page that has others above it: the way to it, whose last step is the page itself."""
        steps = [{"@type": "ListItem", "position": place, "name": name, "item": self._absolute(url)} for place, (name, url) in enumerate(crumbs, 1)]
        return {"@context": _CONTEXT, "@type": "BreadcrumbList", "itemListElement": steps}

    def article(self, article: Article, teaser: Teaser, section: Section, crumbs: Crumbs) -> list[Data]:
        """Of an article's page, with the way to it, whose last step is the article itself."""
        authors: list[Data] = [
            {"@type": "Person", "name": author.name, "url": self._absolute(f"/authors/{author.slug}/")} for author in teaser.authors
        ]
        data: Data = {
            "@context": _CONTEXT,
            "@type": "NewsArticle",
            "headline": article.title,
            "mainEntityOfPage": self._absolute(article.url),
            "image": [self._absolute(teaser.picture.card) if teaser.picture else self._picture],
            "datePublished": stamp(teaser.published),
            "dateModified": stamp(teaser.updated or teaser.published),
            "inLanguage": article.lang or self._magazine.language,
            "articleSection": section.name,
            "author": authors or [{"@type": "Organization", "name": article.agency or self._magazine.title}],
            "publisher": self._publisher,
        }
        if article.summary:
            data["description"] = article.summary
        if article.tags:
            data["keywords"] = [tag.name for tag in article.tags]
        if teaser.issue:
            issue_url = self._absolute(f"/journal/{teaser.issue.slug}/")
            data["isPartOf"] = {"@type": "PublicationIssue", "name": teaser.issue.name, "url": issue_url}
        return [data, self.breadcrumbs(crumbs)]
