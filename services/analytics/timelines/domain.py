"""The events of a member, and where a page of them ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.analytics.lineage.domain.trail import Award, EventRecord, Outcome
from shared.contracts.fields import Timestamp, Uuid


class EventPlace(NamedTuple):
    """An event's place among a member's: newest first."""

    event_time: Timestamp
    event_uid: Uuid

    @classmethod
    def of(cls, event: EventRecord) -> "EventPlace":
        """The place of an event."""
        return cls(event.event_time, event.event_uid)


class Earning(NamedTuple):
    """An event that names a member, and what it earned anybody."""

    event: EventRecord
    awards: tuple[Award, ...]

    def is_like(self, member_id: str, earned: bool | None) -> bool:
        """Whether it is wanted: what earned the member something, or nothing, or (None) all."""
        return earned is None or (points_of(self.awards, member_id) != 0) is earned


class Liked(NamedTuple):
    """Events that are wanted, and the last that was looked at; None where there are no more."""

    items: Sequence[Earning]
    last: EventRecord | None


@dataclass(frozen=True, slots=True)
class MemberEvent:
    """An event that names a member, and what came of it for anybody."""

    event: EventRecord
    outcomes: tuple[Outcome, ...]

    def points_of(self, member_id: str) -> int:
        """What it amounts to for a member."""
        return points_of((one.award for one in self.outcomes), member_id)


def points_of(awards: Iterable[Award], member_id: str) -> int:
    """What awards amount to for a member."""
    return sum(award.amounts_to for award in awards if award.member_id == member_id)


def earnings(events: Iterable[EventRecord], awards: Iterable[Award]) -> list[Earning]:
    """Each event with its own awards, in the order of both."""
    by_event: dict[str, list[Award]] = {}
    for award in awards:
        by_event.setdefault(award.event_uid, []).append(award)
    return [Earning(event, tuple(by_event.get(event.event_uid, ()))) for event in events]
