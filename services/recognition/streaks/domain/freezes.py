"""Freezes of streaks that people give members, with a reason in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.recognition.hands.domain import Giver

#: That somebody gave and that are not spent yet, of one streak.
FREEZES_LEFT_MAX_COUNT: Final = 10


class UnknownStreakError(LookupError):
    """The programme in force has no such streak; `known` are those that it has."""

    def __init__(self, known: tuple[str, ...]) -> None:
        super().__init__(known)
        self.known = known


class FreezesEnoughError(Exception):
    """The member has as many freezes as one may have, which is `most`."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


@dataclass(frozen=True, slots=True)
class Freeze:
    """That somebody gave a member a freeze of a streak, and why; None where that was forgotten."""

    community: str
    freeze_id: str
    member_id: str
    streak: str
    given_at: datetime
    by: Giver
    reason: str | None
