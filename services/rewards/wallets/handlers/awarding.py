"""Awards become points of members, and what campaigns awarded is noted for their wallets."""

from services.rewards.lots.handlers import awards
from services.rewards.settings import Settings
from services.rewards.wallets.domain.campaigns import CampaignKey
from services.rewards.wallets.handlers.campaigns import note_points
from shared.contracts.facts import PointsAwarded
from shared.transaction import Transaction


async def on_awards(tx: Transaction[Settings], facts: list[PointsAwarded]) -> None:
    """Book awards, and note those of campaigns: nothing of a wallet is waited for."""
    booked = await awards.on_awards(tx, facts)
    of_campaigns = [
        (CampaignKey(award.owner.community, award.campaign), award.points)
        for award in booked
        if award.campaign is not None
    ]
    if of_campaigns:
        await note_points(tx, of_campaigns)
