"""The SQL of each service's copy of the members' names, and of whose identities are."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from shared.contracts.identities import NamedIdentity, identity_hash
from shared.postgres import Connection
from shared.settings import ServiceSettings

#: Community and member.
MemberKey = tuple[str, str]


class FollowedName(NamedTuple):
    """What a revision of a member says: its name (None: none to show), and whether it is a bot or on no board.

    Who `is_erased` has no name, and never has one again: what is told later of them has a lower revision.
    """

    revision: int
    name: str | None
    bot: bool = False
    off_boards: bool = False
    is_erased: bool = False


async def put_names(conn: Connection, names: Mapping[MemberKey, FollowedName]) -> dict[MemberKey, bool]:
    """Keep members' names and who is a bot; a revision not above the one known changes nothing.

    Returns the members of whom that is the highest revision now, and whether it is the first of them that came.
    """
    ordered = sorted(names)
    rows = await conn.fetch(
        """
        insert into followed_members as m (community, member_id, revision, name, bot, off_boards, is_erased)
        select * from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::boolean[], $6::boolean[],
                             $7::boolean[])
        on conflict (community, member_id) do update
        set revision = excluded.revision, name = excluded.name, bot = excluded.bot,
            off_boards = excluded.off_boards, is_erased = excluded.is_erased
        where excluded.revision > m.revision
        returning community, member_id, old.revision is null as is_first
        """,
        [community for community, _ in ordered],
        [member_id for _, member_id in ordered],
        [names[key].revision for key in ordered],
        [names[key].name for key in ordered],
        [names[key].bot for key in ordered],
        [names[key].off_boards for key in ordered],
        [names[key].is_erased for key in ordered],
    )
    return {(row["community"], str(row["member_id"])): row["is_first"] for row in rows}


async def put_identities(
    conn: Connection,
    identities: Mapping[MemberKey, tuple[int, Sequence[str]]],
    *,
    first_told: Collection[MemberKey] = (),
) -> None:
    """Keep whose identities are, by their hashes: those that a member's revision has, in order of members.

    Of those who are `first_told` of nothing is there to be replaced.
    An identity may go from one member to another, whose facts come in any order. So what one has takes nothing
    from the other: it is that other's revision without it which does.
    """
    if not identities:
        return
    given = [
        (community, member_id, revision, one)
        for (community, member_id), (revision, hashes) in identities.items()
        for one in hashes
    ]
    if replaced := [key for key in identities if key not in first_told]:
        await conn.execute(
            """
            delete from followed_identities f using unnest($1::text[], $2::uuid[]) as m(community, member_id)
            where f.community = m.community and f.member_id = m.member_id
            """,
            [community for community, _ in replaced],
            [member_id for _, member_id in replaced],
        )
    if given:
        await conn.execute(
            """
            insert into followed_identities (community, member_id, revision, identity_hash)
            select * from unnest($1::text[], $2::uuid[], $3::int[], $4::text[])
            """,
            *(list(column) for column in zip(*given, strict=True)),
        )


async def find_owner(
    conn: Connection, settings: ServiceSettings, *, community: str, identity: NamedIdentity
) -> str | None:
    """The id of the member who has an identity, as far as the service has heard; None when nobody has it.

    It is the member whom its member is merged into, if it is.
    """
    found = await conn.fetchval(
        """
        select coalesce(m.head_id, i.member_id)
        from followed_identities i left join merges m using (community, member_id)
        where i.community = $1 and i.identity_hash = $2 order by i.revision desc, i.member_id limit 1
        """,
        community,
        identity_hash(settings.identity_key_bytes, community, identity),
    )
    return None if found is None else str(found)


async def load_names(conn: Connection, *, community: str, member_ids: Sequence[str]) -> dict[str, str]:
    """The names to show of these members, by member: of those who have one."""
    rows = await conn.fetch(
        """
        select member_id, name from followed_members
        where community = $1 and member_id = any($2::uuid[]) and name is not null
        """,
        community,
        member_ids,
    )
    return {str(row["member_id"]): row["name"] for row in rows}


async def count_erased_known(conn: Connection, *, limit_count: int) -> int:
    """How many members that were erased have a name or identities, counted up to a limit."""
    found: int = await conn.fetchval(
        """
        select count(*) from (
            select from followed_members m
            where m.is_erased and (m.name is not null or exists (
                select from followed_identities i
                where i.community = m.community and i.member_id = m.member_id))
            limit $1) known
        """,
        limit_count,
    )
    return found


async def find_name(conn: Connection, *, community: str, member_id: str) -> FollowedName | None:
    """The name of a member that the service has heard of, None of any other."""
    row = await conn.fetchrow(
        "select revision, name, bot, off_boards, is_erased from followed_members"
        " where community = $1 and member_id = $2",
        community,
        member_id,
    )
    return None if row is None else FollowedName(*row)
