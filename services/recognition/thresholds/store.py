"""The SQL of programmes, grants and their holders."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import asyncpg

from services.recognition.thresholds.domain import Grant, Thresholds
from shared.contracts.programme import Recognition
from shared.postgres import Connection

BEFORE_EVERY_MEMBER = UUID(int=0)
PROGRAMMES_REMEMBERED_COUNT = 64


async def add_programme(
    conn: Connection,
    community: str,
    programme_id: str,
    *,
    version: int,
    effective_from: datetime,
    recognition: str,
) -> None:
    """Remember a programme version's recognition section (JSON); a second time changes nothing."""
    await conn.execute(
        "insert into programmes (community, version, programme_id, effective_from, recognition)"
        " values ($1, $2, $3, $4, $5) on conflict do nothing",
        community,
        version,
        programme_id,
        effective_from,
        recognition,
    )


async def hold_programmes(conn: Connection, communities: Collection[str]) -> None:
    """Keep the versions in force as they are until this transaction ends, for as many as want to."""
    await conn.execute(
        "select pg_advisory_xact_lock_shared(hashtextextended(c, 0)) from unnest($1::text[]) c",
        sorted(communities),
    )


async def stop_awards(conn: Connection, community: str) -> None:
    """Wait for every transaction that holds the community's programme, and let no other begin to."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", community)


async def put_due_programmes_in_force(conn: Connection, now: datetime) -> list[str]:
    """Put the newest version that is due in force and begin the re-evaluation of its members.

    Waits for every transaction that holds the programme of such a community, so that none applies awards
    by the older version afterwards. Returns the communities.
    """
    due = await conn.fetch(
        """
        select community, max(p.version) as version
        from programmes p left join programmes_in_force f using (community)
        where p.effective_from <= $1 and p.version > coalesce(f.version, 0)
        group by community
        order by community
        """,
        now,
    )
    for row in due:
        await stop_awards(conn, row["community"])
        await conn.execute(
            """
            insert into programmes_in_force (community, version, evaluated_up_to, evaluated)
            values ($1, $2, $3, false)
            on conflict (community) do update
            set version = excluded.version, evaluated_up_to = excluded.evaluated_up_to, evaluated = false
            where programmes_in_force.version < excluded.version
            """,
            row["community"],
            row["version"],
            BEFORE_EVERY_MEMBER,
        )
    return [row["community"] for row in due]


@lru_cache(maxsize=PROGRAMMES_REMEMBERED_COUNT)
def _thresholds(programme_id: str, version: int, recognition: str) -> Thresholds:
    return Thresholds.of(programme_id, version, Recognition.model_validate_json(recognition))


async def load_programmes(
    conn: Connection, communities: Collection[str]
) -> dict[str, tuple[Thresholds, datetime]]:
    """The thresholds in force per community, and since when; communities without a programme are not there."""
    rows = await conn.fetch(
        """
        select p.community, p.programme_id, p.version, p.effective_from, p.recognition
        from programmes_in_force f join programmes p using (community, version)
        where f.community = any($1::text[])
        """,
        list(communities),
    )
    return {
        row["community"]: (
            _thresholds(row["programme_id"], row["version"], row["recognition"]),
            row["effective_from"],
        )
        for row in rows
    }


async def recognition_in_force(conn: Connection, community: str) -> tuple[int, Recognition]:
    """The version in force and its recognition section; version 0 and an empty section when there is none."""
    row = await conn.fetchrow(
        "select version, recognition from programmes_in_force join programmes using (community, version)"
        " where community = $1",
        community,
    )
    if row is None:
        return 0, Recognition()
    return row["version"], Recognition.model_validate_json(row["recognition"])


async def store_evaluated(conn: Connection, community: str, up_to: str | None) -> None:
    """Note up to which member a community has been re-evaluated; None is all of them."""
    await conn.execute(
        "update programmes_in_force set evaluated_up_to = coalesce($2::uuid, evaluated_up_to),"
        " evaluated = $2::uuid is null where community = $1",
        community,
        up_to,
    )


async def add_grants(
    conn: Connection, grants: Sequence[Grant], holders: Mapping[tuple[str, str, str], int], now: datetime
) -> None:
    """Write what was granted and taken back, and add to the numbers of holders (in the order of their keys)."""
    await conn.execute(
        """
        insert into grants (community, grant_id, member_id, kind, name, title, award_id, event_time,
                            programme_version, reverses, granted_at)
        select g.*, $11 from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[],
                                    $7::uuid[], $8::timestamptz[], $9::int[], $10::uuid[]) as g
        """,
        [one.community for one in grants],
        [one.grant_id for one in grants],
        [one.member_id for one in grants],
        [one.kind for one in grants],
        [one.name for one in grants],
        [one.title for one in grants],
        [one.award_id for one in grants],
        [one.event_time for one in grants],
        [one.version for one in grants],
        [one.reverses for one in grants],
        now,
    )
    await conn.execute(
        """
        insert into holders as h (community, kind, name, members)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
        on conflict (community, kind, name) do update set members = h.members + excluded.members
        """,
        [key[0] for key in holders],
        [key[1] for key in holders],
        [key[2] for key in holders],
        list(holders.values()),
    )


async def holders_of(conn: Connection, community: str) -> dict[tuple[str, str], int]:
    """How many members hold each badge and level, by (kind, name)."""
    rows = await conn.fetch("select kind, name, members from holders where community = $1", community)
    return {(row["kind"], row["name"]): row["members"] for row in rows}


async def load_grants(conn: Connection, community: str, grant_ids: Collection[str]) -> list[asyncpg.Record]:
    """These grants (grant_id, kind, name, title, award_id, event_time), oldest first."""
    return list(
        await conn.fetch(
            "select grant_id, kind, name, title, award_id, event_time from grants"
            " where community = $1 and grant_id = any($2::uuid[]) order by event_time, kind, name",
            community,
            list(grant_ids),
        )
    )
