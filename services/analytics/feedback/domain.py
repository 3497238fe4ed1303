"""What answers come to, with intervals of 95 %: docs/surveys.md has the formulas and their sources."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist
from typing import Final, Literal, NamedTuple

from shared.calendars import Span, month_of

#: Of fewer answers nothing is shown.
SHOWN_MIN_COUNT: Final = 5
#: Months or quarters that are shown at most, the newest.
PERIODS_MAX_COUNT: Final = 120
By = Literal["month", "quarter"]
_A_DAY: Final = timedelta(days=1)
_Z: Final = NormalDist().inv_cdf(0.975)
_PROMOTERS_FROM, _DETRACTORS_TO = 9, 6
_SATISFIED_FROM, _EASY_FROM = 4, 5
#: From so many degrees of freedom on the series for large ones has nine digits right.
_LARGE_FREEDOM: Final = 100


class TooManyAnswersError(Exception):
    """More answers than are sliced at once; `most_count` may be."""

    def __init__(self, most_count: int) -> None:
        super().__init__(most_count)
        self.most_count = most_count


class Figure(NamedTuple):
    """A value and its interval: of an NPS from -100 to 100, of a share in percent, of a mean as it was asked."""

    value: float
    low: float
    high: float


class SurveyPlace(NamedTuple):
    """A survey's place in the list."""

    survey_id: str


class AskedSurvey(NamedTuple):
    """A survey, as the newest version of the programme that has it says it."""

    survey_id: str
    title: str
    kind: str
    is_anonymous: bool


class Answers(NamedTuple):
    """How often an answer was given on a day."""

    day: date
    answer: str
    times: int


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a survey says in a time: how many answered what, and what that comes to.

    `score` is the NPS, the CSAT, or the mean of a CES or scale; `share` those who found it easy, of a CES.
    """

    answers: int
    counts: Mapping[str, int]
    score: Figure | None = None
    share: Figure | None = None


class PeriodFeedback(NamedTuple):
    """What a survey says in a month or quarter, by its first day; None where too few answered.

    Of those asked `asked_by_then` are those who were up to the day on which the last answers counted here are.
    """

    starts_on: date
    asked: int
    asked_by_then: int
    feedback: Feedback | None


def nps(promoters: int, detractors: int, count: int) -> Figure:
    """The Net Promoter Score, with the adjusted Wald interval (Rocks 2016).

    To the answers three are added, three quarters of one to promoters and to detractors each.
    """
    n = count + 3
    more, less = (promoters + 0.75) / n, (detractors + 0.75) / n
    middle = more - less
    width = _Z * math.sqrt((more + less - middle**2) / n)
    return Figure(
        100 * (promoters - detractors) / count,
        100 * max(-1.0, middle - width),
        100 * min(1.0, middle + width),
    )


def share(found: int, count: int) -> Figure:
    """A share in percent, with the interval of Wilson (1927)."""
    p, z2 = found / count, _Z**2
    middle = (p + z2 / (2 * count)) / (1 + z2 / count)
    width = _Z * math.sqrt(p * (1 - p) / count + z2 / (4 * count**2)) / (1 + z2 / count)
    low = 0.0 if found == 0 else max(0.0, middle - width)
    high = 1.0 if found == count else min(1.0, middle + width)
    return Figure(100 * p, 100 * low, 100 * high)


def mean(counts: Mapping[int, int]) -> Figure | None:
    """The mean of numbers, each so many times, with Student's t interval; None of fewer than two."""
    n = sum(counts.values())
    if n < 2:
        return None
    middle = sum(value * times for value, times in counts.items()) / n
    squares = sum((value - middle) ** 2 * times for value, times in counts.items())
    width = t_quantile(n - 1) * math.sqrt(squares / (n - 1) / n)
    return Figure(middle, middle - width, middle + width)


