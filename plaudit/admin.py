"""Commands of whoever runs a community: access keys, programmes, and why somebody was paid."""

import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import httpx
from rich.console import Console
from rich.table import Table
from rich.tree import Tree

from plaudit.stack import load_state
from plaudit.stack.state import StackState, write_private
from shared.access_keys import SCOPES

KEY_FILE = "keys.json"
KNOWN_EVERYWHERE_SECONDS = 30.0
POLL_SECONDS = 0.05
REQUEST_SECONDS = 30.0
LINES_MAX_COUNT = 5

stack_option = click.option(
    "--stack", default="default", envvar="PLAUDIT_STACK", show_default=True, help="Local stack"
)
community_option = click.option("--community", default="demo", show_default=True, help="Community")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a script")


class Refused(click.ClickException):
    """A service answered with a problem, of the HTTP `status`."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        try:
            problem = answer.json()
        except ValueError:
            problem = {"title": f"HTTP {answer.status_code}", "detail": answer.text[:200]}
        lines = [f"{problem.get('title')}: {problem.get('detail', '')}".rstrip(": ")]
        for error in problem.get("errors", []):
            place = f"line {error['line']}, column {error['column']}: " if error.get("line") else ""
            lines.append(f"  {place}{error.get('field', '')} {error.get('detail', '')}")
        super().__init__("\n".join(lines))


def request(method: str, url: str, key: str, **options: Any) -> Any:
    """Ask a service and return the JSON of its answer; raises Refused for a problem."""
    headers = {"Authorization": f"Bearer {key}"} | options.pop("headers", {})
    try:
        answer = httpx.request(method, url, headers=headers, timeout=REQUEST_SECONDS, **options)
    except httpx.TransportError as error:
        raise click.ClickException(
            f"{url} does not answer ({error}); is the stack up? Try `plaudit status`"
        ) from error
    if answer.is_error:
        raise Refused(answer)
    return answer.json() if answer.content else None


def local_key(stack_name: str, community: str, scopes: Sequence[str]) -> str:
    """An access key of a local stack with those scopes, issued once and kept in the stack's directory."""
    state = load_state(stack_name)
    file = state.directory / KEY_FILE
    keys = json.loads(file.read_text()) if file.exists() else {}
    name = f"{community} {' '.join(sorted(scopes))}"
    if name in keys and _known(state, keys[name], ("ingest",)):
        return str(keys[name])
    issued = issue_key(state, community, f"plaudit on this machine ({len(scopes)} scopes)", scopes)
    keys[name] = issued["key"]
    write_private(file, json.dumps(keys))
    return str(issued["key"])


def issue_key(state: StackState, community: str, name: str, scopes: Sequence[str]) -> dict[str, Any]:
    """Issue an access key and return once every service of the stack knows it."""
    body = {"community": community, "name": name, "scopes": list(scopes)}
    issued: dict[str, Any] = request("POST", f"{state.service_urls['ingest']}/v1/keys", state.admin_key, json=body)
    deadline = time.monotonic() + KNOWN_EVERYWHERE_SECONDS
    while not _known(state, issued["key"], state.service_urls):
        if time.monotonic() > deadline:
            raise click.ClickException(
                "the key was issued, but not every service knows it yet; see `plaudit status`"
            )
        time.sleep(POLL_SECONDS)
    return issued


def _known(state: StackState, key: str, services: Iterable[str]) -> bool:
    for service in services:
        answer = httpx.get(f"{state.service_urls[service]}/v1/key", headers={"Authorization": f"Bearer {key}"})
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            return False
        if answer.is_error:
            raise Refused(answer)
    return True


@click.group()
def keys() -> None:
    """Issue, list and revoke access keys."""


@keys.command("create", epilog="Example: plaudit keys create --name 'forum plugin' --scope events:write")
@stack_option
@community_option
@json_option
@click.option("--name", required=True, help="Who will use it")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="What it may do; repeat [default: all]"
)
def create_key(stack: str, community: str, as_json: bool, name: str, scopes: tuple[str, ...]) -> None:
    """Issue an access key. It is shown this once."""
    issued = issue_key(load_state(stack), community, name, scopes or SCOPES)
    click.echo(json.dumps(issued) if as_json else issued["key"])


@keys.command("list", epilog="Example: plaudit keys list --community demo")
@stack_option
@community_option
@json_option
def list_keys(stack: str, community: str, as_json: bool) -> None:
    """List the access keys of a community."""
    state = load_state(stack)
    items = _every_item(f"{state.service_urls['ingest']}/v1/communities/{community}/keys", state.admin_key)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = Table("id", "name", "state", "scopes")
    for item in items:
        state_word = "revoked" if item["revoked"] else "valid"
        table.add_row(item["key_id"], item["name"], state_word, " ".join(item["scopes"]))
    Console().print(table)


