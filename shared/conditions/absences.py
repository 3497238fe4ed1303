"""What is absent is said to be absent, at any depth, instead of being no answer at all.

CEL asks `has(a.b.c)` of `a.b`, and has no answer where that is absent itself; so is it with `a.b == null` and with
`"c" in a.b`. Fields of events are left out freely, so each of them is asked for along its whole path first.
"""

from dataclasses import replace

from shared.conditions.tokens import Kind
from shared.conditions.tree import (
    Call,
    Chain,
    Index,
    ListOf,
    Literal,
    Logic,
    Loop,
    MapOf,
    Name,
    Node,
    Select,
    Ternary,
    Unary,
)

NULL = "null"


def is_null(node: Node) -> bool:
    """Whether a node is the literal null."""
    return isinstance(node, Literal) and node.kind is Kind.SIGN and node.value == NULL


def presence(node: Node) -> tuple[Node, ...] | None:
    """What must be true for there to be a value at a path of fields and keys, outermost first.

    None for what is no such path: nothing can be said of it.
    """
    match node:
        case Name():
            return ()
        case Select(at=at, operand=operand, field=field, is_test=False):
            before = presence(operand)
            return None if before is None else (*before, Select(at, operand, field, is_test=True))
        case Index(at=at, operand=operand, index=Literal(kind=Kind.TEXT) as key):
            before = presence(operand)
            return None if before is None else (*before, Chain(at, key, (("in", operand),)))
    return None


def with_absences(node: Node) -> Node:  # noqa: PLR0911 -- one for each kind of node
    """The same tree, in which questions about what is absent have an answer: it has no value."""
    match node:
        case Select(operand=operand, is_test=True):
            return _all((*(presence(operand) or ()), node))
        case Chain(rest=((("==" | "!=" | "in"), _),)):
            return _chain(replace(node, first=with_absences(node.first), rest=_rest(node)))
        case Chain(first=first):
            return replace(node, first=with_absences(first), rest=_rest(node))
        case Select(operand=operand) | Unary(operand=operand):
            return replace(node, operand=with_absences(operand))
        case Index(operand=operand, index=index):
            return replace(node, operand=with_absences(operand), index=with_absences(index))
        case Call(target=target, arguments=arguments):
            told = None if target is None else with_absences(target)
            return replace(node, target=told, arguments=tuple(map(with_absences, arguments)))
        case Loop(items=items, bodies=bodies):
            return replace(node, items=with_absences(items), bodies=tuple(map(with_absences, bodies)))
        case ListOf(items=listed):
            return replace(node, items=tuple(map(with_absences, listed)))
        case MapOf(entries=entries):
            return replace(
                node, entries=tuple((with_absences(key), with_absences(value)) for key, value in entries)
            )
        case Logic(operands=operands):
            return replace(node, operands=tuple(map(with_absences, operands)))
        case Ternary(condition=condition, then=then, otherwise=otherwise):
            return Ternary(node.at, *map(with_absences, (condition, then, otherwise)))
    return node


def _rest(chain: Chain) -> tuple[tuple[str, Node], ...]:
    return tuple((sign, with_absences(operand)) for sign, operand in chain.rest)


def _chain(chain: Chain) -> Node:
    """`path == null`, `path != null` and `key in path`, asked for along the path."""
    ((sign, second),) = chain.rest
    if sign == "in":
        return _all((*(presence(second) or ()), chain))
    path = second if is_null(chain.first) else chain.first if is_null(second) else None
    there = None if path is None else presence(path)
    if not there:
        return chain
    if sign == "!=":
        return _all((*there, chain))
    return Logic(chain.at, "||", (Unary(chain.at, "!", 1, _all(there)), chain))


def _all(tests: tuple[Node, ...]) -> Node:
    return tests[0] if len(tests) == 1 else Logic(tests[-1].at, "&&", tests)
