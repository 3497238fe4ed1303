"""`plaudit people`: who may act in a community, and what each of them is there."""

import json
import re
from typing import Any

import click
from rich.console import Console

from plaudit import access
from plaudit.calls import request
from plaudit.listing import listing
from plaudit.places import ADMIN_KEY, COMMUNITY, KEY, URL, Place, Where, where_options
from plaudit.terminal import plain
from shared.access_keys import SCOPES, PersonKind, Role
from shared.contracts.texts import written_out

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a script")
to_administer = where_options(URL, KEY, ADMIN_KEY, COMMUNITY)
role_option = click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice([role.value for role in Role]),
    metavar="ROLE",
    help=f"What they are there; repeat: {', '.join(Role)}",
)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@click.group()
def people() -> None:
    """Add people, say what they are, and disable them."""


@people.command("add", epilog="Example: plaudit people add --name 'Grace Hopper' --role manager --first-key")
@to_administer
@json_option
@click.option("--name", required=True, help="Shown wherever they did something")
@role_option
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in PersonKind]),
    default=PersonKind.PERSON.value,
    show_default=True,
    help="A person, or the account of a program",
)
@click.option("--email", help="Their address, which stays at ingest")
@click.option("--first-key", is_flag=True, help="Issue their first access key too, and print it this once")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    metavar="SCOPE",
    help="With --first-key: what it may do; repeat [default: what they may, but for payouts and for exporting and"
    " erasing members]",
)
def add_person(
    where: Where,
    as_json: bool,
    name: str,
    roles: tuple[str, ...],
    kind: str,
    email: str | None,
    first_key: bool,
    scopes: tuple[str, ...],
) -> None:
    """Add a person to a community. The community `plaudit` is the installation itself."""
    if scopes and not first_key:
        raise click.UsageError("--scope says what the first key may do: give --first-key too.")
    place = where.place()
    office, community = place.office, place.its_community
    added = access.add_person(office, community, name, roles, kind=kind, email=email)
    issued = access.issue(office, community, added["person_id"], "first key", scopes) if first_key else None
    if as_json:
        click.echo(json.dumps(added | ({"key": issued["key"], "key_id": issued["key_id"]} if issued else {})))
    elif issued:
        # The key alone on standard output: it goes into a variable, or a profile.
        click.echo(f"{written_out(name)} is {added['person_id']}", err=True)
        click.echo(issued["key"])
    else:
        click.echo(added["person_id"])
    if issued:
        access.wait_until_known(issued["key"], place.urls.values())


@people.command("list", epilog="Example: plaudit people list --community demo")
@to_administer
@json_option
@click.option("--untied", is_flag=True, help="Only who decides about members and is tied to none")
def list_people(where: Where, as_json: bool, untied: bool) -> None:
    """List the people of a community."""
    place = where.place()
    items = access.list_people(place.office, place.its_community)
    if untied:
        items = [one for one in items if _may_decide_about_themselves(one)]
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("id", "name", "kind", "roles", "member")
    table.columns[0].no_wrap = True  # it is for copying
    for item in items:
        kind = f"{item['kind']}, disabled" if item["disabled"] else item["kind"]
        whom = " ".join(item["members"]) or ("not said" if _may_decide_about_themselves(item) else "")
        table.add_row(*map(plain, (item["person_id"], item["name"], kind, " ".join(item["roles"]), whom)))
    Console().print(table)


@people.command("role", epilog="Example: plaudit people role 'Grace Hopper' --role finance_maker --role manager")
@to_administer
@json_option
@click.argument("person")
@role_option
def set_roles(where: Where, as_json: bool, person: str, roles: tuple[str, ...]) -> None:
    """Say what a PERSON (an id, or a name) is in a community: all of their roles there, or none."""
    place = where.place()
    changed = access.set_roles(place.office, place.its_community, find_person(place, person), roles)
    said = ", ".join(changed["roles"]) or "nothing any more"
    click.echo(json.dumps(changed) if as_json else f"{written_out(changed['name'])} is {said}")


@people.command("tie", epilog="Example: plaudit people tie 'Grace Hopper' forum:grace")
@to_administer
@json_option
@click.argument("person")
@click.argument("member")
def tie(where: Where, as_json: bool, person: str, member: str) -> None:
    """Say which MEMBER (an id, or an identity) a PERSON is: about that one they decide nothing any more."""
    _say_member(where, as_json, person, member, "tie")