@keys.command("revoke", epilog="Example: plaudit keys revoke 742a0960b22c")
@stack_option
@community_option
@click.argument("key_id")
def revoke_key(stack: str, community: str, key_id: str) -> None:
    """Revoke an access key, everywhere and for good; also one that was never issued here, if a service has it."""
    state = load_state(stack)
    url = f"{state.service_urls['ingest']}/v1/communities/{community}/keys/{key_id}"
    try:
        request("DELETE", url, state.admin_key)
    except Refused as refused:
        if refused.status != httpx.codes.NOT_FOUND:
            raise
        request("DELETE", url, state.admin_key, params={"even_unknown": True})
        click.echo(f"{key_id} was never issued to {community}; every service refuses it from now on all the same")
        return
    click.echo(f"{key_id} is revoked")


def _every_item(url: str, key: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    after = None
    while True:
        page = request("GET", url, key, params={"limit": 500} | ({"after": after} if after else {}))
        items += page["items"]
        after = page["next"]
        if after is None:
            return items


@click.group()
def programme() -> None:
    """Check and publish the rules of a community."""


def _post_programme(stack: str, community: str, file: Path, dry_run: bool) -> Any:
    state = load_state(stack)
    key = local_key(stack, community, ("programmes:read", "programmes:write"))
    return request(
        "POST",
        f"{state.service_urls['scoring']}/v1/programmes",
        key,
        params={"dry_run": dry_run},
        content=file.read_bytes(),
        headers={"Content-Type": "application/yaml"},
    )


@programme.command("check", epilog="Example: plaudit programme check programmes/starter.yaml")
@stack_option
@community_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check_programme(stack: str, community: str, file: Path) -> None:
    """Say what is wrong with a programme, by line and column, without publishing it."""
    _post_programme(stack, community, file, dry_run=True)
    click.echo(f"{file} is valid")


@programme.command("publish", epilog="Example: plaudit programme publish programmes/starter.yaml")
@stack_option
@community_option
@json_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def publish_programme(stack: str, community: str, as_json: bool, file: Path) -> None:
    """Publish a programme as the community's next version."""
    published = _post_programme(stack, community, file, dry_run=False)
    if as_json:
        click.echo(json.dumps(published))
    else:
        since = published["effective_from"]
        click.echo(f"{published['programme_id']} version {published['version']} is in effect from {since}")


@click.command(epilog="Example: plaudit explain 4f9c9c1e-5a0e-5c44-9d1b-0c7c1f0b8e11")
@stack_option
@community_option
@json_option
@click.argument("payout_id")
def explain(stack: str, community: str, as_json: bool, payout_id: str) -> None:
    """Explain a payout: from the bank line back to the awards, the rules and the events."""
    state = load_state(stack)
    key = local_key(stack, community, ("analytics:read",))
    lineage = request("GET", f"{state.service_urls['analytics']}/v1/lineage/payouts/{payout_id}", key)
    if as_json:
        json.dump(lineage, sys.stdout, indent=2)
        return
    Console().print(payout_tree(lineage, key_names(state, community)))


def key_names(state: StackState, community: str) -> dict[str, str]:
    """The name of each access key of a community by its id: facts say who did it by the id."""
    url = f"{state.service_urls['ingest']}/v1/communities/{community}/keys"
    return {item["key_id"]: item["name"] for item in _every_item(url, state.admin_key)}


def payout_tree(lineage: dict[str, Any], names: Mapping[str, str]) -> Tree:
    """A payout as a tree: its states, then the awards it pays with their rules and events, the first few.

    `names` are those of access keys by their ids.
    """
    amount = f"{lineage['amount_minor'] // 100}.{lineage['amount_minor'] % 100:02d} {lineage['currency']}"
    tree = Tree(f"payout {lineage['payout_id']}: {amount} for {lineage['points']} points, now {lineage['state']}")
    member = lineage.get("member_name") or lineage["member_id"]
    tree.add(f"on the bank line as {lineage['end_to_end_id']}, to {member}")
    states = tree.add("states")
    for state in lineage["states"]:
        reason = f" ({state['reason']})" if state["reason"] else ""
        states.add(f"{state['state']} at {state['at']} by {names.get(state['by'], state['by'])}{reason}")
    lots = tree.add("pays for")
    for lot in lineage["items"][:LINES_MAX_COUNT]:
        award, event = lot["award"], lot["event"]
        if award is None or event is None:
            lots.add(f"{lot['points']} points of award {lot['award_id']}, which has not arrived yet")
            continue
        rule = f"rule {award['rule_id']} of {award['programme_id']} version {award['programme_version']}"
        line = lots.add(f"{lot['points']} points by {rule}, published by {award['published_by']}")
        line.add(f"for {event['type']} {event['event_id']} from {event['source']} at {event['event_time']}")
    if len(lineage["items"]) > LINES_MAX_COUNT or lineage["next"]:
        lots.add("and more: `plaudit explain --json` has the first page, GET /v1/lineage/payouts/… all of them")
    return tree
