"""What awards change on boards, which periods these have, who stands where, and who wins what.

A member's points on a board are the sum of what awards and amendments say of the days of its period, so they are
a function of the set of these. Ranks are dense (1, 2, 2, 3) among those who are shown and have points above zero;
of members with the same points comes first who reached them first, and then whose id is lower. Points are reached
with the last event whose awards amount to something: how many do is kept by the time of their events, so that one
which is taken back leaves everything as if it had never been.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

from pydantic import Field

from shared.calendars import Calendar, Span, monday_of
from shared.contracts.facts import RECOGNITION_GRANTED, AwardData, PointsAwarded
from shared.contracts.fields import Timestamp, Uuid
from shared.contracts.ids import prepared, uuid5_text
from shared.contracts.programme import Board, Gives, Prize

#: Where points of all time stand: before every period.
ALL_TIME: Final = date.min
_A_DAY = timedelta(days=1)
_QUARTER_MONTHS = 3
_DECEMBER = 12
_PRIZES = prepared(UUID("9c0b8f5e-7a0d-5d7c-8a55-0f6f5a9be1d3"))

MemberKey = tuple[str, str]  # community, member id
ScoreKey = tuple[str, int, date]  # member id, board's number, first day: in the order of the table's key
TimeKey = tuple[int, date, str, datetime]  # board's number, first day, member id, event time: as the table's key
LateKey = tuple[str, str, date]  # community, board's id, first day


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


def next_cut(board: KeptBoard, calendar: Calendar, now: datetime) -> tuple[Cut | None, datetime]:
    """The results that are due, oldest final ones first; and when to look again where none are."""
    current = span_of(board.by, calendar.day_of(now), calendar)
    before = span_before(board.by, current, calendar)
    if board.declared.period == "all_time" and before.starts_on > board.final_up_to:
        # Of days that went by unseen nobody knows more than of the last of them.
        return Cut(before, is_final=True), now
    following = span_of(board.by, span_of(board.by, board.final_up_to, calendar).ends_on + _A_DAY, calendar)
    freeze = timedelta(days=board.declared.freeze_after_days or 0)
    final_at = calendar.start_of(following.ends_on + _A_DAY + freeze)
    if now >= final_at:
        return Cut(following, is_final=True), now
    if before.starts_on > max(board.final_up_to, board.cut_up_to):
        return Cut(before, is_final=False), now
    return None, min(final_at, calendar.start_of(current.ends_on + _A_DAY))


class Change(NamedTuple):
    """What is added to a member's points on a board.

    `reached_at` is the latest event of which awards came to amount to something; None where none did.
    """

    points: int
    reached_at: datetime | None

    def __add__(self, other: "Change") -> "Change":  # type: ignore[override]
        times = [at for at in (self.reached_at, other.reached_at) if at is not None]
        return Change(self.points + other.points, max(times, default=None))


class Late(NamedTuple):
    """Awards and amendments for a period whose results are final, and their points."""

    awards: int
    points: int


class Changes(NamedTuple):
    """What awards change on boards: points, how many amount to something by the time of events, what is late."""

    points: dict[ScoreKey, Change]
    times: dict[TimeKey, int]
    late: dict[LateKey, Late]


def _amounting(award: AwardData) -> int:
    """What an award or amendment adds to the number of awards that amount to something."""
    if "amends" not in award:
        return int(award["points"] != 0)
    return (award["total"] != 0) - (award["total"] - award["points"] != 0)


class _OfDay:
    """Awards of a member, a score and a day that are on the same boards."""

    __slots__ = ("count", "points", "times")

    def __init__(self) -> None:
        self.points = self.count = 0
        self.times: dict[datetime, int] = {}

    def add(self, award: AwardData) -> None:
        self.points += award["points"]
        self.count += 1
        if more := _amounting(award):
            at = award["event_time"]
            self.times[at] = self.times.get(at, 0) + more

    @property
    def change(self) -> Change:
        return Change(self.points, max((at for at, more in self.times.items() if more > 0), default=None))


def changes_of(
    awards: Iterable[PointsAwarded],
    boards: Mapping[str, Sequence[KeptBoard]],
    channels: Mapping[tuple[str, str], str],
) -> Changes:
    """What awards change on the boards of their communities, by their members; and what comes too late.

    `channels` has those of events by community and uid, as far as a board asks for one.
    """
    # By day first: most members of a batch have several awards on the same day.
    grouped: dict[tuple[Any, ...], _OfDay] = {}
    for award in awards:
        community = award["community"]
        if community not in boards:
            continue
        data = award["data"]
        day = data.get("day") or data["event_time"].astimezone(UTC).date()
        channel = channels.get((community, data["event_uid"])) if channels else None
        is_granted = data["event_type"] == RECOGNITION_GRANTED.name
        # What comes to nothing moves nobody among those who tie.
        moves = data["points"] != 0
        of = (community, data["member_id"], data.get("score"), channel, day, data.get("week"), is_granted, moves)
        if of not in grouped:
            grouped[of] = _OfDay()
        grouped[of].add(data)
    changes: dict[ScoreKey, Change] = {}
    times: dict[TimeKey, int] = {}
    late: dict[LateKey, Late] = {}
    for (community, member_id, score, channel, day, week, is_granted, moves), added in grouped.items():
        change = added.change
        for board in boards[community]:
            declared = board.declared
            if declared.of_score != score or declared.channel not in (None, channel):
                continue
            if is_granted and declared.leaves_out_granted:
                continue
            starts_on = first_day(declared.period, day, week)
            if declared.period != "all_time" and starts_on <= board.final_up_to:
                late_key = (community, board.board_id, starts_on)
                was = late.get(late_key, Late(0, 0))
                late[late_key] = Late(was.awards + added.count, was.points + added.points)
                continue
            if not moves:
                continue
            key = (member_id, board.board_no, starts_on)
            changes[key] = changes[key] + change if key in changes else change
            for at, more in added.times.items():
                of_time = (board.board_no, starts_on, member_id, at)
                times[of_time] = times.get(of_time, 0) + more
    return Changes(
        {key: changes[key] for key in sorted(changes)},
        {key: times[key] for key in sorted(times) if times[key]},
        {key: late[key] for key in sorted(late)},
    )


def of_persons(changes: Mapping[ScoreKey, Change], heads: Mapping[str, str]) -> dict[ScoreKey, Change]:
    """The changes by persons: members who have a head (`heads`) are on boards as that."""
    if not heads:
        return dict(changes)
    found: dict[ScoreKey, Change] = {}
    for (member_id, board_no, starts_on), change in changes.items():
        key = (heads.get(member_id, member_id), board_no, starts_on)
        found[key] = found[key] + change if key in found else change
    return {key: found[key] for key in sorted(found)}


class Score(NamedTuple):
    """What a member has on a board, above zero."""

    member_id: str
    name: str | None
    points: int
    reached_at: datetime


class Entry(NamedTuple):
    """Where a score stands: `place` counts members from 1, and those with the same points share a rank."""

    place: int
    rank: int
    score: Score


class Place(NamedTuple):
    """Where a page of a board ended."""

    place: Annotated[int, Field(ge=0)]
    rank: Annotated[int, Field(ge=0)]
    points: Annotated[int, Field(ge=1)]
    reached_at: Timestamp
    member_id: Uuid

    @classmethod
    def of(cls, entry: Entry) -> "Place":
        """The place of an entry."""
        score = entry.score
        return cls(entry.place, entry.rank, score.points, score.reached_at, score.member_id)


def ranked(scores: Iterable[Score], after: Place | None = None) -> list[Entry]:
    """Dense ranks of a page of scores in their order, that goes on from `after`."""
    entries: list[Entry] = []
    place, rank, points = (0, 0, None) if after is None else (after.place, after.rank, after.points)
    for score in scores:
        place += 1
        if score.points != points:
            rank, points = rank + 1, score.points
        entries.append(Entry(place, rank, score))
    return entries


class Position(NamedTuple):
    """How many different scores and members are above some points, how many have as many, and all there are."""

    scores_above: int
    members_above: int
    members_with: int
    members: int

    @property
    def rank(self) -> int:
        """The dense rank of these points."""
        return self.scores_above + 1


class ResultEntry(NamedTuple):
    """A member's place in results; `name` is of now, and None where there is none to show."""

    place: int
    rank: int
    member_id: str
    name: str | None
    points: int


