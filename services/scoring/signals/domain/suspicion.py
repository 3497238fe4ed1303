"""What the ties of a member come to: signals, each with a score from 0 to 1 and its reasons in figures.

A signal is no verdict. The score of an award is that of the strongest signal that is about its giver; nobody's
score is added to another's, so that the reason can always be named.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Final, NamedTuple

from services.scoring.signals.domain.measures import effective_givers, insularity, weighted_reciprocity
from services.scoring.signals.domain.ties import NOTHING, Graph, Tie, Totals
from shared.contracts.programme import Signals

#: Of a group with more givers than these the score falls, unless everybody in it gives to everybody.
CLOSE_GIVERS: Final = 2
#: A group of more than one in so many of the active is the community, and not a ring in it.
RING_OF_ACTIVE: Final = 3
PERCENT: Final = 100
#: Of a member so many bursts are named, the strongest.
BURSTS_MAX_COUNT: Final = 20


class Signal(StrEnum):
    """What may be the matter."""

    RING = "ring"
    LINKED = "linked"
    BURST = "burst"
    FARM = "farm"
    SHARED_ACCOUNT = "shared_account"
    PAYER = "payer"


class Basis(StrEnum):
    """By what two members are linked."""

    SAME_PERSON = "same_person"
    BANK_ACCOUNT = "bank_account"
    PAYER_ACCOUNT = "payer_account"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at a member saw of a window.

    `received` are the largest ties to the member, `totals` those of all who are named anywhere, `active_count` how
    many gave or received something at all, counted no further than needed. `linked` are members who are linked
    with this one, by what; `sharing_count` is how many share one account with the member, it included.
    `captives_by_day` has, by day, givers who give to nobody else and receive nothing.
    """

    member: str
    graph: Graph
    received: Sequence[Tie]
    totals: Mapping[str, Totals]
    active_count: int = 0
    linked: Mapping[str, Basis] = field(default_factory=dict)
    sharing_count: int = 1
    is_payer: bool = False
    captives_by_day: Mapping[int, frozenset[str]] = field(default_factory=dict)


class Found(NamedTuple):
    """A signal with its score; it is about what `givers` gave (None: whatever the member received).

    `figures` are what it was made of, in whole numbers: shares in percent.
    """

    signal: Signal
    score: Fraction
    givers: frozenset[str] | None
    figures: Mapping[str, int]

    @property
    def percent(self) -> int:
        """The score in percent, rounded down: what is shown as 90 is at least that."""
        return int(self.score * PERCENT)

    @property
    def words(self) -> str:
        """What is the matter, for a person who decides."""
        said = self.figures
        if not said and self.signal is not Signal.PAYER:
            return "It was told before the database came from a backup"
        what = "are the same person" if "same_person" in said else "are paid to the same account"
        return _WORDS[self.signal].format(**said, what=what)


#: What each signal says, with its figures.
_WORDS: Final[Mapping[Signal, str]] = {
    Signal.RING: (
        "A group of {members} keeps {insularity_percent} % of its giving to itself; {reciprocity_percent} % of "
        "{points} points came back"
    ),
    Signal.LINKED: "{points} points came from {members} who {what}",
    Signal.BURST: "One gave {acts} times on one day, {points} points in all; {usual} are usual",
    Signal.FARM: (
        "{on_one_day} on one day who give to nobody else; {usual} are usual. {points} points came from such"
    ),
    Signal.SHARED_ACCOUNT: "{members} members are paid to the same account",
    Signal.PAYER: "The member is paid to the account that pays",
}


def suspicions(seen: Seen, terms: Signals) -> list[Found]:
    """All signals about a member that have a score, the strongest first."""
    received = seen.totals.get(seen.member, NOTHING).received
    if received <= terms.more_than_points:
        return []
    found = [
        *_rings(seen, terms, received),
        *_linked(seen, terms),
        *_bursts(seen, terms),
        *_farm(seen, terms, received),
        *_accounts(seen),
    ]
    return sorted(
        (one for one in found if one.score > 0), key=lambda one: (-one.score, one.signal, sorted(one.givers or ()))
    )


