"""The front page: what leads it, and what stands where."""

from datetime import timedelta

from pressrun.core.front import FrontPage, front_page
from pressrun.core.lists import Teaser

from .magazines import MERIDIAN, NOON


def teasers(*sections: str, featured: tuple[int, ...] = (), video: tuple[int, ...] = ()) -> list[Teaser]:
    """Newest first, each called by its number and an hour older than the one before."""
    return [
        Teaser(f"/{n}/", str(n), NOON - timedelta(hours=n), f"tag:{n}", section, featured=n in featured, video=n in video)
        for n, section in enumerate(sections)
    ]


def named(found: FrontPage) -> tuple[str, str, dict[str, str]]:
    lead = found.lead.title if found.lead else ""
    return lead, "".join(t.title for t in found.featured), {block.section.path: "".join(t.title for t in block.teasers) for block in found.blocks}


def test_the_newest_leads_and_the_sections_show_what_stands_nowhere_else() -> None:
    found = front_page(teasers("news", "sea", "news", "news", "news/arctic", "sea", "news"), MERIDIAN)
    assert named(found) == ("0", "123", {"news": "46", "sea": "5"})


def test_what_the_editors_feature_comes_first() -> None:
    found = front_page(teasers("news", "sea", "news", "news", "sea", "news", featured=(2, 5)), MERIDIAN)
    assert named(found) == ("2", "501", {"news": "3", "sea": "4"})


def test_the_log_has_the_newest_in_the_order_of_time_without_what_stands_beside_it() -> None:
    found = front_page(teasers(*["news"] * 12, featured=(9,)), MERIDIAN)
    assert [teaser.title for teaser in found.latest] == ["3", "4", "5", "6", "7", "8", "10", "11"]


def test_a_block_has_the_newest_first_and_four_at_most() -> None:
    found = front_page(teasers(*["news"] * 20, featured=(1, 2, 3, 4, 12)), MERIDIAN)
    assert [teaser.title for teaser in found.blocks[0].teasers] == ["0", "5", "6", "7"]


def test_videos_have_a_panel_of_their_own() -> None:
    found = front_page(teasers(*["news"] * 12, video=(0, 3, 5, 7, 9)), MERIDIAN)
    assert [teaser.title for teaser in found.videos] == ["0", "3", "5", "7"]


def test_an_empty_magazine_has_an_empty_front_page() -> None:
    assert front_page([], MERIDIAN) == FrontPage(None, [], [], [], [])
