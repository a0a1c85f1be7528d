"""The life of an article, through the real handlers: after each event the site is as ``build`` makes it, and its URLs answer as promised."""

from collections.abc import Iterator
from copy import deepcopy
from io import BytesIO

import pytest
from PIL import Image

from pressrun.cloud.batch import EditionChanged, hint_at
from pressrun.cloud.catalogue import BASIS
from pressrun.cloud.pending import records
from pressrun.cloud.remote import republish
from pressrun.core.build import judge
from pressrun.core.claims import Register
from pressrun.core.dates import unstamp
from pressrun.core.lists import url_target
from pressrun.local.faults import Fault
from pressrun.local.functions import Handler
from pressrun.local.stack import Function
from pressrun.local.storm.stage import SITE_TOML, START, Call, Stage, ago, article, staged

KEY = "articles/story.md"
OTHER = "articles/other.md"


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


def publish(stage: Stage, key: str = KEY, **fields: str) -> None:
    stage.put(key, article(**{"title": "Story", "section": "news", "tags": "[ice]", "date": ago(days=10)} | fields))
    stage.settle()
    stage.check()


def take_down(stage: Stage, key: str = KEY) -> None:
    stage.delete(key)
    stage.settle()
    stage.check()


def test_a_new_article_has_its_page_and_is_on_every_list(stage: Stage) -> None:
    publish(stage, section="news/arctic", authors="[Jo Hall]")
    assert stage.answer("/news/arctic/story/") == (200, "")
    for url in ("/", "/news/", "/news/arctic/", "/news/2026/11/", "/news/arctic/2026/11/", "/tags/ice/", "/tags/ice/2026/", "/authors/jo-hall/"):
        assert 'href="/news/arctic/story/"' in stage.text(url), url
    for url in ("/feed.xml", "/news/arctic/feed.xml", "/sitemaps/2026-11.xml"):
        assert "https://stage.example/news/arctic/story/" in stage.text(url), url
    assert "/sitemaps/2026-11.xml" in stage.text("/sitemap.xml")
    assert "/news/arctic/2026/11/" in stage.text("/archive/news/arctic/")
    assert "Accepted. It is live at https://stage.example/news/arctic/story/" in stage.report(KEY)


def test_a_change_reaches_the_page_and_its_lists(stage: Stage) -> None:
    publish(stage)
    publish(stage, title="Story, corrected", slug="story")
    assert "Story, corrected" in stage.text("/news/story/")
    assert "Story, corrected" in stage.text("/")


def test_the_same_bytes_again_put_and_purge_nothing(stage: Stage) -> None:
    publish(stage)
    calls = deepcopy(stage.local.calls)
    publish(stage)
    for service, operation in (("s3", "PutObject"), ("s3", "DeleteObject"), ("cloudfront", "CreateInvalidation"), ("dynamodb", "TransactWriteItems")):
        assert stage.local.calls[service][operation] == calls[service][operation], operation


def test_a_change_of_the_text_alone_touches_no_list(stage: Stage) -> None:
    publish(stage)
    before = stage.site()
    stage.put(KEY, article("Story", body="Other text.", section="news", tags="[ice]", date=ago(days=10)))
    stage.settle()
    stage.check()
    assert {key for key, made in stage.site().items() if made != before[key]} == {"news/story/index.html"}


def test_a_refused_update_leaves_the_live_version_as_it_was(stage: Stage) -> None:
    publish(stage)
    before = stage.site()
    publish(stage, section="nowhere", title="Not this")
    assert stage.site() == before
    assert "The version before it stays live" in stage.report(KEY)


def test_an_article_that_is_mended_replaces_the_refused_one(stage: Stage) -> None:
    publish(stage, section="nowhere")
    assert stage.answer("/news/story/")[0] == 404
    publish(stage)
    assert stage.answer("/news/story/")[0] == 200


def test_moving_an_article_to_another_section_redirects_its_old_url(stage: Stage) -> None:
    publish(stage)
    publish(stage, section="essays")
    assert stage.answer("/news/story/") == (301, "/essays/story/")
    assert stage.answer("/essays/story/")[0] == 200
    assert "story" not in stage.text("/news/")


def test_a_slug_that_changed_twice_is_one_redirect_from_each_old_url(stage: Stage) -> None:
    for slug in ("one", "two", "three"):
        publish(stage, slug=slug)
    assert stage.answer("/news/one/") == (301, "/news/three/")
    assert stage.answer("/news/two/") == (301, "/news/three/")


def test_the_feed_id_stays_when_the_slug_changes(stage: Stage) -> None:
    publish(stage, slug="one")
    feed_id = stage.claims()["/news/one/"].feed_id
    publish(stage, slug="two")
    assert stage.claims()["/news/two/"].feed_id == feed_id
    assert feed_id in stage.text("/feed.xml")


def test_an_article_that_is_taken_down_is_gone_from_every_list_and_answers_410(stage: Stage) -> None:
    publish(stage)
    take_down(stage)
    assert stage.answer("/news/story/")[0] == 410
    assert [key for key, made in stage.site().items() if b"/news/story/" in made.body] == []
    assert stage.answer("/tags/ice/")[0] == 404


