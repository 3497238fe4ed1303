"""Awards in, each counted once by rule and day; points by rule out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date
from typing import Any

from services.analytics.points.domain import RulePlace, RuleTotal
from shared.calendars import Span
from shared.contracts.facts import PointsAwarded
from shared.postgres import Connection, copy_new

_AWARD_COLUMNS = (
    "community",
    "award_id",
    "event_uid",
    "member_id",
    "amends",
    "event_time",
    "awarded_at",
    "points",
    "programme_version",
    "rule_id",
    "slot",
    "programme_id",
    "revision",
    "cause",
    "total",
)


async def add_awards(conn: Connection, *, awards: Sequence[PointsAwarded]) -> int:
    """Store awards and add those that are new to the points per rule and day; return how many were new."""
    days = {award["data"]["award_id"]: award["data"]["day"] for award in awards if "day" in award["data"]}
    rows = {
        (award["community"], data["award_id"]): (
            award["community"],
            data["award_id"],
            data["event_uid"],
            data["member_id"],
            data.get("amends"),
            data["event_time"].astimezone(UTC),
            award["time"],
            data["points"],
            data["programme_version"],
            data["rule_id"],
            data["beneficiary"],
            data["programme_id"],
            data.get("revision"),
            data.get("cause"),
            data.get("total"),
        )
        for award in awards
        for data in (award["data"],)
    }
    if not await copy_new(conn, "awards", columns=_AWARD_COLUMNS, records=rows.values()):
        new = await conn.fetch(
            """
            insert into awards (community, award_id, event_uid, member_id, amends, event_time, awarded_at,
                                points, programme_version, rule_id, slot, programme_id, revision, cause, total)
            select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::timestamptz[],
                                 $7::timestamptz[], $8::bigint[], $9::int[], $10::text[], $11::text[], $12::text[],
                                 $13::int[], $14::text[], $15::bigint[])
            on conflict do nothing
            returning community, award_id
            """,
            *zip(*rows.values(), strict=True),
        )
        rows = {key: rows[key] for key in ((row["community"], str(row["award_id"])) for row in new)}
    await _count_awards(conn, rows.values(), said=days)
    return len(rows)


async def add_hands(conn: Connection, *, awards: Sequence[PointsAwarded]) -> None:
    """Store which people gave awards by hand, or took them back, and who approved that."""
    hands = [(award["community"], award["data"]["award_id"], award["data"]["by_hand"]) for award in awards]
    await conn.execute(
        """
        insert into awards_by_hand (community, award_id, person_id, approved_by_person)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[]) on conflict do nothing
        """,
        [community for community, _, _ in hands],
        [award_id for _, award_id, _ in hands],
        [hand["person_id"] for _, _, hand in hands],
        [hand.get("approved_by_person") for _, _, hand in hands],
    )


async def _count_awards(conn: Connection, rows: Iterable[tuple[Any, ...]], *, said: Mapping[str, date]) -> None:
    """Add new rows of awards to the points per rule and day; `said` has the days that awards say, by their ids."""
    days: dict[tuple[str, date, str], list[int]] = {}
    for community, award_id, _, _, amends, at, _, points, _, rule_id, _, _, _, _, total in rows:
        day = said.get(award_id) or at.date()
        sums = days.setdefault((community, day, rule_id), [0, 0, 0, 0])
        sums[0] += points
        if amends is None:
            sums[1] += 1
        else:
            sums[2] += (total == 0) - (total == points)
            sums[3] += 1
    ordered = sorted(days)
    await conn.execute(
        """
        insert into rule_days as d (community, day, rule_id, points, awards, taken_back, amendments)
        select * from unnest($1::text[], $2::date[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],
                             $7::bigint[])
        on conflict (community, day, rule_id) do update
        set points = d.points + excluded.points, awards = d.awards + excluded.awards,
            taken_back = d.taken_back + excluded.taken_back, amendments = d.amendments + excluded.amendments
        """,
        *([key[place] for key in ordered] for place in range(3)),
        *([days[key][place] for key in ordered] for place in range(4)),
    )


async def page_of_rule_totals(
    conn: Connection, *, community: str, days: Span, after: RulePlace | None, limit: int
) -> list[RuleTotal]:
    """What rules gave for events of those days, by rule id; titles and scores as the newest version has them."""
    rows = await conn.fetch(
        """
        with totals as (
            select rule_id, sum(points)::bigint as points, sum(awards)::bigint as awards,
                   sum(taken_back)::bigint as taken_back, sum(amendments)::bigint as amendments
            from rule_days
            where community = $1 and day between $2 and $3 and rule_id > $4
            group by rule_id order by rule_id limit $5
        ),
        titles as (
            select distinct on (r.rule ->> 'id') r.rule ->> 'id' as rule_id, r.rule ->> 'title' as title,
                   r.rule ->> 'score' as score
            from programmes p, jsonb_array_elements(p.document -> 'rules') as r(rule)
            where p.community = $1
            order by r.rule ->> 'id', p.version desc
        )
        select totals.*, titles.title, coalesce(titles.score, 'points') as score
        from totals left join titles using (rule_id) order by rule_id
        """,
        community,
        days.starts_on,
        days.ends_on,
        after.rule_id if after else "",
        limit,
    )
    return [RuleTotal(**row) for row in rows]
