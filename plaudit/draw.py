"""`plaudit draw`: draws, who won, and whether that follows from what was published."""

import json
from collections.abc import Mapping
from pathlib import Path
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
from shared.contracts.draws import mistakes_of
from shared.contracts.texts import written_out

to_work = where_options(URL, KEY, COMMUNITY)
draw_argument = click.argument("draw", metavar="DRAW")
READ, WRITE = ("rewards:read",), ("rewards:write",)
_ask = Asking("plaudit draw", "rewards")


@click.group()
def draw() -> None:
    """See draws and who won, draw the winners, and verify a draw from its record."""


@draw.command("list", epilog="Example: plaudit draw list --community demo")
@to_work
@json_option
def list_draws(where: Where, as_json: bool) -> None:
    """List the draws of a community, those that close last first."""
    found = _ask(where, "GET", "/v1/draws", READ)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("draw", "title", "reward", "wins", "state", "closes")
    for one in found["items"]:
        cells = (
            one["draw_id"],
            one["title"],
            one["reward_id"],
            f"{one['winners_count']:,}",
            one["state"],
            one["closes_at"],
        )
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@draw.command("show", epilog="Example: plaudit draw show spring --community demo")
@to_work
@json_option
@draw_argument
def show_draw(where: Where, as_json: bool, draw: str) -> None:
    """Show a DRAW: what it is committed to, and who won."""
    found = _ask(where, "GET", f"/v1/draws/{quote(draw, safe='')}", READ)
    show(found, as_json=as_json, words=draw_lines)


def draw_lines(one: Mapping[str, Any]) -> list[str]:
    """A draw in words."""
    lines = [
        written_out(f"{one['title']} ({one['draw_id']}): {one['winners_count']:,} of {one['reward_id']}"),
        f"{one['state']}, closes {one['closes_at']}",
        f"commitment {one['commitment']}",
    ]
    if one["tickets_count"] is not None:
        lines.append(f"{one['tickets_count']:,} tickets, SHA-256 {one['tickets_sha256']}")
    for winner in one["winners"]:
        name = winner["member_name"] or winner["member_id"]
        lines.append(written_out(f"  {winner['place']}. {name}: {winner['won']}, ticket {winner['ticket']}"))
    if one["passed_over_count"]:
        lines.append(f"{one['passed_over_count']:,} passed over: they were suspended, and the next won")
    return lines


@draw.command("record", epilog="Example: plaudit draw record spring")
@to_work
@draw_argument
def record(where: Where, draw: str) -> None:
    """Print all that a DRAW follows from: tickets, and its seed once it is drawn."""
    found = _ask(where, "GET", f"/v1/draws/{quote(draw, safe='')}/record", READ)
    click.echo(json.dumps(found, indent=2))


@draw.command("winners", epilog="Example: plaudit draw winners spring --community demo")
@to_work
@json_option
@draw_argument
def draw_winners(where: Where, as_json: bool, draw: str) -> None:
    """Draw the winners of a DRAW whose time is over, and give each their reward."""
    found = _ask(where, "POST", f"/v1/draws/{quote(draw, safe='')}/draw", WRITE)
    show(found, as_json=as_json, words=draw_lines)


@draw.command("verify", epilog="Example: plaudit draw verify spring.json")
@click.option("--commitment", metavar="HEX", help="The one that was published before the draw, where you kept it")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(file: Path, commitment: str | None) -> None:
    """Work out who won from the record in FILE, asking nobody; ends with 1 where it does not follow."""
    try:
        found = json.loads(file.read_bytes())
        wrong = mistakes_of(found, commitment=commitment)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise click.ClickException(f"{file} is no record of a draw: plaudit draw record prints one") from error
    if wrong:
        raise click.ClickException("; ".join(wrong))
    click.echo(
        f"right: {len(found['winners']):,} of {len(found['tickets']):,} tickets won, as seed and tickets have it"
    )
