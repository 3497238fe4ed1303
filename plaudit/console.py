"""`plaudit console`: a link that signs in at a local stack's console, for whoever may read its directory."""

from urllib.parse import quote

import click

from plaudit.access import EVERY_ROLE, add_person, list_people, local_people, set_roles, temporary_key
from plaudit.calls import request
from plaudit.people import find_person
from plaudit.places import LOCAL_COMMUNITY, Place
from plaudit.stack.errors import StackError
from plaudit.stack.lifecycle import status
from plaudit.stack.state import StackState, load_state

#: Who looks at a local stack, unless a person is named. Of two people, as payouts need, it is one.
YOU = "You"
LINK_SCOPES = ("sign_in:write", "keys:write")


@click.command("console", epilog="Example: plaudit console --community acme --person 'Grace Hopper'")
@click.option(
    "--stack", "name", envvar="PLAUDIT_STACK", default="default", show_default=True, help="Which local stack."
)
@click.option("--community", default=LOCAL_COMMUNITY, show_default=True, help="Which community's console.")
@click.option("--person", help=f"Sign in as this person, by id or name [default: {YOU}, who may do everything]")
@click.option("--identity", metavar="CHANNEL:ID", help="Sign in as the member who has this identity on a channel")
def console(name: str, community: str, person: str | None, identity: str | None) -> None:
    """Print a link that signs in once at the console of a local stack, within 15 minutes."""
    if person and identity:
        raise click.UsageError("Say one of --person and --identity.")
    click.echo(sign_in_link(load_state(name), community, person=person, identity=identity))


def sign_in_link(
    state: StackState, community: str, *, person: str | None = None, identity: str | None = None
) -> str:
    """The address of the console that signs somebody in once: a person, a member, or else YOU."""
    if not any(one.name == "console" and one.state == "running" for one in status(state.name).processes):
        raise StackError(f"The console of stack '{state.name}' does not run: `plaudit up` starts it.")
    if identity is not None:
        channel, colon, known_as = identity.partition(":")
        if not colon:
            raise click.UsageError("--identity is CHANNEL:ID, as forum:ada.")
        body: dict[str, object] = {"identity": {"channel": channel, "id": known_as}}
    else:
        body = {"person_id": _person_id(state, community, person)}
    with temporary_key(state, community, "plaudit console", LINK_SCOPES, ("ingest",)) as key:
        made = request("POST", f"{state.service_urls['ingest']}/v1/sign-in-links", key, json=body)
    return f"{state.console_url}/sign-in/link?k={quote(made['link'], safe='')}"


def _person_id(state: StackState, community: str, person: str | None) -> str:
    office = local_people(state).office
    if person is not None:
        place = Place(name=f"stack '{state.name}'", urls=state.service_urls, state=state, community=community)
        return find_person(place, person)
    known = [one for one in list_people(office, community) if one["name"] == YOU and one["kind"] == "person"]
    if not known:
        return str(add_person(office, community, YOU, EVERY_ROLE)["person_id"])
    if set(known[0]["roles"]) != set(EVERY_ROLE):
        set_roles(office, community, known[0]["person_id"], EVERY_ROLE)
    return str(known[0]["person_id"])