def test_former_urls_of_an_article_that_is_taken_down_answer_410(stage: Stage) -> None:
    publish(stage, slug="one")
    publish(stage, slug="two")
    take_down(stage)
    assert [stage.answer(f"/news/{slug}/")[0] for slug in ("one", "two")] == [410, 410]


def test_an_article_that_is_brought_back_has_its_url_and_feed_id_again(stage: Stage) -> None:
    publish(stage)
    feed_id = stage.claims()["/news/story/"].feed_id
    take_down(stage)
    stage.wait(86_400)
    publish(stage)
    assert stage.answer("/news/story/")[0] == 200
    assert stage.claims()["/news/story/"].feed_id == feed_id


def test_a_draft_is_nowhere_and_answers_when_it_is_one_no_longer(stage: Stage) -> None:
    publish(stage, draft="true")
    assert stage.answer("/news/story/")[0] == 404
    publish(stage)
    assert stage.answer("/news/story/")[0] == 200


def test_no_byte_of_an_embargoed_article_is_in_the_site_before_its_instant(stage: Stage) -> None:
    canary = {"title": "Canarywords", "slug": "canaryslug", "tags": "[canarytag]", "authors": "[Canaryname]", "summary": "Canarysummary"}
    publish(stage, date=ago(hours=-2), **canary)
    assert not [key for key, made in stage.site().items() if "canary" in (key + made.body.decode(errors="replace") + str(made.metadata)).lower()]
    assert "goes live on 22 November 2026 at 09:00 (EST)" in stage.report(KEY)


def test_an_embargo_ends_at_its_instant(stage: Stage) -> None:
    publish(stage, date=ago(hours=-2))
    stage.wait(2 * 3600 - 90)
    stage.sweep()
    stage.settle_now()
    assert stage.answer("/news/story/")[0] == 404
    stage.wait(90)
    stage.settle_now()
    assert stage.answer("/news/story/")[0] == 200
    stage.settle()
    stage.check()


def test_after_two_days_an_article_leaves_the_news_sitemap_and_nothing_else_is_made(stage: Stage) -> None:
    publish(stage, date=ago(hours=1))
    assert "https://stage.example/news/story/" in stage.text("/news-sitemap.xml")
    before = stage.site()
    calls = deepcopy(stage.local.calls)
    stage.wait(47 * 3600 + 1)
    stage.sweep()
    stage.settle()
    stage.check()
    assert {key for key, made in stage.site().items() if made != before[key]} == {"news-sitemap.xml"}
    assert stage.local.calls["s3"]["PutObject"] == calls["s3"]["PutObject"] + 1
    assert stage.local.calls["s3"]["HeadObject"] < calls["s3"]["HeadObject"] + 10  # the other lists are not even looked at
    assert stage.local.calls["cloudfront"] == calls["cloudfront"]


def test_an_embargo_that_is_moved_later_takes_a_live_article_down_until_then(stage: Stage) -> None:
    publish(stage)
    publish(stage, publish_at=ago(hours=-3))
    assert stage.answer("/news/story/")[0] == 410
    stage.wait(3 * 3600)
    stage.sweep()
    stage.settle()
    stage.check()
    assert stage.answer("/news/story/")[0] == 200


def test_a_slug_that_changed_before_the_embargo_ended_was_never_there(stage: Stage) -> None:
    publish(stage, slug="early", date=ago(hours=-2))
    publish(stage, slug="late", date=ago(hours=-2))
    stage.wait(2 * 3600)
    stage.sweep()
    stage.settle()
    stage.check()
    assert stage.answer("/news/early/")[0] == 404
    assert stage.answer("/news/late/")[0] == 200


def test_an_article_expires(stage: Stage) -> None:
    publish(stage, expires=ago(hours=-1))
    assert stage.answer("/news/story/")[0] == 200
    stage.wait(3600)
    stage.sweep()
    stage.settle()
    stage.check()
    assert stage.answer("/news/story/")[0] == 410


@pytest.mark.parametrize("delete_first", [False, True], ids=["put event first", "delete event first"])
def test_a_file_that_is_renamed_takes_its_url_first_instant_and_feed_id_along(stage: Stage, delete_first: bool) -> None:
    publish(stage, slug="old")
    publish(stage)
    claim = stage.claims()["/news/story/"]
    stage.wait(86_400)
    stage.put(OTHER, article("Story", section="news", tags="[ice]", date=ago(days=10)))
    stage.delete(KEY)
    if delete_first:
        stage.reverse_messages()
    stage.settle()
    stage.check()
    passed = stage.claims()["/news/story/"]
    assert (passed.owner, passed.first, passed.feed_id) == (OTHER, claim.first, claim.feed_id)
    assert stage.answer("/news/story/")[0] == 200
    assert stage.answer("/news/old/") == (301, "/news/story/")


