"""The commands against a cloud: publish, status, settle, verify."""

from pathlib import Path

from PIL import Image

from .commands import Dev, article, pressrun

FUTURE = "2999-01-01"


def test_publishing_shows_the_receipt(running: Dev, tmp_path: Path) -> None:
    file = tmp_path / "receipt.md"
    file.write_text(article("Receipt", tags="[ice]"))
    url = f"http://127.0.0.1:{running.port}/news/receipt/"
    ran = running.pressrun("publish", file)
    assert ran.code == 0
    assert f"Accepted. It is live at {url}\n" in ran.out
    assert running.get("/news/receipt/")[0] == 200

    file.write_text(article("Receipt, changed", slug="receipt", tags="[ice]"))
    [again] = running.pressrun("publish", file, "--json").json
    assert set(again) == {"key", "status", "url", "problems", "put", "unchanged", "deleted", "invalidation_items", "calls", "times"}
    assert (again["key"], again["status"], again["url"], again["problems"]) == ("articles/receipt.md", "live", url, [])
    assert again["put"] > 1
    assert 0 < again["invalidation_items"] <= 5
    assert again["calls"]["s3"]["PutObject"] >= again["put"]
    times = again["times"]
    assert set(times) == {"uploaded", "accepted", "page", "lists", "told"}
    assert times["uploaded"] <= times["accepted"] <= times["page"] <= times["lists"] <= times["told"]
    assert "\nIn UTC: uploaded " in ran.out
    assert ", last list put " in ran.out
    assert ", CDN told " in ran.out
    [same] = running.pressrun("publish", file, "--json").json
    assert (same["put"], same["invalidation_items"]) == (0, 0)
    assert [step for step, at in same["times"].items() if at] == ["uploaded"]


def test_a_refused_article_is_told_what_the_check_tells(running: Dev, tmp_path: Path) -> None:
    file = running.folder / "refused.md"  # beside site.toml, and not content
    file.write_text(article("Refused", date="someday", expires="soon", wobble="1"))
    checked = pressrun("check", file, "--json")
    published = running.pressrun("publish", file, "--json")
    assert (checked.code, published.code) == (1, 1)
    [expected], [answer] = checked.json, published.json
    assert (answer["key"], answer["status"], answer["problems"]) == (expected["key"], expected["status"], expected["problems"])
    assert (answer["url"], answer["put"]) == (None, 0)
    as_text = running.pressrun("publish", file)
    assert as_text.code == 1
    told = pressrun("check", file).out.partition("\n")[2]
    assert told.strip() in as_text.out


def test_a_refused_site_toml_is_not_shown_anywhere(running: Dev, tmp_path: Path) -> None:
    right = (running.folder / "site.toml").read_text()
    file = tmp_path / "site.toml"
    file.write_text('title = "')
    refused = running.pressrun("publish", file, "--to", "site.toml")
    assert refused.code == 1
    assert "Refused" in refused.out
    assert "Here it is" not in refused.out
    file.write_text(right)
    assert running.pressrun("publish", file, "--to", "site.toml").code == 0


def test_several_files_go_where_they_are_told(running: Dev, tmp_path: Path) -> None:
    for name, fields in (("first", {}), ("later", {"date": FUTURE}), ("rough", {"draft": "true"})):
        (tmp_path / f"{name}.md").write_text(article(name.title(), **fields))
    files = [tmp_path / f"{name}.md" for name in ("first", "later", "rough")]
    ran = running.pressrun("publish", *files, "--to", "articles/told/", "--json")
    assert ran.code == 0
    assert [(one["key"], one["status"]) for one in ran.json] == [
        ("articles/told/first.md", "live"),
        ("articles/told/later.md", "scheduled"),
        ("articles/told/rough.md", "draft"),
    ]
    assert running.get("/news/first/")[0] == 200
    assert running.get("/news/later/")[0] == running.get("/news/rough/")[0] == 404
    [one] = running.pressrun("publish", files[0], "--to", "articles/told/first.md", "--json").json
    assert one["put"] == 0


