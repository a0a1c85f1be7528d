"""EventBridge: what other systems are told, such as a newsroom's chat. ``docs/events.md`` describes the four events.

An event may come twice and in any order, so its time is the instant of what it tells, and a repeat is the same to the letter. Of an article that
is not live it tells the hash of the key and nothing more: a rule may send it anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pressrun.core.problem import errors

if TYPE_CHECKING:
    # A worker that only sends is spared the Markdown that comes with these.
    from pressrun.core.article import Article
    from pressrun.core.report import Report

SOURCE = "pressrun"
_BATCH = 10  # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html

Name = Literal["article.accepted", "article.refused", "article.live", "article.withdrawn"]


class Event(NamedTuple):
    """``name`` is its DetailType, ``at`` the stamp of its instant, ``detail`` its Detail as JSON."""

    name: Name
    at: str
    detail: str

    @classmethod
    def of(cls, name: Name, at: str, **detail: object) -> Event:
        return cls(name, at, json.dumps(detail))


def answered(report: Report, live: Article | None, at: str) -> Event:
    """The answer to the upload of an article. ``live`` is the version that readers see, None where they see none."""
    about = {"key": report.key, "title": live.title, "url": report.url} if live else {"key_hash": hashed(report.key)}
    if report.status == "refused":
        return Event.of("article.refused", at, **about, status=report.status, problems=len(errors(report.problems)))
    return Event.of("article.accepted", at, **about, status=report.status)


def hashed(name: str) -> str:
    """What events and logs call a key, URL or target that may be an embargoed article's: its SHA-256, in hexadecimal."""
    return sha256(name.encode()).hexdigest()


class Bus:
    """One event bus."""

    def __init__(self, eventbridge: Any, name: str) -> None:
        self.eventbridge, self.name = eventbridge, name

    def send(self, events: Sequence[Event]) -> None:
        """Raises RuntimeError where EventBridge refused one: the caller's own message then comes back."""
        entries = [
            {"EventBusName": self.name, "Source": SOURCE, "DetailType": event.name, "Time": event.at, "Detail": event.detail} for event in events
        ]
        for start in range(0, len(entries), _BATCH):
            answer = self.eventbridge.put_events(Entries=entries[start : start + _BATCH])
            if answer["FailedEntryCount"]:
                codes = sorted({entry["ErrorCode"] for entry in answer["Entries"] if "ErrorCode" in entry})
                raise RuntimeError(f"EventBridge refused {answer['FailedEntryCount']} of {len(answer['Entries'])} events: {', '.join(codes)}")
