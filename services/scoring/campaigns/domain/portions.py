"""Portions of a campaign's budget: from one a batch spends without asking the books, which others may have.

What was spent and what portions may still spend (their room) never come to more than a budget, in any part. Room
is made under the lock of the books alone. A portion is nobody's: any batch takes one that no other has.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from services.scoring.campaigns.domain.books import ALL, Books, BookState, bounds_of, days_of, parts_of_claim
from services.scoring.limits.domain.claims import Claim
from shared.contracts.programme import Campaign

#: So many batches spend of one campaign at once.
PORTIONS_MAX_COUNT: Final = 16
#: A portion gets what is asked, and one of so many parts of the rest: the end comes in small steps.
PARTS_OF_REST: Final = 16


class Portion(NamedTuple):
    """A portion, the version of the programme by which it was handed out, and the last day it gave on.

    The version is 0 while the books alone decide.
    """

    number: int
    version: int
    last_day: date | None


class Held(NamedTuple):
    """What was spent of a part from a portion, and its room there."""

    points: int = 0
    room: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What claims of one campaign ask for, by part: `more` is what they want, `points` less what they give back.

    `bounds` are the budgets of the parts that have one, and `last_day` is the last on which something is wanted.
    """

    more: Mapping[str, int]
    points: Mapping[str, int]
    bounds: Mapping[str, int]
    last_day: date | None

    def fits(self, held: Mapping[str, Held]) -> bool:
        """Whether a portion has room for all of it; what is given back makes none."""
        return all(self.more[part] <= held.get(part, Held()).room for part in self.bounds)

    def spent(self, held: Mapping[str, Held]) -> dict[str, Held]:
        """What a portion has, in the parts of the claims, once all of it is spent."""
        after = {}
        for part, points in self.points.items():
            before = held.get(part, Held())
            taken = self.more[part] if part in self.bounds else 0
            after[part] = Held(before.points + points, before.room - taken)
        return after

    def topped_up(
        self, held: Mapping[str, Held], handed_out: Mapping[str, int], most: Mapping[str, int]
    ) -> dict[str, Held] | None:
        """A portion with room for all of it, and some to spare; None where there is not as much.

        `handed_out` is what was spent and what portions have, by part, and `most` what that may come to.
        """
        after = dict(held)
        for part in self.bounds:
            before = held.get(part, Held())
            short = self.more[part] - before.room
            if short <= 0:
                continue
            rest = most[part] - handed_out.get(part, 0) - short
            if rest < 0:
                return None
            after[part] = Held(before.points, before.room + short + rest // PARTS_OF_REST)
        return after


def asked_of(claims: Iterable[Claim], campaign: Campaign) -> Asked:
    """What claims of one campaign ask for."""
    more: dict[str, int] = {}
    points: dict[str, int] = {}
    bounds: dict[str, int] = {}
    last_day: date | None = None
    for claim in claims:
        difference = claim.due - claim.told
        parts = parts_of_claim(claim)
        if parts[1] not in more or parts[2] not in more:
            bounds |= bounds_of(campaign, parts)
        for part in parts:
            more[part] = more.get(part, 0) + max(0, difference)
            points[part] = points.get(part, 0) + difference
        if difference > 0:
            last_day = claim.local_day if last_day is None else max(last_day, claim.local_day)
    return Asked(more, points, bounds, last_day)


def hands_out(books: Books) -> bool:
    """Whether a campaign's budget is handed out: not where its state decides, or a change of it is to be told."""
    return books.state is BookState.RUNNING and not books.is_exhausted and not books.is_slowed


def most_handed_out(
    campaign: Campaign, bounds: Mapping[str, int], *, is_let_go: bool, last_day: date | None
) -> dict[str, int]:
    """What may be handed out in each part: its budget, and in all a point less, and no more than its pace allows.

    So the last point is given by whoever has the books, who tells that there are no more; and who spends from a
    portion never spends too fast. `last_day` is the last known that the campaign gave on: later ones allow more.
    """
    most = dict(bounds)
    most[ALL] = campaign.budget.points - 1
    pacing = campaign.pacing
    if pacing is not None and not is_let_go:
        days, in_all = days_of(campaign, last_day or date.fromisoformat(campaign.starts))
        until = (pacing.from_percent * campaign.budget.points - 1) // 100
        even = pacing.ratio_percent * campaign.budget.points * days // (in_all * 100)
        most[ALL] = min(most[ALL], max(until, even))
    return most
