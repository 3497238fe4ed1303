"""The SQL of programmes, grants and their holders."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from asyncpg import Record

from services.recognition.thresholds.domain import (
    Due,
    Grant,
    LatestGrant,
    LatestPlace,
    ProgrammeVersion,
    RecognitionInForce,
    Reevaluation,
    ThresholdKey,
    Thresholds,
    ThresholdsInForce,
)
from shared.contracts.programme import Recognition
from shared.followed_communities import stored_calendar
from shared.merges import LOCK_SHARED
from shared.postgres import Connection

MemberKey = tuple[str, str]  # community, member id
BEFORE_EVERY_MEMBER = "00000000-0000-0000-0000-000000000000"
PROGRAMMES_REMEMBERED_COUNT = 64


async def add_version(conn: Connection, *, version: ProgrammeVersion) -> None:
    """Remember a programme version; a second time changes nothing."""
    await conn.execute(
        "insert into programmes (community, version, programme_id, effective_from, recognition, rules, audiences)"
        " values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        version.community,
        version.version,
        version.programme_id,
        version.effective_from,
        version.recognition,
        version.rules,
        version.audiences,
    )


async def lock_programmes_shared(conn: Connection, *, communities: Collection[str]) -> None:
    """Keep the versions in force as they are until this transaction ends, for as many as want to."""
    await conn.execute(
        "select pg_advisory_xact_lock_shared(hashtextextended(c, 0)) from unnest($1::text[]) c",
        sorted(communities),
    )


async def lock_programmes_and_merges(conn: Connection, *, communities: Collection[str]) -> None:
    """Share the locks of programmes, as `lock_programmes_shared`, and then those of merges, in one round trip."""
    await conn.execute(
        f"""
        with programmes as materialized (
            select pg_advisory_xact_lock_shared(hashtextextended(c, 0)) from unnest($1::text[]) c),
        locked as materialized (select count(*) from programmes)
        select {LOCK_SHARED} from locked cross join unnest($1::text[]) as c(community)
        """,  # noqa: S608 -- the lock is a constant
        sorted(communities),
    )


async def lock_programme(conn: Connection, community: str) -> None:
    """Wait for every transaction that shares the lock of the community's programme, and let no other begin to."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", community)


async def lock_deciding(conn: Connection, *, kind: str, community: str) -> None:
    """Wait for whoever decides what a community's members hold of a kind, and let nobody else begin to.

    What they have and what stands is read after this: two timers that read before one another's end, as while
    another process becomes leader, would each undo what the other found.
    """
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 8))", f"deciding {kind} {community}")


async def may_decide(conn: Connection, *, kind: str, community: str) -> bool:
    """As `lock_deciding`, but waits for nobody; False where somebody else decides now."""
    is_locked: bool = await conn.fetchval(
        "select pg_try_advisory_xact_lock(hashtextextended($1, 8))", f"deciding {kind} {community}"
    )
    return is_locked


async def load_due_in_force(conn: Connection, *, now: datetime) -> list[str]:
    """Communities with a version that is due and not in force yet."""
    rows = await conn.fetch(
        """
        select distinct community from programmes p left join programmes_in_force f using (community)
        where p.effective_from <= $1 and p.version > coalesce(f.version, 0) order by 1
        """,
        now,
    )
    return [row["community"] for row in rows]


async def put_due_in_force(conn: Connection, *, communities: Collection[str], now: datetime) -> None:
    """Put the newest version of each of these communities that is due in force; members are then re-evaluated.

    A version that asks for the same of points and awards as the one before has nobody looked at: what was not done
    of that one goes on where it was. Waits for every transaction that shares the lock of such a programme, so that
    none applies awards by the older version afterwards.
    """
    due = await conn.fetch(
        """
        select community, max(p.version) as version
        from programmes p left join programmes_in_force f using (community)
        where p.effective_from <= $1 and p.version > coalesce(f.version, 0) and community = any($2::text[])
        group by community
        order by community
        """,
        now,
        list(communities),
    )
    for row in due:
        await lock_programme(conn, row["community"])
        await conn.execute(
            """
            insert into programmes_in_force as f (community, version, evaluated_up_to, evaluated)
            values ($1, $2, $3, $4)
            on conflict (community) do update
            set version = excluded.version,
                evaluated_up_to = case when $4 then f.evaluated_up_to else excluded.evaluated_up_to end,
                evaluated = $4 and f.evaluated
            where f.version < excluded.version
            """,
            row["community"],
            row["version"],
            BEFORE_EVERY_MEMBER,
            await _asks_as_before(conn, community=row["community"], version=row["version"]),
        )