@pytest.mark.parametrize("delete_first", [False, True], ids=["put event first", "delete event first"])
def test_a_file_that_moves_to_another_url_takes_its_readers_along_by_its_id(stage: Stage, delete_first: bool) -> None:
    publish(stage, slug="older", id="7")
    publish(stage, slug="old", id="7")
    stage.put(OTHER, article("Story", section="essays", slug="new", date=ago(days=10), id="7"))
    stage.delete(KEY)
    if delete_first:
        stage.reverse_messages()
    stage.settle()
    stage.check()
    assert stage.answer("/essays/new/")[0] == 200
    assert stage.answer("/news/old/") == stage.answer("/news/older/") == (301, "/essays/new/")


def test_a_file_without_the_same_id_takes_nobody_along(stage: Stage) -> None:
    publish(stage, slug="old", id="7")
    publish(stage, OTHER, slug="new", id="8")
    take_down(stage)
    assert stage.answer("/news/old/")[0] == 410


def test_two_files_for_one_url_the_first_keeps_it_and_the_second_gets_it_when_the_first_goes(stage: Stage) -> None:
    publish(stage, title="First", slug="story")
    publish(stage, OTHER, title="Second", slug="story")
    assert "First" in stage.text("/news/story/")
    assert "belongs to articles/story.md" in stage.report(OTHER)
    take_down(stage)
    assert "Second" in stage.text("/news/story/")
    assert "Accepted" in stage.report(OTHER)


def test_who_waits_for_a_url_is_told_when_it_is_another_files(stage: Stage) -> None:
    publish(stage, title="First", slug="story")
    publish(stage, OTHER, title="Second", slug="story")
    stage.put("articles/renamed.md", stage.content()[KEY])
    take_down(stage)
    assert "belongs to articles/renamed.md" in stage.report(OTHER)


def test_a_redirect_from_the_front_matter_answers_301(stage: Stage) -> None:
    publish(stage, redirects="[/dispatches/a-story/, /old.html]")
    assert stage.answer("/dispatches/a-story/") == (301, "/news/story/")
    assert stage.answer("/old.html") == (301, "/news/story/")


@pytest.mark.parametrize(("count", "length"), [(60, 5), (100, 22)])
def test_an_article_with_many_tags_needs_more_than_one_transaction_and_is_on_every_list(stage: Stage, count: int, length: int) -> None:
    tags = [f"t{number}".ljust(length, "x") for number in range(count)]
    publish(stage, tags=f"[{', '.join(tags)}]", summary="s" * (5000 - count * length))
    assert all(stage.answer(f"/tags/{tag}/")[0] == 200 for tag in tags)
    publish(stage, tags="[ice]")
    assert all(stage.answer(f"/tags/{tag}/")[0] == 404 for tag in tags)


def test_a_judgement_that_needs_more_than_one_transaction_and_is_overtaken_between_two_leaves_nothing_behind(stage: Stage) -> None:
    old = [f"/old/{number}/" for number in range(120)]
    transactions: list[Call] = []

    def late_at_the_last(call: Call) -> Fault | None:
        if call.function == "validate" and call.operation == "TransactWriteItems":
            transactions.append(call)
        return Fault.DELAY if transactions[2:] == [call] else None

    stage.put(KEY, article("Story", section="news", redirects=f"[{', '.join(old)}]", date=ago(days=10)))
    stage.weather = late_at_the_last
    stage.settle_now()
    stage.weather = None
    assert [worker.function for worker in stage.workers] == ["validate"]
    publish(stage, title="Another", slug="another", redirects="[/old/5/]")
    assert [url for url in old if stage.answer(url)[0] == 301] == ["/old/5/"]


def test_related_posts_look_back_and_follow_a_late_article(stage: Stage) -> None:
    publish(stage, "articles/new.md", title="New", date=ago(days=1))
    assert "/news/late/" not in stage.text("/news/new/")
    publish(stage, "articles/late.md", title="Late", date=ago(days=5))
    assert 'href="/news/late/"' in stage.text("/news/new/")
    take_down(stage, "articles/late.md")
    assert "/news/late/" not in stage.text("/news/new/")


def test_a_new_article_touches_no_old_page(stage: Stage) -> None:
    publish(stage, "articles/old.md", title="Old", date=ago(days=9))
    old = stage.cloud.site.head("news/old/index.html")
    publish(stage, "articles/new.md", title="New", date=ago(days=1))
    assert stage.cloud.site.head("news/old/index.html") == old


def test_the_page_of_all_tags_changes_with_the_first_article_of_a_tag_and_the_last_and_with_none_between(stage: Stage) -> None:
    def etag() -> str:
        stage.check()
        head = stage.cloud.site.head("tags/index.html")
        return head.etag if head else ""

    publish(stage, "articles/one.md", title="One", tags="[Sea ice]", date=ago(days=9))
    assert '<a href="/tags/sea-ice/">Sea ice</a>' in stage.text("/tags/")
    with_ice = etag()
    publish(stage, "articles/two.md", title="Two", tags="[Sea ice]", date=ago(days=1))
    assert etag() == with_ice
    publish(stage, "articles/three.md", title="Three", tags="[Sea ice, Ferries]", date=ago(days=2))
    assert '<a href="/tags/ferries/">Ferries</a>' in stage.text("/tags/")
    publish(stage, "articles/two.md", title="Two", tags="[Sea Ice]", date=ago(days=1))
    assert ">Sea Ice</a>" in stage.text("/tags/")
    for key in ("three", "two", "one"):
        stage.delete(f"articles/{key}.md")
        stage.settle()
        etag()
        assert "Ferries" not in stage.text("/tags/")
    assert "/tags/sea-ice/" not in stage.text("/tags/")


