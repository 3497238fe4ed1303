"""What was told of lots that somebody uses."""

from services.rewards.lots.domain.lots import LOTS_PER_FACT_MAX_COUNT
from shared.postgres import Connection


async def count_parts_told(conn: Connection, *, used_by: str, besides: int) -> int:
    """How many parts the list of lots had that was told: of all that are noted, `besides` so many were not."""
    count: int = await conn.fetchval("select count(*) from lot_uses where used_by = $1", used_by)
    return -(-(count - besides) // LOTS_PER_FACT_MAX_COUNT)
