"""Everybody as one who is locked: an id for whoever shares a limit that is for all members together."""

from functools import lru_cache
from uuid import UUID, uuid5

#: Ids of everybody are made under this; it must never change.
_NAMESPACE = UUID("d2a6f0c4-2f0b-5d57-9a54-0b6a4c9de0f1")
KEPT_MAX_COUNT = 10_000


@lru_cache(KEPT_MAX_COUNT)
def holder_id(community: str, object_id: str | None) -> str:
    """The id of everybody in a community, or of everybody on one object of it."""
    return str(uuid5(_NAMESPACE, f"{community}|" if object_id is None else f"{community}|{object_id}"))