def t_quantile(freedom: int) -> float:
    """The 97.5 % quantile of Student's t (Abramowitz and Stegun: 26.7.3 and 26.7.4; large: 26.7.5)."""
    if freedom >= _LARGE_FREEDOM:
        z, v = _Z, freedom
        return (
            z
            + (z**3 + z) / (4 * v)
            + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
            + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
        )
    low, high = 0.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < 0.95 else (low, middle)
    return (low + high) / 2


def _within(t: float, freedom: int) -> float:
    """How likely a t is between -t and t."""
    angle = math.atan(t / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    is_odd = freedom % 2
    term = total = cosine if is_odd else 1.0
    for step in range(3 if is_odd else 2, freedom - 1, 2):
        term *= cosine**2 * (step - 1) / step
        total += term
    if not is_odd:
        return sine * total
    return 2 / math.pi * (angle + (sine * total if freedom > 1 else 0.0))


def feedback_of(kind: str, counts: Mapping[str, int]) -> Feedback | None:
    """What answers come to, by the kind of question; None of fewer than SHOWN_MIN_COUNT."""
    count = sum(counts.values())
    if count < SHOWN_MIN_COUNT:
        return None
    ordered = dict(sorted(counts.items(), key=lambda one: (len(one[0]), one[0])))
    numbers = {int(answer): times for answer, times in counts.items()} if kind in _SCORED else {}

    def so_many(low: int, high: int) -> int:
        return sum(times for number, times in numbers.items() if low <= number <= high)

    if kind == "nps":
        return Feedback(count, ordered, nps(so_many(_PROMOTERS_FROM, 10), so_many(0, _DETRACTORS_TO), count))
    if kind == "csat":
        return Feedback(count, ordered, share(so_many(_SATISFIED_FROM, 5), count))
    if kind == "ces":
        return Feedback(count, ordered, mean(numbers), share(so_many(_EASY_FROM, 7), count))
    return Feedback(count, ordered, mean(numbers) if kind == "scale" else None)


_SCORED: Final = ("nps", "csat", "ces", "scale")


def first_day(day: date, by: By) -> date:
    """The first day of the month or quarter that holds a day."""
    return day.replace(day=1) if by == "month" else day.replace(day=1, month=(day.month - 1) // 3 * 3 + 1)


def months_of(days: Span) -> Span:
    """All days of the months that some days are in: of fewer nothing is counted."""
    return Span(month_of(days.starts_on).starts_on, month_of(days.ends_on).ends_on)


def counted_until(answers: Iterable[Answers], *, today: date) -> date:
    """The day up to which answers by name are counted.

    Months that are over are. Of the one that is not, days that are over are put together until SHOWN_MIN_COUNT
    answers are in them, again and again, and all but the last lot are counted. The last waits for the next, or for
    the month's end, when whatever is left joins it: so no number ever grows by fewer.
    """
    month = month_of(today).starts_on
    so_many: Counter[date] = Counter()
    for one in answers:
        if month <= one.day < today:
            so_many[one.day] += one.times
    until = [month - _A_DAY]
    waiting = 0
    for day in sorted(so_many):
        waiting += so_many[day]
        if waiting >= SHOWN_MIN_COUNT:
            until.append(day)
            waiting = 0
    return until[-2] if len(until) > 1 else until[0]


def by_period(
    kind: str,
    answers: Iterable[Answers],
    asked: Mapping[date, int],
    *,
    by: By,
    until: date | None = None,
) -> Sequence[PeriodFeedback]:
    """What a survey says in each month or quarter in which it asked or somebody answered, newest first.

    Answers of after `until` are not counted. What a month does not show is in no sum of a quarter.
    """
    by_month: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for one in answers:
        counted = 0 if until is not None and one.day > until else one.times
        by_month[first_day(one.day, "month")][one.answer] += counted
    counts: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for month, found in by_month.items():
        of_period = counts[first_day(month, by)]
        if found.total() >= SHOWN_MIN_COUNT:
            of_period.update(found)
    asked_in: Counter[date] = Counter()
    by_then: Counter[date] = Counter()
    for day, count in asked.items():
        asked_in[first_day(day, by)] += count
        by_then[first_day(day, by)] += 0 if until is not None and day > until else count
    starts = sorted({*counts, *asked_in}, reverse=True)[:PERIODS_MAX_COUNT]
    return [
        PeriodFeedback(start, asked_in[start], by_then[start], feedback_of(kind, +counts[start]))
        for start in starts
    ]


def together(kind: str, periods: Iterable[PeriodFeedback]) -> Feedback | None:
    """What the periods that are shown come to together: what is hidden is in no sum either."""
    counts: Counter[str] = Counter()
    for one in periods:
        counts.update(one.feedback.counts if one.feedback is not None else {})
    return feedback_of(kind, counts)


def response_percent(answered: int, asked: int) -> float | None:
    """How many of those asked answered; None where nobody was, or answers are of those asked before."""
    return None if asked == 0 or answered > asked else 100 * answered / asked


class Cell(NamedTuple):
    """How often an answer was given in a month by those who, as they gave it, were in just these audiences."""

    month: date
    answer: str
    audiences: Sequence[str]
    times: int


class SlicedPeriod(NamedTuple):
    """What everybody says in a month or quarter, and what those of each audience; None of what is not shown."""

    starts_on: date
    everybody: Feedback | None
    of: Mapping[str, Feedback | None]


def told_apart(counts: Mapping[frozenset[str], int], audiences: Sequence[str]) -> list[str]:
    """The audiences whose answers may be shown, of answers counted by the audiences that their givers were in.

    One after the other is taken, unless some of the answers could then be told from all others and are fewer than
    SHOWN_MIN_COUNT. So whatever is added to or subtracted from what is shown is of as many answers or of none.
    """
    chosen: list[str] = []
    for one in audiences:
        apart: Counter[frozenset[str]] = Counter()
        for within, times in counts.items():
            apart[within & {*chosen, one}] += times
        if all(times >= SHOWN_MIN_COUNT for times in apart.values()):
            chosen.append(one)
    return chosen


def sliced(kind: str, cells: Iterable[Cell], audiences: Sequence[str], *, by: By) -> Sequence[SlicedPeriod]:
    """What those of each audience say, newest first. What a month does not show is in no sum of a quarter."""
    by_month: defaultdict[date, list[Cell]] = defaultdict(list)
    for cell in cells:
        by_month[cell.month].append(cell)
    everybody: defaultdict[date, Counter[str]] = defaultdict(Counter)
    of: defaultdict[date, defaultdict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for month, found in by_month.items():
        counts: Counter[frozenset[str]] = Counter()
        for cell in found:
            counts[frozenset(cell.audiences)] += cell.times
        if counts.total() < SHOWN_MIN_COUNT:
            continue
        start, shown = first_day(month, by), set(told_apart(counts, audiences))
        for cell in found:
            everybody[start][cell.answer] += cell.times
            for one in shown.intersection(cell.audiences):
                of[start][one][cell.answer] += cell.times
    return [
        SlicedPeriod(
            start,
            feedback_of(kind, everybody[start]),
            {one: feedback_of(kind, of[start][one]) for one in audiences},
        )
        for start in sorted(everybody, reverse=True)[:PERIODS_MAX_COUNT]
    ]


def slices_together(kind: str, periods: Iterable[SlicedPeriod], audience: str | None) -> Feedback | None:
    """What the periods say together: of those of an audience where that is shown, or of everybody."""
    counts: Counter[str] = Counter()
    for one in periods:
        found = one.everybody if audience is None else one.of[audience]
        counts.update(found.counts if found is not None else {})
    return feedback_of(kind, counts)


def whole_months(days: Span, *, today: date) -> Span | None:
    """The months of some days that are over and whole in them; None where there is none.

    A number that changes from day to day would say what one person answered.
    """
    first = days.starts_on if days.starts_on.day == 1 else month_of(days.starts_on).ends_on + _A_DAY
    end = min(days.ends_on, today - _A_DAY)
    last = end if end == month_of(end).ends_on else month_of(end).starts_on - _A_DAY
    return Span(first, last) if first <= last else None
