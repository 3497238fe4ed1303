"""`plaudit rebuild`: analytics built anew from the topics, beside the one that runs."""

import asyncio
import json
from collections.abc import Collection
from typing import Any

import click

from plaudit.asking import confirmed
from plaudit.stack.commands import STACK
from shared.contracts.texts import written_out

POSTGRES = click.option(
    "--postgres",
    envvar="PLAUDIT_POSTGRES_ADMIN_URL",
    metavar="URL",
    show_envvar=True,
    help="A PostgreSQL of your own instead of a stack's: a superuser's URL, with a database.",
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="For a script.")
YES = click.option("--yes", is_flag=True, help="Do not ask; without it a script is refused.")


@click.group("rebuild")
def rebuild() -> None:
    """Build analytics anew from the topics, beside the one that runs, and switch when the numbers are the same."""


@rebuild.command("start", epilog="Example: plaudit rebuild start --stack demo")
@STACK
@POSTGRES
def start(name: str, postgres: str | None) -> None:
    """Begin a rebuild, or go on with one that was stopped.

    Makes the database plaudit_analytics_rebuilt. At a stack a process beside the others reads for it from now on;
    at a PostgreSQL of your own start it yourself, with the settings of analytics: the command is printed.
    """
    from plaudit.rebuilds import databases  # noqa: PLC0415
    from plaudit.rebuilds.reader import start_reader  # noqa: PLC0415
    from shared.postgres import MigrationError  # noqa: PLC0415

    try:
        is_new = asyncio.run(databases.make(_admin_url(name, postgres)))
    except MigrationError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"The database {databases.REBUILT} is {'made' if is_new else 'there'}.")
    if postgres:
        click.echo("Run beside analytics, with its settings (it joins no group, and gives way to others):")
        click.echo(f"  python -m services.analytics.rebuild --database {databases.REBUILT}")
    elif asyncio.run(start_reader(name)):
        click.echo("It is read into from every topic's beginning: `plaudit rebuild status` says how far it is.")
    else:
        click.echo("It is being read into already: `plaudit rebuild status` says how far it is.")


@rebuild.command("status", epilog="Example: plaudit rebuild status --json")
@STACK
@POSTGRES
@AS_JSON
def status(name: str, postgres: str | None, as_json: bool) -> None:
    """Say how far a rebuild is, how fast, and how long it will take.

    Exit code 3 when one was begun and nobody reads for it.
    """
    from plaudit.rebuilds import steps  # noqa: PLC0415

    found = asyncio.run(steps.look(_admin_url(name, postgres)))
    if as_json:
        click.echo(json.dumps(steps.as_json(found), indent=2, default=str))
    else:
        for line in lines_of(found):
            click.echo(line)
    if found.state == "stopped":
        raise SystemExit(3)


@rebuild.command("compare", epilog="Example: plaudit rebuild compare --json")
@STACK
@POSTGRES
@AS_JSON
def compare(name: str, postgres: str | None, as_json: bool) -> None:
    """Compare every table of both, once they have read exactly the same.

    The running analytics reads nothing for some seconds, and answers all the while. Exit code 3 when a table
    differs, or it is too early.
    """
    from plaudit.rebuilds import steps  # noqa: PLC0415

    _say_compared(asyncio.run(steps.compare(_admin_url(name, postgres))), as_json)


@rebuild.command("switch", epilog="Example: plaudit rebuild switch --yes")
@STACK
@POSTGRES
@click.option(
    "--differing",
    multiple=True,
    metavar="TABLE",
    help="A table that may differ, as after a change of what is counted; may be repeated.",
)
@AS_JSON
@YES
def switch(name: str, postgres: str | None, differing: tuple[str, ...], as_json: bool, yes: bool) -> None:
    """Compare, and if every table is equal let the rebuilt database answer from now on.

    Analytics answers nothing for some seconds. What answered before is kept as plaudit_analytics_before until
    `plaudit rebuild forget`, and no erasure reaches it. Exit code 3 when a table differs: nothing is switched.
    """
    from plaudit.rebuilds import steps  # noqa: PLC0415

    confirmed("Let the rebuilt database answer, if it is equal?", yes)
    compared = asyncio.run(steps.switch(_admin_url(name, postgres), may_differ=differing))
    if compared is not None:
        _say_compared(compared, as_json, may_differ=differing)
    elif as_json:
        click.echo(json.dumps({"equal": True, "goes_on": True}))
    else:
        click.echo("An earlier switch was ended in the middle: it had compared, and only the names were left.")
    if not as_json:
        click.echo(
            "The rebuilt database answers now. `plaudit rebuild back` undoes that, `plaudit rebuild forget`"
        )
        click.echo("deletes what answered before: do one of them, as no erasure reaches it.")


