"""Everything that must be there before the services run: roles, databases, tables and topics."""

import asyncio
import os
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, get_args

import asyncpg
import click
from aiokafka.errors import KafkaError

from plaudit.broker.administration import administering, set_passwords, set_rights, until_known
from plaudit.broker.options import broker_options
from plaudit.broker.rights import SERVICES_MECHANISM, rights_of_services, user_name
from shared.broker import Broker
from shared.kafka import create_topics
from shared.postgres import MigrationError, Phase, migrate, prepare_database
from shared.services import CONSOLE, SERVICES
from shared.topics import TOPICS

#: Whose databases are made: the console has one, and is no user of Kafka's.
DATABASES = (*SERVICES, CONSOLE)

T = TypeVar("T")


@dataclass(frozen=True)
class Passwords:
    """What the services log in with at Kafka (none where it asks for no login) and PostgreSQL, by service."""

    kafka: Mapping[str, str]
    postgres: Mapping[str, str]


async def provision(
    *, broker: Broker, postgres_admin_url: str, passwords: Passwords, phase: Phase = "all"
) -> None:
    """Create what is missing and set passwords and rights; what else is there already stays as it is.

    `broker` is Kafka as its administrator sees it, and `postgres_admin_url` a superuser's URL with a database. A
    broker that asks for no login gets no users. Raises MigrationError, KafkaError.
    """
    await asyncio.gather(
        provision_broker(broker, passwords.kafka),
        provision_databases(postgres_admin_url, passwords.postgres, phase=phase),
    )


async def provision_broker(broker: Broker, passwords: Mapping[str, str]) -> None:
    """Create the topics, and the services' users with their rights where the broker asks for a login.

    Raises KafkaError.
    """
    await create_topics(broker, TOPICS)
    if not broker.user:
        return
    users = {user_name(service): passwords[service] for service in SERVICES}
    async with administering(broker) as admin:
        # Rights before passwords: whoever can log in can work.
        await set_rights(admin, users, rights_of_services())
        await set_passwords(admin, users)
    last, password = list(users.items())[-1]
    await until_known(replace(broker, user=last, password=password, mechanism=SERVICES_MECHANISM))


async def provision_databases(admin_url: str, passwords: Mapping[str, str], *, phase: Phase = "all") -> None:
    """Create each service's and the console's role, database and tables. Raises MigrationError."""
    await asyncio.gather(
        *(_provision_database(admin_url, service, passwords[service], phase) for service in DATABASES)
    )


async def _provision_database(admin_url: str, service: str, password: str, phase: Phase) -> None:
    await prepare_database(admin_url, service, password)
    await migrate(admin_url, service, phase=phase)


async def take_away(admin_url: str) -> list[str]:
    """Take from each database what the release before needed; return what was applied. Raises MigrationError."""
    applied = await asyncio.gather(*(migrate(admin_url, service, phase="after") for service in DATABASES))
    return [name for names in applied for name in names]


def passwords_from(environment: Mapping[str, str], *, kafka: bool) -> Passwords:
    """The services' passwords from PLAUDIT_<SERVICE>_KAFKA_PASSWORD, if `kafka`, and …_POSTGRES_PASSWORD.

    Raises click.UsageError when one is not there.
    """

    def of(server: str, parts: Sequence[str]) -> dict[str, str]:
        names = {part: f"PLAUDIT_{part.upper()}_{server}_PASSWORD" for part in parts}
        missing = [name for name in names.values() if not environment.get(name)]
        if missing:
            raise click.UsageError(
                f"{missing[0]} is not set: each service has a password of its own. `plaudit secrets DIRECTORY` "
                "makes them, and provision.env there has all that this needs."
            )
        return {part: environment[name] for part, name in names.items()}

    return Passwords(of("KAFKA", SERVICES) if kafka else {}, of("POSTGRES", DATABASES))


@click.command(
    "provision",
    epilog="\b\nExample: PLAUDIT_KAFKA_USER=… PLAUDIT_KAFKA_PASSWORD=… plaudit provision --kafka kafka:9092 \\\n"
    "           --postgres postgresql://postgres:…@db/postgres",
)
@broker_options
@click.option(
    "--postgres",
    envvar="PLAUDIT_POSTGRES_ADMIN_URL",
    required=True,
    show_envvar=True,
    help="URL of a superuser, with a database",
)
@click.option(
    "--phase",
    type=click.Choice(get_args(Phase)),
    default="all",
    show_default=True,
    help="before: leave what the version before needs, which still runs; after: take that away, once it is gone.",
)
def provision_command(broker: Broker | None, postgres: str, phase: Phase) -> None:
    """Create topics, users, rights, databases, roles and tables on a Kafka and a PostgreSQL of your own.

    Run it before the services of a new version start: it may be run again, changes only what is missing, and sets
    passwords and rights. Where processes of the version before run meanwhile, run it with `--phase before`, and
    once they are gone with `--phase after`. The services' passwords come from PLAUDIT_<SERVICE>_KAFKA_PASSWORD and
    PLAUDIT_<SERVICE>_POSTGRES_PASSWORD; `plaudit secrets` makes them.
    """
    if phase == "after":
        gone = _run(take_away(postgres))
        click.echo(f"{len(gone)} migrations took away what the release before needed")
        return
    if broker is None:
        raise click.UsageError("Missing option '--kafka' (env var: 'PLAUDIT_KAFKA').")
    passwords = passwords_from(os.environ, kafka=bool(broker.user))
    _run(provision(broker=broker, postgres_admin_url=postgres, passwords=passwords, phase=phase))
    click.echo(f"{len(TOPICS)} topics and the databases of {len(SERVICES)} services and the console are there")
    if broker.user:
        click.echo(f"{len(SERVICES)} users have their rights: `plaudit kafka-user list` shows them")
    else:
        click.echo(
            f"Kafka at {broker.servers} asks nobody to log in: whoever reaches it can read and write everything"
        )


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except (KafkaError, MigrationError, asyncpg.PostgresError, OSError) as error:
        raise click.ClickException(f"nothing more was changed: {error}") from error
