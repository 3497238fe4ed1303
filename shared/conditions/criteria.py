"""Criteria of badges: expressions over what a member has, and over nothing else.

They read `points`, `earned_points`, `events("rule")`, `awards("rule")`, `score("id")`, `streak("id")`,
`quest("id")` and `"id" in audiences`; they compare, reckon and combine. There is no loop, no text to search and no
function beside, so that what one may cost is how long it is. What it reads is known from the expression itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import cel

from shared.conditions.errors import ConditionError
from shared.conditions.evaluation import Condition, NotEvaluated, compiled, holds, number_of
from shared.conditions.parser import parse
from shared.conditions.tokens import Kind
from shared.conditions.tree import (
    Call,
    Chain,
    Index,
    Literal,
    Logic,
    Name,
    Node,
    Ternary,
    Unary,
    walk,
    written,
)

CRITERION_NODES_MAX_COUNT: Final = 200
CRITERIA_REMEMBERED_COUNT: Final = 2_000
POINTS: Final = "points"
#: Without those that came with badges, levels and quests.
EARNED_POINTS: Final = "earned_points"
AUDIENCES: Final = "audiences"
#: What is asked of by an id: the functions, each a map of the context.
COUNTED: Final = ("events", "awards", "score", "streak", "quest")
_WORDS: Final = ("true", "false")


@dataclass(frozen=True, slots=True)
class Reads:
    """What criteria read of a member: by what each is asked for, its ids."""

    points: bool = False
    events: frozenset[str] = frozenset()
    awards: frozenset[str] = frozenset()
    scores: frozenset[str] = frozenset()
    streaks: frozenset[str] = frozenset()
    audiences: frozenset[str] = frozenset()
    earned_points: bool = False
    quests: frozenset[str] = frozenset()

    def __or__(self, other: "Reads") -> "Reads":
        return Reads(
            self.points or other.points,
            self.events | other.events,
            self.awards | other.awards,
            self.scores | other.scores,
            self.streaks | other.streaks,
            self.audiences | other.audiences,
            self.earned_points or other.earned_points,
            self.quests | other.quests,
        )


@dataclass(frozen=True, slots=True)
class Values:
    """What a member has of what criteria read; what is not there is 0."""

    points: int = 0
    events: Mapping[str, int] | None = None
    awards: Mapping[str, int] | None = None
    scores: Mapping[str, int] | None = None
    streaks: Mapping[str, int] | None = None
    audiences: frozenset[str] = frozenset()
    earned_points: int = 0
    quests: Mapping[str, int] | None = None

    def of(self, reads: Reads) -> dict[str, int]:
        """Those that are read, as they are explained: `events(reply)`, `points`; audiences are 1 or 0."""
        found = {POINTS: self.points} if reads.points else {}
        found |= {EARNED_POINTS: self.earned_points} if reads.earned_points else {}
        for name, ids, values in self._maps(reads):
            found |= {f"{name}({one})": (values or {}).get(one, 0) for one in sorted(ids)}
        return found | {f"audience({one})": int(one in self.audiences) for one in sorted(reads.audiences)}

    def context(self, reads: Reads) -> cel.Context:
        """The values as expressions read them that read no more than this."""
        context = cel.Context()
        context.add_variable(POINTS, self.points)
        context.add_variable(EARNED_POINTS, self.earned_points)
        for name, ids, values in self._maps(reads):
            if ids:
                context.add_variable(name, {one: (values or {}).get(one, 0) for one in ids})
        if reads.audiences:
            context.add_variable(AUDIENCES, sorted(self.audiences & reads.audiences))
        return context

    def _maps(self, reads: Reads) -> Iterable[tuple[str, frozenset[str], Mapping[str, int] | None]]:
        yield "events", reads.events, self.events
        yield "awards", reads.awards, self.awards
        yield "score", reads.scores, self.scores
        yield "streak", reads.streaks, self.streaks
        yield "quest", reads.quests, self.quests


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that a criterion asks for, as it is written; `target` is a number to be reached."""

    text: str
    expression: Condition
    target: int | None = None

    def value(self, context: cel.Context) -> int:
        """How far a member is: the number, or whether it holds (1 or 0)."""
        if self.target is None:
            return int(holds(self.expression, context) is True)
        found = number_of(self.expression, context)
        return 0 if isinstance(found, NotEvaluated) else int(found)


@dataclass(frozen=True, slots=True)
class Criterion:
    """A compiled expression, what it reads, and the parts of which all must hold."""

    expression: Condition
    reads: Reads
    parts: tuple[Part, ...]

    def holds(self, context: cel.Context) -> bool:
        """Whether it is true of a member; what has no answer, as a division by 0, is not."""
        return holds(self.expression, context) is True

    def number(self, context: cel.Context) -> int | float:
        """The number that it comes to for a member; 0 where it comes to none."""
        found = number_of(self.expression, context)
        return 0 if isinstance(found, NotEvaluated) else found


