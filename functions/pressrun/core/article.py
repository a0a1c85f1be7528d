"""An article: what one file in ``articles/`` or ``pages/`` says, read and judged against the magazine."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from functools import lru_cache
from html import unescape
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from unicodedata import category

from pressrun.core.dates import either, read_instant
from pressrun.core.embedded import Embedded, take_out
from pressrun.core.frontmatter import TWICE, Document, Field, Value, spelt, split, twice
from pressrun.core.html import read_page
from pressrun.core.links import captions_of, is_elsewhere, media_keys, name_of, slug_of, stand_in, stem_of, video_of
from pressrun.core.magazine import LANGUAGE, Magazine, Section
from pressrun.core.markdown import Markup, clean, excess, mentions, plain, rendered, unshown
from pressrun.core.media import is_medium, suffix_of, too_long
from pressrun.core.problem import CONTROL, WINDOWS, Problem, errors, may_have_control, mended, nearest, note
from pressrun.core.shortcodes import translate

PREFIX, PAGES = "articles/", "pages/"
MARKUP: dict[str, Markup] = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html"}
_LARGEST_FILE = 10 * 1024 * 1024  # with the pictures in it
_LARGEST_TEXT = 2 * 1024 * 1024
LONGEST_TITLE = 300
_LONGEST_ID = 200
_MOST_ITEMS = 200
_FEW_NAMED = 50  # however long their names
_MOST_NAMED, _LONGEST_NAMED = 1_000, 80_000  # with as many characters together: the catalogue keeps them in one item, of 400 KB at most
_LONGEST_SHOWN = 5_000  # characters that lists show of an article: a hundred lists' entries are written in one transaction, of 4 MB at most
_MOST_NOTES = 20
_MOST_PROBLEMS = 100

# Each field, and its names in the archives of other tools. Of two that are there, the one that stands first here is meant. What `published` and
# `status` are depends on what they say, and `name` is a title in a page bundle only.
_FIELDS: dict[str, tuple[str, ...]] = {
    "title": ("name",),
    "date": ("pub_date", "published_at", "post_date"),
    "updated": ("lastmod", "modified", "last_modified_at", "updated_date", "updated_at"),
    "publish_at": ("publish_date", "pubdate", "published", "publish_on", "published_on", "published_date", "date_published", "embargo"),
    "expires": ("expiry_date", "unpublishdate", "expires_at", "expires_on", "expire_date", "expiration_date", "expiry"),
    "draft": ("published", "status", "is_draft"),
    "slug": ("post_name",),
    "url": ("permalink", "path"),
    "redirects": ("redirect_from", "aliases"),
    "section": ("category", "categories"),
    "tags": ("keywords",),
    "authors": ("author", "byline"),
    "agency": ("source", "credit_line"),
    "summary": ("description", "excerpt", "custom_excerpt", "meta_description", "deck", "subtitle"),
    "image": ("hero_image", "cover", "cover.image", "thumbnail", "feature_image", "featured_image"),
    "image_alt": ("feature_image_alt",),
    "image_caption": ("feature_image_caption",),
    "image_credit": (),
    "featured": ("sticky", "pinned"),
    "id": (),
    "issue": (),
    "video": (),
    "kicker": (),
    "comments": (),
    "corrections": ("correction",),
    "lang": (),
}
_MEANT = {name: field for field, others in _FIELDS.items() for name in (field, *others)}
_JOINED = {name.replace("_", ""): name for name in reversed(_MEANT)}  # publishAt is publish_at, and so is publishat
_EXACT = {"date", "publish_at", "expires", "draft"}  # read wrongly, these would publish what must not be seen
_LOOSE = {"comments", "featured", "image"}  # other tools mean other things by these, too, and it harms nobody where they are left out
_ALIKE = {"summary", "image", "image_alt", "image_caption"}  # an archive's article may well have several, each for another place
_PROSE = {"title", "summary", "kicker", "image_alt", "image_caption", "image_credit", "agency", "name", "role"}
_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"", "false", "no", "off", "0"}
_NOT_YET, _PUBLIC = {"draft", "private", "pending", "unpublished"}, {"", "publish", "published", "public", "live", "scheduled", "future", "final"}
_JEKYLL_STYLES = {"date", "pretty", "ordinal", "weekdate", "none"}
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_UNSEEN = re.compile(r"/\.[^./]|/_index(?:\.[^./]+)?\Z", re.IGNORECASE)
_SIGNS = re.compile(r"[+#&@%]")  # which no address has, and which tell C++ from C
_BUNDLE = re.compile(r"/index\.[^./]+\Z", re.IGNORECASE)


class Label(NamedTuple):
    """A tag or an author: the name as written, and its place in a URL."""

    name: str
    slug: str

    def __reduce__(self) -> tuple[Any, ...]:
        """As ``pickle`` does it, but that the many articles which have the same label share it."""
        return _shared, tuple(self)


@lru_cache(maxsize=16_384)
def _shared(name: str, slug: str) -> Label:
    return Label(name, slug)


@dataclass(frozen=True, slots=True)
class Correction:
    """What was wrong in an article, and since when it is right. ``date`` is aware, in UTC."""

    text: str
    date: datetime | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """An acceptable article. Instants are aware, in UTC.

    ``html`` is its text, clean and without other tools' shortcodes. ``refs`` are the names (``name_of``) of the articles that it links to, sorted;
    ``pictures`` the sources of its pictures as written, ``image`` first, and ``files`` those of the film, its captions and the downloads, each to be
    looked for at its ``media_keys`` or in ``embedded``. ``section`` is '' for a page. ``video`` is an address at YouTube or Vimeo, or a content key.
    """

    key: str
    title: str
    url: str
    section: str
    html: str = ""
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
    image: str = ""
    image_alt: str = ""
    image_caption: str = ""
    image_credit: str = ""
    featured: bool = False
    id: str = ""
    issue: str = ""
    video: str = ""
    comments: str = ""
    corrections: tuple[Correction, ...] = ()
    refs: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    embedded: tuple[Embedded, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """As ``pickle`` does it, but for looking up the fields each time."""
        return Article, tuple(getattr(self, name) for name in Article.__slots__)

    @property
    def start(self) -> datetime | None:
        """The embargo's instant: not in the site before it. None: as soon as it is accepted."""
        return self.publish_at or self.date

    @property
    def captions(self) -> str:
        """The content key of its film's captions, or ''."""
        return captions_of(self.video)


