"""What a condition can cost at most, before it has seen an event: steps, and what values can grow to.

A bound, not a guess: loops count for the most that they can go over, both sides of && and || count, and of the
branches of ?: the dearer one. A step is some 20 ns; the weights were measured
(docs/adr/0013-what-a-condition-may-cost.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce

from services.scoring.rules.domain import regexes
from services.scoring.rules.domain.attributes import MEMBER, NONE_DECLARED, Declared
from services.scoring.rules.domain.extents import (
    ANYTHING,
    EVENT,
    SCALAR,
    Extent,
    data_extent,
    list_of,
    map_of,
    member_extent,
    text_of,
)
from services.scoring.rules.domain.kinds import EventKind
from shared.conditions.errors import ConditionError
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
    children,
)

#: What one condition may take for one event: half a millisecond.
CONDITION_STEPS_MAX_COUNT = 25_000
#: What all conditions on one type of event may take for one event: a millisecond.
EVENT_STEPS_MAX_COUNT = 50_000
#: What a value within a condition may grow to, in characters.
VALUE_MAX_CHARS = 200_000
#: The steps of what has no bound.
UNBOUNDED = 10**12

_NODE_STEPS = 8
_MEMBER_STEPS = 12
_ENTRY_STEPS = 8
_ROUND_STEPS = 15
_COPY_STEPS = 3
#: For each value in one that comes out.
_RESULT_STEPS = 12
_STEP_CHARS = 100
#: Of text that is looked at from one end to the other.
_READ_CHARS = 40
#: Of text that is looked through for ASCII, and for text that may repeat itself in characters of several bytes.
_SEARCHED_CHARS = 15
_SEARCHED_WIDE_CHARS = 5
#: Of text that is a key of a map, or is looked for among them.
_KEY_CHARS = 25
#: Of text that becomes one of Python's, as a result or in an error.
_GIVEN_CHARS = 5
#: For each character of text that is no duration: the error has it several times.
_NO_DURATION_STEPS = 2
#: A number as text: the largest double is written without an exponent.
_NUMBER_CHARS = 350
_SCALAR_FUNCTIONS = frozenset({"int", "uint", "double", "timestamp", "duration", "type"})
_BUILDS_LIST = frozenset({"map", "filter"})


@dataclass(slots=True)
class Bound:
    """What an expression can cost: `steps` for one event, its dear `parts` (steps, place, advice), what is wrong.

    `extent` is how large its value can be.
    """

    steps: int = 0
    extent: Extent = SCALAR
    refusals: list[ConditionError] = field(default_factory=list)
    parts: list[tuple[int, int, str]] = field(default_factory=list)

    def check(self) -> None:
        """Raise ConditionError when it is more than a condition may cost, saying what to write instead."""
        if self.refusals:
            raise self.refusals[0]
        if self.steps > CONDITION_STEPS_MAX_COUNT:
            steps = "more than a million million" if self.steps >= UNBOUNDED else f"up to {self.steps:,}"
            said = (
                f"the condition can take {steps} steps for one event, and may take {CONDITION_STEPS_MAX_COUNT:,}"
            )
            if not self.parts:
                raise ConditionError(f"{said}; write a shorter one, or several rules")
            _, at, advice = max(self.parts)
            raise ConditionError(f"{said}; {advice}", at)


def bound_of(node: Node, event_types: tuple[EventKind, ...], declared: Declared = NONE_DECLARED) -> Bound:
    """The bound of a condition on events of these types; `declared` are the attributes that it may read."""
    bound = Bound()
    names = {"event": EVENT, "data": data_extent(event_types), MEMBER: member_extent(declared)}
    steps, bound.extent = _Judge(bound).cost(node, names, loops=0)
    bound.steps = min(steps + _given(bound.extent), UNBOUNDED)
    return bound


Cost = tuple[int, Extent]


class _Judge:
    """Goes through a tree with the extent of each name; what it finds wrong and dear goes into `bound`."""

    def __init__(self, bound: Bound) -> None:
        self._bound = bound

    def cost(self, node: Node, names: Mapping[str, Extent], loops: int) -> Cost:
        """The steps of a node with all below it, and how large its value can be."""
        steps, extent = self._cost(node, names, loops)
        if extent.chars > VALUE_MAX_CHARS or extent.nodes > VALUE_MAX_CHARS:
            most = max(extent.chars, extent.nodes)
            size = f"{most:,} characters" if most < UNBOUNDED else "more than memory has"
            if not self._bound.refusals:
                self._refuse(
                    f"this can grow to {size}, and a value may have {VALUE_MAX_CHARS:,}; join and repeat less",
                    node.at,
                )
            return UNBOUNDED, ANYTHING
        return min(steps, UNBOUNDED), extent

    def _cost(self, node: Node, names: Mapping[str, Extent], loops: int) -> Cost:  # noqa: PLR0911 -- one for each node
        match node:
            case Literal(kind=kind, value=value):
                is_text = kind in {Kind.TEXT, Kind.BYTES}
                return _NODE_STEPS // 2, text_of(len(str(value))) if is_text else SCALAR
            case Name(name=name):
                return _NODE_STEPS, names.get(name, ANYTHING)
            case Loop():
                return self._loop(node, names, loops)
            case Call():
                return self._call(node, names, loops)
            case Chain(first=first, rest=rest):
                whole = self.cost(first, names, loops)
                for sign, operand in rest:
                    whole = _operation(sign, whole, self.cost(operand, names, loops))
                return whole
            case Ternary(condition=condition, then=then, otherwise=otherwise):
                asked, _ = self.cost(condition, names, loops)
                (one, one_extent), (other, other_extent) = (
                    self.cost(branch, names, loops) for branch in (then, otherwise)
                )
                return asked + max(one, other) + _NODE_STEPS, one_extent.union(other_extent)
        return _composed(node, [self.cost(child, names, loops) for child in children(node)])

    def _loop(self, loop: Loop, names: Mapping[str, Extent], loops: int) -> Cost:
        before, items = self.cost(loop.items, names, loops)
        item = items.item or SCALAR
        inner = dict(names) | {loop.variable: item}
        costs = [self.cost(body, inner, loops + 1) for body in loop.bodies]
        count = items.size
        steps = count * (_ROUND_STEPS + _copied(item) + sum(own for own, _ in costs))
        if loop.function in _BUILDS_LIST:
            # The evaluator copies what it has so far for each item, with all that is in it.
            built = costs[-1][1] if loop.function == "map" else item
            steps += count * count * _COPY_STEPS * built.nodes
        whole = before + steps
        self._bound.parts.append(
            (
                min(whole, UNBOUNDED),
                loop.at,
                f"this loop goes over up to {count:,} items: loop over fewer, put no loop into another, or ask"
                ' with `in`, as in data.channel in ["chat", "forum"]',
            )
        )
        if loop.function == "map":
            return whole, list_of(count, costs[-1][1])
        return whole, list_of(count, item) if loop.function == "filter" else SCALAR

    def _call(self, call: Call, names: Mapping[str, Extent], loops: int) -> Cost:  # noqa: PLR0911 -- one for each kind
        below = [self.cost(child, names, loops) for child in children(call)]
        steps = sum(own for own, _ in below) + _MEMBER_STEPS
        extents = [extent for _, extent in below]
        first = extents[0] if extents else SCALAR
        chars = sum(extent.chars for extent in extents)
        match call.function:
            case "matches":
                return steps + self._matches(call, first, loops), SCALAR
            case "contains":
                each = _SEARCHED_CHARS if _is_ascii(call.arguments) else _SEARCHED_WIDE_CHARS
                return steps + chars // each, SCALAR
            case "dyn":
                return steps, first
            case "string":
                return steps + chars // _READ_CHARS, text_of(max(first.chars, _NUMBER_CHARS))
            case "duration":
                return steps + chars * _NO_DURATION_STEPS, SCALAR
            case "bytes":
                return steps + chars // _READ_CHARS, text_of(4 * first.chars)
        return steps + chars // _READ_CHARS, SCALAR

    def _matches(self, call: Call, text: Extent, loops: int) -> int:
        pattern = call.arguments[-1] if call.arguments else None
        if not (isinstance(pattern, Literal) and pattern.kind is Kind.TEXT):
            self._refuse(
                "`matches` takes a regular expression that is written out in quotes, as in"
                ' data.object.id.matches("^team-[0-9]+$")',
                call.at,
            )
            return UNBOUNDED
        if loops:
            self._refuse(
                "`matches` cannot stand in a loop: its regular expression would be made for every item. Write the"
                ' alternatives into one, as in data.object.id.matches("^(ann|bob)-")',
                call.at,
            )
            return UNBOUNDED
        try:
            size = regexes.size_of(str(pattern.value))
        except ConditionError as refused:
            self._refuse(refused.detail, pattern.at)
            return UNBOUNDED
        steps = size.steps + size.search_steps(text.chars)
        advice = (
            f"this regular expression is dear over up to {text.chars:,} characters: use `contains` or"
            " `startsWith`, begin it with ^, repeat less; \\w, \\d, \\p and (?i) are of all of Unicode, so write"
            " [a-z0-9_]"
        )
        self._bound.parts.append((steps, call.at, advice))
        return steps

    def _refuse(self, detail: str, at: int) -> None:
        self._bound.refusals.append(ConditionError(detail, at))


def _composed(node: Node, below: list[Cost]) -> Cost:
    """The cost of a node that does no more than put together what is below it."""
    steps = sum(own for own, _ in below) + _NODE_STEPS
    extents = [extent for _, extent in below]
    match node:
        case Select(field=selected, is_test=is_test):
            found = _field(extents[0], selected)
            steps += _MEMBER_STEPS
            return (steps, SCALAR) if is_test else (steps + _taken_out(found), found)
        case Index():
            found = _indexed(extents[0])
            return steps + _MEMBER_STEPS + _taken_out(found) + extents[1].chars // _GIVEN_CHARS, found
        case ListOf():
            return steps + sum(map(_copied, extents)), _listed(extents)
        case MapOf(entries=entries):
            keys, values = extents[::2], extents[1::2]
            union = (reduce(Extent.union, part, SCALAR) for part in (keys, values))
            keyed = sum(key.chars for key in keys) // _KEY_CHARS
            whole = steps + keyed + _MEMBER_STEPS * len(entries) + sum(map(_copied, extents))
            return whole, map_of(len(entries), *union)
        case Unary(count=count):
            # Twice is not at all, whatever the value is.
            return steps + count, SCALAR if count % 2 else extents[0]
        case Logic(operands=operands):
            return steps + _NODE_STEPS * len(operands), SCALAR
    raise TypeError(f"nothing is known of what {type(node).__name__} costs")


def _operation(sign: str, left: Cost, right: Cost) -> Cost:
    (left_steps, one), (right_steps, other) = left, right
    steps = left_steps + right_steps + _NODE_STEPS
    if sign == "in":
        each = min(_compared(one), _compared(other.item or SCALAR))
        # What is looked for in a map becomes a key first: it is copied, and read for its hash.
        keyed = one.chars // _KEY_CHARS if _is_map(other) else 0
        return steps + keyed + _taken_out(one) + other.size * each, SCALAR
    if sign == "+":
        copied = _taken_out(one) + _taken_out(other)
        return steps + copied + (one.size + other.size) // _STEP_CHARS, _joined(one, other)
    if sign in {"-", "*", "/", "%"}:
        # What cannot be calculated with is copied into the error.
        return steps + _taken_out(one) + _taken_out(other), SCALAR
    return steps + min(_compared(one), _compared(other)), SCALAR


def _is_map(extent: Extent) -> bool:
    return extent.value is not None or extent.fields is not None


def _compared(extent: Extent) -> int:
    """The steps to compare a whole value with another."""
    return extent.nodes * _ENTRY_STEPS // 2 + extent.chars // _STEP_CHARS


def _joined(one: Extent, other: Extent) -> Extent:
    both = one.union(other)
    return Extent(one.size + other.size, one.chars + other.chars, one.nodes + other.nodes, both.item, both.value)


def _field(extent: Extent, name: str) -> Extent:
    if extent.fields is not None:
        return extent.fields.get(name, SCALAR)
    return extent.value or SCALAR


def _indexed(extent: Extent) -> Extent:
    if extent.value is None:
        return extent.item or SCALAR
    return extent.value if extent.item is None else extent.value.union(extent.item)


def _taken_out(extent: Extent) -> int:
    """The steps to take a value out of what holds it: a map or list is copied, with all that is in it."""
    return extent.nodes * _ENTRY_STEPS // 2 if extent.is_container else 0


def _given(extent: Extent) -> int:
    """The steps to make a value of Python's of what comes out, also where it is neither true nor false."""
    return extent.nodes * _RESULT_STEPS + extent.chars // _GIVEN_CHARS


def _is_ascii(arguments: tuple[Node, ...]) -> bool:
    """Whether it is ASCII that is looked for, and written out."""
    return all(isinstance(one, Literal) and str(one.value).isascii() for one in arguments)


def _copied(extent: Extent) -> int:
    """The steps to put a value into a list or a map, or to give it to a loop: all in it is copied, but no text."""
    return extent.nodes * _COPY_STEPS if extent.is_container else 0


def _listed(items: list[Extent]) -> Extent:
    item = reduce(Extent.union, items, SCALAR)
    chars, nodes = (1 + sum(getattr(one, part) for one in items) for part in ("chars", "nodes"))
    return Extent(len(items), chars, nodes, item)
