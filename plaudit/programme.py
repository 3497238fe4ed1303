"""`plaudit programme`: check and publish the rules of a community, and approve what they change of its money."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from plaudit.calls import every_item, request
from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.terminal import plain
from shared.contracts.texts import written_out

to_work = where_options(URL, KEY, COMMUNITY)
version_argument = click.argument("version", type=click.IntRange(min=1))


@click.group()
def programme() -> None:
    """Check, publish and approve the rules of a community."""


def _post_programme(where: Where, file: Path, dry_run: bool) -> Any:
    place = where.place()
    url = f"{place.url('scoring')}/v1/programmes"
    with place.access("plaudit programme", ("programmes:read", "programmes:write"), ("scoring",)) as key:
        return request(
            "POST",
            url,
            key,
            params={"dry_run": dry_run},
            content=file.read_bytes(),
            headers={"Content-Type": "application/yaml"},
        )


@programme.command("check", epilog="Example: plaudit programme check programmes/starter.yaml")
@to_work
@json_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check_programme(where: Where, as_json: bool, file: Path) -> None:
    """Say what is wrong with a programme, by line and column, without publishing it."""
    checked = _post_programme(where, file, dry_run=True)
    if as_json:
        click.echo(json.dumps(checked))
        return
    _warn(checked)
    click.echo(f"{file} is valid")
    if checked["state"] == "proposed":
        click.echo(f"Published, it waits until another person approves it: {_why_two(checked)}.")
        for line in change_lines(checked["money_changes"]):
            click.echo(line)


@programme.command("publish", epilog="Example: plaudit programme publish programmes/starter.yaml")
@to_work
@json_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def publish_programme(where: Where, as_json: bool, file: Path) -> None:
    """Publish a programme as the community's next version.

    One that changes who pays, what points are worth, or budgets waits until another person approves it; so does
    each where the community has two people publish (plaudit community set --help).
    """
    published = _post_programme(where, file, dry_run=False)
    if as_json:
        click.echo(json.dumps(published))
        return
    _warn(published)
    name, number = f"{published['programme_id']} version {published['version']}", published["version"]
    if published["superseded"]:
        click.echo(f"version {published['superseded']}, which was proposed, can not be approved any more")
    if published["state"] == "published":
        click.echo(f"{name} is in effect from {published['effective_from']}")
        return
    click.echo(f"{name} is proposed, and not in effect until another person approves it: {_why_two(published)}.")
    for line in change_lines(published["money_changes"]):
        click.echo(line)
    click.echo(
        f"Another person who may (role finance_approver) approves it: plaudit programme approve {number} --key …"
    )


@programme.command("list", epilog="Example: plaudit programme list --community demo")
@to_work
@json_option
def list_programmes(where: Where, as_json: bool) -> None:
    """List the versions of a community's programme, and what became of each."""
    place = where.place()
    with place.access("plaudit programme", ("programmes:read",), ("scoring",)) as key:
        items = every_item(f"{place.url('scoring')}/v1/programmes", key)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("version", "state", "by", "approved by", "in effect from", "money")
    for item in items:
        approved = item["decided_by"] if item["state"] == "published" else None
        money = "; ".join(line.strip() for line in change_lines(item["money_changes"]))
        row = (item["version"], item["state"], item["published_by"], approved, item["effective_from"], money)
        table.add_row(*(plain(str(cell or "")) for cell in row))
    Console().print(table)


@programme.command("approve", epilog='Example: plaudit programme approve 3 --key "$APPROVER"')
@to_work
@json_option
@version_argument
def approve_programme(where: Where, as_json: bool, version: int) -> None:
    """Approve a VERSION that another person proposed, with a key of your own: it takes effect then."""
    approved = _decide(where, version, "approve", "programmes:approve")
    if as_json:
        click.echo(json.dumps(approved))
        return
    for line in change_lines(approved["money_changes"]):
        click.echo(line)
    since = approved["effective_from"]
    click.echo(f"{approved['programme_id']} version {version} is in effect from {since}")


@programme.command("withdraw", epilog="Example: plaudit programme withdraw 3")
@to_work
@json_option
@version_argument
def withdraw_programme(where: Where, as_json: bool, version: int) -> None:
    """Withdraw a VERSION that is proposed or scheduled: it never takes effect."""
    withdrawn = _decide(where, version, "withdraw", "programmes:write")
    done = f"{withdrawn['programme_id']} version {version} is withdrawn"
    replaced_by = withdrawn["replaced_by"]
    if withdrawn["replacement_state"] == "proposed":
        done = f"version {replaced_by} takes its place, as before it, once another person has approved that"
    elif replaced_by is not None:
        done += f"; what is before it goes on, as version {replaced_by}"
    click.echo(json.dumps(withdrawn) if as_json else done)


def _decide(where: Where, version: int, verb: str, scope: str) -> Any:
    place = where.place()
    with place.access(f"plaudit programme {verb}", (scope,), ("scoring",)) as key:
        return request("POST", f"{place.url('scoring')}/v1/programmes/{version}/{verb}", key)


def _warn(publication: Any) -> None:
    for one in publication["warnings"]:
        text = f"line {one['line']}, column {one['column']}: {one['field']} {one['detail']}"
        click.echo(f"warning: {written_out(text)}", err=True)


def _why_two(publication: Mapping[str, Any]) -> str:
    return "it changes money" if publication["money_changes"] else "the community has two people publish"


def change_lines(changes: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a version changes of money, a line for each field."""
    return [
        written_out(f"  {change['field']}: {_said(change['before'])} -> {_said(change['after'])}")
        for change in changes
    ]


def _said(value: Any) -> str:
    return "none" if value is None else str(value)