class Result(NamedTuple):
    """Results of a period, and what came too late for them."""

    starts_on: date
    ends_on: date
    title: str
    cut_at: datetime
    is_final: bool
    is_whole: bool
    members: int
    late: Late


class Won(NamedTuple):
    """A prize that a member won."""

    prize_id: str
    board_id: str
    board_title: str
    span: Span
    member_id: str
    prize: str
    title: str
    rank: int
    points: int
    programme_version: int
    gives: Gives | None = None


def winners(entries: Sequence[Entry], prizes: Sequence[Prize]) -> list[tuple[Prize, Entry]]:
    """Who wins what, of entries in their order: prizes in their order, each to as many people as it says.

    Of those with the same points as the last of a prize all win it, too, or nobody else, as it says; whoever won
    one wins no other.
    """
    found: list[tuple[Prize, Entry]] = []
    begin = 0
    for prize in prizes:
        end = min(begin + prize.people, len(entries))
        while prize.tie == "all" and begin < end < len(entries) and entries[end].rank == entries[end - 1].rank:
            end += 1
        found += [(prize, entry) for entry in entries[begin:end]]
        begin = end
    return found


def may_win_beyond(entries: Sequence[Entry], prizes: Sequence[Prize]) -> bool:
    """Whether who comes right after these entries wins, should they have as many points as the last of them."""
    won = winners(entries, prizes)
    return bool(won) and won[-1][0].tie == "all" and won[-1][1] == entries[-1]


def prizes_won(board: KeptBoard, cut: Cut, entries: Sequence[Entry]) -> list[Won]:
    """The prizes of a period whose results are final; the ids follow from what they are for."""
    return [
        Won(
            uuid5_text(
                _PRIZES,
                f"{board.community}|{board.board_id}|{cut.span.starts_on}/{cut.span.ends_on}|{prize.id}"
                f"|{who.score.member_id}",
            ),
            board.board_id,
            board.declared.title,
            cut.span,
            who.score.member_id,
            prize.id,
            prize.title,
            who.rank,
            who.score.points,
            board.version,
            prize.gives,
        )
        for prize, who in winners(entries, board.declared.prizes or ())
    ]
