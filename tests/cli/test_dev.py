"""The local cloud as an editor has it: a folder, a browser, any S3 client."""

import shutil
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM, Signals

import pytest

from pressrun.local.aws import listen

from .commands import PATIENCE, SITE_TOML, Dev, article, dev, free_port, pressrun, until


@pytest.mark.parametrize(("name", "path"), [("ice.md", "/news/ice/"), ("Fog + salt, côte à côte.md", "/news/fog-salt-cote-a-cote/")])
def test_an_upload_by_any_client_is_a_page_and_its_removal_takes_it_off_every_list(running: Dev, tmp_path: Path, name: str, path: str) -> None:
    file = tmp_path / name
    file.write_text(article(file.stem))
    running.aws("s3", "cp", file, "s3://pressrun-content/articles/")
    assert file.stem in running.answers(path, 200)
    running.verify()
    assert path in running.answers("/news/", 200)
    running.says(f"articles/{name}: Accepted. It is live at http://127.0.0.1:{running.port}{path}")
    assert (running.folder / "articles" / name).read_text() == file.read_text()
    assert "Accepted" in (running.folder / "reports" / "articles" / f"{name}.txt").read_text()

    before, purged = running.history(), running.invalidations()
    running.aws("s3", "cp", file, "s3://pressrun-content/articles/")
    running.settle()
    assert (running.history(), running.invalidations()) == (before, purged)
    assert until(lambda: running.printed().count(f"articles/{name}: Accepted") == 2, "the same answer again")

    running.aws("s3", "rm", f"s3://pressrun-content/articles/{name}")
    running.answers(path, 410)
    running.verify()
    for listing in ("/", "/news/", "/feed.xml", "/_fragments/news.html"):
        until(lambda listing=listing: path not in running.get(listing)[1], f"{listing} without the article")  # type: ignore[misc]
    assert not (running.folder / "articles" / name).exists()


def test_a_file_saved_in_the_folder_is_published_and_a_folder_moves_as_a_whole(running: Dev) -> None:
    drafts = running.folder / "articles" / "autumn"
    drafts.mkdir(parents=True)
    (drafts / "gale.md").write_text(article("Gale"))
    (drafts / "lull.md").write_text(article("Lull"))
    for path in ("/news/gale/", "/news/lull/"):
        running.answers(path, 200)
    running.settle()

    shutil.move(drafts, running.folder / "articles" / "winter")
    running.says("articles/autumn/gale.md: Taken down")
    running.says("articles/winter/lull.md: Accepted")
    running.verify()
    running.answers("/news/gale/", 200)

    (running.folder / "articles" / "winter" / "gale.md").unlink()
    running.answers("/news/gale/", 410)
    running.verify()


def test_a_folder_in_a_files_place_takes_the_file_down(running: Dev) -> None:
    place, text = running.folder / "articles" / "squall.md", article("Squall")
    place.parent.mkdir(exist_ok=True)
    place.write_text(text)
    running.answers("/news/squall/", 200)
    place.unlink()
    place.mkdir()
    (place / "index.md").write_text(article("Calm"))
    running.answers("/news/calm/", 200)
    running.answers("/news/squall/", 410)
    shutil.rmtree(place)
    place.write_text(text)
    running.answers("/news/squall/", 200)
    running.answers("/news/calm/", 410)
    running.verify()


def test_what_an_editor_has_to_mend_is_printed_while_it_runs(running: Dev) -> None:
    saved = running.folder / "articles" / "wrong.md"
    saved.parent.mkdir(exist_ok=True)
    saved.write_text(article("Wrong", date="someday"))
    running.says("articles/wrong.md: Refused: 1 thing to mend.\n\nProblem, line 3:\n    date: someday")
    saved.unlink()
    running.says("articles/wrong.md: Taken down")
    log = running.folder / ".pressrun" / "functions.log"
    assert str(log) in running.printed()
    assert log.is_file()
    assert '{"' not in running.printed()  # what functions log and measure