def test_a_new_site_toml_remakes_every_page_and_a_broken_one_changes_none(stage: Stage) -> None:
    publish(stage)
    before = stage.site()
    stage.put("site.toml", "title = ")
    stage.settle()
    stage.check()
    assert stage.site() == before
    assert "The one before it stays in force" in stage.report("site.toml")
    stage.put("site.toml", SITE_TOML.replace("The Stage", "Another name"))
    stage.settle()
    stage.check()
    assert "Another name" in stage.text("/news/story/")


def test_a_new_permalink_moves_every_article_whoever_asks_for_its_page_before_it_is_judged_anew(stage: Stage) -> None:
    for number in range(4):
        publish(stage, f"articles/{number}.md", title=f"Story {number}", date=ago(days=10 + number))
    stage.put("site.toml", 'permalink = "/{yyyy}/{slug}/"\n' + SITE_TOML)
    stage.work_off("uploads")
    for number in range(4):
        hint_at(stage.cloud, stage.cloud.articles, [url_target(f"/news/story-{number}/"), url_target(f"/2026/story-{number}/")])
        stage.work_off("articles")
        stage.work_off("lists")
        stage.cloud.uploads.send_keys([f"articles/{number}.md"])
        stage.work_off("uploads")
    stage.settle()
    stage.check()
    for number in range(4):
        assert stage.answer(f"/news/story-{number}/") == (301, f"/2026/story-{number}/")
        assert f"/2026/story-{number}/" in stage.text("/tags/ice/")


def test_a_section_that_comes_to_be_where_an_article_was_has_its_front_there_until_it_goes_again(stage: Stage) -> None:
    publish(stage, url="/ice/")
    section = '[[sections]]\nslug = "ice"\nname = "Ice"\n'
    for site_toml, status in ((SITE_TOML + section, 200), (SITE_TOML, 200), (SITE_TOML + section, 200)):
        stage.put("site.toml", site_toml)
        stage.settle()
        stage.check()
        assert stage.answer("/ice/")[0] == status
    assert "Ice" in stage.text("/ice/")


def test_an_upload_before_site_toml_is_answered_and_published_when_it_comes() -> None:
    with staged(site_toml="") as stage:
        stage.put(KEY, article("Story", section="news", date=ago(days=1)))
        stage.settle()
        assert "no site.toml yet" in stage.report(KEY)
        stage.put("site.toml", SITE_TOML)
        stage.settle()
        stage.check()
        assert stage.answer("/news/story/")[0] == 200


def test_a_hundred_changes_in_a_row_end_with_the_last(stage: Stage) -> None:
    for number in range(100):
        stage.put(KEY, article(f"Change {number}", slug="story", section="news", date=ago(days=1)))
    stage.settle()
    stage.check()
    assert "Change 99" in stage.text("/news/story/")


def test_what_a_function_has_no_time_for_is_hinted_at_again(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    seconds = {"validate": 0.5, "render": 0.5, "index": 0.05, "invalidate": 0.0}  # that a call takes
    invoked: list[str] = []

    def slow(call: Call) -> None:
        stage.clock[0] += seconds[call.function]

    def noted(function: Function, handler: Handler) -> Handler:
        invoked.append(function.step)
        return handler

    stage.weather, stage.local.functions.weather = slow, noted
    for number in range(20):
        tags = f"[a{number}, b{number}, c{number}]"
        stage.put(f"articles/{number}.md", article(f"Story {number}", section="news", tags=tags, authors=f"[A{number}]", date=ago(days=40 * number)))
    stage.lose_messages()
    stage.cloud.uploads.send_keys(f"articles/{number}.md" for number in range(20))
    stage.settle_now()
    stage.weather = None
    stage.settle()
    stage.check()
    assert all(invoked.count(function) > 2 for function in ("validate", "render", "index"))
    assert "took longer" not in caplog.text


def test_a_new_site_toml_reaches_the_pages_of_articles_that_were_taken_down(stage: Stage) -> None:
    publish(stage, slug="one")
    publish(stage, slug="two")
    take_down(stage)
    stage.put("site.toml", SITE_TOML.replace("The Stage", "Another name"))
    stage.settle()
    stage.check()
    for url in ("/news/one/", "/news/two/"):
        assert "Another name" in stage.text(url), url


def test_a_lost_upload_event_is_found_by_the_walk(stage: Stage) -> None:
    stage.put(KEY, article("Story", section="news", date=ago(days=1)))
    stage.lose_messages()
    stage.wait(600)
    stage.sweep()
    stage.settle()
    stage.check()
    assert stage.answer("/news/story/")[0] == 200
    stage.delete(KEY)
    stage.lose_messages()
    stage.wait(600)
    stage.sweep()
    stage.settle()
    stage.check()
    assert stage.answer("/news/story/")[0] == 410


def put_in_parts(stage: Stage, key: str, body: str) -> None:
    """An upload whose ETag is not that of its bytes alone, as that of any object that is encrypted with KMS."""
    s3, where = stage.local.client("s3"), {"Bucket": stage.cloud.content.name, "Key": key}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    part = s3.upload_part(**where, UploadId=upload, PartNumber=1, Body=body.encode())
    s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})


