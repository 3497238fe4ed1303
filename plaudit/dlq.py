"""Dead letters: what a service could never process, listed with its reason, and sent again after the fix."""

import asyncio
import base64
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import click
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.text import Text

from plaudit.listing import listing
from plaudit.places import KAFKA, Where, where_options
from plaudit.terminal import plain
from shared.broker import Broker
from shared.contracts.facts import RECORD_DEAD_LETTERED
from shared.kafka import create_producer, send_records
from shared.services import SERVICES
from shared.topics import dead_letter_topic

LISTED_MAX_COUNT = 100
BATCH_MAX_COUNT = 500
FETCH_MS = 1_000
REQUEST_SECONDS = 20.0


@dataclass(frozen=True)
class DeadLetter:
    """A dead letter: its place in the dead-letter topic, where the record came from, and why it is here."""

    place: int
    topic: str
    partition: int
    offset: int
    at: str
    reason: str
    key: bytes
    value: bytes
    truncated: bool


async def read(broker: Broker, service: str) -> list[DeadLetter]:
    """Every dead letter of a service, oldest first. Raises KafkaError."""
    partition = TopicPartition(dead_letter_topic(service).name, 0)
    consumer = AIOKafkaConsumer(**broker.options)
    await consumer.start()
    try:
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        end = (await consumer.end_offsets([partition]))[partition]
        letters: list[DeadLetter] = []
        while await consumer.position(partition) < end:
            for records in (await consumer.getmany(partition, timeout_ms=FETCH_MS)).values():
                letters += [_letter(record.offset, record.value) for record in records]
        return letters
    finally:
        await consumer.stop()


def _letter(place: int, value: bytes) -> DeadLetter:
    fact = RECORD_DEAD_LETTERED.adapter.validate_json(value)
    data = fact["data"]
    return DeadLetter(
        place,
        data["topic"],
        data["partition"],
        data["offset"],
        fact["time"].isoformat(),
        data["reason"],
        base64.b64decode(data["key_base64"]),
        base64.b64decode(data["value_base64"]),
        data["value_truncated"],
    )


async def replay(broker: Broker, letters: Iterable[DeadLetter]) -> None:
    """Send the records of dead letters to the topics they came from, in their order. Raises KafkaError."""
    ordered = list(letters)
    producer = create_producer(broker, request_seconds=REQUEST_SECONDS)
    await producer.start()
    try:
        for first in range(0, len(ordered), BATCH_MAX_COUNT):
            batch = ordered[first : first + BATCH_MAX_COUNT]
            await send_records(producer, ((one.topic, one.key, one.value) for one in batch))
    finally:
        await producer.stop()


def _letters(where: Where, service: str) -> tuple[Broker, list[DeadLetter]]:
    broker = where.broker()
    try:
        return broker, asyncio.run(read(broker, service))
    except KafkaError as error:
        raise click.ClickException(f"Kafka at {broker.servers} does not give the dead letters: {error}") from error


@click.group()
def dlq() -> None:
    """List dead letters, and send them again after the fix."""


@dlq.command("list", epilog="Example: plaudit dlq list rewards")
@where_options(*KAFKA)
@click.argument("service", type=click.Choice(SERVICES))
@click.option("--json", "as_json", is_flag=True, help="Print all of them as JSON for a script")
def list_letters(where: Where, service: str, as_json: bool) -> None:
    """List what SERVICE could never process, and why."""
    _, letters = _letters(where, service)
    if as_json:
        rows = [
            {name: value for name, value in asdict(one).items() if name not in ("key", "value")}
            | {"key_base64": base64.b64encode(one.key).decode(), "bytes": len(one.value)}
            for one in letters
        ]
        click.echo(json.dumps(rows))
        return
    if not letters:
        click.echo(f"{service} has no dead letters")
        return
    table = listing("place", "came from, at, bytes", "reason")
    for one in letters[-LISTED_MAX_COUNT:]:
        origin = f"{one.topic}/{one.partition}@{one.offset}"
        record = Text("\n").join(map(plain, (origin, one.at, f"{len(one.value):,} bytes")))
        table.add_row(str(one.place), record, plain(one.reason))
    Console().print(table)
    if len(letters) > LISTED_MAX_COUNT:
        click.echo(f"the last {LISTED_MAX_COUNT} of {len(letters)}; --json prints all")


@dlq.command("replay", epilog="Example: plaudit dlq replay rewards --place 17 --place 18")
@where_options(*KAFKA)
@click.argument("service", type=click.Choice(SERVICES))
@click.option("--place", "places", multiple=True, type=int, help="Only this one, as `list` numbers it; repeat")
@click.option("--all", "everything", is_flag=True, help="All of them")
def replay_letters(where: Where, service: str, places: tuple[int, ...], everything: bool) -> None:
    """Send what SERVICE could not process to the topics it came from.

    Every reader of the topic gets it again; what has counted does not count again. What still cannot be
    processed comes back as a new dead letter. The old ones stay as a record until their retention is over.
    """
    if everything == bool(places):
        raise click.UsageError("Say which: --place NUMBER, as `plaudit dlq list` shows them, or --all.")
    broker, letters = _letters(where, service)
    unknown = sorted(set(places) - {one.place for one in letters})
    if unknown:
        raise click.ClickException(
            f"There is no dead letter at place {unknown[0]}; see `plaudit dlq list {service}`"
        )
    chosen = [one for one in letters if everything or one.place in places]
    whole = [one for one in chosen if not one.truncated]
    try:
        asyncio.run(replay(broker, whole))
    except KafkaError as error:
        raise click.ClickException(
            f"Kafka did not take all of them ({error}); running the same again is safe"
        ) from error
    click.echo(f"{len(whole)} records sent again")
    if len(whole) < len(chosen):
        raise click.ClickException(
            f"{len(chosen) - len(whole)} were too large to be kept whole: find them by topic, partition and offset"
        )
