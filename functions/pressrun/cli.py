"""The command line. A command reads its arguments, calls what does the work, and says what came of it.

Errors go to standard error, in one readable block. Exit codes: 0 done, 1 the content is at fault, 2 the call is at fault, 130 interrupted,
141 nobody reads what it says.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console

from pressrun.core.dates import read_instant
from pressrun.core.problem import Problem, errors, ranked
from pressrun.core.report import spoken

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


class _Stream(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Whoever read has gone: ends quietly, as the shell's own tools do by SIGPIPE, which must not end a process that serves others, too."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())  # for what is held back still
        raise SystemExit(128 + 13)


# The streams as they are now: what the functions of a local cloud print goes into a log instead.
out = _Stream(file=sys.stdout, highlight=False, soft_wrap=True, emoji=False)
err = _Stream(file=sys.stderr, highlight=False, soft_wrap=True, emoji=False)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value, on one line.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Where the magazine is served.")]
AwsPort = Annotated[int, typer.Option(min=1, max=65535, help="Where AWS is.")]
Latency = Annotated[str, typer.Option(metavar="aws", help="aws: everything takes about as long as it does on AWS.")]
WeatherOption = Annotated[
    Literal["calm", "rough", "storm"], typer.Option(help="How hostile the events are: late, shuffled, twice, and functions that fail or die.")
]
DeskPort = Annotated[int, typer.Option(min=0, max=65535, help="Where the desk is, for this machine alone. 0: any port that is free.")]


def main() -> None:
    """The entry point. With PRESSRUN_DEBUG in the environment, an error that no command expects shows where it came from."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends it with a signal gets the same tidy end
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        from pressrun.local.theme import REMEDY, mistake_in

        if os.environ.get("PRESSRUN_DEBUG"):
            raise
        if wrong := mistake_in(error):
            said, remedy = wrong, REMEDY
        elif isinstance(error, UnicodeEncodeError):
            said, remedy = f"The name {error.object!a} is not text in UTF-8, and nothing can be published from it.", "Rename the file."
        else:
            said = f"Something went wrong: {type(error).__name__}: {error}"
            remedy = "This should not happen. With PRESSRUN_DEBUG=1 in the environment, the same command shows where it came from."
        err.print(said, markup=False)
        err.print(remedy, markup=False)
        sys.exit(2)


def fail(*lines: str, code: int = 2) -> NoReturn:
    """Ends the command. ``code`` 1: the content is at fault; 2: the call is."""
    for line in lines:
        err.print(line, markup=False)
    raise typer.Exit(code)


def say(line: str = "") -> None:
    out.print(line, markup=False)


def say_json(value: object) -> None:
    say(json.dumps(value, ensure_ascii=False))


def say_table(*rows: tuple[str, ...]) -> None:
    """In columns, each as wide as it needs: a machine may cut them apart, and a URL is never broken."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip())


@contextmanager
def doing(what: str) -> Iterator[None]:
    """A sign of life, on a terminal only."""
    if err.is_terminal:
        with err.status(what):
            yield
    else:
        yield


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar, on a terminal only. What it is told: what is being done, how many are done and how many there are."""
    if not err.is_terminal:
        yield lambda *_: None
        return
    from rich.progress import Progress

    # Without a thread of its own, which a process that is copied must not have.
    with Progress(console=err, transient=True, auto_refresh=False) as bar:
        task, drawn = bar.add_task(""), 0.0

        def told(what: str, done: int, total: int) -> None:
            nonlocal drawn
            if (at := time.monotonic()) - drawn > 0.1:
                drawn = at
                bar.update(task, description=what, completed=done, total=total, refresh=True)

        yield told


# On a folder


