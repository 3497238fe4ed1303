"""Access keys: what they may do, whose they are, and each service's copy of them."""

from shared.access_keys.follower import FOLLOWED_ACCESS_KEYS
from shared.access_keys.ring import KeyRing, Principal, hash_secret
from shared.access_keys.scopes import SCOPES, AdminScope, Scope

__all__ = ["FOLLOWED_ACCESS_KEYS", "SCOPES", "AdminScope", "KeyRing", "Principal", "Scope", "hash_secret"]