@lru_cache(CRITERIA_REMEMBERED_COUNT)
def compile_criterion(expression: str) -> Criterion:
    """Compile a criterion. Raises ConditionError for what is none, with the place of what is wrong first."""
    tree = parse(expression)
    nodes = list(walk(tree))
    if len(nodes) > CRITERION_NODES_MAX_COUNT:
        raise ConditionError(
            f"this has {len(nodes)} parts, and a criterion may have {CRITERION_NODES_MAX_COUNT}: shorten it"
        )
    reads = _checked(tree)
    return Criterion(_compiled(tree), reads, tuple(map(_part, _all_of(tree))))


def check_kind(criterion: Criterion, *, is_number: bool) -> None:
    """Check that it comes to a number, or to true or false. Raises ConditionError where it never does."""
    tried = [_sample(criterion.reads, value) for value in (0, 1, 1_000)]
    ask = number_of if is_number else holds
    answers = [ask(criterion.expression, one.context(criterion.reads)) for one in tried]
    refused = [answer for answer in answers if isinstance(answer, NotEvaluated)]
    if len(refused) == len(answers):
        wanted = "a number" if is_number else "true or false"
        raise ConditionError(f"it has to come to {wanted}: {refused[0].reason}")


def _sample(reads: Reads, value: int) -> Values:
    return Values(
        value,
        dict.fromkeys(reads.events, value),
        dict.fromkeys(reads.awards, value),
        dict.fromkeys(reads.scores, value),
        dict.fromkeys(reads.streaks, value),
        reads.audiences if value else frozenset(),
        value,
        dict.fromkeys(reads.quests, value),
    )


def _checked(node: Node) -> Reads:  # noqa: PLR0911 -- one for each kind of node
    """What a tree reads. Raises ConditionError at the first node that a criterion has not."""
    match node:
        case Literal(kind=Kind.INT | Kind.DOUBLE):
            return Reads()
        case Literal(kind=Kind.SIGN, value=word) if word in _WORDS:
            return Reads()
        case Name(name="points"):
            return Reads(points=True)
        case Name(name="earned_points"):
            return Reads(earned_points=True)
        case Call(function=name, target=None, arguments=(Literal(kind=Kind.TEXT, value=str() as id_),)) if (
            name in COUNTED
        ):
            ids = frozenset({id_})
            return {
                "events": Reads(events=ids),
                "awards": Reads(awards=ids),
                "score": Reads(scores=ids),
                "streak": Reads(streaks=ids),
                "quest": Reads(quests=ids),
            }[name]
        case Call(at=at, function=name) if name in COUNTED:
            raise ConditionError(f'`{name}` is asked for one id in quotes: {name}("…")', at)
        case Chain(first=Literal(kind=Kind.TEXT, value=str() as id_), rest=(("in", Name(name="audiences")),)):
            return Reads(audiences=frozenset({id_}))
        case Chain(at=at, first=first, rest=rest):
            if any(sign == "in" for sign, _ in rest):
                raise ConditionError('`in` asks for an audience: "…" in audiences', at)
            return _checked_all((first, *(operand for _, operand in rest)))
        case Logic(operands=operands):
            return _checked_all(operands)
        case Unary(operand=operand):
            return _checked(operand)
        case Ternary(condition=condition, then=then, otherwise=otherwise):
            return _checked_all((condition, then, otherwise))
    raise ConditionError(
        'a criterion reads points, earned_points, events("rule"), awards("rule"), score("id"), streak("id"),'
        ' quest("id") and "id" in audiences'
        "; it compares, reckons and combines them, and has nothing else",
        node.at,
    )


def _checked_all(nodes: Iterable[Node]) -> Reads:
    found = Reads()
    for node in nodes:
        found |= _checked(node)
    return found


def _all_of(tree: Node) -> tuple[Node, ...]:
    return tree.operands if isinstance(tree, Logic) and tree.sign == "&&" else (tree,)


def _part(node: Node) -> Part:
    match node:
        case Chain(first=first, rest=(((">=" | ">") as sign, Literal(kind=Kind.INT, value=int() as target)),)):
            return Part(written(node), _compiled(first), target + (sign == ">"))
    return Part(written(node), _compiled(node))


def _compiled(tree: Node) -> Condition:
    return Condition(compiled(written(_as_maps(tree))), ())


def _as_maps(node: Node) -> Node:
    """The same tree, with `events("x")` as what stands at a key of a map: the evaluator has none of ours."""
    match node:
        case Call(at=at, function=name, arguments=(argument,)):
            return Index(at, Name(at, name), argument)
        case Chain(first=first, rest=rest):
            return replace(
                node, first=_as_maps(first), rest=tuple((sign, _as_maps(operand)) for sign, operand in rest)
            )
        case Logic(operands=operands):
            return replace(node, operands=tuple(map(_as_maps, operands)))
        case Unary(operand=operand):
            return replace(node, operand=_as_maps(operand))
        case Ternary(condition=condition, then=then, otherwise=otherwise):
            return Ternary(node.at, *map(_as_maps, (condition, then, otherwise)))
    return node