def _rings(seen: Seen, terms: Signals, received: int) -> Iterable[Found]:
    """A group that keeps to itself, of few givers or with everybody giving everybody."""
    givers = effective_givers([tie.points for tie in seen.received], received)
    for group in seen.graph.groups(seen.member, max_count=terms.ring_members):
        inside = seen.graph.inside(group)
        weight = sum(tie.points for tie in inside)
        shut = insularity(
            weight,
            sum(seen.totals.get(one, NOTHING).given for one in group),
            sum(seen.totals.get(one, NOTHING).received for one in group),
        )
        back = weighted_reciprocity({tie.key: tie.points for tie in inside})
        if shut is None or givers is None or back is None:
            continue
        close = min(Fraction(1), CLOSE_GIVERS / givers)
        if len(group) * RING_OF_ACTIVE <= seen.active_count:
            close = max(close, Fraction(len(inside), len(group) * (len(group) - 1)) * back)
        yield Found(
            Signal.RING,
            shut * close,
            group - {seen.member},
            {
                "members": len(group),
                "points": weight,
                "insularity_percent": int(shut * PERCENT),
                "reciprocity_percent": int(back * PERCENT),
                "effective_givers_tenths": int(givers * 10),
            },
        )


def _linked(seen: Seen, terms: Signals) -> Iterable[Found]:
    """Points from members who are the same person, or are paid to the same account."""
    for basis in Basis:
        of_basis = [tie for tie in seen.received if seen.linked.get(tie.giver) is basis]
        points = sum(tie.points for tie in of_basis)
        if points > terms.more_than_points:
            givers = frozenset(tie.giver for tie in of_basis)
            figures = {"members": len(givers), "points": points, basis.value: 1}
            yield Found(Signal.LINKED, Fraction(1), givers, figures)


def _bursts(seen: Seen, terms: Signals) -> Iterable[Found]:
    """One giver with many acts on one day."""
    strongest = sorted(seen.received, key=lambda tie: (-tie.peak_acts, tie.giver))
    for tie in strongest[:BURSTS_MAX_COUNT]:
        score = _over(tie.peak_acts, terms.burst_acts)
        if score and tie.points > terms.more_than_points:
            figures = {"acts": tie.peak_acts, "usual": terms.burst_acts, "points": tie.points}
            yield Found(Signal.BURST, score, frozenset({tie.giver}), figures)


def _farm(seen: Seen, terms: Signals, received: int) -> Iterable[Found]:
    """Many on one day who give to nobody else, and to whom nobody gives."""
    if not seen.captives_by_day:
        return
    most = max(len(givers) for givers in seen.captives_by_day.values())
    captives = frozenset[str]().union(
        *(givers for givers in seen.captives_by_day.values() if len(givers) > terms.farm_givers)
    )
    points = sum(tie.points for tie in seen.received if tie.giver in captives)
    if points > terms.more_than_points:
        figures = {"members": len(captives), "on_one_day": most, "usual": terms.farm_givers, "points": points}
        score = _over(most, terms.farm_givers) * Fraction(min(points, received), received)
        yield Found(Signal.FARM, score, captives, figures)


def _accounts(seen: Seen) -> Iterable[Found]:
    """One account for many, or that of who pays."""
    if seen.is_payer:
        yield Found(Signal.PAYER, Fraction(1), None, {})
    if seen.sharing_count > 1:
        score = 1 - Fraction(1, seen.sharing_count - 1)
        yield Found(Signal.SHARED_ACCOUNT, score, None, {"members": seen.sharing_count})


def _over(count: int, usual: int) -> Fraction:
    """0 up to what is usual, 1 from twice that on."""
    return max(Fraction(0), min(Fraction(1), Fraction(count, usual) - 1))


class Scope(NamedTuple):
    """Whose giving is suspicious: that of these, or (None) of everybody."""

    givers: frozenset[str] | None

    def covers(self, giver: str | None) -> bool:
        """Whether what this one gave is meant; None is what a member got for an act that names nobody else."""
        return self.givers is None or giver in self.givers


NOBODY: Final = Scope(frozenset())


def scope_of(found: Iterable[Found], *, from_percent: int | None) -> Scope:
    """Whose giving is suspicious by signals from that score on; nobody's, where none is said."""
    if from_percent is None:
        return NOBODY
    strong = [one for one in found if one.score * PERCENT >= from_percent]
    if any(one.givers is None for one in strong):
        return Scope(None)
    return Scope(frozenset[str]().union(*(one.givers or () for one in strong)))


def others_of(found: Iterable[Found]) -> Collection[str]:
    """Members of the rings that were found: what is said of one may change what is said of the others."""
    return {giver for one in found if one.signal is Signal.RING for giver in one.givers or ()}
