"""Awards by hand: which reasons there are, how many points one person may give, and when another approves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

from services.scoring.programmes.domain.publication import Author
from shared.contracts.fields import Timestamp, Uuid
from shared.contracts.programme import Manual, ManualReason

#: What names an award by hand follows from its idempotency key under this; it must never change.
MANUAL_NAMESPACE: Final = UUID("a1c6a3a2-91c9-5d0e-8a54-0f3a5b6f7c21")
#: What stands where the type of an event does.
BY_HAND_TYPE: Final = "manual.award.v1"


class ManualState(StrEnum):
    """What has become of an award by hand: points are there while it is given."""

    WAITING = "waiting"
    GIVEN = "given"
    DECLINED = "declined"
    REVERSED = "reversed"


class NoManualAwardsError(Exception):
    """The programme in force names no reasons for awards by hand."""


class UnknownReasonError(Exception):
    """The programme has no such reason; `known` are those it has."""

    def __init__(self, reason: str, known: Sequence[str]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.known = known


class WrongSignError(Exception):
    """The reason is for giving points, and some are to be taken, or the other way round (`takes`)."""

    def __init__(self, reason: str, *, takes: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.takes = takes


class PersonsLimitError(Exception):
    """A person would give and take more than one may; `left` is what is left of the limit."""

    def __init__(self, left: int, limit: int, within: str) -> None:
        super().__init__(left)
        self.left = left
        self.limit = limit
        self.within = within


class ReasonGoneError(Exception):
    """The programme in force has the reason no more that something waits for; `reason` is its id."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BelowFloorError(Exception):
    """A member would have less than nothing; `points` is what they have."""

    def __init__(self, points: int) -> None:
        super().__init__(points)
        self.points = points


class NobodyThereError(Exception):
    """There is no such member, or they were forgotten."""


class UnknownManualAwardError(Exception):
    """There is no such award by hand."""


class ManualFourEyesError(Exception):
    """Another person has to do that; the message says than whom."""


class ManualDecidedError(Exception):
    """It is not in a state for that; the message says in which."""


class ManualKeyReusedError(Exception):
    """The idempotency key named another award by hand, of which the answer is forgotten."""


class TooManyWaitingError(Exception):
    """As many wait for another person as may, which is `max_count`."""

    def __init__(self, max_count: int) -> None:
        super().__init__(max_count)
        self.max_count = max_count


class ManualPlace(NamedTuple):
    """Where an award by hand stands in the list of them: the newest first."""

    asked_at: Timestamp
    manual_id: Uuid


@dataclass(frozen=True, slots=True)
class ManualAward:
    """Points for a member, or below 0 from them, for a `reason` of the programme's, whose `title` it had then.

    `decided_by` is who approved or declined it, where it waited.
    """

    community: str
    manual_id: str
    member_id: str
    points: int
    reason: str
    title: str
    programme_id: str
    programme_version: int
    state: ManualState
    asked_at: datetime
    asked_by: Author
    award_id: str | None = None
    given_at: datetime | None = None
    decided_at: datetime | None = None
    decided_by: Author | None = None
    reversed_at: datetime | None = None
    reversed_by: Author | None = None
    #: Who asked that it be taken back, where that takes another.
    reversal_asked_at: datetime | None = None
    reversal_asked_by: Author | None = None

    @property
    def took_two(self) -> bool:
        """Whether another person approved it: then two take it back, too."""
        return self.decided_by is not None

    def check(self, state: ManualState) -> None:
        """Check that it is in a state. Raises ManualDecidedError when it is in another."""
        if self.state is not state:
            raise ManualDecidedError(f"it is {self.state}")

    def given(self, award_id: str, *, now: datetime, approved_by: Author | None = None) -> "ManualAward":
        """The award as it is given: at once, or by who approves it.

        Raises ManualDecidedError when it does not wait, and ManualFourEyesError when who asked approves.
        """
        self.check(ManualState.WAITING)
        if approved_by is not None:
            self.check_another(approved_by)
        return replace(
            self,
            state=ManualState.GIVEN,
            award_id=award_id,
            given_at=now,
            decided_at=None if approved_by is None else now,
            decided_by=approved_by,
        )

    def declined(self, *, by: Author, now: datetime) -> "ManualAward":
        """The award as nobody gets it. Raises ManualDecidedError when it does not wait."""
        self.check(ManualState.WAITING)
        return replace(self, state=ManualState.DECLINED, decided_at=now, decided_by=by)

    def reversed(self, *, by: Author, now: datetime) -> "ManualAward":
        """The award taken back. Raises ManualDecidedError when it is not given."""
        self.check(ManualState.GIVEN)
        return replace(self, state=ManualState.REVERSED, reversed_at=now, reversed_by=by)

    def to_reverse(self, *, by: Author, now: datetime) -> "ManualAward":
        """The award as somebody asked that it be taken back; who asked first stays.

        Raises ManualDecidedError when it is not given.
        """
        self.check(ManualState.GIVEN)
        if self.reversal_asked_by is not None:
            return self
        return replace(self, reversal_asked_at=now, reversal_asked_by=by)

    def check_reversal(self, by: Author) -> None:
        """Check that another person than `by` asked that it be taken back.

        Raises ManualDecidedError when nobody did, and ManualFourEyesError when `by` did.
        """
        self.check(ManualState.GIVEN)
        asked = self.reversal_asked_by
        if asked is None:
            raise ManualDecidedError("nobody asked that it be taken back")
        if asked.person_id is None or by.person_id == asked.person_id:
            raise ManualFourEyesError(asked.name)

    def kept(self) -> "ManualAward":
        """The award as nobody asks any more that it be taken back."""
        return replace(self, reversal_asked_at=None, reversal_asked_by=None)

    def check_same(self, points: int, reason: str, *, by: Author, is_theirs: bool) -> None:
        """Check that this is what is asked for again, for the same member (`is_theirs`).

        Raises ManualKeyReusedError when it is something else.
        """
        mine = (self.points, self.reason, self.asked_by.person_id)
        if not is_theirs or mine != (points, reason, by.person_id):
            raise ManualKeyReusedError

    def check_another(self, by: Author) -> None:
        """Check that `by` is another person than who asked. Raises ManualFourEyesError when not."""
        if self.asked_by.person_id is None or by.person_id == self.asked_by.person_id:
            raise ManualFourEyesError(self.asked_by.name)


def manual_id(community: str, idempotency_key: str) -> str:
    """What an award by hand is called: sent again with its key, it is the same."""
    return str(uuid5(MANUAL_NAMESPACE, f"{community}|{idempotency_key}"))


def declared(document: Mapping[str, Any]) -> Manual:
    """What a programme says of awards by hand. Raises NoManualAwardsError when it says nothing."""
    section = document.get("manual")
    if section is None:
        raise NoManualAwardsError
    return Manual.model_validate(section)


def reason_for(section: Manual, reason: str, points: int) -> ManualReason:
    """The reason of that id, which fits what is given or taken. Raises UnknownReasonError and WrongSignError."""
    found = {one.id: one for one in section.reasons}
    if reason not in found:
        raise UnknownReasonError(reason, sorted(found))
    if found[reason].takes != (points < 0):
        raise WrongSignError(reason, takes=found[reason].takes)
    return found[reason]


def check_limit(section: Manual, points: int, *, used: int) -> None:
    """Check what one person gives and takes, where they have `used` so much. Raises PersonsLimitError."""
    left = max(0, section.limit.points - used)
    if abs(points) > left:
        raise PersonsLimitError(left, section.limit.points, section.limit.within)
