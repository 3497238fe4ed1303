"""What members did in a period, as it was counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Retraction(NamedTuple):
    """An event of a community that another one, its retraction, takes back."""

    community: str
    target_uid: str
    uid: str


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
