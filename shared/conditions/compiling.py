"""Expressions as they are evaluated: read, with answers about what is absent, written anew and compiled."""

from shared.conditions.absences import with_absences
from shared.conditions.evaluation import Condition, compiled
from shared.conditions.parser import parse
from shared.conditions.tree import Node, free_names, written

#: Names that are types in CEL, and no variables.
TYPES = ("int", "uint", "double", "string", "bytes", "bool", "list", "map", "type", "null_type")


def compile_condition(expression: str) -> Condition:
    """Compile `expression`, as it is done for a version that was published before.

    Raises ConditionError when it is not a CEL expression.
    """
    tree = with_absences(parse(expression))
    return Condition(compiled(written(tree)), variables_of(tree))


def variables_of(tree: Node) -> tuple[str, ...]:
    """The variables that an expression reads, in the order of their names."""
    return tuple(name for name in sorted({name.name for name in free_names(tree)}) if name not in TYPES)