async def _asks_as_before(conn: Connection, *, community: str, version: int) -> bool:
    """Whether a version asks for the same of totals as the one in force, whose lock is held."""
    rows = await conn.fetch(
        """
        select p.programme_id, p.version, p.recognition
        from programmes p left join programmes_in_force f using (community)
        where community = $1 and p.version in ($2, f.version)
        """,
        community,
        version,
    )
    asked = {row["version"]: thresholds_of(*row).asks_of_totals() for row in rows}
    before = [of for number, of in asked.items() if number != version]
    return asked[version] == (before[0] if before else frozenset())


@lru_cache(maxsize=PROGRAMMES_REMEMBERED_COUNT)
def thresholds_of(programme_id: str, version: int, recognition: str) -> Thresholds:
    """What a version asks for, by its recognition section as it is kept."""
    return Thresholds.of(programme_id, version, Recognition.model_validate_json(recognition))


async def load_thresholds(conn: Connection, *, communities: Collection[str]) -> dict[str, ThresholdsInForce]:
    """The thresholds in force by community; one without a programme is not among them."""
    rows = await conn.fetch(
        """
        select p.community, p.programme_id, p.version, p.effective_from, p.recognition,
               c.data -> 'calendar' as calendar
        from programmes_in_force f join programmes p using (community, version)
        left join followed_communities c using (community)
        where f.community = any($1::text[])
        """,
        list(communities),
    )
    return {
        row["community"]: ThresholdsInForce(
            thresholds_of(row["programme_id"], row["version"], row["recognition"]),
            row["effective_from"],
            stored_calendar(row["calendar"]).said_day(row["effective_from"]),
        )
        for row in rows
    }


async def find_recognition(conn: Connection, *, community: str) -> RecognitionInForce | None:
    """The recognition section in force; None when the community has no programme yet."""
    row = await conn.fetchrow(
        "select version, recognition from programmes_in_force join programmes using (community, version)"
        " where community = $1",
        community,
    )
    if row is None:
        return None
    return RecognitionInForce(row["version"], Recognition.model_validate_json(row["recognition"]))


async def find_section(conn: Connection, *, community: str, version: int) -> Recognition:
    """What a version says of recognition; nothing where there is no such version."""
    text = await conn.fetchval(
        "select recognition from programmes where community = $1 and version = $2", community, version
    )
    return _section(text or "{}")


@lru_cache(maxsize=PROGRAMMES_REMEMBERED_COUNT)
def _section(text: str) -> Recognition:
    return Recognition.model_validate_json(text)


async def load_unevaluated(conn: Connection) -> list[str]:
    """Communities with members to re-evaluate."""
    rows = await conn.fetch("select community from programmes_in_force where not evaluated order by 1")
    return [row["community"] for row in rows]


async def lock_reevaluation(conn: Connection, *, community: str) -> Reevaluation | None:
    """How far a community's members are re-evaluated; None when all are.

    Nobody applies awards of that community until this transaction ends.
    """
    await lock_programme(conn, community)
    row = await conn.fetchrow(
        "select evaluated_up_to from programmes_in_force where community = $1 and not evaluated for update",
        community,
    )
    return None if row is None else Reevaluation(community, str(row["evaluated_up_to"]))


async def set_evaluated(conn: Connection, *, community: str, up_to: str | None) -> None:
    """Note up to which member a community has been re-evaluated; None is all of them."""
    await conn.execute(
        "update programmes_in_force set evaluated_up_to = coalesce($2::uuid, evaluated_up_to),"
        " evaluated = $2::uuid is null where community = $1",
        community,
        up_to,
    )


async def add_grants(conn: Connection, *, grants: Sequence[Grant], granted_at: datetime) -> None:
    """Append what was granted and taken back."""
    await conn.execute(
        """
        insert into grants (community, grant_id, member_id, kind, name, title, award_id, event_time,
                            programme_version, reverses, event_uid, by_hand, edition, met, granted_at)
        select g.*, $15 from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[],
                                    $7::uuid[], $8::timestamptz[], $9::int[], $10::uuid[], $11::uuid[],
                                    $12::boolean[], $13::int[], $14::jsonb[]) as g
        """,
        *_columns(grants),
        granted_at,
    )


