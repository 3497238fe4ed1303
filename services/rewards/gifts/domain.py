"""What became of a reward that came with a grant."""

from enum import StrEnum
from typing import NamedTuple


class GiftState(StrEnum):
    """What became of it: given, had before, none in stock, not in the catalogue, or its member was forgotten."""

    GIVEN = "given"
    HAD = "had"
    GONE = "gone"
    UNKNOWN = "unknown"
    NOBODY = "nobody"


class Gift(NamedTuple):
    """A reward that came with a badge (or a tier of one), level or quest, or as the prize of a board."""

    community: str
    grant_id: str
    member_id: str
    kind: str
    name: str
    reward_id: str
    state: GiftState
    redemption_id: str | None = None
