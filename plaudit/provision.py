"""Everything that must be there before the services run: roles, databases, tables and topics."""

import asyncio

import asyncpg
import click
from aiokafka.errors import KafkaError

from shared.kafka import create_topics
from shared.postgres import MigrationError, migrate, prepare_database
from shared.services import SERVICES
from shared.topics import TOPICS


async def provision(*, kafka: str, postgres_admin_url: str, postgres_password: str) -> None:
    """Create what is missing; what is there already stays as it is.

    `kafka` is the bootstrap servers, `postgres_admin_url` a superuser's URL with a database, and
    `postgres_password` the password that every service's role gets. Raises MigrationError, KafkaError.
    """
    await asyncio.gather(
        create_topics(kafka, TOPICS),
        *(_provision_database(postgres_admin_url, service, postgres_password) for service in SERVICES),
    )


async def _provision_database(admin_url: str, service: str, password: str) -> None:
    await prepare_database(admin_url, service, password)
    await migrate(admin_url, service)


@click.command(
    "provision",
    epilog="\b\nExample: PLAUDIT_POSTGRES_PASSWORD=… plaudit provision --kafka kafka:9092 \\\n"
    "           --postgres postgresql://postgres:…@db/postgres",
)
@click.option(
    "--kafka", envvar="PLAUDIT_KAFKA", show_envvar=True, required=True, help="Bootstrap servers, HOST:PORT"
)
@click.option(
    "--postgres",
    envvar="PLAUDIT_POSTGRES_ADMIN_URL",
    show_envvar=True,
    required=True,
    help="URL of a superuser, with a database",
)
@click.option(
    "--password",
    envvar="PLAUDIT_POSTGRES_PASSWORD",
    show_envvar=True,
    required=True,
    help="What the services' roles will log in with; better in the environment, where other users do not see it",
)
def provision_command(kafka: str, postgres: str, password: str) -> None:
    """Create topics, databases, roles and tables on a Kafka and a PostgreSQL that are there already.

    Run it before the services of a new version start: it may be run again, and changes only what is missing.
    """
    try:
        asyncio.run(provision(kafka=kafka, postgres_admin_url=postgres, postgres_password=password))
    except (KafkaError, MigrationError, asyncpg.PostgresError, OSError) as error:
        raise click.ClickException(f"nothing more was changed: {error}") from error
    click.echo(f"{len(TOPICS)} topics and the databases of {len(SERVICES)} services are there")
