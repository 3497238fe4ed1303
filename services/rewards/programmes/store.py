"""What rewards keeps of programmes."""

from collections.abc import Sequence
from datetime import datetime

import orjson

from services.rewards.programmes.domain import InForce, Version
from shared.contracts.programme import Rewards
from shared.postgres import Connection


async def add_versions(conn: Connection, versions: Sequence[Version]) -> None:
    """Keep the rewards sections of versions; one that is there already stays."""
    await conn.execute(
        """
        insert into programmes (community, programme_id, version, effective_from, rewards, audiences,
                                redeeming)
        select * from unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[], $5::jsonb[], $6::jsonb[],
                             $7::jsonb[])
        on conflict do nothing
        """,
        *(list(column) for column in zip(*versions, strict=True)),
    )


async def find_in_force(conn: Connection, *, community: str, now: datetime) -> InForce | None:
    """The newest version of the community's programme that is in force at `now`; None before the first."""
    row = await conn.fetchrow(
        """
        select programme_id, version, rewards, audiences, redeeming from programmes
        where community = $1 and effective_from <= $2 order by version desc limit 1
        """,
        community,
        now,
    )
    if row is None:
        return None
    return InForce(
        row["programme_id"],
        row["version"],
        Rewards.model_validate_json(row["rewards"]),
        orjson.loads(row["audiences"]),
        orjson.loads(row["redeeming"]),
    )
