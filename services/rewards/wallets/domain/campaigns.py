"""What wallets pay of the points that campaigns award, and what those may come to."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from services.rewards.ledger.domain.entries import derived_id

#: More than any budget of a campaign: what is told is no larger, however much is in a wallet.
LIMIT_MAX = 1_000_000_000_000


class CampaignKey(NamedTuple):
    """A campaign of a community."""

    community: str
    campaign_id: str


@dataclass(frozen=True, slots=True)
class CampaignPoints:
    """What a campaign's awards come to, and what wallets paid of that; without a `wallet_id` none pays.

    `free_points` is what they had come to when the wallet was assigned, less what others had paid. Of what is over
    that a wallet that is empty `is_lacking` some, until something comes in.
    """

    key: CampaignKey
    wallet_id: str | None = None
    awarded_points: int = 0
    free_points: int = 0
    paid_points: int = 0
    limit_points: int | None = None
    revision: int = 0
    is_lacking: bool = False

    @property
    def unpaid_points(self) -> int:
        """What its wallet has still to pay; below 0 what comes back to it. 0 without one."""
        return 0 if self.wallet_id is None else self.awarded_points - self.free_points - self.paid_points

    @property
    def fact_id(self) -> str:
        """The id of the fact that tells how it is now."""
        return derived_id(f"{self.key.community}|wallet campaign|{self.key.campaign_id}|{self.revision}")

    def awarded(self, points: int) -> "CampaignPoints":
        """It once it awarded so many points more, or (below 0) fewer."""
        return replace(self, awarded_points=self.awarded_points + points)

    def paid(self, points: int) -> "CampaignPoints":
        """It once its wallet paid so many points more, or (below 0) got them back."""
        return replace(self, paid_points=self.paid_points + points)

    def assigned(self, wallet_id: str | None) -> "CampaignPoints":
        """It once another wallet pays what it awards from now on, or (None) none does."""
        return replace(self, wallet_id=wallet_id, free_points=self.awarded_points - self.paid_points)

    def limited(self, available: int) -> "CampaignPoints":
        """It with the limit that so much left in its wallet makes; itself where that is the limit already.

        What the wallet pays leaves the limit as it is.
        """
        limit = None
        if self.wallet_id is not None:
            limit = min(LIMIT_MAX, self.free_points + self.paid_points + available)
        return (
            self if limit == self.limit_points else replace(self, limit_points=limit, revision=self.revision + 1)
        )
