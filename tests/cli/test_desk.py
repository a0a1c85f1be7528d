"""explain, preview and the desk against a cloud, as their users run them."""

import re
import subprocess
import urllib.request
from pathlib import Path
from signal import SIGINT

from .commands import BIN, PATIENCE, Dev, article, environment, free_port, until
from .test_publish import FUTURE


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return str(answer.read().decode())


def test_explain_says_what_a_page_is_made_of_in_words_and_for_machines(running: Dev, tmp_path: Path) -> None:
    (tmp_path / "explained.md").write_text(article("Explained"))
    assert running.pressrun("publish", tmp_path / "explained.md").code == 0
    ran = running.pressrun("explain", f"http://localhost:{running.port}/news/explained/")
    assert ran.code == 0
    assert ran.out.startswith(f"http://127.0.0.1:{running.port}/news/explained/\n  Answers    200: the page of articles/explained.md\n")
    value = running.pressrun("explain", "/news/explained", "--json").json
    assert (value["key"], value["status"], value["put"]["cause"]) == ("news/explained/index.html", 200, "articles/explained.md")
    assert value["told"]["at"] >= value["put"]["at"]


def test_explain_of_another_site_or_of_no_url_is_an_error_in_one_block(running: Dev) -> None:
    other = running.pressrun("explain", "https://elsewhere.example/x/")
    assert (other.code, other.out) == (1, "")
    assert other.err.startswith("elsewhere.example is not the magazine's address.\n")
    nonsense = running.pressrun("explain", "ferry")
    assert (nonsense.code, nonsense.out) == (2, "")
    assert nonsense.err.startswith("“ferry” is no URL.\n")


def test_a_draft_has_a_private_address_and_a_file_that_any_client_gets(running: Dev, tmp_path: Path) -> None:
    (tmp_path / "hidden.md").write_text(article("Hidden", draft="true"))
    assert running.pressrun("publish", tmp_path / "hidden.md").code == 0
    ran = running.pressrun("preview", "articles/hidden.md", "--hours", "2", "--json")
    assert (ran.code, ran.json["hours"]) == (0, 2)
    assert "X-Amz-Expires=7200" in ran.json["url"]
    assert "Hidden" in fetch(ran.json["url"])
    running.aws("s3", "cp", "s3://pressrun-content/reports/previews/articles/hidden.md.html", tmp_path / "hidden.html")
    assert "Hidden" in (tmp_path / "hidden.html").read_text("utf-8")
    assert "hidden" not in running.aws("s3", "ls", "--recursive", "s3://pressrun-site")
    live = running.pressrun("preview", "articles/none.md")
    assert (live.code, live.out) == (1, "")
    assert "There is no preview of articles/none.md" in live.err


def test_dev_has_a_desk_and_so_has_whoever_reaches_the_cloud(running: Dev, tmp_path: Path) -> None:
    (tmp_path / "seen.md").write_text(article("Seen later", date=FUTURE))
    assert running.pressrun("publish", tmp_path / "seen.md").code == 0
    found = re.search(r"The desk is at (http://127\.0\.0\.1:\d+/)", running.printed())
    assert found
    assert "Seen later" in fetch(found[1])
    assert "Private preview" in fetch(f"{found[1]}preview?key=articles/seen.md")
    assert running.get("/desk.css")[0] == 404  # never on the CDN's port

    port = free_port()
    command: list[str | Path] = [BIN / "pressrun", "desk", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(**running.settings, PYTHONUNBUFFERED="1")) as process:
        try:
            assert process.stdout
            assert f"http://127.0.0.1:{port}/" in process.stdout.readline().decode()
            assert until(lambda: "Seen later" in fetch(f"http://127.0.0.1:{port}/"), "the article on the desk")
            taken = running.pressrun("desk", "--port", str(port))
            process.send_signal(SIGINT)
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
    assert taken.code == 2
    assert taken.err.startswith(f"The desk cannot start: port {port}: ")
