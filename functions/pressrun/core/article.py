"""An article: what one file in ``articles/`` says, read and judged against the magazine."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import PurePosixPath

from slugify import slugify

from pressrun.core.dates import read_instant
from pressrun.core.frontmatter import Document, Value, split
from pressrun.core.magazine import Magazine
from pressrun.core.markdown import DEEPEST, depth
from pressrun.core.problem import CONTROL, Problem, errors, nearest, note

PREFIX = "articles/"
_LARGEST = 2 * 1024 * 1024
_LONGEST_TITLE = 300
_LONGEST_SLUG = 100
_FIELDS = frozenset(
    {"title", "date", "updated", "publish_at", "expires", "draft", "slug", "url", "redirects", "section", "tags", "authors", "agency"}
    | {"summary", "image", "image_alt", "image_caption", "image_credit", "featured", "id", "issue", "video", "kicker", "comments", "lang"}
)


@dataclass(frozen=True, slots=True)
class Label:
    """A tag or an author: the name as written, and its place in a URL."""

    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class Article:
    """An acceptable article. Instants are aware, in UTC. ``body`` is Markdown."""

    key: str
    title: str
    url: str
    section: str
    body: str
    date: datetime | None = None
    updated: datetime | None = None
    publish_at: datetime | None = None
    expires: datetime | None = None
    draft: bool = False
    redirects: tuple[str, ...] = ()
    tags: tuple[Label, ...] = ()
    authors: tuple[Label, ...] = ()
    agency: str = ""
    summary: str = ""
    kicker: str = ""
    lang: str = ""

    @property
    def start(self) -> datetime | None:
        """The embargo's instant: not in the site before it. None: as soon as it is accepted."""
        return self.publish_at or self.date


def is_article(key: str) -> bool:
    """Whether this content key is an article's. A key that ends with a slash is a folder, as some consoles make them."""
    return key.startswith(PREFIX) and not key.endswith("/")


def read_article(key: str, data: bytes, magazine: Magazine) -> tuple[Article | None, tuple[Problem, ...]]:
    """The article, or None with at least one error; in both cases every problem that was found."""
    if not key.lower().endswith((".md", ".markdown")):
        return None, (Problem("This is not a kind of file that can be an article.", "Write it in Markdown, and give it a name that ends with .md."),)
    document, problems = _document(data)
    if document is None:
        return None, tuple(problems)
    reader = _Reader(key, document, magazine, problems)
    article = reader.article()
    return (None if errors(reader.problems) else article), tuple(reader.problems)


