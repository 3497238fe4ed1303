"""Content as it is listed, and each judgement of it with why it weighs what it does."""

from datetime import date, datetime
from typing import Literal, NamedTuple
from uuid import UUID

from services.scoring.quality.domain.judging import Kind, Why
from services.scoring.quality.domain.weighing import Sums

By = Literal["week", "month"]


class UnknownContentError(LookupError):
    """Nobody made or judged such content here."""


class ContentSeen(NamedTuple):
    """Content with what it is called where it stands, who made it when, and what judgements weigh.

    `outcomes` are how many said something of it or looked at it, `weighed` how many judgements weigh something.
    `millionths` is its quality as lists order it.
    """

    content_id: str
    channel: str
    host: str | None
    object_id: str
    author_id: str | None
    made_uid: str | None
    made_at: datetime | None
    made_type: str | None
    is_gone: bool
    outcomes: int
    weighed: int
    sums: Sums
    millionths: int
    is_upheld: bool


class BestPlace(NamedTuple):
    """Where content stands among the best."""

    millionths: int
    content_id: UUID


class UnjudgedPlace(NamedTuple):
    """Where content stands among what nobody judged."""

    made_at: datetime
    content_id: UUID


class JudgementPlace(NamedTuple):
    """Where a judgement stands among those of content."""

    at: datetime
    event_uid: UUID


class BestWanted(NamedTuple):
    """Of which week or month the best is asked for, by its first day, and of which channel."""

    by: By
    starts_on: date
    channel: str | None = None


class Judged(NamedTuple):
    """A judgement of content.

    `is_own` says that judge and author are one person now, `is_off` that the author was suspended then.
    """

    event_uid: str
    judge_id: str
    at: datetime
    kind: Kind
    percent_up: int
    kind_percent: int
    trust: int
    turn: int
    weight: Sums
    why: Why | None
    is_retracted: bool
    is_own: bool
    is_off: bool


class OfMember(NamedTuple):
    """What content says of a member: how much they made, how much is better than unknown, and their score."""

    contents: int
    better: int
    millionths: int


def why_nothing(judged: Judged) -> str | None:
    """Why a judgement weighs nothing; None where it weighs something."""
    if judged.weight.total:
        return None
    reasons = (
        (judged.is_retracted, "retracted"),
        (judged.is_own, "own"),
        (judged.why is not None, judged.why and judged.why.value),
        (judged.is_off, "suspended"),
        (not judged.kind_percent, "no_weight"),
        (judged.turn > 0, "not_trusted"),
    )
    return next((reason for holds, reason in reasons if holds), "too_many")
