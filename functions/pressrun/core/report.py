"""The answer to an upload, in an editor's words and for machines."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Literal

from pressrun.core.article import MARKUP, Article, is_article
from pressrun.core.cards import Card
from pressrun.core.claims import NOT_YET, Phase
from pressrun.core.links import stand_in
from pressrun.core.magazine import KEY as SITE_TOML
from pressrun.core.magazine import Magazine
from pressrun.core.media import KINDS, LONGEST_KEY, Medium, too_long
from pressrun.core.problem import Problem, errors, ranked

PREFIX = "reports/"
PREVIEWS = f"{PREFIX}previews/"
_LONGEST = LONGEST_KEY - 50  # bytes of a key that is too long, in its report's
PREVIEW_DAYS = 7  # infra/template.yaml deletes it after them
Status = Literal["live", "scheduled", "draft", "expired", "withdrawn", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Report:
    """What came of one upload. ``url`` is where readers find the version in force, '' where there is none."""

    key: str
    status: Status
    said: str
    url: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def text_key(self) -> str:
        return report_key(self.key)

    @property
    def json_key(self) -> str:
        return report_key(self.key, "json")

    @property
    def preview_key(self) -> str:
        return preview_key(self.key) if self.status in NOT_YET else ""

    def text(self) -> str:
        """For a person who knows neither YAML nor clouds."""
        preview = [f"For {PREVIEW_DAYS} days, a preview of every page that it would change is at {self.preview_key}"] if self.preview_key else []
        return "\n".join([f"{self.key}", "", self.said, *preview, *map(spoken, self.problems)]) + "\n"

    def json(self) -> str:
        fields: dict[str, object] = {"key": self.key, "status": self.status, "url": self.url or None, "preview": self.preview_key or None}
        fields["problems"] = [asdict(problem) for problem in self.problems]
        return json.dumps(fields, indent=1, ensure_ascii=False) + "\n"


def report_key(key: str, ending: str = "txt") -> str:
    """Where the answer to the upload of this content key lies in the content bucket: under its name, which is cut where it is too long."""
    name = f"{key.encode()[:_LONGEST].decode(errors='ignore')}…{stand_in(key)}" if too_long(key) else key
    return f"{PREFIX}{name}.{ending}"


def preview_key(key: str) -> str:
    """Where the private preview of an article lies in the content bucket."""
    return f"{PREVIEWS}{key}.html"


def spoken(found: Problem) -> str:
    """One problem as a paragraph."""
    place = f", line {found.line}" if found.line else ""
    quoted = f"\n    {found.text}" if found.text else ""
    return f"\n{'Problem' if found.severity == 'error' else 'Note'}{place}:{quoted}\n  {found.problem}\n  {found.remedy}".rstrip()


def report_on(key: str, article: Article | None, phase: Phase, refused: bool, problems: tuple[Problem, ...], magazine: Magazine | None) -> Report:
    """``article`` is the version in force; ``refused`` is whether the newest upload is another one, which was not accepted."""
    base = magazine.base_url if magazine else ""
    url = base + article.url if article else ""
    if refused:
        return _refused(key, problems, url if phase == "live" else "")
    zone = magazine.timezone if magazine else None
    match phase, article:
        case "live", _:
            said = f"Accepted. It is live at {url}"
        case "scheduled", Article(start=datetime() as start):
            said = f"Accepted. It goes live on {start.astimezone(zone):%d %B %Y at %H:%M (%Z)}, at {url}"
        case "draft", _:
            said = "Accepted as a draft: nobody sees it. Remove the line draft: true to publish it."
        case "expired", Article(expires=datetime() as expires):
            said = f"Accepted, but it expired on {expires.astimezone(zone):%d %B %Y at %H:%M (%Z)}, so nobody sees it."
        case _:
            said = (
                "Taken down: the file is gone. Where it was live, readers are told that it was removed, unless another article is there now. Upload"
                " the file again to bring it back."
            )
    return Report(key, phase, said, url if phase in ("live", "scheduled") else "", ranked(problems))


def _refused(key: str, problems: tuple[Problem, ...], live_at: str, stays: str = "") -> Report:
    """``live_at`` is where the version before it stays live, '' where there is none."""
    count = len(errors(problems))
    stays = f" The version before it stays live at {live_at}." if live_at else stays
    return Report(key, "refused", f"Refused: {count} thing{'s' if count != 1 else ''} to mend.{stays}", live_at, ranked(problems))


def report_on_card(key: str, card: Card | None, refused: bool, problems: tuple[Problem, ...], magazine: Magazine | None) -> Report:
    """``card`` is the version in force of an author's or an issue's file."""
    url = magazine.absolute(card.url) if magazine and card else ""
    if refused:
        return _refused(key, problems, url)
    if card:
        return Report(key, "live", f"Accepted. It is live at {url}", url, ranked(problems))
    return Report(key, "withdrawn", "Taken down: the file is gone. Upload it again to bring it back.")


def report_on_medium(key: str, medium: Medium | None, refused: bool, problems: tuple[Problem, ...]) -> Report:
    """``medium`` is the version in force of a picture, a film or a download."""
    if refused:
        return _refused(key, problems, "", stays=" The version before it stays in use." if medium else "")
    if medium is None:
        return Report(key, "withdrawn", "Taken away: the file is gone. Upload it again to bring it back.")
    size = f", {medium.picture.width:,} × {medium.picture.height:,} pixels" if medium.picture else f", {medium.size / 1024 / 1024:.1f} MB"
    return Report(key, "live", f"Accepted{size}. Readers get it with the live articles that name it.", "", ranked(problems))


def report_on_site(magazine: Magazine | None, problems: tuple[Problem, ...], in_force: bool) -> Report:
    """``in_force`` is whether there is an earlier ``site.toml`` that stays in force when this one is not acceptable."""
    if magazine:
        said = f"Accepted. The magazine is {magazine.title}, at {magazine.base_url}"
        return Report(SITE_TOML, "live", said, magazine.base_url, ranked(problems))
    stays = "The one before it stays in force." if in_force else "Nothing can be published before there is one."
    return Report(SITE_TOML, "refused", f"Refused. {stays}", "", ranked(problems))


def report_on_other(key: str) -> Report:
    """The answer to a file from which nothing is published: one such as ``_index.md``, of which an archive of another tool is full, or one that lies
    where no content does.
    """
    if problems := too_long(key):
        return _refused(key, problems, "")
    if key.startswith(KINDS):
        return Report(key, "live", "Kept as it is. Nothing is published from a file of this name.")
    folders = f"{', '.join(KINDS[:-1])} and {KINDS[-1]}"
    name = key.rpartition("/")[2]
    is_text = PurePosixPath(name).suffix.lower() in MARKUP and is_article(f"articles/{name}")
    said = f"Kept as it is. Nothing is published from a file that lies here, only from site.toml and from what lies below {folders}."
    return Report(key, "live", said + (f" To publish an article, upload it to articles/{name}." if is_text else ""))


def failed(key: str) -> Report:
    """The answer where a fault of Pressrun kept it from doing what the file, or its removal, asks for."""
    said = (
        "Not done yet, because of a fault of Pressrun, not of your file. What readers see is as it was. Whoever runs Pressrun was told, and nothing"
    )
    return Report(key, "failed", f"{said} is lost: once the fault is mended, this is done, and this answer gives way to the usual one.")
