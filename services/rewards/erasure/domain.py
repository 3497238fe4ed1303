"""What is open of a member, and who was erased."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OpenAffairs:
    """What somebody has to decide before a member is erased; amounts in points, money in minor units by currency.

    `payouts` are those that are neither paid nor come back, by state.
    """

    points: Mapping[str, int]
    payable_minor: Mapping[str, int]
    payouts: Mapping[str, int]
    has_bank_details: bool

    @property
    def has_points(self) -> bool:
        """Whether there are points that would be forfeited."""
        return any(self.points.values())


@dataclass(frozen=True, slots=True)
class ErasedMember:
    """Somebody who was erased, and whether their points are given up."""

    community: str
    member_id: str
    forfeits: bool
    erased_at: datetime
