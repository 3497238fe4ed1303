"""Which levels members have, as the services know it that open something to who has one."""

from shared.followed_levels.follower import keep_levels
from shared.followed_levels.store import has_level

__all__ = ["has_level", "keep_levels"]