@app.command()
def new(
    title: Annotated[str, typer.Argument(help="The headline.")],
    section: Annotated[str, typer.Option(help="The section that it belongs to.")] = "",
) -> None:
    """Begin an article: a file with its front matter."""
    from pressrun.core.article import LONGEST_TITLE
    from pressrun.core.links import slug_of

    if not title.strip():
        fail("The title is empty.", 'Give the headline, as in: pressrun new "Ice on the estuary"')
    if len(title) > LONGEST_TITLE:
        fail(f"The title has {len(title)} characters; {LONGEST_TITLE} is the most.", "Shorten it; the rest may be the summary.")
    name = f"{slug_of(title) or 'article'}.md"
    path = Path("articles", name) if Path("site.toml").is_file() else Path(name)
    if path.exists():
        fail(f"{path} is there already.", "Give the article another title, or go on with that file.")
    fields = [f"title: {json.dumps(title, ensure_ascii=False)}", *([f"section: {json.dumps(section, ensure_ascii=False)}"] if section else [])]
    fields += [f"date: {datetime.now().astimezone().isoformat(timespec='minutes')}", "authors: []", "tags: []", 'summary: ""', "draft: true"]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(["---", *fields, "---", "", "Write here. Remove the line draft: true to publish.", ""]), "utf-8")
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}.")
    say(str(path))


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Articles, other content files, site.toml, or folders of them.")], as_json: Json = False
) -> None:
    """Say what an upload of these files would be told."""
    from pressrun.core.build import NoMagazine, judge
    from pressrun.core.magazine import KEY as SITE_TOML
    from pressrun.core.magazine import read_magazine
    from pressrun.local.folder import read_content, read_register

    files = [path for given in paths for path in _files_below(given)]
    root = _content_folder(files[0])
    named = {_key_of(path, root): path for path in files}
    content = read_content(root, named)
    verdicts: dict[str, tuple[str, tuple[Problem, ...]]] = {}
    if SITE_TOML in named:
        magazine, problems = read_magazine(content[SITE_TOML])
        verdicts[SITE_TOML] = "live" if magazine else "refused", problems
    if named.keys() - {SITE_TOML} or magazine:
        try:
            judged = judge(content, read_register(root), datetime.now(UTC).replace(microsecond=0), sorted(named))
        except NoMagazine as none:
            fail(f"{root / SITE_TOML}", *map(spoken, none.problems), code=1)
        verdicts |= {key: (found.status, found.problems) for key, found in judged.items()}
    if as_json:
        say_json([{"key": key, "status": status, "problems": list(map(asdict, ranked(found)))} for key, (status, found) in verdicts.items()])
    else:
        for key, (status, found) in verdicts.items():
            say("\n".join([f"{named[key]}: {status}", *map(spoken, ranked(found))]))
    if any(errors(found) for _, found in verdicts.values()):
        raise typer.Exit(1)


def _files_below(path: Path) -> list[Path]:
    """What an upload of this file or folder would publish."""
    from pressrun.core.cards import is_source
    from pressrun.core.magazine import KEY as SITE_TOML

    if path.is_file():
        return [path]
    if not path.is_dir():
        fail(f"There is no file {path}.")
    root = _content_folder(path / "any")
    files = sorted(file for file in path.rglob("*") if file.is_file())
    found = [file for file in files if is_source(key := _place_of(file).relative_to(root).as_posix()) or key == SITE_TOML]
    # A folder that is none of the magazine's own: what in it could be an article.
    loose = (file for file in files if file.suffix in (".md", ".markdown") and not {"reports", ".pressrun"} & set(file.parts))
    return found or list(loose) or fail(f"There is no article in {path}.")


def _place_of(path: Path) -> Path:
    """Where a file lies; one that is a link, not what it leads to."""
    return path.parent.resolve() / path.name


def _content_folder(path: Path) -> Path:
    for folder in _place_of(path).parents:
        if (folder / "site.toml").is_file():
            return folder
    fail(f"There is no site.toml beside {path} or above it.", "An article is judged by its magazine: put it into the magazine's folder.")


def _key_of(path: Path, root: Path) -> str:
    """Where an upload of the file would go: a file that lies elsewhere than content should is judged as if its folder lay in articles/."""
    from pressrun.local.folder import is_content

    place = _place_of(path)
    if not place.is_relative_to(root):
        fail(f"{path} does not lie in {root}.", "Check the articles of one magazine at a time.")
    key = place.relative_to(root).as_posix()
    return key if is_content(key) else f"articles/{key}"


