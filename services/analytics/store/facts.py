"""Facts in: each statement stores what is new of a batch and moves the rollups by exactly that."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import orjson

from shared.contracts.facts import (
    MemberIdentified,
    PayoutChanged,
    PayoutLots,
    PointsAwarded,
    ProgrammePublished,
    RecognitionGranted,
    RedemptionChanged,
    RejectedEvent,
)
from shared.postgres import Connection, copy_new

_AWARD_COLUMNS = (
    "community",
    "award_id",
    "event_uid",
    "member_id",
    "reverses",
    "event_time",
    "awarded_at",
    "points",
    "programme_version",
    "rule_id",
    "slot",
    "programme_id",
)


async def add_awards(conn: Connection, awards: Sequence[PointsAwarded]) -> int:
    """Store awards and add those that are new to the points per rule and day; return how many were new."""
    rows = {
        (one["community"], data["award_id"]): (
            one["community"],
            data["award_id"],
            data["event_uid"],
            data["member_id"],
            data.get("reverses"),
            data["event_time"].astimezone(UTC),
            one["time"],
            data["points"],
            data["programme_version"],
            data["rule_id"],
            data["slot"],
            data["programme_id"],
        )
        for one in awards
        for data in (one["data"],)
    }
    if not await copy_new(conn, "awards", _AWARD_COLUMNS, rows.values()):
        new = await conn.fetch(
            """
            insert into awards (community, award_id, event_uid, member_id, reverses, event_time, awarded_at,
                                points, programme_version, rule_id, slot, programme_id)
            select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::timestamptz[],
                                 $7::timestamptz[], $8::bigint[], $9::int[], $10::text[], $11::text[], $12::text[])
            on conflict do nothing
            returning community, award_id
            """,
            *zip(*rows.values(), strict=True),
        )
        rows = {key: rows[key] for key in ((row["community"], str(row["award_id"])) for row in new)}
    await _count_awards(conn, rows.values())
    return len(rows)


async def _count_awards(conn: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Add new rows of awards to the points per rule and day."""
    days: dict[tuple[str, date, str], list[int]] = {}
    for community, _, _, _, reverses, at, _, points, _, rule_id, _, _ in rows:
        totals = days.setdefault((community, at.date(), rule_id), [0, 0, 0])
        totals[0] += points
        totals[1 if reverses is None else 2] += 1
    ordered = sorted(days)
    await conn.execute(
        """
        insert into rule_days as d (community, day, rule_id, points, awards, reversals)
        select * from unnest($1::text[], $2::date[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
        on conflict (community, day, rule_id) do update
        set points = d.points + excluded.points, awards = d.awards + excluded.awards,
            reversals = d.reversals + excluded.reversals
        """,
        *([key[place] for key in ordered] for place in range(3)),
        *([days[key][place] for key in ordered] for place in range(3)),
    )


async def add_members(conn: Connection, members: Sequence[MemberIdentified]) -> None:
    """Store members (each once) with their names; an older revision than the one known changes nothing."""
    await conn.execute(
        """
        insert into members as m (community, member_id, revision, name)
        select * from unnest($1::text[], $2::uuid[], $3::int[], $4::text[])
        on conflict (community, member_id) do update set revision = excluded.revision, name = excluded.name
        where excluded.revision > m.revision
        """,
        [one["community"] for one in members],
        [one["data"]["member_id"] for one in members],
        [one["data"]["revision"] for one in members],
        [one["data"].get("name") for one in members],
    )


async def add_rejections(conn: Connection, rejections: Sequence[RejectedEvent]) -> None:
    """Store rejections with their reasons."""
    data = [one["data"] for one in rejections]
    await conn.execute(
        """
        insert into rejections (community, fact_id, source, event_id, outcome, reason, rejected_at, receipt_id,
                                receipt_index)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                             $7::timestamptz[], $8::text[], $9::int[])
        on conflict do nothing
        """,
        [one["community"] for one in rejections],
        [one["id"] for one in rejections],
        [one["event_source"] for one in data],
        [one["event_id"] for one in data],
        [one["outcome"] for one in data],
        [one["reason"] for one in data],
        [one["time"] for one in rejections],
        [one["receipt_id"] for one in data],
        [one["receipt_index"] for one in data],
    )


async def add_grants(conn: Connection, grants: Sequence[RecognitionGranted]) -> None:
    """Store grants and reversals of grants, and count those that are new per day."""
    data = [one["data"] for one in grants]
    await conn.execute(
        """
        with new as (
            insert into grants (community, grant_id, member_id, award_id, reverses, kind, name, title, event_time,
                                granted_at)
            select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[],
                                 $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[])
            on conflict do nothing
            returning community, (event_time at time zone 'UTC')::date as day, kind, name, reverses
        )
        insert into grant_days as d (community, day, kind, name, granted, taken_back)
        select community, day, kind, name, count(*) filter (where reverses is null), count(reverses)
        from new group by community, day, kind, name order by community, day, kind, name
        on conflict (community, day, kind, name) do update
        set granted = d.granted + excluded.granted, taken_back = d.taken_back + excluded.taken_back
        """,
        [one["community"] for one in grants],
        [one["grant_id"] for one in data],
        [one["member_id"] for one in data],
        [one["award_id"] for one in data],
        [one.get("reverses") for one in data],
        [one["kind"] for one in data],
        [one["name"] for one in data],
        [one["title"] for one in data],
        [one["event_time"] for one in data],
        [one["time"] for one in grants],
    )


