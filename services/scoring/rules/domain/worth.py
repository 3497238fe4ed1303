"""What a rule's points come to for an event: calculated by an expression, multiplied where conditions are true.

Whole numbers come of it, in this order: the expression's value to the nearest whole number, halves up, kept
between its floor and the rule's points; then all multipliers whose condition is true, as one product, to the
nearest whole number, halves up, and never more than a rule may give. A multiplier whose condition has no answer
does not apply.
"""

from dataclasses import dataclass, replace
from math import floor

from services.scoring.rules.domain.attributes import Declared, names_read
from services.scoring.rules.domain.audiences import read_tree
from services.scoring.rules.domain.conditions import fields_read
from services.scoring.rules.domain.values import Path, data_fields, fields_of_all
from shared.conditions.absences import with_absences
from shared.conditions.compiling import variables_of
from shared.conditions.errors import ConditionError
from shared.conditions.evaluation import Condition, NotEvaluated, compiled, holds, number_of
from shared.conditions.tree import written
from shared.contracts.programme import RULE_POINTS_MAX
from shared.contracts.programme.rules import Rule

#: What expressions of points and multipliers may take for an event, all on its type together: they are evaluated
#: in the service, a tenth of a millisecond.
EXPRESSIONS_STEPS_MAX_COUNT = 5_000


@dataclass(frozen=True, slots=True)
class Factor:
    """What points are multiplied by, in percent, where its condition is true."""

    id: str
    condition: Condition | None
    percent: int


@dataclass(frozen=True, slots=True)
class Worth:
    """How a rule's points are calculated, if they are, and what they are multiplied by.

    `variables` are those of all its expressions, `attributes` what these read of the member, `data_fields` of the
    event's data (None: all), and `fields` of the event as they are written.
    """

    calculated: Condition | None
    floor: int
    factors: tuple[Factor, ...]
    variables: tuple[str, ...]
    attributes: tuple[str, ...]
    data_fields: frozenset[str] | None
    fields: tuple[Path, ...] = ()

    def for_points(self, *, is_calculated: bool) -> "Worth | None":
        """The same for somebody whose points are not calculated, or are; None where they are as they stand."""
        if is_calculated or self.calculated is None:
            return self
        return replace(self, calculated=None) if self.factors else None

    def of(self, most: int, context: object) -> int | NotEvaluated:
        """The points for an event, of `most`; NotEvaluated where the expression comes to no number."""
        points = most
        if self.calculated is not None:
            value = number_of(self.calculated, context)
            if isinstance(value, NotEvaluated):
                return value
            points = max(self.floor, min(nearest(value), most))
        times, parts = 1, 1
        for factor in self.factors:
            if factor.condition is None or holds(factor.condition, context) is True:
                times, parts = times * factor.percent, parts * 100
        return min((2 * points * times + parts) // (2 * parts), RULE_POINTS_MAX)


def nearest(value: float) -> int:
    """The nearest whole number, of two as near the greater."""
    whole = floor(value)
    return whole + (value - whole >= 0.5)


def worth_of(rule: Rule, declared: Declared) -> Worth | None:
    """How the points of a published rule are worked out; None where they are the same for all.

    Whatever was published was checked; an expression that is none all the same comes to no number.
    """
    if rule.points_by is None and rule.multipliers is None:
        return None
    read: set[str] = set()
    fields: list[frozenset[str] | None] = []
    paths: dict[Path, None] = {}
    calculated = None if rule.points_by is None else _compiled(rule.points_by.cel, declared, read, fields, paths)
    factors = tuple(
        Factor(
            one.id, None if one.when is None else _compiled(one.when, declared, read, fields, paths), one.percent
        )
        for one in rule.multipliers or ()
    )
    expressions = [calculated, *(factor.condition for factor in factors)]
    variables = {name for one in expressions if one is not None for name in one.variables}
    floor_ = 0 if rule.points_by is None else rule.points_by.floor
    return Worth(
        calculated,
        floor_,
        factors,
        tuple(sorted(variables)),
        tuple(sorted(read)),
        fields_of_all(fields),
        tuple(paths),
    )


def _compiled(
    expression: str,
    declared: Declared,
    read: set[str],
    fields: list[frozenset[str] | None],
    paths: dict[Path, None],
) -> Condition:
    try:
        tree = with_absences(read_tree(expression, declared))
    except ConditionError:
        return Condition(compiled("[]"), ())
    read.update(names_read(tree, declared))
    fields.append(data_fields(tree))
    paths.update(dict.fromkeys(fields_read(tree)))
    return Condition(compiled(written(tree)), variables_of(tree))