@app.command()
def build(
    content: Annotated[Path, typer.Argument(help="The content folder: site.toml, articles/, and .pressrun/ if there is a register.")],
    into: Annotated[Path, typer.Argument(metavar="OUT", help="The folder that the site is written into.")],
    now: Annotated[str, typer.Option(help="The instant that the site is of, such as 2026-11-22T09:30:00Z. Without it, this one.")] = "",
    as_json: Json = False,
) -> None:
    """Make the whole site of a content folder, in one pass."""
    from jinja2 import TemplateError

    from pressrun.cloud.theme import load_theme
    from pressrun.core.build import NoMagazine
    from pressrun.local.output import write_site

    if not content.is_dir():
        fail(f"There is no folder {content}.")
    _refuse_to_build_into(into, content)
    instant = _instant(now)
    began = time.monotonic()
    with progress() as told:
        try:
            made = write_site(content, into, instant, load_theme(), told)
        except NoMagazine as none:
            fail(f"{content / 'site.toml'}", *map(spoken, none.problems), code=1)
        except TemplateError:
            raise  # one that is not there is an OSError, too; main tells it
        except OSError as error:
            at = f" ({error.filename})" if error.filename else ""
            fail(f"The site of {content} cannot be written into {into}: {error.strerror}{at}.")
    value: dict[str, Any] = {"articles": made.articles, "refused": len(made.refused), "objects": made.objects, **made.counts}
    value["seconds"] = round(time.monotonic() - began, 3)
    if as_json:
        say_json(value)
    else:
        say("{articles} articles, {objects} objects: {put} written, {unchanged} unchanged, {deleted} deleted, in {seconds} s".format(**value))
    if made.refused:
        for key, problems in made.refused.items():
            err.print(f"\n{key}: refused", markup=False)
            for problem in ranked(problems):
                err.print(spoken(problem), markup=False)
        raise typer.Exit(1)


def _refuse_to_build_into(into: Path, content: Path) -> None:
    """What a build deletes, or an upload takes for content, must never be both."""
    from pressrun.core.report import PREFIX as REPORTS
    from pressrun.local.folder import REGISTER, is_content

    site, source = into.resolve(), content.resolve()
    below = f"{site.relative_to(source).as_posix()}/" if site.is_relative_to(source) else ""
    if source.is_relative_to(site) or is_content(below) or below.startswith((REPORTS, f"{REGISTER}/")):
        fail(f"{into} holds content, and a build deletes what is no longer of the site.", "Name a folder of its own for the site.")


def _instant(text: str) -> datetime:
    from zoneinfo import ZoneInfo

    try:
        return read_instant(text, ZoneInfo("UTC")) if text else datetime.now(UTC).replace(microsecond=0)
    except ValueError:
        fail(f"“{text}” is not an instant.", "Write it like 2026-11-22T09:30:00Z.")


# The local cloud


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Publish the sample magazine, say what happened, and leave.")] = False,
    port: Port = 8080,
    aws_port: AwsPort = 4566,
    desk_port: DeskPort = 0,
    weather: WeatherOption = "calm",
    latency: Latency = "",
    as_json: Json = False,
) -> None:
    """The local cloud with a sample magazine, published through the real pipeline."""
    from pressrun.cloud import remote
    from pressrun.cloud.cloud import connect
    from pressrun.local import dev as local

    with tempfile.TemporaryDirectory(prefix="pressrun-demo-") as name:
        folder = Path(name)
        local.copy_sample(folder)
        if once:
            began = time.monotonic()
            with _local_cloud(folder, 0, 0, watch=False, weather=weather, latency=latency) as site:
                with doing("Publishing the sample magazine…"):
                    settled = site.settle(600)
                value = site.summary(time.monotonic() - began)
                difference = remote.verify(connect()) if settled and weather != "calm" else None
            if as_json:
                say_json(value)
            else:
                _say_summary(value)
            if not settled:
                fail(_unsettled(site), code=1)
            if difference and not difference.identical:
                fail("The site is not what it should be:", difference.text(), code=1)
            if difference and not as_json:
                say(difference.text())
        else:
            _serve(folder, aws_port, port, desk_port, sample=True, weather=weather, latency=latency)


