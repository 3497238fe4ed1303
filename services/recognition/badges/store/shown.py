"""The SQL of who holds a badge, and of pictures."""

from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple

from asyncpg import Record

from shared.contracts.fields import Timestamp, Uuid
from shared.pictures import Picture
from shared.postgres import Connection


class HolderPlace(NamedTuple):
    """Where a page of holders ended: the newest first."""

    granted_at: Timestamp
    grant_id: Uuid


class Holder(NamedTuple):
    """Who holds a badge, or a tier of one: the grant, since when, and which number of a limited one."""

    grant_id: str
    member_id: str
    member_name: str | None
    granted_at: datetime
    edition: int | None
    is_by_hand: bool


async def page_of_holders(
    conn: Connection, *, community: str, name: str, after: HolderPlace | None, limit_count: int
) -> list[Holder]:
    """Who holds a badge or tier, the newest first; of who is merged, who stays."""
    rows = await conn.fetch(
        """
        select g.grant_id, coalesce(m.head_id, g.member_id) as member_id, n.name, g.granted_at, g.edition,
            g.by_hand
        from grants g
        left join merges m using (community, member_id)
        left join followed_members n
            on n.community = g.community and n.member_id = coalesce(m.head_id, g.member_id)
        where g.community = $1 and g.name = $2 and g.kind = 'badge' and g.reverses is null
            and not exists (select from grants r where r.community = g.community and r.reverses = g.grant_id)
            and not coalesce(n.is_erased, false)
            and ($3::timestamptz is null or (g.granted_at, g.grant_id) < ($3, $4::uuid))
        order by g.granted_at desc, g.grant_id desc limit $5
        """,
        community,
        name,
        *(after or (None, None)),
        limit_count,
    )
    return [
        Holder(
            str(row["grant_id"]),
            str(row["member_id"]),
            row["name"],
            row["granted_at"],
            row["edition"],
            row["by_hand"],
        )
        for row in rows
    ]


class Misnumbered(NamedTuple):
    """A standing grant with a number that is not its member's: whose it is (None: nobody's), and who they are now.

    `is_persons` says whether both are one person.
    """

    grant_id: str
    member_id: str
    member_name: str | None
    granted_at: datetime
    edition: int
    owner_id: str | None
    is_persons: bool


_MISNUMBERED: Final = """
    select g.grant_id, g.member_id, n.name, g.granted_at, g.edition, o.member_id as owner_id,
        coalesce(m.head_id, g.member_id) is not distinct from coalesce(om.head_id, o.member_id) as is_persons
    from grants g
    left join badge_editions o on o.community = g.community and o.badge = g.name and o.number = g.edition
    left join merges m on m.community = g.community and m.member_id = g.member_id
    left join merges om on om.community = o.community and om.member_id = o.member_id
    left join followed_members n on n.community = g.community and n.member_id = g.member_id
    where g.community = $1 and g.name = $2 and g.kind = 'badge' and g.reverses is null
        and g.edition is not null and o.member_id is distinct from g.member_id
        and not exists (select from grants r where r.community = g.community and r.reverses = g.grant_id)
        and not coalesce(n.is_erased, false)
"""


async def page_of_misnumbered(
    conn: Connection, *, community: str, badge: str, after: HolderPlace | None, limit_count: int
) -> list[Misnumbered]:
    """Standing grants of a limited badge with a number that is not their member's, the newest first."""
    rows = await conn.fetch(
        f"""
        {_MISNUMBERED} and ($3::timestamptz is null or (g.granted_at, g.grant_id) < ($3, $4::uuid))
        order by g.granted_at desc, g.grant_id desc limit $5
        """,
        community,
        badge,
        *(after or (None, None)),
        limit_count,
    )
    return [_misnumbered(row) for row in rows]


async def find_misnumbered(conn: Connection, *, community: str, badge: str, grant_id: str) -> Misnumbered | None:
    """A standing grant with a number that is not its member's; None where it is, or does not stand any more."""
    row = await conn.fetchrow(f"{_MISNUMBERED} and g.grant_id = $3", community, badge, grant_id)
    return None if row is None else _misnumbered(row)


def _misnumbered(row: Record) -> Misnumbered:
    return Misnumbered(
        str(row["grant_id"]),
        str(row["member_id"]),
        row["name"],
        row["granted_at"],
        row["edition"],
        None if row["owner_id"] is None else str(row["owner_id"]),
        row["is_persons"],
    )


async def load_secret_grants(conn: Connection, *, community: str, grant_ids: Collection[str]) -> set[str]:
    """Those of these grants whose badge is secret: by the version in force, or by their own where it is gone."""
    rows = await conn.fetch(
        """
        with named as (
            select grant_id, split_part(name, '/', 1) as badge, programme_version from grants
            where community = $1 and grant_id = any($2::uuid[]) and kind = 'badge'),
        said as (
            select n.grant_id, n.badge, case
                when f.recognition -> 'badges' @> jsonb_build_array(jsonb_build_object('id', n.badge))
                then f.recognition else p.recognition end as recognition
            from named n
            join programmes p on p.community = $1 and p.version = n.programme_version
            left join (
                programmes_in_force i join programmes f on f.community = i.community and f.version = i.version
            ) on i.community = $1)
        select grant_id from said
        where recognition -> 'badges' @> jsonb_build_array(jsonb_build_object('id', badge, 'secret', true))
        """,
        community,
        list(grant_ids),
    )
    return {str(row["grant_id"]) for row in rows}


async def count_members(conn: Connection, *, community: str) -> int:
    """How many members a community has who earn: people, not forgotten and not merged into others."""
    count: int = await conn.fetchval(
        """
        select count(*) from followed_members f where community = $1 and not is_erased and not bot and not exists (
            select from merges m where m.community = $1 and m.member_id = f.member_id and m.head_id is not null)
        """,
        community,
    )
    return count


async def pictured(conn: Connection, *, community: str) -> dict[str, str]:
    """The badges that have a picture, each with what names its bytes."""
    rows = await conn.fetch("select badge, etag from badge_pictures where community = $1", community)
    return {row["badge"]: row["etag"] for row in rows}


async def find_picture(conn: Connection, *, community: str, badge: str) -> Picture | None:
    """The picture of a badge; None where none was uploaded."""
    row = await conn.fetchrow(
        "select media_type, content from badge_pictures where community = $1 and badge = $2", community, badge
    )
    return None if row is None else Picture(*row)


async def put_picture(
    conn: Connection, *, community: str, badge: str, picture: Picture, uploaded_at: datetime
) -> None:
    """Have a badge look like this."""
    await conn.execute(
        """
        insert into badge_pictures (community, badge, media_type, content, etag, uploaded_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (community, badge) do update
        set media_type = excluded.media_type, content = excluded.content, etag = excluded.etag,
            uploaded_at = excluded.uploaded_at
        """,
        community,
        badge,
        *picture,
        picture.etag,
        uploaded_at,
    )


async def delete_picture(conn: Connection, *, community: str, badge: str) -> bool:
    """Have a badge look as the programme says; whether it had a picture."""
    gone = await conn.fetchval(
        "delete from badge_pictures where community = $1 and badge = $2 returning true", community, badge
    )
    return bool(gone)
