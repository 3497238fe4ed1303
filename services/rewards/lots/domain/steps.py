"""Steps in the life of whatever uses points: what each moves in the ledger, and what happens to the lots.

A redemption and a payout have a table of steps each. What can follow, which entries are made and what is given
back are looked up there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from services.rewards.ledger.domain.entries import (
    POINTS,
    Entry,
    Kind,
    Owner,
    Transfer,
    account_of,
    check_balanced,
    move,
    transfer_id,
)
from services.rewards.lots.domain.lots import Use

State = TypeVar("State", bound=StrEnum)


class Lots(Enum):
    """What a step does with the lots of the points that it moves."""

    LEAVE = "leave"
    USE = "use"
    RESTORE = "restore"
    #: Restored as far as they were noted to come back: the rest stays used.
    RESTORE_PART = "restore a part"
    #: Restored, and owed as money from now on: they do not expire any more.
    OWE = "owe"
    TAKE_BACK = "take back"


#: What gives points back to their lots.
GIVING_BACK = (Lots.RESTORE, Lots.RESTORE_PART, Lots.OWE)


class Way(NamedTuple):
    """From which account to which."""

    source: Kind
    target: Kind


@dataclass(frozen=True)
class Step(Generic[State]):
    """How one state becomes another (`before` is None for what is new), and which way points and money go."""

    before: State | None
    after: State
    points: Way | None = None
    money: Way | None = None
    lots: Lots = Lots.LEAVE

    @property
    def moves_points(self) -> bool:
        """Whether a member's points or lots are other ones afterwards: where not, nobody needs their lock."""
        return self.points is not None or self.lots is not Lots.LEAVE


class Standing(NamedTuple):
    """What something in `state` has on accounts of a kind: `times` its points, or its money."""

    state: str
    kind: Kind
    is_money: bool
    times: int


class Steps(Generic[State]):
    """All the steps that there are: what is not among them cannot happen."""

    def __init__(self, *steps: Step[State]) -> None:
        self._by_states = {(step.before, step.after): step for step in steps}

    def __iter__(self) -> Iterator[Step[State]]:
        return iter(self._by_states.values())

    def find(self, before: State | None, after: State) -> Step[State] | None:
        """The step between two states, if there is one."""
        return self._by_states.get((before, after))

    def following(self, state: State | None) -> tuple[State, ...]:
        """The states that can come next."""
        return tuple(step.after for step in self if step.before == state)

    def preceding(self, state: State) -> tuple[State, ...]:
        """The states that it can come from."""
        return tuple(step.before for step in self if step.after == state and step.before is not None)

    def ahead(self, state: State) -> list[Step[State]]:
        """Every step that can still come, now or later."""
        reached = {state}
        while more := {after for before in reached for after in self.following(before)} - reached:
            reached |= more
        return [step for step in self if step.before in reached]

    def standings(self) -> list[Standing]:
        """What each state has on the accounts, by whichever way it was reached; where it has nothing is left out.

        Raises ValueError when two ways to one state leave different things behind.
        """
        sums: dict[State, dict[tuple[Kind, bool], int]] = {}
        todo: list[tuple[State | None, dict[tuple[Kind, bool], int]]] = [(None, {})]
        while todo:
            before, had = todo.pop()
            for step in self:
                if step.before != before:
                    continue
                has = _moved(had, step)
                if step.after not in sums:
                    sums[step.after] = has
                    todo.append((step.after, has))
                elif sums[step.after] != has:
                    raise ValueError(f"what {step.after} has on the accounts depends on how it was reached")
        return [
            Standing(state, kind, is_money, times)
            for state, held in sums.items()
            for (kind, is_money), times in held.items()
        ]


def _moved(had: Mapping[tuple[Kind, bool], int], step: Step[Any]) -> dict[tuple[Kind, bool], int]:
    """What is on the accounts after a step, without those on which nothing is left."""
    has = dict(had)
    for way, is_money in ((step.points, False), (step.money, True)):
        if way is not None:
            has[way.source, is_money] = has.get((way.source, is_money), 0) - 1
            has[way.target, is_money] = has.get((way.target, is_money), 0) + 1
    return {account: times for account, times in has.items() if times}


class Corrects(NamedTuple):
    """Which transfer a step takes back, or a part of it, for the how many-th time, and why."""

    transfer_id: str
    number: int
    why: str


class Money(NamedTuple):
    """Minor units of a currency."""

    amount_minor: int
    currency: str


NO_MONEY = Money(0, POINTS)


@dataclass(frozen=True, slots=True)
class Movement:
    """One redemption or payout (`use.used_by`) that makes a step, with the money that it is worth.

    What `corrects` a transfer may be of a month that is closed: it is booked now, and names it.
    """

    what: Literal["redemption", "payout"]
    use: Use
    step: Step[Any]
    money: Money = NO_MONEY
    corrects: Corrects | None = None

    @property
    def kind(self) -> str:
        """The kind of its transfer."""
        return f"{self.what}_{self.step.after}"

    @property
    def transfer_id(self) -> str:
        """The id of its transfer."""
        return transfer_id(self.use.back_id, self.kind)

    def transfer(self, now: datetime) -> Transfer:
        """The transfer of its entries."""
        made = Transfer(self.use.owner.community, self.transfer_id, self.kind, self.use.used_by, now)
        if self.corrects is None:
            return made
        amends, number, why = self.corrects
        return made._replace(amends=amends, revision=number, why=why)

    def entries(self, held: Mapping[Owner, int] | None = None) -> list[Entry]:
        """What the step moves; nothing where only the state changes.

        Available points go from or to who holds their lots: so many `held` by each, or all by the member itself.
        Raises UnbalancedError when the step moves money and there is none.
        """
        made = self.transfer_id
        entries: list[Entry] = []
        # What comes with a badge costs nothing, and moves nothing.
        if self.step.points is not None and self.use.points:
            entries += self._move_points(made, self.step.points, held or {self.use.owner: self.use.points})
        if self.step.money is not None:
            entries += self._move(made, self.step.money, *self.money)
        return entries

    def _move_points(self, made: str, way: Way, held: Mapping[Owner, int]) -> list[Entry]:
        if "available" not in way:
            return list(self._move(made, way, self.use.points, POINTS))
        entries: list[Entry] = []
        for kind, sign in ((way.source, -1), (way.target, 1)):
            of = held if kind == "available" else {self.use.owner: self.use.points}
            entries += [
                Entry(made, account_of(owner, kind, POINTS), sign * points) for owner, points in of.items()
            ]
        check_balanced(entries)
        return entries

    def _move(self, made: str, way: Way, amount: int, currency: str) -> tuple[Entry, Entry]:
        source = account_of(self.use.owner, way.source, currency)
        return move(made, source, account_of(self.use.owner, way.target, currency), amount)
