"""The grace of what members correct: who has it may change as more is corrected, or restored."""

from collections import Counter
from collections.abc import Sequence

from services.scoring.limits.domain.claims import Claim
from services.scoring.limits.domain.corrections import correction_day, graced
from services.scoring.limits.store.claims import load_corrected
from shared.contracts.programme import GRACE_MAX_COUNT
from shared.postgres import Connection


async def give_grace(conn: Connection, *, new: Sequence[Claim], changed: Sequence[Claim]) -> list[Claim]:
    """Give the grace to what was corrected on the days of these claims; returns others whose state is another.

    The members of all claims are locked.
    """
    here = [claim for claim in new if claim.corrected_on is not None]
    here += [claim for claim in changed if claim.grace_seconds > 0]
    if not here:
        return []
    known = {claim.key: claim for claim in here}
    # Each that is corrected or not any more moves the others by one place: behind these nobody has the grace.
    of_day = Counter(correction_day(claim) for claim in here)
    most_of = {day: GRACE_MAX_COUNT + count for day, count in sorted(of_day.items())}
    loaded = await load_corrected(conn, most_of=most_of)
    others = [claim for claim in loaded if claim.key not in known]
    moved = graced([*others, *(claim for claim in here if claim.corrected_on is not None)])
    return [claim for claim in moved if claim.key not in known]
