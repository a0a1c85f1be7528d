"""An archive in the catalogue, as publishing its articles one by one would have left it: the same items, made by the same code.

moto takes a second for some hundred writes, so the items are laid into its table directly. Of an old article, a publish reads nothing but its entries
in lists; what the catalogue notes besides is laid for the newest ones alone.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from moto.backends import get_backend
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from pressrun.cloud.catalogue import Basis, Entries, _to_wire
from pressrun.cloud.cloud import Cloud
from pressrun.core.article import read_article
from pressrun.core.cards import mentioned_by
from pressrun.core.lists import lists_of, parent_of, targets_of, teaser_of
from pressrun.core.magazine import Magazine
from pressrun.local.aws import ACCOUNT, REGION
from pressrun.local.storm.stage import article

THIS_MONTH = 20  # articles: the pages of a month and of a year are whole, so they are as long in every archive
_NEWEST = 200
_YEARS = 9
LABELS = {"section": "news/arctic", "tags": "[ice, tag1, tag2]", "authors": "[Jo Hall]"}


def dates(count: int, now: datetime) -> Iterator[datetime]:
    """Newest first: some of this month, the rest in the years before this one."""
    this_month = min(count, THIS_MONTH)
    for number in range(this_month):
        yield now - timedelta(minutes=10 * (number + 1))
    newest = datetime(now.year - 1, 12, 28, tzinfo=now.tzinfo)
    for number in range(count - this_month):
        yield newest - timedelta(days=360 * _YEARS) * (number / max(1, count - this_month))


def lay(cloud: Cloud, magazine: Magazine, basis: Basis, count: int, now: datetime) -> None:
    """Lays an archive of ``count`` articles into the catalogue's table. All have the same labels, so that every list is as long as the archive."""
    table: Any = get_backend("dynamodb")[ACCOUNT][REGION].tables[cloud.setting("TABLE")]

    def put(item: dict[str, Any]) -> None:
        wire = _to_wire(item)
        keys = DynamoType(wire["pk"]), DynamoType(wire["sk"])
        table.items[keys[0]][keys[1]] = Item(*keys, wire)

    noted: set[tuple[str, str]] = set()
    for number, date in enumerate(dates(count, now)):
        text = article(f"Archive {number:06}", "", **LABELS, date=date.isoformat())
        one, _ = read_article(f"articles/{number}.md", text.encode(), magazine)
        if one is None:
            raise ValueError(text)
        teaser = teaser_of(one, mentioned_by(one, {}, {}), date, f"tag:stage.example,{number}")
        names, json = lists_of(teaser), teaser.to_json()
        targets = [target for name in names for target in targets_of(name, teaser.published, magazine.timezone)]
        for name in names:
            put({"pk": f"list#{name}", "sk": teaser.place, "json": json})
            for target in targets_of(name, teaser.published, magazine.timezone):
                if parent_of(target) and (name, target.period) not in noted:
                    noted.add((name, target.period))
                    put({"pk": f"periods#{name}", "sk": target.period})
        if number < _NEWEST:
            put(Entries(basis.name, dict.fromkeys(names, (teaser.place, json)), tuple(map(str, targets)), {}).item(one.url, 1))
