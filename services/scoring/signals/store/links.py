"""The SQL of who is paid to one account with others."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from shared.postgres import Connection


class Link(NamedTuple):
    """That a member is paid to an account with others (`members_count`, this one too), or to the payer's."""

    community: str
    member_id: str
    revision: int
    account_id: str | None
    members_count: int
    is_payer: bool


async def put_links(conn: Connection, *, links: Sequence[Link]) -> set[tuple[str, str]]:
    """Keep the newest links of members; returns of whom something else is known than before."""
    newest = {(link.community, link.member_id): link for link in sorted(links, key=lambda one: one.revision)}
    rows = await conn.fetch(
        """
        insert into member_links as l (community, member_id, revision, account_id, members_count, is_payer)
        select * from unnest($1::text[], $2::uuid[], $3::int[], $4::uuid[], $5::int[], $6::bool[])
        on conflict (community, member_id) do update set revision = excluded.revision,
            account_id = excluded.account_id, members_count = excluded.members_count, is_payer = excluded.is_payer
        where l.revision < excluded.revision
        returning community, member_id
        """,
        *(list(column) for column in zip(*newest.values(), strict=True)),
    )
    return {(row["community"], str(row["member_id"])) for row in rows}


async def load_links(conn: Connection, *, community: str, members: Collection[str]) -> dict[str, Link]:
    """What is known of the accounts that members are paid to."""
    rows = await conn.fetch(
        "select * from member_links where community = $1 and member_id = any($2::uuid[])", community, list(members)
    )
    return {
        str(row["member_id"]): Link(
            row["community"],
            str(row["member_id"]),
            row["revision"],
            None if row["account_id"] is None else str(row["account_id"]),
            row["members_count"],
            row["is_payer"],
        )
        for row in rows
    }
