"""The events of a member, and where a page of them ended."""

from dataclasses import dataclass
from typing import NamedTuple

from services.analytics.lineage.domain.trail import EventRecord, Outcome
from shared.contracts.fields import Timestamp, Uuid


class EventPlace(NamedTuple):
    """An event's place among a member's: newest first."""

    event_time: Timestamp
    event_uid: Uuid

    @classmethod
    def of(cls, event: EventRecord) -> "EventPlace":
        """The place of an event."""
        return cls(event.event_time, event.event_uid)


@dataclass(frozen=True, slots=True)
class MemberEvent:
    """An event that names a member, and what came of it for anybody."""

    event: EventRecord
    outcomes: tuple[Outcome, ...]

    def points_of(self, member_id: str) -> int:
        """What it amounts to for a member."""
        return sum(one.award.amounts_to for one in self.outcomes if one.award.member_id == member_id)

    def is_like(self, member_id: str, earned: bool | None) -> bool:
        """Whether it is wanted: what earned the member something, or nothing, or (None) all."""
        return earned is None or (self.points_of(member_id) != 0) is earned
