"""Commands of whoever runs a community: access keys, and why somebody was paid."""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click
import httpx
from rich.console import Console
from rich.tree import Tree

from plaudit import access
from plaudit.access import Office
from plaudit.calls import Refused, request
from plaudit.listing import listing
from plaudit.people import find_person, json_option, to_administer
from plaudit.places import ADMIN_KEY, COMMUNITY, KEY, URL, Place, Where, where_options
from plaudit.terminal import plain
from shared.access_keys import SCOPES, Scope
from shared.services import SERVICES

LINES_MAX_COUNT = 5
COMMANDS_MAX_COUNT = 100


@click.group()
def keys() -> None:
    """Issue, list, rotate and revoke access keys."""


@keys.command("create", epilog="Example: plaudit keys create --person 'Forum' --name plugin --scope events:write")
@to_administer
@json_option
@click.option(
    "--person", help="Whose it is, by id or name [default at a local stack: the account of its commands]"
)
@click.option("--name", required=True, help="A note of what uses it")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    metavar="SCOPE",
    help="What it may do; repeat [default: what the person may, but for payouts and for exporting and erasing"
    f" members]: {', '.join(SCOPES)}",
)
@click.option(
    "--publishable",
    is_flag=True,
    help="A key for a browser: it reads what the community shows to everybody, and nothing else",
)
@click.option("--expires", help="When it ends, as 2027-01-31T00:00:00Z [default: when it is revoked]")
def create_key(
    where: Where,
    as_json: bool,
    person: str | None,
    name: str,
    scopes: tuple[str, ...],
    publishable: bool,
    expires: str | None,
) -> None:
    """Issue an access key of a person. It is shown this once."""
    if publishable and scopes:
        raise click.UsageError("A publishable key reads what is public and nothing else: leave --scope away.")
    scopes = (Scope.PUBLIC_READ.value,) if publishable else scopes
    place = where.place()
    community = place.its_community
    if person:
        owner = find_person(place, person)
    elif place.state:
        owner = access.commands_account(access.local_people(place.state), community)
    else:
        raise click.UsageError("Say whose key it is: --person; `plaudit people list` shows who there is.")
    issued = access.issue(place.office, community, owner, name, scopes, expires)
    # Shown before anything else can fail: nobody can ask for it again.
    click.echo(json.dumps(issued) if as_json else issued["key"])
    access.wait_until_known(issued["key"], place.urls.values())


@keys.command("list", epilog="Example: plaudit keys list --community demo")
@to_administer
@json_option
def list_keys(where: Where, as_json: bool) -> None:
    """List the access keys of a community."""
    place = where.place()
    items = access.list_keys(place.office, place.its_community)
    if as_json:
        click.echo(json.dumps(items))
        return
    names = {one["person_id"]: one["name"] for one in access.list_people(place.office, place.its_community)}
    table = listing("id", "person", "name", "state", "last used", "scopes")
    table.columns[0].no_wrap = True  # it is for copying
    for item in items:
        owner = names.get(item["person_id"], "")
        used = (item["last_used_at"] or "")[:16].replace("T", " ")
        row = (item["key_id"], owner, item["name"], key_state(item), used, " ".join(item["scopes"]))
        table.add_row(*map(plain, row))
    Console().print(table)


def key_state(item: Mapping[str, Any]) -> str:
    """What has become of a listed key, in a few words."""
    if item["revoked"]:
        return "revoked"
    if not item["expires_at"]:
        return "valid"
    has_ended = datetime.fromisoformat(item["expires_at"]) <= datetime.now(UTC)
    return f"{'expired' if has_ended else 'valid until'} {item['expires_at'][:16]}"


@keys.command("rotate", epilog="Example: plaudit keys rotate 742a0960b22c")
@to_administer
@json_option
@click.argument("key_id")
@click.option(
    "--overlap-hours",
    type=click.IntRange(0),
    help="How long the old key works yet [default: as ingest is set, 24]",
)
def rotate_key(where: Where, as_json: bool, key_id: str, overlap_hours: int | None) -> None:
    """Put a new access key in the place of one. It is shown this once; the old one works for a while yet."""
    place = where.place()
    rotated = access.rotate(place.office, place.its_community, access.said_key_id(key_id), overlap_hours)
    click.echo(json.dumps(rotated) if as_json else rotated["key"])
    access.wait_until_known(rotated["key"], place.urls.values())


@keys.command("revoke", epilog="Example: plaudit keys revoke 742a0960b22c")
@to_administer
@click.argument("key_id")
def revoke_key(where: Where, key_id: str) -> None:
    """Revoke an access key, everywhere and for good; also one that was never issued here, if a service has it.

    KEY_ID is its id, or the whole key: then nothing but the id is sent.
    """
    place = where.place()
    community = place.its_community
    key_id = access.said_key_id(key_id)
    try:
        access.revoke(place.office, community, key_id)
    except Refused as refused:
        if refused.status != httpx.codes.NOT_FOUND:
            raise
        access.revoke(place.office, community, key_id, even_unknown=True)
        click.echo(f"{key_id} was never issued to {community}; every service refuses it from now on all the same")
        return
    click.echo(f"{key_id} is revoked")


@click.command("url", epilog="Example: plaudit url recognition --stack trial")
@where_options(URL)
@json_option
@click.argument("service", required=False, type=click.Choice(SERVICES))
def url_command(where: Where, as_json: bool, service: str | None) -> None:
    """Print where SERVICE is, or all of them: for scripts, whichever ports a local stack has chosen."""
    place = where.place()
    urls = {service: place.url(service)} if service else dict(place.urls)
    if as_json:
        click.echo(json.dumps(urls))
    elif service:
        click.echo(urls[service])
    else:
        click.echo("\n".join(f"{name:>11}  {url}" for name, url in urls.items()))


