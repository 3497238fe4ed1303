"""Access keys: what they may do, whose they are, and each service's copy of them."""

from shared.access_keys.follower import on_access_keys
from shared.access_keys.ring import KeyRing, Principal, hash_secret
from shared.access_keys.scopes import ADMIN_SCOPE, SCOPES

__all__ = ["ADMIN_SCOPE", "SCOPES", "KeyRing", "Principal", "hash_secret", "on_access_keys"]
