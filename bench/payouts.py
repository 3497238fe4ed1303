"""How long a payout run takes, piece by piece: `python -m bench.payouts --stack NAME --payouts N`.

A community of its own is filled, with members who have points and bank details, under a policy that checks
countries, totals of a year and shared accounts. Then a run is computed, approved and filed as the timer of rewards
does it, a transaction for each piece, while somebody asks for the lock of its community every ten milliseconds.
The limit for all of it is that of the promise for 100,000, divided by the machine's factor.
"""

import asyncio
import contextlib
import json
import time
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import asyncpg
import click

from bench.factor import measure
from plaudit.provision import provision_databases
from plaudit.stack import StackState, load_state
from plaudit.stack.services import connections
from services.rewards.approvals.domain import Author
from services.rewards.lots.handlers.awards import on_awards
from services.rewards.payouts.domain import Actor
from services.rewards.payouts.policies import handlers as policies
from services.rewards.payouts.policies.domain import PayoutPolicyTerms
from services.rewards.payouts.runs.handlers import computing, deciding, filing
from services.rewards.payouts.runs.handlers.pieces import Worked, work_on
from services.rewards.payouts.runs.store import files as file_store
from services.rewards.settings import Settings
from shared.contracts.facts import POINTS_AWARDED
from shared.postgres import create_pool, database_url, role_name
from shared.services import CONSOLE
from shared.transaction import Transaction, transaction

LIMIT_SECONDS = 120.0
LIMIT_PAYOUTS = 100_000
LOCK_LIMIT_SECONDS = 1.0
FACTS_COUNT = 1_000
LOOKED_EVERY_SECONDS = 0.01
IDS = UUID("9d1b3d0a-6a0e-5d3b-8a53-4c1f0e1d2b77")
POINTS, MINOR = 700, 50
PAYER = {"name": "Example Community", "iban": "DE89370400440532013000", "bic": "COBADEFFXXX"}
DOCUMENT = {
    "payout": {
        "currency": "EUR",
        "points": 100,
        "minor": MINOR,
        "minimum_points": 500,
        "paying_account": PAYER,
    },
}


@click.command()
@click.option("--stack", required=True, help="A stack whose PostgreSQL runs")
@click.option("--payouts", "count", default=10_000, show_default=True, type=click.IntRange(1, 1_000_000))
def main(stack: str, count: int) -> None:
    """Fill a community, and say how long its payout run takes and for how long anybody waits for a lock."""
    state = load_state(stack)
    if state is None:
        raise click.ClickException(f"there is no stack {stack}: PLAUDIT_STACK={stack} plaudit up --only postgres")
    if not asyncio.run(_run(state, count)):
        raise click.ClickException("the limit is not kept")


class Bench:
    """A community at a database, with two people who may make and approve runs."""

    def __init__(self, pool: asyncpg.Pool, count: int) -> None:
        self.pool, self.count = pool, count
        self.community = f"payouts-{time.time_ns():x}"
        self.people = [str(uuid4()) for _ in range(2)]
        self.settings = Settings(payouts_per_run_max_count=count)

    def begin(self) -> AbstractAsyncContextManager[Transaction[Settings]]:
        """A transaction as rewards has them."""
        return transaction(self.pool, service="rewards", settings=self.settings, on_commit=lambda _: None)

    def actor(self, number: int) -> Actor:
        """One of the people, by their key."""
        return Actor(self.people[number], f"bench-{number}-{self.community}")

    async def fill(self) -> None:
        """People, a programme, members with points and bank details, and a policy in force."""
        for number, person_id in enumerate(self.people):
            await self.pool.execute(
                "insert into followed_people (community, person_id, revision, name, kind, disabled, roles)"
                " values ($1, $2, 1, $3, 'person', false, array['finance_maker', 'finance_approver'])",
                self.community,
                person_id,
                f"Person {number}",
            )
            await self.pool.execute(
                "insert into access_keys (community, key_id, person_id, name, secret_sha256, scopes, revoked)"
                " values ($1, $2, $3, 'bench', $4, array['payouts:write', 'payouts:approve'], false)",
                self.community,
                self.actor(number).credential,
                person_id,
                uuid4().hex * 2,
            )
        await self.pool.execute(
            "insert into programmes (community, version, programme_id, effective_from, rewards)"
            " values ($1, 1, 'bench', $2, $3)",
            self.community,
            datetime.now(UTC) - timedelta(days=200),
            json.dumps(DOCUMENT),
        )
        for first in range(0, self.count, FACTS_COUNT):
            members = range(first, min(self.count, first + FACTS_COUNT))
            async with self.begin() as tx:
                await on_awards(tx, [self._award(number) for number in members])
            await self.pool.execute("delete from outbox")
            print(f"\r{members.stop:,} members have points", end="", flush=True)
        print()
        await self.pool.execute(
            """
            insert into payee_changes (community, member_id, revision, name, iban, changed_at, changed_by_person,
                                       changed_by)
            select $1, m, 1, 'Member ' || n, 'MT' || lpad(n::text, 29, '0'), now(), $3, $4
            from unnest($2::uuid[]) with ordinality as t(m, n)
            """,
            self.community,
            [self._member(number) for number in range(self.count)],
            *self.actor(0),
        )
        terms = PayoutPolicyTerms(
            date(2020, 1, 1), "EUR", 1, 100, ("MT",), 100_000, 200_000, stops_shared_accounts=True
        )
        maker, approver = (Author(self.people[n], "Person", self.actor(n).credential) for n in range(2))
        async with self.begin() as tx:
            made = await policies.propose_policy(tx, community=self.community, key="bench", terms=terms, by=maker)
        async with self.begin() as tx:
            await policies.approve_policy(tx, community=self.community, policy_id=made.policy_id, by=approver)

    def _member(self, number: int) -> str:
        return str(uuid5(IDS, f"{self.community} {number}"))

    def _award(self, number: int) -> Any:
        at = datetime.now(UTC) - timedelta(days=100)
        data = {
            "award_id": str(uuid5(IDS, f"{self.community} award {number}")),
            "member_id": self._member(number),
            "points": POINTS,
            "rule_id": "post",
            "beneficiary": "actor",
            "programme_id": "bench",
            "programme_version": 1,
            "event_uid": str(uuid5(IDS, f"{self.community} event {number}")),
            "event_type": "forum.post.v1",
            "event_time": at,
            "received_at": at,
        }
        fact = {
            "specversion": "1.0",
            "id": data["award_id"],
            "source": "/plaudit/bench",
            "type": "points.awarded.v1",
            "time": at,
            "community": self.community,
            "data": data,
        }
        return POINTS_AWARDED.adapter.validate_python(fact)

    async def work(self, run_id: str, what: str) -> float:
        """Do all pieces of what a run waits for, with progress; how many seconds that took."""
        began, pieces = time.monotonic(), 0
        while True:
            async with self.begin() as tx:
                done = await work_on(tx, community=self.community, run_id=run_id)
            pieces += 1
            if done is Worked.DONE:
                break
            print(f"\r{what}: {pieces * self.settings.payouts_per_piece_max_count:,} payouts", end="", flush=True)
        took = time.monotonic() - began
        print(f"\r{what}: {took:.1f} s in {pieces:,} pieces")
        return took


