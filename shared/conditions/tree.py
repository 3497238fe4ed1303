"""The tree of a CEL expression, and the text of a tree.

Only the text of a tree is ever compiled: what runs is what was judged, whatever the original had in comments or
in text that looks like code.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.conditions.tokens import Kind


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal of a kind (INT, UINT, DOUBLE, TEXT, BYTES), or true, false or null (of kind SIGN)."""

    at: int
    kind: Kind
    value: str | bytes | int | float


@dataclass(frozen=True, slots=True)
class Name:
    at: int
    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """`operand.field`; `is_test` says that it stands in has(…)."""

    at: int
    operand: "Node"
    field: str
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    at: int
    operand: "Node"
    index: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """`target.function(arguments)`, or `function(arguments)` without a target; `at` is the function's name."""

    at: int
    function: str
    target: "Node | None"
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """`items.function(variable, bodies…)`: all, exists, exists_one, filter, or map with one or two bodies."""

    at: int
    function: str
    items: "Node"
    variable: str
    bodies: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    at: int
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class MapOf:
    at: int
    entries: tuple[tuple["Node", "Node"], ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """`sign` (! or -) before an operand, `count` times."""

    at: int
    sign: str
    count: int
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one precedence from left to right: `first`, and (sign, operand) for each that follows."""

    at: int
    first: "Node"
    rest: tuple[tuple[str, "Node"], ...]


@dataclass(frozen=True, slots=True)
class Logic:
    """Two or more operands of && or of ||."""

    at: int
    sign: str
    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Ternary:
    at: int
    condition: "Node"
    then: "Node"
    otherwise: "Node"


Node = Literal | Name | Select | Index | Call | Loop | ListOf | MapOf | Unary | Chain | Logic | Ternary

#: How tightly the operators of a Chain bind; && and || and ?: bind less.
LEVELS = (("<", "<=", ">=", ">", "==", "!=", "in"), ("+", "-"), ("*", "/", "%"))
_TERNARY, _OR, _AND, _CHAIN, _UNARY, _MEMBER = 0, 1, 2, 3, 6, 7
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below one, in the order in which they are written."""
    match node:
        case Select(operand=operand) | Unary(operand=operand):
            yield operand
        case Index(operand=operand, index=index):
            yield from (operand, index)
        case Call(target=target, arguments=arguments):
            yield from (() if target is None else (target,))
            yield from arguments
        case Loop(items=items, bodies=bodies):
            yield from (items, *bodies)
        case ListOf(items=listed):
            yield from listed
        case MapOf(entries=entries):
            yield from (part for entry in entries for part in entry)
        case Chain(first=first, rest=rest):
            yield from (first, *(operand for _, operand in rest))
        case Logic(operands=operands):
            yield from operands
        case Ternary(condition=condition, then=then, otherwise=otherwise):
            yield from (condition, then, otherwise)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def free_names(node: Node, bound: frozenset[str] = frozenset()) -> Iterator[Name]:
    """The names that no loop around them binds."""
    if isinstance(node, Name):
        if node.name not in bound:
            yield node
    elif isinstance(node, Loop):
        yield from free_names(node.items, bound)
        for body in node.bodies:
            yield from free_names(body, bound | {node.variable})
    else:
        for child in children(node):
            yield from free_names(child, bound)


def written(node: Node) -> str:
    """A CEL expression that parses to this tree: no comments, no raw text, one line."""
    return _written(node, _TERNARY)


def _written(node: Node, binds: int) -> str:
    """The text of a node where whatever binds less than `binds` needs parentheses."""
    own, text = _text_of(node)
    return text if own >= binds else f"({text})"


def _text_of(node: Node) -> tuple[int, str]:
    match node:
        case Ternary(condition=condition, then=then, otherwise=otherwise):
            text = f"{_written(condition, _OR)} ? {_written(then, _OR)} : {_written(otherwise, _TERNARY)}"
            return _TERNARY, text
        case Logic(sign=sign, operands=operands):
            own = _OR if sign == "||" else _AND
            return own, f" {sign} ".join(_written(operand, own + 1) for operand in operands)
        case Chain(first=first, rest=rest):
            own = _CHAIN + next(place for place, signs in enumerate(LEVELS) if rest[0][0] in signs)
            following = "".join(f" {sign} {_written(operand, own + 1)}" for sign, operand in rest)
            return own, _written(first, own) + following
        case Unary(sign=sign, count=count, operand=operand):
            text = _written(operand, _MEMBER)
            # A minus before a number would become a part of it.
            return _UNARY, sign * count + (f"({text})" if sign == "-" and text[0] in "-.0123456789" else text)
    return _MEMBER, _member(node)


def _member(node: Node) -> str:  # noqa: PLR0911 -- one for each kind of node
    match node:
        case Literal():
            return _literal(node)
        case Name(name=name):
            return name
        case Select(operand=operand, field=field, is_test=is_test):
            text = f"{_written(operand, _MEMBER)}.{field}"
            return f"has({text})" if is_test else text
        case Index(operand=operand, index=index):
            return f"{_written(operand, _MEMBER)}[{written(index)}]"
        case Call(function=function, target=target, arguments=arguments):
            before = "" if target is None else f"{_written(target, _MEMBER)}."
            return f"{before}{function}({', '.join(map(written, arguments))})"
        case Loop(function=function, items=items, variable=variable, bodies=bodies):
            return f"{_written(items, _MEMBER)}.{function}({', '.join((variable, *map(written, bodies)))})"
        case ListOf(items=listed):
            return f"[{', '.join(map(written, listed))}]"
        case MapOf(entries=entries):
            return f"{{{', '.join(f'{written(key)}: {written(value)}' for key, value in entries)}}}"
    raise TypeError(f"no expression has a {type(node).__name__} here")


def _literal(literal: Literal) -> str:
    value = literal.value
    if isinstance(value, bytes):
        escaped = "".join(f"\\x{byte:02x}" for byte in value)
        return f'b"{escaped}"'
    if literal.kind is Kind.TEXT:
        characters = "".join(map(_character, str(value)))
        return f'"{characters}"'
    if literal.kind is Kind.UINT:
        return f"{value}u"
    if literal.kind is Kind.DOUBLE:
        text = repr(value)
        # A number that is whole has a point all the same, or it would be an int; an exponent is enough.
        return text if "." in text or "e" in text else f"{text}.0"
    return str(value)


def _character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if character.isprintable() else f"\\U{ord(character):08x}"
