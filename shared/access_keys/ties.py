"""Which member a person is: nobody decides what is about themselves.

A person is tied to members at ingest, and each service has that with its copy of the people. Who is one person
with such a member by a merge is the person too, for as long as the merge lasts.
"""

from collections.abc import Iterable

from shared.postgres import Connection


class AboutYourselfError(Exception):
    """Whoever decides is the member whom it is about."""


async def load_own(conn: Connection, *, community: str, person_id: str | None) -> frozenset[str]:
    """All members who a person is: those tied to them, and who is one person with these. Of nobody known none."""
    if not person_id:
        return frozenset()
    rows = await conn.fetch(
        """
        with heads as (
            select distinct coalesce(m.head_id, t.member_id) as head_id
            from followed_people p cross join unnest(p.members) as t(member_id)
            left join merges m on m.community = p.community and m.member_id = t.member_id
            where p.community = $1 and p.person_id = $2::text::uuid)
        select head_id as member_id from heads
        union select m.member_id from heads join merges m on m.community = $1 and m.head_id = heads.head_id
        """,
        community,
        person_id,
    )
    return frozenset(str(row["member_id"]) for row in rows)


async def check_not_about_oneself(
    conn: Connection, *, community: str, person_id: str | None, members: Iterable[str | None]
) -> None:
    """Return when a person is none of these members. Raises AboutYourselfError otherwise.

    Whoever is tied to no member is none, as far as anybody knows.
    """
    if not (await load_own(conn, community=community, person_id=person_id)).isdisjoint(members):
        raise AboutYourselfError
