"""A private preview: one HTML file with an article's page and every page that it would change, to be opened from wherever it lies."""

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime

from pressrun.core.article import Article
from pressrun.core.pages import Pages
from pressrun.core.site import SiteObject

Pictures = Mapping[str, tuple[str, bytes]]

_PICTURE = re.compile(r"<picture>.*?</picture>", re.DOTALL)
_STYLESHEET = re.compile(r'<link\b[^>]*\brel="stylesheet"[^>]*\bhref="/([^"]+)"[^>]*>')


def preview_of(pages: Pages, article: Article, changed: Mapping[str, SiteObject], pictures: Pictures, as_of: datetime) -> bytes:
    """``changed`` are the objects that would be put if the article were live, by site key, its own page first. ``pictures`` are its own, which are
    not in the site yet: content type and bytes by place. ``as_of`` is when that was read.
    """
    shown = {key: made.body.decode() for key, made in changed.items() if key.endswith("index.html")}
    html = pages.env.get_template("preview.html").render(
        article=article,
        as_of=as_of,
        pages={"/" + key.removesuffix("index.html"): _alone(pages, body, pictures) for key, body in shown.items()},
        others=[f"/{key}" for key in changed if key not in shown],
    )
    return html.encode()


def _alone(pages: Pages, html: str, pictures: Pictures) -> str:
    """The page with its style and the article's pictures in it, and with links that lead to the site."""

    def style(link: re.Match[str]) -> str:
        return f"<style>{pages.assets[link[1]].body.decode()}</style>" if link[1] in pages.assets else link[0]

    def picture(shown: re.Match[str]) -> str:
        found = next((pictures[place] for place in pictures if f'"/{place}-' in shown[0]), None)
        if found is None:
            return shown[0]
        source = f'src="data:{found[0]};base64,{b64encode(found[1]).decode()}"'
        return re.sub(r'src="[^"]*" srcset="[^"]*" sizes="[^"]*"', source, re.sub(r"<source\b[^>]*>", "", shown[0]))

    base = f'<base href="{pages.magazine.base_url}/" target="_blank">'
    return _PICTURE.sub(picture, _STYLESHEET.sub(style, html)).replace("<head>", f"<head>\n{base}", 1)
