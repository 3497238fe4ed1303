"""The SQL of the attributes that programmes declare."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import TypeAdapter

from shared.contracts.programme import Attribute
from shared.postgres import Connection

_ATTRIBUTES = TypeAdapter(list[Attribute])


async def put_declared(
    conn: Connection, *, community: str, version: int, effective_from: datetime, attributes: Sequence[Attribute]
) -> None:
    """Remember what a version of a community's programme declares."""
    await conn.execute(
        """
        insert into declared_attributes (community, version, effective_from, attributes)
        values ($1, $2, $3, $4::jsonb) on conflict do nothing
        """,
        community,
        version,
        effective_from,
        _ATTRIBUTES.dump_json(list(attributes)).decode(),
    )


async def load_declared(conn: Connection, *, community: str) -> dict[str, Attribute]:
    """The attributes that the newest version of a community's programme declares, by name."""
    text = await conn.fetchval(
        "select attributes from declared_attributes where community = $1 order by version desc limit 1", community
    )
    return {} if text is None else {one.id: one for one in _ATTRIBUTES.validate_json(text)}
