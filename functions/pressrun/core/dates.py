"""Instants. Inside Pressrun every instant is aware and in UTC; the magazine's time zone is for reading and for showing."""

import re
from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

_PLAIN = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_OFFSET_WITHOUT_COLON = re.compile(r"([+-]\d\d)(\d\d)$")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec|january|february|march|april|august|september|october|november|december)\.?"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? )?"
# The year comes first or the month is a word, so that no day can be taken for a month.
_DAYS = tuple(
    re.compile(pattern + r"(?:(?: at |, ?|[ T])(\d.*))?", re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})([/-])(?P<month>\d{1,2})\2(?P<day>\d{1,2})",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ -](?P<month>{_MONTH})[ -](?P<year>\d{{4}})",
        rf"{_WEEKDAY}(?P<month>{_MONTH}) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}})",
    )
)
_TIME = re.compile(r"(\d{1,2})((?:[:.]\d\d(?::\d\d(?:[.,]\d+)?)?)?)(?: ?([ap])\.?m\.?)?(.*)", re.IGNORECASE)
_PLACE = re.compile(r"(.+\d(?: ?[ap]\.?m\.?)?) ([a-z]+(?:/[a-z_-]+)+)", re.IGNORECASE)  # a time zone's: America/New_York
_UNCLEAR = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})\b")


def read_instant(text: str, zone: ZoneInfo) -> datetime:
    """The instant that an editor wrote: a date, or a date and a time, with an offset or a zone's name, or else in ``zone``.

    Raises ValueError for anything else, and for a year that is a slip of the keys. A date alone is its midnight in ``zone``.
    """
    if _PLAIN.fullmatch(text):
        found = datetime.fromisoformat(text)
    else:
        text = " ".join(text.split())
        if named := _PLACE.fullmatch(text):
            text, zone = named[1], _zone(named[2])
        found = _read(_iso(text))
    if not 1000 < found.year < 9998:  # four digits in every time zone, so that text sorts as time does; and a year after it
        raise ValueError(f"there is no year {found.year}")
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC).replace(microsecond=0)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, KeyError) as error:
        raise ValueError(f"there is no time zone {name}") from error


def _read(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time())
    except ValueError:
        return datetime.fromisoformat(_OFFSET_WITHOUT_COLON.sub(r"\1:\2", text) if ":" in text else text)


def _iso(text: str) -> str:
    """``2021/3/7 9:05:00 UTC`` and ``March 7th, 2021 at 9:05 pm``, as other tools and people write them, as ISO 8601 has them."""
    found = next(filter(None, (pattern.fullmatch(text) for pattern in _DAYS)), None)
    if not found:
        return text
    month = found["month"].lower()[:3]
    day = f"{found['year']}-{_MONTHS.index(month) + 1 if month in _MONTHS else int(month):02}-{int(found['day']):02}"
    written = found.groups()[-1]
    clock = _TIME.fullmatch(written or "")
    if not clock:
        return day
    hour, rest, half, zone = clock.groups()
    if half and not (1 <= int(hour) <= 12):
        raise ValueError(f"there is no {hour} o'clock {half}m")
    rest = rest.replace(".", ":", 1) if rest.startswith(".") else rest  # 9.30 is half past nine
    hours = int(hour) % 12 + (12 if half.lower() == "p" else 0) if half else int(hour)
    # '-0500' after a space, and '+0000 UTC', as programs print it.
    zone = re.sub(r"^([+-]\d\d:?\d\d) \(?[A-Z]{3,4}\)?$", r"\1", zone.strip())
    return f"{day} {hours:02}{rest or (':00' if half or zone else '')}{'Z' if zone.upper() in ('Z', 'UTC', 'GMT') else zone}"


def either(text: str) -> tuple[date, date] | None:
    """The two dates that a text like 3/4/2026 may mean: with the day first, and with the month first."""
    if not (found := _UNCLEAR.match(text.strip())):
        return None
    try:
        one, other, year = int(found[1]), int(found[3]), int(found[4])
        return date(year, other, one), date(year, one, other)
    except ValueError:
        return None


@lru_cache(maxsize=4096)  # a publish writes the same few instants a hundred times
def stamp(instant: datetime) -> str:
    """The one way an instant is written: RFC 3339 in UTC to the second, so that text sorts as time does.

    >>> stamp(datetime(2026, 11, 22, 9, 30, tzinfo=UTC))
    '2026-11-22T09:30:00Z'
    """
    return instant.astimezone(UTC).isoformat()[:19] + "Z"


def unstamp(text: str) -> datetime:
    """The instant that ``stamp`` wrote."""
    return datetime.fromisoformat(text)
