"""`plaudit kafka-user`: who may log in at the broker beside the services, and what everybody may do there."""

import asyncio
import json
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import click
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from rich.console import Console

from plaudit.broker.administration import (
    administering,
    delete_user,
    rights_of,
    set_passwords,
    set_rights,
    until_known,
)
from plaudit.broker.kafka_users import kafka_users
from plaudit.broker.rights import (
    SERVICES_MECHANISM,
    Pattern,
    Right,
    rights_of_finance,
    rights_of_platform,
    rights_of_services,
)
from plaudit.listing import listing
from plaudit.places import KAFKA, Where, where_options
from plaudit.terminal import plain
from shared.broker import Broker
from shared.kafka import create_topics
from shared.topics import Topic, lane_topic

ROLES = ("finance", "platform")
#: Names that begin so are the platform's own.
OURS = "plaudit-"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
PASSWORD_BYTES = 24


@click.group("kafka-user")
def kafka_user() -> None:
    """Make users at the broker for finance systems and platforms, and show what everybody may do there."""


@kafka_user.command("add", epilog="Example: plaudit kafka-user add treasury --role finance")
@where_options(*KAFKA)
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    required=True,
    help="finance: read payouts.v1, in groups of its name; platform: write events of one community to a lane.",
)
@click.option("--community", "lane_community", help="For a platform: whose events it writes, whatever they say.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a script.")
def add(where: Where, name: str, role: str, lane_community: str | None, as_json: bool) -> None:
    """Make a user NAME with a new password, which is shown this once; for one that is there, change both.

    It logs in by SCRAM-SHA-512 and may do what its role says, and nothing else. A platform's lane is a topic of
    its own, which ingest reads from a few seconds after it was made.
    """
    _check(name)
    lane = _lane(name, role, lane_community)
    rights = rights_of_finance(name) if lane is None else rights_of_platform(name, lane)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    administrator = _administrator(where)

    async def make(admin: AIOKafkaAdminClient) -> None:
        if lane is not None:
            await create_topics(administrator, [lane])
        # Rights before the password: whoever can log in can work.
        await set_rights(admin, [name], rights)
        await set_passwords(admin, {name: password})

    _administer(administrator, make)
    asyncio.run(until_known(replace(administrator, user=name, password=password, mechanism=SERVICES_MECHANISM)))
    if as_json:
        made = {"user": name, "password": password, "servers": administrator.servers, "role": role}
        click.echo(json.dumps(made | ({"topic": lane.name} if lane else {})))
        return
    _print(rights)
    click.echo(f"sasl.mechanism=SCRAM-SHA-512 sasl.username={name} sasl.password={password}")


@kafka_user.command("remove", epilog="Example: plaudit kafka-user remove treasury")
@where_options(*KAFKA)
@click.argument("name")
def remove(where: Where, name: str) -> None:
    """Let the user NAME log in no more, and take its rights: open connections can do nothing from then on."""
    _check(name)
    _administer(_administrator(where), lambda admin: delete_user(admin, name))
    click.echo(f"{name} has no access any more")


@kafka_user.command("list", epilog="Example: plaudit kafka-user list")
@where_options(*KAFKA)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a script.")
def list_users(where: Where, as_json: bool) -> None:
    """Show what everybody may do, as the broker has it; the administrator may do everything."""
    found: set[Right] = set()

    async def ask(admin: AIOKafkaAdminClient) -> None:
        found.update(await rights_of(admin))

    _administer(_administrator(where), ask)
    _show(found, as_json)


@kafka_user.command("rights", epilog="Example: plaudit kafka-user rights --json")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a script.")
@click.option("--strimzi", metavar="CLUSTER", help="Print KafkaUsers of this cluster, for Strimzi's operator.")
def show_rights(as_json: bool, strimzi: str | None) -> None:
    """Show what each service needs, as the topic registry says it; `plaudit provision` sets it. Asks no broker.

    Strimzi's operator takes what it does not know: there each service, and the administrator, is a KafkaUser whose
    password is in the Secret that the chart names.
    """
    if strimzi is not None and as_json:
        raise click.UsageError("--strimzi prints YAML: leave out --json.")
    if strimzi is not None:
        click.echo(kafka_users(strimzi), nl=False)
        return
    _show(rights_of_services(), as_json)


def _check(name: str) -> None:
    if not NAME.fullmatch(name) or name.startswith(OURS):
        raise click.UsageError(
            f"'{name}' cannot be the name: use up to 63 lower-case letters, digits, hyphens and underscores, "
            f"not beginning with {OURS}."
        )


def _lane(name: str, role: str, community: str | None) -> Topic | None:
    """The lane that a platform gets; None for another role."""
    if role != "platform":
        if community is not None:
            raise click.UsageError(f"--community is for platforms; {role} has none.")
        return None
    if community is None or not NAME.fullmatch(community):
        raise click.UsageError("A platform writes the events of one community: name it with --community.")
    return lane_topic(community, name)


def _administrator(where: Where) -> Broker:
    """The administrator of the Kafka that is meant."""
    broker = where.broker()
    if not broker.user:
        raise click.ClickException(
            f"Kafka at {broker.servers} is asked without a login: name the administrator with --kafka-user."
        )
    return broker


def _administer(broker: Broker, work: Callable[[AIOKafkaAdminClient], Awaitable[None]]) -> None:
    """Do something as the administrator."""

    async def run() -> None:
        async with administering(broker) as admin:
            await work(admin)

    try:
        asyncio.run(run())
    except (KafkaError, OSError) as error:
        raise click.ClickException(f"Kafka at {broker.servers} refuses it to {broker.user}: {error}") from error


def _show(rights: set[Right], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([_as_json(one) for one in sorted(rights)]))
    else:
        _print(rights)


def _as_json(right: Right) -> dict[str, Any]:
    return {
        "user": right.user,
        "operation": right.operation.name,
        "resource": right.resource.name,
        "name": right.name,
        "pattern": "PREFIXED" if right.pattern is Pattern.BEGINNING else "LITERAL",
    }


def _print(rights: set[Right]) -> None:
    table = listing("user", "may", "of", "name", border=None)
    for right in sorted(rights, key=lambda one: (one.user, one.resource, one.name, one.operation)):
        name = right.name + ("…" if right.pattern is Pattern.BEGINNING else "")
        table.add_row(plain(right.user), right.operation.name.lower(), right.resource.name.lower(), plain(name))
    Console().print(table)
