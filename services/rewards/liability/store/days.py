"""The SQL of days that were taken: what points were worth at their ends."""

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction

from asyncpg import Record

from services.rewards.liability.domain.days import DayPlace, DaySums, LotPlace, LotWorth, TakenDay, UnitWorth
from services.rewards.liability.domain.policies import VintageUnit
from services.rewards.liability.domain.valuing import (
    Caution,
    EstimatedBy,
    Liability,
    VintageFigures,
    VintageLiability,
)
from shared.postgres import Connection

_SUMS = """
    select d.day, d.taken_at, d.currency, d.policy_id, coalesce(sum(v.issued_points), 0)::bigint as issued,
           coalesce(sum(v.redeemed_points), 0)::bigint as redeemed, coalesce(sum(v.expired_points), 0)::bigint as
           expired, coalesce(sum(v.still_expected_points), 0) as still_expected, coalesce(sum(greatest(0,
           v.issued_points - v.redeemed_points - v.expired_points)), 0)::bigint as outstanding,
           coalesce(sum(v.liability_minor), 0)::bigint as liability_minor, coalesce(sum(v.full_minor), 0)::bigint
           as full_minor
    from liability_days d left join liability_vintages v using (community, day)
    where d.community = $1
"""


async def load_candidates(conn: Connection, *, latest: date, limit: int) -> list[tuple[str, date | None]]:
    """Communities with an approved entry of `latest` or before, and their last day taken or given up."""
    rows = await conn.fetch(
        """
        select p.community, l.day from (
            select community from liability_policies
            where state = 'approved' and effective_from <= $1 group by community) p
        left join lateral (
            select max(day) as day from (
                (select day from liability_days d where d.community = p.community order by day desc limit 1)
                union all
                (select day from liability_days_given_up g
                 where g.community = p.community order by day desc limit 1)) days) l on true
        where l.day is null or l.day < $1
        order by l.day nulls first, p.community limit $2
        """,
        latest,
        limit,
    )
    return [(row["community"], row["day"]) for row in rows]


async def add_day(conn: Connection, owed: Liability, *, taken_at: datetime) -> None:
    """Keep what points were worth at the end of a day."""
    community = owed.policy.community
    await conn.execute(
        """
        insert into liability_days (
            community, day, taken_at, policy_id, currency, vintage_unit, error_points, cautions)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        community,
        owed.day,
        taken_at,
        owed.policy.policy_id,
        owed.policy.terms.currency,
        owed.policy.terms.vintage_unit,
        owed.error_points,
        list(owed.cautions),
    )
    await conn.executemany(
        """
        insert into liability_vintages (
            community, day, vintage, issued_points, redeemed_points, expired_points, reserved_points,
            lacking_points, still_expected_points, estimated_by, minor_per_point, liability_minor, full_minor)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9::numeric / $10, $11, $12, $13, $14)
        """,
        [
            (
                community,
                owed.day,
                one.figures.vintage,
                one.figures.issued,
                one.figures.redeemed,
                one.figures.expired,
                one.figures.reserved,
                one.figures.lacking,
                one.still_expected.numerator,
                one.still_expected.denominator,
                one.estimated_by,
                one.minor_per_point,
                one.liability_minor,
                one.full_minor,
            )
            for one in owed.vintages
        ],
    )


async def add_given_up(conn: Connection, *, community: str, day: date, now: datetime) -> None:
    """Note that the figures of a day took too long."""
    await conn.execute(
        "insert into liability_days_given_up values ($1, $2, $3) on conflict do nothing", community, day, now
    )


async def page_of_days(conn: Connection, *, community: str, after: DayPlace | None, limit: int) -> list[DaySums]:
    """Days that were taken, newest first, beginning after a place."""
    rows = await conn.fetch(
        f"""
        with page as (
            select day from liability_days where community = $1 and ($2::date is null or day < $2)
            order by day desc limit $3)
        {_SUMS} and d.day in (select day from page)
        group by d.community, d.day order by d.day desc
        """,  # noqa: S608 -- a constant
        community,
        *(after or (None,)),
        limit,
    )
    return [_sums(row) for row in rows]


def _sums(row: Record) -> DaySums:
    return DaySums(
        **{**row, "policy_id": str(row["policy_id"]), "still_expected": Fraction(row["still_expected"])}
    )


async def find_day(conn: Connection, *, community: str, day: date | None) -> TakenDay | None:
    """What points were worth at the end of a day that was taken, or of the last one (None); None for none."""
    row = await conn.fetchrow(
        """
        select * from liability_days where community = $1 and ($2::date is null or day = $2)
        order by day desc limit 1
        """,
        community,
        day,
    )
    if row is None:
        return None
    vintages = await conn.fetch(
        "select * from liability_vintages where community = $1 and day = $2 order by vintage",
        community,
        row["day"],
    )
    return TakenDay(
        day=row["day"],
        taken_at=row["taken_at"],
        policy_id=str(row["policy_id"]),
        vintage_unit=VintageUnit(row["vintage_unit"]),
        vintages=[_vintage(one) for one in vintages],
        error_points=row["error_points"],
        cautions=[Caution(caution) for caution in row["cautions"]],
    )


async def find_last_day(conn: Connection, *, community: str, until: date) -> TakenDay | None:
    """The last day that was taken until one; None for none."""
    day = await conn.fetchval(
        "select max(day) from liability_days where community = $1 and day <= $2", community, until
    )
    return None if day is None else await find_day(conn, community=community, day=day)


def _vintage(row: Record) -> VintageLiability:
    return VintageLiability(
        VintageFigures(
            vintage=row["vintage"],
            issued=row["issued_points"],
            redeemed=row["redeemed_points"],
            expired=row["expired_points"],
            reserved=row["reserved_points"],
            lacking=row["lacking_points"],
        ),
        still_expected=Fraction(row["still_expected_points"]),
        estimated_by=EstimatedBy(row["estimated_by"]),
        minor_per_point=row["minor_per_point"],
        liability_minor=row["liability_minor"],
        full_minor=row["full_minor"],
    )


async def page_of_lots(
    conn: Connection,
    worths: Sequence[UnitWorth],
    *,
    community: str,
    after: LotPlace | None,
    limit: int,
    timeout_seconds: float,
) -> list[LotWorth]:
    """Lots with points left, in the order of their awards' ids, each with the vintage whose worth is its own.

    `worths` are those of vintages, oldest first; a lot of before them is of the first. Raises TimeoutError when it
    takes longer than `timeout_seconds`.
    """
    rows = await conn.fetch(
        """
        select award_id, member_id, points, remaining, earned_at, expires_at,
               pending_until is not null as is_pending,
               greatest(width_bucket(earned_at, $2::timestamptz[]), 1) - 1 as place
        from lots where community = $1 and remaining > 0 and ($3::uuid is null or award_id > $3)
        order by award_id limit $4
        """,
        community,
        [worth.starts_at for worth in worths],
        *(after or (None,)),
        limit,
        timeout=timeout_seconds,
    )
    return [
        LotWorth(
            award_id=str(row["award_id"]),
            member_id=str(row["member_id"]),
            points=row["points"],
            remaining=row["remaining"],
            earned_at=row["earned_at"],
            expires_at=row["expires_at"],
            is_pending=row["is_pending"],
            worth=worths[row["place"]],
        )
        for row in rows
    ]
