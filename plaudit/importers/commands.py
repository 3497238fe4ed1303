"""`plaudit import`: history and other people's files into a community, safe to run again."""

import asyncio
import functools
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

import click
import orjson
from plaudit_client import AsyncPlaudit, PlauditError, UnreachableError
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn, TimeElapsedColumn

from plaudit.importers import cloudevents, deliveries, tabular
from plaudit.importers.delivery import Delivery, Summary, mapped_only
from plaudit.importers.git import GitOptions, open_repository
from plaudit.importers.gone import offer_to_take_back
from plaudit.importers.group import Imports
from plaudit.importers.mapping import TableMapping, build_mapping, read_mapping
from plaudit.importers.records import Source, SourceError
from plaudit.importers.report import report
from plaudit.importers.repositories import is_shallow
from plaudit.places import COMMUNITY, KEY, URL, Place, Where, where_options
from plaudit.stack.errors import StackError
from plaudit.terminal import lines_written_out
from shared.contracts.fields import EARLIEST_YEAR
from shared.contracts.texts import written_out

IMPORT_SCOPES = ("events:write", "receipts:read", "members:write")
PROGRESS_EVERY_COUNT = 200
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Target:
    """Where events go, and how the import is reported."""

    where: Where
    as_json: bool
    rate: float | None
    limit: int | None
    wait_seconds: float
    strict: bool
    earliest_year: int | None
    live: bool
    output: str | None


def target_options(command: F) -> F:
    """The options that every import has; they arrive as one `target`."""
    options = (
        where_options(URL, KEY, COMMUNITY),
        click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON."),
        click.option("--rate", type=click.FloatRange(min=0.1), help="At most so many events a second."),
        click.option("--limit", type=click.IntRange(min=1), help="Stop after so many events."),
        click.option(
            "--wait-seconds",
            type=click.FloatRange(min=0),
            default=120.0,
            show_default=True,
            help="How long to wait for what becomes of a batch.",
        ),
        click.option(
            "--strict",
            is_flag=True,
            help="Exit with 1 when anything was invalid, refused, in conflict, unsupported, or people apart.",
        ),
        click.option(
            "--earliest-year",
            type=click.IntRange(1, 9999),
            help=f"Times before it are mistakes, and refused.  [default: {EARLIEST_YEAR}]",
        ),
        click.option(
            "--live",
            is_flag=True,
            help="Send the events as ones that happen now: they wait for nothing, and people are told of them.",
        ),
        click.option(
            "--output",
            metavar="FILE",
            help="Write the events to a file, one a line, instead of sending them ('-': standard output).",
        ),
    )

    @functools.wraps(command)
    def with_target(**arguments: Any) -> None:
        names = Target.__dataclass_fields__
        target = Target(**{name: arguments.pop(name) for name in names})
        command(target=target, **arguments)

    wrapped: Any = with_target
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]


@click.group("import", cls=Imports)
def import_() -> None:
    """Bring history and files into a community.

    Every import may be run again, also after it was killed in the middle: an event is known by its source
    and id, which come from what is imported, so nothing counts twice.
    """


@import_.command("git")
@click.argument("path", type=click.Path(path_type=Path), default=".")
@click.option("--revision", default="HEAD", show_default=True, help="A branch, tag or range of commits.")
@click.option("--stat", is_flag=True, help="Count files and lines changed (slower).")
@click.option("--repository", help="The repository's name, for rules and reports.")
@click.option("--salt", envvar="PLAUDIT_IMPORT_SALT", default="", help="Goes before the address that is hashed.")
@click.option("--source", help="The events' source; default: git:<first commit>.")
@click.option(
    "--retract-gone", is_flag=True, help="Offer to take back commits that no branch or tag has any more."
)
@click.option("--yes", is_flag=True, help="With --retract-gone: take them back without being asked.")
@target_options
def import_git(
    target: Target,
    path: Path,
    retract_gone: bool,
    yes: bool,
    **said: Any,
) -> None:
    """Import the commits of any git repository, oldest first.

    Addresses are never sent: people are known by a hash of theirs. Co-authors earn too, bots don't. Whom the
    mailmap names is one member, also when it came later.

    \b
    Examples:
      plaudit import git ~/src/project --stat --repository project
      plaudit import git ~/src/project --retract-gone      # after a rebase: asks before it takes back
    """
    options = GitOptions(**said)
    if retract_gone and target.output is not None:
        raise click.UsageError("--retract-gone asks the service what is there: it does not go with --output.")
    scopes = (*IMPORT_SCOPES, "analytics:read") if retract_gone else IMPORT_SCOPES

    def afterwards(place: Place, key: str, summary: Summary) -> None:
        offer_to_take_back(
            place,
            key,
            path,
            options,
            summary,
            wait_seconds=target.wait_seconds,
            yes=yes,
            live=target.live,
            quiet=target.as_json,
        )

    run_import(
        target,
        f"git {path}",
        lambda: _open_git(path, options),
        Errand(scopes, afterwards if retract_gone else None),
    )


