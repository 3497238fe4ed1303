"""What is wrong with expressions of rules beside their conditions: points that are calculated, and multipliers."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, get_args

from services.scoring.programmes.domain.mistakes import Mistake, condition_mistake, list_at, value_at
from services.scoring.rules.domain.attributes import Declared
from services.scoring.rules.domain.conditions import read_condition, try_condition
from services.scoring.rules.domain.costs import Bound
from services.scoring.rules.domain.kinds import EventKind, OwnTypes, kinds_of
from services.scoring.rules.domain.trials import NUMBER, TRUTH, Clock, Result
from services.scoring.rules.domain.worth import EXPRESSIONS_STEPS_MAX_COUNT
from shared.conditions.errors import ConditionError
from shared.conditions.tree import Node
from shared.contracts.activities import ACTIVITY_TYPES
from shared.contracts.programme import CONDITION_MAX_CHARS
from shared.contracts.programme.worth import To, slots_of
from shared.located_yaml import Located, Path

#: Whom there may be several of.
_COUNTS = {to: len(slots_of(to)) for to in get_args(To)}


class _Expression(NamedTuple):
    path: Path
    rule: int
    text: str
    result: Result


class _Read(NamedTuple):
    expression: _Expression
    tree: Node
    bound: Bound
    kinds: tuple[EventKind, ...]


def expression_mistakes(
    located: Located, text: str, attributes: Declared, own: OwnTypes, clock: Clock | None
) -> Iterator[Mistake]:
    """Where an expression is none, costs too much, or comes to something else than it should.

    Of rules whose types are not all known nothing is said: that is said already.
    """
    found: list[_Read] = []
    for one in _expressions(located):
        names = list_at(located, ("rules", one.rule, "on"))
        if not names or not all(
            isinstance(name, str) and (name in ACTIVITY_TYPES or name in own) for name in names
        ):
            continue
        kinds = kinds_of(names, own)
        try:
            tree, bound = read_condition(one.text, kinds, attributes)
            bound.check()
        except ConditionError as refused:
            yield condition_mistake(located, text, one.path, refused)
        else:
            found.append(_Read(one, tree, bound, kinds))
    too_dear = dict(_too_dear(located, found))
    for read in found:
        path = read.expression.path
        try:
            if path in too_dear:
                raise too_dear[path]
            if not too_dear:
                try_condition(read.tree, read.kinds, clock, declared=attributes, wanted=read.expression.result)
        except ConditionError as refused:
            yield condition_mistake(located, text, path, refused)


def _expressions(located: Located) -> Iterator[_Expression]:
    for index in range(len(list_at(located, ("rules",)))):
        places: list[tuple[Path, Result]] = [(("rules", index, "points_by", "cel"), NUMBER)]
        for place in range(len(list_at(located, ("rules", index, "multipliers")))):
            places.append((("rules", index, "multipliers", place, "when"), TRUTH))
        for path, result in places:
            said = value_at(located, path)
            if isinstance(said, str) and 0 < len(said) <= CONDITION_MAX_CHARS:
                yield _Expression(path, index, said, result)


def askings(located: Located, index: int) -> int:
    """How often an expression of a rule may be asked for one event: for each of whom it is for."""
    also = [one.get("to") for one in list_at(located, ("rules", index, "also")) if isinstance(one, dict)]
    return sum(_COUNTS.get(str(to), 1) for to in (value_at(located, ("rules", index, "to")), *also))


def _too_dear(located: Located, found: list[_Read]) -> Iterator[tuple[Path, ConditionError]]:
    """The dearest expression of each type of event on which all together take too much."""
    of_types: dict[str, dict[Path, int]] = {}
    for read in found:
        for kind in read.kinds:
            of_one = read.bound.steps * askings(located, read.expression.rule)
            of_types.setdefault(str(kind), {})[read.expression.path] = of_one
    for name, steps in _over(of_types):
        dearest = max(steps, key=lambda path: (steps[path], str(path)))
        detail = (
            f"what points are calculated and multiplied by on {name} can take up to {sum(steps.values()):,} steps"
            f" for one event, and may take {EXPRESSIONS_STEPS_MAX_COUNT:,} together; this takes the most,"
            f" {steps[dearest]:,}"
        )
        yield dearest, ConditionError(detail)


def _over(of_types: Mapping[str, Mapping[Path, int]]) -> Iterator[tuple[str, Mapping[Path, int]]]:
    for name, steps in sorted(of_types.items()):
        if sum(steps.values()) > EXPRESSIONS_STEPS_MAX_COUNT:
            yield name, steps
