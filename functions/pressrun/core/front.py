"""The front page: which stories lead it, and which stand for their sections, chosen from the newest alone."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pressrun.core.lists import Teaser, newest_first
from pressrun.core.magazine import Magazine, Section

_FEATURED, _LATEST, _IN_BLOCK, _VIDEOS = 3, 8, 4, 4


class Block(NamedTuple):
    """A top section with its newest stories that stand nowhere else on the page."""

    section: Section
    teasers: Sequence[Teaser]


class FrontPage(NamedTuple):
    """``latest`` is the log of what was published last besides the lead and the featured stories, whatever block shows it, too; every other story
    stands once, but for ``videos``."""

    lead: Teaser | None
    featured: Sequence[Teaser]
    latest: Sequence[Teaser]
    blocks: Sequence[Block]
    videos: Sequence[Teaser]


def front_page(teasers: Sequence[Teaser], magazine: Magazine) -> FrontPage:
    """Of ``teasers``, newest first, the newest that its editors feature leads, or else the newest of all."""
    ranked = sorted(teasers, key=lambda teaser: not teaser.featured)  # stable: the newest come first among their like
    lead, featured, rest = ranked[:1], ranked[1 : 1 + _FEATURED], ranked[1 + _FEATURED :]
    blocks = [Block(section, below) for section in magazine.children_of("") if (below := _of_section(section, rest)[:_IN_BLOCK])]
    videos = [teaser for teaser in teasers if teaser.video][:_VIDEOS]
    above = {teaser.url for teaser in (*lead, *featured)}
    latest = [teaser for teaser in teasers[: _LATEST + len(above)] if teaser.url not in above][:_LATEST]
    return FrontPage(lead[0] if lead else None, featured, latest, blocks, videos)


def _of_section(section: Section, teasers: Iterable[Teaser]) -> list[Teaser]:
    return newest_first(teaser for teaser in teasers if f"{teaser.section}/".startswith(f"{section.path}/"))