def names_of_field(name: str) -> tuple[str, ...]:
    """A field's names, its own first, each as ``spelt``."""
    return name, *_FIELDS[name]


def is_article(key: str) -> bool:
    """Whether this content key is an article's or a page's. These are not: a folder, as some consoles make them; a file that only a machine
    sees; what lies beside an article; ``_index.md``, which says something of its folder; a key that is too long to be anything."""
    return key.startswith((PREFIX, PAGES)) and not key.endswith("/") and not _UNSEEN.search(key) and not is_medium(key) and not too_long(key)


def _title_of_file(key: str) -> str:
    """As Jekyll has it for a post: the words of a file name that is dated. '' for any other, and for one that no title could be as long as."""
    stem, date = stem_of(key)
    words = " ".join(re.split(r"[-_\s]+", stem)).strip() if date and stem != date else ""
    return words[:1].upper() + words[1:] if len(words) <= LONGEST_TITLE else ""


def read_article(key: str, data: bytes, magazine: Magazine) -> tuple[Article | None, tuple[Problem, ...]]:
    """The article, or None with at least one error; in both cases every problem that was found."""
    markup = MARKUP.get(suffix_of(key))
    if markup is None:
        remedy = "Write it in Markdown or HTML, and give it a name that ends with .md or .html."
        return None, (Problem("This is not a kind of file that can be an article.", remedy),)
    text, problems = _text(data, _LARGEST_FILE)
    if text is None:
        return None, tuple(problems)
    text, embedded, problems = take_out(text)
    if len(text) > _LARGEST_TEXT:
        return None, (_TOO_LARGE,)
    document, more = read_page(text) if markup == "html" else split(text)
    problems += more
    if document is None:
        return None, _bounded(problems)
    reader = _ArticleReader(key, document, magazine, problems, markup, embedded)
    article = reader.article()
    return (None if errors(reader.problems) else article), _bounded(reader.problems)


def read_document(data: bytes) -> tuple[Document | None, list[Problem]]:
    """The front matter and the text of any file that has them."""
    text, problems = _text(data, _LARGEST_TEXT)
    return (None, problems) if text is None else split(text)


_FOREIGN = {
    b"PK\x03\x04": "a Word document or a packed file",
    b"\xd0\xcf\x11\xe0": "a Word document",
    b"{\\rtf": "a document in rich text",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}

_TOO_LARGE = Problem("The file is larger than 2 MB.", "An article is text; upload pictures and downloads to media/ instead.")


def _text(data: bytes, largest: int) -> tuple[str | None, list[Problem]]:
    if len(data) > largest:
        return None, [_TOO_LARGE]
    if not data.strip():
        return None, [Problem("The file is empty.", "Save the article and upload it again.")]
    remedy = "Save it as UTF-8 (in Word: Save As, Plain Text, encoding UTF-8)."
    if what := next((what for begin, what in _FOREIGN.items() if data.startswith(begin)), ""):
        return None, [Problem(f"The file is not text in UTF-8, but {what}, whatever its name.", remedy, 1)]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return None, [Problem("The file is not text in UTF-8.", remedy, line)]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not may_have_control(data):
        return text, []
    text = WINDOWS.sub(mended, text.replace("\x7f", ""))
    if found := CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        return None, [Problem("There is a control character in the text.", "Remove it; it may have come with a paste.", line)]
    return text, []


