"""The SQL of the zones in which members live."""

from collections.abc import Mapping, Sequence

from services.recognition.streaks.domain.dates import Move
from shared.followed_members.store import MemberKey
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


async def load_zones(conn: Connection, *, community: str, member_id: str) -> list[Move]:
    """Which zones a member said they live in, and when."""
    rows = await conn.fetch(
        "select said_at, zone from member_zones where community = $1 and member_id = $2", community, member_id
    )
    return [Move(*row) for row in rows]
