"""Badges that people give and take back, with a reason in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

CITATION_MAX_CHARS: Final = 500


class UnknownBadgeError(LookupError):
    """The programme in force has no such badge."""


class NotByHandError(Exception):
    """The badge is earned, and nobody took it from the member: it is not given by hand."""


class HeldAlreadyError(Exception):
    """The member holds the badge already."""


class NotHeldError(Exception):
    """The member does not hold the badge."""


class UnknownGrantError(LookupError):
    """No grant of that limited badge has that id."""


class EditionsGoneError(Exception):
    """All numbers of the limited badge are given; `limit` is how many there are."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Gift:
    """A badge that somebody gave a member, and for what in their words; None where these were forgotten."""

    community: str
    grant_id: str
    member_id: str
    badge: str
    citation: str | None
    given_at: datetime
    given_by_person: str | None
    given_by: str


class Withheld(NamedTuple):
    """A badge that somebody took from a member: it is not earned any more."""

    community: str
    member_id: str
    badge: str
    since: datetime
    by_person: str | None
    by_name: str
    reason: str | None
