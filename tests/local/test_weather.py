"""``dev --weather``: a magazine in a live local cloud on AWS's worst days."""

from pathlib import Path
from shutil import copytree

import pytest

from pressrun.cloud import remote
from pressrun.cloud.cloud import connect
from pressrun.local import dev
from pressrun.local.faults import Crash, Fault
from pressrun.local.weather import Died, Stirred, Weather

GOLDEN = Path(__file__).parents[1] / "golden" / "magazine"


def record(number: int) -> dict[str, str]:
    return {"messageId": str(number), "body": str(number), "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:pressrun-lists"}


def test_a_magazine_in_a_storm_ends_as_it_should_be(tmp_path: Path) -> None:
    connect.cache_clear()
    copytree(GOLDEN, tmp_path, dirs_exist_ok=True)
    with dev.running(tmp_path, pytest.fail, aws_port=0, cdn_port=0, reload=False, watch=False, weather=Weather.STORM) as site:
        for change in range(4):
            (connect().content).put("articles/notes/corrections.md", (GOLDEN / "articles/notes/corrections.md").read_bytes() + b"\nMore." * change)
        assert site.settle(300)
        assert remote.verify(connect()).identical
        assert site.summary(0)["articles"] > 3
    connect.cache_clear()


def test_in_a_storm_messages_are_late_and_come_twice_and_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    again: list[str] = []

    class Sqs:
        def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> None:  # noqa: N803 - boto3's own
            assert QueueUrl.endswith("/pressrun-lists")
            assert DelaySeconds > 0
            again.append(MessageBody)

    monkeypatch.setattr("pressrun.local.weather.client", lambda _: Sqs())
    handed: list[str] = []
    stirred = Stirred(Weather.STORM)
    handler = stirred(None, lambda event, _: handed.extend(one["body"] for one in event["Records"]))  # type: ignore[arg-type]
    sent = [str(number) for number in range(300)]
    try:
        handler({"Records": [record(number) for number in range(300)]}, None)
    except Died:
        pytest.fail("nothing here calls AWS")
    late = set(sent) - set(handed)
    assert late
    assert set(again) > late, "and some come twice"
    assert handed != sorted(handed, key=int)
    assert stirred.on_its_way()


def test_a_function_that_dies_in_a_storm_gives_its_messages_back() -> None:
    def dies(event: object, _: object) -> None:
        raise Crash

    with pytest.raises(Died):
        Stirred(Weather.ROUGH)(None, dies)({}, None)  # type: ignore[arg-type]


def test_every_kind_of_fault_comes_in_a_storm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pressrun.local.weather.time.sleep", lambda _: None)
    stirred, met = Stirred(Weather.STORM), set[Fault | None]()

    def calls(event: object, _: object) -> None:
        met.update(stirred._choose("SendMessageBatch", {"Entries": [1, 2]}) for _ in range(61))

    handler = stirred(None, calls)  # type: ignore[arg-type]
    for _ in range(400):
        handler({}, None)
    assert met == {None, *Fault} - {Fault.DELAY}, "a delay is one: nothing else comes of it"