def _open_git(path: Path, options: GitOptions) -> Source:
    source = open_repository(path, options)
    if options.source is None and is_shallow(path):
        click.echo(
            f"{written_out(str(path))} is a shallow clone: older commits are missing, and once you fetch them the "
            "import has another source and counts again. "
            "Fetch all first (git fetch --unshallow), or give --source.",
            err=True,
        )
    return source


@import_.command("csv")
@click.argument("file")
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="FIELD=COLUMN|FILE.yaml",
    help="Which column fills a field; attributes may name a type: attributes.pages:int=COLUMN. Or a file.",
)
@click.option("--set", "sets", multiple=True, metavar="FIELD=VALUE", help="A field that is always the same.")
@click.option("--time-format", help="iso, unix, unix_ms, or a strptime format.  [default: iso]")
@click.option(
    "--separator",
    "--delimiter",
    "delimiter",
    default=",",
    show_default=True,
    help="What is between two cells: one character; \\t is a tab.",
)
@click.option(
    "--list-separator",
    metavar="TEXT",
    help="What is between several people of a cell.  [default: ; | , or a line break; between ids a blank]",
)
@click.option("--no-header", is_flag=True, help="The first line is a row; columns are called 1, 2, 3…")
@click.option("--columns", help="Names of the columns when there is no header: a,b,c.")
@click.option("--encoding", help="[default: what the file's byte order mark says, or utf-8]")
@click.option("--source", help="The events' source; default: csv:<name of the file>.")
@target_options
def import_csv(
    target: Target,
    file: str,
    maps: tuple[str, ...],
    sets: tuple[str, ...],
    time_format: str | None,
    delimiter: str,
    list_separator: str | None,
    no_header: bool,
    columns: str | None,
    encoding: str | None,
    source: str | None,
) -> None:
    """Import a table (gzipped or not, '-' is standard input): each row is an activity.

    \b
    Examples:
      plaudit import csv messages.csv.gz --set type=chat.message.v1 --set channel=chat \\
        --map actor=from --map object_author=to --map time=sent_at
      plaudit import csv commits.csv --separator ';' --list-separator ' and ' --map map.yaml
    """
    delimiter = "\t" if delimiter == "\\t" else delimiter
    if len(delimiter) != 1:
        raise click.BadParameter("must be one character", param_hint="--separator")
    names = tuple(name.strip() for name in columns.split(",")) if columns else ()
    options = tabular.CsvOptions(delimiter, encoding, not no_header, names, source)

    def opened() -> Source:
        return tabular.open_table(file, parse_mapping(maps, sets, time_format, list_separator), options)

    run_import(target, f"csv {file}", opened)


def parse_mapping(
    maps: tuple[str, ...], sets: tuple[str, ...], time_format: str | None = None, list_separator: str | None = None
) -> TableMapping:
    """The mapping that options describe; options win over files. Raises SourceError."""
    entries: dict[str, Any] = {}
    for given in maps:
        if "=" not in given:
            try:
                entries |= read_mapping(Path(given).read_text(encoding="utf-8"))
            except (OSError, UnicodeError) as error:
                raise SourceError(f"--map {given}: neither FIELD=COLUMN nor a readable file ({error})") from None
    for option, values, key in (("--map", maps, "column"), ("--set", sets, "value")):
        for given in values:
            name, equals, value = given.partition("=")
            if not equals and option == "--set":
                raise SourceError(f"--set {given}: write FIELD=VALUE")
            if equals:
                name, _, kind = name.partition(":")
                entries[name] = {key: value} | ({"as": kind} if kind else {})
    return build_mapping(entries, time_format, list_separator)


@import_.command("github-webhooks")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--salt", envvar="PLAUDIT_IMPORT_SALT", default="", help="As for `import git`: the same gives one person."
)
@target_options
def import_github_webhooks(target: Target, directory: Path, salt: str) -> None:
    """Import webhook bodies as a code forge sent them, one a file.

    Which event a body is of comes from the file's name up to the first dot (issues.opened.json), or from
    a file beside it, NAME.headers, with the line "X-GitHub-Event: issues".

    \b
    Example:
      plaudit import github-webhooks deliveries/
    """
    run_import(target, f"webhooks {directory}", lambda: deliveries.open_directory(directory, salt))


