"""Members and their newest names."""

from collections.abc import Sequence

from shared.contracts.facts import MemberIdentified
from shared.postgres import Connection


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
