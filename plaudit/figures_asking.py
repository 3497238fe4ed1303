"""How commands of figures ask analytics, and show what it answers."""

import json
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console

from plaudit.calls import every_item, request
from plaudit.listing import listing
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.terminal import plain

to_ask = where_options(URL, KEY, COMMUNITY)
SCOPE = ("analytics:read",)


def get(where: Where, path: str, *, whole: bool = False, **params: Any) -> Any:
    """An answer of analytics; where it is `whole`, not one page but every item."""
    place = where.place()
    with place.access("plaudit figures", SCOPE, ("analytics",)) as key:
        url = f"{place.url('analytics')}/v1/{path}"
        return every_item(url, key, **params) if whole else request("GET", url, key, params=params)


def show(found: Any, as_json: bool, headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print what was found: as JSON, or as a table of rows."""
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing(*headings, whole=headings[0])
    for row in rows:
        table.add_row(*(plain(str(cell)) for cell in row))
    Console().print(table)