def test_the_walk_asks_for_no_file_whose_upload_and_copy_are_known_though_their_etags_differ(stage: Stage) -> None:
    put_in_parts(stage, KEY, article("Story", section="news", date=ago(days=1)))
    stage.put("articles/refused.md", article("Refused", section="nowhere"))
    stage.put("articles/empty.md", "")
    stage.settle()
    stage.check()
    assert "Refused" in stage.report("articles/empty.md")
    stage.wait(600)
    stage.sweep()
    assert stage.local.aws.waiting("pressrun-uploads") == 0
    stage.cloud.register.put(f"sources/{KEY}", b"another copy")
    stage.wait(600)
    stage.sweep()
    assert stage.local.aws.waiting("pressrun-uploads") == 1
    stage.settle()
    stage.check()


@pytest.mark.parametrize("key", ["posts/fog.md", "story.md", "zoo/fog.html", "README"])
def test_a_file_that_lies_where_no_content_does_is_answered_once_by_the_walk(stage: Stage, key: str) -> None:
    publish(stage)
    before = stage.site()
    stage.put(key, article("Fog", section="news", date=ago(days=1)))
    stage.wait(600)
    stage.sweep()
    stage.settle()
    stage.check()
    assert stage.site() == before
    report = stage.report(key)
    assert "Nothing is published from a file that lies here" in report
    assert (f"upload it to articles/{key.rpartition('/')[2]}" in report) == (key != "README")
    assert key not in {record.key for record in records(stage.cloud)}
    stage.wait(600)
    stage.sweep()
    assert stage.local.aws.waiting("pressrun-uploads") == 0


def test_a_hint_that_was_lost_is_sent_again_by_the_sweep(stage: Stage) -> None:
    stage.put(KEY, article("Story", section="news", date=ago(days=1)))
    stage.work_off("uploads")
    stage.lose_messages()
    assert stage.answer("/news/story/")[0] == 404
    stage.settle()
    stage.check()
    assert stage.answer("/news/story/")[0] == 200


def test_the_site_is_made_again_from_the_content_and_the_register(stage: Stage) -> None:
    publish(stage, slug="one")
    publish(stage, slug="two")
    publish(stage, OTHER, title="Other")
    take_down(stage, OTHER)
    before = stage.site()
    stage.lose_catalogue_and_site()
    stage.settle()
    stage.check()
    assert stage.site() == before


def test_while_the_catalogue_is_lost_nothing_is_done_and_one_command_makes_it_again(stage: Stage) -> None:
    publish(stage)
    publish(stage, OTHER, title="Other")
    publish(stage, section="nowhere", title="Not this")
    before, accepted = stage.site(), stage.cloud.register.get(f"sources/{KEY}")
    stage.cloud.catalogue.clear()
    stage.put(OTHER, article("Another", slug="other", section="news", date=ago(days=9)))
    for _ in range(2):
        stage.sweep()
        stage.cloud.uploads.send_keys([KEY])
        stage.work_off("uploads")
    assert {type(error) for error in stage.errors} == {EditionChanged}
    assert stage.site() == before
    assert stage.cloud.register.get(f"sources/{KEY}") == accepted
    republish(stage.cloud, stage.edition)
    stage.errors.clear()
    stage.settle()
    stage.check()
    assert "Another" in stage.text("/news/other/")
    assert "Not this" not in stage.text("/news/story/")


def test_of_a_catalogue_that_lost_its_basis_alone_nothing_is_believed(stage: Stage) -> None:
    publish(stage, expires=ago(days=-1))
    publish(stage, OTHER, title="Other")
    stage.cloud.catalogue.delete_all([BASIS])
    republish(stage.cloud, stage.edition)
    stage.settle()
    stage.check()
    assert {record.key: record.status for record in records(stage.cloud)}[KEY] == "live"


