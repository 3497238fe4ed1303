"""The SQL of what a backtest knows beside the events; it only reads."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from services.scoring.backtests.domain.known import Persons, Told
from services.scoring.rules.domain.attributes import MemberKey, Said
from services.scoring.rules.domain.audiences import name_of
from services.scoring.voids.store import load_all_standing
from shared.merges import load_all_merges
from shared.postgres import Connection


async def load_told(conn: Connection, *, community: str) -> Told:
    """What is known of a community as its backtest begins."""
    persons = Persons.of(community, await load_all_merges(conn, community=community))
    standing = await load_all_standing(conn, community=community)
    withheld = await conn.fetch(
        "select award_id::text from signal_acts where community = $1 and withheld is not null", community
    )
    rows = await conn.fetch(
        """
        select a.audience_id, coalesce(m.head_id, a.member_id)::text as member_id
        from audience_members a left join merges m using (community, member_id)
        where a.community = $1 and a.is_in
        """,
        community,
    )
    audiences: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        audiences[row["audience_id"]].add(row["member_id"])
    return Told(community, persons, standing, frozenset(row["award_id"] for row in withheld), dict(audiences))


async def load_turns(
    conn: Connection, *, keys: Collection[MemberKey]
) -> dict[MemberKey, dict[str, Sequence[Said]]]:
    """When members entered audiences and left them, as what rules read of them."""
    rows = await conn.fetch(
        """
        select c.community, c.member_id::text, c.audience_id, c.since, c.known_at, c.is_in
        from audience_changes c
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        order by c.member_id, c.audience_id, c.revision
        """,
        [key.community for key in keys],
        [key.member_id for key in keys],
    )
    found: dict[MemberKey, dict[str, list[Said]]] = {}
    for row in rows:
        of_member = found.setdefault(MemberKey(row["community"], row["member_id"]), {})
        said = Said(row["since"], row["known_at"], row["is_in"])
        of_member.setdefault(name_of(row["audience_id"]), []).append(said)
    return {key: {name: list(said) for name, said in of_member.items()} for key, of_member in found.items()}