@app.command()
def dev(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The content folder. It is made if it is not there.")],
    port: Port = 8080,
    aws_port: AwsPort = 4566,
    desk_port: DeskPort = 0,
    weather: WeatherOption = "calm",
    latency: Latency = "",
) -> None:
    """The local cloud over a content folder: a file saved in it is published, and so is what any S3 client uploads."""
    from pressrun.local.folder import starter

    if folder.exists() and not folder.is_dir():
        fail(f"{folder} is a file. Name a folder.")
    if not (folder / "site.toml").exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "site.toml").write_text(starter(port), "utf-8")
        except OSError as error:
            fail(f"{folder} cannot be written into: {error.strerror}.")
        say(f"{folder / 'site.toml'} was not there; a plain one is now. Change it as you like.")
    _serve(folder, aws_port, port, desk_port, sample=False, weather=weather, latency=latency)


def _serve(folder: Path, aws_port: int, port: int, desk_port: int, *, sample: bool, weather: str, latency: str) -> None:
    from pressrun.cloud.cloud import connect

    with _local_cloud(folder, aws_port, port, watch=True, weather=weather, latency=latency) as site, _desk(connect(), desk_port) as desk:
        with doing("Publishing…"):
            settled = site.settle(600)
        for answer in site.refusals():
            say(f"{answer}\n")
        value = site.summary(0)
        say(f"The magazine is at {site.cloud.site_url}/ ({value['articles']} articles, {value['refused']} refused).")
        if not settled:
            say(_unsettled(site))
        say(f"The desk is at {desk}: what is live, scheduled, refused and pending, for this machine alone.")
        say()
        say("To publish an article of your own, in another terminal:")
        say(f"  export AWS_ENDPOINT_URL={site.cloud.endpoint_url} AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any")
        say('  .venv/bin/pressrun new "My first article"')
        say("  .venv/bin/pressrun publish my-first-article.md         (draft: true keeps it a draft; remove that line)")
        say("or with any S3 client, as .venv/bin/aws s3 cp my-first-article.md s3://pressrun-content/articles/")
        say(f"or save a file in {folder.resolve() / 'articles'}" + (", which is gone when this ends." if sample else "."))
        say("The answers to uploads appear here, and in reports/ of the same folder and bucket.")
        say(f"What the functions log is in {site.log}. Stop with Ctrl-C.\n")
        try:
            for answer in site.answers():
                say(answer)
        except KeyboardInterrupt:
            say()


def _unsettled(site: Any) -> str:
    if site.mistakes:
        return "Not every page can be made: a template cannot be used, as said above."
    return f"Not everything was done within ten minutes. What failed is in {site.log}."


@contextmanager
def _local_cloud(folder: Path, aws_port: int, port: int, *, watch: bool, weather: str, latency: str) -> Iterator[Any]:
    from pressrun.cloud.theme import load_theme
    from pressrun.local import dev as local
    from pressrun.local.theme import check_theme
    from pressrun.local.weather import Weather

    if latency not in ("", "aws"):
        fail(f"There is no latency {latency}.", "The only one is --latency aws.")
    check_theme(load_theme())  # a mistake ends in main
    with ExitStack() as stack:
        try:
            settings: dict[str, Any] = {"reload": watch, "watch": watch, "weather": Weather(weather), "latency": bool(latency)}
            tell = partial(err.print, markup=False)
            site = stack.enter_context(local.running(folder, tell, aws_port=aws_port, cdn_port=port, **settings))
        except BlockingIOError:
            fail(f"Another pressrun dev is at work on {folder}.", "Publish through that one, or stop it first.")
        except OSError as error:
            if error.filename:
                fail(f"{error.filename}: {error.strerror}.", "Pressrun reads and writes the content folder. Is it allowed to you?")
            fail(f"The local cloud cannot start: {error.strerror}.", "Another one may be running. Choose other ports with --port and --aws-port.")
        yield site


@contextmanager
def _desk(cloud: Any, port: int) -> Iterator[str]:
    from pressrun.local.desk import serving

    with ExitStack() as stack:
        try:
            address = stack.enter_context(serving(cloud, port))
        except OSError as error:
            fail(f"The desk cannot start: port {port}: {error.strerror}.", "Another one may be running. Choose another port.")
        yield address


def _say_summary(value: dict[str, Any]) -> None:
    say("{articles} articles are live, {refused} refused, in {seconds} s.".format(**value))
    say(
        "{objects} objects in the site: {put} puts, {unchanged} left unchanged, {deleted} deleted, {invalidation_items} invalidation items.".format(
            **value
        )
    )
    calls = [(service, operation, str(count)) for service, operations in value["calls"].items() for operation, count in operations.items()]
    say_table(("service", "operation", "calls"), *calls)


