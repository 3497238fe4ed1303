"""What follows from what became of a case: points reversed and taken, and suspensions."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from services.scoring.guidelines.domain.cases import Folded
from services.scoring.guidelines.domain.said import Content, Outcome, Word
from services.scoring.quality.domain.judging import Content as Judged
from services.scoring.voids.domain import Void, Why
from shared.contracts.programme import Guidelines

#: What stands where the type of an event does, of an award that takes points because a report was upheld.
PENALTY_TYPE: Final = "guidelines.penalty.v1"
#: Where the programme says nothing of guidelines.
APPEAL_WITHIN_DAYS: Final = 14


def settled(
    decision: Word, section: Guidelines | None, *, version: int | None, category: str | None, upheld_before: int
) -> Word:
    """A decision with what follows from it, whose member had so many reports upheld before, within the time."""
    if decision.outcome != Outcome.UPHELD:
        return replace(decision, repeat_count=0, penalty_points=0, suspended_days=0, programme_version=version)
    repeat = upheld_before + 1
    found = None if section is None else section.category(category)
    within = timedelta(days=APPEAL_WITHIN_DAYS if section is None else section.appeal_within_days)
    return replace(
        decision,
        repeat_count=repeat,
        penalty_points=0 if found is None else found.penalty_points,
        suspended_days=0 if section is None else section.suspension_days(repeat),
        appeal_until=decision.said_at + within,
        programme_version=version,
    )


def content_void(case_id: str, folded: Folded, content: Content) -> Void | None:
    """What earns its author nothing, where a report of it was upheld; None where nobody knows whose it is."""
    if folded.member_id is None:
        return None
    community, channel, host, object_id = content.community, content.channel, content.host, content.object_id
    return Void(
        community,
        case_id,
        Why.UPHELD,
        folded.member_id,
        case_id=case_id,
        content_id=case_id,
        is_standing=folded.is_in_force,
        judged_id=Judged(community, channel, host or None, object_id).content_id,
    )


def suspension_of(decision: Word, folded: Folded, case_id: str, lifts: Iterable[Word]) -> Void | None:
    """The suspension that a decision brings, as of all that was said; None where it brings none."""
    if not decision.suspended_days or folded.member_id is None:
        return None
    is_standing = (
        folded.is_punished and folded.decision is not None and folded.decision.word_id == decision.word_id
    )
    ends_at = decision.said_at + timedelta(days=decision.suspended_days)
    return Void(
        decision.community,
        decision.suspension_id,
        Why.SUSPENDED,
        folded.member_id,
        case_id=case_id,
        starts_at=decision.said_at,
        ends_at=lifted(ends_at, decision.said_at, decision.suspension_id, lifts),
        is_standing=is_standing,
    )


def suspension_by_hand(word: Word, lifts: Iterable[Word]) -> Void:
    """The suspension that a person began without a case."""
    assert word.member_id is not None  # noqa: S101 -- whom it suspends
    return Void(
        word.community,
        word.suspension_id,
        Why.SUSPENDED,
        word.member_id,
        starts_at=word.said_at,
        ends_at=lifted(word.ends_at, word.said_at, word.suspension_id, lifts),
        is_standing=not word.is_retracted,
    )


def lifted(
    ends_at: datetime | None, starts_at: datetime, suspension_id: str, lifts: Iterable[Word]
) -> datetime | None:
    """When a suspension ends: when it was to, or when it was first lifted before."""
    ends = [word.said_at for word in lifts if word.about == suspension_id and not word.is_retracted]
    ends += [] if ends_at is None else [ends_at]
    return max(starts_at, min(ends)) if ends else None