def test_what_a_late_worker_put_in_the_place_of_an_accepted_copy_is_put_back(stage: Stage) -> None:
    picture = BytesIO()
    Image.new("RGB", (24, 16), "red").save(picture, "PNG")
    stage.put("media/quay.png", picture.getvalue())
    publish(stage, image="/media/quay.png")
    before = stage.site()
    for key, late in (("site.toml", SITE_TOML.replace("The Stage", "Late").encode()), ("media/quay.png", b"late"), (KEY, b"late")):
        stage.cloud.register.put(f"sources/{key}", late)
    stage.put("site.toml", "title =")
    stage.put("media/quay.png", b"no picture")
    stage.put(KEY, "no article")
    stage.settle()
    stage.check()
    stage.cloud.register.put("sources/media/quay.png", b"later")
    stage.cloud.register.put("sources/site.toml", b"later")
    stage.wait(601)
    stage.sweep()
    stage.settle()
    stage.check()
    assert stage.cloud.register.body("sources/media/quay.png") == picture.getvalue()
    assert stage.cloud.register.body("sources/site.toml") == SITE_TOML.encode()
    assert stage.site() == before


def test_a_worker_of_another_edition_puts_nothing_and_gives_its_messages_back(stage: Stage) -> None:
    publish(stage)
    before, edition = stage.site(), stage.edition
    stage.edition = "an older one"
    stage.put(KEY, article("Changed", slug="story", section="news", date=ago(days=10)))
    stage.work_off("uploads")
    assert stage.site() == before
    assert {queue for queue, _ in stage.messages} == {"uploads"}
    stage.edition = edition
    stage.settle()
    stage.check()
    assert "Changed" in stage.text("/news/story/")


def test_a_new_edition_remakes_every_page_and_deletes_the_assets_of_the_old_one(stage: Stage) -> None:
    publish(stage)
    before = stage.site()
    stage.deploy("the next one")
    stage.settle()
    stage.check()
    after = stage.site()
    assert not [key for key, made in after.items() if b"<!doctype html>" in made.body and made == before.get(key)]
    assert len(before.keys() - after.keys()) == 1


def assets(stage: Stage) -> set[str]:
    return {key for key in stage.site() if key.startswith("assets/")}


def test_another_colour_in_site_toml_takes_the_old_style_sheet_away(stage: Stage) -> None:
    publish(stage)
    before = assets(stage)
    stage.put("site.toml", SITE_TOML + '[theme]\naccent = "#003366"\n')
    stage.settle()
    stage.check()
    assert len(before - assets(stage)) == len(assets(stage) - before) == 1


def test_the_new_style_sheet_is_there_before_a_page_names_it_and_the_old_one_until_none_does(stage: Stage) -> None:
    publish(stage)
    old = assets(stage)
    stage.deploy("the next one")
    new = assets(stage) - old
    assert len(new) == 1, "nobody has made a page yet"
    stage.work_off("lists")
    stage.wait(60)
    stage.sweep()  # uploads wait, and no mark stands
    stage.work_off("lists")
    assert assets(stage) == old | new
    stage.settle()
    stage.check()
    assert new < assets(stage)
    assert len(assets(stage)) == len(old)


def test_assets_that_were_brought_for_nothing_are_deleted(stage: Stage) -> None:
    """Who brought them died before they were in force, and the file is as it was."""
    publish(stage)
    stage.put("site.toml", SITE_TOML + '[theme]\naccent = "#003366"\n')
    worker = stage.begin("uploads")
    before = assets(stage)
    while assets(stage) == before:
        stage.step(worker)
    stage.step(worker, crash=True)
    stage.put("site.toml", SITE_TOML)
    stage.settle()
    stage.check()
    assert assets(stage) == before


def test_no_message_names_the_url_of_an_embargoed_article(stage: Stage) -> None:
    sent = stage.local.calls["sqs"]["SendMessageBatch"]
    stage.put(KEY, article("Story", slug="canaryslug", section="news", date=ago(hours=-2)))
    stage.work_off("uploads")
    stage.settle_now()
    assert not [item for item in stage.cloud.catalogue.scan() if item["pk"].startswith("target#url:/news/canaryslug/")]
    assert stage.local.calls["sqs"]["SendMessageBatch"] == sent + 1, "one message, for the preview, which is named by its key"


def test_no_message_names_the_url_that_an_article_gave_up_before_its_embargos_instant(stage: Stage) -> None:
    publish(stage, slug="canaryslug", date=ago(hours=-2))
    stage.put(KEY, article("Story", section="news", date=ago(days=1)))
    stage.work_off("uploads")
    assert "canaryslug" not in str([item["pk"] for item in stage.cloud.catalogue.scan() if item["pk"].startswith("target#")])
    stage.settle()
    stage.check()
    assert stage.answer("/news/story/")[0] == 200


def test_a_lost_event_of_site_toml_is_found_by_the_walk(stage: Stage) -> None:
    stage.put("site.toml", SITE_TOML.replace("The Stage", "Another name"))
    stage.lose_messages()
    stage.wait(600)
    stage.sweep()
    stage.settle()
    stage.check()
    assert "Another name" in stage.text("/")


def test_a_sweep_with_nothing_to_find_sends_nothing(stage: Stage) -> None:
    publish(stage)
    sent = stage.local.calls["sqs"]["SendMessageBatch"]
    stage.sweep()
    assert stage.local.calls["sqs"]["SendMessageBatch"] == sent


