"""The SQL of what members have given, and of whom they may give to."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from services.ingest.kudos.domain.giving import Counts
from services.ingest.members.store.sight import UNSEEN
from shared.postgres import Connection

#: More names than these are looked through for nobody.
_NAMED_MAX_COUNT = 1_000


class Receiver(NamedTuple):
    """Somebody whom one may thank, by the name that is shown of them."""

    member_id: str
    name: str


async def lock_giver(conn: Connection, *, community: str, giver_id: str) -> None:
    """Have whatever else the same person gives wait until this transaction ends."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 1))", f"kudos {community} {giver_id}")


async def count_given(
    conn: Connection, *, community: str, giver_ids: Sequence[str], receiver_ids: Sequence[str], month: date
) -> Counts:
    """What somebody, by all ids of theirs, has given here in a month, and what one of these gave them."""
    row = await conn.fetchrow(
        """
        select count(*) filter (where giver_id = any($2::uuid[])) as given,
            count(*) filter (where giver_id = any($2::uuid[]) and receiver_id = any($3::uuid[])) as to_receiver,
            count(*) filter (where giver_id = any($3::uuid[])) as from_receiver
        from kudos where community = $1 and month = $4 and is_given_here and (
            giver_id = any($2::uuid[]) or (giver_id = any($3::uuid[]) and receiver_id = any($2::uuid[])))
        """,
        community,
        list(giver_ids),
        list(receiver_ids),
        month,
    )
    return Counts(*row) if row else Counts(0, 0, 0)


async def load_receivers(
    conn: Connection, *, community: str, words: Sequence[str], without: Sequence[str], limit_count: int
) -> list[Receiver]:
    """Members in whose name words begin so: people who are there and want to be seen, by their names."""
    rows = await conn.fetch(
        f"""
        with named as materialized (
            select member_id, name from members n
            where n.community = $1 and n.name is not null
                and to_tsvector('simple', translate(n.name, '<>&/@.:-_', '         ')) @@ to_tsquery('simple', $2)
            limit {_NAMED_MAX_COUNT})
        select m.member_id, m.name from members m
        where m.community = $1 and m.member_id in (select member_id from named)
            and m.erased_at is null and m.bot_by is null and m.departed_by is null
            and not {UNSEEN.format(member="m")} and m.member_id <> all($3::uuid[])
            and not exists (
                select from merges g where g.community = m.community and g.member_id = m.member_id
                    and g.head_id is not null)
        order by lower(m.name), m.member_id limit $4
        """,  # noqa: S608 -- a constant
        community,
        " & ".join(f"{word}:*" for word in words),
        list(without),
        limit_count,
    )
    return [Receiver(str(row["member_id"]), row["name"]) for row in rows]
