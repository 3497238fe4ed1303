"""What awards and amendments change on boards."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from services.recognition.boards.domain.kept import KeptBoard, first_day
from services.recognition.boards.domain.places import Late
from shared.contracts.facts import RECOGNITION_GRANTED, AwardData, PointsAwarded

ScoreKey = tuple[str, int, date]  # member id, board's number, first day: in the order of the table's key
TimeKey = tuple[int, date, str, datetime]  # board's number, first day, member id, event time: as the table's key
LateKey = tuple[str, str, str, date]  # community, board's id, kind of period, first day


class Change(NamedTuple):
    """What is added to a member's points on a board.

    `reached_at` is the latest event of which awards came to amount to something; None where none did.
    """

    points: int
    reached_at: datetime | None

    def __add__(self, other: "Change") -> "Change":  # type: ignore[override]
        times = [at for at in (self.reached_at, other.reached_at) if at is not None]
        return Change(self.points + other.points, max(times, default=None))


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
                late_key = (community, board.board_id, declared.period, starts_on)
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
