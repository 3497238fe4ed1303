"""What members did in a period, as it was counted."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import NamedTuple

from shared.contracts.activities import TARGETING_TYPES
from shared.contracts.facts import AcceptedEvent


class Place(NamedTuple):
    """What an event counts under: its member's day, in a channel and of a type."""

    community: str
    day: date
    member_id: str
    channel: str
    type: str


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


class StoredEvents(NamedTuple):
    """Events that were not known, and which of them, by community and uid, are retracted already."""

    events: Sequence[AcceptedEvent]
    retracted: Set[tuple[str, str]]


class Decided(NamedTuple):
    """An event that counts now and did not before, `change` being 1, or the other way round, -1."""

    place: Place
    change: int


def is_bots(event: AcceptedEvent) -> bool:
    """Whether the actor of an event is no person, as it was accepted."""
    return "member" in event.get("bots", "").split()


def count(stored: StoredEvents, decided: Iterable[Decided]) -> dict[Place, int]:
    """How many more events count under each place, or fewer, by new events and by decisions.

    What takes back or restores, and what bots do, is no participation.
    """
    changes: Counter[Place] = Counter()
    for event in stored.events:
        if event["type"] in TARGETING_TYPES or is_bots(event):
            continue
        community, member, channel = event["community"], event["member"], event["data"]["channel"]
        if (community, event["uid"]) not in stored.retracted:
            day = event.get("day") or event["time"].astimezone(UTC).date()
            changes[Place(community, day, member, channel, event["type"])] += 1
    for place, change in decided:
        changes[place] += change
    return dict(changes)


class ChannelActivity(NamedTuple):
    """A channel's events, and the members who did at least one of them."""

    channel: str
    events: int
    active_members: int


class TypeActivity(NamedTuple):
    """How many events there were of a type."""

    type: str
    events: int


class Mix(NamedTuple):
    """How events are spread over channels: the share of the largest, and how many of one size are as concentrated.

    The second is the inverse of the Herfindahl-Hirschman index. None where there are no events.
    """

    events: int
    largest_share: Fraction | None
    effective: Fraction | None


def mix_of(events_by_channel: Mapping[str, int]) -> Mix:
    """How these events are spread."""
    total = sum(events_by_channel.values())
    if not total:
        return Mix(0, None, None)
    squares = sum(number * number for number in events_by_channel.values())
    return Mix(total, Fraction(max(events_by_channel.values()), total), Fraction(total * total, squares))


@dataclass(frozen=True, slots=True)
class Activity:
    """What happened in one period, by channel and by type; a member of two channels counts once in the whole."""

    events: int = 0
    active_members: int = 0
    channels: Sequence[ChannelActivity] = ()
    types: Sequence[TypeActivity] = ()
