"""Who is merged into whom: to which member an id belongs now, in every service."""

from shared.merges.domain import MemberKey, Merge, MovedMember, Spell, members_of
from shared.merges.store import (
    LOCK_SHARED,
    find_head,
    load_all_merges,
    load_group,
    load_groups,
    load_heads,
    load_merges,
    load_people,
    load_persons,
    load_regrouped,
    lock_heads,
    lock_merges,
    lock_persons,
    put_merges,
)

__all__ = [
    "LOCK_SHARED",
    "MemberKey",
    "Merge",
    "MovedMember",
    "Spell",
    "find_head",
    "load_all_merges",
    "load_group",
    "load_groups",
    "load_heads",
    "load_merges",
    "load_people",
    "load_persons",
    "load_regrouped",
    "lock_heads",
    "lock_merges",
    "lock_persons",
    "members_of",
    "put_merges",
]