def _columns(grants: Sequence[Grant]) -> tuple[list[Any], ...]:
    return (
        [grant.community for grant in grants],
        [grant.grant_id for grant in grants],
        [grant.member_id for grant in grants],
        [grant.key.kind for grant in grants],
        [grant.key.id for grant in grants],
        [grant.title for grant in grants],
        [grant.award_id for grant in grants],
        [grant.event_time for grant in grants],
        [grant.version for grant in grants],
        [grant.reverses for grant in grants],
        [grant.event_uid for grant in grants],
        [grant.by_hand for grant in grants],
        [grant.edition for grant in grants],
        [None if grant.met is None else orjson.dumps(grant.met).decode() for grant in grants],
    )


async def add_grants_as_told(
    conn: Connection, *, grants: Sequence[Grant], granted_at: Mapping[str, datetime]
) -> set[str]:
    """Add grants that were made before, with when that was; return the ids of those that were not there."""
    rows = await conn.fetch(
        """
        insert into grants (community, grant_id, member_id, kind, name, title, award_id, event_time,
                            programme_version, reverses, event_uid, by_hand, edition, met, granted_at)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::uuid[],
                             $8::timestamptz[], $9::int[], $10::uuid[], $11::uuid[], $12::boolean[], $13::int[],
                             $14::jsonb[], $15::timestamptz[])
        on conflict do nothing returning grant_id
        """,
        *_columns(grants),
        [granted_at[grant.grant_id] for grant in grants],
    )
    return {str(row["grant_id"]) for row in rows}


async def known_grants(conn: Connection, *, grants: Sequence[Grant]) -> set[str]:
    """The ids of those grants that were made before."""
    rows = await conn.fetch(
        "select grant_id from grants where grant_id = any($1::uuid[])", [grant.grant_id for grant in grants]
    )
    return {str(row["grant_id"]) for row in rows}


async def load_held_back(conn: Connection, *, grants: Sequence[Grant]) -> set[str]:
    """The ids of those grants of badges that are not made, as a person took the badge from the member.

    What takes back a grant that was not made, or that the person took back already, is not made either.
    """
    badges = [grant for grant in grants if grant.key.kind == "badge" and not grant.by_hand]
    if not badges:
        return set()
    rows = await conn.fetch(
        """
        select k.grant_id, k.reverses, g.grant_id is null as is_missing
        from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[])
            as k(community, grant_id, member_id, badge, reverses)
        left join grants g on g.grant_id = k.reverses and g.community = k.community
        where exists (select from badge_withheld w where w.community = k.community) and case
            when k.reverses is null then exists (
                select from badge_withheld w
                where w.community = k.community and w.badge = k.badge and (w.member_id = k.member_id
                    or w.member_id in (
                        select m.member_id from merges m
                        where m.community = k.community and m.head_id = k.member_id)))
            else g.grant_id is null
                or exists (select from grants r where r.community = k.community and r.reverses = k.reverses)
            end
        """,
        [grant.community for grant in badges],
        [grant.grant_id for grant in badges],
        [grant.member_id for grant in badges],
        [grant.key.base_id for grant in badges],
        [grant.reverses for grant in badges],
    )
    dropped = {str(row["grant_id"]) for row in rows if row["reverses"] is None}
    made = {grant.grant_id for grant in badges} - dropped
    return dropped | {
        str(row["grant_id"])
        for row in rows
        # What is granted and taken back at once is both.
        if row["reverses"] is not None and not (row["is_missing"] and str(row["reverses"]) in made)
    }


async def put_due(conn: Connection, *, due: Mapping[MemberKey, Due]) -> None:
    """Have these members looked at again, of whom something changed that badges read."""
    keys = sorted(due)
    await conn.execute(
        """
        insert into badge_due as d (community, member_id, event_time, day, is_backfill)
        select * from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::date[], $5::boolean[])
        on conflict (community, member_id) do update
        set event_time = greatest(d.event_time, excluded.event_time),
            day = case when excluded.event_time > d.event_time then excluded.day else d.day end,
            is_backfill = d.is_backfill and excluded.is_backfill
        """,
        [community for community, _ in keys],
        [member_id for _, member_id in keys],
        [due[key].event_time for key in keys],
        [due[key].day for key in keys],
        [due[key].is_backfill for key in keys],
    )


