"""Related posts look back: an article's come from the nearest older articles that share a tag with it, so a new article changes no old page."""

from collections.abc import Iterable

from pressrun.core.lists import Teaser

NEAREST = 10
_SHOWN = 3


def related_to(teaser: Teaser, candidates: Iterable[Iterable[Teaser]]) -> tuple[Teaser, ...]:
    """The best three. ``candidates`` has, for each tag of the article, the ``NEAREST`` articles of that tag older than it.

    The score is the number of shared tags; ties go to the nearest in time, then to the URL.
    """
    own = {tag.slug for tag in teaser.tags}
    found = {candidate.url: candidate for nearest in candidates for candidate in nearest}

    def rank(candidate: Teaser) -> tuple[int, float, str]:
        return -len(own & {tag.slug for tag in candidate.tags}), -candidate.published.timestamp(), candidate.url

    return tuple(sorted(found.values(), key=rank)[:_SHOWN])
