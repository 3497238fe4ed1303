"""The SQL of claims."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from asyncpg import Record

from services.scoring.limits.domain.claims import Ceiling, Claim, Cut, Pace, State, Terms, Withheld
from services.scoring.limits.domain.corrections import CorrectionDay
from services.scoring.limits.store.members import MemberKey
from shared.contracts.award_ids import award_id_range
from shared.postgres import Connection

_PLACES = 4
_BEFORE_WINDOWS = (
    *(
        "community",
        "award_id",
        "member_id",
        "limited_id",
        "event_uid",
        "event_id",
        "event_type",
        "event_time",
        "received_at",
    ),
    *("day", "week", "rule_id", "slot", "programme_id", "programme_version", "weight", "is_actors"),
    *("grace_seconds", "grace_count", "is_heaviest_first", "is_shared"),
)
_TERMS = Terms._fields
_PACE = Pace._fields
_NO_PACE = (None, None, None, False)
_WINDOWS = tuple(f"{part}_{place}" for part in ("window", "bound") for place in range(1, _PLACES + 1))
_CHANGING = ("state", "is_counted", "is_settled", "room", "told", "revision", "corrected_on", "summed", "cut",
             "is_backfill")  # fmt: skip
_CAMPAIGN = ("campaign", "ceiling", "ceiling_by", "void")
_COLUMNS = (*_BEFORE_WINDOWS, *_WINDOWS, *_CHANGING, *_TERMS, *_PACE, *_CAMPAIGN, "withheld")
_NOTHING = (None,) * _PLACES


async def add_claims(conn: Connection, *, claims: Iterable[Claim]) -> None:
    """Add new claims. Raises UniqueViolationError for one that is there: that would be a bug."""
    await conn.copy_records_to_table("claims", columns=_COLUMNS, records=[_record(claim) for claim in claims])


def _record(claim: Claim) -> tuple[Any, ...]:
    return (
        claim.community,
        claim.award_id,
        claim.member_id,
        claim.limited_id,
        claim.event_uid,
        claim.event_id,
        claim.event_type,
        claim.event_time,
        claim.received_at,
        claim.day,
        claim.week,
        claim.rule_id,
        claim.slot,
        claim.programme_id,
        claim.programme_version,
        claim.weight,
        claim.is_actors,
        claim.grace_seconds,
        claim.grace_count,
        claim.is_heaviest_first,
        claim.is_shared,
        *(*claim.windows, *_NOTHING)[:_PLACES],
        *(*claim.bounds, *_NOTHING)[:_PLACES],
        claim.state,
        claim.is_counted,
        claim.is_settled,
        claim.room,
        claim.told,
        claim.revision,
        claim.corrected_on,
        claim.summed,
        claim.cut,
        claim.is_backfill,
        *claim.terms,
        *(claim.pace or _NO_PACE),
        claim.campaign,
        claim.ceiling,
        claim.ceiling_by,
        claim.void,
        claim.withheld,
    )


async def put_whole_claims(conn: Connection, *, claims: Iterable[Claim]) -> None:
    """Store claims in place of those of the same awards, or as new ones. Their members are locked."""
    values = ", ".join(f"${place}" for place in range(1, len(_COLUMNS) + 1))
    kept = ("community", "award_id")
    updated = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in kept)
    await conn.executemany(
        f"""
        insert into claims ({", ".join(_COLUMNS)}) values ({values})
        on conflict (award_id, community) do update set {updated}
        """,  # noqa: S608 -- the columns are constants
        [_record(claim) for claim in claims],
    )


async def put_claims(conn: Connection, *, claims: Collection[Claim]) -> None:
    """Store what has changed of claims that are there."""
    await conn.execute(
        """
        update claims c set state = n.state, is_counted = n.is_counted, is_settled = n.is_settled, room = n.room,
            told = n.told, revision = n.revision, corrected_on = n.corrected_on, summed = n.summed, cut = n.cut,
            is_backfill = n.is_backfill, ceiling = n.ceiling, ceiling_by = n.ceiling_by, void = n.void,
            withheld = n.withheld
        from unnest($1::text[], $2::uuid[], $3::text[], $4::bool[], $5::bool[], $6::int[], $7::int[], $8::int[],
                    $9::date[], $10::int[], $11::text[], $12::bool[], $13::int[], $14::text[], $15::text[],
                    $16::text[])
            as n(community, award_id, state, is_counted, is_settled, room, told, revision, corrected_on, summed,
                 cut, is_backfill, ceiling, ceiling_by, void, withheld)
        where c.award_id = n.award_id and c.community = n.community
        """,
        [claim.community for claim in claims],
        [claim.award_id for claim in claims],
        [claim.state for claim in claims],
        [claim.is_counted for claim in claims],
        [claim.is_settled for claim in claims],
        [claim.room for claim in claims],
        [claim.told for claim in claims],
        [claim.revision for claim in claims],
        [claim.corrected_on for claim in claims],
        [claim.summed for claim in claims],
        [claim.cut for claim in claims],
        [claim.is_backfill for claim in claims],
        [claim.ceiling for claim in claims],
        [claim.ceiling_by for claim in claims],
        [claim.void for claim in claims],
        [claim.withheld for claim in claims],
    )


async def load_claims_of_events(conn: Connection, *, events: Iterable[tuple[str, str, datetime]]) -> list[Claim]:
    """The claims of events, each by its community, uid and time."""
    keys = list(events)
    ranges = [award_id_range(uid, time) for _, uid, time in keys]
    rows = await conn.fetch(
        """
        select c.* from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[]) as k(community, uid, lowest,
        highest) cross join lateral (
            select * from claims
            where award_id between k.lowest and k.highest and community = k.community and event_uid = k.uid
            offset 0) c
        """,
        [community for community, _, _ in keys],
        [uid for _, uid, _ in keys],
        [lowest for lowest, _ in ranges],
        [highest for _, highest in ranges],
    )
    return [_claim(row) for row in rows]


async def load_claims_of_windows(conn: Connection, *, since: Mapping[bytes, datetime | None]) -> list[Claim]:
    """The claims of windows, each from its event time on; None is from the beginning."""
    parts = " union all ".join(
        f"select * from claims where window_{place} = k.name and event_time >= k.since"  # noqa: S608 -- constants
        for place in range(1, _PLACES + 1)
    )
    rows = await conn.fetch(
        f"""
        with k as (
            select name, coalesce(since, '-infinity') as since
            from unnest($1::bytea[], $2::timestamptz[]) as given(name, since))
        select c.* from k cross join lateral ({parts}) c
        """,  # noqa: S608 -- made of constants
        list(since),
        list(since.values()),
    )
    found = {row["award_id"]: row for row in rows}
    return [_claim(row) for row in found.values()]


async def load_claims_between(
    conn: Connection, *, between: Mapping[bytes, tuple[datetime, datetime]]
) -> list[Claim]:
    """The claims of windows, each from one event time on until before another."""
    parts = " union all ".join(
        f"select * from claims where window_{place} = k.name and event_time >= k.since and event_time < k.until"  # noqa: S608 -- constants
        for place in range(1, _PLACES + 1)
    )
    rows = await conn.fetch(
        f"""
        select c.* from unnest($1::bytea[], $2::timestamptz[], $3::timestamptz[]) as k(name, since, until)
        cross join lateral ({parts}) c
        """,  # noqa: S608 -- made of constants
        list(between),
        [since for since, _ in between.values()],
        [until for _, until in between.values()],
    )
    return [_claim(row) for row in rows]


async def load_few_claims_of_windows(
    conn: Connection, *, since: Mapping[bytes, datetime | None], freed: Mapping[bytes, int]
) -> list[Claim] | None:
    """The claims of windows that have room, from an event time on, and the first of those that may get some.

    These are as many as room that is `freed`: each gets one of it at least. None when there is a claim that other
    windows may bind too, so that this is not enough.
    """
    rows = await conn.fetch(
        """
        with k as (
            select name, coalesce(since, '-infinity') as since, freed
            from unnest($1::bytea[], $2::timestamptz[], $3::bigint[]) as given(name, since, freed))
        select c.*, exists (
            select from claims where window_2 = k.name union all select from claims where window_3 = k.name
            union all select from claims where window_4 = k.name) as is_with_others
        from k cross join lateral (
            select * from claims where window_1 = k.name and event_time >= k.since and room > 0
            union all (
                select * from claims
                where window_1 = k.name and event_time >= k.since and is_counted and room < weight
                order by event_time, event_id collate "C", event_uid, rule_id collate "C" limit k.freed)) c
        """,
        list(since),
        list(since.values()),
        [freed.get(name, 0) for name in since],
    )
    if any(row["window_2"] is not None or row["is_with_others"] or row["is_heaviest_first"] for row in rows):
        return None
    found = {row["award_id"]: row for row in rows}
    return [_claim(row) for row in found.values()]


async def load_corrected(conn: Connection, *, most_of: Mapping[CorrectionDay, int]) -> list[Claim]:
    """The first corrected claims of some days, of each at most so many."""
    rows = await conn.fetch(
        """
        select c.* from unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::int[])
            as k(community, limited_id, rule_id, day, most)
        cross join lateral (
            select * from claims
            where limited_id = k.limited_id and rule_id = k.rule_id and corrected_on = k.day
              and community = k.community
            order by event_time, event_id collate "C", event_uid limit k.most) c
        """,
        *([day[part] for day in most_of] for part in range(4)),
        list(most_of.values()),
    )
    return [_claim(row) for row in rows]


async def next_members_to_settle(conn: Connection, *, limit: int) -> list[MemberKey]:
    """Members who have claims that are still to be settled, in the order in which they are locked."""
    rows = await conn.fetch(
        """
        select distinct limited_id, community from claims where not is_settled
        order by limited_id, community limit $1
        """,
        limit,
    )
    return [(row["community"], str(row["limited_id"])) for row in rows]


async def load_claims_to_settle(conn: Connection, *, member: MemberKey, limit: int) -> list[Claim]:
    """The next claims of a member that are still to be settled, those of the earliest events first."""
    rows = await conn.fetch(
        """
        select * from claims where limited_id = $2 and community = $1 and not is_settled
        order by event_time, award_id limit $3
        """,
        *member,
        limit,
    )
    return [_claim(row) for row in rows]


async def count_claims_to_settle(conn: Connection) -> int:
    """How many claims are still to be settled."""
    found: int = await conn.fetchval("select count(*) from claims where not is_settled")
    return found


async def put_told(conn: Connection, *, told: Iterable[tuple[str, str, int, int]]) -> None:
    """Note of claims that are there what was told of them: community, award id, total and revision, the newest."""
    rows = list(told)
    await conn.execute(
        """
        update claims c set told = n.total, revision = n.revision
        from unnest($1::text[], $2::uuid[], $3::int[], $4::int[]) as n(community, award_id, total, revision)
        where c.award_id = n.award_id and c.community = n.community and coalesce(c.revision, -1) < n.revision
        """,
        *([row[part] for row in rows] for part in range(4)),
    )


def _claim(row: Record) -> Claim:
    windows = tuple(row[name] for name in _WINDOWS[:_PLACES] if row[name] is not None)
    return Claim(
        community=row["community"],
        award_id=str(row["award_id"]),
        member_id=str(row["member_id"]),
        limited_id=str(row["limited_id"]),
        event_uid=str(row["event_uid"]),
        event_id=row["event_id"],
        event_type=row["event_type"],
        event_time=row["event_time"],
        received_at=row["received_at"],
        day=row["day"],
        week=row["week"],
        rule_id=row["rule_id"],
        slot=row["slot"],
        programme_id=row["programme_id"],
        programme_version=row["programme_version"],
        weight=row["weight"],
        is_actors=row["is_actors"],
        grace_seconds=row["grace_seconds"],
        grace_count=row["grace_count"],
        corrected_on=row["corrected_on"],
        is_heaviest_first=row["is_heaviest_first"],
        windows=windows,
        bounds=tuple(row[name] for name in _WINDOWS[_PLACES:] if row[name] is not None),
        state=State(row["state"]),
        is_counted=row["is_counted"],
        is_settled=row["is_settled"],
        room=row["room"],
        told=row["told"],
        revision=row["revision"],
        is_shared=row["is_shared"],
        pace=_pace(row),
        summed=row["summed"],
        cut=None if row["cut"] is None else Cut(row["cut"]),
        is_backfill=row["is_backfill"],
        terms=Terms(row["score"], row["available_at"], row["expires_at"]),
        campaign=row["campaign"],
        ceiling=row["ceiling"],
        ceiling_by=None if row["ceiling_by"] is None else Ceiling(row["ceiling_by"]),
        void=row["void"],
        withheld=None if row["withheld"] is None else Withheld(row["withheld"]),
    )


def _pace(row: Record) -> Pace | None:
    shares = row["shares"]
    pace = (row["cooldown_seconds"], None if shares is None else tuple(shares), row["floor"], row["takes"])
    return None if pace == _NO_PACE else Pace(*pace)