@click.command(epilog="Example: plaudit explain 4f9c9c1e-5a0e-5c44-9d1b-0c7c1f0b8e11")
@where_options(URL, KEY, ADMIN_KEY, COMMUNITY)
@json_option
@click.argument("payout_id")
def explain(where: Where, as_json: bool, payout_id: str) -> None:
    """Explain a payout: from the bank line back to the awards, the rules and the events."""
    place = where.place()
    url = f"{place.url('analytics')}/v1/lineage/payouts/{payout_id}"
    with place.access("plaudit explain", ("analytics:read", "audit:read"), ("analytics",)) as key:
        lineage = request("GET", url, key)
        lineage["commands"] = _commands(place, key, lineage)
    if as_json:
        json.dump(lineage, sys.stdout, indent=2)
        return
    Console().print(payout_tree(lineage, _names(place)))


def _commands(place: Place, key: str, lineage: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The audit's entries of commands on a payout and its run, oldest first; None for whom the audit is closed."""
    entries: list[dict[str, Any]] = []
    try:
        for object_id in filter(None, (lineage["run_id"], lineage["payout_id"])):
            asked = {"object": object_id, "kind": "command", "limit": COMMANDS_MAX_COUNT}
            entries += request("GET", f"{place.url('analytics')}/v1/audit", key, params=asked)["items"]
    except Refused as refused:
        if refused.status != httpx.codes.FORBIDDEN:
            raise
        return None
    return sorted(entries, key=lambda entry: (entry["at"], entry["audit_id"]))


def _names(place: Place) -> dict[str, str]:
    """The names of who acts in the community, for whom may list them; the ids do otherwise."""
    if place.community is None or "ingest" not in place.urls:
        return {}
    try:
        return acting_names(place.office, place.community)
    except click.ClickException:
        return {}


def acting_names(office: Office, community: str) -> dict[str, str]:
    """The names of a community's people by their ids and by those of their keys: facts say who did it by an id."""
    people = {one["person_id"]: one["name"] for one in access.list_people(office, community)}
    keys = {
        key["key_id"]: people.get(key["person_id"], key["name"]) for key in access.list_keys(office, community)
    }
    return people | keys


WHY_AMENDED = {
    "retracted": "its event was retracted",
    "restored": "its event was restored",
    "limit": "other events left it other room under a limit",
    "held": "it is held until somebody has looked at it",
    "released": "somebody looked at it, and released it",
}


def _add_amendments(line: Tree, award: Mapping[str, Any]) -> None:
    """What an award became, revision by revision, and why; nothing for one that is as it was awarded."""
    if not award.get("amendments"):
        return
    became = line.add(plain(f"awarded as {award['points']} points, amounts to {award['amounts_to']} now"))
    shown = award["amendments"][-LINES_MAX_COUNT:]
    for one in shown:
        why = WHY_AMENDED.get(one["cause"], one["cause"])
        change = f"{one['points']:+d} to {one['total']}"
        became.add(plain(f"revision {one['revision']}: {change} at {one['awarded_at']}, because {why}"))
    if award["amended_count"] > len(shown):
        became.add(f"and {award['amended_count'] - len(shown)} before these")


def payout_tree(lineage: dict[str, Any], names: Mapping[str, str]) -> Tree:
    """A payout as a tree: its states, then the awards it pays with their rules and events, the first few.

    `names` are those of whoever acted, by the ids that the states have.
    """
    amount = f"{lineage['amount_minor'] // 100}.{lineage['amount_minor'] % 100:02d} {lineage['currency']}"
    points = f"{amount} for {lineage['points']} points"
    tree = Tree(plain(f"payout {lineage['payout_id']}: {points}, now {lineage['state']}"))
    member = lineage.get("member_name") or lineage["member_id"]
    tree.add(plain(f"on the bank line as {lineage['end_to_end_id']}, to {member}"))
    states = tree.add("states")
    for state in lineage["states"]:
        reason = f" ({state['reason']})" if state["reason"] else ""
        who = state.get("person_name") or names.get(state["by"], state["by"])
        states.add(plain(f"{state['state']} at {state['at']} by {who}{reason}"))
    if lineage.get("commands"):
        commands = tree.add("commands, by their entries in the audit")
        for entry in lineage["commands"]:
            who = entry["person_name"] or entry["credential"]
            commands.add(plain(f"{entry['audit_id']}: {entry['command']} at {entry['at']} by {who}"))
    lots = tree.add("pays for")
    for lot in lineage["items"][:LINES_MAX_COUNT]:
        award, event = lot["award"], lot["event"]
        if award is None or event is None:
            lots.add(plain(f"{lot['points']} points of award {lot['award_id']}, which has not arrived yet"))
            continue
        rule = f"rule {award['rule_id']} of {award['programme_id']} version {award['programme_version']}"
        approved = f", approved by {award['approved_by']}" if award.get("approved_by") else ""
        line = lots.add(plain(f"{lot['points']} points by {rule}, published by {award['published_by']}{approved}"))
        line.add(plain(f"for {event['type']} {event['event_id']} from {event['source']} at {event['event_time']}"))
        _add_amendments(line, award)
    if len(lineage["items"]) > LINES_MAX_COUNT or lineage["next"]:
        lots.add("and more: `plaudit explain --json` has the first page, GET /v1/lineage/payouts/… all of them")
    return tree
