"""What is not an article, and what mentions it: contributors, journal issues, pages, links from one article to another."""

from collections.abc import Iterator

import pytest

from pressrun.local.storm.stage import Stage, ago, article, staged


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged() as made:
        yield made


def put(stage: Stage, key: str, text: str) -> None:
    stage.put(key, text)
    stage.settle()
    stage.check()


def card(body: str = "", **fields: object) -> str:
    """An author's or an issue's file."""
    return "---\n" + "".join(f"{name}: {value}\n" for name, value in fields.items()) + f"---\n{body}\n"


def versions(stage: Stage) -> dict[str, str]:
    return dict(stage.cloud.site.listing())


def test_an_authors_file_gives_every_byline_its_name_and_takes_it_along_when_it_goes(stage: Stage) -> None:
    put(stage, "articles/a.md", article("Ice", section="news", authors="[jo]"))
    put(stage, "articles/b.md", article("Fog", section="news", authors="[pat]"))
    assert '<a href="/authors/jo/">jo</a>' in stage.text("/news/ice/")
    before = versions(stage)

    put(stage, "authors/jo.md", card("Jo has sailed.", name="Jo Ash", role="Editor"))
    for url in ("/news/ice/", "/news/", "/", "/authors/jo/"):
        assert "Jo Ash" in stage.text(url), url
    assert "Editor" in stage.text("/authors/jo/")
    assert "Jo has sailed." in stage.text("/authors/jo/")
    assert "It is live at https://stage.example/authors/jo/" in stage.report("authors/jo.md")
    assert versions(stage)["news/fog/index.html"] == before["news/fog/index.html"], "what does not show the author is left alone"

    stage.delete("authors/jo.md")
    stage.settle()
    stage.check()
    assert versions(stage) == before


def test_an_author_has_a_page_without_any_article(stage: Stage) -> None:
    put(stage, "authors/crew/pat-lee.md", card(name="Pat Lee"))
    assert "Pat Lee" in stage.text("/authors/pat-lee/")


def test_a_byline_may_give_the_authors_name_where_the_file_has_another(stage: Stage) -> None:
    put(stage, "authors/jash.md", card(name="Jo Ash"))
    put(stage, "articles/a.md", article("Ice", section="news", authors="[Jo Ash, jash]"))
    assert '<a href="/authors/jash/">Jo Ash</a>' in stage.text("/news/ice/")
    assert stage.text("/news/ice/").count(">Jo Ash<") == 1
    assert "Ice" in stage.text("/authors/jash/")
    assert stage.answer("/authors/jo-ash/")[0] == 404


def test_a_refused_author_leaves_the_live_one_as_it_was(stage: Stage) -> None:
    put(stage, "authors/jo.md", card(name="Jo Ash"))
    before = versions(stage)
    put(stage, "authors/jo.md", card(role="Editor"))
    assert versions(stage) == before
    assert "The author has no name." in stage.report("authors/jo.md")
    assert "stays live" in stage.report("authors/jo.md")


def test_a_journal_issue_lists_its_articles_and_they_lead_to_it(stage: Stage) -> None:
    put(stage, "articles/a.md", article("Ice", section="news", issue="12"))
    assert stage.answer("/journal/")[0] == 404
    put(stage, "issues/autumn.md", card("On ice.", title="The Ice Issue", number="12", date="2026-09-01"))
    assert '<a href="/journal/12/">The Ice Issue</a>' in stage.text("/news/ice/")
    assert "/news/ice/" in stage.text("/journal/12/")
    assert "/journal/12/" in stage.text("/journal/")

    put(stage, "issues/autumn.md", card(title="The Fog Issue", number="12"))
    assert "The Fog Issue" in stage.text("/news/ice/")
    stage.delete("articles/a.md")
    stage.settle()
    stage.check()
    assert "/news/ice/" not in stage.text("/journal/12/")
    stage.delete("issues/autumn.md")
    stage.settle()
    stage.check()
    assert stage.answer("/journal/12/")[0] == stage.answer("/journal/")[0] == 404


def test_a_page_has_its_own_address_is_on_no_list_and_is_gone_when_it_is_taken_down(stage: Stage) -> None:
    put(stage, "pages/about.md", article("About us"))
    assert "About us" in stage.text("/about/")
    assert "https://stage.example/about/" in stage.text("/sitemaps/fronts.xml")
    assert "About us" not in stage.text("/")
    put(stage, "pages/about.md", article("About us", slug="about-us"))
    assert stage.answer("/about/") == (301, "/about-us/")
    stage.delete("pages/about.md")
    stage.settle()
    stage.check()
    assert stage.answer("/about-us/")[0] == stage.answer("/about/")[0] == 410
    assert "/about" not in stage.text("/sitemaps/fronts.xml")


