"""What an event costs in each service's handlers, and how many statements a batch: `python -m bench.pipeline`.

The handlers of all five services on real databases, without a broker, in batches that are small enough for round
trips to count. Two checkouts are compared by running it in both in turn: see `--rounds`.
"""

import asyncio
import uuid
from pathlib import Path
from statistics import median

import click

from bench import chain, messages
from bench.chain import Chain, connected
from bench.measure import like_a_service
from plaudit.stack import StackState, reset, start

PROGRAMME = Path(__file__).parents[1] / "programmes" / "messages.yaml"
BATCH_COUNT = 300
WARM_COUNT = 1_500


async def measure(state: StackState, text: str, *, events_count: int, batch_count: int, rounds_count: int) -> None:
    """Print each service's CPU an event, as medians, and statements for a batch and what follows from it."""
    given = messages.events(WARM_COUNT + rounds_count * events_count)
    async with connected(state) as links:
        community = f"bench-{uuid.uuid4().hex[:10]}"
        await chain.publish(links, community, text)
        await links.feed(community, given[:WARM_COUNT], batch_count=batch_count)
        costs: dict[str, list[tuple[float, float]]] = {service: [] for service in links.links}
        together: list[float] = []
        statements = dict.fromkeys(links.links, 0)
        for number in range(rounds_count):
            links.reset_costs()
            begin = WARM_COUNT + number * events_count
            await links.feed(community, given[begin : begin + events_count], batch_count=batch_count)
            together.append(_print(links, number, events_count))
            for service, link in links.links.items():
                each = link.cost.python_seconds, link.cost.postgres_seconds
                costs[service].append((each[0] / events_count * 1e6, each[1] / events_count * 1e6))
                statements[service] += link.cost.statements_count
    batches = rounds_count * -(-events_count // batch_count)
    for service, found in costs.items():
        python, postgres = (median(one[part] for one in found) for part in range(2))
        click.echo(
            f"{service:12} {python:6.1f} + {postgres:5.1f} µs an event,"
            f" {statements[service] / batches:5.1f} statements a batch"
        )
    click.echo(
        f"{'together':12} {median(together):6.1f} µs an event ({min(together):.0f} to {max(together):.0f}),"
        f" {sum(statements.values()) / batches:5.1f} statements a batch"
    )


def _print(links: Chain, number: int, events_count: int) -> float:
    used = sum(link.cost.cpu_seconds for link in links.links.values()) / events_count * 1e6
    click.echo(f"round {number + 1}: {used:.0f} µs an event")
    return used


@click.command(
    help="Print what an event costs in each service's handlers. The stack that is named loses its data.",
    epilog="Example: python -m bench.pipeline --rounds 10 --batch 300",
)
@click.option("--stack", default="bench-pipeline", show_default=True)
@click.option("--programme", type=click.Path(path_type=Path, exists=True), default=PROGRAMME, show_default=True)
@click.option("--events", default=3_000, show_default=True, help="In each round")
@click.option("--batch", default=BATCH_COUNT, show_default=True, help="Events in one")
@click.option("--rounds", default=5, show_default=True)
def main(stack: str, programme: Path, events: int, batch: int, rounds: int) -> None:
    """Measure on a stack of its own."""
    reset(stack)
    like_a_service()
    try:
        state = start(stack, only=("kafka", "postgres"), role="all", environment={})
        asyncio.run(
            measure(state, programme.read_text(), events_count=events, batch_count=batch, rounds_count=rounds)
        )
    finally:
        reset(stack)


if __name__ == "__main__":
    main()
