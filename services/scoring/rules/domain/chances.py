"""Whether a condition can ever be true, by what the contracts say that an event must and may have.

An approximation on the safe side: what is not understood may be true. What it finds can never be.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise, product
from typing import Any, Literal, get_args, get_origin

from services.scoring.rules.domain.extents import bare_contract, contract_fields
from services.scoring.rules.domain.kinds import EventKind, data_contract
from shared.conditions.absences import is_null, presence
from shared.conditions.tokens import Kind
from shared.conditions.tree import Chain, Logic, Loop, Name, Node, Select, Ternary, Unary, children, walk, written
from shared.conditions.tree import Literal as LiteralNode

#: Fields that may be absent, of which every combination is tried; a condition that asks for more may be true.
ABSENCES_MAX_COUNT = 6

#: What a condition can come to; None is no answer.
Outcomes = frozenset[bool | None]
TRUE, FALSE, NO_ANSWER = frozenset({True}), frozenset({False}), frozenset[bool | None]({None})
ANY: Outcomes = frozenset({True, False, None})


def can_hold(condition: Node, event_types: Iterable[EventKind]) -> bool:
    """Whether the condition, as it is evaluated, may be true for an event of one of the types."""
    return any(_can_hold(condition, event_type) for event_type in event_types)


def _can_hold(condition: Node, event_type: EventKind) -> bool:
    questions = {written(node): node for node in walk(condition) if isinstance(node, Select) and node.is_test}
    known: dict[str, bool] = {}
    open_: list[str] = []
    for text, question in questions.items():
        said = _is_there(question, event_type)
        if said is None:
            open_.append(text)
        else:
            known[text] = said
    if len(open_) > ABSENCES_MAX_COUNT:
        return True
    return any(
        True in _Case(event_type, known | dict(zip(open_, there, strict=True))).outcomes(condition)
        for there in product((True, False), repeat=len(open_))
    )


def _path(node: Node) -> list[str] | None:
    """The fields behind `data` or `event`, with that name first; None for anything else."""
    fields: list[str] = []
    while isinstance(node, Select):
        fields.insert(0, node.field)
        node = node.operand
    return [node.name, *fields] if isinstance(node, Name) and node.name in {"data", "event"} else None


def _is_there(question: Select, event_type: EventKind) -> bool | None:
    """Whether what has(…) asks for is always there (True), never (False), or at times."""
    path = _path(question)
    if path is None:
        return None
    if path[0] == "event":
        return True
    contract: Any = data_contract(event_type)
    is_certain = True
    for field in path[1:]:
        fields = contract_fields(contract)
        if fields is None:
            return None
        if field not in fields:
            return False
        record, _ = bare_contract(contract)
        is_certain = is_certain and field in record.__required_keys__
        contract = fields[field]
    return True if is_certain else None


def _values(node: Node, event_type: EventKind) -> tuple[Any, ...] | None:
    """The values that a field can have, where the contract lists them."""
    path = _path(node)
    if path == ["event", "type"]:
        return (str(event_type),)
    if path is None or path[0] != "data":
        return None
    contract: Any = data_contract(event_type)
    for field in path[1:]:
        fields = contract_fields(contract) or {}
        if field not in fields:
            return None
        contract = fields[field]
    contract, _ = bare_contract(contract)
    return get_args(contract) if get_origin(contract) is Literal else None


class _Case:
    """An event of a type in which it is known of each field that is asked for whether it is there."""

    def __init__(self, event_type: EventKind, there: Mapping[str, bool]) -> None:
        self._event_type = event_type
        self._there = there

    def outcomes(self, node: Node) -> Outcomes:  # noqa: PLR0911 -- one for each kind of node
        """All that the node may come to."""
        match node:
            case LiteralNode(kind=Kind.SIGN, value="true" | "false" as value):
                return TRUE if value == "true" else FALSE
            case Select(is_test=True):
                return TRUE if self._there[written(node)] else FALSE
            case Unary(sign="!", count=count, operand=operand):
                found = self.outcomes(operand)
                return found if count % 2 == 0 else frozenset(None if one is None else not one for one in found)
            case Logic(sign=sign, operands=operands):
                return self._logic(sign, operands)
            case Ternary(condition=condition, then=then, otherwise=otherwise):
                asked = self.outcomes(condition)
                return (
                    (self.outcomes(then) if True in asked else frozenset())
                    | (self.outcomes(otherwise) if False in asked else frozenset())
                    | (asked & NO_ANSWER)
                )
        if self._lacks_a_field(node):
            return NO_ANSWER
        return self._comparison(node) if isinstance(node, Chain) else ANY

    def _logic(self, sign: str, operands: tuple[Node, ...]) -> Outcomes:
        decides = sign == "||"
        found: Outcomes = frozenset({not decides})
        for operand in operands:
            found = frozenset(
                decides if decides in pair else None if None in pair else not decides
                for pair in product(found, self.outcomes(operand))
            )
        if sign == "&&" and _contradict(operands):
            found -= TRUE
        return found

    def _lacks_a_field(self, node: Node) -> bool:
        """Whether a value that the node needs is not there, so that it has no answer."""
        return any(
            self._there.get(written(question)) is False
            for path in _needed(node)
            for question in presence(path) or ()
        )

    def _comparison(self, node: Chain) -> Outcomes:
        if len(node.rest) != 1:
            return ANY
        ((sign, second),) = node.rest
        first = node.first
        if sign in {"==", "!="}:
            if is_null(first) or is_null(second):
                path = second if is_null(first) else first
                # No field of an event is ever null: it is there, or it is not.
                return ANY if presence(path) is None else FALSE if sign == "==" else TRUE
            if isinstance(first, LiteralNode):
                first, second = second, first
            values = _values(first, self._event_type)
            if values is None or not isinstance(second, LiteralNode):
                return ANY
            is_equal: Outcomes = TRUE if values == (second.value,) else ANY if second.value in values else FALSE
            return is_equal if sign == "==" else frozenset(None if one is None else not one for one in is_equal)
        return ANY


def _needed(node: Node) -> Iterator[Node]:
    """The paths whose values a node without && and || needs, outermost ones alone."""
    if isinstance(node, Select) and node.is_test:
        return
    if isinstance(node, Logic | Ternary | Loop):
        return
    if _path(node) is not None:
        yield node
        return
    for child in children(node):
        yield from _needed(child)


def _contradict(operands: Iterable[Node]) -> bool:
    """Whether two sides say that one value is two: `a == 1 && a == 2`."""
    said = sorted(
        (written(path), value)
        for operand in operands
        if isinstance(operand, Chain) and len(operand.rest) == 1 and operand.rest[0][0] == "=="
        for path, other in ((operand.first, operand.rest[0][1]), (operand.rest[0][1], operand.first))
        if _path(path) is not None and isinstance(other, LiteralNode)
        for value in (written(other),)
    )
    return any(one[0] == next_[0] and one[1] != next_[1] for one, next_ in pairwise(said))