def test_a_machine_whose_clock_is_behind_undoes_nothing_that_another_did_by_its_clock(stage: Stage) -> None:
    publish(stage, date=ago(minutes=-10))
    publish(stage, OTHER, title="Short-lived", expires=ago(minutes=-10))
    stage.wait(660)
    stage.sweep()
    stage.settle()
    stage.clock[0] -= 300
    stage.put("site.toml", SITE_TOML.replace("The Stage", "Judged Anew"))
    stage.settle()
    assert "Judged Anew" in stage.text("/news/story/")
    assert stage.answer("/news/story/") == (200, "")
    assert stage.answer("/news/short-lived/")[0] == 410
    stage.check()


def test_an_embargo_that_is_moved_earlier_ends_then(stage: Stage) -> None:
    publish(stage, date=ago(hours=-5))
    publish(stage, date=ago(hours=-1))
    stage.wait(3600)
    stage.sweep()
    stage.settle()
    stage.check()
    assert stage.answer("/news/story/")[0] == 200
    stage.wait(5 * 3600)
    stage.sweep()
    stage.settle()
    stage.check()


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2027-03-14T01:59", "2027-03-14T06:59:00Z"),  # the last minute before clocks go forward in New York
        ("2027-03-14T02:30", "2027-03-14T07:30:00Z"),  # an hour that no clock shows: as if it had not gone forward
        ("2027-03-14T03:00", "2027-03-14T07:00:00Z"),
        ("2027-11-07T01:30", "2027-11-07T05:30:00Z"),  # an hour that clocks show twice: the first
        ("2027-11-07T01:30-05:00", "2027-11-07T06:30:00Z"),
        ("2027-11-07 01:30 -0500", "2027-11-07T06:30:00Z"),
        ("2027-01-01", "2027-01-01T05:00:00Z"),
    ],
)
def test_an_embargo_ends_by_the_magazines_clock_also_on_the_days_when_it_changes(stage: Stage, written: str, instant: str) -> None:
    publish(stage, date=f'"{written}"')
    [before, at] = [unstamp(instant).timestamp() + seconds for seconds in (-1, 0)]
    for now, status in ((before, 404), (at, 200)):
        stage.clock[0] = now
        stage.sweep()
        stage.settle_now()
        assert stage.answer("/news/story/")[0] == status
    stage.settle()
    stage.check()


def test_a_correction_is_on_the_page_with_its_date(stage: Stage) -> None:
    publish(stage, corrections='[{date: 2026-11-20, text: "It has four masts, not three."}]')
    assert "It has four masts, not three." in stage.text("/news/story/")
    assert '<time datetime="2026-11-20T05:00:00Z">20 November 2026</time>: It has' in stage.text("/news/story/")


@pytest.mark.parametrize(
    ("title", "key", "url"),
    [
        ("السفن تعود إلى الميناء", KEY, "/news/lsfn-t-wd-l-lmyn/"),
        ("港に戻る船", KEY, "/news/gang-nili-ruchuan/"),
        ("🚢", KEY, "/news/story/"),
        ("🚢", "articles/news/the-ferry/index.md", "/news/the-ferry/"),
    ],
)
def test_a_title_in_any_script_has_a_page_and_a_place_on_the_lists(stage: Stage, title: str, key: str, url: str) -> None:
    publish(stage, key, title=title)
    assert stage.answer(url)[0] == 200
    assert title in stage.text(url)
    assert title in stage.text("/news/")
    assert title in stage.text("/feed.xml")


def test_an_article_that_moves_between_kinds_of_lists_leaves_each_as_it_should_be(stage: Stage) -> None:
    publish(stage, tags="[ice, ships]", authors="[Jo Ash, Pat Lee]", section="news/arctic")
    publish(stage, tags="[fog]", authors="[Sam Oak]", section="essays", date=ago(days=400))
    for url in ("/tags/ice/", "/tags/ships/", "/authors/jo-ash/", "/news/arctic/2026/11/"):
        assert stage.answer(url)[0] == 404
    for url in ("/tags/fog/", "/authors/sam-oak/2025/", "/essays/2025/10/"):
        assert stage.answer(url)[0] == 200
    assert stage.answer("/news/arctic/story/") == (301, "/essays/story/")


@pytest.mark.parametrize("dies", [False, True])
def test_a_late_worker_never_has_the_last_word_in_a_report(stage: Stage, dies: bool) -> None:
    for calls in range(1, 16):
        stage.put(KEY, article("", section="news"))
        worker = stage.begin("uploads")
        for _ in range(calls):
            if worker in stage.workers:
                stage.step(worker)
        stage.put(KEY, article(f"Story {calls}", section="news"))
        stage.work_off("uploads")
        if worker in stage.workers:
            stage.step(worker)
        if worker in stage.workers and dies:
            stage.step(worker, crash=True)
        stage.settle()
        assert "Accepted. It is live" in stage.report(KEY), f"the first worker stood before call {calls}"


