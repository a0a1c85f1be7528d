"""Cards: what other pages show of a content key, filed under its names.

A page *mentions* an author, a journal issue, another article or a medium by name (``author/jo-ash``, ``issue/12``, ``article/ferry``,
``file/media/quay.jpg``). What it shows of them is on the card that is filed under that name; a medium's card is the ``Medium``.
"""

import json
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from difflib import get_close_matches
from functools import lru_cache, partial
from itertools import islice
from urllib.parse import unquote

from pressrun.core.article import Article, Label, Reader, is_article, names_of_field, read_document
from pressrun.core.dates import stamp, unstamp
from pressrun.core.links import is_elsewhere, media_keys, name_of, slug_of, stand_in
from pressrun.core.magazine import Magazine
from pressrun.core.markdown import excess, plain, rendered
from pressrun.core.media import Medium, is_media_name, is_medium, suffix_of, too_long
from pressrun.core.pictures import never_taken
from pressrun.core.problem import Problem, errors, note
from pressrun.core.shortcodes import translate

AUTHORS, ISSUES = "authors/", "issues/"
ALL_AUTHORS, ALL_ISSUES = "authors", "issues"  # the names under which every author and every issue is filed, too
FILE = "file/"
_MOST_NOTES = 20
_MOST_PLACES = 1000  # that are looked at for one of them
ALIKE_TAGS = 100  # that are compared with one
_MOST_COMPARED, _ALIKE = 10, 2
_LONGEST_TEXT = 50_000  # a card is one item of the catalogue, of 400 KB at most
# The front matter, or the head of a page, in small letters.
_HEAD = re.compile(r"\A\s*+(?:---.*?^(?:---|\.\.\.)[ \t\r]*$|\+\+\+.*?^\+\+\+[ \t\r]*$|\{.*?^\}[ \t\r]*$|<.*?<body\b)", re.DOTALL | re.MULTILINE)
_AUTHOR_FIELDS = frozenset(
    {"name", "display_name", "title", "full_name", "first_name", "last_name", "role", "job_title", "position", "summary", "description", "bio_short"}
    | {"portrait", "image", "photo", "avatar", "picture"}
)
_ISSUE_FIELDS = frozenset({"title", "number", "date", "summary", "description", "cover", "image", "pdf", "download", "insert"})


