"""The SQL of attestations: rows that are only added to, but for their end."""

from collections.abc import Sequence
from datetime import date, datetime

from asyncpg import Record

from services.rewards.payouts.attestations.domain import (
    Attestation,
    AttestationFilter,
    AttestationKind,
    AttestationPlace,
    Attested,
    OnFile,
)
from services.rewards.payouts.domain import Payout
from services.rewards.payouts.store import actor_of
from shared.postgres import Connection


async def load_moment(conn: Connection, *, community: str) -> datetime:
    """The time just now, after all that was decided of runs, whichever clock that was by. Runs must be locked."""
    now: datetime = await conn.fetchval(
        """
        select greatest(clock_timestamp(), max(decided_at) + interval '1 microsecond') from payout_runs
        where community = $1
        """,
        community,
    )
    return now


async def add_attestation(conn: Connection, attestation: Attestation) -> None:
    """Add what somebody attests."""
    await conn.execute(
        """
        insert into payee_attestations (
            community, attestation_id, member_id, kind, form, received_on, valid_until, age_years, country,
            noted_at, noted_by_person, noted_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        attestation.community,
        attestation.attestation_id,
        attestation.member_id,
        *attestation.said,
        attestation.noted_at,
        *attestation.noted_by,
    )


async def set_withdrawn(conn: Connection, attestation: Attestation) -> None:
    """Set since when, and by whom, one holds no more."""
    await conn.execute(
        """
        update payee_attestations set withdrawn_at = $3, withdrawn_by_person = $4, withdrawn_by = $5
        where community = $1 and attestation_id = $2 and withdrawn_at is null
        """,
        attestation.community,
        attestation.attestation_id,
        attestation.withdrawn_at,
        *(attestation.withdrawn_by or (None, None)),
    )


async def find_attestation(conn: Connection, *, community: str, attestation_id: str) -> Attestation | None:
    """One as it is; None when there is none."""
    row = await conn.fetchrow(
        "select * from payee_attestations where community = $1 and attestation_id = $2", community, attestation_id
    )
    return None if row is None else _attestation(row)


async def load_holding(
    conn: Connection, *, community: str, member_id: str, day: date, limit: int
) -> list[Attestation]:
    """What holds of a member on a day, or will, newest first: neither withdrawn nor over."""
    rows = await conn.fetch(
        """
        select * from payee_attestations
        where community = $1 and member_id = $2 and withdrawn_at is null
          and (valid_until is null or valid_until >= $3)
        order by noted_at desc, attestation_id desc limit $4
        """,
        community,
        member_id,
        day,
        limit,
    )
    return [_attestation(row) for row in rows]


async def page_of_attestations(
    conn: Connection, wanted: AttestationFilter, *, community: str, after: AttestationPlace | None, limit: int
) -> list[Attestation]:
    """Attestations, newest first, of a kind or person where given, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from payee_attestations
        where community = $1 and ($2::text is null or kind = $2)
          and ($3::uuid is null or member_id = any(array(
            select $3::uuid union all
            select member_id from merges where community = $1 and head_id = $3)))
          and ($4::timestamptz is null or (noted_at, attestation_id) < ($4, $5::uuid))
        order by noted_at desc, attestation_id desc limit $6
        """,
        community,
        wanted.kind,
        wanted.member_id,
        *(after or (None, None)),
        limit,
    )
    return [_attestation(row) for row in rows]


async def load_on_file(conn: Connection, payouts: Sequence[Payout], *, day: date) -> dict[str, OnFile]:
    """What is attested on a day of the person of each payout of one community, by payout, where anything is.

    Of a payout whose run was decided that is what was noted before: who approved it had no hand in it.
    """
    rows = await conn.fetch(
        """
        with asked as (
            select a.payout_id, coalesce(g.head_id, a.member_id) as head_id, r.decided_at
            from unnest($2::uuid[], $3::uuid[], $5::uuid[]) as a(payout_id, member_id, run_id)
            left join merges g on g.community = $1 and g.member_id = a.member_id
            left join payout_runs r on r.community = $1 and r.run_id = a.run_id),
        persons as (
            select payout_id, head_id as member_id, decided_at from asked
            union
            select a.payout_id, g.member_id, a.decided_at from asked a
            join merges g on g.community = $1 and g.head_id = a.head_id)
        select o.payout_id,
               array_agg(distinct coalesce(t.country, '')) filter (
                   where t.kind = 'tax_form' and t.received_on <= $4
                     and coalesce(t.valid_until, $4) >= $4) as form_countries,
               coalesce(max(t.age_years), 0) as age_years
        from persons o join payee_attestations t on t.community = $1 and t.member_id = o.member_id
        where t.withdrawn_at is null and (o.decided_at is null or t.noted_at < o.decided_at) group by 1
        """,
        payouts[0].community if payouts else "",
        [payout.payout_id for payout in payouts],
        [payout.member_id for payout in payouts],
        day,
        [payout.run_id for payout in payouts],
    )
    return {
        str(row["payout_id"]): OnFile(
            frozenset(country or None for country in row["form_countries"] or ()), row["age_years"]
        )
        for row in rows
    }


async def forget_forms(conn: Connection, *, community: str, member_ids: Sequence[str]) -> None:
    """Blank which tax forms of members who were erased are on file; that there was one stays."""
    await conn.execute(
        """
        update payee_attestations set form = ''
        where community = $1 and member_id = any($2::uuid[]) and form <> ''
        """,
        community,
        list(member_ids),
    )


def _attestation(row: Record) -> Attestation:
    return Attestation(
        community=row["community"],
        attestation_id=str(row["attestation_id"]),
        member_id=str(row["member_id"]),
        said=Attested(
            AttestationKind(row["kind"]),
            row["form"],
            row["received_on"],
            row["valid_until"],
            row["age_years"],
            row["country"],
        ),
        noted_at=row["noted_at"],
        noted_by=actor_of(row["noted_by_person"], row["noted_by"]),
        withdrawn_at=row["withdrawn_at"],
        withdrawn_by=actor_of(row["withdrawn_by_person"], row["withdrawn_by"]) if row["withdrawn_by"] else None,
    )
