"""Cards: what other pages show of a content key, filed under its names.

A page *mentions* an author, a journal issue or another article by name (``author/jo-ash``, ``issue/12``, ``article/ferry``). What it shows of them is
on the card that is filed under that name.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from pressrun.core.article import Article, Label, Reader, is_article, read_document
from pressrun.core.dates import stamp, unstamp
from pressrun.core.links import name_of, slug_of, stand_in
from pressrun.core.magazine import Magazine
from pressrun.core.problem import Problem, errors, note

AUTHORS, ISSUES = "authors/", "issues/"
ALL_AUTHORS, ALL_ISSUES = "authors", "issues"  # the names under which every author and every issue is filed, too
_LONGEST_TEXT = 50_000  # a card is one item of the catalogue, of 400 KB at most
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
    return key.startswith((AUTHORS, ISSUES)) and key.lower().endswith((".md", ".markdown"))


def is_source(key: str) -> bool:
    """Whether a file of this content key is published: it has a record in the catalogue and an accepted copy in the register."""
    return is_article(key) or has_card_alone(key)


def names_of(card: Card) -> tuple[str, ...]:
    """The names under which a card is filed: an author's by the file and by the author's name, an issue's by its number and by the file."""
    if card.key.startswith(AUTHORS):
        return tuple(dict.fromkeys((ALL_AUTHORS, f"author/{card.slug}", f"author/{slug_of(card.name) or card.slug}")))
    if card.key.startswith(ISSUES):
        return tuple(dict.fromkeys((ALL_ISSUES, f"issue/{card.slug}", f"issue/{name_of(card.key)}")))
    return (f"article/{name_of(card.key)}",)


def chosen(name: str, cards: Sequence[Card]) -> Card | None:
    """Of the cards under one name, in the order of their keys, the one that is meant: that whose address has the name, else the first."""
    return addressed(name.partition("/")[2], cards) or (cards[0] if cards else None)


def addressed(slug: str, cards: Iterable[Card]) -> Card | None:
    """The card whose address ends with ``slug``."""
    return next((card for card in cards if card.slug == slug), None)


def card_of(article: Article) -> Card:
    """What others show of a live article."""
    return Card(article.key, article.title, article.url)


@dataclass(frozen=True, slots=True)
class Mentioned:
    """What an article mentions, as the cards have it: authors by name and page, its journal issue, and where articles that it links to are."""

    authors: tuple[Label, ...] = ()
    issue: Label | None = None
    links: Mapping[str, str] = field(default_factory=dict)


def mentions_of(article: Article) -> tuple[str, ...]:
    """The names that the article mentions."""
    authors = (f"author/{author.slug}" for author in article.authors)
    issues = [f"issue/{slug}"] if (slug := slug_of(article.issue)) else []
    return tuple(dict.fromkeys((*authors, *issues, *(f"article/{name}" for name in article.refs))))


def mentioned_by(article: Article, cards: Cards) -> Mentioned:
    """``cards`` has the card that is meant by each name that the article mentions. An author without a card is as the article says."""
    authors: dict[str, Label] = {}
    for author in article.authors:
        card = cards.get(f"author/{author.slug}")
        label = Label(card.name, card.slug) if card else author
        authors.setdefault(label.slug, label)
    issue = cards.get(f"issue/{slug_of(article.issue)}") if article.issue else None
    links = {name: card.url for name in article.refs if (card := cards.get(f"article/{name}"))}
    return Mentioned(tuple(authors.values()), Label(issue.name, issue.slug) if issue else None, links)


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
            summary=self.first("summary", "description", "bio_short"),
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
            summary=self.first("summary", "description"),
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
        body = self.document.body.strip()
        if len(body) > _LONGEST_TEXT:
            said = f"The text has {len(body):,} characters; {_LONGEST_TEXT:,} is the most."
            self.problems.append(Problem(said, "Shorten it, or make it an article.", self.document.body_line))
        return body

    def only(self, known: frozenset[str]) -> None:
        unknown = [name for name in self.fields if name not in known]
        if unknown:
            line = min(self.fields[name].line for name in unknown)
            self.problems.append(note(f"Not used here: {', '.join(unknown)}.", "They are left out.", line=line))
