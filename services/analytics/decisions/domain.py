"""Decisions as analytics knows them, and which objective holds on a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from shared.contracts.facts import DecisionKind, DecisionState
from shared.contracts.fields import Uuid
from shared.contracts.figures import FigureName, IndicatorName


@dataclass(frozen=True, slots=True)
class Decision:
    """A note or decision as it stands; its `value` is the figure's as it was seen, None where it was not said."""

    community: str
    decision_id: str
    revision: int
    kind: DecisionKind
    figure: FigureName
    about: str | None
    value: float | None
    seen_on: date
    review_on: date | None
    state: DecisionState
    person_id: str | None
    made_at: datetime
    changed_at: datetime


class Reminder(NamedTuple):
    """That a decision is to be looked at again on a day, and who decided it."""

    community: str
    decision_id: str
    review_on: date
    seen_on: date
    person_id: str | None
    remind_at: datetime


class DecisionPlace(NamedTuple):
    """Where a page of decisions ended."""

    decision_id: Uuid


class Aim(NamedTuple):
    """What an indicator aims at from a day on, the how manieth time that it was set."""

    revision: int
    objective: float
    starts_on: date


class WeekDecisions(NamedTuple):
    """Of a week: decisions that were made, those to be looked at again by then, and of these those that were."""

    made: int = 0
    due: int = 0
    in_time: int = 0


Aims = Mapping[IndicatorName, Sequence[Aim]]


def aim_on(aims: Sequence[Aim], day: date) -> Aim | None:
    """What holds on a day: the last revision of those that began by then; None where none did."""
    return max((aim for aim in aims if aim.starts_on <= day), default=None)
