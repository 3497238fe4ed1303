"""Members as the services other than ingest know them: a name to show, in the service's own database."""

from shared.followed_members.follower import FOLLOWED_MEMBERS, on_members
from shared.followed_members.store import FollowedName, find_name

__all__ = ["FOLLOWED_MEMBERS", "FollowedName", "find_name", "on_members"]
