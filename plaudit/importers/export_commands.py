"""`plaudit import NAME` for the exports that connectors know, and `plaudit connector reconcile`."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click
import httpx

from connectors.compiled import Connector
from connectors.exports.contents import Reading
from connectors.reading import ConnectorError, read_connector
from connectors.shipped import connector as shipped_connector
from connectors.shipped import files as shipped_files
from plaudit.calls import Refused, request
from plaudit.importers.commands import Target, run_import, target_options
from plaudit.importers.exports import Options, open_either, open_export
from plaudit.importers.records import Source, SourceError
from shared.contracts.fields import SLUG_PATTERN
from shared.near_names import suggestion

SLUG = re.compile(SLUG_PATTERN)
F = TypeVar("F", bound=Callable[..., Any])


def opened(name: str) -> Connector:
    """A connector by name, or from a file. Raises ClickException, with the line of each mistake."""
    if name in shipped_files():
        return shipped_connector(name)
    path = Path(name)
    if not path.is_file():
        raise click.ClickException(
            f"{name}: there is neither such a file nor such a connector; {suggestion(name, shipped_files())}"
        )
    try:
        return read_connector(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeError) as error:
        raise click.ClickException(f"{name}: {error}") from None
    except ConnectorError as error:
        raise click.ClickException("\n".join(f"{name}: {mistake}" for mistake in error.mistakes)) from None


def export_options(command: F) -> F:
    """The options of whatever reads an export: how it is read, and its connector's settings."""
    for option in reversed(
        (
            click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="A setting of the connector."),
            click.option(
                "--column",
                "columns",
                multiple=True,
                metavar="NAME=HEADING",
                help="What a column is called in this file, where its heading is not known.",
            ),
            click.option("--encoding", help="Of a table: [default: what its byte order mark says, or utf-8]"),
        )
    ):
        command = option(command)
    return command


def options_of(sets: Sequence[str], columns: Sequence[str], encoding: str | None) -> Options:
    """The options as they were given. Raises SourceError for what has no `=`."""
    return Options(_pairs("--set", sets), Reading(encoding, _pairs("--column", columns)))


def _pairs(option: str, given: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise SourceError(f"{option} {one}: write NAME=VALUE")
        pairs[name.strip()] = value
    return pairs


def import_command(name: str) -> click.Command:
    """The command that imports a connector's exports."""
    found = opened(name)
    if not found.exports:
        raise click.ClickException(f"{name} knows no export")

    @click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
    @export_options
    @target_options
    def command(
        target: Target, files: Sequence[Path], sets: Sequence[str], columns: Sequence[str], encoding: str | None
    ) -> None:
        title = f"{found.name} {files[0]}"
        run_import(target, title, lambda: open_export(found, files, options_of(sets, columns, encoding)))

    return click.command(name, help=_help(found), short_help=found.document.title)(command)


def _help(found: Connector) -> str:
    """What a connector's exports are, where one gets them, and which settings there are."""
    read = found.document
    needs = list(dict.fromkeys(name for one in read.exports for name in one.needs))
    example = f"plaudit import {found.name} FILE" + "".join(f" --set {name}=…" for name in needs)
    said = "\n".join(f"  {one.title}.\n  Where: {one.said}" for one in read.exports)
    settings = "\n".join(
        f"  {name}: {one.title}" + (f" [default: {one.default}]" if one.default else "")
        for name, one in read.settings.items()
    )
    parts = [
        f"Import an export of {read.title}: files, folders or a zip.",
        f"\b\n{said}",
        f"\b\nSettings (--set NAME=VALUE):\n{settings}" if settings else "",
        f"To look first, with nothing sent: plaudit connector try FILE --connector {found.name}",
        f"\b\nExample:\n  {example}",
    ]
    return "\n\n".join(part for part in parts if part)


@click.command("reconcile")
@click.argument("name", metavar="NAME")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@export_options
@target_options
def reconcile(
    target: Target,
    name: str,
    files: Sequence[Path],
    sets: Sequence[str],
    columns: Sequence[str],
    encoding: str | None,
) -> None:
    """Send what was never delivered: from an export of the platform, or a folder of deliveries, one a file.

    What came live has the same ids and is a duplicate: nothing counts twice. NAME is a connected platform, whose
    connector and settings are taken, or a connector: then say the settings as they are for live deliveries. A file
    is a body, or {"headers": {…}, "body": {…}, "received": "2026-01-31T12:00:00Z"}.

    \b
    Examples:
      plaudit connector reconcile team-chat export.zip
      plaudit connector reconcile discourse users.csv --set address=https://forum.example.org
      plaudit connector reconcile forum deliveries/
    """

    def source() -> Source:
        options = options_of(sets, columns, encoding)
        connected = None if target.output is not None else _connected(target, name)
        if connected is None:
            return open_either(opened(name), files, options)
        found, settings = connected
        return open_either(found, files, replace(options, settings=settings | options.settings))

    run_import(target, f"reconcile {name} {files[0]}", source)


def _connected(target: Target, name: str) -> tuple[Connector, dict[str, str]] | None:
    """The connector of a connected platform and the settings that it has; None where there is none of the name."""
    if SLUG.fullmatch(name) is None:
        return None
    place = target.where.place()
    with place.access("plaudit connector reconcile", ("receipts:read",), ("ingest",)) as key:
        try:
            found = request("GET", f"{place.url('ingest')}/v1/connectors/{name}", key)
        except Refused as refused:
            if refused.status == httpx.codes.NOT_FOUND:
                return None
            raise
    connector = opened(found["connector"]) if found["document"] is None else read_connector(found["document"])
    return connector, found["settings"]