@dataclass(frozen=True, slots=True)
class Card:
    """What others show of ``key``. ``name`` is an author's name, an issue's title, an article's headline; ``body`` is Markdown."""

    key: str
    name: str
    url: str
    role: str = ""
    number: str = ""
    date: datetime | None = None
    summary: str = ""
    picture: str = ""
    download: str = ""
    insert: str = ""
    body: str = ""

    @property
    def slug(self) -> str:
        return self.url.strip("/").rpartition("/")[2]

    def to_json(self) -> str:
        fields = asdict(self) | {"date": stamp(self.date) if self.date else None}
        return json.dumps({name: value for name, value in fields.items() if value}, separators=(",", ":"), sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Card":
        fields = json.loads(text)
        return cls(**fields | ({"date": unstamp(fields["date"])} if "date" in fields else {}))


Cards = Mapping[str, Card]


def has_card_alone(key: str) -> bool:
    """Whether this content key is an author's or an issue's: a file that makes no page of its own URL, but lets others show it."""
    return key.startswith((AUTHORS, ISSUES)) and key.lower().endswith((".md", ".markdown")) and not too_long(key)


def is_source(key: str) -> bool:
    """Whether a file of this content key is published: it has a record in the catalogue and an accepted copy in the register."""
    return is_article(key) or has_card_alone(key) or is_medium(key)


def names_of(card: Card | Medium) -> tuple[str, ...]:
    """The names under which a card is filed: an author's by the file and by the author's name, an issue's by its number and by the file."""
    if isinstance(card, Medium):
        return (FILE + card.key,)
    if card.key.startswith(AUTHORS):
        return tuple(dict.fromkeys((ALL_AUTHORS, address_of(card), f"author/{slug_of(card.name) or card.slug}")))
    if card.key.startswith(ISSUES):
        return tuple(dict.fromkeys((ALL_ISSUES, address_of(card), f"issue/{name_of(card.key)}")))
    return (f"article/{name_of(card.key)}",)


def address_of(card: Card) -> str:
    """The name under which an author's or an issue's card is filed by its address."""
    return f"{'author' if card.key.startswith(AUTHORS) else 'issue'}/{card.slug}"


def chosen(name: str, cards: Sequence[Card]) -> Card | None:
    """Of the cards under one name, in the order of their keys, the one that is meant: that whose address has the name, else the first."""
    return addressed(name.partition("/")[2], cards) or (cards[0] if cards else None)


def addressed(slug: str, cards: Iterable[Card]) -> Card | None:
    """The card whose address ends with ``slug``."""
    return next((card for card in cards if card.slug == slug), None)


def rivals_of(card: Card, cards: Iterable[Card]) -> tuple[str, ...]:
    """The content keys of the other authors or issues whose page has the same address, in their order. ``cards`` are those filed by it."""
    return tuple(other.key for other in cards if other.url == card.url and other.key != card.key)


def told_of_rivals(card: Card, rivals: Sequence[str]) -> tuple[Problem, ...]:
    """What its editor must know of them."""
    if not rivals:
        return ()
    remedy = "Rename one of the files." if card.key.startswith(AUTHORS) else "Give each issue a number of its own."
    said = f"The address {card.url} is also that of {', '.join(rivals)}. Its page shows {min(card.key, *rivals)}."
    return (note(said, remedy),)


def card_of(article: Article) -> Card:
    """What others show of a live article."""
    return Card(article.key, article.title, article.url)


Media = Mapping[str, Medium]


@dataclass(frozen=True, slots=True)
class Mentioned:
    """What an article mentions, as the cards have it: authors by name and page, its journal issue, where articles that it links to are, and media by
    their sources as written, its own and its issue's.
    """

    authors: tuple[Label, ...] = ()
    issue: Card | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    media: Media = field(default_factory=dict)
    issue_media: Media = field(default_factory=dict)


def mentions_of(article: Article) -> tuple[str, ...]:
    """The names that the article mentions, but for its media."""
    authors = (f"author/{author.slug}" for author in article.authors)
    issues = [f"issue/{slug}"] if (slug := slug_of(article.issue)) else []
    return tuple(dict.fromkeys((*authors, *issues, *(f"article/{name}" for name in article.refs))))


def media_of(article: Article) -> dict[str, tuple[str, ...]]:
    """The content keys that each picture and file of the article may have, likeliest first, by its source as written."""
    inside = {picture.name: (embedded_key(article.key, picture.name),) for picture in article.embedded}
    return {src: inside.get(src) or _keys(article.key, src) for src in (*article.pictures, *article.files)}


def media_of_card(card: Card) -> dict[str, tuple[str, ...]]:
    """Those that a page shows with an author's or an issue's card."""
    return {src: _keys(card.key, src) for src in (card.picture, card.download, card.insert) if src}


@lru_cache(maxsize=1024)
def _keys(key: str, src: str) -> tuple[str, ...]:
    return tuple(candidate for candidate in media_keys(key, src) if is_media_name(candidate))


def embedded_key(key: str, name: str) -> str:
    """What stands for a content key where the picture lies inside the article at ``key``: no name of a file has a line break in it."""
    return f"{key}\n{name}"


def chosen_media(sources: Mapping[str, Sequence[str]], media: Media) -> dict[str, Medium]:
    """The medium that each source means: the likeliest that is there. ``media`` goes by content key."""
    found = ((src, next(filter(None, map(media.get, keys)), None)) for src, keys in sources.items())
    return {src: medium for src, medium in found if medium}


def mentioned_by(article: Article, cards: Cards, media: Media) -> Mentioned:
    """``cards`` has the card that is meant by each name that the article mentions, ``media`` the media by content key. An author without a card is as
    the article says.
    """
    authors: dict[str, Label] = {}
    for author in article.authors:
        card = cards.get(f"author/{author.slug}")
        label = Label(card.name, card.slug) if card else author
        authors.setdefault(label.slug, label)
    issue = issue_of(article, cards)
    links = {name: card.url for name in article.refs if (card := cards.get(f"article/{name}"))}
    issue_media = chosen_media(media_of_card(issue), media) if issue else {}
    return Mentioned(tuple(authors.values()), issue, links, chosen_media(media_of(article), media), issue_media)


def issue_of(article: Article, cards: Cards) -> Card | None:
    """The card of its journal issue."""
    return cards.get(f"issue/{slug_of(article.issue)}") if article.issue else None


def media_keys_of(article: Article, issue: Card | None) -> tuple[str, ...]:
    """The content keys of all media that the article's page may show."""
    sources = (media_of(article), media_of_card(issue) if issue else {})
    return tuple(dict.fromkeys(key for found in sources for keys in found.values() for key in keys))


def unmet(article: Article, text: str, there: Container[str]) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """The names that the article mentions and under which nothing is filed yet, and a note on each thing. ``text`` is the file's."""
    # What is written, the names that would serve, what is wrong, the remedy, and the field that says it, '' where the text does.
    wanted: list[tuple[str, tuple[str, ...], str, str, str]] = []
    for src, keys in media_of(article).items():
        if not is_elsewhere(src) and not is_inside(keys):
            what, verb = ("picture", "show") if src in article.pictures else ("file", "offer")
            said = f"The {what} is not there yet."
            remedy = f"Upload it, as {keys[-1]}; the page will {verb} it then." if keys else "Upload it to media/ and write its name here."
            if refused := never_taken(suffix_of(keys[-1])) if keys else None:
                said, remedy = refused.problem, f"{refused.remedy} Then write its name here."
            if src == article.captions:
                said, remedy = "The film has no captions.", f"Upload them in WebVTT, as {src}, for those who cannot hear it."
            field = "image" if src == article.image else "video" if src in (article.video, article.captions) else ""
            wanted.append((unquote(src), tuple(FILE + key for key in keys), said, remedy, field))
    said, remedy = "No live article has this name; its link is plain text.", "It will be a link once there is one."
    wanted += ((name, (f"article/{name}",), said, remedy, "") for name in article.refs)
    if article.issue:
        remedy = "Upload its file to issues/; the article will be in it then."
        wanted.append((article.issue, (f"issue/{slug_of(article.issue)}",), "There is no such journal issue yet.", remedy, "issue"))
    missing = [found for found in dict.fromkeys(wanted) if not any(name in there for name in found[1])]
    lower = text.lower()
    notes = (
        note(said, remedy, line=_line_of(lower, what, _place_of(lower, field)), text=what[:120])
        for what, _, said, remedy, field in missing[:_MOST_NOTES]
    )
    return tuple(sorted({name for _, names, *_ in missing for name in names})), tuple(notes)


Spelt = Callable[[str], Sequence[str]]  # the slugs of tags that live articles have and that begin with this


def misspelt(article: Article, text: str, spelt: Spelt, is_used: Callable[[str], bool]) -> tuple[Problem, ...]:
    """A note on each tag that no other article has and that is much like one that is used. ``text`` is the file's; ``is_used`` is whether another
    live article has the tag.

    Only tags with the same first letters are compared, and of an article's tags only the first, so that this costs the same in any archive.
    """
    notes, own, lower = [], {tag.slug for tag in article.tags}, text.lower()
    for tag in article.tags[:_MOST_COMPARED]:
        known = [slug for slug in spelt(tag.slug[:_ALIKE]) if slug not in own]
        close = get_close_matches(tag.slug, known, n=1, cutoff=0.8)
        # "4g" and "5g" are no mistake, and a word is as often singular as not.
        if close and re.sub(r"\d", "", tag.slug) != re.sub(r"\d", "", close[0]) and not is_used(tag.slug):
            said = f"No other article has the tag “{tag.name}”. Did you mean “{close[0]}”?"
            notes.append(note(said, "It is kept as it is.", line=_line_of(lower, tag.name, _place_of(lower, "tags")), text=tag.name[:120]))
    return tuple(notes)


def _place_of(text: str, field: str) -> int:
    """Where a field of an article begins, by any of its names, or ('') the body. ``text`` is the file's, in small letters."""
    names = "|".join(name.replace("_", "[_ -]?") for name in names_of_field(field)) if field else ""
    found = re.search(rf"^[ \t\"']*+(?:{names})(?![\w-])", text, re.MULTILINE) if field else _HEAD.match(text)
    return (found.start() if field else found.end()) if found else 0


def _line_of(text: str, what: str, begin: int) -> int | None:
    """The line on which ``what`` stands, from ``begin`` on or else anywhere, by itself or else within a longer word. ``text`` is in small letters."""
    what = what.lower()
    spellings = [re.escape(what)]
    if re.fullmatch(r"[a-z0-9-]+", what):  # a link to the-ferry may be [[The Ferry]], or The_Ferry.md
        loose = what.replace("-", r"[\W_]+")
        spellings += [rf"\[\[\s*{loose}\s*[]|#]", loose]
    for start in (begin, 0):
        for fits in (partial(_is_alone, text), bool):
            for spelling in spellings:
                places = islice(re.compile(spelling).finditer(text, start), _MOST_PLACES)
                if place := next(filter(fits, places), None):
                    return text.count("\n", 0, place.end()) + 1
    return None


def _is_alone(text: str, place: re.Match[str]) -> bool:
    return not re.search(r"[\w-]", text[max(0, place.start() - 1) : place.start()] + text[place.end() : place.end() + 1])


def is_inside(keys: Sequence[str]) -> bool:
    """Whether the medium lies inside its article."""
    return any("\n" in key for key in keys)


def read_card(key: str, data: bytes, magazine: Magazine) -> tuple[Card | None, tuple[Problem, ...]]:
    """An author's or an issue's file as its card, or None with at least one error."""
    document, problems = read_document(data)
    if document is None:
        return None, tuple(problems)
    reader = _Reader(key, document, magazine, problems)
    card = reader.author() if key.startswith(AUTHORS) else reader.issue()
    return (None if errors(reader.problems) else card), tuple(reader.problems)


class _Reader(Reader):
    def author(self) -> Card:
        self.only(_AUTHOR_FIELDS)
        name = self.first("name", "display_name", "title", "full_name") or " ".join(filter(None, (self.text("first_name"), self.text("last_name"))))
        if not name:
            self.problems.append(Problem("The author has no name.", "Add a line to the front matter: name: …", 1))
        return Card(
            key=self.key,
            name=name,
            url=f"/authors/{self.slug()}/",
            role=self.first("role", "job_title", "position"),
            summary=plain(self.first("summary", "description", "bio_short")),
            picture=self.first("portrait", "image", "photo", "avatar", "picture"),
            body=self.body(),
        )

    def issue(self) -> Card:
        self.only(_ISSUE_FIELDS)
        name = self.text("title")
        if not name:
            self.problems.append(Problem("The issue has no title.", "Add a line to the front matter: title: …", 1))
        number = self.text("number")
        return Card(
            key=self.key,
            name=name,
            url=f"/journal/{slug_of(number) or self.slug()}/",
            number=number,
            date=self.instant("date"),
            summary=plain(self.first("summary", "description")),
            picture=self.first("cover", "image"),
            download=self.first("pdf", "download"),
            insert=self.text("insert"),
            body=self.body(),
        )

    def slug(self) -> str:
        """By the file's name, so that it never changes with what the file says."""
        return name_of(self.key) or stand_in(self.key)

    def first(self, *names: str) -> str:
        return next((text for name in names if (text := self.text(name))), "")

    def body(self) -> str:
        written = self.document.body
        body = written.strip()
        first_line = self.document.body_line + written.count("\n", 0, len(written) - len(written.lstrip()))
        if len(body) > _LONGEST_TEXT:
            said = f"The text has {len(body):,} characters; {_LONGEST_TEXT:,} is the most."
            self.problems.append(Problem(said, "Shorten it, or make it an article.", first_line))
            return ""
        body, notes = translate(body, first_line)
        self.problems += notes
        if too_much := excess(rendered(body)):
            self.problems.append(Problem(*too_much, first_line))
            return ""
        return body

    def only(self, known: frozenset[str]) -> None:
        unknown = [name for name in self.fields if name not in known]
        if unknown:
            line = min(self.fields[name].line for name in unknown)
            self.problems.append(note(f"Not used here: {', '.join(unknown)}.", "They are left out.", line=line))