@import_.command("cloudevents")
@click.argument("file")
@target_options
def import_cloudevents(target: Target, file: str) -> None:
    """Import CloudEvents as they are, one JSON object a line (gzipped or not, '-' is standard input).

    \b
    Example:
      plaudit import cloudevents events.jsonl.gz
    """
    run_import(target, f"cloudevents {file}", lambda: cloudevents.open_lines(file))


@dataclass(frozen=True)
class Errand:
    """What an import needs beyond sending: the `scopes` of its key, and what is done `afterwards` with it."""

    scopes: Sequence[str] = IMPORT_SCOPES
    afterwards: Callable[[Place, str, Summary], None] | None = None


def run_import(
    target: Target, title: str, open_source: Callable[[], Source], errand: Errand | None = None
) -> None:
    """Open, send, report. Ends the process with 1 when the import could not go to its end.

    Events on standard output leave no place there for the report: it goes to standard error, and since whoever
    reads them sees nothing of it, rows that were invalid end the process with 1 too.
    """
    errand = errand or Errand()
    summary = Summary()
    failure: str | None = None
    try:
        source = open_source()
        if target.output is not None:
            _write(target, source, summary)
        else:
            place = target.where.place()
            url = place.url("ingest")
            services = ("ingest", "analytics") if errand.afterwards else ("ingest",)
            with place.access("plaudit import", errand.scopes, services) as key:
                asyncio.run(_deliver(target, title, source, summary, url, key))
                if errand.afterwards and not target.limit:
                    errand.afterwards(place, key, summary)
    except (SourceError, StackError, UnreachableError, PlauditError) as error:
        failure = str(error)
    except click.ClickException as error:
        failure = error.format_message()
    if target.as_json or summary.sent or not failure:
        report(summary, failure, output=target.output, as_json=target.as_json)
    if failure:
        click.echo(lines_written_out(f"Error: {failure}"), err=True)
        if summary.sent:
            click.echo("Run the same command again: what was taken will not count twice.", err=True)
    unseen = target.output == "-" and summary.invalid
    if failure or summary.pending or unseen or (target.strict and not summary.flawless):
        sys.exit(1)


def _progress(quiet: bool) -> Progress:
    columns: tuple[ProgressColumn | str, ...] = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[count]:,} events"),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True)


async def _deliver(target: Target, title: str, source: Source, summary: Summary, url: str, key: str) -> None:
    with _progress(target.as_json or not sys.stderr.isatty()) as progress:
        task = progress.add_task(written_out(title), total=source.total, count=0, rate=0.0)

        def show() -> None:
            elapsed = progress.tasks[0].elapsed or 1.0
            progress.update(
                task,
                description=written_out(title),
                completed=source.position(),
                count=summary.sent,
                rate=summary.sent / elapsed,
            )

        def show_waiting(seconds: float) -> None:
            progress.update(task, description=written_out(f"{title}, waits {seconds:.0f} s for its share"))

        async with AsyncPlaudit(
            url,
            key,
            earliest_year=target.earliest_year,
            backfill=not target.live,
            on_throttled=show_waiting,
        ) as client:
            delivery = Delivery(
                client,
                summary,
                rate=target.rate,
                wait_seconds=target.wait_seconds,
                earliest_year=target.earliest_year or EARLIEST_YEAR,
                on_progress=show,
            )
            await delivery.join(source.people)
            await delivery.run(source.records, target.limit)


def _write(target: Target, source: Source, summary: Summary) -> None:
    """The events themselves into a file, to look at or to send later (`import cloudevents`)."""
    if source.people:
        summary.apart += len(source.people)
        summary.note("apart", "a file of events cannot say so", source.people[0].ids[0])

    def lines(stream: IO[bytes]) -> None:
        for record in mapped_only(source.records, summary, target.earliest_year or EARLIEST_YEAR):
            stream.write(written_out(orjson.dumps(record.event).decode()).encode() + b"\n")
            summary.sent += 1
            if summary.sent == target.limit:
                break

    if target.output == "-":
        lines(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    try:
        with Path(str(target.output)).open("wb") as stream:
            lines(stream)
    except OSError as error:
        raise SourceError(f"{target.output}: {error.strerror or error}") from None
