"""Programmes as files: begun, looked at, and compared with what is published."""

import json
import re
from pathlib import Path
from typing import Any

import click

from plaudit.people import json_option
from plaudit.places import Where
from plaudit.programme.asking import (
    ask,
    boards_lines,
    change_lines,
    file_argument,
    post_programme,
    said,
    show,
    to_work,
    warn,
    why_two,
)
from plaudit.programme.file_of_a_beginning import BEGINNING
from shared.contracts.fields import SLUG_PATTERN
from shared.contracts.texts import written_out
from shared.programme_changes import Change, changes

READS = ("programmes:read", "programmes:write")


@click.command(
    "init", epilog="Example: plaudit programme init programme.yaml --id gardeners --title 'The gardeners'"
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--id", "programme_id", default="my-programme", show_default=True, help="Its id, in every version")
@click.option("--title", default="My programme", show_default=True, help="What it is called")
@json_option
def begin_programme(file: Path, programme_id: str, title: str, as_json: bool) -> None:
    """Write a FILE to begin with: rules, a badge, levels and a quest, with a word on each. Overwrites nothing."""
    if re.fullmatch(SLUG_PATTERN, programme_id) is None:
        raise click.BadParameter("an id is of lower-case letters, digits, - and _, 63 at most", param_hint="--id")
    text = BEGINNING.format(programme=programme_id, title=json.dumps(title, ensure_ascii=False))
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        raise click.ClickException(f"{file} is there already; name another, or remove it first") from error
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    done = {"file": str(file), "programme_id": programme_id}
    show(
        done,
        as_json=as_json,
        words=lambda _: [f"{file} is written; look at it: plaudit programme validate {file}"],
    )


@click.command("validate", epilog="Example: plaudit programme validate programmes/starter.yaml")
@to_work
@json_option
@file_argument
def validate_programme(where: Where, as_json: bool, file: Path) -> None:
    """Say what is wrong with a programme, by line and column, without publishing it."""
    checked = post_programme(where, file, dry_run=True)
    if as_json:
        click.echo(json.dumps(checked))
        return
    warn(checked)
    click.echo(f"{file} is valid")
    for line in boards_lines(checked["boards"]):
        click.echo(line)
    if checked["state"] == "proposed":
        click.echo(f"Published, it waits until another person approves it: {why_two(checked)}.")
        for line in change_lines(checked["money_changes"]):
            click.echo(line)


@click.command("diff", epilog="Example: plaudit programme diff programmes/starter.yaml")
@to_work
@json_option
@click.argument("what", metavar="FILE|VERSION")
@click.argument("against", metavar="[VERSION]", type=click.IntRange(min=1), required=False)
def diff_programmes(where: Where, as_json: bool, what: str, against: int | None) -> None:
    """Say in words what a FILE or a VERSION has otherwise than another: else than the version in force.

    The exit status is 0 where both say the same, and 1 where they do not.
    """
    after = _document(where, what)
    number = against if against is not None else _before(where, what)
    before = None if number is None else _version(where, number)
    found = changes(before, after)
    if as_json:
        click.echo(json.dumps({"against": number, "changes": [_shown(one) for one in found]}))
    else:
        click.echo(f"against version {number}" if number else "there is no version yet: all of it is new")
        for one in found:
            for line in _lines(one):
                click.echo(written_out(line))
        if not found:
            click.echo("nothing: both say the same")
    if found:
        raise SystemExit(1)


def _document(where: Where, what: str) -> Any:
    if what.isdecimal() and not Path(what).exists():
        return _version(where, int(what))
    file = Path(what)
    if not file.is_file():
        raise click.BadParameter(f"there is no file {what!r}; a version is a number", param_hint="FILE|VERSION")
    return post_programme(where, file, dry_run=True)["document"]


def _version(where: Where, number: int) -> Any:
    return ask(where, "GET", f"/v1/programmes/{number}", scopes=READS)["document"]


def _before(where: Where, what: str) -> int | None:
    """The version that is in force; of a version the published one before."""
    items = ask(where, "GET", "/v1/programmes", scopes=READS, params={"limit": 500})["items"]
    published = [one for one in items if one["state"] == "published"]
    if what.isdecimal() and not Path(what).exists():
        return next((one["version"] for one in published if one["version"] < int(what)), None)
    return next((one["version"] for one in published if one["in_force"] == "now"), None)


def _shown(change: Change) -> dict[str, Any]:
    details = [{"field": one.field, "before": one.before, "after": one.after} for one in change.details]
    return {
        "kind": change.kind,
        "what": change.noun,
        "id": change.id,
        "title": change.title,
        "takes_two": change.takes_two,
        "details": details,
    }


_SIGNS = {"add": "+", "del": "-", "mod": "~"}


def _lines(change: Change) -> list[str]:
    named = f"{change.noun} {change.id}" if change.noun not in ("programme", "payout") else change.noun
    title = f" ({change.title})" if change.title and change.noun != "programme" else ""
    money = "  [money: takes a second person]" if change.takes_two else ""
    lines = [f"{_SIGNS[change.kind]} {named}{title}{money}"]
    if change.kind == "add" and not change.details:
        shown = {name: value for name, value in change.piece.items() if name not in ("id", "title")}
        return lines + [f"    {name}: {said(value)}" for name, value in shown.items()]
    return lines + [f"    {one.field}: {said(one.before)} -> {said(one.after)}" for one in change.details]
