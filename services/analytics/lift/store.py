"""The SQL of who got nudges, who was held out, and who then did what was wished."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from asyncpg import Record

from services.analytics.lift.domain import Arm, NudgeCounts
from shared.contracts.facts import NudgeDecided
from shared.postgres import Connection


async def add_assignments(conn: Connection, *, facts: Sequence[NudgeDecided], settles_after: timedelta) -> None:
    """Keep who was drawn for what; one that is known changes nothing."""
    rows = [
        (
            fact["community"],
            data["nudge_id"],
            data["nudge"],
            data["kind"],
            data["title"],
            data["member_id"],
            data["held_out"],
            data["decided_at"],
            data["wished"],
            data["decided_at"] + timedelta(days=data["within_days"]),
            data["decided_at"] + timedelta(days=data["within_days"]) + settles_after,
        )
        for fact in facts
        if (data := fact["data"])
    ]
    await conn.executemany(
        """
        insert into nudge_assignments (community, nudge_id, nudge, kind, title, member_id, held_out, decided_at,
                                       wished, until, settles_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing
        """,
        rows,
    )


async def settle(conn: Connection, *, now: datetime, limit_count: int) -> int:
    """Note of those whose days are over whether they, as one person, did what was wished; return how many."""
    rows = await conn.fetch(
        """
        with due as materialized (
            select a.community, a.nudge_id, a.decided_at, a.until, a.wished,
                coalesce(m.head_id, a.member_id) as person_id
            from nudge_assignments a left join merges m using (community, member_id)
            where a.did is null and a.settles_at <= $1
            order by a.settles_at, a.nudge_id limit $2 for update of a skip locked
        ), looked as (
            select d.community, d.nudge_id, exists (
                select from (
                    select d.person_id as member_id
                    union all
                    select m.member_id from merges m where m.community = d.community and m.head_id = d.person_id) p
                join events e on e.member_id = p.member_id and e.community = d.community
                where e.event_time > d.decided_at and e.event_time <= d.until and e.type = any(d.wished)
                    and e.received_at is not null and e.retracted_by is null) as did
            from due d
        )
        update nudge_assignments a set did = l.did from looked l
        where a.community = l.community and a.nudge_id = l.nudge_id
        returning 1
        """,
        now,
        limit_count,
    )
    return len(rows)


async def page_of_counts(
    conn: Connection,
    *,
    community: str,
    since: datetime,
    until: datetime,
    after: str | None,
    limit_count: int,
) -> list[NudgeCounts]:
    """What was counted of nudges that were decided between two moments, in the order of their ids.

    Each person counts once a nudge, by their first; one with somebody of the other arm in neither.
    """
    rows = await conn.fetch(
        """
        with named as materialized (
            select distinct nudge from nudge_assignments
            where community = $1 and decided_at >= $2 and decided_at < $3 and ($4::text is null or nudge > $4)
            order by nudge limit $5
        ), assigned as (
            select a.*, coalesce(m.head_id, a.member_id) as person_id
            from named n join nudge_assignments a on a.community = $1 and a.nudge = n.nudge
            left join merges m on m.community = a.community and m.member_id = a.member_id
            where a.decided_at >= $2 and a.decided_at < $3
        ), persons as (
            select nudge, person_id, bool_or(held_out) as is_out, bool_and(held_out) as is_all_out,
                (array_agg(did order by decided_at, nudge_id))[1] as did,
                count(*) filter (where not held_out) as sent
            from assigned group by nudge, person_id
        ), titles as (
            select distinct on (nudge) nudge, kind, title from assigned order by nudge, decided_at desc
        )
        select t.nudge, t.kind, t.title, sum(p.sent)::bigint as sent,
            count(*) filter (where not p.is_out) as treated,
            count(p.did) filter (where not p.is_out) as treated_settled,
            count(*) filter (where not p.is_out and p.did) as treated_did,
            count(*) filter (where p.is_all_out) as held_out,
            count(p.did) filter (where p.is_all_out) as held_out_settled,
            count(*) filter (where p.is_all_out and p.did) as held_out_did,
            count(*) filter (where p.is_out and not p.is_all_out) as left_out
        from persons p join titles t using (nudge) group by t.nudge, t.kind, t.title order by t.nudge
        """,
        community,
        since,
        until,
        after,
        limit_count,
    )
    return list(map(_counts, rows))


def _counts(row: Record) -> NudgeCounts:
    return NudgeCounts(
        row["nudge"],
        row["kind"],
        row["title"],
        row["sent"],
        Arm(row["treated"], row["treated_settled"], row["treated_did"]),
        Arm(row["held_out"], row["held_out_settled"], row["held_out_did"]),
        row["left_out"],
    )