def _bounded(problems: list[Problem]) -> tuple[Problem, ...]:
    """A report is read by a person: errors first where there are too many."""
    if len(problems) <= _MOST_PROBLEMS:
        return tuple(problems)
    kept = sorted(problems, key=lambda found: found.severity != "error")[:_MOST_PROBLEMS]
    return (*kept, note(f"There is more like this: {len(problems) - _MOST_PROBLEMS} more.", "Mend what is said here, then upload the file again."))


class Reader:
    """Reads a file field by field, and gathers the problems as it goes. ``fields`` go by canonical name."""

    def __init__(self, key: str, document: Document, magazine: Magazine, problems: list[Problem]) -> None:
        self.key, self.document, self.magazine, self.problems = key, document, magazine, problems
        self.fields = dict(document.fields)

    def refuse(self, name: str, problem: str, remedy: str) -> None:
        field = self.fields.get(name)
        self.problems.append(Problem(problem, remedy, field.line if field else 1, _shown(field) if field else ""))

    def called(self, name: str) -> str:
        """The field's name as the editor wrote it."""
        return self.fields[name].name if name in self.fields else name

    def text(self, name: str) -> str:
        """A value in one line: what a headline, a summary or a slug is."""
        field = self.fields.get(name)
        if field is None:
            return ""
        value = _unwrapped(field.value)
        if isinstance(value, str):
            text = _in_one_line(value)
            return text if name in _PROSE else _without_quotes(text)
        self.refuse(name, f"“{self.called(name)}” must be text.", f"Write it on one line: {self.called(name)}: …")
        return ""

    def flag(self, name: str) -> bool:
        value = self.text(name).lower()
        if value not in _TRUE | _FALSE:
            self.refuse(name, f"“{self.called(name)}” must be true or false.", f"Write {self.called(name)}: true, or remove the line.")
        return value in _TRUE

    def instant(self, name: str) -> datetime | None:
        value = self.text(name)
        return self._instant(name, value) if value else None

    def _instant(self, name: str, value: str) -> datetime | None:
        try:
            return read_instant(value, self.magazine.timezone)
        except ValueError:
            said, remedy = f"“{value[:80]}” is not a date.", "Write it like 2026-11-22, or 2026-11-22T09:30, or 2026-11-22T09:30:00-05:00."
            if meant := either(value):
                said = f"“{value[:80]}” may be two dates."
                remedy = " or ".join(dict.fromkeys(f"{day:%Y-%m-%d} for {day.day} {day:%B}" for day in meant)) + "."
                remedy = f"Write the year first: {remedy}"
            elif word := re.search(r"\d ?([A-Z]{2,5})$", value.strip()):
                said = f"“{word[1]}” is not a time zone that is known everywhere."
            self.refuse(name, said, remedy)
            return None

    def items(self, name: str, split_on: str) -> list[str]:
        """A list of names: as a list, as a list of mappings that have a name each, or in one line."""
        field = self.fields.get(name)
        if field is None or field.value == "":
            return []
        values = re.split(split_on, field.value) if isinstance(field.value, str) else [field.value] if isinstance(field.value, dict) else field.value
        found = [_named(value) for value in _flat(values)]
        names = [_without_quotes(_in_one_line(value).rstrip(" ,;")) for value in found if value is not None and value.strip(" \n,;")]
        if None in found:
            pairs = (value for value in field.value if isinstance(value, dict)) if isinstance(field.value, list) else ()
            pair = next((f"{key}: {text}" for value in pairs for key, text in value.items()), "")
            remedy = f'Put an item with a colon in quotation marks: "{pair[:60]}"' if pair else f"Write it like {self.called(name)}: [one, two]"
            self.refuse(name, f"“{self.called(name)}” must be a list of names.", remedy)
            return []
        if len(names) > _MOST_ITEMS:
            self.refuse(name, f"“{self.called(name)}” has {len(names)} names; {_MOST_ITEMS} is the most.", "Keep the important ones.")
            return []
        return names

    def labels(self, name: str, split_on: str) -> tuple[Label, ...]:
        found: dict[str, Label] = {}
        for value in self.items(name, split_on):
            value = plain(value)
            slug = slug_of(value)
            if not slug:
                self.refuse(name, f"“{value}” has no letter or digit, so it cannot have a page.", "Write a word.")
            elif len(value) > LONGEST_TITLE:
                self.refuse(name, f"“{value[:60]}…” has {len(value)} characters; {LONGEST_TITLE} is the most.", "Shorten it.")
            elif _SIGNS.findall((kept := found.setdefault(slug, Label(value, slug))).name) != _SIGNS.findall(value):
                said = f"“{value}” is “{slug}” in an address, as “{kept.name}” is."
                field = self.fields[name]
                self.problems.append(note(said, "It is left out. Spell one of them out.", line=field.line, text=_shown(field)))
        return tuple(found.values())


