"""Who is suspended, and when, as the services know it that pass over who is."""

from shared.followed_suspensions.follower import keep_suspensions, suspensions_of

__all__ = ["keep_suspensions", "suspensions_of"]
