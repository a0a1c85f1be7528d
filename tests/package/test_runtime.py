"""The built package under Lambda's real runtime client, against the local cloud's AWS."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pressrun.cloud.catalogue import mark_item
from pressrun.cloud.cloud import connect
from pressrun.cloud.pending import pending
from pressrun.cloud.queues import Hint
from pressrun.cloud.restore import restore
from pressrun.cloud.walk import Walk
from pressrun.core.lists import HOME, url_target
from pressrun.core.site import LISTS_TAG, cache_tag
from pressrun.local.cloud import Cloud
from pressrun.local.functions import Functions
from pressrun.local.package import Package

from .runtime import FunctionError, Runtime, processes, runtime_folder

pytest.importorskip(
    "awslambdaric", reason="Lambda's runtime client is missing: pip install awslambdaric, on Linux (it has wheels for no other system)"
)

TEMPLATE = Path(__file__).parents[2] / "infra" / "template.yaml"
SITE_TOML = 'title = "The Package"\nbase_url = "https://package.example"\ntimezone = "UTC"\n[[sections]]\nslug = "news"\nname = "News"\n'
ARTICLE = "---\ntitle: {title}\ndate: {date}\nsection: news\ntags: tides\n---\nText.\n"


@dataclass
class Published:
    """A magazine whose functions are processes of their own, after everything was published."""

    cloud: Cloud
    runtimes: dict[str, Runtime]
    purged: list[str]

    def page(self, url: str) -> str:
        stored = connect().site.get(f"{url[1:]}index.html")
        return stored.body.decode() if stored else ""

    def invoke(self, step: str, event: dict[str, Any]) -> Any:
        """One invocation apart from the published ones."""
        return Functions(self.runtimes).invoke(self.cloud.stack.functions[step], event)


@pytest.fixture(scope="module")
def published(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """Of two articles the older comes last, so that the newer is made again to show it as related; a sweep finds two forgotten marks, and walks."""
    connect.cache_clear()
    folder = tmp_path_factory.mktemp("runtime")
    client = runtime_folder(folder / "runtime")
    with ExitStack() as stack:
        cloud = stack.enter_context(Cloud(TEMPLATE, parameters={"Edition": package.edition}))
        stack.callback(connect.cache_clear)
        purged: list[str] = []
        cloud.aws.on_purge(lambda _distribution, items, _at: purged.extend(items))
        runtimes = stack.enter_context(processes(cloud, package.folder, client, folder))

        restore(connect(), package.edition)
        for key, body in (
            ("site.toml", SITE_TOML),
            ("articles/spring-tide.md", ARTICLE.format(title="Spring tide", date="2026-03-02")),
            ("articles/neap-tide.md", ARTICLE.format(title="Neap tide", date="2026-03-01")),
            ("articles/draft.md", "---\ntitle: Draft\nsection: news\ndraft: true\n---\nNot yet.\n"),
            ("issues/tides.pdf", "%PDF-1.7\n"),
            ("issues/tides.md", "---\ntitle: Tides\npdf: tides.pdf\n---\n"),
        ):
            cloud.client("s3").put_object(Bucket="pressrun-content", Key=key, Body=body.encode())
            assert cloud.settle(), cloud.errors
        connect().catalogue.put_all(mark_item(target, "forgotten", "2026-03-01T00:00:00Z") for target in (url_target("/news/neap-tide/"), HOME))
        connect().catalogue.put_item(Walk().item())  # rested
        cloud.sweep()
        assert cloud.settle()
        yield Published(cloud, runtimes, purged)


def test_an_upload_becomes_a_page_its_lists_follow_and_the_cdn_is_told(published: Published) -> None:
    assert not published.cloud.errors
    assert "Neap tide" in published.page("/news/neap-tide/")
    assert "Neap tide" in published.page("/news/spring-tide/"), "as a related post"
    assert "Neap tide" in published.page("/")
    assert {LISTS_TAG, cache_tag("news/spring-tide/index.html")} <= {item.removeprefix("#") for item in published.purged}
    assert pending(connect()) == 0
    assert all(runtime.invocations for runtime in published.runtimes.values())


def test_a_function_whose_code_is_of_another_edition_than_its_settings_does_nothing(published: Published, package: Package, tmp_path: Path) -> None:
    note, sweep = package.folder / "EDITION", published.cloud.stack.functions["sweep"]
    client = runtime_folder(tmp_path / "client")
    with ExitStack() as stack:
        endpoint = stack.enter_context(published.cloud.aws.serve())
        stack.callback(note.write_text, note.read_text())
        note.write_text("another")
        late = stack.enter_context(Runtime(sweep, package.folder, client, tmp_path / "late", endpoint))
        with pytest.raises(FunctionError, match=f"EditionChanged: edition {package.edition} is in force, this is another, with the settings of"):
            Functions({"sweep": late}).invoke(sweep, {})


def test_a_function_reads_every_variable_that_the_template_gives_it_and_needs_no_other(published: Published) -> None:
    environments = {step: set(function.environment) for step, function in published.cloud.stack.functions.items()}
    given_to_all = set.intersection(*environments.values())
    read = {step: runtime.settings for step, runtime in published.runtimes.items()}
    superfluous = {(step, name) for step, names in environments.items() for name in names - given_to_all - read[step]}
    assert not superfluous
    assert given_to_all <= set.union(*read.values())
    # What nobody reads would be told: the process has this one, and only a look at all of them would note it.
    assert not any("LAMBDA_RUNTIME_DIR" in names for names in read.values())
    # A variable that is missing is a KeyError, and the invocation fails.
    assert not published.cloud.errors


def test_a_message_that_a_function_does_not_understand_comes_back_alone(published: Published) -> None:
    records = [{"messageId": body, "body": body, "eventSource": "aws:sqs"} for body in ("rubbish", Hint((str(HOME),), "gone").body())]
    assert published.invoke("index", {"Records": records}) == {"batchItemFailures": [{"itemIdentifier": "rubbish"}]}


def test_what_a_function_raises_fails_the_invocation_and_the_next_one_is_served(published: Published) -> None:
    with pytest.raises(FunctionError, match="UnexpectedBatchTypeError"):
        published.invoke("invalidate", {})
    test_event = {"messageId": "1", "body": '{"Event":"s3:TestEvent"}', "eventSource": "aws:sqs"}
    assert published.invoke("invalidate", {"Records": [test_event]}) == {"batchItemFailures": []}