@app.command()
def storm(
    seed: Annotated[int, typer.Option(help="Where to begin. The same seed gives the same runs.")] = 0,
    runs: Annotated[int, typer.Option(min=0, help="How many, at most.")] = 0,
    minutes: Annotated[float, typer.Option(min=0, help="For how long, at most. Without either, ten.")] = 0,
    everything: Annotated[bool, typer.Option("--all", help="Instead: every fault at every call of the small histories, and every schedule.")] = False,
    history: Annotated[str, typer.Option(help="One run alone: its changes, as a failure gives them.")] = "",
    faults: Annotated[str, typer.Option(help="What goes wrong in it, at which call, such as '17=crash 80=delay'.")] = "",
    rough: Annotated[bool, typer.Option("--rough", help="In rough weather, by the seed.")] = False,
    race: Annotated[str, typer.Option(help="One run alone: two functions at once, as a failure gives them.")] = "",
    hands: Annotated[str, typer.Option(help="After which of its steps the other function goes on.")] = "",
    dies: Annotated[int, typer.Option(help="At which of its steps a function dies.")] = -1,
) -> None:
    """Hold every promise against every fault: crashes, errors and delays at any AWS call, in a magazine in memory."""
    from pressrun.local.storm import command

    if (faults or rough) and not history:
        fail("--faults and --rough are for one run alone.", "Give its --history, too, as a failure does.")
    if (hands or dies >= 0) and not race:
        fail("--hands and --dies are for one run alone.", "Give its --race, too, as a failure does.")
    command.same_every_time()
    if history or race:
        try:
            run = command.one_run(history, faults, race, hands, dies, rough=rough, seed=seed)
        except ValueError as error:
            fail(f"This is no run: {error}.")
        outcome = command.again(run)
        say(outcome.failure or "Every promise was kept.")
        raise typer.Exit(1 if outcome.failure else 0)
    minutes = minutes if minutes or runs or everything else 10
    with _progress(runs or 60 * minutes) as advance:
        tally = command.weather(
            seed,
            runs,
            minutes,
            everything=everything,
            step=lambda tally: advance(tally.runs if runs else tally.seconds, f"{tally.runs} runs, {len(tally.failures)} failures"),
            failed=lambda outcome: err.print(f"\n{outcome.failure}\nAgain: {outcome.run.command}\n", markup=False),
        )
    say(tally.text())
    raise typer.Exit(1 if tally.failures else 0)


