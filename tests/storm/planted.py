"""The storm is itself tested: bugs that others have had, planted one at a time by putting a wrong line for a right one, must each be found."""

import importlib
import inspect
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from textwrap import dedent
from types import FunctionType, ModuleType
from typing import Any
from unittest.mock import patch

from tests.storm.run import Outcome, Run, storm

Line = tuple[str, str, str]
"""Where (``module:function`` or ``module:Class.method``), the right text, the wrong one."""

_LOOKS_AGAIN: tuple[Line, ...] = (
    ("pressrun.index:index", "if again[target] != seen[target]", "if False"),
    ("pressrun.render:render", "again == seen and _alike(standing, wanted)", "True"),
)
_IF_MATCH: Line = ("pressrun.cloud.buckets:Bucket.put_if", '{"IfMatch": etag} if etag else {"IfNoneMatch": "*"}', "{}")
_CLEAR_ALL = """        for target, hints in named.items():
            hints.marks.update(item["sk"].removeprefix("mark#") for item in cloud.catalogue.query(f"target#{target}"))
        if named:
"""

PLANTED: dict[str, tuple[Line, ...]] = {
    "the event is believed: a delete is one, whatever is there": (
        ("pressrun.validate:handler", "for key in keys_in(record.body):", "for key in _believe(cloud, record.body):"),
    ),
    "lists before the leaf": (
        (
            "pressrun.render:render",
            "            if not _is_list_page(seen, url):\n                tally.bring(cloud.site, key_of(url), _page(seen, url), head)\n"
            "            _tell(cloud, url, _enter(cloud, url, seen, entries, wanted, tally))\n",
            "            standing = _enter(cloud, url, seen, entries, wanted, tally)\n            if not _is_list_page(seen, url):\n"
            "                tally.bring(cloud.site, key_of(url), _page(seen, url), head)\n            _tell(cloud, url, standing)\n",
        ),
    ),
    "nobody looks again, plain puts": (*_LOOKS_AGAIN, _IF_MATCH),
    "If-Match in place of the second look": _LOOKS_AGAIN,
    "every mark that was read is cleared": (("pressrun.cloud.batch:work", "        if named:\n", _CLEAR_ALL),),
    "the hint before the transaction": (
        (
            "pressrun.validate:_commit",
            "    _write(cloud, record, after, copies, [mark_item(target, mark, after.judged) for _, targets in queues for target in targets])\n",
            "",
        ),
        (
            "pressrun.validate:_commit",
            "            queue.send([Hint(tuple(targets), mark, receipt=receipt)])\n",
            "            queue.send([Hint(tuple(targets), mark, receipt=receipt)])\n"
            "    _write(cloud, record, after, copies, [mark_item(target, mark, after.judged) for _, targets in queues for target in targets])\n",
        ),
    ),
    "render reads the clock": (
        ("pressrun.render:look", 'record.url if record.phase == "live" else ""', 'record.url if record.since <= stamp(cloud.now()) else ""'),
    ),
    "no fences": (("pressrun.render:_fences", "    if seen.copy:\n", "    return []\n    if seen.copy:\n"),),
    "no edition": (("pressrun.cloud.batch:same_edition", 'not in ("", cloud.edition)', "is None"),),
    "the feed ignores the embargo": (("pressrun.render:look", 'record.url if record.phase == "live" else ""', "record.url"),),
    "the purge before the put": (
        (
            "pressrun.cloud.batch:Tally.bring",
            "        bucket.put_if(key, made, head.etag if head else None)\n",
            "        from pressrun.cloud.cloud import connect\n        from pressrun.invalidate import invalidate\n"
            "        import json\n        invalidate(connect(), [json.dumps({'keys': [key]})])\n"
            "        bucket.put_if(key, made, head.etag if head else None)\n",
        ),
        ("pressrun.invalidate:handler", "items = invalidate(cloud, messages)", "items = 0"),
    ),
    "an invalidation is told from another by its tags alone": (("pressrun.invalidate:invalidate", '"\\n".join(bodies)', '"\\n".join(tags)'),),
    "a message that came before is skipped": (
        ("pressrun.cloud.batch:_named", 'for record in event["Records"]:\n', 'for record in _fresh(event["Records"]):\n'),
    ),
    "a file that is renamed takes nothing along": (("pressrun.validate:_article", "if file is None and (waiting", "if False and (waiting"),),
    "a takedown leaves the accepted copy": (("pressrun.validate:_keep", "elif file is None and record.source:", "elif False:"),),
    "the walk forgets what is gone": (("pressrun.cloud.walk:_page", "if walk.full or etag != _EMPTY:", "if etag != _EMPTY:"),),
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
    "pressrun.cloud.batch:_named": """
_SEEN = set()
def _fresh(records):
    for record in records:
        if record["messageId"] not in _SEEN:
            _SEEN.add(record["messageId"])
            yield record
""",
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Within, the bug is in the product. Raises ValueError where the right line is no longer there."""
    wrong: dict[str, str] = {}
    for where, right, line in PLANTED[name]:
        source = wrong.get(where) or _source(where)
        if right not in source:
            raise ValueError(f"{where} no longer has the line that the bug replaces")
        wrong[where] = source.replace(right, line)
    with ExitStack() as stack:
        for where, source in wrong.items():
            module, path = importlib.import_module(where.partition(":")[0]), where.partition(":")[2]
            whole = _found(module, path)
            exec(_HELP.get(where, ""), module.__dict__)
            made: dict[str, Any] = {}
            exec(compile(source, module.__file__ or "", "exec"), module.__dict__, made)
            stack.enter_context(patch.object(whole, "__code__", _unwrapped(made[path.rpartition(".")[2]]).__code__))
        yield


def find(name: str, runs: int, seed: int) -> tuple[int, Outcome] | None:
    """The first random run, counted from 1, that fails with the bug; None where none of so many does."""
    with planted(name), storm() as made:
        for number in range(runs):
            outcome = made.play(Run.any(seed + number))
            if outcome.failure:
                return number + 1, outcome
    return None


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
