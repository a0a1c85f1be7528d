"""The commands that need no cloud: new, check, build."""

import json
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from .commands import BIN, SITE_TOML, article, environment, pressrun

COMMANDS = ("new", "check", "build", "demo", "dev", "publish", "status", "settle", "verify")
FUTURE = "2999-01-01"


@pytest.fixture
def magazine(tmp_path: Path) -> Path:
    """A content folder with one article."""
    folder = tmp_path / "magazine"
    (folder / "articles").mkdir(parents=True)
    (folder / "site.toml").write_text(SITE_TOML)
    (folder / "articles" / "one.md").write_text(article("One", date="2026-03-01"))
    return folder


def written(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file with its time and bytes."""
    return {path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does(command: str) -> None:
    ran = pressrun(command, "--help")
    assert ran.code == 0
    assert ran.out.startswith(f"Usage: pressrun {command}")
    assert f"{command} " in pressrun("--help").out


# new


def test_a_new_article_passes_the_check_and_is_a_draft(magazine: Path) -> None:
    ran = pressrun("new", 'Ice: "thin", they say', folder=magazine)
    assert (ran.code, ran.out) == (0, "articles/ice-thin-they-say.md\n")
    [answer] = pressrun("check", "articles/ice-thin-they-say.md", "--json", folder=magazine).json
    assert answer == {"key": "articles/ice-thin-they-say.md", "status": "draft", "problems": []}


def test_a_new_article_is_begun_wherever_one_stands_and_never_over_another(tmp_path: Path) -> None:
    assert pressrun("new", "One", "--section", "news", folder=tmp_path).out == "one.md\n"
    assert 'section: "news"\n' in (tmp_path / "one.md").read_text()
    assert pressrun("new", "Two", "--section", "a: b", folder=tmp_path).code == 0
    assert 'section: "a: b"\n' in (tmp_path / "two.md").read_text()
    before = written(tmp_path)
    again = pressrun("new", "One", folder=tmp_path)
    assert (again.code, again.out) == (2, "")
    assert "one.md is there already" in again.err
    assert written(tmp_path) == before
    assert pressrun("new", " ", folder=tmp_path).code == 2


# check


def test_the_check_says_every_problem_at_once_with_its_line_and_remedy(magazine: Path) -> None:
    (magazine / "articles" / "bad.md").write_text(article("Bad", date="someday", expires="soon"))
    ran = pressrun("check", magazine)
    assert ran.code == 1
    assert "Problem, line 3:" in ran.out
    assert "Problem, line 4:" in ran.out
    assert f"{magazine}/articles/one.md: live\n" in ran.out

    as_json = pressrun("check", magazine, "--json")
    assert as_json.code == 1
    site, bad, one = as_json.json
    assert site == {"key": "site.toml", "status": "live", "problems": []}
    assert (bad["key"], bad["status"]) == ("articles/bad.md", "refused")
    assert [set(problem) for problem in bad["problems"]] == [{"line", "severity", "text", "problem", "remedy"}] * 2
    assert one == {"key": "articles/one.md", "status": "live", "problems": []}


def test_the_check_knows_what_the_folder_already_has(magazine: Path) -> None:
    (magazine / "articles" / "second.md").write_text(article("Another", slug="one"))
    ran = pressrun("check", magazine / "articles" / "second.md")
    assert ran.code == 1
    assert "belongs to articles/one.md" in ran.out


def test_the_check_tells_files_of_one_name_apart_and_follows_a_link_to_a_file(magazine: Path, tmp_path: Path) -> None:
    drafts = [magazine / "drafts" / name / "index.md" for name in ("a", "b")]
    for path in drafts:
        path.parent.mkdir(parents=True)
    drafts[0].write_text(article("Two"))
    drafts[1].write_text("no front matter")
    (tmp_path / "three.md").write_text(article("Three"))
    (magazine / "articles" / "three.md").symlink_to(tmp_path / "three.md")
    for given in (drafts, drafts[::-1]):
        answers = pressrun("check", *given, "--json", folder=magazine).json
        assert sorted((answer["key"], answer["status"]) for answer in answers) == [
            ("articles/drafts/a/index.md", "live"),
            ("articles/drafts/b/index.md", "refused"),
        ]
    ran = pressrun("check", "articles", "--json", folder=magazine)
    assert (ran.code, [answer["key"] for answer in ran.json]) == (0, ["articles/one.md", "articles/three.md"])


def test_site_toml_can_be_checked_and_is_needed(magazine: Path, tmp_path: Path) -> None:
    assert pressrun("check", magazine / "site.toml", "--json").json == [{"key": "site.toml", "status": "live", "problems": []}]
    (magazine / "site.toml").write_text('title = "')
    for path in ("site.toml", "articles/one.md"):
        ran = pressrun("check", path, folder=magazine)
        assert ran.code == 1
        assert "The quotation mark is never closed." in ran.out + ran.err
    (tmp_path / "alone.md").write_text(article())
    ran = pressrun("check", tmp_path / "alone.md")
    assert (ran.code, ran.out) == (2, "")
    assert "There is no site.toml beside" in ran.err


def test_a_folders_check_says_what_does_nothing_in_site_toml(magazine: Path) -> None:
    (magazine / "site.toml").write_text(SITE_TOML + 'language = "de"\n')
    ran = pressrun("check", magazine)
    assert (ran.code, ran.out.splitlines()[0]) == (0, f"{magazine / 'site.toml'}: live")
    assert "“language” is not a setting of “sections”." in ran.out


def test_a_check_of_what_is_not_there_is_a_wrong_call(magazine: Path, tmp_path: Path) -> None:
    (tmp_path / "empty" / "articles").mkdir(parents=True)
    for path in (tmp_path / "none.md", tmp_path / "empty"):
        ran = pressrun("check", path)
        assert ran.code == 2
        assert str(path) in ran.err
    other = tmp_path / "other"
    other.mkdir()
    (other / "site.toml").write_text(SITE_TOML)
    (other / "two.md").write_text(article())
    ran = pressrun("check", magazine, other)
    assert ran.code == 2
    assert "one magazine at a time" in ran.err


# build


def test_a_build_writes_the_site_and_says_how_much_it_is(magazine: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    value = pressrun("build", magazine, site, "--json").json
    assert set(value) == {"articles", "refused", "objects", "put", "unchanged", "deleted", "seconds"}
    assert (value["articles"], value["refused"], value["unchanged"], value["deleted"]) == (1, 0, 0, 0)
    assert value["put"] == value["objects"] == len(written(site)) - 1  # one more: which files are the site's
    assert "One" in (site / "news" / "one" / "index.html").read_text()


def test_building_again_writes_nothing_and_deletes_only_what_it_wrote(magazine: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "news").mkdir(parents=True)
    (site / "news" / "mine.txt").write_text("of somebody else")
    pressrun("build", magazine, site)
    before = written(site)
    again = pressrun("build", magazine, site, "--json").json
    assert (again["put"], again["deleted"], again["unchanged"]) == (0, 0, again["objects"])
    assert written(site) == before

    (magazine / "articles" / "one.md").unlink()
    without = pressrun("build", magazine, site, "--json").json
    assert without["articles"] == 0
    assert without["deleted"] > 0
    assert not (site / "news" / "one" / "index.html").exists()
    assert (site / "news" / "mine.txt").read_text() == "of somebody else"


def test_what_other_programs_leave_in_the_register_is_none_of_it(magazine: Path, tmp_path: Path) -> None:
    for path in (magazine / ".pressrun" / "urls" / ".DS_Store", magazine / ".pressrun" / "urls" / "news" / "x" / ".claim.json.new"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\xff")
    assert pressrun("build", magazine, tmp_path / "site").code == 0
    assert pressrun("check", magazine).code == 0


def test_a_file_whose_name_is_no_text_is_told_by_its_name(magazine: Path, tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(magazine / "articles") + b"/caf\xe9.md")).write_text(article())
    for command in (("check", magazine), ("build", magazine, tmp_path / "site")):
        ran = pressrun(*command)
        assert (ran.code, ran.out) == (2, "")
        assert "caf\\udce9.md" in ran.err
        assert "Rename the file." in ran.err


def test_a_build_is_of_the_instant_that_it_is_told(magazine: Path, tmp_path: Path) -> None:
    (magazine / "articles" / "later.md").write_text(article("Later", date=FUTURE))
    assert pressrun("build", magazine, tmp_path / "now", "--json").json["articles"] == 1
    assert pressrun("build", magazine, tmp_path / "then", "--json", "--now", "2999-01-02T00:00:00Z").json["articles"] == 2
    ran = pressrun("build", magazine, tmp_path / "never", "--now", "tomorrow")
    assert ran.code == 2
    assert "“tomorrow” is not an instant." in ran.err
    assert not (tmp_path / "never").exists()


def test_a_build_with_a_refused_article_makes_the_rest_and_exits_1(magazine: Path, tmp_path: Path) -> None:
    (magazine / "articles" / "bad.md").write_text(article(""))
    ran = pressrun("build", magazine, tmp_path / "site", "--json")
    assert (ran.code, ran.json["refused"], ran.json["articles"]) == (1, 1, 1)
    assert ran.err.strip().startswith("articles/bad.md: refused")
    assert "The title is empty." in ran.err


def test_a_build_that_cannot_be_says_why_in_one_block(magazine: Path, tmp_path: Path) -> None:
    missing = pressrun("build", tmp_path / "none", tmp_path / "site")
    assert (missing.code, missing.err) == (2, f"There is no folder {tmp_path / 'none'}.\n")
    (tmp_path / "file").write_text("")
    blocked = pressrun("build", magazine, tmp_path / "file")
    assert blocked.code == 2
    assert "cannot be written" in blocked.err
    (magazine / "site.toml").write_text("")
    broken = pressrun("build", magazine, tmp_path / "site")
    assert broken.code == 1
    assert broken.err.startswith(f"{magazine / 'site.toml'}\n")


def test_no_site_is_built_where_it_would_take_content_for_its_own(magazine: Path) -> None:
    before = written(magazine)
    for into in (magazine, magazine.parent, magazine / "articles" / "out", magazine / "media", magazine / ".pressrun", magazine / "reports"):
        ran = pressrun("build", magazine, into)
        assert (ran.code, ran.out) == (2, ""), into
        assert "Name a folder of its own for the site." in ran.err
    assert written(magazine) == before
    assert pressrun("build", ".", "site", folder=magazine).code == 0


def test_a_theme_that_cannot_be_used_is_told_by_its_file_and_line(magazine: Path, tmp_path: Path) -> None:
    own = tmp_path / "look"
    missing = pressrun("build", magazine, tmp_path / "site", TEMPLATES=str(own))
    assert (missing.code, missing.err.splitlines()[0]) == (2, f"TEMPLATES names {own}, where there is no folder.")
    own.mkdir()
    for text, said in (
        (b"{% if %}\n", "The template 404.html, line 1: Expected an expression"),
        (b"\n{{ nothing.such }}", "The template 404.html, line 2: 'nothing' is undefined"),
        (b'\n{% include "parts/nope.html" %}', "The template 404.html, line 2: there is no template parts/nope.html"),
        (b'\n\n{% include "404.html" %}', "The template 404.html, line 3: it comes to itself again and again"),
        (b"{{ 1 / 0 }}", "The template 404.html, line 1: division by zero"),
        (b"{{ none + 1 }}", "The template 404.html, line 1: unsupported operand type"),
        (b'{{ "today" | date }}', "The template 404.html, line 1: 'str' object has no attribute"),
        (b"\xff", f"The template {own}/404.html is not text in UTF-8."),
    ):
        (own / "404.html").write_bytes(text)
        ran = pressrun("build", magazine, tmp_path / "site", TEMPLATES=str(own))
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith(said)
        assert "Mend it in the folder that TEMPLATES names." in ran.err


@pytest.mark.parametrize("name", ["notes.md", "style.css~", "css", "fonts/LICENSE"])
def test_an_asset_of_no_kind_that_is_known_is_told_by_its_file(magazine: Path, tmp_path: Path, name: str) -> None:
    asset = tmp_path / "look" / "assets" / name
    asset.parent.mkdir(parents=True)
    asset.write_text("")
    ran = pressrun("build", magazine, tmp_path / "site", TEMPLATES=str(tmp_path / "look"))
    said = f"The asset {asset} is of no kind that pages can use. The name of one ends in .avif, .css, .gif, "
    assert (ran.code, ran.out, ran.err[: len(said)]) == (2, "", said)
    assert "Mend it in the folder that TEMPLATES names." in ran.err


# What goes wrong


def test_an_error_that_nobody_expected_is_one_block_and_shows_its_origin_when_asked(magazine: Path, tmp_path: Path) -> None:
    register = magazine / ".pressrun" / "urls" / "news" / "one" / "claim.json"
    register.parent.mkdir(parents=True)
    register.write_text("not a claim")
    ran = pressrun("build", magazine, tmp_path / "site")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Something went wrong: ")
    assert "PRESSRUN_DEBUG=1" in ran.err
    assert "Traceback" in pressrun("build", magazine, tmp_path / "site", PRESSRUN_DEBUG="1").err


@pytest.mark.parametrize("endpoint", ["127.0.0.1:4566", "http://[bad", "http://127.0.0.1:99999", "ftp://a.example"])
def test_an_address_of_aws_that_is_none_is_told(endpoint: str) -> None:
    ran = pressrun("status", AWS_ENDPOINT_URL=endpoint)
    assert (ran.code, ran.err) == (2, f"AWS_ENDPOINT_URL is no address: {endpoint}\nWrite it like http://127.0.0.1:4566.\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--history", "foo"], "This is no run: nothing is called 'foo'; changes begin with author, "),
        (["--history", "put a; put"], "This is no run: 'put' is no change, though 'put' begins one; "),
        (["--history", "put a at=x"], "This is no run: 'put a at=x' is no change, "),
        (["--history", "put a", "--faults", "x"], "This is no run: 'x' is not written like '17=crash 80=delay'; "),
        (["--runs", "1", "--faults", "17=crash"], "--faults and --rough are for one run alone.\nGive its --history, too, "),
        (["--runs", "1", "--hands", "3"], "--hands and --dies are for one run alone.\nGive its --race, too, "),
    ],
    ids=["nothing", "half", "number", "fault", "faults", "hands"],
)
def test_a_storm_of_what_is_no_run_is_a_wrong_call(options: list[str], said: str) -> None:
    ran = pressrun("storm", *options)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(said)


@pytest.mark.parametrize("command", [["check", "articles/one.md"], ["build", ".", "../site"], ["check", "none.md"]])
def test_a_command_ends_quietly_where_nobody_reads_what_it_says(magazine: Path, command: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        run = subprocess.run([BIN / "pressrun", *command], cwd=magazine, env=environment(), stdout=writer, stderr=subprocess.PIPE, check=False)
        assert (run.returncode, run.stderr) == ((141, b"") if command[-1] != "none.md" else (2, b"There is no file none.md.\n"))
        assert subprocess.run([BIN / "pressrun", "check", "none.md"], cwd=magazine, env=environment(), stderr=writer, check=False).returncode == 141
    finally:
        os.close(writer)


def test_a_wrong_call_is_one_readable_block() -> None:
    for call in (["publsh"], ["build"], ["dev", ".", "--port", "99999"], ["publish", "x.md", "--nonsense"]):
        ran = pressrun(*call)
        assert (ran.code, ran.out) == (2, ""), call
        assert "Error: " in ran.err


def test_without_a_cloud_every_command_that_needs_one_says_so(magazine: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    file = str(magazine / "articles" / "one.md")
    for call in (["publish", file], ["status"], ["settle"], ["verify", "--json"], ["explain", "/"], ["preview", "articles/one.md"], ["desk"]):
        ran = pressrun(*call, AWS_ENDPOINT_URL=nowhere)
        assert (ran.code, ran.out) == (2, ""), call
        assert ran.err.startswith(f"There is no cloud to talk to at {nowhere}")
        assert "pressrun dev" in ran.err


@pytest.mark.parametrize(
    ("code", "remedy"),
    [("ExpiredTokenException", "Log in to AWS again"), ("InvalidClientTokenId", "Log in to AWS again"), ("AccessDeniedException", "Is it allowed")],
)
def test_what_aws_refuses_is_told_with_what_helps(code: str, remedy: str) -> None:
    class Refuses(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.dumps({"__type": code, "message": "No."}).encode()
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Refuses) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            ran = pressrun("status", AWS_ENDPOINT_URL=f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"AWS refused GetQueueUrl: No.\n{remedy}")


def test_what_cannot_be_published_is_said_before_anything_is_sent(magazine: Path, tmp_path: Path) -> None:
    one = magazine / "articles" / "one.md"
    twin = tmp_path / "one.md"
    twin.write_text(article())
    calls: list[tuple[list[str | os.PathLike[str]], str]] = [
        ([tmp_path / "none.md"], "There is no file"),
        ([one, twin], "the same name"),
        ([one, magazine / "site.toml", "--to", "articles/x.md"], "--to names one key"),
        ([one, "--to", "elsewhere/x.md"], "begins with articles/"),
    ]
    for arguments, said in calls:
        ran = pressrun("publish", *map(str, arguments))
        assert (ran.code, ran.out) == (2, "")
        assert said in ran.err


def test_the_description_of_a_built_site_names_every_object(magazine: Path, tmp_path: Path) -> None:
    pressrun("build", magazine, tmp_path / "site")
    described = json.loads((tmp_path / "site" / ".pressrun-site.json").read_bytes())
    assert described["news/one/index.html"]["content_type"] == "text/html; charset=utf-8"
    assert set(described) == set(written(tmp_path / "site")) - {".pressrun-site.json"}
