"""What a person was paid in a year and currency, as whoever declares it needs it."""

from dataclasses import dataclass
from typing import NamedTuple

from services.rewards.payouts.domain import PayoutState
from shared.contracts.fields import Currency, Uuid

#: The money has left, as far as is known.
PAID = (PayoutState.SETTLED, PayoutState.CORRECTED)
#: The bank has it.
ON_ITS_WAY = (PayoutState.SUBMITTED, PayoutState.SENT)


class TotalPlace(NamedTuple):
    """Where a page of totals ended."""

    member_id: Uuid
    currency: Currency


@dataclass(frozen=True, slots=True)
class YearTotal:
    """So many payouts and minor units of a person, with all who are merged into them, in one currency."""

    member_id: str
    currency: str
    paid_count: int
    paid_minor: int
    on_its_way_minor: int

    @property
    def place(self) -> TotalPlace:
        """Where it stands among those of its year."""
        return TotalPlace(self.member_id, self.currency)
