"""What a member, or whoever is merged into them, chose."""

from services.rewards.redemptions.domain import Redemption, UnknownRedemptionError
from services.rewards.redemptions.store import find_redemption
from shared.merges import find_head
from shared.postgres import Connection


async def find_own(conn: Connection, *, community: str, member_id: str, redemption_id: str) -> Redemption:
    """A redemption of a member's, or of who is merged into them. Raises UnknownRedemptionError."""
    redemption = await find_redemption(conn, community=community, redemption_id=redemption_id)
    if redemption is None or member_id not in (
        redemption.member_id,
        await find_head(conn, community=community, member_id=redemption.member_id),
    ):
        raise UnknownRedemptionError(redemption_id)
    return redemption
