"""How the loop from a suggestion to its answer closes: docs/ideas.md has the definitions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from services.analytics.response_times.domain.waiting import Waits, quantile, survival

#: What was suggested is promised an answer within so many days.
PROMISED_DAYS: Final = 30
#: More are not looked at together: the newest are.
SUGGESTED_MAX_COUNT: Final = 20_000
#: Months that are shown at most, the newest.
MONTHS_MAX_COUNT: Final = 120
#: After these states a suggestion is closed.
CLOSING: Final = ("done", "declined", "duplicate", "joined")


class Suggested(NamedTuple):
    """A suggestion: on which day, and after how many seconds it was first answered and closed.

    None where it was not yet; then it waits for `age_seconds`, which all have.
    """

    made_on: date
    answered_seconds: int | None
    closed_seconds: int | None
    age_seconds: int


@dataclass(frozen=True, slots=True)
class Loop:
    """What became of suggestions. Shares are of those that are as old as an answer is promised within.

    Medians are Kaplan and Meier's: who still waits has waited so long at least. None where there is none yet.
    """

    suggested: int
    answered: int
    closed: int
    due: int
    answered_in_time: int
    first_answer_seconds: int | None
    close_seconds: int | None


class MonthLoop(NamedTuple):
    """What became of the suggestions of a month, by its first day."""

    starts_on: date
    loop: Loop


def _median(seconds: Iterable[tuple[int | None, int]]) -> int | None:
    pairs = list(seconds)
    waits = Waits(
        sorted(after for after, _ in pairs if after is not None),
        sorted(age for after, age in pairs if after is None),
    )
    return quantile(survival(waits), 0.5) if pairs else None


def loop_of(suggestions: Sequence[Suggested]) -> Loop:
    """What became of these."""
    promised = PROMISED_DAYS * 86_400
    due = [one for one in suggestions if one.age_seconds >= promised]
    return Loop(
        suggested=len(suggestions),
        answered=sum(one.answered_seconds is not None for one in suggestions),
        closed=sum(one.closed_seconds is not None for one in suggestions),
        due=len(due),
        answered_in_time=sum(one.answered_seconds is not None and one.answered_seconds <= promised for one in due),
        first_answer_seconds=_median((one.answered_seconds, one.age_seconds) for one in suggestions),
        close_seconds=_median((one.closed_seconds, one.age_seconds) for one in suggestions),
    )


def by_month(suggestions: Sequence[Suggested]) -> list[MonthLoop]:
    """What became of the suggestions of each month in which there were any, newest first."""
    months: dict[date, list[Suggested]] = {}
    for one in suggestions:
        months.setdefault(one.made_on.replace(day=1), []).append(one)
    return [MonthLoop(start, loop_of(months[start])) for start in sorted(months, reverse=True)[:MONTHS_MAX_COUNT]]
