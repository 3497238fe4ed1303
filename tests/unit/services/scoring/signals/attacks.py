"""A community in memory: who gives to whom, and what is held of it, as the service holds it."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from random import Random
from typing import NamedTuple

from services.scoring.signals.domain.suspicion import (
    RING_OF_ACTIVE,
    Found,
    Scope,
    Seen,
    scope_of,
    suspicions,
)
from services.scoring.signals.domain.ties import Graph, Tie, totals_of
from shared.contracts.programme import Signals

TERMS = Signals(hold_from_percent=90)


class Act(NamedTuple):
    """Somebody gives another points on a day."""

    giver: str
    receiver: str
    day: int
    points: int


class Memory:
    """The acts of one window, and what a look at a member sees of them."""

    def __init__(self, acts: Iterable[Act], terms: Signals = TERMS) -> None:
        self.acts, self.terms = list(acts), terms
        days: dict[tuple[str, str], dict[int, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
        for act in self.acts:
            day = days[act.giver, act.receiver][act.day]
            day[0] += act.points
            day[1] += 1
        self.days = days
        self.ties = {
            key: Tie(
                *key,
                sum(points for points, _ in of.values()),
                sum(count for _, count in of.values()),
                max(count for _, count in of.values()),
            )
            for key, of in days.items()
        }
        self.totals = totals_of(self.ties.values())
        self.of: dict[str, list[Tie]] = defaultdict(list)
        self.to: dict[str, list[Tie]] = defaultdict(list)
        for tie in self.ties.values():
            self.of[tie.giver].append(tie)
            self.to[tie.receiver].append(tie)

    def see(self, member: str) -> Seen:
        graph = Graph()
        while wanted := graph.wanted(member, max_count=self.terms.ring_members):
            graph.add(
                wanted,
                [
                    tie
                    for one in wanted
                    for tie in (*self.of[one], *self.to[one])
                    if tie.acts >= self.terms.strong_acts
                ],
            )
        received = sorted(self.to[member], key=lambda tie: (-tie.points, tie.giver))
        captives: dict[int, set[str]] = defaultdict(set)
        for tie in received:
            of_giver = self.totals[tie.giver]
            if of_giver.given == tie.points and of_giver.received == 0:
                for day in self.days[tie.key]:
                    captives[day].add(tie.giver)
        return Seen(
            member,
            graph,
            received,
            self.totals,
            min(len(self.totals), self.terms.ring_members * RING_OF_ACTIVE),
            captives_by_day={day: frozenset(givers) for day, givers in captives.items()},
        )

    def found(self, member: str) -> list[Found]:
        return suspicions(self.see(member), self.terms)

    def held(self, members: Collection[str] | None = None) -> dict[str, Scope]:
        """Whose giving is held, by whoever received it: all, or some."""
        scopes = {
            member: scope_of(self.found(member), from_percent=self.terms.hold_from_percent)
            for member in sorted(self.to if members is None else members)
            if self.totals[member].received > self.terms.more_than_points
        }
        return {member: scope for member, scope in scopes.items() if scope.givers != frozenset()}

    def got(self, members: Collection[str]) -> tuple[int, int]:
        """What members were given, and how much of it is held."""
        held = self.held(members)
        mine = [act for act in self.acts if act.receiver in members]
        kept = [act for act in mine if act.receiver in held and held[act.receiver].covers(act.giver)]
        return sum(act.points for act in mine), sum(act.points for act in kept)


def honest(count: int, random: Random, *, acts: int = 20) -> list[Act]:
    """A community of members who give to others as they come, a few of whom are given most."""
    members = [f"m{place}" for place in range(count)]
    weights = [1 / (place + 1) for place in range(count)]
    made = []
    for member in members:
        for receiver in random.choices(members, weights, k=random.randint(1, acts)):
            if receiver != member:
                made.append(Act(member, receiver, random.randrange(30), 10))
    # Colleagues and friends: they answer one another, and others too.
    for _ in range(count // 4):
        one, other = random.sample(members, 2)
        for _ in range(random.randint(2, 6)):
            made.append(Act(one, other, random.randrange(30), 10))
            made.append(Act(other, one, random.randrange(30), 10))
    return made


def ring(count: int, random: Random, *, each: int, outside: int = 0) -> tuple[list[str], list[Act]]:
    """Everybody gives everybody so often, and some give to the community outside."""
    members = [f"r{place}" for place in range(count)]
    made = [
        Act(one, to, random.randrange(30), 10)
        for one in members
        for to in members
        if one != to
        for _ in range(each)
    ]
    made += [
        Act(random.choice(members), f"m{random.randrange(40)}", random.randrange(30), 10) for _ in range(outside)
    ]
    return members, made


def circle(count: int, random: Random, *, each: int) -> tuple[list[str], list[Act]]:
    """Everybody gives the next one only: nothing comes straight back."""
    members = [f"r{place}" for place in range(count)]
    made = [
        Act(one, members[(place + 1) % count], random.randrange(30), 10)
        for place, one in enumerate(members)
        for _ in range(each)
    ]
    return members, made


def puppets(count: int, random: Random, *, each: int, days: int, to: str = "r0") -> tuple[list[str], list[Act]]:
    """Accounts that give to one member, and to nobody else."""
    made = [Act(f"p{place}", to, random.randrange(days), 10) for place in range(count) for _ in range(each)]
    return [to], made
