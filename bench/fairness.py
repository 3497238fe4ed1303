"""What fairness costs: `python -m bench.fairness`, on a stack of its own whose data is deleted.

Scoring's handler alone on a real database, without a broker: what a vote costs with the sections `signals` and
`quality`, and with a rule that reads the trust in who judges, beside the same vote without. Then so many votes on
what a thousand members made, to the end: scored, and every timer done with what follows from them.
"""

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import click
import orjson

from bench.chain import Chain, Link, connected, publish
from bench.decisions import backend_seconds, handle
from bench.measure import like_a_service
from plaudit.stack import StackState, reset, start
from services.scoring.awards.handlers.of_content import give_for_content
from services.scoring.holds.handlers.looking import look
from services.scoring.quality.handlers.trusting import weigh_due

BATCH_COUNT = 500
WARM_BATCHES_COUNT = 10
MEASURED_BATCHES_COUNT = 30
MEMBERS_COUNT = 1_000
CONTENTS_COUNT = 5_000
#: What a vote may cost with a section, in times of the same vote without any.
REACHES = {"signals": 2.3, "quality": 3.0, "quality, by trust": 4.0, "both, by trust": 5.0}
TODAY = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0)

HEAD = "programme: fairness\ntitle: Fairness\n"
SIGNALS = "signals: {more_than_points: 100, hold_from_percent: 90}\n"
QUALITY = "scores: [{id: good, title: Good}]\nquality: {score: good, points: 100}\n"
RULE = "rules:\n  - {id: vote, title: Voted, on: [content.voted.v1], to: object_author, points: 10}\n"
BY_TRUST = RULE.replace("points: 10}", "points: 10, points_by: {cel: 10.0 * judge_trust, floor: 1}}")
CASES = {
    "without": HEAD + RULE,
    "signals": HEAD + SIGNALS + RULE,
    "quality": HEAD + QUALITY + RULE,
    "quality, by trust": HEAD + QUALITY + BY_TRUST,
    "both, by trust": HEAD + SIGNALS + QUALITY + BY_TRUST,
}


def votes(community: str, chance: Random, members: Sequence[str]) -> list[bytes]:
    """A batch of votes as they are in the log: anybody's on anything, of a month."""
    made = []
    for _ in range(BATCH_COUNT):
        thing = chance.randrange(CONTENTS_COUNT)
        author = members[thing % len(members)]
        made.append(
            {
                "specversion": "1.0",
                "id": f"e{chance.getrandbits(64):x}",
                "source": "https://forum.example.org",
                "type": "content.voted.v1",
                "time": TODAY - timedelta(minutes=chance.randrange(40_000)),
                "community": community,
                "uid": str(uuid.UUID(int=chance.getrandbits(128))),
                "member": chance.choice(members),
                "objectmember": author,
                "receivedat": datetime.now(UTC),
                "contenthash": f"{chance.getrandbits(128):032x}",
                "data": {
                    "channel": "forum",
                    "object": {"id": f"p{thing}", "author": {}},
                    "vote": "up" if chance.random() < 0.8 else "down",
                },
            }
        )
    return [orjson.dumps(one) for one in made]


async def trust(link: Link, community: str, members: Sequence[str]) -> None:
    """Have a tenth of the members be trusted by themselves: they are of the staff."""
    await link.pool.execute(
        """
        insert into quality_members (community, member_id, is_staff, is_bot, first_seen_at, revision)
        select $1, m, true, false, now(), 1 from unnest($2::uuid[]) as m
        """,
        community,
        members[::10],
    )


@dataclass
class Case:
    """A programme, its community, and what votes cost there, in seconds of Python and of PostgreSQL."""

    name: str
    community: str
    members: Sequence[str]
    python: float = 0.0
    postgres: float = 0.0

    @property
    def microseconds(self) -> float:
        """What a vote takes of both."""
        return (self.python + self.postgres) / MEASURED_BATCHES_COUNT / BATCH_COUNT * 1e6


