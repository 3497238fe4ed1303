"""Which events are a trigger to ask somebody, as the surveys of a programme say it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

from shared.conditions.compiling import compile_condition
from shared.conditions.errors import ConditionError
from shared.conditions.evaluation import Condition, context_of, holds
from shared.contracts.programme import Surveys

#: What happened longer ago is no trigger: who is asked still knows what it was about.
TRIGGER_MAX_AGE: Final = timedelta(days=2)
CONDITIONS_REMEMBERED_COUNT: Final = 2_000


@dataclass(frozen=True, slots=True)
class DeclaredSurveys:
    """What the version in force asks; None where it asks nothing."""

    version: int
    surveys: Surveys | None


class Trigger(NamedTuple):
    """Something that a member did, after which a survey asks them."""

    community: str
    survey_id: str
    member_id: str
    event_uid: str
    happened_at: datetime


def triggers_of(event: Mapping[str, Any], surveys: Surveys, *, now: datetime) -> Iterator[Trigger]:
    """The triggers that an accepted event is, one for each survey that asks after it.

    An event of no member, of a bot, or of long ago is none.
    """
    member_id = event.get("member")
    if member_id is None or "member" in event.get("bots", "").split() or event["time"] < now - TRIGGER_MAX_AGE:
        return
    for survey in surveys.ask:
        if survey.on is not None and event["type"] in survey.on and _is_met(survey.when, event):
            yield Trigger(event["community"], survey.id, member_id, event["uid"], event["time"])


def _is_met(when: str | None, event: Mapping[str, Any]) -> bool:
    if when is None:
        return True
    condition = _condition(when)
    return condition is not None and holds(condition, context_of(event, condition.variables)) is True


@lru_cache(CONDITIONS_REMEMBERED_COUNT)
def _condition(when: str) -> Condition | None:
    """The compiled condition; None for one that never was one, which nothing meets."""
    try:
        return compile_condition(when)
    except ConditionError:
        return None
