"""The SQL of remittances. A payout is locked before its remittance."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from asyncpg import Record

from services.rewards.payouts.remittances.domain import (
    Remittance,
    RemittanceFilter,
    RemittancePlace,
    Trouble,
)
from services.rewards.providers.domain.contract import ProviderName
from services.rewards.providers.domain.paying import PaidAnswer, PaidStanding
from services.rewards.providers.store.orders import AccountKey
from shared.postgres import Connection


class Standstill(NamedTuple):
    """What waits for somebody: remittances that nobody knows of, since when the oldest, and those in trouble."""

    unknown_count: int
    oldest_at: datetime | None
    troubled_count: int


class SaidAnswer(NamedTuple):
    """What a provider said at a moment, otherwise than before."""

    said_at: datetime
    standing: PaidStanding
    words: str
    reason: str
    amount_minor: int | None
    currency: str | None


async def load_runs_to_take_up(conn: Connection, *, limit: int) -> list[tuple[str, str]]:
    """Filed runs by providers whose payouts were not handed over yet, by community and id."""
    rows = await conn.fetch(
        """
        select community, run_id from payout_runs r
        where provider is not null and state = 'filed'
          and not exists (select from remittance_runs t where t.community = r.community and t.run_id = r.run_id)
        order by community, run_id limit $1
        """,
        limit,
    )
    return [(row["community"], str(row["run_id"])) for row in rows]


async def note_taken_up(conn: Connection, *, community: str, run_id: str, at: datetime, is_altered: bool) -> None:
    """Note that a run was handed over, or never is, because it is not what was sealed."""
    await conn.execute(
        """
        insert into remittance_runs (community, run_id, taken_up_at, is_altered) values ($1, $2, $3, $4)
        on conflict do nothing
        """,
        community,
        run_id,
        at,
        is_altered,
    )


async def take_up(conn: Connection, *, community: str, run_id: str, at: datetime) -> int:
    """Hand the payouts of a run to its provider that were given to it; how many are."""
    await note_taken_up(conn, community=community, run_id=run_id, at=at, is_altered=False)
    done = await conn.execute(
        """
        insert into remittances (community, payout_id, run_id, provider, created_at, due_at)
        select p.community, p.payout_id, p.run_id, r.provider, $3, $3
        from payouts p join payout_runs r using (community, run_id)
        where p.community = $1 and p.run_id = $2
          and exists (
            select from payout_changes c
            where c.community = p.community and c.payout_id = p.payout_id and c.state = 'submitted')
        on conflict do nothing
        """,
        community,
        run_id,
        at,
    )
    return int(done.rsplit(" ", 1)[-1])


async def load_due(
    conn: Connection, *, now: datetime, busy: Collection[AccountKey], of_each: int, limit: int
) -> list[tuple[str, str]]:
    """What to ask about now, by community and payout: `of_each` account at most, and of none that is busy.

    Accounts that are disconnected or rest are left alone.
    """
    rows = await conn.fetch(
        """
        select due.community, due.payout_id
        from provider_accounts a
        cross join lateral (
            select o.community, o.payout_id, o.due_at from remittances o
            where o.community = a.community and o.provider = a.provider and o.due_at <= $1
                and (o.claimed_until is null or o.claimed_until <= $1)
            order by o.due_at limit $4) due
        where a.sealed is not null and (a.rests_until is null or a.rests_until <= $1)
            and not exists (
                select from unnest($2::text[], $3::text[]) as b(community, provider)
                where b.community = a.community and b.provider = a.provider)
        order by due.due_at, due.community, due.payout_id limit $5
        """,
        now,
        [community for community, _ in busy],
        [provider for _, provider in busy],
        of_each,
        limit,
    )
    return [(row["community"], str(row["payout_id"])) for row in rows]


async def lock_remittance(conn: Connection, *, community: str, payout_id: str) -> Remittance | None:
    """A remittance, locked; None where there is none."""
    row = await conn.fetchrow(
        "select * from remittances where community = $1 and payout_id = $2 for update", community, payout_id
    )
    return None if row is None else _remittance(row)


async def find_remittance(conn: Connection, *, community: str, payout_id: str) -> Remittance | None:
    """A remittance; None where there is none."""
    row = await conn.fetchrow(
        "select * from remittances where community = $1 and payout_id = $2", community, payout_id
    )
    return None if row is None else _remittance(row)


async def find_submitted_at(conn: Connection, *, community: str, payout_id: str) -> datetime | None:
    """When a payout was given to its provider, as its history says; None where it never was."""
    at: datetime | None = await conn.fetchval(
        """
        select changed_at from payout_changes where community = $1 and payout_id = $2 and state = 'submitted'
        """,
        community,
        payout_id,
    )
    return at


async def set_cancel_asked(conn: Connection, *, community: str, payout_id: str, at: datetime) -> None:
    """Have a payment taken back at its provider, as soon as somebody asks it."""
    await conn.execute(
        """
        update remittances set cancel_asked_at = coalesce(cancel_asked_at, $3), due_at = $3
        where community = $1 and payout_id = $2
        """,
        community,
        payout_id,
        at,
    )


async def set_remittance(conn: Connection, said: Remittance) -> None:
    """Write what is known of a remittance that is locked."""
    await conn.execute(
        """
        update remittances set due_at = $3, claimed_until = $4, tries_count = $5, placed_at = $6,
            unknown_since = $7, was_unknown = $8, reference = $9, standing = $10, words = $11, reason = $12,
            fee_minor = $13, blames_receiver = $14, trouble = $15, cancel_asked_at = $16, watched_until = $17
        where community = $1 and payout_id = $2
        """,
        said.community,
        said.payout_id,
        said.due_at,
        said.claimed_until,
        said.tries_count,
        said.placed_at,
        said.unknown_since,
        said.was_unknown,
        said.reference,
        said.standing,
        said.words,
        said.reason,
        said.fee_minor,
        said.blames_receiver,
        said.trouble,
        said.cancel_asked_at,
        said.watched_until,
    )


async def add_answer(conn: Connection, answer: PaidAnswer, *, of: Remittance, at: datetime) -> None:
    """Keep what a provider said, where it is otherwise than what it said last. The remittance is locked."""
    await conn.execute(
        """
        insert into remittance_answers (community, payout_id, number, said_at, standing, words, reason,
                                        amount_minor, currency)
        select $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6, $7, $8
        from remittance_answers where community = $1 and payout_id = $2
        having (select (standing, words, reason, coalesce(amount_minor, 0), coalesce(currency, ''))
                from remittance_answers where community = $1 and payout_id = $2 order by number desc limit 1)
            is distinct from ($4::text, $5::text, $6::text, coalesce($7::bigint, 0), coalesce($8::text, ''))
        """,
        of.community,
        of.payout_id,
        at,
        answer.standing,
        answer.words,
        answer.reason,
        answer.amount_minor,
        answer.currency,
    )


async def load_answers(conn: Connection, *, community: str, payout_id: str) -> list[SaidAnswer]:
    """All that a provider said of a payout, the oldest first."""
    rows = await conn.fetch(
        "select * from remittance_answers where community = $1 and payout_id = $2 order by number",
        community,
        payout_id,
    )
    return [
        SaidAnswer(
            row["said_at"],
            PaidStanding(row["standing"]),
            row["words"],
            row["reason"],
            row["amount_minor"],
            row["currency"],
        )
        for row in rows
    ]


async def hint(
    conn: Connection,
    *,
    community: str,
    provider: ProviderName,
    reference: str | None,
    key: str | None,
    at: datetime,
) -> int:
    """Have what a webhook is about asked about, soon where another just came; how many are."""
    rows = await conn.fetch(
        """
        update remittances set hinted_at = $5, due_at =
            case when due_at <= $5 then due_at else greatest($5, hinted_at + interval '5 seconds') end
        where community = $1 and provider = $2 and tries_count > 0
            and (payout_id::text = $4 or reference = $3)
        returning payout_id
        """,
        community,
        provider,
        reference,
        key,
        at,
    )
    return len(rows)


async def page_of_remittances(
    conn: Connection, wanted: RemittanceFilter, *, community: str, after: RemittancePlace | None, limit: int
) -> Sequence[Remittance]:
    """Remittances, the oldest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from remittances
        where community = $1
            and ($2::boolean is null or $2 = (
                (due_at is not null and (standing is null or standing = 'sent')) or trouble is not null
                or unknown_since is not null))
            and ($3::boolean is null or $3 = (trouble is not null))
            and ($4::uuid is null or run_id = $4)
            and ($5::timestamptz is null or (created_at, payout_id) > ($5, $6::uuid))
        order by created_at, payout_id limit $7
        """,
        community,
        *wanted,
        *(after or (None, None)),
        limit,
    )
    return [_remittance(row) for row in rows]


async def load_standstill(conn: Connection) -> Standstill:
    """What waits for somebody, of all communities."""
    row: Any = await conn.fetchrow(
        """
        select count(*) filter (where unknown_since is not null) as unknown_count, min(unknown_since) as oldest_at,
            count(*) filter (where trouble is not null) as troubled_count
        from remittances
        where (due_at is not null and (standing is null or standing = 'sent')) or trouble is not null
            or unknown_since is not null
        """
    )
    return Standstill(row["unknown_count"], row["oldest_at"], row["troubled_count"])


def _remittance(row: Record) -> Remittance:
    return Remittance(
        community=row["community"],
        payout_id=str(row["payout_id"]),
        run_id=str(row["run_id"]),
        provider=ProviderName(row["provider"]),
        created_at=row["created_at"],
        due_at=row["due_at"],
        claimed_until=row["claimed_until"],
        tries_count=row["tries_count"],
        placed_at=row["placed_at"],
        unknown_since=row["unknown_since"],
        was_unknown=row["was_unknown"],
        reference=row["reference"],
        standing=None if row["standing"] is None else PaidStanding(row["standing"]),
        words=row["words"],
        reason=row["reason"],
        fee_minor=row["fee_minor"],
        blames_receiver=row["blames_receiver"],
        trouble=None if row["trouble"] is None else Trouble(row["trouble"]),
        hinted_at=row["hinted_at"],
        cancel_asked_at=row["cancel_asked_at"],
        watched_until=row["watched_until"],
    )