async def cost(chain: Chain) -> dict[str, float]:
    """Microseconds of processors that a vote takes in each case.

    A batch of each in turn, so that whatever else the machine does falls on all of them alike.
    """
    link, chance, cases = chain.links["scoring"], Random(17), []
    members = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(MEMBERS_COUNT)]
    for name, text in CASES.items():
        case = Case(name, f"b{uuid.uuid4().hex[:10]}", members)
        await publish(chain, case.community, text)
        await trust(link, case.community, members)
        cases.append(case)
    for number in range(WARM_BATCHES_COUNT + MEASURED_BATCHES_COUNT):
        for case in cases:
            values = votes(case.community, chance, members)
            python, postgres = time.process_time(), backend_seconds(link)
            await handle(link, values)
            if number >= WARM_BATCHES_COUNT:
                case.python += time.process_time() - python
                case.postgres += backend_seconds(link) - postgres
    for case in cases:
        each = [seconds / MEASURED_BATCHES_COUNT / BATCH_COUNT * 1e6 for seconds in (case.python, case.postgres)]
        click.echo(
            f"{case.name:20} {case.microseconds:7.1f} µs a vote   ({each[0]:.1f} Python, {each[1]:.1f} PostgreSQL)"
        )
    return {case.name: case.microseconds for case in cases}


async def done(link: Link) -> int:
    """Let every timer work until there is nothing left; how often they were asked."""
    turns = 0
    for timer in (weigh_due, give_for_content, look):
        is_more = True
        while is_more:
            async with link.begin() as tx:
                is_more = await timer(tx)
            turns += 1
    return turns


async def to_the_end(chain: Chain, votes_count: int) -> None:
    """Print how long so many votes take until nothing is left to do, as one process does it."""
    link, chance = chain.links["scoring"], Random(18)
    members = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(MEMBERS_COUNT)]
    community = f"b{uuid.uuid4().hex[:10]}"
    await publish(chain, community, CASES["both, by trust"])
    await trust(link, community, members)
    scored = followed = 0.0
    turns = 0
    for number in range(votes_count // BATCH_COUNT):
        values = votes(community, chance, members)
        begun = time.perf_counter()
        await handle(link, values)
        scored += time.perf_counter() - begun
        if number % 20 == 19:
            begun = time.perf_counter()
            turns += await done(link)
            followed += time.perf_counter() - begun
    begun = time.perf_counter()
    turns += await done(link)
    followed += time.perf_counter() - begun
    click.echo(
        f"{votes_count:,} votes to the end: {scored + followed:,.0f} s ({votes_count / (scored + followed):,.0f} a"
        f" second); {scored:,.0f} s scored, {followed:,.0f} s in {turns:,} turns of timers"
    )


async def measure(state: StackState, votes_count: int) -> None:
    """Print what each case costs beside its reach, and what so many votes take."""
    like_a_service()
    async with connected(state, ["scoring"]) as chain:
        took = await cost(chain)
        times = {name: took[name] / took["without"] for name in REACHES}
        for name, most in REACHES.items():
            click.echo(f"{name} / without   {times[name]:.2f} (at most {most})")
        await to_the_end(chain, votes_count)
    if beyond := [name for name, most in REACHES.items() if times[name] > most]:
        raise click.ClickException(f"costs more than it may: {', '.join(beyond)}")


@click.command(epilog="Example: python -m bench.fairness --votes 100000")
@click.option(
    "--stack", default="bench-fairness", show_default=True, help="A stack of its own; its data is deleted"
)
@click.option("--votes", "votes_count", type=click.IntRange(min=BATCH_COUNT), default=100_000, show_default=True)
def main(stack: str, votes_count: int) -> None:
    """Measure what signals, quality and trust cost an event, and many votes to the end."""
    reset(stack)
    try:
        asyncio.run(measure(start(stack, only=("kafka", "postgres"), role="all", environment={}), votes_count))
    finally:
        reset(stack)


if __name__ == "__main__":
    main()