def test_a_link_to_another_article_follows_it_wherever_it_goes(stage: Stage) -> None:
    put(stage, "articles/a.md", article("Ice", "See [the fog](fog.md#banks) and [[fog|more]].", section="news"))
    assert "See the fog and more." in stage.text("/news/ice/")
    put(stage, "articles/fog.md", article("Fog", section="essays"))
    assert '<a href="/essays/fog/#banks">the fog</a>' in stage.text("/news/ice/")
    assert '<a href="/essays/fog/">more</a>' in stage.text("/news/ice/")
    put(stage, "articles/fog.md", article("Fog", section="news", slug="thick-fog"))
    assert '<a href="/news/thick-fog/">more</a>' in stage.text("/news/ice/")
    stage.delete("articles/fog.md")
    stage.settle()
    stage.check()
    assert "See the fog and more." in stage.text("/news/ice/")


def test_a_link_to_an_embargoed_article_says_nothing_of_it_before_its_instant(stage: Stage) -> None:
    put(stage, "articles/fog.md", article("Fog", section="essays", date=ago(hours=-1)))
    put(stage, "articles/a.md", article("Ice", "See [this](fog.md).", section="news"))
    assert "See this." in stage.text("/news/ice/")
    stage.wait(3600)
    stage.sweep()
    stage.settle()
    stage.check()
    assert '<a href="/essays/fog/">this</a>' in stage.text("/news/ice/")


def test_an_article_that_mentions_more_than_one_transaction_holds(stage: Stage) -> None:
    put(stage, "authors/a7.md", card(name="The Seventh"))
    names = ", ".join(f"a{n}" for n in range(60))
    put(stage, "articles/a.md", article("Ice", section="news", authors=f"[{names}]"))
    assert "The Seventh" in stage.text("/news/ice/")
    put(stage, "authors/a59.md", card(name="The Last"))
    assert "The Last" in stage.text("/news/ice/")


def test_authors_and_issues_come_back_from_the_content_and_the_register(stage: Stage) -> None:
    put(stage, "authors/jo.md", card(name="Jo Ash"))
    put(stage, "issues/12.md", card(title="The Ice Issue"))
    put(stage, "pages/about.md", article("About us"))
    put(stage, "articles/a.md", article("Ice", section="news", authors="[jo]", issue="12"))
    put(stage, "authors/jo.md", card(role="refused: it has no name"))
    before = versions(stage)
    stage.lose_catalogue_and_site()
    stage.settle()
    stage.check()
    assert versions(stage) == before


def test_a_lost_event_of_an_author_is_found_by_the_walk(stage: Stage) -> None:
    put(stage, "articles/a.md", article("Ice", section="news", authors="[jo]"))
    stage.put("authors/jo.md", card(name="Jo Ash"))
    stage.lose_messages()
    stage.wait(1200)
    stage.sweep()
    stage.settle()
    stage.check()
    assert "Jo Ash" in stage.text("/news/ice/")


@pytest.mark.parametrize(
    ("first", "second", "address", "remedy"),
    [
        ("authors/Jo.md", "authors/jo.md", "/authors/jo/", "Rename one of the files."),
        ("issues/autumn.md", "issues/winter.md", "/journal/12/", "Give each issue a number of its own."),
    ],
)
def test_both_of_two_files_of_one_address_are_told_until_one_of_them_has_gone(
    stage: Stage, first: str, second: str, address: str, remedy: str
) -> None:
    fields = {"name": "Jo Ash"} if first.startswith("authors/") else {"title": "The Ice Issue", "number": "12"}
    put(stage, second, card("By the second.", **fields))
    assert "Note" not in stage.report(second)

    put(stage, first, card("By the first.", **fields))
    for key, other in ((first, second), (second, first)):
        assert f"The address {address} is also that of {other}. Its page shows {first}.\n  {remedy}" in stage.report(key)
    assert "By the first." in stage.text(address)

    stage.delete(first)
    stage.settle()
    stage.check()
    assert "Note" not in stage.report(second)
    assert "By the second." in stage.text(address)
