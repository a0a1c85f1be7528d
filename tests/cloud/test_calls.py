"""Law 2: a publish is bounded. The AWS calls of one publish are counted, in a small magazine and in a large one."""

import json
from collections import Counter
from copy import deepcopy
from datetime import timedelta

import pytest

from pressrun.cloud.catalogue import Basis, ClaimCopy, Entries, Record, card_item, mention_item, noted_item
from pressrun.core.article import read_article
from pressrun.core.cards import card_of, mentioned_by, mentions_of, names_of
from pressrun.core.claims import Claim
from pressrun.core.dates import stamp
from pressrun.core.lists import lists_of, noted_as, noted_under, targets_of, teaser_of, url_target
from pressrun.core.magazine import read_magazine
from pressrun.local.storm.stage import SITE_TOML, START, Stage, article, staged
from tests.bench.publish import one as published

A_MONTH = 20  # articles
OF_THE_UPLOAD = 4  # puts outside the site: the accepted copy, the claim, and the answer in its two forms


def fill(stage: Stage, count: int) -> None:
    """A magazine with an archive of ``count`` articles, twenty a month, as publishing them one by one would have left the catalogue.

    The pages of the archive are not made: what a publish must not need is not there.
    """
    magazine, _ = read_magazine(SITE_TOML.encode())
    assert magazine
    basis = Basis(stage.cloud.edition, SITE_TOML)
    items = {}
    for number in range(count):
        date = START - timedelta(days=1) - timedelta(days=30 / A_MONTH) * number
        text = article(f"Archive {number}", section="news/arctic", tags=f"[ice, tag{number % 7}]", authors="[Jo Hall]", date=date.isoformat())
        one, _ = read_article(f"articles/{number}.md", text.encode(), magazine)
        assert one
        teaser = teaser_of(one, mentioned_by(one, {}, {}), date, f"tag:stage.example,{number}")
        card, mentions = card_of(one), mentions_of(one)
        names = lists_of(teaser)
        targets = [target for name in names for target in targets_of(name, teaser.published, magazine.timezone)]
        made = [
            Record(
                one.key,
                "live",
                one.url,
                one.title,
                (one.url,),
                basis=basis.name,
                card=card.to_json(),
                names=names_of(card),
                judged=stamp(START),
                version=1,
            ).item(),
            *(card_item(name, one.key, card.to_json()) for name in names_of(card)),
            *(mention_item(name, url_target(one.url)) for name in mentions),
            ClaimCopy(Claim(one.url, one.key, (), ((date, None),), date, teaser.feed_id, None, 1), "etag", lived=True).item(),
            Entries(
                basis.name, {name: (teaser.place, teaser.to_json()) for name in names}, tuple(map(str, targets)), dict.fromkeys(mentions, "")
            ).item(one.url, 1),
            *({"pk": f"list#{name}", "sk": teaser.place, "json": teaser.to_json()} for name in names),
            *(noted_item((f"periods#{under[0]}", under[1]), noted_as(target, [teaser])) for target in targets if (under := noted_under(target))),
        ]
        items.update({(item["pk"], item["sk"]): item for item in made})
    stage.cloud.catalogue.put_all(items.values())


def calls_of_one_publish(archive: int) -> dict[str, Counter[str]]:
    with staged() as stage:
        fill(stage, archive)
        warm_up = article("The one before", section="news/arctic", tags="[ice, tag1, tag2]", authors="[Jo Hall]")
        stage.put("articles/before.md", warm_up)
        stage.settle()
        before = deepcopy(stage.local.calls)
        stage.wait(60)
        stage.put("articles/new.md", article("The new one", section="news/arctic", tags="[ice, tag1, tag2]", authors="[Jo Hall]"))
        stage.settle()
        assert stage.answer("/news/arctic/the-new-one/")[0] == 200
        return {service: count - before[service] for service, count in stage.local.calls.items()}


@pytest.fixture(scope="module")
def small() -> dict[str, Counter[str]]:
    return calls_of_one_publish(50)


def test_a_publish_makes_as_many_calls_in_a_magazine_of_2000_articles_as_in_one_of_50(small: dict[str, Counter[str]]) -> None:
    assert calls_of_one_publish(2_000) == small


def test_a_publish_is_at_most_150_calls_and_30_objects_of_the_site(small: dict[str, Counter[str]]) -> None:
    total = sum(count.total() for count in small.values())
    assert total <= 150, json.dumps(small)
    assert small["s3"]["PutObject"] - OF_THE_UPLOAD <= 30
    assert small["dynamodb"]["Scan"] == 0


def test_a_publish_reads_writes_and_purges_as_much_in_an_archive_of_2000_articles_as_in_one_of_200() -> None:
    """Objects, units and bytes. All lists are full in both, and their month and year are as long."""
    few, many = (published(size, repeats=1).meter for size in (200, 2_000))
    assert few.services == many.services
    assert (few.read, len(few.put), few.purged) == (many.read, len(many.put), many.purged)
    assert (few.reads, few.writes) == (many.reads, many.writes)
    assert few.put == many.put
    assert few.sent == many.sent
    assert few.read <= 40
    assert few.purged <= 2
