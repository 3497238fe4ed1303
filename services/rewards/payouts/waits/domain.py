"""What of a member's points the next run would pay, what waits until when, and how much is missing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from services.rewards.lots.domain.lots import Young
from services.rewards.payouts.runs.domain.terms import Owing, PayoutTerms, parts_of, total
from shared.contracts.fields import Uuid


class WaitPlace(NamedTuple):
    """Where a page of members ended whose points wait."""

    member_id: Uuid


class Held(NamedTuple):
    """A member with points that are available, of which some were earned too late."""

    member_id: str
    available: int
    young: Young | None


@dataclass(frozen=True, slots=True)
class Wait:
    """What of a member's points waits: `waiting_points` were earned too late, the first of them can be paid from
    `payable_from` on. So many points, and so much money, are missing to what is paid at least; 0 for nothing.
    """

    member_id: str
    available_points: int
    waiting_points: int
    payable_from: datetime | None
    payable_minor: int
    missing_points: int
    missing_minor: int

    @property
    def waits(self) -> bool:
        """Whether anything does: for time, or for more."""
        return bool(self.waiting_points or self.missing_points or self.missing_minor)


def waits_of(members: Iterable[Held], owing: dict[str, Owing], terms: PayoutTerms) -> list[Wait]:
    """What waits of members, in their order; `owing` is what each has that does not wait for its time."""
    found = []
    for member in members:
        has = owing[member.member_id]
        points, minor = total(parts_of(has, terms))
        rest = has.available - points  # what is left of it, below a minimum or one multiple
        worth = terms.rate.amount_of(rest // terms.points)
        is_below = not points
        found.append(
            Wait(
                member_id=member.member_id,
                available_points=member.available,
                waiting_points=member.young.points if member.young else 0,
                payable_from=member.young.earliest + timedelta(days=terms.holding_days) if member.young else None,
                payable_minor=minor,
                missing_points=max(max(terms.minimum_points, terms.points) - has.available, 0) if is_below else 0,
                missing_minor=max(terms.minimum_minor - worth, 0) if is_below else 0,
            )
        )
    return found
