"""Rewards' community: awards, programmes and members, and what its ledger holds for them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson
import pytest

from services.rewards.checks.domain import Findings
from services.rewards.checks.handlers import check
from services.rewards.lots.handlers.awards import on_awards
from services.rewards.main import SPEC
from services.rewards.programmes.handlers import on_programmes
from shared.contracts.facts import PAYOUT_FACT, POINTS_AWARDED, REDEMPTION_FACT
from shared.followed_members import on_members
from shared.postgres import database_url, role_name
from shared.service import ServiceSpec
from shared.topics import MESSAGES
from shared.transaction import Transaction
from tests.integration.services.rewards.finance import CATALOGUE, PAYER, ByHand, Finance, Person
from tests.integration.services.rewards.office import Office
from tests.integration.services.world import NOON, World, add_person

TERMS = {"currency": "EUR", "points": 100, "minor": 50, "minimum_points": 500, "paying_account": PAYER}


class RewardsWorld(World):
    """Makes the facts that rewards reads, and adds up what was booked."""

    def __init__(self, pool: Any) -> None:
        super().__init__(pool, SPEC)
        self.awards_count = 0
        #: By how much it is later for transactions than for the machine.
        self.later = timedelta(0)
        #: What members were to be written, of what was told until now.
        self.messages: list[Any] = []

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction[Any]]:
        async with super().begin() as tx:
            tx.now += self.later
            yield tx

    def award(
        self,
        name: str,
        member: str,
        points: int,
        amends: str | None = None,
        *,
        revision: int = 1,
        total: int = 0,
        at: datetime | None = None,
    ) -> Any:
        """An award, earned a minute after the one made before it where it is not said when.

        Or what one `amends`, in its `total` since.
        """
        self.awards_count += 1
        fact = self.award_fact(
            self.uuid(f"award {name}"),
            member,
            points,
            self.uuid(f"event {name}"),
            at=at or NOON + timedelta(minutes=self.awards_count),
            amends=self.uuid(f"award {amends}") if amends is not None else None,
            revision=revision,
            total=total,
        )
        return POINTS_AWARDED.adapter.validate_json(orjson.dumps(fact))

    async def give(self, *awards: Any) -> None:
        await self.handle(on_awards, *awards)

    async def publish(self, version: int = 1, terms: dict[str, Any] | None = TERMS) -> None:
        """Put a programme in force with the catalogue and payout terms."""
        rewards: dict[str, Any] = {"catalogue": CATALOGUE}
        if terms is not None:
            rewards["payout"] = terms
        document = {"programme": "demo", "rewards": rewards}
        await self.handle(on_programmes, self.programme_fact(version, document))

    def member(self, name: str, shown: str, revision: int) -> Any:
        data = {
            "member_id": self.uuid(name),
            "name": shown,
            "identities": [self.identity("forum", name)],
            "channel": "forum",
            "first_seen_at": NOON,
            "revision": revision,
        }
        return self.fact("member.identified.v1", f"{name} {revision}", data)

    async def join(self, *members: str) -> None:
        await self.handle(on_members, *(self.member(name, name.title(), 1) for name in members))

    async def balance(self, member: str) -> dict[str, int]:
        """The member's points that are not zero, by kind."""
        rows = await self.pool.fetch(
            """
            select kind, amount from accounts join balances using (community, account_id)
            where community = $1 and owner = $2 and currency = 'PTS' and amount <> 0
            """,
            self.community,
            self.uuid(member),
        )
        return {row["kind"]: row["amount"] for row in rows}

    async def money(self) -> dict[str, int]:
        """The community's and members' money by kind of account, where it is not zero."""
        rows = await self.pool.fetch(
            """
            select kind, sum(amount)::bigint as amount from accounts join balances using (community, account_id)
            where community = $1 and currency <> 'PTS' group by 1 having sum(amount) <> 0
            """,
            self.community,
        )
        return {row["kind"]: row["amount"] for row in rows}

    async def lots(self, member: str) -> list[int]:
        """What remains in the member's lots, oldest first."""
        rows = await self.pool.fetch(
            "select remaining from lots where community = $1 and member_id = $2 order by earned_at",
            self.community,
            self.uuid(member),
        )
        return [row["remaining"] for row in rows]

    async def check(self) -> Findings:
        async with (
            self.pool.acquire() as conn,
            conn.transaction(isolation="repeatable_read", readonly=True),
        ):
            return await check(conn, self.told, community=self.community, timeout_seconds=60)

    async def count(self, table: str) -> int:
        return int(await self.pool.fetchval(f"select count(*) from {table} where community = $1", self.community))

    async def published(self) -> list[Any]:
        """The facts in the outbox but for messages, which are kept; each valid by its contract. It is emptied."""
        adapters: dict[str, Any] = {"redemptions.v1": REDEMPTION_FACT, "payouts.v1": PAYOUT_FACT}
        rows = await self.outbox()
        self.messages += [orjson.loads(row["value"])["data"] for row in rows if row["topic"] == MESSAGES.name]
        return [adapters[row["topic"]].validate_json(row["value"]) for row in rows if row["topic"] in adapters]


@pytest.fixture
def spec() -> ServiceSpec:
    return SPEC


@pytest.fixture
def scopes() -> Sequence[str]:
    return ["rewards:read", "rewards:write", "points:approve", "payouts:write", "payouts:approve", "payouts:read"]


@pytest.fixture
def world(pool: asyncpg.Pool) -> RewardsWorld:
    return RewardsWorld(pool)


@pytest.fixture
def office(stack: Any, tmp_path: Path) -> Office:
    """Rewards as a process; no connection of ours is open while the database is dropped."""
    return Office(stack, tmp_path, RewardsWorld(None))


@pytest.fixture
async def finance(world: Any, clients: Any) -> Finance:
    """A community in which ada has 1,250 points, bob 500 and eve 499, and ada's bank is known."""
    await world.publish()
    await world.join("ada", "bob", "eve")
    await world.give(
        *(world.award(f"a{n}", "ada", 250) for n in range(5)),
        world.award("b", "bob", 500),
        world.award("e", "eve", 499),
    )
    made = Finance(world, await clients(), await clients())
    assert (await made.payee("ada")).status_code == 200
    return made


@pytest.fixture
async def by_hand(stack: Any, world: Any) -> AsyncIterator[ByHand]:
    connection = await asyncpg.connect(database_url(stack.state.postgres_admin_url, role_name("rewards")))
    yield ByHand(world, connection)
    await connection.close()


@pytest.fixture
async def both(finance: Finance) -> Finance:
    """Ada is owed 6.00 and bob 2.50, and both have bank details."""
    assert (await finance.payee("bob")).status_code == 200
    return finance


@pytest.fixture
async def person(finance: Finance, clients: Any) -> Callable[[], Awaitable[Person]]:
    async def made() -> Person:
        person_id = await add_person(finance.world.pool, finance.world.community)
        return Person(finance, person_id, [await clients(person_id=person_id) for _ in range(2)])

    return made


async def pages(api: httpx.AsyncClient, path: str, limit: int, **query: Any) -> Sequence[Any]:
    """Every item of a paged list, `limit` at a time."""
    items: list[Any] = []
    after: dict[str, str] = {}
    while True:
        answer = await api.get(path, params={"limit": limit, **query, **after})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= limit
        items += page["items"]
        if page["next"] is None:
            return items
        after = {"after": page["next"]}


@pytest.fixture
def all_pages() -> Callable[..., Awaitable[Sequence[Any]]]:
    return pages