@contextmanager
def _progress(whole: float) -> Iterator[Any]:
    """A bar, on a terminal only. Gives what is to be called with how much of the ``whole`` (0: unknown) is done, and a few words."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=err, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=whole or None)
        yield lambda done, words: bar.update(task, completed=done, description=words)


# Against a cloud: AWS, or a local one by AWS_ENDPOINT_URL


@app.command()
def publish(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="The articles.")],
    to: Annotated[str, typer.Option(metavar="KEY", help="The content key, or a folder that ends with /. Without it, articles/<file name>.")] = "",
    timeout: Annotated[int, typer.Option(min=0, help="Seconds to wait.")] = 120,
    as_json: Json = False,
) -> None:
    """Upload articles, wait, and show what came of it."""
    from pressrun.cloud import remote
    from pressrun.core.media import KINDS

    for file in files:
        if not file.is_file():
            fail(f"There is no file {file}.")
    if to and not to.endswith("/") and len(files) > 1:
        fail("--to names one key, and there are several files.", "End it with / to name a folder.")
    keys = [(to + file.name if to.endswith("/") else to) or f"articles/{file.name}" for file in files]
    if len(set(keys)) < len(keys):
        fail("Two of these files have the same name, and would take each other's place.", "Publish them into different folders, with --to.")
    for key in keys:
        if not key.startswith(KINDS) and key != "site.toml":
            fail(f"Nothing is published from the key {key}.", "An article's begins with articles/.")
    with remote.connected(fail) as cloud, doing("Publishing…"):
        receipts = remote.publish(cloud, list(zip(keys, files, strict=True)), timeout)
    if as_json:
        say_json([receipt.value() for receipt in receipts])
    else:
        for receipt in receipts:
            say(receipt.text())
    if any(receipt.status == "refused" for receipt in receipts):
        raise typer.Exit(1)
    if not all(receipt.settled for receipt in receipts):
        fail(f"Not everything was done after {timeout} seconds. pressrun settle waits for the rest.", code=1)


@app.command()
def status(key: Annotated[str, typer.Argument(help="One content key.")] = "", as_json: Json = False) -> None:
    """What is live, scheduled, refused."""
    from pressrun.cloud import remote

    with remote.connected(fail) as cloud:
        _must_have_basis(cloud)
        rows, report, waiting = remote.status(cloud, key)
    if as_json:
        say_json(rows)
    if key and not rows:
        fail(f"Nothing was ever uploaded at {key}.", code=1)
    if as_json:
        return
    say_table(("article", "status", "since", "URL"), *((row["key"], row["status"], row["since"], row["url"] or "") for row in rows))
    if report:
        say("\n" + report)
    say(f"{waiting} pending" if waiting else "Nothing is pending.")


@app.command()
def desk(port: Annotated[int, typer.Option(min=0, max=65535, help="Where it is served. 0: any port that is free.")] = 8090) -> None:
    """A private page, for this machine alone: what is live, scheduled, refused and pending, with the answers, while one looks."""
    from pressrun.cloud import remote

    with remote.connected(fail) as cloud, _desk(cloud, port) as address:
        say(f"The desk is at {address}, for this machine alone. Stop with Ctrl-C.")
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


@app.command()
def preview(
    key: Annotated[str, typer.Argument(help="The content key of a draft or of an embargoed article.")],
    hours: Annotated[int, typer.Option(min=1, max=168, help="How long the address is good for.")] = 24,
    timeout: Annotated[int, typer.Option(min=0, help="Seconds to wait.")] = 60,
    as_json: Json = False,
) -> None:
    """A private address with every page that the article would change."""
    from pressrun.cloud import remote

    with remote.connected(fail) as cloud, doing("Making the preview…"):
        try:
            url = cloud.content.address(remote.preview(cloud, key, timeout), hours * 3600)
        except LookupError as phase:
            fail(f"There is no preview of {key}: its status is {phase}.", "A draft has one, and an article that goes live later.", code=1)
        except TimeoutError:
            fail(f"The preview was not there after {timeout} seconds. Try again.", code=1)
    if as_json:
        say_json({"key": key, "url": url, "hours": hours})
    else:
        say(url)


@app.command()
def settle(timeout: Annotated[int, typer.Option(min=0, help="Seconds to wait.")] = 300, as_json: Json = False) -> None:
    """Wait until nothing is pending."""
    from pressrun.cloud import remote

    with remote.connected(fail) as cloud, doing("Waiting…"):
        left = remote.settle(cloud, timeout)
    if as_json:
        say_json({"settled": not left, "pending": left})
    else:
        say("Nothing is pending." if not left else f"{left} still pending after {timeout} seconds.")
    if left:
        raise typer.Exit(1)


@app.command()
def verify(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what is not as it should be.")] = False,
    as_json: Json = False,
) -> None:
    """Compare the live site with what the content and the register make it, to the byte."""
    from pressrun.cloud import remote
    from pressrun.core.build import NoMagazine

    with remote.connected(fail) as cloud, doing("Comparing…"):
        unlike = _unlike(cloud.catalogue.basis().edition)
        if repair and unlike:
            fail(*unlike)
        try:
            difference = remote.verify(cloud)
            if repair and not difference.identical:
                remote.repair(cloud, difference)
                difference = remote.verify(cloud)
        except NoMagazine as none:
            fail("site.toml", *map(spoken, none.problems), code=1)
    if as_json:
        say_json(difference.value())
    else:
        say(difference.text())
    if not difference.identical:
        fail(*unlike, code=1)


def _must_have_basis(cloud: Any) -> None:
    """A catalogue that is lost must not pass for one of a magazine with nothing in it."""
    if not (in_force := cloud.catalogue.basis().edition):
        fail(*_unlike(in_force), code=1)


def _unlike(in_force: str) -> tuple[str, ...]:
    """What is to be said where another edition is in force than the one by which a site is compared, or none; else nothing."""
    from pressrun.local.package import edition

    if not in_force:
        return "The catalogue is empty, and nothing is in force.", "pressrun republish makes it again from the register."
    if in_force == edition():
        return ()
    other = "Other code or templates are in force than those of this checkout and of TEMPLATES, by which it is compared."
    return other, "Compare by those that were deployed."


@app.command()
def explain(
    url: Annotated[str, typer.Argument(metavar="URL", help="An address of the site, or its path, such as /news/ice/.")], as_json: Json = False
) -> None:
    """What a page was made from, what changed it last, and when the CDN was told."""
    from pressrun.cloud import remote
    from pressrun.cloud.explain import Elsewhere, NotAnAddress
    from pressrun.cloud.explain import explain as explained

    with remote.connected(fail) as cloud:
        _must_have_basis(cloud)
        try:
            found = explained(cloud, url)
        except Elsewhere as other:
            fail(f"{other} is not the magazine's address.", "Give a URL of the site, or its path, such as /news/ice/.", code=1)
        except NotAnAddress:
            fail(f"“{url}” is no URL.", "Give a URL of the site, or its path, such as /news/ice/.")
    if as_json:
        say_json(found.value())
    else:
        say(found.text())


@app.command()
def deploy(
    parameters: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE…]", help="Parameters of infra/template.yaml, such as FreshLists=expire.")
    ] = None,
) -> None:
    """Package and deploy with SAM; then everything is looked at by the new code and templates. PRESSRUN_NAME names the stack."""
    from pressrun.cloud import remote
    from pressrun.cloud.theme import load_theme
    from pressrun.local import deploy as local
    from pressrun.local import package
    from pressrun.local.dev import TEMPLATE
    from pressrun.local.theme import check_theme

    sam = shutil.which("sam")
    if sam is None:
        fail("SAM's command line is not installed.", "Install it (pip install aws-sam-cli), and log in to AWS.")
    if wrong := next((parameter for parameter in parameters or () if "=" not in parameter), ""):
        fail(f"{wrong} is no parameter.", "Write it as NAME=VALUE, such as FreshLists=expire.")
    names = {parameter.partition("=")[0] for parameter in parameters or ()}
    own = {"Name", "Edition"}
    if given := names & own:
        fail(f"{given.pop()} is no parameter to be given.", "PRESSRUN_NAME names the stack; the edition is that of this checkout and of TEMPLATES.")
    known = local.parameters_of(TEMPLATE) - own
    if unknown := names - known:
        fail(f"The template has no parameter {unknown.pop()!r}.", f"It has {', '.join(sorted(known))}.")
    check_theme(load_theme())  # a mistake ends in main
    remote.must_reach_aws(fail)
    with doing("Packaging…"):
        try:
            built = package.build()
        except subprocess.CalledProcessError as error:
            fail("The package cannot be made.", str(error.stderr or error).strip())
    say(f"{built.folder}: {built.size / 1e6:.1f} MB, edition {built.edition}{'' if built.compiled else ', without bytecode: there is no python3.13'}")
    if subprocess.run(local.arguments(sam, TEMPLATE, remote.stack_name(), built.edition, parameters or ()), check=False).returncode:  # noqa: S603 - as it was given
        fail("SAM has not deployed it.", "What it says above is the reason; nothing was put in force.", code=1)
    deployed = "The stack is deployed, but this edition could not be put in force, and its functions do nothing before it is."
    again = "Once that is mended, the same command goes on from there."
    with remote.connected(lambda *lines: fail(deployed, *lines, again)) as cloud:
        is_new = remote.put_in_force(cloud, built.edition)
    say("Deployed. " + ("Everything is looked at again; pressrun settle waits until it is." if is_new else "This edition was in force already."))


@app.command()
def republish(
    failed: Annotated[bool, typer.Option("--failed", help="Only what failed each time and lies among the dead letters.")] = False,
    as_json: Json = False,
) -> None:
    """Make everything anew, whatever the archive's size: what already is as it should be is left unchanged."""
    from pressrun.cloud import remote
    from pressrun.local.package import edition

    with remote.connected(fail) as cloud:
        count = remote.take_up(cloud) if failed else remote.republish(cloud, edition())
    if as_json:
        say_json({"hinted": count})
    elif failed:
        say(f"{count} dead letters are taken up again. pressrun settle waits until that is done.")
    else:
        say(f"{count} files, pages and lists are looked at again. pressrun settle waits until they are.")
