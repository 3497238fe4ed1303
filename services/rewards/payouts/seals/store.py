"""Seals, and what of a run is sealed."""

from collections.abc import Sequence

import orjson
from asyncpg import Record

from services.rewards.bank_messages.domain import BankAccount, ordering_of
from services.rewards.payouts.domain import Payout
from services.rewards.payouts.seals.domain import FileSums, Seal, SealedRun, SealedTerms, SealStep
from services.rewards.payouts.store import load_traced
from services.rewards.rates.domain.exchange import exchange_of
from shared.postgres import Connection
from shared.topics import PAYOUTS


def _seal(row: Record) -> Seal:
    return Seal(
        community=row["community"],
        run_id=str(row["run_id"]),
        step=SealStep(row["step"]),
        value=row["seal"],
        sealed_at=row["sealed_at"],
        sealed_by=row["sealed_by"],
    )


async def add_seal(conn: Connection, seal: Seal) -> None:
    """Add a run's next seal."""
    await conn.execute(
        """
        insert into payout_seals (community, run_id, number, step, seal, sealed_at, sealed_by)
        select $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6
        from payout_seals where community = $1 and run_id = $2
        """,
        seal.community,
        seal.run_id,
        seal.step,
        seal.value,
        seal.sealed_at,
        seal.sealed_by,
    )


async def add_seal_as_told(conn: Connection, seal: Seal) -> None:
    """Add a seal that a run had; one that is there stays."""
    await conn.execute(
        """
        insert into payout_seals (community, run_id, number, step, seal, sealed_at, sealed_by)
        select $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6
        from payout_seals where community = $1 and run_id = $2
        having not coalesce(bool_or(step = $3 and (step <> 'computed' or seal = $4)), false)
        """,
        seal.community,
        seal.run_id,
        seal.step,
        seal.value,
        seal.sealed_at,
        seal.sealed_by,
    )


async def give_up_seals(conn: Connection, *, community: str, run_id: str) -> None:
    """Let a run count as one without seals: nothing of it can be approved or filed any more."""
    await conn.execute(
        "insert into payout_runs_unsealed (community, run_id) values ($1, $2) on conflict do nothing",
        community,
        run_id,
    )


async def is_waiting_to_be_told(conn: Connection, *, run_id: str) -> bool:
    """Whether the broker may not have all that was told of a run yet: facts of its name wait in the outbox."""
    found: bool = await conn.fetchval(
        "select exists (select from outbox where topic = $1 and position($2::bytea in value) > 0)",
        PAYOUTS.name,
        run_id.encode(),
    )
    return found


async def load_newest(conn: Connection, *, community: str, run_ids: Sequence[str]) -> dict[str, Seal]:
    """The newest seal of each of these runs, as far as they have one."""
    rows = await conn.fetch(
        """
        select distinct on (run_id) * from payout_seals
        where community = $1 and run_id = any($2::uuid[]) and not exists (
            select from payout_runs_unsealed u where u.community = $1 and u.run_id = payout_seals.run_id)
        order by run_id, number desc
        """,
        community,
        run_ids,
    )
    return {str(row["run_id"]): _seal(row) for row in rows}


async def load_steps(conn: Connection, *, community: str, run_id: str) -> set[SealStep]:
    """At which steps a run was sealed."""
    rows = await conn.fetch(
        """
        select distinct step from payout_seals
        where community = $1 and run_id = $2
          and not exists (select from payout_runs_unsealed where community = $1 and run_id = $2)
        """,
        community,
        run_id,
    )
    return {SealStep(row["step"]) for row in rows}


async def load_sealed_run(
    conn: Connection, payouts: Sequence[Payout], *, community: str, run_id: str
) -> SealedRun:
    """A run that is there, of which these are all the payouts, with the newest seal of each step."""
    (run,) = await conn.fetch(
        """
        select r.*, f.sha256 as noted_sha256, encode(sha256(f.content), 'hex') as content_sha256,
               exists (select from payout_runs_unsealed u where u.community = $1 and u.run_id = $2) as given_up
        from payout_runs r left join payout_files f using (community, run_id)
        where r.community = $1 and r.run_id = $2
        """,
        community,
        run_id,
    )
    seals = await conn.fetch(
        """
        select distinct on (step) * from payout_seals
        where community = $1 and run_id = $2
          and not exists (select from payout_runs_unsealed where community = $1 and run_id = $2)
        order by step, number desc
        """,
        community,
        run_id,
    )
    return SealedRun(
        terms=_terms(run),
        payouts=await load_traced(conn, payouts),
        seals={seal.step: seal for seal in map(_seal, seals)},
        file=FileSums(run["content_sha256"], run["noted_sha256"]) if run["noted_sha256"] else None,
        complete=run["complete"],
        given_up=run["given_up"],
        created_at=run["created_at"],
        created_by_person=str(run["created_by_person"]) if run["created_by_person"] else None,
    )


def _terms(row: Record) -> SealedTerms:
    return SealedTerms(
        community=row["community"],
        run_id=str(row["run_id"]),
        created_by=row["created_by"],
        programme_id=row["programme_id"],
        programme_version=row["programme_version"],
        payer=BankAccount(row["payer_name"], row["payer_iban"], row["payer_bic"]),
        currency=row["currency"],
        points=row["points"],
        minor=row["minor"],
        minimum_points=row["minimum_points"],
        execution_days=row["execution_days"],
        minimum_minor=row["minimum_minor"],
        holding_days=row["holding_days"],
        policy_id=str(row["policy_id"]) if row["policy_id"] else None,
        ordering=ordering_of(orjson.loads(row["ordering"] or "null")),
        provider=row["provider"],
        exchange=exchange_of(orjson.loads(row["exchange"] or "null")),
    )
