"""What becomes of awards that a restatement told of, once the database that knew how has been restored."""

from dataclasses import replace

from services.scoring.limits.domain.claims import Claim, Pace, State


def as_told(claim: Claim, restated: int, *, is_said: bool) -> Claim:
    """A claim that comes to what was told of it: the database has forgotten what its version had for the event.

    `restated` is what its last restatement brought it to, and `is_said` whether its event was taken back or
    restored: what was taken back since comes to that once it is restored, and what is taken back stays so.
    """
    is_over = is_said or claim.state is not State.LIVE
    total = claim.told or (restated if is_over else 0)
    pace = Pace(takes=True) if total < 0 else None
    # An award is of one campaign for good: what is taken back of it that one gets back.
    return replace(claim, weight=abs(total), room=abs(total), windows=(), bounds=(), pace=pace, ceiling=None,
                   ceiling_by=None)  # fmt: skip
