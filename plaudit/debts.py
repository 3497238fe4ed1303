"""`plaudit debt`: members who owe points, and for how long."""

import json

import click
from rich.console import Console

from plaudit.calls import every_item
from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.periods import READ, to_work
from plaudit.places import Where
from plaudit.terminal import plain
from plaudit.write_offs import policy, write_off

AGES = ("days_0_to_30", "days_31_to_60", "days_61_to_90", "days_91_on")


@click.group()
def debt() -> None:
    """See who owes points that they used before they were taken back, and decide by two people what they keep."""


debt.add_command(write_off)
debt.add_command(policy)


@debt.command("list", epilog="Example: plaudit debt list --community demo --json")
@to_work
@json_option
def list_debts(where: Where, as_json: bool) -> None:
    """List members who owe points, by for how many days."""
    place = where.place()
    with place.access("plaudit debt", READ, ("rewards",)) as key:
        found = list(every_item(f"{place.url('rewards')}/v1/debts", key))
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("member", "name", "points", "0-30", "31-60", "61-90", "91 and more", "since")
    for one in found:
        since = f"{one['since']} or earlier" if one["is_older"] else one["since"]
        ages = (f"{one[age]:,}" if one[age] else "" for age in AGES)
        cells = (one["member_id"], one["name"] or "", f"{one['points']:,}", *ages, since)
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)
