"""Members as the services other than ingest know them: a name to show, and the hashes of their identities."""

from shared.followed_members.follower import FOLLOWED_MEMBERS, follow, on_members
from shared.followed_members.store import FollowedName, find_name, find_owner, load_names

__all__ = ["FOLLOWED_MEMBERS", "FollowedName", "find_name", "find_owner", "follow", "load_names", "on_members"]
