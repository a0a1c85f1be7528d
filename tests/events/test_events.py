"""What each function makes of the events that AWS sends, through its real handler."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pressrun.cloud.batch import Named, Tally, work
from pressrun.cloud.catalogue import CLOCK, Record, mark_item, mark_key, record_key
from pressrun.cloud.queues import Hint, Queue, keys_in
from pressrun.cloud.walk import Walk
from pressrun.core.dates import stamp
from pressrun.core.site import cache_tag
from pressrun.local.functions import Context
from pressrun.render import render
from pressrun.validate import validate

from .conftest import Newsroom
from .payloads import CASES, message_id

ONE, TWO = "articles/news/one.md", "articles/news/two.md"
LEAF_ONE, LEAF_TWO = "news/one/index.html", "news/two/index.html"


def article(title: str) -> str:
    return f"---\ntitle: {title}\ntags: [ice]\ndate: 2026-11-01\n---\nText.\n"


def record_of(newsroom: Newsroom, key: str) -> Record:
    return Record.of(key, newsroom.aws.catalogue.read([record_key(key)]).get(record_key(key)))


def test_every_payload_is_sent_by_a_test() -> None:
    assert sorted(set(re.findall(r'send\("(\w+/\w+)"\)', Path(__file__).read_text("utf-8")))) == CASES


# validate


def test_a_key_with_a_plus_a_space_and_an_accent_is_the_key_that_was_uploaded(newsroom: Newsroom) -> None:
    key = "articles/news/café + ice.md"
    newsroom.upload(key, article("One"))
    assert newsroom.send("validate/put") == []
    assert (record_of(newsroom, key).phase, record_of(newsroom, key).url) == ("live", "/news/one/")
    assert newsroom.report(key).startswith(f"{key}\n\nAccepted. It is live at https://meridian.example/news/one/")


def test_a_delete_marker_is_a_takedown(newsroom: Newsroom) -> None:
    newsroom.publish(ONE, article("One"))
    newsroom.aws.content.delete(ONE)
    assert newsroom.send("validate/delete") == []
    assert record_of(newsroom, ONE).phase == "withdrawn"
    assert "Taken down" in newsroom.report(ONE)


def test_an_event_for_a_file_that_came_back_does_not_take_it_down(newsroom: Newsroom) -> None:
    newsroom.publish(ONE, article("One"))
    assert newsroom.send("validate/delete") == []
    assert record_of(newsroom, ONE).phase == "live"


def test_a_message_that_comes_twice_is_judged_once(newsroom: Newsroom) -> None:
    newsroom.upload(ONE, article("One"))
    assert newsroom.send("validate/duplicate") == []
    assert record_of(newsroom, ONE).version == 2  # its claim is announced, then it is judged


def test_every_record_of_a_message_is_looked_at(newsroom: Newsroom) -> None:
    newsroom.upload(ONE, article("One"))
    newsroom.upload(TWO, article("Two"))
    assert newsroom.send("validate/several_records") == []
    assert [record_of(newsroom, key).phase for key in (ONE, TWO)] == ["live", "live"]


def test_every_message_of_a_batch_is_looked_at_and_a_refusal_is_no_failure(newsroom: Newsroom) -> None:
    newsroom.upload(ONE, article("One"))
    newsroom.upload(TWO, "No front matter.")
    assert newsroom.send("validate/several_messages") == []
    assert [record_of(newsroom, key).phase for key in (ONE, TWO)] == ["live", "withdrawn"]
    assert "Refused: 1 thing to mend." in newsroom.report(TWO)


def test_the_test_event_of_the_content_bucket_is_nothing(newsroom: Newsroom) -> None:
    before = list(newsroom.aws.catalogue.scan())
    assert newsroom.send("validate/test_event") == []
    assert list(newsroom.aws.catalogue.scan()) == before


def test_a_message_that_cannot_be_read_comes_back_alone(newsroom: Newsroom) -> None:
    newsroom.upload(ONE, article("One"))
    newsroom.upload(TWO, article("Two"))
    assert newsroom.send("validate/one_bad_among_good") == [message_id("validate/one_bad_among_good", 1)]
    assert [record_of(newsroom, key).phase for key in (ONE, TWO)] == ["live", "live"]


def test_the_keys_of_a_hint_are_taken_as_they_stand(newsroom: Newsroom) -> None:
    plus, percent = "articles/news/a+b.md", "articles/news/100%.md"
    newsroom.upload(plus, article("One"))
    newsroom.upload(percent, article("Two"))
    assert newsroom.send("validate/keys_hint") == []
    assert [record_of(newsroom, key).phase for key in (plus, percent)] == ["live", "live"]


def test_a_new_site_toml_changes_every_page(newsroom: Newsroom) -> None:
    newsroom.publish(ONE, article("One"))
    site_toml = newsroom.aws.content.get("site.toml")
    assert site_toml
    newsroom.upload("site.toml", site_toml.body.decode().replace("The Meridian", "The Parallel"))
    assert newsroom.send("validate/site_toml") == []
    assert "The magazine is The Parallel" in newsroom.report("site.toml")
    assert newsroom.cloud.settle()
    assert "The Parallel" in (newsroom.page(LEAF_ONE) or "")


def test_a_report_is_not_answered_with_a_report(newsroom: Newsroom) -> None:
    newsroom.publish(ONE, article("One"))
    before = list(newsroom.aws.content.listing())
    assert newsroom.send("validate/report") == []
    assert list(newsroom.aws.content.listing()) == before


# render


def judged(newsroom: Newsroom) -> None:
    """Two articles that ``validate`` has accepted, and whose pages are still to be made."""
    for key, title in ((ONE, "One"), (TWO, "Two")):
        newsroom.upload(key, article(title))
        validate(newsroom.aws, key)


def marks_under(newsroom: Newsroom, target: str) -> int:
    return sum(1 for item in newsroom.aws.catalogue.query(f"target#{target}") if item["sk"].startswith("mark#"))


def test_render_makes_every_target_of_a_hint_and_deletes_the_marks_that_it_named(newsroom: Newsroom) -> None:
    judged(newsroom)
    newsroom.leave_marks("render/several_targets")
    assert newsroom.send("render/several_targets") == []
    assert [title in (newsroom.page(key) or "") for key, title in ((LEAF_ONE, "One"), (LEAF_TWO, "Two"))] == [True, True]
    assert newsroom.marks_left("render/several_targets") == []
    # The mark that validate left was not named, so it stays for the hint that names it.
    assert marks_under(newsroom, "url:/news/one/") == 1
    assert marks_under(newsroom, "home") == 2


def test_render_makes_a_target_once_for_all_the_messages_of_a_batch(newsroom: Newsroom) -> None:
    judged(newsroom)
    newsroom.leave_marks("render/one_target_in_several_messages")
    assert newsroom.send("render/one_target_in_several_messages") == []
    receipt = newsroom.receipt("r1")
    assert (receipt["put"], receipt["unchanged"], receipt["deleted"]) == (1, 0, 0)
    assert receipt["calls.s3.PutObject"] == 1
    assert newsroom.marks_left("render/one_target_in_several_messages") == []


def test_a_hint_that_render_cannot_read_comes_back_alone(newsroom: Newsroom) -> None:
    judged(newsroom)
    newsroom.leave_marks("render/one_bad_among_good")
    assert newsroom.send("render/one_bad_among_good") == [message_id("render/one_bad_among_good", 1)]
    assert newsroom.page(LEAF_ONE)
    assert newsroom.page(LEAF_TWO)


def test_a_hint_whose_mark_is_gone_is_done(newsroom: Newsroom) -> None:
    judged(newsroom)
    assert newsroom.send("render/mark_is_gone") == []
    assert newsroom.page(LEAF_ONE) is None


def test_a_target_that_render_does_not_know_keeps_its_mark_and_comes_back_alone(newsroom: Newsroom) -> None:
    judged(newsroom)
    newsroom.leave_marks("render/unknown_target")
    assert newsroom.send("render/unknown_target") == [message_id("render/unknown_target", 0)]
    assert newsroom.marks_left("render/unknown_target") == ["frontpage:"]
    assert newsroom.page(LEAF_ONE)


def test_more_targets_than_one_invocation_can_take_are_left_to_the_next(newsroom: Newsroom) -> None:
    queue, targets = newsroom.aws.articles, [f"url:/news/{number}/" for number in range(2500)]
    newsroom.aws.catalogue.put_all(mark_item(target, "m", "2026-11-22T00:00:00Z") for target in targets)
    queue.send([Hint(tuple(targets[start : start + 50]), "m") for start in range(0, len(targets), 50)])
    made: list[list[str]] = []

    def make(named: Mapping[str, Named], _: Tally) -> dict[str, Exception]:
        made.append([*named])
        return {}

    context: Any = Context("pressrun-render", "arn", "1024", "id", lambda: 60)
    while bodies := queue.empty_into(Queue(queue.sqs, newsroom.aws.setting("LISTS_QUEUE_URL"))):
        records = [{"messageId": str(number), "body": body, "eventSource": "aws:sqs"} for number, body in enumerate(bodies)]
        assert work(newsroom.aws, {"Records": records}, context, make, queue) == {"batchItemFailures": []}
    assert [len(some) for some in made] == [2000, 500]
    assert sorted(target for some in made for target in some) == sorted(targets)
    assert not any(newsroom.aws.catalogue.marks(target) for target in targets)


# index


def entered(newsroom: Newsroom) -> None:
    """Two articles with their pages and entries, whose lists are still to be made."""
    judged(newsroom)
    newsroom.leave_marks("render/several_targets")
    assert newsroom.send("render/several_targets") == []
    assert "/news/one/" not in (newsroom.page("index.html") or "")


def test_index_makes_every_target_of_a_hint_and_deletes_the_marks_that_it_named(newsroom: Newsroom) -> None:
    entered(newsroom)
    newsroom.leave_marks("index/several_targets")
    assert newsroom.send("index/several_targets") == []
    for key in ("index.html", "feed.xml", "news/index.html", "news/feed.xml", "_fragments/news.html", "sitemaps/2026-11.xml"):
        assert "/news/one/" in (newsroom.page(key) or ""), key
    assert newsroom.marks_left("index/several_targets") == []
    assert newsroom.page("tags/ice/index.html") is None


def test_index_makes_a_target_once_for_all_the_messages_of_a_batch(newsroom: Newsroom) -> None:
    entered(newsroom)
    newsroom.leave_marks("index/one_target_in_several_messages")
    assert newsroom.send("index/one_target_in_several_messages") == []
    receipt = newsroom.receipt("r1")
    assert (receipt["put"], receipt["unchanged"], receipt["deleted"]) == (4, 0, 0)
    assert newsroom.marks_left("index/one_target_in_several_messages") == []


def test_a_hint_that_index_cannot_read_comes_back_alone(newsroom: Newsroom) -> None:
    entered(newsroom)
    newsroom.leave_marks("index/one_bad_among_good")
    assert newsroom.send("index/one_bad_among_good") == [message_id("index/one_bad_among_good", 1)]
    assert "/news/one/" in (newsroom.page("index.html") or "")
    assert "/news/one/" in (newsroom.page("news/index.html") or "")


def test_a_list_whose_mark_is_gone_is_left_as_it_is(newsroom: Newsroom) -> None:
    entered(newsroom)
    assert newsroom.send("index/mark_is_gone") == []
    assert "/news/one/" not in (newsroom.page("index.html") or "")


def test_a_target_that_index_does_not_know_keeps_its_mark_and_comes_back_alone(newsroom: Newsroom) -> None:
    entered(newsroom)
    newsroom.leave_marks("index/unknown_target")
    assert newsroom.send("index/unknown_target") == [message_id("index/unknown_target", 0)]
    assert newsroom.marks_left("index/unknown_target") == ["frontpage"]
    assert "/news/one/" in (newsroom.page("index.html") or "")


def test_a_change_in_a_tag_asks_for_the_newer_neighbours_that_show_it_otherwise(newsroom: Newsroom) -> None:
    entered(newsroom)
    newsroom.upload(ONE, article("One, again"))
    validate(newsroom.aws, ONE)
    render(newsroom.aws, "/news/one/", Tally(newsroom.aws.now))
    newsroom.leave_marks("index/around")
    before = marks_under(newsroom, "url:/news/two/")
    assert newsroom.send("index/around") == []
    assert "One, again" in (newsroom.page("tags/ice/index.html") or "")
    # Of the two that are of one instant, /news/two/ is the newer.
    assert marks_under(newsroom, "url:/news/two/") == before + 1


def test_a_change_in_a_tag_leaves_alone_who_shows_it_as_it_is(newsroom: Newsroom) -> None:
    entered(newsroom)
    newsroom.leave_marks("index/around")
    before = marks_under(newsroom, "url:/news/two/")
    assert newsroom.send("index/around") == []
    assert "/news/one/" in (newsroom.page("tags/ice/index.html") or "")
    assert marks_under(newsroom, "url:/news/two/") == before


# invalidate

TAG_ONE = f"#{cache_tag(LEAF_ONE)}"


def test_a_page_that_was_put_is_purged_by_its_own_tag(newsroom: Newsroom) -> None:
    newsroom.publish(ONE, article("One"))
    before = len(newsroom.invalidations())
    assert newsroom.send("invalidate/put") == []
    assert newsroom.invalidations()[before:] == [[TAG_ONE]]
    assert newsroom.send("invalidate/put") == []
    assert len(newsroom.invalidations()) == before + 1


def test_a_message_that_comes_again_when_its_object_is_gone_fails_not(newsroom: Newsroom) -> None:
    newsroom.publish(ONE, article("One"))
    before = len(newsroom.invalidations())
    assert newsroom.send("invalidate/put") == []
    newsroom.aws.site.delete(LEAF_ONE)
    assert newsroom.send("invalidate/put") == []
    assert [sorted(items) for items in newsroom.invalidations()[before:]] == [[TAG_ONE], sorted([TAG_ONE, "#l"])]


def test_what_was_deleted_is_purged_as_a_page_and_as_a_list(newsroom: Newsroom) -> None:
    before = len(newsroom.invalidations())
    assert newsroom.send("invalidate/delete") == []
    assert [sorted(items) for items in newsroom.invalidations()[before:]] == [sorted([TAG_ONE, "#l"])]


def test_what_a_window_gathered_is_one_invalidation_with_one_item_for_all_lists(newsroom: Newsroom) -> None:
    newsroom.publish(ONE, article("One"))
    before = len(newsroom.invalidations())
    assert newsroom.send("invalidate/several") == []
    assert [sorted(items) for items in newsroom.invalidations()[before:]] == [sorted([TAG_ONE, "#l"])]


def test_a_message_that_comes_twice_purges_once(newsroom: Newsroom) -> None:
    newsroom.publish(ONE, article("One"))
    before = len(newsroom.invalidations())
    assert newsroom.send("invalidate/duplicate") == []
    assert newsroom.invalidations()[before:] == [[TAG_ONE]]


def test_the_test_event_of_the_site_bucket_purges_nothing(newsroom: Newsroom) -> None:
    before = len(newsroom.invalidations())
    assert newsroom.send("invalidate/test_event") == []
    assert len(newsroom.invalidations()) == before


def test_an_event_that_invalidate_cannot_read_comes_back_alone(newsroom: Newsroom) -> None:
    newsroom.publish(ONE, article("One"))
    before = len(newsroom.invalidations())
    assert newsroom.send("invalidate/one_bad_among_good") == [message_id("invalidate/one_bad_among_good", 0)]
    assert newsroom.invalidations()[before:] == [[TAG_ONE]]


# sweep


def test_the_sweep_finds_a_file_whose_event_was_lost(newsroom: Newsroom) -> None:
    newsroom.upload(ONE, article("One"))
    newsroom.cloud.client("sqs").purge_queue(QueueUrl=newsroom.aws.setting("UPLOADS_QUEUE_URL"))
    assert newsroom.cloud.settle()
    assert newsroom.page(LEAF_ONE) is None
    newsroom.aws.catalogue.put_item(Walk().item())  # the walk has rested since its last round
    newsroom.send("sweep/scheduled")
    assert newsroom.cloud.settle()
    assert newsroom.page(LEAF_ONE)


def test_the_sweep_hints_at_what_a_dead_worker_left(newsroom: Newsroom) -> None:
    newsroom.publish(ONE, article("One"))
    newsroom.aws.site.delete("index.html")
    now = newsroom.aws.now()
    newsroom.aws.catalogue.put_all([mark_item("home", "dead", stamp(now - timedelta(hours=1))), mark_item("home", "young", stamp(now))])
    newsroom.send("sweep/scheduled")
    assert newsroom.cloud.settle()
    assert "/news/one/" in (newsroom.page("index.html") or "")
    assert {mark for _, mark in newsroom.aws.catalogue.read([mark_key("home", "dead"), mark_key("home", "young")])} == {"mark#young"}


def test_the_sweep_notes_its_instant(newsroom: Newsroom) -> None:
    newsroom.send("sweep/scheduled")
    assert newsroom.aws.catalogue.read([CLOCK])[CLOCK]["now"] <= stamp(newsroom.aws.now())


def test_functions_that_are_called_again_and_again_here_print_no_metrics(newsroom: Newsroom, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(101):
        newsroom.send("sweep/scheduled")
    assert capsys.readouterr().out == ""


def test_hints_with_long_names_are_sent_in_batches_that_sqs_takes(newsroom: Newsroom) -> None:
    keys = [f"articles/{number:04}{'ж' * 490}.md" for number in range(510)]
    newsroom.aws.uploads.send_keys(keys)
    told: list[str] = []
    while found := newsroom.aws.uploads.sqs.receive_message(QueueUrl=newsroom.aws.uploads.url, MaxNumberOfMessages=10).get("Messages"):
        told += [key for message in found for key in keys_in(message["Body"])]
    assert sorted(told) == keys
