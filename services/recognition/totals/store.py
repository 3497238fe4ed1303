"""The SQL of members' totals, of the awards in them, and of members' names."""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

import asyncpg
import orjson

from services.recognition.thresholds.domain import Held
from services.recognition.thresholds.store import stop_awards
from services.recognition.totals.domain import Member
from shared.postgres import Connection, copy_new

MemberKey = tuple[str, str]
"""Community, member."""
AwardKey = tuple[str, str]
"""Award, community: in the order of the table's key."""


async def add_new_awards(conn: Connection, awards: Iterable[AwardKey]) -> set[AwardKey]:
    """Note these awards as applied; return those that were before. `awards` are in order, none of them twice."""
    keys = list(awards)
    # Nearly always all are new: to copy them in takes a third of what the insert below does.
    if await copy_new(conn, "applied_awards", ("award_id", "community"), keys):
        return set()
    rows = await conn.fetch(
        """
        with added as (
            insert into applied_awards (award_id, community)
            select * from unnest($1::uuid[], $2::text[])
            on conflict do nothing
            returning award_id, community)
        select * from unnest($1::uuid[], $2::text[]) except all select * from added
        """,
        [award_id for award_id, _ in keys],
        [community for _, community in keys],
    )
    return {(str(row[0]), row[1]) for row in rows}


def _member(row: asyncpg.Record) -> Member:
    return Member(
        community=row["community"],
        member_id=str(row["member_id"]),
        points=row["points"],
        awards_by_rule=orjson.loads(row["awards_by_rule"]),
        standing={key: Held(*held) for key, held in orjson.loads(row["standing"]).items()},
        last_award_id=str(row["last_award_id"]),
        version=row["version"],
    )


async def load_members(conn: Connection, keys: Collection[MemberKey]) -> dict[MemberKey, Member]:
    """The members that are known. The worker that owns their partition, and holds their programme, is the
    only one to change them."""
    rows = await conn.fetch(
        """
        select m.* from members m
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        """,
        [key[0] for key in keys],
        [key[1] for key in keys],
    )
    members = (_member(row) for row in rows)
    return {(member.community, member.member_id): member for member in members}


async def load_stale_members(conn: Connection, limit_count: int) -> tuple[str, list[Member]] | None:
    """The next members of a community whose re-evaluation is not done; None when none is left.

    Nobody applies awards of that community until this transaction ends.
    """
    row = await conn.fetchrow(
        "select community, evaluated_up_to from programmes_in_force where not evaluated"
        " order by community limit 1 for update"
    )
    if row is None:
        return None
    await stop_awards(conn, row["community"])
    rows = await conn.fetch(
        "select * from members where community = $1 and member_id > $2 order by community, member_id limit $3",
        row["community"],
        row["evaluated_up_to"],
        limit_count,
    )
    return row["community"], [_member(one) for one in rows]


async def store_members(conn: Connection, members: Iterable[Member]) -> None:
    """Write the members' totals and what stands, in the order of their keys."""
    ordered = sorted(members, key=lambda one: (one.community, one.member_id))
    await conn.execute(
        """
        insert into members (community, member_id, points, awards_by_rule, standing, last_award_id, version)
        select * from unnest($1::text[], $2::uuid[], $3::bigint[], $4::jsonb[], $5::jsonb[], $6::uuid[], $7::int[])
        on conflict (community, member_id) do update
        set points = excluded.points, awards_by_rule = excluded.awards_by_rule, standing = excluded.standing,
            last_award_id = excluded.last_award_id, version = excluded.version
        """,
        [one.community for one in ordered],
        [one.member_id for one in ordered],
        [one.points for one in ordered],
        [orjson.dumps(one.awards_by_rule).decode() for one in ordered],
        [orjson.dumps(one.standing, default=list).decode() for one in ordered],
        [one.last_award_id for one in ordered],
        [one.version for one in ordered],
    )


async def store_names(conn: Connection, names: Mapping[MemberKey, tuple[int, str | None]]) -> None:
    """Write the members' names, each with the revision that says it; an older revision changes nothing."""
    ordered = sorted(names)
    await conn.execute(
        """
        insert into member_names as n (community, member_id, revision, name)
        select * from unnest($1::text[], $2::uuid[], $3::int[], $4::text[])
        on conflict (community, member_id) do update set revision = excluded.revision, name = excluded.name
        where excluded.revision > n.revision
        """,
        [key[0] for key in ordered],
        [key[1] for key in ordered],
        [names[key][0] for key in ordered],
        [names[key][1] for key in ordered],
    )


async def find_member(conn: Connection, community: str, member_id: UUID) -> tuple[str | None, Member] | None:
    """The member's name and totals; None when nothing is known of them."""
    row = await conn.fetchrow(
        """
        select n.name, n.member_id is not null as named, m.*
        from (select $1::text as community, $2::uuid as member_id) k
        left join member_names n using (community, member_id)
        left join members m using (community, member_id)
        """,
        community,
        member_id,
    )
    if row is None or not (row["named"] or row["points"] is not None):
        return None
    if row["points"] is None:
        return row["name"], Member(community, str(member_id))
    return row["name"], _member(row)
