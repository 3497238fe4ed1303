"""The SQL of the zones in which members live, and of freezes that people gave them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services.recognition.streaks.domain.dates import Move
from services.recognition.streaks.domain.freezes import Freeze
from shared.followed_members.store import MemberKey
from shared.merges import Merge, load_merges
from shared.postgres import Connection


async def put_zones(conn: Connection, *, said: Mapping[MemberKey, Sequence[Move]]) -> None:
    """Keep which zones members said they live in, in place of what was known of them."""
    keys = sorted(said)
    await conn.execute(
        """
        delete from member_zones z using unnest($1::text[], $2::uuid[]) as k(community, member_id)
        where z.community = k.community and z.member_id = k.member_id
        """,
        [community for community, _ in keys],
        [member_id for _, member_id in keys],
    )
    given = [(*key, *move) for key in keys for move in dict.fromkeys(said[key])]
    if given:
        columns = ("community", "member_id", "said_at", "zone")
        await conn.copy_records_to_table("member_zones", columns=columns, records=given)


async def load_zones(conn: Connection, *, community: str, member_ids: Collection[str]) -> dict[str, list[Move]]:
    """Which zones members said they live in, and when, by member."""
    rows = await conn.fetch(
        "select member_id, said_at, zone from member_zones where community = $1 and member_id = any($2::uuid[])",
        community,
        list(member_ids),
    )
    found: dict[str, list[Move]] = {}
    for row in rows:
        found.setdefault(str(row["member_id"]), []).append(Move(row["said_at"], row["zone"]))
    return found


async def load_merges_of(
    conn: Connection, *, community: str, groups: Mapping[str, Collection[str]]
) -> dict[str, dict[str, Merge]]:
    """The merges of the others of each group, by its head and member; of groups of one nothing is asked."""
    head_of = {one: head_id for head_id, group in groups.items() for one in group if one != head_id}
    if not head_of:
        return {}
    merges = await load_merges(conn, keys=[(community, member_id) for member_id in head_of])
    found: dict[str, dict[str, Merge]] = {}
    for (_, member_id), merge in merges.items():
        found.setdefault(head_of[member_id], {})[member_id] = merge
    return found


async def lock_giving(conn: Connection, *, community: str, member_id: str) -> None:
    """Of two people who give a person freezes, the second sees what the first gave."""
    await conn.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 9))", f"streak freezes {community} {member_id}"
    )


async def add_freeze(conn: Connection, freeze: Freeze) -> None:
    """Keep that somebody gave a member a freeze; a second time changes nothing."""
    await conn.execute(
        """
        insert into streak_freezes (community, freeze_id, member_id, streak, given_at, given_by_person, given_by,
                                    reason)
        values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing
        """,
        freeze.community,
        freeze.freeze_id,
        freeze.member_id,
        freeze.streak,
        freeze.given_at,
        freeze.by.person_id,
        freeze.by.name,
        freeze.reason,
    )


async def load_freezes(
    conn: Connection, *, community: str, member_ids: Collection[str]
) -> dict[str, dict[str, list[datetime]]]:
    """When people gave these members freezes, by member and streak, earliest first."""
    rows = await conn.fetch(
        """
        select member_id, streak, array_agg(given_at order by given_at) as moments from streak_freezes
        where community = $1 and member_id = any($2::uuid[]) group by member_id, streak
        """,
        community,
        list(member_ids),
    )
    found: dict[str, dict[str, list[datetime]]] = {}
    for row in rows:
        found.setdefault(str(row["member_id"]), {})[row["streak"]] = row["moments"]
    return found


async def forget_reasons(conn: Connection, *, community: str, member_ids: Collection[str]) -> None:
    """Forget why freezes were given to members who were erased."""
    await conn.execute(
        "update streak_freezes set reason = null where community = $1 and member_id = any($2::uuid[])",
        community,
        list(member_ids),
    )