@people.command("untie", epilog="Example: plaudit people untie 'Grace Hopper' forum:grace")
@to_administer
@json_option
@click.argument("person")
@click.argument("member")
def untie(where: Where, as_json: bool, person: str, member: str) -> None:
    """Say which MEMBER (an id, or an identity) a PERSON is not."""
    _say_member(where, as_json, person, member, "untie")


@people.command("disable", epilog="Example: plaudit people disable 'Grace Hopper'")
@to_administer
@json_option
@click.argument("person")
def disable(where: Where, as_json: bool, person: str) -> None:
    """Disable a PERSON (an id, or a name) in every community: nothing of theirs lets in any more."""
    _switch(where, as_json, person, "disable")


@people.command("enable", epilog="Example: plaudit people enable 'Grace Hopper'")
@to_administer
@json_option
@click.argument("person")
def enable(where: Where, as_json: bool, person: str) -> None:
    """Enable a PERSON (an id, or a name) again, with the roles and keys that they had."""
    _switch(where, as_json, person, "enable")


@people.command("unbind", epilog="Example: plaudit people unbind 'Grace Hopper'")
@to_administer
@json_option
@click.argument("person")
@click.option("--may-return", is_flag=True, help="Who they were there may become them again, by their email")
def unbind(where: Where, as_json: bool, person: str, may_return: bool) -> None:
    """Unbind a PERSON (an id, or a name) from who they are at an OpenID provider; their tokens and links end."""
    place = where.place()
    office, community = place.office, place.its_community
    url = f"{office.ingest_url}/v1/communities/{community}/people/{find_person(place, person)}/unbind"
    changed: dict[str, Any] = request("POST", url, office.key, json={"may_return": may_return})
    click.echo(json.dumps(changed) if as_json else f"{written_out(changed['name'])} is nobody at a provider now")


def _say_member(where: Where, as_json: bool, person: str, member: str, verb: str) -> None:
    place = where.place()
    office, community = place.office, place.its_community
    url = f"{office.ingest_url}/v1/communities/{community}/people/{find_person(place, person)}/{verb}"
    changed: dict[str, Any] = request("POST", url, office.key, json={"member": member})
    whom = ", ".join(changed["members"]) or "no member that anybody knows of"
    click.echo(json.dumps(changed) if as_json else f"{written_out(changed['name'])} is {whom}")


def _switch(where: Where, as_json: bool, person: str, verb: str) -> None:
    place = where.place()
    office, community = place.office, place.its_community
    url = f"{office.ingest_url}/v1/communities/{community}/people/{find_person(place, person)}/{verb}"
    changed: dict[str, Any] = request("POST", url, office.key)
    click.echo(json.dumps(changed) if as_json else f"{written_out(changed['name'])} is {verb}d")


@click.command("sign-in-link", epilog="Example: plaudit sign-in-link --identity forum:ada")
@where_options(URL, KEY, COMMUNITY)
@json_option
@click.option("--identity", metavar="CHANNEL:ID", help="For the member who has this identity on a channel")
@click.option("--person", help="For a person, by id or name")
def sign_in_link(where: Where, as_json: bool, identity: str | None, person: str | None) -> None:
    """Make a link that signs somebody in once, within minutes: POST /v1/tokens takes it."""
    place = where.place()
    if (identity is None) == (person is None):
        raise click.UsageError("Say who is to sign in: --identity or --person.")
    body: dict[str, Any]
    if identity is not None:
        channel, colon, name = identity.partition(":")
        if not colon:
            raise click.UsageError("--identity is CHANNEL:ID, as forum:ada.")
        body = {"identity": {"channel": channel, "id": name}}
    else:
        body = {"person_id": find_person(place, str(person))}
    with place.access("plaudit sign-in-link", ("sign_in:write", "keys:write"), ("ingest",)) as key:
        made = request("POST", f"{place.url('ingest')}/v1/sign-in-links", key, json=body)
    click.echo(json.dumps(made) if as_json else made["link"])


def _may_decide_about_themselves(person: dict[str, Any]) -> bool:
    """Whether somebody decides about members, and nobody said which of them they are."""
    decides: bool = person["decides"] and not person["members"] and not person["disabled"]
    return decides and person["kind"] == PersonKind.PERSON.value


def find_person(place: Place, said: str) -> str:
    """The id of a person of the community, by id or name. Raises ClickException for none, and for several."""
    if UUID.fullmatch(said):
        return said
    found = [one for one in access.list_people(place.office, place.its_community) if one["name"] == said]
    if len(found) != 1:
        many = f"{len(found)} people are named" if found else "nobody is named"
        raise click.ClickException(f"In {place.its_community} {many} {said!r}: `plaudit people list` has the ids")
    return str(found[0]["person_id"])
