"""Names and addresses: what a word is in a URL, and what a link, a picture or a video in an article means."""

import posixpath
import re
from functools import lru_cache
from hashlib import sha256
from unicodedata import normalize
from urllib.parse import unquote

from slugify import slugify

LONGEST_SLUG = 100
_LONGEST_KEY = 1024  # bytes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ARTICLE_FILE = re.compile(r"\.(md|markdown|html?)$", re.IGNORECASE)
_DATED = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})(?:[-_ ]|$)")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_YOUTUBE = re.compile(
    r"https?://(?:(?:www\.|m\.)?youtube(?:-nocookie)?\.com/(?:watch\?(?:[^#\s]*&)?v=|embed/|shorts/|live/|v/)|youtu\.be/)([\w-]{6,20})(?:[?&#/].*)?"
)
_VIMEO = re.compile(r"https?://(?:www\.|player\.)?vimeo\.com/(?:video/)?(\d{1,20})(?:[?#/].*)?")
_FILM = re.compile(r"/?(media/[^\s?#]+\.(?:mp4|m4v|webm))", re.IGNORECASE)


def slug_of(text: str) -> str:
    """The place of a word in a URL: ``U.S. Navy`` is ``us-navy``. '' where nothing can be spelt."""
    # Most words are slugs already, and of the others most come again.
    return text if len(text) <= LONGEST_SLUG and _SLUG.fullmatch(text) else _spelt(text)


@lru_cache(maxsize=4096)
def _spelt(text: str) -> str:
    return slugify(text, replacements=[(".", ""), ("’", ""), ("'", "")], max_length=LONGEST_SLUG, word_boundary=True)


def stem_of(path: str) -> tuple[str, str]:
    """The name of an article's file without folders and ending, and the date before it, or ''. A page bundle has its folder's name.

    >>> stem_of("articles/2021-10-07-the-ferry/index.md")
    ('the-ferry', '2021-10-07')
    """
    folder, _, name = path.rstrip("/").rpartition("/")
    stem = _ARTICLE_FILE.sub("", name)
    if stem.lower() in ("index", "_index") and folder:
        stem = folder.rpartition("/")[2]
    dated = _DATED.match(stem)
    return (stem[dated.end() :] or stem, dated[1]) if dated else (stem, "")


def stand_in(key: str) -> str:
    """The slug of a file that has no letter which can be spelt: a hash of its key, which never changes."""
    return sha256(key.encode()).hexdigest()[:10]


def name_of(path: str) -> str:
    """The name by which one article calls another: ``../2021-10-07-The Ferry.md`` is ``the-ferry``."""
    return slug_of(stem_of(path)[0])


def anchor_of(heading: str) -> str:
    """The place of a heading in its page's URL, as Hugo, Jekyll and GitHub have it: ``The crew, aboard`` is ``the-crew-aboard``."""
    return re.sub(r"[^\w -]", "", " ".join(heading.lower().split())).replace(" ", "-")[:LONGEST_SLUG]


def ref_of(target: str) -> str:
    """Where a link leads that another tool wrote as a file's name, with or without a heading: ``ref:the-ferry#crew``, ``#crew``."""
    path, _, heading = target.strip().partition("#")
    name = name_of(path)
    return (f"ref:{name}" if name else "") + (f"#{anchor_of(heading)}" if heading else "")


def read_href(href: str) -> tuple[str, str] | None:
    """The name and heading that a link to another article carries, or None for any other link."""
    path, _, heading = href.partition("#")
    if path[:4].lower() == "ref:":
        return path[4:], heading
    found = _ARTICLE_FILE.search(path)
    # What begins with a slash may be an address that the magazine had once, and that leads somewhere.
    if not found or _SCHEME.match(path) or (path.startswith("/") and found[1].lower().startswith("htm")):
        return None
    return name_of(unquote(path)), heading


def media_keys(key: str, src: str) -> tuple[str, ...]:
    """The content keys that ``src`` may mean in the article with this key, likeliest first; none for what is on another site.

    >>> media_keys("articles/ferry/index.md", "quay.jpg")
    ('articles/ferry/quay.jpg', 'media/quay.jpg')
    >>> media_keys("articles/ferry.md", "/images/quay.jpg")
    ('media/images/quay.jpg',)
    """
    if _SCHEME.match(src.strip()):
        return ()
    written = unquote(re.split(r"[?#]", src.strip(), maxsplit=1)[0]).replace("\\", "/")
    found, folders = list[str](), (key.partition("/")[0] + "/", "media/")
    # An é may be one sign or two: keyboards write the one, and Macs name files with the other.
    for path in [written] if written.isascii() else dict.fromkeys((written, normalize("NFD", written), normalize("NFC", written))):
        inside = posixpath.normpath("/" + path).strip("/")
        if inside:
            found += [] if path.startswith("/") else [posixpath.normpath(posixpath.join(posixpath.dirname(key), path))]
            found.append(inside if inside.startswith("media/") else f"media/{inside}")
    return tuple(dict.fromkeys(name for name in found if name.startswith(folders) and len(name.encode()) <= _LONGEST_KEY))


def is_elsewhere(src: str) -> bool:
    """Whether a picture or a file is on another site."""
    return _SCHEME.match(src.strip()) is not None


def youtube(text: str) -> str | None:
    """The address of a YouTube video, from any of its addresses or its id."""
    found = _YOUTUBE.fullmatch(text) or re.fullmatch(r"([\w-]{6,20})", text)
    return f"https://www.youtube.com/watch?v={found[1]}" if found else None


def vimeo(text: str) -> str | None:
    """The address of a Vimeo video, from any of its addresses or its number."""
    found = _VIMEO.fullmatch(text) or re.fullmatch(r"(\d{1,20})", text)
    return f"https://vimeo.com/{found[1]}" if found else None


def video_of(text: str) -> str | None:
    """A video in its one spelling: an address at YouTube or Vimeo, or a content key below ``media/``. None for anything else."""
    if re.match(r"(?:www\.|m\.|player\.)?(?:youtube\.com|youtu\.be|vimeo\.com)/", text, re.IGNORECASE):
        text = f"https://{text}"
    if _SCHEME.match(text):
        return youtube(text) or vimeo(text)
    found = _FILM.fullmatch(text)
    return found[1] if found and ".." not in text else None


def captions_of(video: str) -> str:
    """The content key of the captions of a film in ``media/``, which have its name. '' for a video elsewhere, or none.

    >>> captions_of("media/launch.mp4")
    'media/launch.vtt'
    """
    return "" if not video or is_elsewhere(video) else f"{video.rpartition('.')[0]}.vtt"