def test_what_only_looks_like_a_picture_is_refused_and_a_picture_is_taken(running: Dev, tmp_path: Path) -> None:
    ship = tmp_path / "ship.jpg"
    ship.write_bytes(b"\xff\xd8")
    for code, status in ((1, "refused"), (0, "live")):
        ran = running.pressrun("publish", ship, "--to", "media/ship.jpg", "--json")
        assert (ran.code, [(one["key"], one["status"]) for one in ran.json]) == (code, [("media/ship.jpg", status)])
        Image.new("RGB", (40, 30), "navy").save(ship)


def test_a_file_from_which_nothing_is_published_is_kept_and_said_so(running: Dev, tmp_path: Path) -> None:
    (tmp_path / "_index.md").write_text("---\ntitle: A section of another tool\n---\n")
    running.aws("s3", "cp", tmp_path / "_index.md", "s3://pressrun-content/articles/news/_index.md")
    running.says("articles/news/_index.md: Kept as it is. Nothing is published from a file of this name.")
    refused = running.pressrun("publish", tmp_path / "_index.md", "--to", "_index.md")
    assert refused.code == 2
    assert "Nothing is published from the key _index.md" in refused.err


def test_the_status_is_a_table_for_people_and_a_list_for_machines(running: Dev, tmp_path: Path) -> None:
    name = "a-long-name-" * 12
    (tmp_path / f"{name}.md").write_text(article("Long", slug="long-name"))
    running.pressrun("publish", tmp_path / f"{name}.md")
    key, url = f"articles/{name}.md", f"http://127.0.0.1:{running.port}/news/long-name/"

    [row] = [row for row in running.pressrun("status", "--json").json if row["key"] == key]
    assert row == {"key": key, "status": "live", "url": url, "since": row["since"]}
    table = running.pressrun("status").out.splitlines()
    assert table[0].split() == ["article", "status", "since", "URL"]
    assert [key, "live", row["since"], url] in [line.split() for line in table]
    assert table[-1] == "Nothing is pending."

    assert running.pressrun("status", key, "--json").json == [row]
    assert f"Accepted. It is live at {url}" in running.pressrun("status", key).out
    unknown = running.pressrun("status", "articles/none.md")
    assert (unknown.code, unknown.err) == (1, "Nothing was ever uploaded at articles/none.md.\n")


def test_the_status_of_what_is_no_article_is_its_answer(running: Dev, tmp_path: Path) -> None:
    [row] = running.pressrun("status", "site.toml", "--json").json
    assert (row["status"], row["url"]) == ("live", f"http://127.0.0.1:{running.port}")
    assert "Accepted. The magazine is" in running.pressrun("status", "site.toml").out
    (tmp_path / "_index.md").write_text("---\ntitle: A section of another tool\n---\n")
    assert running.pressrun("publish", tmp_path / "_index.md").code == 0
    assert "Kept as it is." in running.pressrun("status", "articles/_index.md").out


def test_without_an_answer_in_time_an_earlier_one_is_not_shown(running: Dev, tmp_path: Path) -> None:
    (tmp_path / "late.md").write_text(article("Late"))
    assert running.pressrun("publish", tmp_path / "late.md").code == 0
    (tmp_path / "late.md").write_text(article(""))
    late = running.pressrun("publish", tmp_path / "late.md", "--timeout", "0", "--json")
    assert late.code == 1
    [receipt] = late.json
    assert (receipt["status"], receipt["url"], receipt["problems"]) in (("pending", None, []), ("refused", receipt["url"], receipt["problems"]))
    running.settle()


def test_a_site_is_compared_and_mended_only_by_what_is_in_force(running: Dev, tmp_path: Path) -> None:
    own = tmp_path / "look" / "assets"
    own.mkdir(parents=True)
    (own / "style.css").write_text("body{}")
    running.settle()
    before = running.history()
    compared = running.pressrun("verify", TEMPLATES=str(own.parent))
    assert compared.code == 1
    assert "Other code or templates are in force" in compared.err
    assert running.pressrun("verify", "--repair", TEMPLATES=str(own.parent)).code == 2
    assert running.history() == before