async def add_redemptions(conn: Connection, redemptions: Sequence[RedemptionChanged]) -> None:
    """Store each change of state; the redemption itself has the state of the newest change."""
    data = [one["data"] for one in redemptions]
    await conn.execute(
        """
        with new as (
            insert into redemption_states (community, redemption_id, fact_id, state, changed_at)
            select community, redemption_id, fact_id, state, changed_at
            from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[]) with ordinality
                as f(community, redemption_id, fact_id, state, changed_at, n)
            order by n
            on conflict do nothing
            returning community, redemption_id, fact_id, position
        ),
        newest as (
            select distinct on (f.community, f.redemption_id) f.*
            from new join unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::uuid[],
                                 $7::text[], $8::bigint[])
                as f(community, redemption_id, fact_id, state, changed_at, member_id, reward_id, points)
                using (community, redemption_id, fact_id)
            order by f.community, f.redemption_id, f.changed_at desc, new.position desc
        )
        insert into redemptions as r (community, redemption_id, member_id, reward_id, points, state, changed_at)
        select community, redemption_id, member_id, reward_id, points, state, changed_at from newest
        on conflict (community, redemption_id) do update
        set state = excluded.state, points = excluded.points, changed_at = excluded.changed_at
        where excluded.changed_at >= r.changed_at
        """,
        [one["community"] for one in redemptions],
        [one["redemption_id"] for one in data],
        [one["id"] for one in redemptions],
        [one["state"] for one in data],
        [one["time"] for one in redemptions],
        [one["member_id"] for one in data],
        [one["reward_id"] for one in data],
        [one["points"] for one in data],
    )


async def add_payouts(conn: Connection, payouts: Sequence[PayoutChanged]) -> None:
    """Store each change of state, and who made it; the payout itself has the state of the newest change."""
    data = [one["data"] for one in payouts]
    await conn.execute(
        """
        with new as (
            insert into payout_states (community, payout_id, fact_id, state, changed_by, reason, changed_at)
            select community, payout_id, fact_id, state, changed_by, reason, changed_at
            from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
                with ordinality as f(community, payout_id, fact_id, state, changed_by, reason, changed_at, n)
            order by n
            on conflict do nothing
            returning community, payout_id, fact_id, position
        ),
        newest as (
            select distinct on (f.community, f.payout_id) f.*
            from new join unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $7::timestamptz[], $8::uuid[],
                                 $9::uuid[], $10::bigint[], $11::bigint[], $12::text[], $13::text[])
                as f(community, payout_id, fact_id, state, changed_at, run_id, member_id, points, amount_minor,
                     currency, end_to_end_id)
                using (community, payout_id, fact_id)
            order by f.community, f.payout_id, f.changed_at desc, new.position desc
        )
        insert into payouts as p (community, payout_id, run_id, member_id, points, amount_minor, currency,
                                  end_to_end_id, state, changed_at)
        select community, payout_id, run_id, member_id, points, amount_minor, currency, end_to_end_id, state,
               changed_at
        from newest
        on conflict (community, payout_id) do update
        set state = excluded.state, points = excluded.points, amount_minor = excluded.amount_minor,
            end_to_end_id = excluded.end_to_end_id, changed_at = excluded.changed_at
        where excluded.changed_at >= p.changed_at
        """,
        [one["community"] for one in payouts],
        [one["payout_id"] for one in data],
        [one["id"] for one in payouts],
        [one["state"] for one in data],
        [one["by"] for one in data],
        [one.get("reason") for one in data],
        [one["time"] for one in payouts],
        [one["run_id"] for one in data],
        [one["member_id"] for one in data],
        [one["points"] for one in data],
        [one["amount_minor"] for one in data],
        [one["currency"] for one in data],
        [one["end_to_end_id"] for one in data],
    )


async def received_behind_payouts(
    conn: Connection, payouts: Sequence[tuple[str, str]], limit: int
) -> list[datetime]:
    """When the events that payouts, by (community, id), pay for were received; at most `limit` of them."""
    rows = await conn.fetch(
        """
        select e.received_at
        from unnest($1::text[], $2::uuid[]) as p(community, payout_id)
        join payout_lots using (community, payout_id)
        join awards a using (community, award_id)
        join events e on e.community = a.community and e.event_uid = a.event_uid
        where e.received_at is not null
        limit $3
        """,
        [community for community, _ in payouts],
        [payout for _, payout in payouts],
        limit,
    )
    return [row["received_at"] for row in rows]


async def add_payout_lots(conn: Connection, parts: Sequence[PayoutLots]) -> None:
    """Store which awards payouts pay; a lot's place in its part is what makes a redelivery harmless."""
    lots = [
        (one["community"], one["data"]["payout_id"], one["data"]["part"], position, lot["award_id"], lot["points"])
        for one in parts
        for position, lot in enumerate(one["data"]["lots"])
    ]
    await conn.execute(
        """
        insert into payout_lots (community, payout_id, part, position, award_id, points)
        select * from unnest($1::text[], $2::uuid[], $3::int[], $4::int[], $5::uuid[], $6::bigint[])
        on conflict do nothing
        """,
        *([lot[column] for lot in lots] for column in range(6)),
    )


async def add_programmes(conn: Connection, programmes: Sequence[ProgrammePublished]) -> None:
    """Store programme versions."""
    data = [one["data"] for one in programmes]
    await conn.execute(
        """
        insert into programmes (community, version, programme_id, effective_from, published_by, document)
        select * from unnest($1::text[], $2::int[], $3::text[], $4::timestamptz[], $5::text[], $6::jsonb[])
        on conflict do nothing
        """,
        [one["community"] for one in programmes],
        [one["version"] for one in data],
        [one["programme_id"] for one in data],
        [one["effective_from"] for one in data],
        [one["published_by"] for one in data],
        [orjson.dumps(one["document"]).decode() for one in data],
    )
