"""Who is drawn by lot: the same answer in every service, for ever."""

from hashlib import sha256
from typing import Final

#: Shares are drawn in so many parts.
PARTS_COUNT: Final = 10_000


def is_drawn(*names: str, percent: int) -> bool:
    """Whether something is among so many percent: always the same answer for the same names."""
    drawn = int.from_bytes(sha256("\x1f".join(names).encode()).digest()[:8])
    return drawn % PARTS_COUNT < percent * PARTS_COUNT // 100


def is_held_out(community: str, campaign_id: str, member_id: str, *, percent: int) -> bool:
    """Whether a member is among the percent that a campaign leaves out."""
    return is_drawn("holdout", community, campaign_id, member_id, percent=percent)
