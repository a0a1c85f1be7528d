"""Related posts look back: an article's come from the nearest older articles that share a tag with it, so a new article changes no old page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from pressrun.core.dates import stamp

if TYPE_CHECKING:
    # The catalogue keeps what a page shows, and who makes no page is spared the rest.
    from pressrun.core.lists import Teaser

NEAREST = 10
_SHOWN = 3
_slug = attrgetter("slug")


def related_to(teaser: Teaser, candidates: Iterable[Iterable[Teaser]]) -> tuple[Teaser, ...]:
    """The best three. ``candidates`` has, for each tag of the article, the ``NEAREST`` articles of that tag older than it.

    The score is the number of shared tags; ties go to the nearest in time, then to the URL.
    """
    found = {candidate.url: candidate for nearest in candidates for candidate in nearest}
    slugs = set(map(_slug, teaser.tags))

    def rank(candidate: Teaser) -> tuple[int, float, str]:
        return -len(slugs.intersection(map(_slug, candidate.tags))), -candidate.published.timestamp(), candidate.url

    return tuple(sorted(found.values(), key=rank)[:_SHOWN])


def shared(one: Teaser, other: Teaser) -> int:
    """How many tags two articles have in common."""
    return len(set(map(_slug, one.tags)).intersection(map(_slug, other.tags)))


class Shown(NamedTuple):
    """One of the related posts that a page shows: the stamp of its publication, how many tags it shares, and its teaser's digest."""

    published: str
    shared: int
    digest: str


def shown_on(teaser: Teaser, related: Iterable[Teaser]) -> tuple[Shown, ...]:
    """What is noted of the related posts that an article's page shows."""
    return tuple(Shown(stamp(post.published), shared(teaser, post), post.digest) for post in related)


def may_change(teaser: Teaser, shown: Sequence[Shown], entry: Teaser | None) -> bool:
    """Whether the related posts of an article can change by what happened to an older entry in the list of one of its tags.

    ``entry`` is None where it was taken away. False only if it certainly is of no concern: the page shows it as it is; or it is not among those that
    the page shows, is worse than the last of them, and pushes none of them out of the nearest, since all are nearer.
    """
    if entry is None:
        return True
    published = stamp(entry.published)
    all_nearer = True
    for post in shown:
        if post.published == published and post.digest == entry.digest:
            return False
        all_nearer = all_nearer and post.published > published
    return not all_nearer or len(shown) < _SHOWN or shared(teaser, entry) > min(post.shared for post in shown)
