"""The magazine: what ``site.toml`` says."""

import re
import tomllib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from slugify import slugify

from pressrun.core.frontmatter import LONG_TOML_NAME
from pressrun.core.labels import LABELS, filled_in
from pressrun.core.media import PREFIX, is_picture
from pressrun.core.problem import CONTROL, Problem, nearest, note
from pressrun.core.unreadable import as_far_as_it_goes, said_of_toml, without_toml

KEY = "site.toml"

# First segments of a URL that belong to Pressrun's own pages. No section and no article may take them.
RESERVED = frozenset({"_fragments", "archive", "articles", "assets", "authors", "issues", "journal", "media", "pages", "search", "sitemaps", "tags"})
# The last segments of its own files, wherever they stand.
_FILES = frozenset(
    {"404.html", "feed.json", "feed.xml", "index.html", "llms.txt", "manifest.webmanifest", "news-sitemap.xml", "robots.txt", "rss.xml"}
    | {"sitemap.xml", "speculation-rules.json"}
)
_DEEPEST = 5  # sections within sections
_LARGEST = 128 * 1024  # the catalogue keeps it in one item, of 400 KB at most
_PERMALINK_FIELDS = frozenset({"section", "slug", "yyyy", "mm", "dd"})
_KNOWN = frozenset(
    {"title", "description", "base_url", "language", "timezone", "permalink", "default_section", "honour_expiry", "sections"}
    | {"menu", "social", "subscribe", "footer", "theme", "labels", "logo"}
)
_ADDRESS = re.compile(r"(https?://|mailto:|/)[^\s\"<>\\]*")
# What [theme] may set, by the custom property of style.css: fonts, and colours for light screens and for dark ones.
_FONTS = {"serif": "--serif", "sans": "--sans"}
_COLOURS = {"paper": "--paper", "ink": "--ink", "accent": "--mark"}
_DARK = {f"dark_{name}": of for name, of in _COLOURS.items()}
_THEME = _FONTS | _COLOURS | _DARK
# In a line of TOML: a key before its equals sign, or the last part of a table's name.
_TOML_KEY = re.compile(r"(?:^|[{,.\[])\s*+([\w-]++|\"[^\"]*+\"|'[^']*+')\s*+(?=[=\]])")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # https://www.rfc-editor.org/rfc/rfc5646, without its rare forms
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_FONT = re.compile(r"[\w -]+|\"[\w -]+\"|'[\w -]+'")
# Names that mean no font by themselves: https://drafts.csswg.org/css-fonts-4/#generic-font-families, and how older browsers call system-ui.
_GENERIC = frozenset(
    {"serif", "sans-serif", "monospace", "cursive", "fantasy", "math", "system-ui", "ui-serif", "ui-sans-serif", "ui-monospace", "ui-rounded"}
    | {"-apple-system", "blinkmacsystemfont"}
)


@dataclass(frozen=True, slots=True)
class Section:
    """A section or sub-section. ``path`` is its whole path: ``news/arctic``."""

    path: str
    name: str
    description: str = ""

    @property
    def url(self) -> str:
        return f"/{self.path}/"


class Link(NamedTuple):
    """A name and where it leads: below the magazine's root, or an address elsewhere."""

    name: str
    url: str


class Place(NamedTuple):
    """An entry of the menu, with those below it. ``path`` is the section's whose front it leads to, '' for any other page."""

    name: str
    url: str
    path: str = ""
    below: tuple["Place", ...] = ()

    @property
    def fragment(self) -> str:
        """The URL of the piece of a page that shows what is newest there, '' where there is none."""
        return f"/_fragments{self.url.rstrip('/')}.html" if self.path or self.url == "/journal/" else ""


