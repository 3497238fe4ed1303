"""What members did in a period, as it was counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Decision(NamedTuple):
    """That an event of a community counts or not, said by another one, its retraction or restoration.

    Of several that of the latest event time is in force, of those at one time that with the greatest id, then uid.
    """

    community: str
    target_uid: str
    at: datetime
    id: str
    uid: str
    is_retraction: bool

    @property
    def place(self) -> tuple[datetime, str, str]:
        """The decision that compares greatest is in force."""
        return self.at, self.id, self.uid


def in_force(decisions: Iterable[Decision]) -> list[Decision]:
    """The decision on each event that is in force, of those given, by community and target."""
    latest: dict[tuple[str, str], Decision] = {}
    for decision in decisions:
        key = (decision.community, decision.target_uid)
        if key not in latest or decision.place > latest[key].place:
            latest[key] = decision
    return [latest[key] for key in sorted(latest)]


class ChannelActivity(NamedTuple):
    """A channel's events, and the members who did at least one of them."""

    channel: str
    events: int
    active_members: int


class TypeActivity(NamedTuple):
    """How many events there were of a type."""

    type: str
    events: int


@dataclass(frozen=True, slots=True)
class Activity:
    """What happened in one period, by channel and by type; a member of two channels counts once in the whole."""

    events: int = 0
    active_members: int = 0
    channels: Sequence[ChannelActivity] = ()
    types: Sequence[TypeActivity] = ()


class ChannelAcquisition(NamedTuple):
    """How many members had their first event in a channel."""

    channel: str
    new_members: int