async def _longest_wait(dsn: str, community: str, found: list[float]) -> None:
    """Take the lock of the community's runs again and again, as whoever gives bank details does; note how long."""
    connection = await asyncpg.connect(dsn)
    try:
        while True:
            began = time.monotonic()
            async with connection.transaction():
                await connection.execute(
                    "select pg_advisory_xact_lock(hashtextextended($1, 0))", f"payout runs of {community}"
                )
            found.append(time.monotonic() - began)
            await asyncio.sleep(LOOKED_EVERY_SECONDS)
    finally:
        await connection.close()


async def _analyze(state: StackState) -> None:
    """Have the tables counted, as their owner may: plans are as in a database that is used."""
    connection = await asyncpg.connect(database_url(state.postgres_admin_url, role_name("rewards")))
    try:
        await connection.execute("analyze")
    finally:
        await connection.close()


async def _run(state: StackState, count: int) -> bool:
    passwords = state.postgres_passwords | {CONSOLE: state.console_postgres_password}
    await provision_databases(state.postgres_admin_url, passwords)
    dsn = database_url(state.postgres_admin_url, role_name("rewards"))
    pool = await create_pool("rewards", Settings(**connections(state, "rewards")))
    bench = Bench(pool, count)
    await bench.fill()
    await _analyze(state)
    before = measure().factor
    waits: list[float] = []
    waiting = asyncio.create_task(_longest_wait(dsn, bench.community, waits))
    began = time.monotonic()
    async with bench.begin() as tx:
        run = await computing.create(tx, community=bench.community, idempotency_key="bench", by=bench.actor(0))
    print(f"chosen: {time.monotonic() - began:.1f} s")
    key = {"community": bench.community, "run_id": run.run_id}
    await bench.work(run.run_id, "computed")
    async with bench.begin() as tx:
        await deciding.approve(tx, **key, by=bench.actor(1))
    await bench.work(run.run_id, "approved")
    async with bench.begin() as tx:
        await filing.file_run(tx, **key, by=bench.actor(0))
    await bench.work(run.run_id, "filed")
    took = time.monotonic() - began
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    async with pool.acquire() as conn:
        file = await file_store.find_file(conn, **key)
    await pool.close()
    paid = 0 if file is None else file.payment_count
    factor = (before + measure().factor) / 2
    limit = LIMIT_SECONDS * count / LIMIT_PAYOUTS / factor
    print(f"{paid:,} of {count:,} payouts are in a valid file: {took:.1f} s, limit {limit:.1f} s")
    print(f"longest wait for the lock {max(waits):.2f} s, limit {LOCK_LIMIT_SECONDS:.0f} s; factor {factor:.2f}")
    return paid == count and took <= limit and max(waits) <= LOCK_LIMIT_SECONDS


if __name__ == "__main__":
    main()
