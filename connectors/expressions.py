"""CEL over a delivery: what a platform sends is asked where it lies, and never copied.

The evaluator of programmes' conditions converts all that an expression may read before it is asked, which takes
longer than reading the body did. Here a tree that the same parser has read, and that was judged by its cost,
becomes nested closures.

It is CEL with three differences, all for documents in which anything may be missing. What is absent is null, and
has() says whether something is neither. Null goes through: a function or operator with null among what it works
on is null, and counts as false where true or false is asked. Values of two kinds are not equal: no error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.closures import Scope, compiled, let_key
from connectors.costs import EXPRESSION_STEPS_MAX_COUNT, LIST_ASSUMED_COUNT, steps_of
from connectors.env import Env, Run
from shared.conditions.errors import ConditionError
from shared.conditions.parser import parse
from shared.conditions.tokens import Kind
from shared.conditions.tree import Index, Literal, Loop, Name, Node, Select, free_names, walk

EXPRESSION_MAX_CHARS = 2_000
#: Of what a named value is made of, so much is looked through for what is missing.
TREES_MAX_COUNT = 20


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that can be asked: its text, what it takes at most, and its trees to say what is missing.

    `aliases` are names that only say where something lies.
    """

    text: str
    run: Run
    steps: int
    trees: tuple[Node, ...]
    aliases: Mapping[str, Node]

    def missing(self, env: Env) -> str:
        """What is not there, of all that the expression reads, as a sentence's end: "the body has no issue"."""
        for node in (node for tree in self.trees for node in walk(tree)):
            path = _path_of(node, self.aliases)
            if path is None:
                continue
            name = str(path[0])
            found = env.get(name, env.get(let_key(name)))
            if found is not None and (told := _first_gap(name, found, path[1:])):
                return told
        return "it has no value for this body"


def compile_expression(text: str, scope: Scope) -> Expression:
    """Read and judge an expression. Raises ConditionError, with the place, when it is none or too dear."""
    if len(text) > EXPRESSION_MAX_CHARS:
        raise ConditionError(f"the expression has {len(text)} characters; at most {EXPRESSION_MAX_CHARS} are read")
    tree = parse(text)
    steps = steps_of(tree)
    if steps > EXPRESSION_STEPS_MAX_COUNT:
        raise ConditionError(
            f"the expression can take {steps:,} steps, and may take {EXPRESSION_STEPS_MAX_COUNT:,}: a loop counts "
            f"for {LIST_ASSUMED_COUNT:,} rounds, so none has room in another",
            next((node.at for node in walk(tree) if isinstance(node, Loop)), None),
        )
    run = compiled(tree, scope)
    named = [name.name for name in free_names(tree) if name.name in scope.trees]
    trees = (tree, *(one for name in dict.fromkeys(named) for one in scope.trees[name]))
    return Expression(text, run, steps, trees[:TREES_MAX_COUNT], scope.aliases)


def _path_of(node: Node, aliases: Mapping[str, Node]) -> tuple[str | int, ...] | None:
    """Names and keys from a variable on: `body.a["b"][0]`. None for whatever else."""
    match node:
        case Name(name=name):
            return _path_of(aliases[name], aliases) if name in aliases else (name,)
        case Select(operand=operand, field=name):
            before = _path_of(operand, aliases)
            return None if before is None else (*before, name)
        case Index(operand=operand, index=Literal(kind=Kind.TEXT | Kind.INT, value=str() | int() as key)):
            before = _path_of(operand, aliases)
            return None if before is None else (*before, key)
    return None


def _first_gap(name: str, found: Any, steps: Sequence[str | int]) -> str | None:
    """What is missing along a path, up to the step that is; None when it is all there."""
    for count, step in enumerate(steps, 1):
        try:
            found = found[step]
        except (KeyError, IndexError, TypeError):
            found = None
        if found is None:
            shown = ".".join(map(str, steps[:count]))
            return f"there is no header {shown}" if name == "headers" else f"the {name} has no {shown}"
    return None