@dataclass(frozen=True, slots=True)
class Magazine:
    """``site.toml``, read and judged. Sections are in the order of the file, each after its parent.

    ``logo`` is the content key of a picture. ``labels`` has the magazine's own words for ``LABELS``, ``theme`` its values for what a theme may set.
    """

    title: str
    base_url: str
    sections: tuple[Section, ...]
    description: str = ""
    language: str = "en"
    timezone: ZoneInfo = ZoneInfo("UTC")
    permalink: str = "/{section}/{slug}/"
    default_section: str | None = None
    honour_expiry: bool = True
    own_menu: tuple[Place, ...] = ()
    social: tuple[Link, ...] = ()
    subscribe: str = ""
    footer: str = ""
    logo: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    theme: Mapping[str, str] = field(default_factory=dict)

    @property
    def menu(self) -> tuple[Place, ...]:
        """The menu's first level, each with its second; without one of the magazine's own, its sections."""
        return self.own_menu or tuple(self.place_of(section) for section in self.children_of(""))

    def place_of(self, section: Section) -> Place:
        """The section's entry in the menu, with its sub-sections below it."""
        below = tuple(Place(child.name, child.url, child.path) for child in self.children_of(section.path))
        return Place(section.name, section.url, section.path, below)

    def style(self) -> str:
        """What ``[theme]`` changes of the style sheet. Its colours are for screens; what is printed keeps those of paper."""
        screen = "@media screen and (prefers-color-scheme:"
        rules = ((":root{", _FONTS, "}\n"), (screen + "light){:root{", _COLOURS, "}}\n"), (screen + "dark){:root{", _DARK, "}}\n"))
        made = ""
        for before, properties, after in rules:
            if values := [f"{of}:{self.theme[name]}" for name, of in properties.items() if name in self.theme]:
                made += before + ";".join(values) + after
        return made

    @property
    def host(self) -> str:
        return self.base_url.split("//", 1)[1].split("/", 1)[0].split(":", 1)[0]

    @property
    def dated_permalink(self) -> bool:
        return any(f"{{{field}}}" in self.permalink for field in ("yyyy", "mm", "dd"))

    def absolute(self, url: str) -> str:
        """A URL of the magazine, below the root, as others link to it."""
        return self.base_url + url

    def section(self, path: str) -> Section | None:
        for section in self.sections:
            if section.path == path:
                return section
        return None

    def find_section(self, name: str) -> Section | None:
        """The section that an editor means by a path, a slug or a name."""
        wanted = name.strip().strip("/").lower()
        for section in self.sections:
            if wanted == section.path:
                return section
        named = [s for s in self.sections if wanted in (s.path.rsplit("/", 1)[-1], s.name.lower(), slugify(s.name))]
        return named[0] if len(named) == 1 else None

    def line_of(self, path: str) -> tuple[Section, ...]:
        """The section at ``path`` with its ancestors, top first."""
        return tuple(section for section in self.sections if f"{path}/".startswith(f"{section.path}/"))

    def children_of(self, path: str) -> tuple[Section, ...]:
        """The sub-sections directly below ``path``; the top sections for ''."""
        depth = path.count("/") + 1 if path else 0
        return tuple(s for s in self.sections if s.path.count("/") == depth and s.path.startswith(f"{path}/" if path else ""))

    def why_reserved(self, url: str) -> str | None:
        """Why nothing but the magazine itself may have this URL, or None where an article or a redirect may."""
        path = url.strip("/")
        first, _, _ = path.partition("/")
        if not path or path.rsplit("/", 1)[-1] in _FILES:
            return "that address belongs to the magazine's own files"
        if first in RESERVED:
            return f"addresses below /{first}/ belong to the magazine's own pages"
        if self.section(path):
            return "that is the address of a section's front"
        if re.fullmatch(r"(.+/)?\d{4}(/\d{2}){1,2}", path):
            return "that is the address of an archive"
        return None


def read_magazine(data: bytes) -> tuple[Magazine | None, tuple[Problem, ...]]:
    """The magazine, or None with at least one error."""
    if len(data) > _LARGEST:
        return None, (Problem(f"This file is larger than {_LARGEST // 1024} KB.", "Leave out what is not a setting."),)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None, (Problem("This file is not text in UTF-8.", "Save it again as UTF-8."),)
    if found := LONG_TOML_NAME.search(text):
        return None, (
            Problem("This name has too many parts.", "Use plain values and lists.", text.count("\n", 0, found.start()) + 1, found[0][:120]),
        )
    unreadable: list[Problem] = []
    try:
        table = as_far_as_it_goes(text, 1, unreadable, tomllib.loads, said_of_toml, without_toml)
    except RecursionError:
        unreadable.append(Problem("This file is nested too deeply.", "Use plain values and lists."))
    if unreadable or table is None:
        return None, tuple(unreadable)
    reader = _Reader(table, text.splitlines())
    magazine = reader.magazine()
    return (None if any(p.severity == "error" for p in reader.problems) else magazine), tuple(reader.problems)


