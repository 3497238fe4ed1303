"""`plaudit env`: the address of a local stack and a key to it, as variables of a shell."""

import fcntl
import json
import shlex

import click

from plaudit.access import commands_account, issue, local_people, wait_until_known
from plaudit.calls import knows
from plaudit.places import LOCAL_COMMUNITY
from plaudit.stack.errors import StackError
from plaudit.stack.lifecycle import status
from plaudit.stack.state import StackState, load_state, write_private
from shared.services import GATEWAY

#: The keys that shells were given, by community: one each, however many shells there are.
SHELL_KEYS = "shell-keys.json"


@click.command("env", epilog='Example: eval "$(plaudit env)"')
@click.option(
    "--stack", "name", envvar="PLAUDIT_STACK", default="default", show_default=True, help="Which local stack."
)
@click.option(
    "--community",
    envvar="PLAUDIT_COMMUNITY",
    default=LOCAL_COMMUNITY,
    show_default=True,
    help="Which community the key is for.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a script")
def env(name: str, community: str, as_json: bool) -> None:
    """Print where a local stack is and a key to it, for a shell: PLAUDIT_URL, PLAUDIT_KEY and PLAUDIT_COMMUNITY.

    The other commands read them too. The key does what people do but for payouts and for exporting and
    erasing members; it is kept in the stack's directory, and the same each time.
    """
    state = load_state(name)
    if not any(one.name == GATEWAY and one.state == "running" for one in status(name).processes):
        raise StackError(f"The gateway of stack '{name}' does not run: `plaudit up --stack {name}` starts it.")
    variables = {
        "PLAUDIT_URL": state.gateway_url,
        "PLAUDIT_KEY": shell_key(state, community),
        "PLAUDIT_COMMUNITY": community,
    }
    if as_json:
        click.echo(json.dumps(variables))
    else:
        click.echo("\n".join(f"export {variable}={shlex.quote(value)}" for variable, value in variables.items()))


def shell_key(state: StackState, community: str) -> str:
    """The key that shells have in a community, issued when it is first asked for, or when it works no more."""
    file = state.directory / SHELL_KEYS
    ingest_url = state.service_urls["ingest"]
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        if community not in kept or not knows(ingest_url, kept[community]):
            local = local_people(state)
            owner = commands_account(local, community)
            issued = issue(local.office, community, owner, "shells, by plaudit env", None)
            kept[community] = str(issued["key"])
            write_private(file, json.dumps(kept))
    wait_until_known(
        kept[community], [state.service_urls[one] for one in state.service_urls if one in state.parts]
    )
    return kept[community]
