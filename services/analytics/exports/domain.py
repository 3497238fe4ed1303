"""Rows of figures as they are taken along, each with its place in its list."""

from datetime import date
from typing import NamedTuple

from shared.contracts.fields import Uuid


class ActivityPlace(NamedTuple):
    """Where a page of days, channels and types ended."""

    day: str
    channel: str
    type: str


class ActivityDay(NamedTuple):
    """Events of a type in a channel on a day that count."""

    day: date
    channel: str
    type: str
    events: int

    @property
    def place(self) -> ActivityPlace:
        """Where it stands."""
        return ActivityPlace(self.day.isoformat(), self.channel, self.type)


class MemberDayPlace(NamedTuple):
    """Where a page of members' days ended."""

    of_member_id: Uuid
    day: str
    channel: str


class MemberDay(NamedTuple):
    """Events of a member in a channel on a day; `member_id` is whom `of_member_id` is merged into, or the same."""

    of_member_id: str
    member_id: str
    day: date
    channel: str
    events: int

    @property
    def place(self) -> MemberDayPlace:
        """Where it stands."""
        return MemberDayPlace(self.of_member_id, self.day.isoformat(), self.channel)


class RuleDayPlace(NamedTuple):
    """Where a page of rules' days ended."""

    day: str
    rule_id: str


class RuleDay(NamedTuple):
    """What a rule gave for the events of a day, and how often that was amended."""

    day: date
    rule_id: str
    points: int
    awards: int
    taken_back: int
    amendments: int

    @property
    def place(self) -> RuleDayPlace:
        """Where it stands."""
        return RuleDayPlace(self.day.isoformat(), self.rule_id)
