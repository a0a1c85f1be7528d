"""The payloads in ``events/``: one a case, as AWS sends them."""

import json
from pathlib import Path
from typing import Any

EVENTS = Path(__file__).parents[2] / "events"
CASES = sorted(f"{path.parent.name}/{path.stem}" for path in EVENTS.glob("*/*.json"))


def payload(case: str) -> dict[str, Any]:
    """The event of ``<function>/<case>``."""
    found: dict[str, Any] = json.loads((EVENTS / f"{case}.json").read_text("utf-8"))
    return found


def message_id(case: str, number: int) -> str:
    """The id of the message at this place, from 0, in an SQS event."""
    return str(payload(case)["Records"][number]["messageId"])


def marks_in(case: str) -> list[tuple[str, str]]:
    """The target and the mark of everything that an event's hints name."""
    bodies = []
    for record in payload(case)["Records"]:
        try:
            bodies.append(json.loads(record["body"]))
        except ValueError:
            continue
    return [(target, body["mark"]) for body in bodies for target in body["targets"]]