def _document(data: bytes) -> tuple[Document | None, list[Problem]]:
    if len(data) > _LARGEST:
        return None, [Problem("The file is larger than 2 MB.", "An article is text; upload pictures and downloads to media/ instead.")]
    if not data.strip():
        return None, [Problem("The file is empty.", "Save the article and upload it again.")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return None, [Problem("The file is not text in UTF-8.", "Save it as UTF-8 (in Word: plain text, encoding UTF-8).", line)]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        return None, [Problem("There is a control character in the text.", "Remove it; it may have come with a paste.", line)]
    return split(text)


class _Reader:
    """Reads field by field, and gathers the problems as it goes."""

    def __init__(self, key: str, document: Document, magazine: Magazine, problems: list[Problem]) -> None:
        self.key, self.document, self.magazine, self.problems = key, document, magazine, problems
        self.fields = document.fields

    def refuse(self, name: str, problem: str, remedy: str) -> None:
        field = self.fields.get(name)
        self.problems.append(Problem(problem, remedy, field.line if field else 1, _shown(name, field.value) if field else ""))

    def article(self) -> Article:
        """The article; only where nothing was refused on the way is it one."""
        for name, field in self.fields.items():
            if name not in _FIELDS:
                remedy = "It is left out." + nearest(name, sorted(_FIELDS))
                self.problems.append(note(f"“{name}” is not a field that Pressrun knows.", remedy, line=field.line, text=_shown(name, field.value)))
        title = self.text("title")
        if "title" not in self.fields:
            self.problems.append(Problem("The article has no title.", "Add a line to the front matter: title: …", 1))
        elif not title and isinstance(self.fields["title"].value, str):
            self.refuse("title", "The title is empty.", "Write the headline after title:")
        elif len(title) > _LONGEST_TITLE:
            self.refuse("title", f"The title has {len(title)} characters; {_LONGEST_TITLE} is the most.", "Shorten it; the rest may be the summary.")
        if depth(self.document.body) > DEEPEST:
            remedy = "Close every HTML tag that is opened."
            self.problems.append(Problem(f"The text is nested more than {DEEPEST} deep.", remedy, self.document.body_line))
        date = self.instant("date")
        publish_at = self.instant("publish_at")
        expires = self.instant("expires")
        start = publish_at or date
        if start and expires and expires <= start:
            self.refuse("expires", "It would be gone before it is published.", "Write an instant after the date, or remove expires:")
        section = self.section()
        url = self.url(title, section, date or publish_at) or ""
        return Article(
            key=self.key,
            title=title,
            url=url,
            section=section or "",
            body=self.document.body,
            date=date or publish_at,
            updated=self.instant("updated"),
            publish_at=publish_at,
            expires=expires if self.magazine.honour_expiry else None,
            draft=self.flag("draft"),
            redirects=tuple(self.redirects(url)),
            tags=self.labels("tags", split_on=r"[,\s]+"),
            authors=self.labels("authors", split_on=r",| and "),
            agency=self.text("agency"),
            summary=self.text("summary"),
            kicker=self.text("kicker"),
            lang=self.text("lang"),
        )

    def text(self, name: str) -> str:
        """A value in one line: what a headline, a summary or a slug is."""
        field = self.fields.get(name)
        if field is None:
            return ""
        if not isinstance(field.value, str):
            self.refuse(name, f"“{name}” must be text.", f"Write it on one line: {name}: …")
            return ""
        return " ".join(field.value.split())

    def flag(self, name: str) -> bool:
        value = self.text(name).lower()
        if value in ("true", "yes", "on", "1"):
            return True
        if value not in ("", "false", "no", "off", "0"):
            self.refuse(name, f"“{name}” must be true or false.", f"Write {name}: true, or remove the line.")
        return False

    def instant(self, name: str) -> datetime | None:
        value = self.text(name)
        if not value:
            return None
        try:
            return read_instant(value, self.magazine.timezone)
        except ValueError:
            self.refuse(name, f"“{value}” is not a date.", "Write it like 2026-11-22, or 2026-11-22T09:30, or 2026-11-22T09:30:00-05:00.")
            return None

    def items(self, name: str, split_on: str) -> list[str]:
        field = self.fields.get(name)
        if field is None or field.value == "":
            return []
        values = re.split(split_on, field.value) if isinstance(field.value, str) else field.value
        if isinstance(values, dict) or not all(isinstance(value, str) for value in values):
            self.refuse(name, f"“{name}” must be a list of names.", f"Write it like {name}: [one, two]")
            return []
        return [" ".join(value.split()) for value in values if isinstance(value, str) and value.strip()]

    def labels(self, name: str, split_on: str) -> tuple[Label, ...]:
        found: dict[str, Label] = {}
        for value in self.items(name, split_on):
            slug = slug_of(value)
            if not slug:
                self.refuse(name, f"“{value}” has no letter or digit, so it cannot have a page.", "Write a word.")
            else:
                found.setdefault(slug, Label(value, slug))
        return tuple(found.values())

    def section(self) -> str | None:
        known = [section.path for section in self.magazine.sections]
        if named := self.text("section"):
            found = self.magazine.find_section(named)
            if found is None:
                remedy = f"The sections are: {', '.join(known)}.{nearest(named, known)}"
                self.refuse("section", f"The magazine has no section “{named}”.", remedy)
            return found.path if found else None
        folder = PurePosixPath(self.key.removeprefix(PREFIX)).parent
        for path in (folder, *folder.parents):
            if section := self.magazine.section(str(path)):
                return section.path
        if self.magazine.default_section is None:
            remedy = f"Add a line section: …, or put the file into a section's folder. The sections are: {', '.join(known)}."
            self.problems.append(Problem("The article names no section and lies in no section's folder.", remedy, 1))
        return self.magazine.default_section

    def url(self, title: str, section: str | None, date: datetime | None) -> str | None:
        if given := self.text("url"):
            return self.checked("url", _as_url(given))
        slug = self.slug(title)
        if section is None or slug is None:
            return None
        if self.magazine.dated_permalink and date is None:
            self.refuse("date", "The magazine's addresses have the date in them, and the article has none.", "Add a line date: 2026-11-22")
            return None
        local = date.astimezone(self.magazine.timezone) if date else None
        parts = {"section": section, "slug": slug}
        if local:
            parts |= {"yyyy": f"{local.year:04}", "mm": f"{local.month:02}", "dd": f"{local.day:02}"}
        return self.checked("slug" if "slug" in self.fields else "title", self.magazine.permalink.format(**parts))

    def slug(self, title: str) -> str | None:
        given = self.text("slug")
        if given and not re.fullmatch(r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*", given):
            self.refuse("slug", f"“{given}” cannot stand in an address.", f'Write it like "{slug_of(given) or "my-article"}".')
            return None
        if given:
            return slug_of(given)
        # A title without a letter that can be spelt in an address (an emoji) is named by its file, or by a hash that never changes.
        return slug_of(title) or slug_of(PurePosixPath(self.key).stem) or sha256(self.key.encode()).hexdigest()[:10]

    def checked(self, name: str, url: str | None) -> str | None:
        if url is None:
            self.refuse(name, "That is not an address in this magazine.", "Write it like /news/my-article/ with small letters, digits and hyphens.")
            return None
        why = "an article's address ends with a slash, and has no dot in it" if "." in url else self.magazine.why_reserved(url)
        if why:
            self.refuse(name, f"The article cannot be at {url}: {why}.", "Give it another slug: in the front matter.")
            return None
        return url

    def redirects(self, url: str) -> Iterator[str]:
        for value in self.items("redirects", r"[,\s]+"):
            old = _as_url(value)
            if old is None:
                self.refuse("redirects", f"“{value}” is not an address in this magazine.", "Write it like /old/address/.")
            elif why := self.magazine.why_reserved(old):
                self.refuse("redirects", f"{old} cannot lead to this article: {why}.", "Remove it from redirects:")
            elif old != url:
                yield old


def slug_of(text: str) -> str:
    """The place of a word in a URL: ``U.S. Navy`` is ``us-navy``. '' where nothing can be spelt."""
    return slugify(text, replacements=[(".", ""), ("’", ""), ("'", "")], max_length=_LONGEST_SLUG, word_boundary=True)


def _as_url(text: str) -> str | None:
    """The URL's one spelling: below the root, with a slash at its end unless it names a file, and a folder for its ``index.html``."""
    path = "/" + text.strip().removesuffix("/index.html").strip("/")
    if len(path) > 400 or not re.fullmatch(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+", path):
        return None
    return path if re.search(r"\.html?$", path) else path + "/"


def _shown(name: str, value: Value) -> str:
    return f"{name}: {value if isinstance(value, str) else '…'}"[:120]