class _ArticleReader(Reader):
    def __init__(
        self, key: str, document: Document, magazine: Magazine, problems: list[Problem], markup: Markup, embedded: tuple[Embedded, ...]
    ) -> None:
        super().__init__(key, document, magazine, problems)
        self.markup, self.embedded = markup, embedded
        self.aliased: set[str] = set()  # fields that go by another tool's name
        self.redirect_fields: list[tuple[str, Field]] = []
        self.is_unpublished = False  # by Eleventy's `permalink: false`
        self.fields = self._meant()
        self._take_image_apart()

    def refuse(self, name: str, problem: str, remedy: str) -> None:
        """A name of ours is refused where it is wrong. Another tool's name may mean something else there, so it is a note."""
        if name in _EXACT or name not in self.aliased | _LOOSE:
            super().refuse(name, problem, remedy)
        else:
            field = self.fields[name]
            self.problems.append(note(f"{problem} It is left out.", remedy, line=field.line, text=_shown(field)))

    def article(self) -> Article:
        """The article; only where nothing was refused on the way is it one."""
        title = self.title()
        image = self.text("image")
        html, refs, pictures, files = self.body(image)
        video = self.video()
        publish_at = self.instant("publish_at")
        date = self.instant("date") or publish_at or self.date_of_file()
        expires = self.instant("expires")
        start = publish_at or date
        if start and expires and expires <= start:
            self.refuse("expires", "It would be gone before it is published.", "Write an instant after the date, or remove expires:")
        section = "" if self.is_page else self.section()
        url, moved = self.url(title, section, date)
        article = Article(
            key=self.key,
            title=title,
            url=url or "",
            section=section or "",
            html=html,
            date=date,
            updated=self.instant("updated"),
            publish_at=publish_at,
            expires=expires if self.magazine.honour_expiry else None,
            draft=self.flag("draft") or self.is_unpublished,
            redirects=tuple(dict.fromkeys([*moved, *self.redirects(url)])),
            tags=self.labels("tags", split_on=r"[,;•]" if re.search("[,;•]", self.written("tags")) else r"\s+"),
            authors=self.labels("authors", split_on=r"[,;•]| and "),
            agency=self.agency(),
            summary=plain(self.text("summary")),
            kicker=self.bounded("kicker", LONGEST_TITLE),
            lang=self.lang(),
            image=image,
            image_alt=self.text("image_alt"),
            image_caption=plain(self.text("image_caption")),
            image_credit=self.text("image_credit"),
            featured=self.flag("featured"),
            id=self.bounded("id", _LONGEST_ID),
            issue=self.text("issue"),
            video=video,
            comments=self.text("comments"),
            corrections=tuple(self.corrections()),
            refs=refs,
            pictures=pictures,
            files=tuple(dict.fromkeys([*([video, captions_of(video)] if video and not is_elsewhere(video) else []), *files])),
            embedded=self.embedded,
        )
        self.judge_shown(article)
        return article

    @property
    def is_page(self) -> bool:
        return self.key.startswith(PAGES)

    # What the names mean

    def _meant(self) -> dict[str, Field]:
        """The fields by their own names, whatever the archive calls them."""
        found: dict[str, list[tuple[str, Field]]] = defaultdict(list)
        unknown: list[tuple[str, Field]] = []
        for spelling, field in self.document.fields.items():
            name = spelling if spelling in _MEANT else _JOINED.get(spelling.replace("_", ""), spelling)
            if name in ("published", "status"):
                meant, field = self._published(name, field)
                found[meant].append((name, field))
            elif name not in _MEANT or (name == "name" and not self._is_bundle):
                unknown.append((spelling, field))
            else:
                found[_MEANT[name]].append((name, field))
        unknown_names = {spelling for spelling, _ in unknown}
        self.problems[:] = [
            note(found.problem, "It is left out.", line=found.line, text=found.text)
            if found.remedy == TWICE and spelt(found.text) in unknown_names
            else found
            for found in self.problems
        ]
        self._note_unknown(unknown)
        self.redirect_fields = found.pop("redirects", [])
        return {name: self._chosen(name, candidates) for name, candidates in found.items()}

    @property
    def _is_bundle(self) -> bool:
        return _BUNDLE.search(self.key) is not None

    def _published(self, name: str, field: Field) -> tuple[str, Field]:
        """``published`` is a date, or the contrary of a draft; ``status`` may say that it is a draft. No value: they say nothing."""
        said = _unwrapped(field.value)
        value = said.strip(" .,;").lower() if isinstance(said, str) else "?"
        if name == "published" and value not in _TRUE | _FALSE:
            return "publish_at", field
        if name == "status" and value not in _NOT_YET | _PUBLIC:
            self.problems.append(note("This status is left out.", "Pressrun knows status: draft.", line=field.line, text=_shown(field)))
        is_draft = value in _NOT_YET if name == "status" else value in _FALSE - {""}
        return "draft", replace(field, value="true" if is_draft else "")

    def _note_unknown(self, unknown: list[tuple[str, Field]]) -> None:
        others: list[Field] = []
        for place, (spelling, field) in enumerate(unknown):
            close = get_close_matches(spelling, _MEANT, n=1, cutoff=0.8) if place < _MOST_ITEMS else []
            if close:
                remedy = "It is left out." + nearest(spelling, close)
                self.problems.append(note(f"“{field.name[:60]}” is not a field that Pressrun knows.", remedy, line=field.line, text=_shown(field)))
            else:
                others.append(field)
        if others:
            names = ", ".join(f"“{field.name[:60]}”" for field in others[:20]) + (f" and {len(others) - 20} more" if len(others) > 20 else "")
            said, remedy = ("is not a field", "It is left out.") if len(others) == 1 else ("are not fields", "They are left out.")
            self.problems.append(note(f"{names} {said} that Pressrun knows.", remedy, line=others[0].line, text=_shown(others[0])))

    def _chosen(self, name: str, candidates: list[tuple[str, Field]]) -> Field:
        if len(candidates) > 1:
            order = (name, *_FIELDS[name])
            candidates.sort(key=lambda candidate: order.index(candidate[0]))
            for (before, one), (after, other) in pairwise(candidates):
                if before == after and one.value != other.value:
                    self.problems.append(twice(after, other))
        spelling, chosen = next((candidate for candidate in candidates if candidate[1].value), candidates[0])
        if spelling != name:
            self.aliased.add(name)
        for another, other in candidates:
            if another != spelling and other.value and other.value != chosen.value and name not in _ALIKE:
                said = f"“{other.name}” is left out: “{chosen.name}” says something else of the same thing."
                self.problems.append(note(said, "Remove one of the two.", line=other.line, text=other.name))
        return chosen

    def _take_image_apart(self) -> None:
        """``cover: {image: quay.jpg, alt: The quay}`` is an image and its alternative text."""
        field = self.fields.get("image")
        value = _unwrapped(field.value) if field else ""
        if not field or not isinstance(value, dict):
            return
        parts = _parts(value)
        if isinstance(inner := parts.get("image"), dict):
            parts |= {"image": "", **_parts(inner)}
        for name in _names_within(value):
            if _MEANT.get(name) in _EXACT or name in ("published", "status"):
                said = f"“{name}” stands inside of “{field.name}”, where it says nothing of the article."
                self.problems.append(Problem(said, f"Move it above {field.name}, to the margin.", field.line, _shown(field)))
        src = next((parts[name] for name in ("image", "src", "url", "path", "file") if parts.get(name)), "")
        if not src:
            self.problems.append(note("It names no picture, and is left out.", f"Write {field.name}: quay.jpg", line=field.line, text=_shown(field)))
        self.fields["image"] = replace(field, value=src)
        for name in ("alt", "caption", "credit"):
            if parts.get(name):
                self.fields.setdefault(f"image_{name}", replace(field, value=parts[name]))

    # Field by field

    def written(self, name: str) -> str:
        """The value where it is text, as it stands there."""
        field = self.fields.get(name)
        return field.value if field and isinstance(field.value, str) else ""

    def title(self) -> str:
        title = self.text("title")
        if "title" not in self.fields:
            if named := _title_of_file(self.key):
                said = f"The article has no title; its file's name gives it “{named[:60]}”."
                self.problems.append(note(said, "For another, add a line to the front matter: title: …", line=1))
                return named
            remedy = "Write it between <title> and </title>." if self.markup == "html" else "Add a line to the front matter: title: …"
            self.problems.append(Problem("The article has no title.", remedy, 1))
        elif not any(category(sign)[0] in "LNPS" for sign in title) and isinstance(_unwrapped(self.fields["title"].value), str):
            if self.fields["title"].line not in {found.line for found in errors(self.problems)}:  # or it was not readable
                self.refuse("title", "The title is empty.", "Write the headline after title:")
        elif len(title) > LONGEST_TITLE:
            self.refuse("title", f"The title has {len(title)} characters; {LONGEST_TITLE} is the most.", "Shorten it; the rest may be the summary.")
        return title

    def _without_headline(self, body: str) -> str:
        """A headline that the body repeats is left out of it, for the page has it already."""
        if self.markup != "markdown" or not (found := re.match(r"\s*# +(.+)", body)):
            return body
        is_title = plain(found[1].rstrip(" #")) == plain(self.text("title"))
        return re.sub(r"[^\n]", "", found[0]) + body[found.end() :] if is_title else body

    def body(self, image: str) -> tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """The body's clean HTML, the names of the articles that it links to, all of the article's pictures, and the files that it links to."""
        written, first_line = self.document.body, self.document.body_line
        body, notes = translate(self._without_headline(written), first_line, self.markup)
        self.problems += notes
        if errors(notes):
            return "", (), (), ()
        unclean = rendered(body, self.markup)
        if too_much := excess(unclean):
            self.problems.append(Problem(*too_much, first_line))
            return "", (), (), ()
        html = clean(unclean)
        said = mentions(html)

        def line_of(text: str) -> int | None:
            place = written.lower().find(text)
            return first_line + written.count("\n", 0, place) if place >= 0 else None

        for tag in unshown(unclean):
            remedy = "It is left out. For a video, write its address after video: in the front matter."
            self.problems.append(note(f"<{tag}> cannot be shown.", remedy, line=line_of(f"<{tag}"), text=f"<{tag}>"))
        pictures = tuple(dict.fromkeys(filter(None, (image, *said.pictures))))
        if self._names_too_much(said.refs, (*pictures, *said.files)):
            problem = f"The text names more than {_MOST_NAMED:,} other articles, pictures and files, or such with very long names."
            self.problems.append(Problem(problem, "Make several articles of it.", first_line))
            return "", (), (), ()
        elsewhere = [src for src in pictures if is_elsewhere(src)]
        for src in elsewhere[:_MOST_NOTES]:
            remedy = "Upload it to media/ and write its name here."
            line = self.fields["image"].line if src == image else line_of(src.lower())
            self.problems.append(note("A picture that is on another site is not shown.", remedy, line=line, text=src[:120]))
        return html, said.refs, pictures, said.files

    def _names_too_much(self, refs: Sequence[str], sources: Sequence[str]) -> bool:
        count = len(refs) + len(sources)
        if count <= _FEW_NAMED:
            return False
        keys = (key for src in sources for key in media_keys(self.key, src))
        return count > _MOST_NAMED or sum(map(len, (*refs, *keys))) > _LONGEST_NAMED

    def _instant_in(self, text: str) -> datetime | None:
        try:
            return read_instant(text, self.magazine.timezone)
        except ValueError:
            return None

    def date_of_file(self) -> datetime | None:
        return self._instant_in(stem_of(self.key)[1])

    def section(self) -> str | None:
        known = [section.path for section in self.magazine.sections]
        if found := self._named_section(known):
            return found.path
        if "section" in self.fields and "section" not in self.aliased and self.text("section"):
            return None
        folder = PurePosixPath(self.key.removeprefix(PREFIX)).parent
        for path in (folder.parent, *folder.parent.parents) if self._is_bundle else (folder, *folder.parents):
            if section := self.magazine.section(str(path)):
                return section.path
        if self.magazine.default_section is None:
            remedy = f"Add a line section: …, or put the file into a section's folder. The sections are: {', '.join(known)}."
            self.problems.append(Problem("The article names no section and lies in no section's folder.", remedy, 1))
        return self.magazine.default_section

    def _named_section(self, known: list[str]) -> Section | None:
        if "section" not in self.aliased:
            names = [self.text("section")]
        else:  # a list, of which the first counts, or a line of them: 'News, Arctic', and in Jekyll 'news arctic'
            field = self.fields["section"]
            line = next(iter(self.items("section", "$")), "") if field.value else ""
            names = [line, line.partition(",")[0], line.partition(" ")[0]]
        if not names[0]:
            return None
        found = next(filter(None, map(self.magazine.find_section, names)), None)
        if found is None:
            said = f"The magazine has no section “{names[0]}”."
            spellings = {spelling: s.path for s in self.magazine.sections for spelling in (s.name.lower(), s.path.rpartition("/")[2], s.path)}
            self.refuse("section", said, f"The sections are: {', '.join(known)}.{nearest(names[0], spellings)}")
        return found

    def url(self, title: str, section: str | None, date: datetime | None) -> tuple[str | None, list[str]]:
        """Where the article is, and what leads there because an article's address is never a file's."""
        if given := self.text("url"):
            url, moved = self._given_url(given)
            if url or "url" not in self.aliased:
                return url, moved
        written = self.text("slug")
        slug = self.slug(title, written)
        if section is None or slug is None:
            return None, []
        if not self.is_page and self.magazine.dated_permalink and date is None:
            self.refuse("date", "The magazine's addresses have the date in them, and the article has none.", "Add a line date: 2026-11-22")
            return None, []
        local = date.astimezone(self.magazine.timezone) if date else None
        parts = {"section": section}
        if local:
            parts |= {"yyyy": f"{local.year:04}", "mm": f"{local.month:02}", "dd": f"{local.day:02}"}
        pattern = "/{slug}/" if self.is_page else self.magazine.permalink
        url = self.checked("slug" if "slug" in self.fields else "title", pattern.format(**parts, slug=slug))
        respelt = slug != written and slug == _respelt(written)
        return url, self._as_written(slug, _as_url(pattern.format(**parts, slug=written))) if respelt else []

    def _as_written(self, slug: str, old: str | None) -> list[str]:
        """What leads to the article since its slug is spelt otherwise than an archive had it."""
        field = self.fields["slug"]
        said = f"“{self.text('slug')[:80]}” is “{slug}” in the article's address."
        # Two addresses that differ in nothing but capital letters are one file on many a disk.
        leads = old is not None and self.text("slug").lower() != slug and not self.magazine.why_reserved(old)
        remedy = f"Nothing need be done: {old} leads there." if leads else "Nothing need be done, but no address leads there as it is written here."
        self.problems.append(note(said, remedy, line=field.line, text=_shown(field)))
        return [old] if old and leads else []

    def _given_url(self, given: str) -> tuple[str | None, list[str]]:
        if "url" in self.aliased and given.lower() == "true":
            self.refuse("url", "That is no address.", "Write it like /news/my-article/.")
            return None, []
        if "url" in self.aliased and given.lower() == "false":
            field, self.is_unpublished = self.fields["url"], True
            said = f"With {field.name}: false nothing is published, so the article is a draft."
            self.problems.append(note(said, "Remove the line to publish it.", line=field.line, text=_shown(field)))
            return None, []
        if "url" in self.aliased and (re.search(r"/:|^:|[{}]", given) or given in _JEKYLL_STYLES):
            self.refuse("url", "That is a pattern for addresses, not an address.", "The magazine's pattern is permalink in site.toml.")
            return None, []
        url = _as_url(given.removeprefix(self.magazine.base_url))
        if url and (file := re.fullmatch(r"(.+)\.html?", url)):
            self.problems.append(
                note(f"The article is at {file[1]}/, and {url} leads there.", "Nothing need be done.", line=self.fields["url"].line, text=given[:120])
            )
            return self.checked("url", file[1] + "/"), [] if self.magazine.why_reserved(url) else [url]
        return self.checked("url", url), []

    def slug(self, title: str, given: str) -> str | None:
        if slug := _respelt(given):
            return slug
        if given:
            self.refuse("slug", f"“{given}” cannot stand in an address.", f'Write it like "{slug_of(given) or "my-article"}".')
            if "slug" not in self.aliased:
                return None
        names = (name_of(self.key), slug_of(title)) if self.is_page else (slug_of(title), name_of(self.key))
        # A title without a letter that can be spelt in an address (an emoji) is named by its file, or by a hash that never changes.
        return next(filter(None, names), stand_in(self.key))

    def checked(self, name: str, url: str | None) -> str | None:
        if url is None:
            self.refuse(name, "That is not an address in this magazine.", "Write it like /news/my-article/ with small letters, digits and hyphens.")
            return None
        why = "an article's address ends with a slash, and has no dot in it" if "." in url else self.magazine.why_reserved(url)
        if why:
            field = "url" if name == "url" else "slug"
            self.refuse(name, f"The article cannot be at {url}: {why}.", f"Give it another {field}: in the front matter.")
            return None
        return url

    def redirects(self, url: str | None) -> Iterator[str]:
        for name, field in self.redirect_fields:
            self.fields["redirects"] = field
            self.aliased = self.aliased - {"redirects"} | ({"redirects"} if name != "redirects" else set())
            for value in self.items("redirects", r"[,\s]+"):
                old = _as_url(value)
                if name == "aliases" and not value.startswith("/"):
                    self.refuse(
                        "redirects", f"“{value}” does not begin with a slash, so it is no address.", "Write an old address like /old/address/."
                    )
                elif old is None:
                    self.refuse("redirects", f"“{value}” is not an address in this magazine.", "Write it like /old/address/.")
                elif why := self.magazine.why_reserved(old):
                    self.refuse("redirects", f"{old} cannot lead to this article: {why}.", "Remove it from redirects:")
                elif old != url:
                    yield old

    def agency(self) -> str:
        agency = self.text("agency")
        if "agency" in self.aliased and re.match(r"[a-z]+://|www\.", agency):
            self.refuse("agency", "That is an address, not an agency's name.", "Write the wire service's name after agency:")
            return ""
        return agency

    def bounded(self, name: str, most: int) -> str:
        """A text of so many characters at the most."""
        text = self.text(name)
        if len(text) > most:
            self.refuse(name, f"The {name} has {len(text)} characters; {most} is the most.", "Shorten it.")
        return text

    def judge_shown(self, article: Article) -> None:
        """Lists show more of an article than its title, and none of a page."""
        lengths = {"summary": len(article.summary), "agency": len(article.agency)}
        lengths |= {name: sum(len(label.name) for label in labels) for name, labels in (("tags", article.tags), ("authors", article.authors))}
        if (length := sum(lengths.values())) > _LONGEST_SHOWN and not self.is_page:
            said = f"What lists show of the article has {length:,} characters; {_LONGEST_SHOWN:,} is the most."
            field = self.fields[max(lengths, key=lambda name: lengths[name])]
            self.problems.append(Problem(said, "Shorten the summary, or name fewer tags and authors.", field.line))

    def lang(self) -> str:
        lang = self.text("lang").replace("_", "-")
        if lang and not LANGUAGE.fullmatch(lang):
            field = self.fields["lang"]
            self.problems.append(
                note(f"“{lang}” is not a language. It is left out.", "Write it like en or fr-CA.", line=field.line, text=_shown(field))
            )
            return ""
        return lang

    def video(self) -> str:
        given = self.text("video")
        found = video_of(given) if given else ""
        if found is None:
            self.refuse("video", "That is no video that can be shown.", "Write its address at YouTube or Vimeo, or a file like media/launch.mp4.")
        return found or ""

    def corrections(self) -> Iterator[Correction]:
        field = self.fields.get("corrections")
        values = field.value if field and isinstance(field.value, list) else [field.value] if field and field.value else []
        if len(values) > _MOST_ITEMS:
            self.refuse("corrections", f"There are {len(values)} corrections; {_MOST_ITEMS} is the most.", "Keep the important ones.")
        for value in values[:_MOST_ITEMS]:
            parts = {name.lower(): part for name, part in value.items()} if isinstance(value, dict) else {"text": value}
            if len(parts) == 1:  # - 2026-11-22: The ship has four masts.
                day, said = next(iter(parts.items()))
                if day == "text" and isinstance(said, str):
                    day, _, said = said.partition(": ")
                parts = {"date": day, "text": said} if self._instant_in(day) else parts
            text, date = parts.get("text"), parts.get("date", "")
            if isinstance(text, str) and text.strip() and isinstance(date, str):
                yield Correction(_in_one_line(text), self._instant("corrections", date) if date else None)
            else:
                remedy = "Write what was wrong and what is right, with date: and text: if you like."
                self.refuse("corrections", "A correction must be text.", remedy)


