"""The SQL of what was said of members: of each what their highest revision says."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from services.analytics.attributes.domain import SaidValue
from shared.merges import MemberKey
from shared.postgres import Connection


async def put_values(conn: Connection, *, said: Mapping[MemberKey, Sequence[tuple[str, SaidValue]]]) -> None:
    """Replace what is known of these members by what is said of them now: name and value of each attribute."""
    ordered = sorted(said)
    await conn.execute(
        """
        delete from member_attributes a using unnest($1::text[], $2::uuid[]) as m(community, member_id)
        where a.community = m.community and a.member_id = m.member_id
        """,
        [community for community, _ in ordered],
        [member_id for _, member_id in ordered],
    )
    rows = [(*key, name, *value) for key in ordered for name, value in said[key]]
    if rows:
        await conn.execute(
            """
            insert into member_attributes (community, member_id, name, since, said_at, value)
            select * from unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[],
                                 $6::text[])
            on conflict do nothing
            """,
            *(list(column) for column in zip(*rows, strict=True)),
        )


async def load_values(
    conn: Connection, *, members: Collection[MemberKey], names: Sequence[str]
) -> dict[MemberKey, dict[str, list[SaidValue]]]:
    """What was said of members under these names, by member and name; of whom nothing was is not there."""
    rows = await conn.fetch(
        """
        select a.community, a.member_id::text as member_id, a.name, a.since, a.said_at, a.value
        from unnest($1::text[], $2::uuid[]) as m(community, member_id)
        join member_attributes a on a.member_id = m.member_id and a.community = m.community
        where a.name = any($3::text[])
        """,
        [community for community, _ in members],
        [member_id for _, member_id in members],
        list(names),
    )
    found: dict[MemberKey, dict[str, list[SaidValue]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        value = SaidValue(row["since"], row["said_at"], row["value"])
        found[row["community"], row["member_id"]][row["name"]].append(value)
    return {key: dict(values) for key, values in found.items()}
