"""Labels: every word that the pages say of themselves. ``[labels]`` in ``site.toml`` gives each in the magazine's own language.

What stands in braces is filled in. A label that is not given there is said in English.
"""

import re

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")

LABELS = frozenset(
    {
        *MONTHS,
        "{day} {month} {year}",
        "1 minute to read",
        "Archive",
        "Articles are plain HTML, each with schema.org data. Whoever quotes one should name its author and lead to its address.",
        "Author",
        "Back to the top",
        "Breadcrumbs",
        "By year",
        "By {}",
        "Captions",
        "Close",
        "Comments are closed.",
        "Contributors",
        "Correction",
        "Corrections",
        "Done",
        "Download the issue",
        "Download the special report",
        "E-mail",
        "Everything in {}, by month",
        "Everything that we published, section by section and month by month.",
        "Featured",
        "Feed",
        "Feeds",
        "Found: {}. Newest first.",
        "Front page",
        "In the journal",
        "It may have been mistyped. Everything that we published can be reached from the front page and from the archive.",
        "Journal",
        "Latest",
        "Latest in {}",
        "Looking through the archive …",
        "Menu",
        "More in {}",
        "More to read",
        "Moved",
        "Newest, as Atom",
        "Newest, as JSON Feed",
        "Not done",
        "Note {}",
        "Note {}: back to the text",
        "Not found",
        "Nothing has all of these words.",
        "Nothing has been published here yet.",
        "Nothing has been published yet.",
        "Related",
        "Search",
        "Searching needs JavaScript, which is off. All that we published can be found without it:",
        "Sections",
        "Share",
        "Share from this device",
        "Sitemap",
        "Skip to the text",
        "Special report: {}",
        "Special reports",
        "Sub-sections",
        "Subscribe",
        "Table {}",
        "Tag",
        "Tags",
        "Taken down",
        "The archive cannot be reached. Try again later.",
        "The arrow keys go through what is found.",
        "The key / opens this, and Esc closes it.",
        "The newest {}. Another word finds fewer.",
        "There is nothing at this address",
        "There was an article at this address, and its editors have removed it.",
        "This page has moved",
        "This page was taken down",
        "Updated {}",
        "Video",
        "View all",
        "Watch the video",
        "Watch the video on {}",
        "Words in a title, a summary, a tag or an author's name",
        "{} MB",
        "{} minutes to read",
        "{}: archive",
    }
)


def filled_in(label: str) -> list[str]:
    """What stands in braces in a label, in the order of its letters.

    >>> filled_in("{month} {day}")
    ['{day}', '{month}']
    """
    return sorted(re.findall(r"\{\w*\}", label))
