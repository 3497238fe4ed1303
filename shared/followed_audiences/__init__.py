"""Who is in which audience, as the services know it that show or give something to some members alone."""

from shared.followed_audiences.follower import FOLLOWED_AUDIENCES, forget, on_audiences, titles_of
from shared.followed_audiences.store import is_in

__all__ = ["FOLLOWED_AUDIENCES", "forget", "is_in", "on_audiences", "titles_of"]
