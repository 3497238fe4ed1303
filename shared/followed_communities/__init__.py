"""Communities, with their calendars, as every service knows them: in each one's own database."""

from shared.followed_communities.follower import FOLLOWED_COMMUNITIES, on_communities
from shared.followed_communities.store import (
    backtest_is_asked,
    load_calendar,
    load_calendars,
    publishing_takes_two,
    stored_calendar,
)

__all__ = [
    "FOLLOWED_COMMUNITIES",
    "backtest_is_asked",
    "load_calendar",
    "load_calendars",
    "on_communities",
    "publishing_takes_two",
    "stored_calendar",
]
