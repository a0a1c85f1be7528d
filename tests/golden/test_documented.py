"""docs/templates.md says what each template gets, and nothing else."""

import re
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, nodes

from pressrun.cloud.theme import load_theme
from pressrun.core.build import build
from pressrun.core.claims import Register
from pressrun.core.pages import Pages

from .golden import NOW, SAMPLE, content_of

_PAGE = (Path(__file__).parents[2] / "docs/templates.md").read_text("utf-8")
# What jinja2 and Python give: https://jinja.palletsprojects.com/en/stable/templates/#for
_LANGUAGE = {"first", "last", "length", "index", "get", "items", "rpartition"}


def documented() -> dict[str, set[str]]:
    """What the page says that each template gets, by its name."""
    table = _PAGE.partition("## Each template")[2].partition("## The values")[0]
    rows = [line.split("|")[1:4] for line in table.splitlines() if line.startswith("| `")]
    return {name: set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", gets))) for names, _, gets in rows for name in re.findall(r"`([^`]+)`", names)}


def test_the_page_names_exactly_what_each_template_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    gets: defaultdict[str, set[str]] = defaultdict(set)
    render = Pages._render

    def noted(self: Pages, template: str, **values: Any) -> str:
        gets[template] |= values.keys()
        return render(self, template, **values)

    monkeypatch.setattr(Pages, "_render", noted)
    content = content_of(SAMPLE)
    taken_down = {"site.toml": content["site.toml"], "articles/news/a.md": b"---\ntitle: A\ndate: 2026-01-02\n---\nText.\n"}
    before = build(taken_down, Register(), datetime(2026, 1, 3, tzinfo=UTC), load_theme())
    build(content, Register(claims=before.claims), NOW, load_theme())
    made = {template: names for template, names in gets.items() if not template.startswith("parts/")}
    assert made == {template: names for template, names in documented().items() if template != "preview.html"}  # which is in no site


def test_whatever_a_template_asks_of_a_value_is_on_the_page() -> None:
    asked = {
        (name, found.attr)
        for name, text in load_theme().templates.items()
        for found in Environment(autoescape=True).parse(text).find_all(nodes.Getattr)
        if found.attr not in _LANGUAGE
    }
    assert len(asked) > 100
    assert sorted((name, attribute) for name, attribute in asked if not re.search(rf"\b{attribute}\b", _PAGE)) == []