@rebuild.command("back", epilog="Example: plaudit rebuild back --yes")
@STACK
@POSTGRES
@YES
def back(name: str, postgres: str | None, yes: bool) -> None:
    """Let the database answer again that did before the switch; it reads what came in since."""
    from plaudit.rebuilds import steps  # noqa: PLC0415

    confirmed("Let the database answer that did before the switch?", yes)
    asyncio.run(steps.go_back(_admin_url(name, postgres)))
    click.echo("What answered before answers again, and reads what came in since.")


@rebuild.command("forget", epilog="Example: plaudit rebuild forget --yes")
@STACK
@POSTGRES
@click.option("--rebuilt", is_flag=True, help="Give the rebuild itself up, and delete what was read for it.")
@YES
def forget(name: str, postgres: str | None, rebuilt: bool, yes: bool) -> None:
    """Delete the database that answered before the switch."""
    from plaudit.rebuilds import databases, steps  # noqa: PLC0415

    database = databases.REBUILT if rebuilt else databases.BEFORE
    confirmed(f"Delete the database {database}?", yes)
    is_gone = asyncio.run(steps.forget(_admin_url(name, postgres), database))
    click.echo(f"{database} is deleted." if is_gone else f"There is no {database}.")


def _admin_url(name: str, postgres: str | None) -> str:
    if postgres:
        return postgres
    from plaudit.stack.state import load_state  # noqa: PLC0415

    return load_state(name).postgres_admin_url


def _say_compared(compared: Any, as_json: bool, *, may_differ: Collection[str] = ()) -> None:
    if as_json:
        click.echo(json.dumps(compared.as_json(), indent=2))
    else:
        for table, count in compared.filled.items():
            if count:
                click.echo(written_out(f"{table}: {count} rows that their topic has forgotten are taken over"))
        for one in compared.differences:
            click.echo(
                written_out(
                    f"{one.table} differs: {one.running.rows} rows ({one.running.digest}) in the running one, "
                    f"{one.rebuilt.rows} ({one.rebuilt.digest}) in the rebuilt one"
                )
            )
        rows = sum(one.rows for one in compared.digests.values())
        if not compared.differences:
            click.echo(f"{len(compared.digests)} tables with {rows} rows are equal.")
    if not compared.is_equal_but_for(may_differ):
        if not as_json:
            click.echo("Nothing was switched: docs/rebuild.md says what to do.")
        raise SystemExit(3)


def lines_of(found: Any) -> list[str]:
    """What is said of a rebuild's status, line by line."""
    lines = []
    if found.state == "none":
        lines.append("There is no rebuild.")
    else:
        words = {
            "stopped": "stopped: `plaudit rebuild start` goes on with it",
            "reading": "reading",
            "there": "where the running analytics is: `plaudit rebuild compare` compares them",
        }
        lines.append(f"The rebuild is {words[found.state]}.")
        lines += [f"  {topic.topic:<26} {topic.read:>10} read {topic.left:>10} left" for topic in found.topics]
        speed = "" if found.records_per_second is None else f", {found.records_per_second:.0f} records/s"
        lines.append(f"{found.share:.1%} read{speed}{_time_left(found)}")
        untold = sum(found.untold.values())
        lines.append(f"{untold} messages were told nobody, as they were told before.")
    lines += _of_a_switch(found)
    if found.is_before_kept:
        since = f" since {found.switched_at:%Y-%m-%d %H:%M}" if found.switched_at else ""
        lines.append(f"What answered before is kept{since}, and no erasure reaches it: `plaudit rebuild forget`.")
    return lines


def _of_a_switch(found: Any) -> list[str]:
    """Where a switch stands, and what to do where nobody goes on with it."""
    if found.is_switching:
        return ["A command compares or switches just now."]
    if found.step == "taken_over" and found.is_closed:
        return [
            "A switch was ended when all was compared and taken over, and analytics answers 503:",
            "  `plaudit rebuild switch --yes` changes the names, `plaudit rebuild start` lets it in as it was.",
        ]
    if found.is_closed:
        return [
            "A switch, or the way back, was ended in the middle, and analytics answers 503:",
            "  give that command again and it goes on; `plaudit rebuild start` lets analytics in as it was.",
        ]
    if found.step in ("held", "closed"):
        return [
            "A comparison or switch was ended before anything was closed; what reads for the rebuild waits:",
            "  `plaudit rebuild switch --yes` goes on, `plaudit rebuild start` lets it read on.",
        ]
    return []


def _time_left(found: Any) -> str:
    if not found.records_left or found.seconds_left is None:
        return ""
    return f", {found.seconds_left / 60:.0f} min left"
