"""Everything that must be there before the services run: roles, databases, tables and topics."""

import asyncio

from shared.kafka import create_topics
from shared.postgres import migrate, prepare_database
from shared.topics import SERVICES, TOPICS


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