def test_a_tag_that_is_nearly_another_one_suggests_it_until_a_second_article_has_it(stage: Stage) -> None:
    said = "No other article has the tag “harbuors”. Did you mean “harbours”?"
    publish(stage, OTHER, title="Other", tags="[harbours, 4g, ice]")
    publish(stage, tags="[ice, harbuors, 5g, mud]")
    assert said in stage.report(KEY)
    assert stage.report(KEY).count("Did you mean") == 1
    assert "Note, line 4:\n    harbuors" in stage.report(KEY)
    assert said in [problem.problem for problem in judge(stage.content(), Register(), START, [KEY])[KEY].problems]
    publish(stage, tags="[ice, harbuors, 5g, mud]")  # its own page is no reason to believe it
    assert said in stage.report(KEY)
    publish(stage, "articles/third.md", title="Third", tags="[harbuors]")
    publish(stage, summary="Changed.", tags="[ice, harbuors, 5g, mud]")
    assert "Did you mean" not in stage.report(KEY)
    take_down(stage, OTHER)
    publish(stage, "articles/fourth.md", title="Fourth", tags="[harbour]")
    assert "Did you mean “harbuors”?" in stage.report("articles/fourth.md")  # of “harbours” there is none any more


LISTS = (
    *("/", "/news/", "/news/2026/11/", "/tags/ice/", "/tags/ice/2026/", "/authors/jo-hall/", "/authors/jo-hall/2026/", "/_fragments/news.html"),
    *("/feed.xml", "/rss.xml", "/feed.json", "/news/feed.xml", "/news/rss.xml", "/news/feed.json", "/sitemaps/2026-11.xml", "/search/2026-11.json"),
)


def without(stage: Stage, url: str = "/news/story/") -> list[str]:
    """The lists that do not lead to the article at ``url``, of those that should while it is live."""
    return [place for place in LISTS if url not in stage.text(place)]


def named(stage: Stage, word: str) -> list[str]:
    """The site keys that have the word in them, their bytes or their metadata."""
    return [key for key, made in stage.site().items() if word in (key + made.body.decode(errors="replace") + str(made.metadata)).lower()]


def test_an_embargo_is_complete_within_seconds_of_its_instant_and_clean_before(stage: Stage) -> None:
    picture = BytesIO()
    Image.new("RGB", (80, 60), (20, 40, 60)).save(picture, "PNG")
    stage.put("articles/story/canary.png", picture.getvalue())
    publish(stage, "articles/newer.md", title="Newer", date=f'"{ago(hours=-3)}"')
    publish(stage, "articles/story/index.md", date=ago(hours=-2), authors="[Jo Hall]", tags="[ice, canary]", image="canary.png", slug="story")
    for seconds in (0, 3600, 3500):
        stage.wait(seconds)
        stage.sweep()
        stage.settle_now()
        assert named(stage, "canary") == named(stage, "/news/story/") == []
        assert stage.answer("/news/story/")[0] == 404
    stage.wait(100)
    stage.settle_now()
    stage.settle()
    stage.check()
    assert without(stage) == []
    assert "https://stage.example/news/story/" in stage.text("/news-sitemap.xml")
    assert stage.answer("/tags/canary/")[0] == 200
    assert [key for key in stage.site() if key.startswith("pictures/")]
    stage.wait(3600)
    stage.sweep()
    stage.settle()
    stage.check()
    assert 'href="/news/story/"' in stage.text("/news/newer/")  # as a related post


@pytest.mark.parametrize(
    ("away", "status"),
    [({"draft": "true"}, 410), ({"publish_at": ago(hours=-3)}, 410), ({"expires": ago(days=1)}, 410)],
    ids=["a draft", "an embargo later", "an expiry earlier"],
)
def test_a_live_article_that_is_held_back_leaves_every_list_and_comes_back_to_each(stage: Stage, away: dict[str, str], status: int) -> None:
    story = {"authors": "[Jo Hall]", "date": ago(days=2)}
    publish(stage, **story)
    assert without(stage) == []
    first = stage.claims()["/news/story/"]
    publish(stage, **story | away)
    assert named(stage, "/news/story/") == []
    assert stage.answer("/news/story/")[0] == status
    publish(stage, **story)
    assert without(stage) == []
    assert stage.answer("/news/story/")[0] == 200
    again = stage.claims()["/news/story/"]
    assert (again.first, again.feed_id) == (first.first, first.feed_id)


def test_an_article_that_is_taken_down_or_moves_leaves_every_list_and_comes_back_to_each(stage: Stage) -> None:
    story = {"authors": "[Jo Hall]", "date": ago(days=2)}
    publish(stage, **story)
    take_down(stage)
    assert named(stage, "/news/story/") == []
    publish(stage, **story)
    assert without(stage) == []
    publish(stage, **story, section="essays")
    # Its feed id, which never changes, has the first address in it.
    links = named(stage, 'href="/news/story/"') + named(stage, "stage.example/news/story/")
    assert [key for key in links if key != "news/story/index.html"] == []
    assert stage.answer("/news/story/") == (301, "/essays/story/")
    publish(stage, **story)
    assert without(stage) == []
    assert stage.answer("/essays/story/") == (301, "/news/story/")
    assert stage.answer("/news/story/")[0] == 200
