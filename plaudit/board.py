"""`plaudit board`: which boards there are, who is on them, and their results."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import click
from rich.console import Console

from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.programme.asking import show
from plaudit.services_asked import Asking
from plaudit.terminal import plain
from shared.contracts.texts import written_out

to_work = where_options(URL, KEY, COMMUNITY)
board_argument = click.argument("board")
READ = ("recognition:read",)
SHOWN_COUNT = 20
_ask = Asking("plaudit board", "recognition")


@click.group()
def board() -> None:
    """See the boards that the programme declares, who is on them, and results of periods that are over."""


def _counts(one: Mapping[str, Any]) -> str:
    parts = [one["period"].replace("_", " "), one["score"] or "points"]
    parts += [f"on {one['channel']}"] if one["channel"] else []
    parts += [f"of {one['audience']['id']}"] if one["audience"] else []
    return ", ".join(parts)


@board.command("list", epilog="Example: plaudit board list --community demo")
@to_work
@json_option
def list_boards(where: Where, as_json: bool) -> None:
    """List the boards of the programme in force, and how many members are on each."""
    found = _ask(where, "GET", "/v1/boards", READ)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("board", "title", "counts", "ends", "members", "prizes")
    for one in found["items"]:
        cells = (
            one["id"],
            one["title"],
            _counts(one),
            one["ends_on"] or "never",
            f"{one['members']:,}",
            ", ".join(prize["title"] for prize in one["prizes"]),
        )
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@board.command("show", epilog="Example: plaudit board show month --community demo")
@to_work
@json_option
@click.option("--limit", type=click.IntRange(1, 500), default=SHOWN_COUNT, show_default=True, help="Members shown")
@board_argument
def show_board(where: Where, as_json: bool, limit: int, board: str) -> None:
    """Show who is on a BOARD now."""
    found = _ask(where, "GET", f"/v1/boards/{quote(board, safe='')}", READ, params={"limit": limit})
    show(found, as_json=as_json, words=board_lines)


def board_lines(found: Mapping[str, Any]) -> list[str]:
    """A board in words."""
    one = found["board"]
    lines = [written_out(f"{one['title']} ({one['id']}): {_counts(one)}")]
    lines += [written_out(one["description"])] if one["description"] else []
    if one["ends_on"]:
        lines.append(f"{one['starts_on']} to {one['ends_on']}, final {one['freeze_after_days']} days after")
    lines.append(f"{found['members']:,} on it")
    lines += [] if one["is_whole"] else [f"what was before {one['since']} is not on it"]
    for entry in found["items"]:
        name = entry["name"] or entry["member_id"]
        lines.append(written_out(f"{entry['rank']:>6,}  {name}  {entry['points']:,}{_moved(entry['moved'])}"))
    return lines


def _moved(moved: Mapping[str, Any] | None) -> str:
    if moved is None or moved["by"] == 0:
        return ""
    return "  new" if moved["is_new"] else f"  {moved['by']:+,}"


@board.command("results", epilog="Example: plaudit board results month --of 2026-10-01 --community demo")
@to_work
@json_option
@click.option(
    "--of", "starts_on", metavar="DAY", help="The first day of a period: who was on it, and who won what"
)
@click.option(
    "--period",
    type=click.Choice(["year", "quarter", "month", "week", "day"]),
    help="Of which kind that is; the board's own, if not given",
)
@board_argument
def show_results(where: Where, as_json: bool, starts_on: str | None, period: str | None, board: str) -> None:
    """Show of which periods of a BOARD there are results, or those of one."""
    path = f"/v1/boards/{quote(board, safe='')}/results"
    if starts_on is not None:
        of_one = f"{path}/{quote(starts_on, safe='')}" + (f"?period={period}" if period else "")
        show(_ask(where, "GET", of_one, READ), as_json=as_json, words=result_lines)
        return
    found = _ask(where, "GET", path, READ)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("from", "to", "of a", "state", "members", "came late")
    for one in found["items"]:
        late = f"{one['late_awards']:,} awards" if one["late_awards"] else ""
        state = "final" if one["is_final"] else "not final"
        table.add_row(one["starts_on"], one["ends_on"], one["period"], state, f"{one['members']:,}", late)
    Console().print(table)


def result_lines(found: Mapping[str, Any]) -> list[str]:
    """Results in words."""
    result = found["result"]
    lines = [
        written_out(f"{result['title']}, {result['starts_on']} to {result['ends_on']}"),
        f"{'final' if result['is_final'] else 'not final yet'}; {result['members']:,} were on it",
    ]
    if result["late_awards"]:
        lines.append(f"{result['late_awards']:,} awards came later, of {result['late_points']:,} points")
    for entry in found["items"]:
        name = entry["name"] or entry["member_id"]
        prizes = f"  {', '.join(entry['prizes'])}" if entry["prizes"] else ""
        lines.append(written_out(f"{entry['rank']:>6,}  {name}  {entry['points']:,}{prizes}"))
    return lines
