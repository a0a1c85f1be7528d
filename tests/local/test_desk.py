"""The desk: a private page for this machine alone."""

import re
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.error import HTTPError

import pytest

from pressrun.local.desk import SHOWN, serving
from pressrun.local.storm.stage import Stage, ago, article, staged

LATER, ROUGH, WRONG, ONE = (f"articles/{name}.md" for name in ("later", "rough", "wrong", "one"))


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged() as made:
        made.put(ONE, article("One", section="news", date=ago(days=1)))
        made.put(LATER, article("Later", section="news", date=ago(hours=-2)))
        made.put(ROUGH, article("Rough", section="news", draft="true"))
        made.put(WRONG, article("Wrong <b>", section="newz"))
        made.settle()
        yield made


@pytest.fixture
def address(stage: Stage) -> Iterator[str]:
    with serving(stage.cloud, 0) as served:
        yield served


def get(url: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    asked = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, answer.read().decode(), dict(answer.headers)
    except HTTPError as error:
        return error.code, error.read().decode(), dict(error.headers)


def section(page: str, name: str) -> str:
    return re.sub(r"\s+", " ", page.partition(f'<section id="{name}">')[2].partition("</section>")[0])


def test_it_lists_what_is_live_scheduled_in_draft_and_refused_with_the_answers(stage: Stage, address: str) -> None:
    page = get(address)[1]
    assert "Nothing is pending" in page
    assert ONE in section(page, "live")
    assert 'href="https://stage.example/news/one/"' in section(page, "live")
    assert 'datetime="2026-11-22T14:00:00Z"' in section(page, "scheduled")
    assert f'href="/preview?key={ROUGH}"' in section(page, "draft")
    assert "Problem, line 3: section: newz The magazine has no section “newz”." in section(page, "refused")
    assert "<b>" not in page
    for name, key in (("live", ONE), ("scheduled", LATER), ("draft", ROUGH), ("refused", WRONG)):
        assert [other for other in ("live", "scheduled", "draft", "refused") if key in section(page, other)] == [name]


def test_what_changes_moves_and_what_is_pending_says_why(stage: Stage, address: str) -> None:
    known = get(address)[2]["ETag"]
    assert get(address, If_None_Match=known)[0] == 304
    stage.put(ROUGH, article("Rough no more", section="news", date=ago(days=2)))
    stage.delete(WRONG)
    stage.work_off("uploads")
    status, page, headers = get(address, If_None_Match=known)
    assert (status, headers["ETag"] == known) == (200, False)
    assert f"<td>url:/news/rough-no-more/</td><td>{ROUGH}</td>" in section(page, "pending")
    assert ROUGH in section(page, "live")
    assert ROUGH not in section(page, "draft")
    assert WRONG not in page


def test_it_shows_the_newest_of_a_large_archive_and_says_that_there_are_more(stage: Stage, address: str) -> None:
    for number in range(SHOWN):
        stage.put(f"articles/{number}.md", article(f"Story {number}", section="essays", date=ago(days=number + 2)))
    stage.settle()
    page = get(address)[1]
    assert f"Live {SHOWN}+</a>" in page
    assert section(page, "live").count('<th scope="row">') == SHOWN
    assert "And more" in section(page, "live")


def test_it_explains_a_page(address: str) -> None:
    assert f"the page of {ONE}" in get(f"{address}explain?url=/news/one/")[1]
    assert get(f"{address}explain?url=https://elsewhere.example/")[0] == 404


def test_only_this_machine_by_its_own_name_gets_anything(address: str) -> None:
    assert address.startswith("http://127.0.0.1:")
    assert get(address, Host="localhost:" + address.rstrip("/").rpartition(":")[2])[0] == 200
    for headers in ({"Host": "evil.example"}, {"Host": "127.0.0.1:1"}, {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}):
        for path in ("", "desk.js", f"preview?key={ROUGH}", "explain?url=/"):
            status, body, _ = get(address + path, **headers)
            assert (status, body) == (403, "This desk is private to the machine that it runs on.\n")


def test_nothing_but_its_own_files_is_loaded_and_nothing_else_is_served(address: str) -> None:
    headers = get(address)[2]
    assert "default-src 'none'; style-src 'self'; script-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert [get(f"{address}{name}")[0] for name in ("desk.css", "desk.js", "desk.html", "__init__.py", "../remote.py")] == [200, 200, 404, 404, 404]


def test_what_is_no_address_is_answered(address: str) -> None:
    host = address.removeprefix("http://").rstrip("/")
    connection = HTTPConnection(host, timeout=60)
    connection.putrequest("GET", "http://[", skip_host=True)
    connection.putheader("Host", host)
    connection.endheaders()
    assert connection.getresponse().status == 400
    connection.close()


def test_a_preview_that_cannot_be_is_answered(address: str) -> None:
    assert get(f"{address}preview?key={ONE}")[:2] == (404, f"There is no preview of {ONE}: its status is live.\n")
    assert get(f"{address}preview?key=../x")[0] == 404


def test_a_taken_port_is_an_error_that_says_so(stage: Stage, address: str) -> None:
    port = int(address.rstrip("/").rpartition(":")[2])
    with pytest.raises(OSError, match="in use"), serving(stage.cloud, port):
        pass
