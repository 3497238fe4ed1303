"""Which boards are kept, and which of their periods have ended."""

from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from shared.calendars import Calendar, Span, monday_of
from shared.contracts.programme import Board

#: Where points of all time stand: before every period.
ALL_TIME: Final = date.min
_A_DAY = timedelta(days=1)
_QUARTER_MONTHS = 3
_DECEMBER = 12


class KeptBoard(NamedTuple):
    """A board as recognition keeps it (migrations/…boards): what it counts never changes."""

    board_no: int
    community: str
    board_id: str
    declared: Board
    version: int
    since: datetime
    is_whole: bool
    is_filled: bool
    filled_up_to: str
    final_up_to: date
    cut_up_to: date

    @property
    def by(self) -> str:
        """By what its results are cut: one of all time by days, to see who moved."""
        return "day" if self.declared.period == "all_time" else self.declared.period

    def stands_on(self, span: Span) -> date:
        """Where points of a period stand."""
        return ALL_TIME if self.declared.period == "all_time" else span.starts_on

    def has_of_before(self, member_id: str) -> bool:
        """Whether what a member had before the board began is on it."""
        return self.is_filled or member_id <= self.filled_up_to


def counts_alike(one: Board, other: Board) -> bool:
    """Whether two boards count the same: what else is said of them may change while they are kept."""
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("period", "of_score", "audience", "channel", "leaves_out_granted")
    )


def span_of(by: str, day: date, calendar: Calendar) -> Span:
    """The day, week, month, quarter or year that holds a day."""
    if by == "quarter":
        return _months(day, (day.month - 1) // _QUARTER_MONTHS * _QUARTER_MONTHS + 1, _QUARTER_MONTHS)
    if by == "year":
        return Span(date(day.year, 1, 1), date(day.year, _DECEMBER, 31))
    return calendar.period_of(by, day)  # type: ignore[arg-type]


def _months(day: date, first: int, count: int) -> Span:
    last = first + count - 1
    following = date(day.year + last // _DECEMBER, last % _DECEMBER + 1, 1)
    return Span(date(day.year, first, 1), following - _A_DAY)


def span_before(by: str, span: Span, calendar: Calendar) -> Span:
    """The period right before another."""
    return span_of(by, span.starts_on - _A_DAY, calendar)


def first_day(by: str, day: date, week: date | None) -> date:
    """Where points of a day stand, on boards of that period; a fact says its week where that has no Monday's."""
    match by:
        case "all_time":
            return ALL_TIME
        case "year":
            return date(day.year, 1, 1)
        case "quarter":
            return date(day.year, (day.month - 1) // _QUARTER_MONTHS * _QUARTER_MONTHS + 1, 1)
        case "month":
            return day.replace(day=1)
        case "week":
            return week or monday_of(day)
    return day


class Cut(NamedTuple):
    """A period whose results are due, and whether they are final then."""

    span: Span
    is_final: bool


def next_span(board: KeptBoard, calendar: Calendar) -> Span:
    """The first period of a board whose results are not final."""
    return span_of(board.by, span_of(board.by, board.final_up_to, calendar).ends_on + _A_DAY, calendar)


def next_cut(board: KeptBoard, calendar: Calendar, now: datetime) -> tuple[Cut | None, datetime]:
    """The results that are due, oldest final ones first; and when to look again where none are."""
    current = span_of(board.by, calendar.day_of(now), calendar)
    before = span_before(board.by, current, calendar)
    if board.declared.period == "all_time" and before.starts_on > board.final_up_to:
        # Of days that went by unseen nobody knows more than of the last of them.
        return Cut(before, is_final=True), now
    following = next_span(board, calendar)
    freeze = timedelta(days=board.declared.freeze_after_days or 0)
    final_at = calendar.start_of(following.ends_on + _A_DAY + freeze)
    if now >= final_at:
        return Cut(following, is_final=True), now
    if before.starts_on > max(board.final_up_to, board.cut_up_to):
        return Cut(before, is_final=False), now
    return None, min(final_at, calendar.start_of(current.ends_on + _A_DAY))
