"""The storm is itself tested: bugs that others have had, planted one at a time by putting a wrong line for a right one, must each be found.

``python -m tests.storm.planted`` says after how many runs of ``pressrun storm`` each is.
"""

import importlib
import inspect
import logging
import multiprocessing
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from textwrap import dedent
from types import CodeType, FunctionType, ModuleType
from typing import Any

from pressrun.local.output import processors
from pressrun.local.storm.command import any_runs, same_every_time
from pressrun.local.storm.history import HISTORIES
from pressrun.local.storm.race import every_schedule
from pressrun.local.storm.run import Outcome, Storm, storm

_MOST = 2_000  # runs in which a bug is looked for

Line = tuple[str, str, str]
"""Where (``module:function`` or ``module:Class.method``), the right text, the wrong one."""


@dataclass(frozen=True)
class Bug:
    """``shows_in`` is the history of ``HISTORIES`` or the race of ``RACES`` by which it is found."""

    shows_in: str
    lines: tuple[Line, ...]


_LOOKS_AGAIN: tuple[Line, ...] = (
    ("pressrun.index:_make", "if again[target] != seen[target]]", "if False]"),
    ("pressrun.render:render", "again == seen and _alike(standing, wanted)", "True"),
)
_IF_MATCH: Line = ("pressrun.cloud.buckets:Bucket.put_if", '{"IfMatch": etag} if etag else {"IfNoneMatch": "*"}', "{}")
_LIVE = 'record.url if record.phase == "live" else ""'
_LEAF = """            if not _is_list_page(seen, url):
                held[mark] = _hold_media(cloud, seen, entries, mark, tally)
                tally.bring(target, cloud.site, key_of(url), _page(seen, url), head)
"""
_ENTER = """            standing, told = _enter(cloud, url, seen, entries, wanted, mark, tally)
            held[mark] -= told
            _tell(cloud, url, standing)
"""
_WRITE = "    _write(cloud, record, after, copies, marks, fences)\n"
_SEND = "            queue.send([Hint(tuple(targets), mark, receipt=receipt)])\n"
_CLEAR_ALL = """        for target, hints in named.items():
            hints.marks.update(item["sk"].removeprefix("mark#") for item in cloud.catalogue.query(f"target#{target}"))
        if named:
"""
_ANNOUNCED = "    cloud.catalogue.write("
_PUT = "        self.wrote(target, key, bucket.put_if(key, made, head.etag if head else None))\n"
_PURGE = "        __import__('pressrun.invalidate').invalidate.invalidate(connect(), [f'{{\"keys\": [\"{key}\"]}}'])\n"

PLANTED: dict[str, Bug] = {
    "the event is believed, not the bucket": Bug(
        "put again, the events swapped",
        (("pressrun.validate:handler", "in enumerate(keys):", "in enumerate(_believe(cloud, record.body)):"),),
    ),
    "the lists before the leaf": Bug("publish", (("pressrun.render:render", _LEAF + _ENTER, _ENTER + _LEAF),)),
    "no second look, and plain puts": Bug("a page changed and changed back", (*_LOOKS_AGAIN, _IF_MATCH)),
    "If-Match in place of the second look": Bug("a list with an article and without", _LOOKS_AGAIN),
    "every mark that was read is cleared": Bug(
        "a list with an article and without", (("pressrun.cloud.batch:work", "        if named:\n", _CLEAR_ALL),)
    ),
    "the hint before the transaction": Bug(
        "publish", (("pressrun.validate:_commit", _WRITE, ""), ("pressrun.validate:_commit", _SEND, _SEND + _WRITE))
    ),
    "render reads the clock": Bug("embargo", (("pressrun.render:look", _LIVE, 'record.url if record.since <= stamp(cloud.now()) else ""'),)),
    "no fences": Bug("a page published and taken down", (("pressrun.render:_fences", "    if seen.copy:\n", "    return []\n    if seen.copy:\n"),)),
    "no edition": Bug("deploy", (("pressrun.cloud.batch:same_edition", "!= cloud.edition", "is None"),)),
    "the feed ignores the embargo": Bug("embargo", (("pressrun.render:look", _LIVE, "record.url"),)),
    "the purge before the put": Bug(
        "change",
        (
            ("pressrun.cloud.batch:Tally.bring", _PUT, _PURGE + _PUT),
            ("pressrun.invalidate:handler", "items = invalidate(cloud, messages)", "items = 0"),
        ),
    ),
    "invalidations are told apart by their content": Bug("change", (("pressrun.invalidate:invalidate", "(*bodies, *tags)", "tags"),)),
    "messages with the same content are sent once in five minutes": Bug(
        "an embargo moved earlier",
        (("pressrun.cloud.queues:Queue._send", "in _batches(entries)", "in _batches(_unsent(self.url, entries))"),),
    ),
    "hints for one target are sent once in five minutes": Bug(
        "change", (("pressrun.cloud.queues:Queue.send", "    self._send(", "    hints = _unsent(self.url, hints)\n    self._send("),)
    ),
    "a message that came before is skipped": Bug(
        "publish",
        (
            (
                "pressrun.cloud.batch:_named",
                "list(_hints(event))",
                "list(_hints({'Records': [one for one in event['Records'] if not _came_before(one)]}))",
            ),
        ),
    ),
    "an upload that was judged before is skipped": Bug(
        "embargo",
        (
            (
                "pressrun.validate:_article",
                "    file = cloud.content.get(key)\n",
                "    file = cloud.content.get(key)\n    if file and file.etag == record.upload:\n        return file\n",
            ),
        ),
    ),
    "a page that is made twice has one mark for both": Bug(
        "a list with an article and without", (("pressrun.render:render", "mark = cloud.new_mark()", "mark = next(iter(held), cloud.new_mark())"),)
    ),
    "who finds a claim announced does not announce it": Bug(
        "two uploads of one file",
        (("pressrun.validate:_announce", _ANNOUNCED, f"    if announced == record:\n        return record\n{_ANNOUNCED}"),),
    ),
    "an old picture goes before the pages that show it": Bug(
        "another picture, which others show",
        (("pressrun.cloud.media:make", "            _wait_for(cloud, after, named, failed)\n", ""),),
    ),
    "who waits for a picture is not told that it came": Bug(
        "a picture that comes late", (("pressrun.validate:_wake_wanting", "cloud.uploads.send_keys(", "sorted("),)
    ),
    "the preview of what is live stays": Bug(
        "embargo", (("pressrun.render:preview", "            cloud.content.delete(preview_key(key))\n", "            pass\n"),)
    ),
    "the walk forgets what was taken down": Bug(
        "site.toml after a takedown", (("pressrun.cloud.walk:_page", "if walk.full or walk.unsure or etag:", "if etag:"),)
    ),
}