def no_logo_yet(magazine: Magazine) -> Problem:
    """A note for the magazine whose logo is not there."""
    return note(f"There is no picture {magazine.logo} yet.", "Until it is uploaded, the magazine's name stands in its place.")


def _fonts(written: str) -> str:
    """A list of fonts as a style sheet has it, '' for what is none. There a name that has a digit in it needs quotation marks, so each gets them."""
    fonts = [" ".join(font.split()) for font in written.split(",")]
    if not all(map(_FONT.fullmatch, fonts)):
        return ""
    return ", ".join(font if font[0] in "\"'" or font.lower() in _GENERIC else f'"{font}"' for font in fonts)


class _Reader:
    def __init__(self, table: Mapping[str, Any], lines: list[str]) -> None:
        self.table, self.lines, self.problems = table, lines, list[Problem]()
        self.begun: dict[int, int] = {}  # the line of each table below the whole
        self.places = defaultdict[str, list[int]](list)  # the lines where there is a key, or a table of that name
        for number, line in enumerate(lines, 1):
            for key in _TOML_KEY.findall(line) if not line.lstrip().startswith("#") else ():
                self.places[key.strip("\"'")].append(number)

    def say(self, problem: str, remedy: str, line: int | None, severity: Literal["error", "note"] = "error") -> None:
        self.problems.append(Problem(problem, remedy, line, self.lines[line - 1].strip()[:120] if line else "", severity))

    def line_of(self, key: str, table: Mapping[str, Any]) -> int | None:
        """Where the key of this table is set, or where the table begins that has its name."""
        places = self.places[key]
        first = bisect_left(places, self.begun.get(id(table), 1))
        return places[first] if first < len(places) else None

    def refuse(self, key: str, problem: str, remedy: str, table: Mapping[str, Any] | None = None) -> None:
        """``table`` is that in which the key stands, if it is not the whole."""
        self.say(problem, remedy, self.line_of(key, self.table if table is None else table))

    def leave_out(self, key: str, table: Mapping[str, Any], problem: str, known: Iterable[str] = (), remedy: str = "It is left out.") -> None:
        """A note that nothing comes of the key; one that is ``known`` may be meant."""
        if table is not self.table and key in _KNOWN:
            remedy += " If it is meant for the magazine, put it above the first line in brackets."
        else:
            problem += nearest(key, sorted(known))
        self.say(problem, remedy, self.line_of(key, table), "note")

    def text(self, table: Mapping[str, Any], key: str, default: str | None) -> str:
        value = table.get(key, default)
        if value is None:
            self.say(f"“{key}” is missing.", f'Add a line: {key} = "…"', self.begun.get(id(table)))
        elif not isinstance(value, str) or not (value.strip() or default == ""):
            written = key if re.fullmatch(r"[\w-]+", key, re.ASCII) else f'"{key}"'
            self.refuse(key, f"“{key}” must be text.", f'Write it in quotation marks: {written} = "…"', table)
        elif CONTROL.search(value):
            self.refuse(key, f"There is a control character in “{key}”.", "Remove it.", table)
        else:
            return value.strip()
        return ""

    def magazine(self) -> Magazine | None:
        for key in sorted(self.table.keys() - _KNOWN):
            self.leave_out(key, self.table, f"“{key}” is not a setting that Pressrun knows.", _KNOWN)
        base_url = self.text(self.table, "base_url", None).rstrip("/")
        if base_url and not re.fullmatch(r"https?://[a-z0-9.-]+(:\d+)?", base_url):
            self.refuse("base_url", "“base_url” must be the magazine's own address.", 'Write it like "https://meridian.example".')
        permalink = self.text(self.table, "permalink", "/{section}/{slug}/")
        if not re.fullmatch(r"/(([a-z0-9-]+|(\{[a-z]+\})+)/)+", permalink) or "{slug}" not in permalink:
            self.refuse("permalink", "“permalink” must begin and end with / and have {slug} in it.", 'Write it like "/{section}/{slug}/".')
        elif unknown := set(re.findall(r"\{([a-z]+)\}", permalink)) - _PERMALINK_FIELDS:
            named = ", ".join(f"{{{field}}}" for field in sorted(unknown))
            self.refuse("permalink", f"“permalink” names {named}.", "It may have {section}, {slug}, {yyyy}, {mm} and {dd}.")
        elif (first := permalink.split("/")[1]) in RESERVED:
            self.refuse("permalink", f"Addresses below /{first}/ belong to Pressrun's own pages.", "Begin it with another word.")
        timezone = self.text(self.table, "timezone", "UTC") or "UTC"
        try:
            zone = ZoneInfo(timezone)
        except (OSError, ValueError, KeyError):
            self.refuse("timezone", f"“{timezone}” is not a time zone.", 'Write it like "America/New_York".')
            zone = ZoneInfo("UTC")
        honour_expiry = self.table.get("honour_expiry", True)
        if not isinstance(honour_expiry, bool):
            self.refuse("honour_expiry", "“honour_expiry” must be true or false.", "Write true or false, without quotation marks.")
        sections = self.sections()
        default = self.table.get("default_section")
        magazine = Magazine(
            title=self.text(self.table, "title", None),
            base_url=base_url,
            sections=sections,
            description=self.text(self.table, "description", ""),
            language=self.language(),
            timezone=zone,
            permalink=permalink,
            honour_expiry=bool(honour_expiry),
            social=tuple(self.links("social", self.table)),
            subscribe=self.address(self.table, "subscribe", ""),
            footer=self.text(self.table, "footer", ""),
            logo=self.logo(),
            labels=dict(self.labels()),
            theme=dict(self.theme()),
        )
        magazine = replace(magazine, own_menu=tuple(self.menu(magazine)))
        if default is None:
            return magazine
        found = magazine.find_section(str(default))
        if found is None:
            known = nearest(str(default), [section.path for section in sections])
            self.refuse("default_section", f"There is no section “{default}”.{known}", "Name one of the sections below.")
            return magazine
        return replace(magazine, default_section=found.path)

    def address(self, table: Mapping[str, Any], key: str, default: str | None) -> str:
        value = self.text(table, key, default)
        if value and not _ADDRESS.fullmatch(value):
            self.refuse(key, f"“{value}” is not an address.", 'Write it like "https://social.example/@meridian" or "/about/".', table)
        return value

    def language(self) -> str:
        language = self.text(self.table, "language", "en").replace("_", "-")
        if language and not LANGUAGE.fullmatch(language):
            self.refuse("language", f"“{language}” is not a language.", 'Write it like "en" or "fr-CA".')
        return language

    def logo(self) -> str:
        key = self.text(self.table, "logo", "").removeprefix("/")
        if key and not (key.startswith(PREFIX) and is_picture(key)):
            self.refuse("logo", f"“{key}” is no picture in media/.", 'Upload it as media/logo.png, and write logo = "media/logo.png".')
        return key

    def links(self, key: str, table: Mapping[str, Any]) -> Iterator[Link]:
        header = key if table is self.table else f"menu.{key}"
        for one in self.tables(key, table, ("name", "url"), f'Write it like [[{header}]], then name = "About" and url = "/about/".'):
            yield Link(self.text(one, "name", None), self.address(one, "url", None))

    def tables(self, key: str, table: Mapping[str, Any], known: Collection[str], remedy: str) -> list[dict[str, Any]]:
        """A list of tables, each of which may have the keys that are ``known``."""
        tables = table.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
            self.refuse(key, f"“{key}” must be a list of tables.", remedy, table)
            return []
        self.begun |= zip(map(id, tables), self.beginnings(key, table), strict=False)
        for one in tables:
            for name in [name for name in one if name not in known]:
                self.leave_out(name, one, f"“{name}” is not a setting of “{key}”.", known)
        return tables

    def beginnings(self, key: str, table: Mapping[str, Any]) -> Iterator[int]:
        """The lines where the tables of a list begin: each with its name in brackets, or all in braces."""
        first = self.line_of(key, table) or 1
        header = re.compile(rf"^\s*+\[\[(?:.*\.)?\s*+[\"']?{key}[\"']?\s*+\]\]")
        begins = header if header.match(self.lines[first - 1]) else re.compile("{")
        for line, text in enumerate(self.lines[first - 1 :], first):
            yield from (line for _ in begins.findall(text))

    def menu(self, magazine: Magazine) -> Iterator[Place]:
        remedy = 'Write it like [[menu]], then section = "news", or name = "About" and url = "/about/".'
        for one in self.tables("menu", self.table, ("section", "name", "url", "below"), remedy):
            if "section" not in one:
                below = tuple(Place(*link) for link in self.links("below", one))
                yield Place(self.text(one, "name", None), self.address(one, "url", None), below=below)
                continue
            for key in [key for key in ("url", "below") if key in one]:
                self.leave_out(key, one, f"“{key}” does nothing beside “section”, which has its own.")
            named = self.text(one, "section", None)
            section = magazine.find_section(named)
            if section:
                yield magazine.place_of(section)._replace(name=self.text(one, "name", section.name))
            elif named:
                known = nearest(named, [section.path for section in magazine.sections])
                self.refuse("section", f"There is no section “{named}”.{known}", "Name one of the sections.", one)

    def words(self, key: str) -> Iterator[tuple[Mapping[str, Any], str, str]]:
        """The entries of a table of texts, each with the table; those that are no texts are refused."""
        table = self.table.get(key, {})
        if not isinstance(table, dict):
            self.refuse(key, f"“{key}” must be a table.", f"Write a line [{key}], and below it what is to be set.")
            return
        self.begun[id(table)] = self.line_of(key, self.table) or 1
        for name, value in table.items():
            if (words := self.text(table, name, "")) or not str(value).strip():
                yield table, name, words

    def labels(self) -> Iterator[tuple[str, str]]:
        in_english = "It is left out, and the pages say it in English."
        for table, label, words in self.words("labels"):
            if label not in LABELS:
                self.leave_out(label, table, f"“{label}” is not a label that the pages have.", LABELS)
            elif not words:
                self.leave_out(label, table, f"“{label}” has no words.", remedy=in_english)
            elif filled_in(words) != filled_in(label):
                self.leave_out(label, table, f"“{words}” and “{label}” differ in what stands in braces.", remedy=in_english)
            else:
                yield label, words

    def theme(self) -> Iterator[tuple[str, str]]:
        for table, name, value in self.words("theme"):
            if name not in _THEME:
                self.leave_out(name, table, f"“{name}” is nothing that a theme sets.", _THEME)
            elif name in _FONTS and not (fonts := _fonts(value)):
                self.refuse(name, f"“{value}” is not a list of fonts.", 'Write it like "Charter, Georgia, serif".', table)
            elif name in _FONTS:
                yield name, fonts
            elif not _COLOUR.fullmatch(value):
                self.refuse(name, f"“{value}” is not a colour.", 'Write it like "#9a2a1c".', table)
            else:
                yield name, value

    def sections(self) -> tuple[Section, ...]:
        remedy = 'Add one: a line [[sections]], then slug = "news" and name = "News".'
        if not self.table.get("sections"):
            self.say("The magazine has no sections.", remedy, None)
        found: dict[str, Section] = {}
        for table in self.tables("sections", self.table, ("slug", "name", "parent", "description"), remedy):
            slug = self.text(table, "slug", None)
            name = self.text(table, "name", slug or None)
            parent = str(table.get("parent", "")).strip("/")
            if not slug:
                continue
            above = next((path for path in found if path in (parent, slugify(parent)) or path.endswith(f"/{parent}")), None) if parent else ""
            if above is None:
                known = nearest(parent, list(found))
                self.refuse("parent", f"There is no section “{parent}” above this one.{known}", "Put the parent before its sub-sections.", table)
                continue
            path = f"{above}/{slug}".strip("/")
            if path.count("/") >= _DEEPEST:
                self.refuse("slug", f"“{path}” lies below too many sections.", f"Sections may lie {_DEEPEST} deep.", table)
            elif slugify(slug) != slug:
                self.refuse("slug", f"“{slug}” cannot stand in an address.", f'Write it like "{slugify(slug) or "news"}".', table)
            elif not above and slug in RESERVED:
                self.refuse("slug", f"“{slug}” is a name that Pressrun's own pages use.", "Choose another.", table)
            elif slug.isdigit():
                self.refuse("slug", f"“{slug}” would look like a year in an address.", "Choose a word.", table)
            elif path in found:
                self.refuse("slug", f"The section “{path}” stands here twice.", "Remove one.", table)
            else:
                found[path] = Section(path, name, self.text(table, "description", ""))
        return tuple(found.values())
