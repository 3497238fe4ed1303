"""Members as the services other than ingest know them: names, hashes of identities, merges."""

from shared.followed_members.follower import FOLLOWED_MEMBERS, Followed, follow, merges_told, on_members
from shared.followed_members.store import FollowedName, find_name, find_owner, load_names
from shared.followed_members.watching import WATCH_ERASED_EVERY_SECONDS, watch_erased

__all__ = [
    "FOLLOWED_MEMBERS",
    "WATCH_ERASED_EVERY_SECONDS",
    "Followed",
    "FollowedName",
    "find_name",
    "find_owner",
    "follow",
    "load_names",
    "merges_told",
    "on_members",
    "watch_erased",
]
