"""Claims: what a rule has for a member for an event, and what is known of the event since.

A claim is live, or its event was taken back. Who takes back pays the room: what the member took back themselves
keeps the room that it has, and gives nothing; what anybody else took back is as if it had never been.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from shared.contracts.programme import SPENDABLE, Slot

#: Whom members are merged into, by community and member; who is not there is their own.
Heads = Mapping[tuple[str, str], str]


def head_of(heads: Heads, community: str, member_id: str) -> str:
    """Whom a member is merged into, or the same."""
    return heads.get((community, member_id), member_id) if heads else member_id


class State(StrEnum):
    """What became of a claim: it counts, it only keeps its room, or neither."""

    LIVE = "live"
    HELD = "held"
    REMOVED = "removed"


class Word(NamedTuple):
    """The last that was said of an event: taken back, or restored, by whom (None: nobody knows) and when.

    Of several the one counts that compares greatest: by event time, then id, then uid.
    """

    at: datetime
    id: str
    uid: str
    is_retraction: bool
    by_member: str | None

    def heard_by(self, community: str, member_id: str, heads: Heads) -> "Word":
        """The same as a member hears it: what another said who is the same person, it said itself."""
        if not heads or self.by_member is None or self.by_member == member_id:
            return self
        is_own = head_of(heads, community, self.by_member) == head_of(heads, community, member_id)
        return self._replace(by_member=member_id) if is_own else self


#: Community and id of the award: what tells a claim from all others.
ClaimKey = tuple[str, str]
#: Weight (0 where time alone decides), event time, id and uid of the event, and rule: who comes first gets room
#: first.
Order = tuple[int, datetime, str, str, str]
#: The first three of those: up to where the claims of a window have come.
Place = tuple[int, datetime, str]


class Pace(NamedTuple):
    """What of a claim depends on those before it beside limits; each has a window, the last of the claim's.

    `cooldown_seconds` have to have passed since its rule gave something. `shares` are what the first, second … in
    a time are worth, in hundredths of a percent; all further ones are as the last. With a `floor` it is added to a
    score that something is taken from, or `takes` from it as much as is above the floor.
    """

    cooldown_seconds: int | None = None
    shares: tuple[int, ...] | None = None
    floor: int | None = None
    takes: bool = False


class Terms(NamedTuple):
    """What the points of a claim or award are, beside how many: of which score, and when they can be used.

    None is what goes without saying: the score that can be spent, at once, for as long as all points last.
    """

    score: str | None = None
    available_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def score_id(self) -> str:
        """The score that they are of."""
        return self.score or SPENDABLE


PLAIN_TERMS = Terms()


class Cut(StrEnum):
    """What left a claim with a pace less than its points."""

    LIMIT = "limit"
    COOLDOWN = "cooldown"
    DIMINISHED = "diminished"
    FLOOR = "floor"


class Withheld(StrEnum):
    """Why a claim amounts to nothing though it has room: somebody has to look at it, or has denied it."""

    HELD = "held"
    DENIED = "denied"


class Ceiling(StrEnum):
    """Why a campaign gives no more than a ceiling for a claim."""

    BUDGET = "budget"
    PACING = "pacing"
    STOPPED = "stopped"


@dataclass(slots=True)
class Claim:
    """What a rule has for a member for an event: `weight` points, of which as many are given as there is room for.

    With a `pace` that takes they are taken. `is_shared` says that its windows are not its member's alone: then
    what is taken back is removed, whoever did it, since nobody shall use up another's room.

    `windows` and `bounds` belong together, at most LIMITS_OF_RULE_MAX_COUNT: how much fits into each, points above
    zero, awards below. `is_counted` says whether the windows know of it, and `room` what it has of them. `told` is
    what has been told that it amounts to, and `revision` how often that was amended: None before it was an award.
    One of a `campaign` amounts to no more than its `ceiling`, once there is one: what the campaign did not have
    when it was scored it does not give later. One that is `withheld` amounts to nothing, and keeps its room and
    what its campaign spends on it; `was_withheld` until now.
    `corrected_on` is the day of one that its member took back within the grace, which `grace_count` of a day have.
    """

    community: str
    award_id: str
    member_id: str
    #: Whose limits are over it: whom the member was merged into when its event was scored, or the same; an id made
    #: for it where a window is everybody's.
    limited_id: str
    event_uid: str
    event_id: str
    event_type: str
    event_time: datetime
    received_at: datetime
    day: date | None
    week: date | None
    rule_id: str
    slot: Slot
    programme_id: str
    programme_version: int
    weight: int
    is_actors: bool
    grace_seconds: int
    is_heaviest_first: bool
    windows: tuple[bytes, ...]
    bounds: tuple[int, ...]
    state: State = State.LIVE
    is_counted: bool = False
    is_settled: bool = True
    room: int = 0
    told: int = 0
    revision: int | None = None
    grace_count: int = 0
    corrected_on: date | None = None
    traceparent: str | None = None
    #: Whether what made it, or changed it last, was an event of the past.
    is_backfill: bool = False
    is_shared: bool = False
    pace: Pace | None = None
    #: What the window of its score knows of it.
    summed: int = 0
    cut: Cut | None = None
    terms: Terms = PLAIN_TERMS
    campaign: str | None = None
    ceiling: int | None = None
    ceiling_by: Ceiling | None = None
    withheld: Withheld | None = None
    was_withheld: bool = False
    #: Why it earns nothing whatever its rule has for it, where it does not: it is removed.
    void: str | None = None

    @property
    def key(self) -> ClaimKey:
        """What tells it from all others."""
        return self.community, self.award_id

    @property
    def limited(self) -> tuple[str, str]:
        """Community and id of whose limits are over it."""
        return self.community, self.limited_id

    @property
    def order(self) -> Order:
        """Where it stands among those that want the same room."""
        rank = -self.weight if self.is_heaviest_first else 0
        return rank, self.event_time, self.event_id, self.event_uid, self.rule_id

    @property
    def place(self) -> Place:
        """Where it stands, but for what tells apart those that stand at one place."""
        return -self.weight if self.is_heaviest_first else 0, self.event_time, self.event_id

    @property
    def local_day(self) -> date:
        """The day of its event."""
        return self.day or self.event_time.date()

    @property
    def due(self) -> int:
        """What it amounts to; below 0 what is taken."""
        return 0 if self.withheld is not None else self.due_if_given

    @property
    def due_if_given(self) -> int:
        """What it amounts to where nothing withholds it."""
        if self.state is not State.LIVE:
            return 0
        if self.pace is not None and self.pace.takes:
            return -self.room
        return self.room if self.ceiling is None else min(self.room, self.ceiling)

    @property
    def cooldown_window(self) -> bytes | None:
        """The window that its cooldown is in."""
        if self.pace is None or self.pace.cooldown_seconds is None:
            return None
        return self.windows[-1 - (self.pace.shares is not None) - (self.pace.floor is not None)]

    def _state_under(self, word: Word | None) -> State:
        """What becomes of it by what was said of its event last.

        Where nobody knows who took it back, it was who did it: one's own act counts as taken back by oneself, an
        act on what is another's as taken back by the actor.
        """
        if self.void is not None:
            return State.REMOVED
        if word is None or not word.is_retraction:
            return State.LIVE
        is_own = self.is_actors if word.by_member is None else word.by_member == self.member_id
        if not is_own or self.is_shared:
            return State.REMOVED
        return State.HELD

    def hear(self, word: Word | None) -> bool:
        """Become what the last word on its event makes of it; whether that is something else than before.

        Of what is corrected `graced` says what becomes of it.
        """
        before = self.state, self.corrected_on
        self.state = self._state_under(word)
        is_corrected = (
            word is not None
            and self.state is State.HELD
            and self.grace_seconds > 0
            and word.at - self.event_time <= timedelta(seconds=self.grace_seconds)
        )
        self.corrected_on = self.local_day if is_corrected else None
        return (self.state, self.corrected_on) != before

    @property
    def is_to_settle(self) -> bool:
        """Whether the windows know something else of it than its state says."""
        if self.is_counted == (self.state is State.REMOVED):
            return True
        return self.pace is not None and self.pace.floor is not None and self.summed != self.due
