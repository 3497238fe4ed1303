"""Corrections: what a member takes back soon after they did it, a few times a day, does not keep its room.

Of the claims of a rule that a member corrected on a day the first have the grace, by event time, then id: they are
as if they had never been. The others keep their room, as all that a member took back. So who has the grace is a
function of the facts, and one that comes late may take it from another.
"""

from collections.abc import Iterable
from datetime import date
from itertools import groupby

from services.scoring.limits.domain.claims import Claim, State

#: Community, member, rule and day of corrections.
CorrectionDay = tuple[str, str, str, date]


def correction_day(claim: Claim) -> CorrectionDay:
    """The day that a claim's correction counts for."""
    return claim.community, claim.limited_id, claim.rule_id, claim.local_day


def graced(corrected: Iterable[Claim]) -> list[Claim]:
    """Give corrected claims of some days the grace, or not; returns those whose state is another by that."""
    changed = []
    in_order = sorted(corrected, key=lambda claim: (correction_day(claim), claim.order[1:]))
    for _, of_day in groupby(in_order, key=correction_day):
        for place, claim in enumerate(of_day):
            state = State.REMOVED if place < claim.grace_count else State.HELD
            if claim.state is not state:
                claim.state = state
                changed.append(claim)
    return changed
