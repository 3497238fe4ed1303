"""A case is what was said of one content: what became of it is a function of all that was said and not taken back.

The times count at which it was said, and not the order in which it came.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from services.scoring.guidelines.domain.said import Content, Kind, Outcome, Word
from shared.contracts.fields import Timestamp, Uuid
from shared.contracts.programme import Guidelines

#: Where the programme says nothing of guidelines.
DECIDE_WITHIN_HOURS: Final = 72


class CaseState(StrEnum):
    """What became of a case."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    APPEALED = "appealed"
    OVERTURNED = "overturned"
    WITHDRAWN = "withdrawn"


#: What somebody is to decide.
WAITING: Final = (CaseState.OPEN, CaseState.APPEALED)


@dataclass(frozen=True, slots=True)
class Folded:
    """What became of a case, and by which words. `since` is from when on somebody was to decide it."""

    state: CaseState
    member_id: str | None
    category: str | None
    report_count: int
    opened_at: datetime
    since: datetime
    decision: Word | None = None
    appeal: Word | None = None
    ruling: Word | None = None

    @property
    def is_in_force(self) -> bool:
        """Whether a decision stands that upheld a report."""
        return self.state in (CaseState.UPHELD, CaseState.APPEALED)

    @property
    def is_punished(self) -> bool:
        """Whether what follows beside the reversal stands: an appeal may leave the reversal alone."""
        return self.is_in_force and (self.ruling is None or self.ruling.outcome != Outcome.CHANGED)

    @property
    def decided_at(self) -> datetime | None:
        """When the last was decided."""
        last = self.ruling or self.decision
        return None if last is None or self.state in (CaseState.OPEN, CaseState.WITHDRAWN) else last.said_at


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it is kept: what became of it as of all words that were worked out; others may wait (`is_due`)."""

    content: Content
    case_id: str
    member_id: str | None
    state: CaseState
    revision: int
    category: str | None
    report_count: int
    opened_at: datetime
    due_at: datetime
    decided_at: datetime | None
    is_due: bool

    def with_folded(self, folded: Folded, *, due_at: datetime) -> "Case":
        """The case as its words have it now; its revision is another where that is."""
        now = replace(
            self,
            member_id=folded.member_id,
            state=folded.state,
            category=folded.category,
            report_count=folded.report_count,
            opened_at=folded.opened_at,
            due_at=due_at,
            decided_at=folded.decided_at,
        )
        return now if now == self else replace(now, revision=self.revision + 1)


class CasePlace(NamedTuple):
    """Where a case stands in a list: by when it is due, then id."""

    due_at: Timestamp
    case_id: Uuid


class Acceptance(NamedTuple):
    """A member accepted a version of the guidelines, at that time first."""

    community: str
    member_id: str
    version: str
    accepted_at: datetime


class Reporter(NamedTuple):
    """What came of the reports of a member: how many they made, and how many were upheld and dismissed."""

    reports: int
    upheld: int
    dismissed: int


def _reporters(reports: Sequence[Word]) -> int:
    """How many reported it: who does so again and again has done so once."""
    return len({one.by_member or (one.by and one.by[0]) or one.word_id for one in reports})


def _is_appeal(word: Word, decision: Word) -> bool:
    """Whether it is an appeal against a decision, within the time that the decision set."""
    is_in_time = decision.appeal_until is None or word.said_at <= decision.appeal_until
    return word.kind is Kind.APPEAL and word.about == decision.ref and is_in_time


def fold(words: Iterable[Word]) -> Folded | None:  # noqa: PLR0911 -- a state a line
    """What became of a case by all that was said in it; None where nothing was, or all of it was taken back."""
    said = list(words)
    live = sorted((word for word in said if not word.is_retracted), key=lambda word: word.order)
    reports = [word for word in live if word.kind is Kind.REPORT]
    decision = next((word for word in reversed(live) if word.kind is Kind.DECISION), None)
    began = sorted(reports or ([decision] if decision else said), key=lambda word: word.order)
    if not began:
        return None
    first = began[0]
    member_id = decision.member_id if decision and decision.member_id else None
    member_id = member_id or next((word.member_id for word in reports if word.member_id), None)
    category = decision.category if decision and decision.category else None
    category = category or next((word.category for word in reports if word.category), None)
    result = Folded(
        CaseState.OPEN, member_id, category, _reporters(reports), first.said_at, first.said_at, decision=decision
    )
    if decision is None:
        return result if reports else replace(result, state=CaseState.WITHDRAWN)
    if decision.outcome == Outcome.DISMISSED:
        return _reopened(replace(result, state=CaseState.DISMISSED), reports, decision)
    appeal = next((word for word in live if _is_appeal(word, decision)), None)
    if appeal is None:
        return replace(result, state=CaseState.UPHELD)
    rulings = [word for word in live if word.kind is Kind.APPEAL_DECISION and word.about == appeal.ref]
    if not rulings:
        return replace(result, state=CaseState.APPEALED, appeal=appeal, since=appeal.said_at)
    ruling = rulings[-1]
    result = replace(result, state=CaseState.UPHELD, appeal=appeal, ruling=ruling)
    if ruling.outcome == Outcome.OVERTURNED:
        return _reopened(replace(result, state=CaseState.OVERTURNED), reports, ruling)
    return result


def _reopened(result: Folded, reports: Sequence[Word], last: Word) -> Folded:
    """Open again, where something was reported after the last decision, which does not stand any more."""
    since = next((word for word in reports if word.order > last.order), None)
    if since is None:
        return result
    return replace(result, state=CaseState.OPEN, since=since.said_at, decision=None, appeal=None, ruling=None)


def due_at(folded: Folded, section: Guidelines | None) -> datetime:
    """Until when somebody is to decide; of what is decided, until when they were to."""
    hours = DECIDE_WITHIN_HOURS if section is None else section.decide_within_hours
    return folded.since + timedelta(hours=hours)