def test_stopped_and_started_again_it_is_the_same_site(tmp_path: Path) -> None:
    folder = tmp_path / "magazine"
    articles = folder / "articles"
    articles.mkdir(parents=True)
    (folder / "site.toml").write_text(SITE_TOML)
    for name in ("stays", "goes", "moves"):
        (articles / f"{name}.md").write_text(article(name.title(), date="2026-03-01"))
    (articles / "bad.md").write_text(article(""))
    listing = ("s3api", "list-objects-v2", "--bucket", "pressrun-site", "--query", "Contents[].[Key,ETag]", "--output", "text")

    with dev(folder, tmp_path / "first") as first:
        assert "articles/bad.md: Refused" in first.printed()
        (articles / "goes.md").unlink()
        (articles / "moves.md").write_text(article("Moves", date="2026-03-01", slug="moved"))
        first.answers("/news/goes/", 410)
        first.answers("/news/moves/", 301)
        (articles / "kept.md").write_text(article("Kept", date="2026-03-01"))
        first.answers("/news/kept/", 200)
        (articles / "kept.md").write_text(article(""))
        first.says("articles/kept.md: Refused")
        told = first.pressrun("publish", articles / "stays.md").out
        assert "It is live at https://meridian.example/news/stays/\n" in told
        assert f"Here it is at http://127.0.0.1:{first.port}/news/stays/\n" in told
        first.settle()
        site = first.aws(*listing)
        assert first.stop(SIGINT) == 0
    register = {path: path.read_bytes() for path in (folder / ".pressrun").rglob("*") if path.is_file() and path.suffix != ".log"}

    with dev(folder, tmp_path / "second") as second:
        second.verify()
        assert {path: path.read_bytes() for path in register} == register
        assert second.aws(*listing) == site
        for path, status in (("/news/stays/", 200), ("/news/kept/", 200), ("/news/moved/", 200), ("/news/goes/", 410), ("/news/moves/", 301)):
            second.answers(path, status)
        assert "articles/bad.md: Refused" in second.printed()
        (articles / "goes.md").write_text(article("Goes", date="2026-03-01"))
        assert "Goes" in second.answers("/news/goes/", 200)
        second.verify()


def test_a_deployments_own_theme_is_on_its_pages_and_so_is_what_changes_in_it_once_it_can_be_read(tmp_path: Path) -> None:
    own = tmp_path / "look"
    own.mkdir()
    (own / "404.html").write_text("our own")
    with dev(tmp_path / "magazine", tmp_path / "printed", TEMPLATES=str(own)) as running:
        assert running.answers("/nowhere/", 404).startswith("our own")
        for wrong in ("404.html", "parts/footer.html"):
            (own / wrong).parent.mkdir(exist_ok=True)
            (own / wrong).write_text("another {% if %}")
            running.says(f"The template {wrong}, line 1: ")
            assert running.answers("/nowhere/", 404).startswith("our own")
            (own / wrong).unlink()
        (own / "404.html").write_text("another")
        until(lambda: running.get("/nowhere/")[1].startswith("another"), "the page by the other template")
        running.settle()
        assert running.pressrun("verify", TEMPLATES=str(own)).code == 0


def test_a_template_that_cannot_be_read_is_told_before_anything_starts(tmp_path: Path) -> None:
    parts = tmp_path / "look" / "parts"
    parts.mkdir(parents=True)
    (parts / "footer.html").write_text("<footer>\n{% if %}</footer>")
    ran = pressrun("dev", tmp_path / "magazine", TEMPLATES=str(parts.parent))
    assert ran.code == 2
    assert ran.err.startswith("The template parts/footer.html, line 2: ")


def test_an_asset_that_cannot_be_served_is_told_before_anything_starts(tmp_path: Path) -> None:
    assets = tmp_path / "look" / "assets"
    assets.mkdir(parents=True)
    (assets / "style.css~").write_text("body{}")
    ran = pressrun("dev", tmp_path / "magazine", TEMPLATES=str(assets.parent))
    assert ran.code == 2
    assert ran.err.startswith(f"The asset {assets / 'style.css~'} is of no kind that pages can use.")


