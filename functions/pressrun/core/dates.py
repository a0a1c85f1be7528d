"""Instants. Inside Pressrun every instant is aware and in UTC; the magazine's time zone is for reading and for showing."""

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

_PLAIN = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_OFFSET_WITHOUT_COLON = re.compile(r"([+-]\d\d)(\d\d)$")


def read_instant(text: str, zone: ZoneInfo) -> datetime:
    """The instant that an editor wrote: a date, or a date and a time, with an offset or in ``zone``.

    Raises ValueError for anything else, and for a year that is a slip of the keys. A date alone is its midnight in ``zone``.
    """
    found = datetime.fromisoformat(text) if _PLAIN.fullmatch(text) else _read(_padded(text.strip()))
    if not 1000 <= found.year < 9999:  # four digits in every time zone, so that text sorts as time does; and a year after it
        raise ValueError(f"there is no year {found.year}")
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC).replace(microsecond=0)


def _read(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time())
    except ValueError:
        pass
    # '2019-11-12 13:30:00 -0500', as other tools write it, is ISO 8601 but for a space and a colon.
    joined = re.sub(r"\s+([+-]\d\d:?\d\d|Z)$", r"\1", re.sub(r"\s+", " ", text))
    return datetime.fromisoformat(_OFFSET_WITHOUT_COLON.sub(r"\1:\2", joined) if ":" in joined else joined)


def _padded(text: str) -> str:
    """2021/3/7 9:05:00 UTC, as other tools write it, as ISO 8601 has it. The year is first, so that nothing is ambiguous."""
    found = re.fullmatch(r"(\d{4})([/-])(\d{1,2})\2(\d{1,2})(?:[T\s]\s*(\d{1,2})(:.*))?", re.sub(r"\s*(UTC|GMT)$", "Z", text))
    if not found:
        return text
    year, _, month, day, hour, rest = found.groups()
    return f"{year}-{month:0>2}-{day:0>2}" + (f" {hour:0>2}{rest}" if hour else "")


def stamp(instant: datetime) -> str:
    """The one way an instant is written: RFC 3339 in UTC to the second, so that text sorts as time does.

    >>> stamp(datetime(2026, 11, 22, 9, 30, tzinfo=UTC))
    '2026-11-22T09:30:00Z'
    """
    return instant.astimezone(UTC).isoformat()[:19] + "Z"


def unstamp(text: str) -> datetime:
    """The instant that ``stamp`` wrote."""
    return datetime.fromisoformat(text)
