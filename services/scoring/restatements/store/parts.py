"""The SQL of what restatements are worked out of, posted in, and differ by."""

from collections.abc import Collection, Sequence

import orjson

from services.scoring.backtests.store.backtests import Offsets
from services.scoring.restatements.domain.packing import pack, unpack
from services.scoring.restatements.domain.restatements import Difference, DifferencePlace, Restatement
from services.scoring.restatements.domain.restating import Part
from shared.contracts.programme import SPENDABLE
from shared.postgres import Connection


async def add_piece(
    conn: Connection, restatement: Restatement, *, number: int, offsets: Offsets, piece: Part
) -> None:
    """Keep what the version has for a piece of the log, and where the next one begins."""
    await conn.execute(
        "insert into restatement_pieces values ($1, $2, $3, $4, $5)",
        restatement.community,
        restatement.restatement_id,
        number,
        orjson.dumps({str(partition): offset for partition, offset in sorted(offsets.items())}).decode(),
        pack(piece),
    )


async def load_pieces(conn: Connection, restatement: Restatement) -> list[tuple[Offsets, Part]]:
    """The pieces so far, in order."""
    rows = await conn.fetch(
        """
        select offsets, packed from restatement_pieces
        where community = $1 and restatement_id = $2 order by piece
        """,
        restatement.community,
        restatement.restatement_id,
    )
    return [
        ({int(one): at for one, at in orjson.loads(row["offsets"]).items()}, unpack(row["packed"])) for row in rows
    ]


async def delete_pieces(conn: Connection, restatement: Restatement) -> None:
    """Forget what the version has for the log: it is posted, or will not be."""
    await conn.execute(
        "delete from restatement_pieces where community = $1 and restatement_id = $2",
        restatement.community,
        restatement.restatement_id,
    )


async def delete_parts(conn: Connection, restatement: Restatement) -> None:
    """Forget the parts and differences: they are worked out again, or will not be posted."""
    key = restatement.community, restatement.restatement_id
    await conn.execute("delete from restatement_parts where community = $1 and restatement_id = $2", *key)
    await conn.execute("delete from restatement_differences where community = $1 and restatement_id = $2", *key)


async def add_parts(conn: Connection, restatement: Restatement, *, first: int, parts: Sequence[Part]) -> None:
    """Add parts that are to be posted, numbered from `first`."""
    await conn.copy_records_to_table(
        "restatement_parts",
        columns=("community", "restatement_id", "part", "packed"),
        records=[
            (restatement.community, restatement.restatement_id, number, pack(part))
            for number, part in enumerate(parts, start=first)
        ],
    )


async def count_parts(conn: Connection, restatement: Restatement) -> int:
    """How many parts it has."""
    count: int = await conn.fetchval(
        "select count(*) from restatement_parts where community = $1 and restatement_id = $2",
        restatement.community,
        restatement.restatement_id,
    )
    return count


async def next_part(conn: Connection, restatement: Restatement) -> tuple[int, Part] | None:
    """The next part that is to be posted."""
    row = await conn.fetchrow(
        """
        select part, packed from restatement_parts
        where community = $1 and restatement_id = $2 and not is_posted order by part limit 1
        """,
        restatement.community,
        restatement.restatement_id,
    )
    return None if row is None else (row["part"], unpack(row["packed"]))


async def last_part(conn: Connection, restatement: Restatement) -> tuple[int, Part] | None:
    """The last part that is posted, as it was before; what was posted last is taken back first."""
    row = await conn.fetchrow(
        """
        select part, before from restatement_parts
        where community = $1 and restatement_id = $2 and is_posted order by part desc limit 1
        """,
        restatement.community,
        restatement.restatement_id,
    )
    return None if row is None else (row["part"], unpack(row["before"]))


async def set_part_posted(conn: Connection, restatement: Restatement, *, part: int, before: Part) -> None:
    """Note that a part is posted, and how what it changed was before."""
    await conn.execute(
        """
        update restatement_parts set is_posted = true, before = $4
        where community = $1 and restatement_id = $2 and part = $3
        """,
        restatement.community,
        restatement.restatement_id,
        part,
        pack(before),
    )


async def delete_part(conn: Connection, restatement: Restatement, *, part: int) -> None:
    """Forget a part that is taken back."""
    await conn.execute(
        "delete from restatement_parts where community = $1 and restatement_id = $2 and part = $3",
        restatement.community,
        restatement.restatement_id,
        part,
    )


async def put_differences(
    conn: Connection, restatement: Restatement, *, part: int, differences: Collection[Difference]
) -> None:
    """Keep what a part changes, in place of what was worked out of it before."""
    key = restatement.community, restatement.restatement_id, part
    await conn.execute(
        "delete from restatement_differences where community = $1 and restatement_id = $2 and part = $3", *key
    )
    await conn.copy_records_to_table(
        "restatement_differences",
        columns=(
            *("community", "restatement_id", "part", "place", "award_id", "member_id", "rule_id", "score"),
            *("event_uid", "event_type", "event_time", "points_before", "points_after", "posted_id"),
        ),
        records=[(*key, *one) for one in differences],
    )


async def page_of_differences(
    conn: Connection,
    *,
    community: str,
    restatement_id: str,
    after: DifferencePlace | None,
    limit: int,
) -> list[Difference]:
    """Differences of a restatement in their order, beginning after one."""
    rows = await conn.fetch(
        """
        select place, award_id::text, member_id::text, rule_id, score, event_uid::text, event_type, event_time,
            points_before, points_after, posted_id::text
        from restatement_differences
        where community = $1 and restatement_id = $2 and place > $3
        order by place limit $4
        """,
        community,
        restatement_id,
        0 if after is None else after.place,
        limit,
    )
    return [Difference(*row) for row in rows]


async def page_of_moves(
    conn: Connection, restatement: Restatement, *, after: str | None, limit: int
) -> list[tuple[str, int]]:
    """By how much members' points that can be spent moved, in the order of their ids, after one of them."""
    rows = await conn.fetch(
        """
        select member_id::text, sum(points_after - points_before)::bigint as points from restatement_differences
        where community = $1 and restatement_id = $2 and score = $3 and posted_id is not null
          and ($4::uuid is null or member_id > $4)
        group by member_id order by member_id limit $5
        """,
        restatement.community,
        restatement.restatement_id,
        SPENDABLE,
        after,
        limit,
    )
    return [(row["member_id"], row["points"]) for row in rows]


async def load_movers(
    conn: Connection, *, community: str, restatement_id: str, limit: int
) -> list[tuple[str, int]]:
    """Whose points that can be spent move most, and by how much."""
    rows = await conn.fetch(
        """
        select member_id::text, sum(points_after - points_before)::bigint as points from restatement_differences
        where community = $1 and restatement_id = $2 and score = $3
        group by member_id having sum(points_after - points_before) <> 0
        order by abs(sum(points_after - points_before)) desc, member_id limit $4
        """,
        community,
        restatement_id,
        SPENDABLE,
        limit,
    )
    return [(row["member_id"], row["points"]) for row in rows]