def _parts(value: Value) -> dict[str, Value]:
    """What is in a mapping, by names as ``spelt``; nothing is in anything else."""
    return {spelt(name): _unwrapped(part) for name, part in value.items()} if isinstance(value, dict) else {}


def _names_within(value: Value) -> Iterator[str]:
    """The names in a mapping, and in what is in it."""
    for name, part in _parts(value).items():
        yield name
        yield from _names_within(part)


def _unwrapped(value: Value) -> Value:
    """A list of one thing, where one thing is wanted, is that thing."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value or "" if isinstance(value, list) else value


def _in_one_line(text: str) -> str:
    """Archives have HTML's spelling of characters in their titles and names: ``What&#8217;s``."""
    return " ".join((CONTROL.sub("", _ENTITY.sub(lambda found: unescape(found[0]), text)) if "&" in text else text).split())


def _without_quotes(text: str) -> str:
    """Without the quotation marks that a word processor has made of straight ones."""
    found = re.fullmatch(r"[“”„‟\"‘’](.+)[“”„‟\"‘’]", text)
    return found[1].strip() if found else text


def _flat(values: Iterable[Value]) -> Iterator[Value]:
    """A list in a list is meant as one: ``- [ice, sea]``."""
    for value in values:
        yield from _flat(value) if isinstance(value, list) else (value,)


def _named(value: Value) -> str | None:
    """An item of a list of names: a name, or a mapping that has one."""
    if isinstance(value, dict):
        value = next((value[name] for name in ("name", "title", "slug") if isinstance(value.get(name), str)), [])
    return value if isinstance(value, str) else None


def _respelt(slug: str) -> str:
    """A slug as it is in an address, '' for what cannot be one. Other tools have any letters there."""
    return slug_of(slug) if re.fullmatch(r"[^\W_]++(?:[ ._-]++[^\W_]++)*", slug) else ""


def _as_url(text: str) -> str | None:
    """The URL's one spelling: below the root, with a slash at its end unless it names a file, and a folder for its ``index.html``."""
    path = "/" + text.strip().removesuffix("/index.html").strip("/")
    if len(path) > 400 or ".." in path or not re.fullmatch(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,199})+", path) or re.search(r"\.html?/", path):
        return None  # no folder could hold both /old.html and /old.html/more/, and none a longer name
    return path if re.search(r"\.html?$", path) else path + "/"


def _shown(field: Field) -> str:
    return " ".join(f"{field.name}: {field.value[:200] if isinstance(field.value, str) else '…'}".split())[:120]