# What some of them need.
_HELP = {
    "pressrun.validate:handler": """
def _believe(cloud, body):
    import json
    for record in json.loads(body).get("Records", ()):
        if record["eventName"].startswith("ObjectRemoved"):
            cloud.content.get = (lambda get, gone: lambda key, *version: None if key == gone else get(key, *version))(
                cloud.content.get, record["s3"]["object"]["key"])
            cloud.content.head = (lambda head, gone: lambda key: None if key == gone else head(key))(
                cloud.content.head, record["s3"]["object"]["key"])
    yield from keys_in(body)
    cloud.content.__dict__.pop("get", None)
    cloud.content.__dict__.pop("head", None)
""",
    "pressrun.cloud.batch:Tally.bring": "from pressrun.cloud.cloud import connect",
    "pressrun.cloud.queues:Queue._send": """
def _unsent(url, entries, sent={}):
    from pressrun.cloud.cloud import connect
    now = connect().now().timestamp()
    new = [entry for entry in entries if now - sent.get((url, entry["MessageBody"]), 0) > 300]
    sent.update({(url, entry["MessageBody"]): now for entry in new})
    return new
""",
    "pressrun.cloud.queues:Queue.send": """
def _unsent(url, hints, sent={}):
    from pressrun.cloud.cloud import connect
    now = connect().now().timestamp()
    new = [hint for hint in hints if now - sent.get((url, hint.targets), 0) > 300]
    sent.update({(url, hint.targets): now for hint in new})
    return new
""",
    "pressrun.cloud.batch:_named": """
def _came_before(record, came=set()):
    before = record["messageId"] in came
    came.add(record["messageId"])
    return before
""",
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Within, the bug is in the product. Raises ValueError where the right line is no longer there."""
    wrong: dict[str, str] = {}
    for where, right, line in PLANTED[name].lines:
        source = wrong.get(where) or _source(where)
        if right not in source:
            raise ValueError(f"{where} no longer has the line that the bug replaces")
        wrong[where] = source.replace(right, line)
    right_code: dict[FunctionType, CodeType] = {}
    for where, source in wrong.items():
        module, path = importlib.import_module(where.partition(":")[0]), where.partition(":")[2]
        whole = _found(module, path)
        made: dict[str, Any] = {}
        exec(_HELP.get(where, ""), module.__dict__)
        exec(compile(source, module.__file__ or "", "exec"), module.__dict__, made)
        right_code[whole] = whole.__code__
        whole.__code__ = _unwrapped(made[path.rpartition(".")[2]]).__code__
    try:
        yield
    finally:
        for whole, code in right_code.items():
            whole.__code__ = code


def find(storm: Storm, name: str) -> list[Outcome]:
    """The runs until the bug is found; the last one fails, unless none does."""
    where = PLANTED[name].shows_in
    with planted(name):
        return storm.every_call(HISTORIES[where], until_found=True) if where in HISTORIES else every_schedule(storm, where, until_found=True)


def runs_until_found(storm: Storm, name: str, seed: int, most: int) -> tuple[int, str]:
    """After how many runs of ``pressrun storm`` from this seed on, and what it says; 0 where it is not found in so many."""
    with planted(name):
        runs = 0
        while runs < most:
            for outcome in any_runs(storm, seed):
                runs += 1
                if outcome.failure:
                    return runs, outcome.failure
            seed += 1
    return 0, ""


def main() -> None:
    same_every_time()
    logging.disable(logging.CRITICAL)
    names = sys.argv[1:] or list(PLANTED)
    with ProcessPoolExecutor(processors(), multiprocessing.get_context("fork")) as pool:
        for name, (runs, text) in zip(names, pool.map(_first_found, names), strict=True):
            said = text.splitlines()[-1] if text else ""
            sys.stderr.write(f"| {name} | {runs or 'never'} | {said[:120]} |\n")


def _first_found(name: str) -> tuple[int, str]:
    with storm() as made:
        return runs_until_found(made, name, 0, _MOST)


def _found(module: ModuleType, path: str) -> FunctionType:
    found: Any = module
    for part in path.split("."):
        found = getattr(found, part)
    return _unwrapped(found)


def _unwrapped(found: Any) -> FunctionType:
    function: FunctionType = inspect.unwrap(found)
    return function


def _source(where: str) -> str:
    module, _, path = where.partition(":")
    return dedent(inspect.getsource(_found(importlib.import_module(module), path)))


if __name__ == "__main__":
    main()
