"""Pictures of networks: members on a circle, and who turned to whom as lines between them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: Whom there is room for.
MEMBERS_MAX_COUNT = 24
SIZE = 420
_RADIUS = 160.0
_LINE_MIN, _LINE_MAX = 1.0, 6.0
_SPOT_MIN, _SPOT_MAX = 4.0, 12.0


@dataclass(frozen=True)
class Spot:
    """A member's place, how large it is, and the number beside it."""

    member_id: str
    name: str | None
    number: int
    x: float
    y: float
    radius: float
    label_x: float
    label_y: float


@dataclass(frozen=True)
class Between:
    """A line from one member to another: how wide it is, and whether there is one the other way round."""

    path: str
    width: float
    is_mutual: bool


@dataclass(frozen=True)
class Circle:
    """A picture of those with most ties."""

    spots: Sequence[Spot]
    lines: Sequence[Between]


@dataclass(frozen=True)
class Tie:
    """How often one turned to another."""

    from_id: str
    from_name: str | None
    to_id: str
    to_name: str | None
    times: int


def circle(ties: Sequence[Tie]) -> Circle:
    """Those with most ties, each beside whom they have most with, and their ties."""
    times: dict[str, int] = {}
    names: dict[str, str | None] = {}
    for tie in ties:
        names |= {tie.from_id: tie.from_name, tie.to_id: tie.to_name}
        for member in (tie.from_id, tie.to_id):
            times[member] = times.get(member, 0) + tie.times
    shown = set(sorted(times, key=lambda member: (-times[member], member))[:MEMBERS_MAX_COUNT])
    drawn = [tie for tie in ties if {tie.from_id, tie.to_id} <= shown]
    ordered = _neighbours(sorted(shown, key=lambda member: (-times[member], member)), drawn)
    most = max(times.values(), default=1)
    spots = [
        _spot(member, names[member], number, len(ordered), times[member] / most)
        for number, member in enumerate(ordered, 1)
    ]
    places = {spot.member_id: spot for spot in spots}
    pairs = {(tie.from_id, tie.to_id) for tie in drawn}
    most_often = max((tie.times for tie in drawn), default=1)
    lines = [
        Between(
            _curve(places[tie.from_id], places[tie.to_id]),
            _LINE_MIN + (_LINE_MAX - _LINE_MIN) * (tie.times / most_often if most_often > 1 else 0),
            (tie.to_id, tie.from_id) in pairs,
        )
        for tie in drawn
    ]
    return Circle(spots, lines)


def _neighbours(members: Sequence[str], ties: Sequence[Tie]) -> list[str]:
    """Members one after the other, each time whoever has most ties with the last of them."""
    with_: dict[tuple[str, str], int] = {}
    for tie in ties:
        for pair in ((tie.from_id, tie.to_id), (tie.to_id, tie.from_id)):
            with_[pair] = with_.get(pair, 0) + tie.times
    left, ordered = list(members), list(members[:1])
    del left[:1]
    while left:
        last = ordered[-1]
        ordered.append(max(left, key=lambda member: with_.get((last, member), 0)))
        left.remove(ordered[-1])
    return ordered


def _spot(member_id: str, name: str | None, number: int, count: int, share: float) -> Spot:
    angle = 2 * math.pi * (number - 1) / count - math.pi / 2
    x, y = math.cos(angle), math.sin(angle)
    middle = SIZE / 2
    radius = _SPOT_MIN + (_SPOT_MAX - _SPOT_MIN) * share
    out = _RADIUS + radius + 14
    return Spot(
        member_id,
        name,
        number,
        middle + _RADIUS * x,
        middle + _RADIUS * y,
        radius,
        middle + out * x,
        middle + out * y + 4,
    )


def _curve(one: Spot, other: Spot) -> str:
    """A line that bends towards the middle, to the right of the straight one, so that both directions are seen."""
    middle = SIZE / 2
    across_x, across_y = (other.y - one.y) * 0.12, (one.x - other.x) * 0.12
    bend_x = (one.x + other.x + middle) / 3 + across_x
    bend_y = (one.y + other.y + middle) / 3 + across_y
    return f"M{one.x:.1f} {one.y:.1f}Q{bend_x:.1f} {bend_y:.1f} {other.x:.1f} {other.y:.1f}"
