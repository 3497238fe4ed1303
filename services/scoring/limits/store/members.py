"""The SQL of members whose limits are locked."""

from collections.abc import Sequence

from shared.postgres import Connection

#: Community and id of a member.
MemberKey = tuple[str, str]

#: Members that this process has found to have a row for their lock, which none loses; some 150 bytes each.
WITH_ROWS_MAX_COUNT = 50_000
_with_rows: set[MemberKey] = set()


async def lock_members(conn: Connection, *, members: Sequence[MemberKey]) -> None:
    """Wait until nobody else changes claims and windows of these members; until the commit nobody else does.

    `members` are in order of id, then community.
    """
    # 1. Rows first, for all that have none: who waits for another's new row holds no other yet. Nearly all were
    #    locked here before.
    unknown = [member for member in members if member not in _with_rows]
    added = await _add_members(conn, members=unknown) if unknown else set()
    # 2. Then the locks, by id.
    locked = await _lock(conn, members=members)
    if locked < len(members):
        # The database was restored to when they had none.
        _with_rows.clear()
        await _add_members(conn, members=members)
        await _lock(conn, members=members)
        return
    if len(_with_rows) > WITH_ROWS_MAX_COUNT:
        _with_rows.clear()
    # What this transaction added is not there for good yet.
    _with_rows.update(member for member in unknown if member not in added)


async def _add_members(conn: Connection, *, members: Sequence[MemberKey]) -> set[MemberKey]:
    rows = await conn.fetch(
        """
        insert into limited_members (community, member_id)
        select community, member_id from unnest($1::text[], $2::uuid[]) as k(community, member_id)
        where not exists (select from limited_members m
                          where m.member_id = k.member_id and m.community = k.community)
        on conflict do nothing
        returning community, member_id
        """,
        [community for community, _ in members],
        [member_id for _, member_id in members],
    )
    return {(row["community"], str(row["member_id"])) for row in rows}


async def _lock(conn: Connection, *, members: Sequence[MemberKey]) -> int:
    """Lock the rows that there are; returns how many."""
    done: str = await conn.execute(
        """
        select from limited_members join unnest($1::text[], $2::uuid[]) as k(community, member_id)
            using (member_id, community)
        order by member_id, community for update of limited_members
        """,
        [community for community, _ in members],
        [member_id for _, member_id in members],
    )
    return int(done.rpartition(" ")[2])
