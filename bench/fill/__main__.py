"""`python -m bench.fill --members N --events M`: a large community in the databases of a local stack."""

import asyncio
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from bench.fill import analytics
from bench.fill.world import World
from bench.fill.writing import is_there, sizes, write
from plaudit.access import issue_key
from plaudit.asking import confirmed
from plaudit.calls import request
from plaudit.stack import StackError, StackState, load_state

PROGRAMME = Path(__file__).with_name("programme.yaml")
#: On disk with indexes, as measured; and what PostgreSQL's log of changes may take meanwhile.
EVENT_BYTES = 2_600
MEMBER_BYTES = 1_700
LOG_BYTES = 2 * 2**30
GIB = 2**30


@click.command(epilog="Example: python -m bench.fill --members 100000 --events 1000000 --stack fill")
@click.option("--members", "members_count", type=click.IntRange(min=1), help="How many members")
@click.option("--events", "events_count", type=click.IntRange(min=1), required=True, help="How many events in all")
@click.option("--stack", default="fill", show_default=True, help="A local stack that is up")
@click.option("--community", default="filled", show_default=True, help="One that holds nothing yet")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same community")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day (UTC) before which it all happened, in a year  [default: tomorrow]",
)
@click.option(
    "--only",
    type=click.Choice(["analytics"]),
    help="This service's tables alone, by SQL inside PostgreSQL: 50 events a member, minutes for ten million",
)
@click.option("--yes", is_flag=True, help="Do not ask; without it a script is refused")
def main(
    members_count: int | None,
    events_count: int,
    stack: str,
    community: str,
    seed: int,
    until: datetime | None,
    only: str | None,
    yes: bool,
) -> None:
    """Fill the five databases of a stack with members and events, and all that follows from them.

    The rows are those that the services would have written, but for Kafka: nothing is on a topic, so that nothing
    can be rebuilt. There are no payouts; those are made through the API. With --only analytics PostgreSQL fills
    that service's tables alone.
    """
    state = load_state(stack)
    if only:
        if members_count or until or seed != 1:
            raise click.UsageError(
                "--only analytics goes by --events alone: a year up to now, 50 events a member."
            )
        _fill_analytics(state, community, events_count, yes=yes)
        return
    if members_count is None:
        raise click.UsageError("Say how many --members, or --only analytics.")
    end = (until or datetime.now(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    world = World(community, seed, members_count, events_count, end.replace(tzinfo=UTC))
    _check_disk(
        state, needed_bytes(members_count, events_count), f"{members_count:,} members and {events_count:,} events"
    )
    if asyncio.run(is_there(state, community)):
        raise click.ClickException(f"{community} holds something already: name another --community.")
    confirmed(f"Fill stack '{stack}' with it?", yes)
    fill(state, world)


def _check_disk(state: StackState, needed: int, what: str) -> None:
    """Say what disk something takes; raise ClickException where that is more than there is."""
    free = shutil.disk_usage(state.directory).free
    click.echo(f"{what} take about {needed / GIB:.1f} GiB of disk; {free / GIB:.1f} GiB are free.")
    if needed > free:
        raise click.ClickException("That is more than there is: fewer events, or another disk.")


def _fill_analytics(state: StackState, community: str, events_count: int, *, yes: bool) -> None:
    _check_disk(state, analytics.needed_bytes(events_count), f"{events_count:,} events in analytics alone")
    if asyncio.run(analytics.is_filled(state, community)):
        raise click.ClickException(f"{community} holds something already: name another --community.")
    confirmed(f"Fill analytics of stack '{state.name}' with it?", yes)
    asyncio.run(analytics.fill_analytics(state, community, events_count, say=click.echo))


def needed_bytes(members_count: int, events_count: int) -> int:
    """The disk that a world takes while it is written, as far as that can be foretold."""
    return (
        members_count * MEMBER_BYTES + events_count * EVENT_BYTES + min(LOG_BYTES, 3 * events_count * EVENT_BYTES)
    )


def fill(state: StackState, world: World) -> None:
    """Publish the programme of a world and write all of it."""
    if "scoring" not in state.parts:
        raise StackError("The services of the stack must be up: its programme is published through the API.")
    key = issue_key(state, world.community, "bench.fill", ["programmes:write"])["key"]
    request(
        "POST",
        f"{state.service_urls['scoring']}/v1/programmes",
        key,
        content=PROGRAMME.read_bytes(),
        headers={"Content-Type": "application/yaml"},
    )
    started, before = time.monotonic(), asyncio.run(sizes(state))
    asyncio.run(write(state, world, lambda text: click.echo(f"{time.monotonic() - started:7.1f} s  {text}")))
    after = asyncio.run(sizes(state))
    seconds = time.monotonic() - started
    for service, size in after.items():
        click.echo(f"{service:>11}  {(size - before[service]) / 2**20:,.1f} MiB")
    click.echo(
        f"{world.community} has {world.members_count:,} members and {world.events_count:,} events, after "
        f"{seconds:.1f} s ({world.events_count / seconds:,.0f} events/s); seed {world.seed}, "
        f"until {world.until:%F}."
    )


if __name__ == "__main__":
    main()
