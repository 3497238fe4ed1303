"""The SQL of texts and of measuring them again."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import orjson

from services.ingest.communities.store import Retained
from services.ingest.measuring.domain.texts import KeptText, Sealed, TextsState
from shared.postgres import Connection

RETAINED = Retained("texts", ("event_uid",), "texts_days")
_COLUMNS = "community, event_uid::text, member_id::text, event_type, received_at, key_id, sealed, measures"


async def add_texts(conn: Connection, *, texts: Sequence[KeptText]) -> None:
    """Keep texts; those that are kept already stay as they are."""
    await conn.execute(
        """
        insert into texts
            (community, event_uid, member_id, event_type, received_at, key_id, sealed, model, measures)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[],
                             $7::bytea[], $8::text[], $9::jsonb[])
        on conflict do nothing
        """,
        [text.community for text in texts],
        [text.event_uid for text in texts],
        [text.member_id for text in texts],
        [text.event_type for text in texts],
        [text.received_at for text in texts],
        [text.content.key_id for text in texts],
        [text.content.sealed for text in texts],
        [None if text.measures is None else text.measures["model"] for text in texts],
        [None if text.measures is None else orjson.dumps(text.measures).decode() for text in texts],
    )


async def find_text(conn: Connection, *, community: str, event_uid: str) -> KeptText | None:
    """The text of an event; None where none is kept."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from texts where community = $1 and event_uid = $2",  # noqa: S608 -- of the code
        community,
        event_uid,
    )
    return None if row is None else _text(row)


async def lock_outdated(
    conn: Connection, *, community: str, model: str, key_ids: Collection[str], limit_count: int
) -> list[KeptText]:
    """Lock texts of a community that another model measured and that one of these keys opens."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from texts
        where community = $1 and model <> $2 and key_id = any($3::text[])
        order by event_uid limit $4
        for update skip locked
        """,  # noqa: S608 -- of the code
        community,
        model,
        list(key_ids),
        limit_count,
    )
    return [_text(row) for row in rows]


async def set_measures(conn: Connection, *, texts: Sequence[KeptText]) -> None:
    """Keep what was measured of texts now."""
    await conn.execute(
        """
        update texts t set model = n.model, measures = n.measures
        from unnest($1::text[], $2::uuid[], $3::text[], $4::jsonb[]) as n(community, event_uid, model, measures)
        where t.community = n.community and t.event_uid = n.event_uid
        """,
        [text.community for text in texts],
        [text.event_uid for text in texts],
        [None if text.measures is None else text.measures["model"] for text in texts],
        [None if text.measures is None else orjson.dumps(text.measures).decode() for text in texts],
    )


async def lock_sealed_otherwise(
    conn: Connection, *, key_id: str, known_ids: Collection[str], limit_count: int
) -> list[KeptText]:
    """Lock texts that another key than this one seals, of those that are known."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from texts where key_id <> $1 and key_id = any($2::text[])
        order by community, event_uid limit $3
        for update skip locked
        """,  # noqa: S608 -- of the code
        key_id,
        list(known_ids),
        limit_count,
    )
    return [_text(row) for row in rows]


async def set_sealed(conn: Connection, *, texts: Sequence[KeptText]) -> None:
    """Keep texts as they are sealed now."""
    await conn.execute(
        """
        update texts t set key_id = n.key_id, sealed = n.sealed
        from unnest($1::text[], $2::uuid[], $3::text[], $4::bytea[]) as n(community, event_uid, key_id, sealed)
        where t.community = n.community and t.event_uid = n.event_uid
        """,
        [text.community for text in texts],
        [text.event_uid for text in texts],
        [text.content.key_id for text in texts],
        [text.content.sealed for text in texts],
    )


async def put_measuring(conn: Connection, *, community: str, started_at: datetime) -> None:
    """A community's texts are to be measured again; it counts from now if that goes on already."""
    await conn.execute(
        """
        insert into measurings (community, started_at, portion_at) values ($1, $2, $2)
        on conflict (community) do update set started_at = excluded.started_at
        """,
        community,
        started_at,
    )


async def lock_next_measuring(conn: Connection) -> str | None:
    """Lock the community that has waited longest for its texts to be measured again; None where none has any."""
    found: str | None = await conn.fetchval(
        "select community from measurings order by portion_at, community limit 1 for update skip locked"
    )
    return found


async def set_portion(conn: Connection, *, community: str, at: datetime) -> None:
    """A portion of a community's texts was measured again."""
    await conn.execute("update measurings set portion_at = $2 where community = $1", community, at)


async def delete_measuring(conn: Connection, *, community: str) -> None:
    """All that can be is measured again."""
    await conn.execute("delete from measurings where community = $1", community)


async def count_texts(conn: Connection, *, community: str, model: str) -> TextsState:
    """How many texts a community has, how many another model measured, and since when they are measured again."""
    row = await conn.fetchrow(
        """
        select count(*) as kept, count(*) filter (where model <> $2) as outdated,
            (select started_at from measurings where community = $1) as started_at
        from texts where community = $1
        """,
        community,
        model,
    )
    assert row is not None  # noqa: S101 -- an aggregate has a row
    return TextsState(row["kept"], row["outdated"], row["started_at"])


def _text(row: Any) -> KeptText:
    return KeptText(
        community=row["community"],
        event_uid=row["event_uid"],
        member_id=row["member_id"],
        event_type=row["event_type"],
        received_at=row["received_at"],
        content=Sealed(row["key_id"], row["sealed"]),
        measures=None if row["measures"] is None else orjson.loads(row["measures"]),
    )
