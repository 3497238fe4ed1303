"""Levels that people fix for members, and let go again, with a reason in words."""

from dataclasses import dataclass
from datetime import datetime

from services.recognition.hands.domain import Giver
from services.recognition.levels.domain.ladder import Hold


class UnknownLevelError(LookupError):
    """The programme in force has no such level that is more than points; `known` are those that it has."""

    def __init__(self, known: tuple[str, ...]) -> None:
        super().__init__(known)
        self.known = known


class NotLockedError(Exception):
    """Nobody fixed the member's level."""


@dataclass(frozen=True, slots=True)
class Lock:
    """That somebody fixed a member's level (None: below all), why, and until when."""

    community: str
    lock_id: str
    member_id: str
    level: str | None
    locked_at: datetime
    by: Giver
    reason: str | None
    unlocked_at: datetime | None = None

    @property
    def hold(self) -> Hold:
        """What that does to the member's levels."""
        until = None if self.unlocked_at is None else int(self.unlocked_at.timestamp())
        return Hold(int(self.locked_at.timestamp()), until, self.level)
