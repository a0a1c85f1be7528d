"""The sample magazine, published through the real pipeline."""

from .commands import pressrun

FIELDS = {"articles", "refused", "objects", "put", "unchanged", "deleted", "invalidation_items", "calls", "seconds"}


def test_the_demo_publishes_its_magazine_says_so_and_leaves() -> None:
    ran = pressrun("demo", "--once", "--json")
    assert (ran.code, ran.err) == (0, "")
    value = ran.json
    assert set(value) == FIELDS
    assert value["articles"] >= 40
    assert value["refused"] == 0
    assert value["put"] >= value["objects"] > value["articles"]
    assert value["invalidation_items"] > 0
    assert value["calls"]["cloudfront"]["CreateInvalidation"] > 0


def test_for_people_the_demo_says_the_same_in_words() -> None:
    ran = pressrun("demo", "--once")
    assert (ran.code, ran.err) == (0, "")
    assert " articles are live, 0 refused, in " in ran.out
    assert "invalidation items." in ran.out
    assert ["cloudfront", "CreateInvalidation"] in [line.split()[:2] for line in ran.out.splitlines()]
