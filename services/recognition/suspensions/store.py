"""The SQL of suspensions, and of what counts for nothing by them."""

from collections.abc import Collection
from datetime import datetime

from services.recognition.suspensions.domain import MemberKey, Spell, Withheld
from shared.postgres import Connection


async def load_spells(
    conn: Connection,
    *,
    persons: Collection[MemberKey],
    first: datetime | None = None,
    last: datetime | None = None,
) -> dict[MemberKey, list[Spell]]:
    """When persons are suspended, as one of those who they are, by who stays; between two moments."""
    rows = await conn.fetch(
        """
        select s.community, coalesce(m.head_id, s.member_id) as head_id, s.starts_at, s.ends_at
        from suspensions s left join merges m on m.community = s.community and m.member_id = s.member_id
        where s.stands and s.community = any($1::text[])
            and ($3::timestamptz is null or s.starts_at <= $3)
            and ($2::timestamptz is null or s.ends_at is null or s.ends_at > $2)
        order by s.starts_at, s.suspension_id
        """,
        sorted({community for community, _ in persons}),
        first,
        last,
    )
    found: dict[MemberKey, list[Spell]] = {}
    for row in rows:
        key = (row["community"], str(row["head_id"]))
        if key in persons:
            found.setdefault(key, []).append(Spell(row["starts_at"], row["ends_at"]))
    return found


async def load_withheld_of_events(
    conn: Connection, *, keys: Collection[tuple[str, str]]
) -> set[tuple[str, str, str, str]]:
    """What is withheld of these events, by community and uid: community, member, event and counter of each."""
    rows = await conn.fetch(
        """
        select w.community, w.member_id, w.event_uid, w.counter from withheld_counts w
        join unnest($1::text[], $2::text[]) as k(community, event_uid)
            on k.community = w.community and k.event_uid::uuid = w.event_uid
        """,
        [community for community, _ in keys],
        [uid for _, uid in keys],
    )
    return {(row["community"], str(row["member_id"]), str(row["event_uid"]), row["counter"]) for row in rows}


async def page_of_withheld(
    conn: Connection, *, community: str, member_ids: Collection[str], after: str, limit_count: int
) -> list[Withheld]:
    """What is withheld of members, in the order of events, behind one; of the last event all of it."""
    rows = await conn.fetch(
        """
        select * from withheld_counts where community = $1 and member_id = any($2::text[]::uuid[])
            and event_uid > $3::text::uuid
        order by event_uid fetch first $4 rows with ties
        """,
        community,
        list(member_ids),
        after,
        limit_count,
    )
    return [
        Withheld(
            row["community"], str(row["member_id"]), str(row["event_uid"]), row["counter"], row["happened_at"]
        )
        for row in rows
    ]


async def add_withheld(conn: Connection, *, withheld: Collection[Withheld]) -> None:
    """Note what does not count."""
    if not withheld:
        return
    await conn.execute(
        """
        insert into withheld_counts (community, member_id, event_uid, counter, happened_at)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[])
        on conflict do nothing
        """,
        *(list(column) for column in zip(*sorted(withheld), strict=True)),
    )


async def delete_withheld(conn: Connection, *, keys: Collection[tuple[str, str, str, str]]) -> None:
    """Note no more what does not count: by community, member, event and counter."""
    if not keys:
        return
    await conn.execute(
        """
        delete from withheld_counts w
        using unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[]) as k(community, member_id, event_uid, counter)
        where w.community = k.community and w.member_id = k.member_id and w.event_uid = k.event_uid
            and w.counter = k.counter
        """,
        *(list(column) for column in zip(*sorted(keys), strict=True)),
    )


async def drop_withheld(conn: Connection, *, community: str, counters: Collection[str]) -> None:
    """Note nothing any more of counters but these."""
    await conn.execute(
        "delete from withheld_counts where community = $1 and counter <> all($2::text[])",
        community,
        list(counters),
    )
