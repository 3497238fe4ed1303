"""When somebody is suspended, and what counts for nothing meanwhile."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

#: Community and member.
MemberKey = tuple[str, str]


class Spell(NamedTuple):
    """A time of a suspension that stands; `ends_at` is None until somebody lifts it."""

    starts_at: datetime
    ends_at: datetime | None

    def covers(self, at: datetime) -> bool:
        """Whether what was done then counts for nothing."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


class Withheld(NamedTuple):
    """That an event does not count for a member by a counter, because they were suspended when it happened."""

    community: str
    member_id: str
    event_uid: str
    counter: str
    happened_at: datetime


def is_suspended(spells: Iterable[Spell], at: datetime) -> bool:
    """Whether one of these covers a moment."""
    return any(spell.covers(at) for spell in spells)
