"""Cases: what was found about a member in a window, and what became of it.

Until a person decides, what a case is follows from the facts alone: it comes and goes with what is found. What a
person decided stays.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from services.scoring.limits.domain.claims import Withheld
from services.scoring.programmes.domain.publication import Author
from services.scoring.signals.domain.suspicion import NOBODY, Found, Scope, others_of, scope_of
from services.scoring.signals.domain.ties import window_starts
from shared.contracts.fields import Count, Uuid
from shared.contracts.programme import Signals

#: What names a case follows from its member and window under this; it must never change.
CASE_NAMESPACE: Final = UUID("5c2d4a53-51a7-5d6c-8f0b-7a1f9d0a6e18")
#: With more givers than these everything that the member received is meant.
GIVERS_MAX_COUNT: Final = 200


class CaseState(StrEnum):
    """What a case is: listed only, held until somebody has looked, decided, or not so any more."""

    MARKED = "marked"
    HELD = "held"
    RELEASE_ASKED = "release_asked"
    RELEASED = "released"
    DENIED = "denied"
    GONE = "gone"


class Reason(StrEnum):
    """Why a person released what was held, or denied it. Members read it in their own language."""

    HONEST = "honest"
    SAME_PLACE = "same_place"
    ONE_PERSON = "one_person"
    TRADED = "traded"
    AUTOMATED = "automated"


#: What each state withholds.
WITHHOLDS: Final[Mapping[CaseState, Withheld]] = {
    CaseState.HELD: Withheld.HELD,
    CaseState.RELEASE_ASKED: Withheld.HELD,
    CaseState.DENIED: Withheld.DENIED,
}
#: From which states a person may release, and deny.
RELEASABLE: Final = (CaseState.HELD, CaseState.DENIED)
DENIABLE: Final = (CaseState.HELD, CaseState.RELEASE_ASKED)
RELEASE_REASONS: Final = (Reason.HONEST, Reason.SAME_PLACE)
DENY_REASONS: Final = (Reason.TRADED, Reason.ONE_PERSON, Reason.AUTOMATED)
#: What the facts alone decide.
BY_FACTS: Final = (CaseState.MARKED, CaseState.HELD, CaseState.GONE)


class UnknownSignalCaseError(Exception):
    """There is no such case."""


class SignalCaseDecidedError(Exception):
    """The case is not in a state for that; the message says in which."""


class WrongReasonError(Exception):
    """The reason is for the other decision; `known` are those that fit."""

    def __init__(self, reason: Reason, known: Sequence[Reason]) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.known = known


class CaseFourEyesError(Exception):
    """Another person has to do that; the message says than whom."""


class CaseKey(NamedTuple):
    """Community, member and window."""

    community: str
    member_id: str
    window: int


class HeldScope(NamedTuple):
    """Whose giving is withheld from a member, and why."""

    scope: Scope
    why: Withheld


#: What is withheld, by community, member and window.
Held = Mapping[tuple[str, str, int], HeldScope]


class CasePlace(NamedTuple):
    """Where a case stands in the list of them: the strongest first."""

    score_percent: Count
    case_id: Uuid


@dataclass(frozen=True, slots=True)
class SignalCase:
    """What was found about a member in a window, whose giving (`scope`) is meant, and what became of it.

    `others` are those of its rings: what is found of them changes with it. `held_points` and `held_awards` are
    what it withholds.
    """

    key: CaseKey
    state: CaseState
    revision: int
    score_percent: int
    found: tuple[Found, ...]
    scope: Scope
    others: frozenset[str]
    programme_version: int
    opened_at: datetime
    changed_at: datetime
    held_points: int = 0
    held_awards: int = 0
    asked_at: datetime | None = None
    asked_by: Author | None = None
    decided_at: datetime | None = None
    decided_by: Author | None = None
    reason: Reason | None = None
    note: str | None = None

    @property
    def case_id(self) -> str:
        """What it is called."""
        return case_id(self.key)

    @property
    def fact_id(self) -> str:
        """The id of the fact that says what it is: the same whenever it is told."""
        return str(uuid5(CASE_NAMESPACE, f"{self.case_id}|{self.revision}"))

    @property
    def starts_on(self) -> date:
        """The first of its days."""
        return window_starts(self.key.window)

    @property
    def held(self) -> HeldScope | None:
        """What it withholds; None for nothing."""
        why = WITHHOLDS.get(self.state)
        return None if why is None else HeldScope(self.scope, why)

    def names_any(self, members: Collection[str]) -> bool:
        """Whether it is about one of these members, or somebody who gave, or is of a ring with them, is one."""
        givers = (giver for one in self.found for giver in one.givers or ())
        return not {self.key.member_id, *self.others, *givers}.isdisjoint(members)

    def released(
        self, *, by: Author, now: datetime, reason: Reason, note: str | None, second_person_from: int | None
    ) -> "SignalCase":
        """The case with what it withheld given; from that many points on asked for, until another approves.

        Raises SignalCaseDecidedError when it withholds nothing, and WrongReasonError.
        """
        self._check(RELEASABLE)
        _check_reason(reason, RELEASE_REASONS)
        if second_person_from is not None and self.held_points >= second_person_from:
            return self._next(CaseState.RELEASE_ASKED, now, asked_at=now, asked_by=by, reason=reason, note=note)
        return self._decided(CaseState.RELEASED, by, now, reason, note)

    def approved(self, *, by: Author, now: datetime) -> "SignalCase":
        """The case released as another person asked. Raises SignalCaseDecidedError and CaseFourEyesError."""
        self._check((CaseState.RELEASE_ASKED,))
        asked = self.asked_by
        if asked is None or asked.person_id is None or asked.person_id == by.person_id:
            raise CaseFourEyesError(asked.name if asked else "")
        return self._decided(CaseState.RELEASED, by, now, self.reason, self.note)

    def denied(self, *, by: Author, now: datetime, reason: Reason, note: str | None) -> "SignalCase":
        """The case with what it withholds given to nobody. Raises SignalCaseDecidedError and WrongReasonError."""
        self._check(DENIABLE)
        _check_reason(reason, DENY_REASONS)
        return self._decided(CaseState.DENIED, by, now, reason, note)

    def _check(self, states: Sequence[CaseState]) -> None:
        if self.state not in states:
            raise SignalCaseDecidedError(f"it is {self.state.value}")

    def _decided(
        self, state: CaseState, by: Author, now: datetime, reason: Reason | None, note: str | None
    ) -> "SignalCase":
        return self._next(state, now, decided_at=now, decided_by=by, reason=reason, note=note)

    def _next(self, state: CaseState, now: datetime, **changes: object) -> "SignalCase":
        return replace(self, state=state, revision=self.revision + 1, changed_at=now, **changes)  # type: ignore[arg-type]


def case_id(key: CaseKey) -> str:
    """What the case of a member in a window is called."""
    return str(uuid5(CASE_NAMESPACE, f"{key.community}|{key.member_id}|{key.window}"))


def looked_at(
    before: SignalCase | None,
    found: Sequence[Found],
    terms: Signals | None,
    *,
    key: CaseKey,
    programme_version: int,
    now: datetime,
) -> SignalCase | None:
    """The case after a look at its member; None where there is none, as before.

    It is what the facts say until a person decides, or asks to: then its state and what it withholds stay. Where
    nothing changes it is what it was, with its revision.
    """
    if before is not None and before.state not in BY_FACTS:
        return before
    percent = max((one.percent for one in found), default=0)
    hold_from = None if terms is None else terms.hold_from_percent
    scope = _bounded(scope_of(found, from_percent=hold_from))
    if hold_from is not None and percent >= hold_from:
        state = CaseState.HELD
    elif terms is not None and percent >= terms.mark_from_percent:
        state = CaseState.MARKED
    else:
        state = CaseState.GONE
    if before is None and state is CaseState.GONE:
        return None
    kept = tuple(found) if state is not CaseState.GONE or before is None else before.found
    others = frozenset(others_of(found))
    made = SignalCase(
        key,
        state,
        1 if before is None else before.revision + 1,
        percent,
        kept,
        scope if state is CaseState.HELD else NOBODY,
        others,
        programme_version,
        now if before is None else before.opened_at,
        now,
        0 if before is None else before.held_points,
        0 if before is None else before.held_awards,
    )
    if before is not None and _said(before) == _said(made):
        return before
    return made


def _bounded(scope: Scope) -> Scope:
    return Scope(None) if scope.givers is not None and len(scope.givers) > GIVERS_MAX_COUNT else scope


def _said(case: SignalCase) -> tuple[object, ...]:
    return case.state, case.score_percent, case.found, case.scope, case.others


def _check_reason(reason: Reason, known: Sequence[Reason]) -> None:
    if reason not in known:
        raise WrongReasonError(reason, known)