def test_a_lost_catalogue_is_said_and_made_again_by_one_command(running: Dev, tmp_path: Path) -> None:
    (tmp_path / "kept.md").write_text(article("Kept"))
    assert running.pressrun("publish", tmp_path / "kept.md").code == 0
    running.settle()
    running.aws("dynamodb", "delete-item", "--table-name", "pressrun-catalogue", "--key", '{"pk":{"S":"magazine"},"sk":{"S":"basis"}}')
    for command in (["status"], ["explain", "/news/kept/"]):
        ran = running.pressrun(*command)
        assert (ran.code, ran.out) == (1, "")
        assert "The catalogue is empty, and nothing is in force." in ran.err
        assert "pressrun republish makes it again from the register." in ran.err
    assert running.pressrun("republish").code == 0
    running.settle()
    assert "articles/kept.md" in running.pressrun("status").out
    running.verify()


def test_settling_says_that_nothing_is_pending(running: Dev) -> None:
    ran = running.pressrun("settle")
    assert (ran.code, ran.out) == (0, "Nothing is pending.\n")


def test_what_is_altered_deleted_or_added_by_hand_is_found_and_mended(running: Dev, tmp_path: Path) -> None:
    for name in ("altered", "deleted", "disguised"):
        (tmp_path / f"{name}.md").write_text(article(name.title()))
    files = [tmp_path / f"{name}.md" for name in ("altered", "deleted", "disguised")]
    assert running.pressrun("publish", *files).code == 0
    assert "to the byte" in running.pressrun("verify").out

    (tmp_path / "x.html").write_text("by hand")
    running.aws("s3", "cp", tmp_path / "x.html", "s3://pressrun-site/news/altered/index.html")
    running.aws("s3", "rm", "s3://pressrun-site/news/deleted/index.html")
    running.aws("s3", "cp", tmp_path / "x.html", "s3://pressrun-site/added.html")
    # The right metadata on other bytes, which a worker that goes by the digest would take for its own.
    disguised = ("--bucket", "pressrun-site", "--key", "news/disguised/index.html")
    metadata = running.aws("s3api", "head-object", *disguised, "--query", "Metadata", "--output", "json")
    kind = ("--content-type", "text/html; charset=utf-8", "--cache-control", "public, max-age=0, s-maxage=3600, stale-while-revalidate=60")
    running.aws("s3api", "put-object", *disguised, "--body", tmp_path / "x.html", "--metadata", metadata, *kind)

    ran = running.pressrun("verify", "--json")
    assert ran.code == 1
    assert ran.json == {
        "identical": False,
        "missing": ["news/deleted/index.html"],
        "extra": ["added.html"],
        "different": ["news/altered/index.html", "news/disguised/index.html"],
    }
    assert "missing: news/deleted/index.html\n" in running.pressrun("verify").out
    mended = running.pressrun("verify", "--repair", "--json")
    assert (mended.code, mended.json) == (0, {"identical": True, "missing": [], "extra": [], "different": []})
    for name in ("altered", "deleted", "disguised"):
        assert name.title() in running.answers(f"/news/{name}/", 200)
    running.answers("/added.html", 404)


def test_everything_can_be_made_anew_and_what_is_right_is_left_alone(running: Dev, tmp_path: Path) -> None:
    (tmp_path / "again.md").write_text(article("Again", tags="[ice]"))
    assert running.pressrun("publish", tmp_path / "again.md").code == 0
    before, purged = running.history(), running.invalidations()
    [hinted] = running.pressrun("republish", "--json").json.values()
    assert hinted > 5
    running.verify()
    assert (running.history(), running.invalidations()) == (before, purged)
    # An object that was altered behind our back, metadata and all, is put right.
    running.aws("s3", "rm", "s3://pressrun-site/tags/ice/index.html")
    assert running.pressrun("republish").code == 0
    running.verify()
