"""Acts: what a rule had for a member for what another did, as giving is looked at."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from services.scoring.limits.domain.claims import Withheld
from services.scoring.rules.domain.matching import Candidate
from services.scoring.signals.domain.cases import CaseKey, Held
from services.scoring.signals.domain.ties import window_of

#: An event that is received so many windows later, or more, is not looked at: the windows before are closed.
OPEN_WINDOWS_COUNT = 3


class Act(NamedTuple):
    """What a rule had for a member, before its limits; given by nobody where it is for an act of their own."""

    community: str
    award_id: str
    member_id: str
    giver_id: str | None
    window: int
    day: date
    event_uid: str
    event_time: datetime
    points: int
    is_taken_back: bool
    withheld: Withheld | None


class WithheldAct(NamedTuple):
    """An act, and how it is to be withheld from now on; None is not at all."""

    community: str
    award_id: str
    event_uid: str
    event_time: datetime
    withheld: Withheld | None


def is_looked_at(candidate: Candidate) -> bool:
    """Whether what a rule has is looked at: the programme says so, it gives, and its window is open."""
    if candidate.version.signals is None or (candidate.pace is not None and candidate.pace.takes):
        return False
    return window_of(day_of(candidate)) > window_of(candidate.received_at.date()) - OPEN_WINDOWS_COUNT


def day_of(candidate: Candidate) -> date:
    """The day of its event, in the community's zone."""
    return candidate.event.get("day") or candidate.event_time.date()


def keys_of(candidates: Iterable[Candidate]) -> set[CaseKey]:
    """The members and windows of candidates that are looked at."""
    return {
        CaseKey(one.event["community"], one.member_id, window_of(day_of(one)))
        for one in candidates
        if is_looked_at(one)
    }


def giver_of(candidate: Candidate) -> str | None:
    """Who gave it: whoever acted on what is the member's; nobody for an act of the member's own."""
    giver = candidate.event.get("member")
    return None if candidate.rule.beneficiary == "actor" or giver == candidate.member_id else giver


def withheld_by(candidate: Candidate, held: Held) -> Withheld | None:
    """Why what a rule has for a member is withheld, by what is known of its giver; None where it is not."""
    if not is_looked_at(candidate):
        return None
    found = held.get((candidate.event["community"], candidate.member_id, window_of(day_of(candidate))))
    return found.why if found is not None and found.scope.covers(giver_of(candidate)) else None


def act_of(candidate: Candidate, award_id: str, *, is_taken_back: bool, held: Held) -> Act:
    """The act of a candidate that is looked at."""
    return Act(
        candidate.event["community"],
        award_id,
        candidate.member_id,
        giver_of(candidate),
        window_of(day_of(candidate)),
        day_of(candidate),
        candidate.event["uid"],
        candidate.event_time,
        candidate.points,
        is_taken_back,
        withheld_by(candidate, held),
    )