def test_a_template_by_which_no_page_can_be_made_is_told_at_once_and_mended_while_it_runs(tmp_path: Path) -> None:
    own, articles = tmp_path / "look", tmp_path / "magazine" / "articles"
    own.mkdir()
    articles.mkdir(parents=True)
    (own / "article.html").write_text("<p>\n{{ artcle.title }}")
    for name in ("one", "two"):
        (articles / f"{name}.md").write_text(article(name))
    with dev(tmp_path / "magazine", tmp_path / "printed", TEMPLATES=str(own)) as running:
        assert running.printed().count("The template article.html, line 2: 'artcle' is undefined\nMend it in the folder") == 1
        assert "Not every page can be made" in running.printed()
        (own / "article.html").write_text("{{ article.title }}")
        for name in ("one", "two"):
            assert running.answers(f"/news/{name}/", 200).startswith(name)


@pytest.mark.parametrize("signal", [SIGINT, SIGTERM])
def test_a_signal_ends_it_cleanly(tmp_path: Path, signal: Signals) -> None:
    with dev(tmp_path / "magazine", tmp_path / "printed") as running:
        assert running.stop(signal) == 0
        with listen(running.port), listen(running.aws_port):
            pass  # both are free again


def test_a_taken_port_is_named_and_nothing_starts(tmp_path: Path) -> None:
    port = free_port()
    with listen(port):
        for ports in (("--port", str(port), "--aws-port", str(free_port())), ("--port", str(free_port()), "--aws-port", str(port))):
            ran = pressrun("dev", tmp_path, *ports)
            assert ran.code == 2
            assert ran.err.startswith(f"The local cloud cannot start: port {port}: ")
            assert "--aws-port" in ran.err


def test_a_folder_is_worked_on_by_one_at_a_time_and_is_free_once_that_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "magazine"
    with dev(folder, tmp_path / "first") as first:
        ran = pressrun("dev", folder, "--port", str(free_port()), "--aws-port", str(free_port()))
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == f"Another pressrun dev is at work on {folder}.\nPublish through that one, or stop it first.\n"
        first.answers("/", 200)
        first.stop(SIGKILL)
    with dev(folder, tmp_path / "second") as second:
        second.answers("/", 200)


def test_a_folder_that_cannot_be_one_is_a_wrong_call(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        ran = pressrun("dev", folder)
        assert (ran.code, ran.out) == (2, "")
        assert str(folder) in ran.err


def test_many_articles_at_once_are_all_published_and_the_lists_only_now_and_then(tmp_path: Path) -> None:
    count = 200  # more of them is the same at greater length: about a minute for each two hundred
    articles = tmp_path / "archive" / "articles"
    articles.mkdir(parents=True)
    for n in range(count):
        (articles / f"report-{n:03}.md").write_text(article(f"Report {n}", date=f"2026-{1 + n % 3:02}-{1 + n % 28:02}T08:{n % 60:02}"))
    with dev(tmp_path / "magazine", tmp_path / "printed") as running:
        running.aws("s3", "sync", "--only-show-errors", tmp_path / "archive", "s3://pressrun-content")
        settled = running.pressrun("settle", "--timeout", str(PATIENCE * 5), "--json")
        assert settled.json == {"settled": True, "pending": 0}
        running.verify()
        site = running.aws("s3", "ls", "--recursive", "s3://pressrun-site/news/report")
        assert [n for n in range(count) if f"news/report-{n}/index.html" not in site] == []
        home = len(running.versions("index.html"))
        assert home < count / 4, home
        for step in ("uploads", "articles", "lists", "changed"):
            url = f"{running.settings['AWS_ENDPOINT_URL']}/123456789012/pressrun-{step}-dead"
            depth = running.aws(
                "sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "ApproximateNumberOfMessages", "--output", "text"
            )
            assert depth.split()[-1] == "0", step