async def load_standing(conn: Connection, *, community: str, member_ids: Collection[str]) -> list[Grant]:
    """The grants by awards of these members that nothing has taken back, oldest first; no others."""
    rows = await conn.fetch(
        """
        select * from grants g
        where community = $1 and member_id = any($2::uuid[]) and reverses is null and award_id is not null
            and not exists (
            select from grants r where r.community = g.community and r.member_id = g.member_id
                and r.reverses = g.grant_id)
        order by granted_at, grant_id
        """,
        community,
        list(member_ids),
    )
    return [_grant(row) for row in rows]


async def load_made(conn: Connection, *, community: str, grant_ids: Collection[str]) -> set[str]:
    """Which of these grants were made, and nothing has taken back."""
    rows = await conn.fetch(
        """
        select grant_id from grants g
        where community = $1 and grant_id = any($2::uuid[]) and not exists (
            select from grants r where r.community = g.community and r.reverses = g.grant_id)
        """,
        community,
        list(grant_ids),
    )
    return {str(row["grant_id"]) for row in rows}


async def add_holders(conn: Connection, *, changes: Mapping[tuple[str, ThresholdKey], int]) -> None:
    """Add to the numbers of holders, by community and key and in that order: workers share these rows."""
    await conn.execute(
        """
        insert into holders as h (community, kind, name, members)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
        on conflict (community, kind, name) do update set members = h.members + excluded.members
        """,
        [community for community, _ in changes],
        [key.kind for _, key in changes],
        [key.id for _, key in changes],
        list(changes.values()),
    )


async def load_holders(conn: Connection, *, community: str) -> dict[ThresholdKey, int]:
    """How many members hold each badge and level that anybody ever held."""
    rows = await conn.fetch("select kind, name, members from holders where community = $1", community)
    return {ThresholdKey(row["kind"], row["name"]): row["members"] for row in rows}


async def load_grants(conn: Connection, *, community: str, grant_ids: Collection[str]) -> dict[str, Grant]:
    """Grants by their ids, oldest first."""
    rows = await conn.fetch(
        """
        select community, grant_id, member_id, kind, name, title, award_id, event_time, programme_version,
            reverses, event_uid, by_hand, edition, met
        from grants where community = $1 and grant_id = any($2::uuid[]) order by event_time, kind, name
        """,
        community,
        list(grant_ids),
    )
    return {str(row["grant_id"]): _grant(row) for row in rows}


async def page_of_latest(
    conn: Connection, *, community: str, after: LatestPlace | None, limit_count: int
) -> list[LatestGrant]:
    """What was granted, newest first; what took something back is not listed, and says so of what it took back."""
    rows = await conn.fetch(
        """
        select g.*, n.name as member_name, exists (
                select from grants r
                where r.community = g.community and r.reverses = g.grant_id
            ) as is_taken_back
        from grants g left join followed_members n using (community, member_id)
        where g.community = $1 and g.reverses is null
            and ($2::timestamptz is null or (g.granted_at, g.grant_id) < ($2, $3::uuid))
        order by g.granted_at desc, g.grant_id desc limit $4
        """,
        community,
        *(after or (None, None)),
        limit_count,
    )
    return [LatestGrant(_grant(row), row["member_name"], row["granted_at"], row["is_taken_back"]) for row in rows]


async def is_more_waiting(conn: Connection, *, than: int) -> bool:
    """Whether more facts than that wait to be published."""
    found: bool = await conn.fetchval("select exists (select from outbox offset $1 limit 1)", than)
    return found


def _grant(row: Record) -> Grant:
    return Grant(
        community=row["community"],
        grant_id=str(row["grant_id"]),
        member_id=str(row["member_id"]),
        key=ThresholdKey(row["kind"], row["name"]),
        title=row["title"],
        award_id=None if row["award_id"] is None else str(row["award_id"]),
        event_time=row["event_time"],
        version=row["programme_version"],
        reverses=None if row["reverses"] is None else str(row["reverses"]),
        event_uid=None if row["event_uid"] is None else str(row["event_uid"]),
        by_hand=row["by_hand"],
        edition=row["edition"],
        met=None if row["met"] is None else orjson.loads(row["met"]),
    )
