"""What is said of a badge that was looked at: each check, and what follows from all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple


class Outcome(StrEnum):
    """How a check went; `open` where it could not be made."""

    GOOD = "good"
    BAD = "bad"
    OPEN = "open"


class CheckName(StrEnum):
    """What is checked of a badge."""

    SIGNATURE = "signature"
    TIME = "time"
    STATUS = "status"
    RECIPIENT = "recipient"


class BadgeState(StrEnum):
    """What is so of a badge; the first that holds, in this order."""

    FORGED = "forged"
    REVOKED = "revoked"
    OTHERS = "others"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    UNDECIDED = "undecided"
    VALID = "valid"


class Check(NamedTuple):
    """One check, and why it did not go well; `state` is what a bad one makes of the badge."""

    name: CheckName
    outcome: Outcome
    why: str | None = None
    state: BadgeState | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A badge that was read: what it says, which checks were made, and what is so."""

    badge_id: str | None
    title: str
    description: str | None
    issuer_id: str
    issuer_name: str | None
    valid_from: datetime | None
    valid_until: datetime | None
    checks: Sequence[Check]

    @property
    def state(self) -> BadgeState:
        """What is so."""
        bad = {check.state for check in self.checks if check.outcome == Outcome.BAD}
        if any(check.outcome == Outcome.OPEN for check in self.checks):
            bad.add(BadgeState.UNDECIDED)
        return next((state for state in BadgeState if state in bad), BadgeState.VALID)


GOOD_SIGNATURE: Final = Check(CheckName.SIGNATURE, Outcome.GOOD)
