"""How large the values of an event can be, by the contracts of its type, and an event as large as that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, reduce
from types import MappingProxyType, UnionType
from typing import Annotated, Any, Literal, NotRequired, Required, Union, get_args, get_origin

from annotated_types import MaxLen
from pydantic import StringConstraints
from pydantic.fields import FieldInfo
from typing_extensions import get_type_hints, is_typeddict

from services.scoring.rules.domain.attributes import Declared
from services.scoring.rules.domain.kinds import EventKind, data_contract
from services.scoring.rules.domain.qualities import REAL
from shared.contracts.fields import ATTRIBUTE_MAX_CHARS, ID_MAX_CHARS, URI_MAX_CHARS

#: What the front door takes of one event, in characters; no value of one is larger.
EVENT_MAX_CHARS = 65_536
#: Text of a pattern, without a length of its own.
PATTERN_MAX_CHARS = 64
#: What is kept of types of events: the largest and the smallest of each, and what several may be.
EXTENTS_MAX_COUNT = 500


@dataclass(frozen=True, slots=True)
class Extent:
    """The most that a value can be.

    `size` counts the characters of text, the items of a list or the entries of a map; `chars` all characters in
    it, a number for one; `nodes` all values in it. A loop takes each `item`: of a map those are its keys. `value`
    is what an index finds in a map; `fields` are the fields that a record has.
    """

    size: int = 0
    chars: int = 1
    nodes: int = 1
    item: "Extent | None" = None
    value: "Extent | None" = None
    fields: Mapping[str, "Extent"] | None = None

    @property
    def is_container(self) -> bool:
        """Whether it can hold other values."""
        return self.item is not None or self.value is not None or self.fields is not None

    def union(self, other: "Extent") -> "Extent":
        """The extent of a value that is either."""
        if self == other:
            return self
        # What may be another map as well can have any field, of which `value` has the extent.
        fields = other.fields if not self.is_container else self.fields if not other.is_container else None
        if self.fields is not None and other.fields is not None:
            names = [*self.fields, *(name for name in other.fields if name not in self.fields)]
            fields = {name: _either(self.fields.get(name), other.fields.get(name)) or SCALAR for name in names}
        return Extent(
            max(self.size, other.size),
            max(self.chars, other.chars),
            max(self.nodes, other.nodes),
            _either(self.item, other.item),
            _either(self.value, other.value),
            fields,
        )


def _either(one: Extent | None, other: Extent | None) -> Extent | None:
    if one is None or other is None:
        return one or other
    return one.union(other)


#: A number, a truth value, a moment, nothing.
SCALAR = Extent()
_INNERMOST = Extent(EVENT_MAX_CHARS, EVENT_MAX_CHARS, EVENT_MAX_CHARS)
#: A value of which nothing is known.
ANYTHING = Extent(EVENT_MAX_CHARS, EVENT_MAX_CHARS, EVENT_MAX_CHARS, _INNERMOST, _INNERMOST)


def text_of(chars: int) -> Extent:
    """Text of at most so many characters."""
    return Extent(chars, chars)


def list_of(count: int, item: Extent) -> Extent:
    """A list of at most so many items."""
    return Extent(count, count * item.chars + 1, count * item.nodes + 1, item=item)


def map_of(count: int, key: Extent, value: Extent) -> Extent:
    """A map of at most so many entries."""
    chars, nodes = key.chars + value.chars, key.nodes + value.nodes
    return Extent(count, count * chars + 1, count * nodes + 1, key, value)


def record_of(fields: Mapping[str, Extent]) -> Extent:
    """A map with these entries and no others."""
    values = reduce(Extent.union, fields.values(), SCALAR)
    return Extent(
        len(fields),
        1 + sum(len(name) + field.chars for name, field in fields.items()),
        1 + sum(1 + field.nodes for field in fields.values()),
        text_of(max(map(len, fields), default=0)),
        values,
        MappingProxyType(dict(fields)),
    )


EVENT = record_of(
    {
        "id": text_of(ID_MAX_CHARS),
        "source": text_of(URI_MAX_CHARS),
        "type": text_of(PATTERN_MAX_CHARS),
        "time": SCALAR,
    }
)


@lru_cache(maxsize=EXTENTS_MAX_COUNT)
def data_extent(kinds: tuple[EventKind, ...]) -> Extent:
    """The extent of the `data` of events of these types."""
    return reduce(Extent.union, (_extent(data_contract(kind)) for kind in kinds))


def member_extent(declared: Declared) -> Extent:
    """The extent of a member with these attributes."""
    return record_of(
        {name: text_of(ATTRIBUTE_MAX_CHARS) if kind == "text" else SCALAR for name, kind in declared.items()}
    )


def example_member(declared: Declared, *, is_largest: bool) -> dict[str, Any]:
    """A member who has every attribute, each either small or as large as it may be."""
    text = "x" * (ATTRIBUTE_MAX_CHARS if is_largest else 1)
    return {name: {"number": 1, "boolean": True, REAL: 1.0}.get(kind, text) for name, kind in declared.items()}


@lru_cache(maxsize=EXTENTS_MAX_COUNT)
def example_event(kind: EventKind, *, is_largest: bool) -> Mapping[str, Mapping[str, Any]]:
    """An event that has every field, each either small or as large as it may be: the variables of a condition.

    The fields of the largest together may be more than one event may have.
    """
    event = {
        "id": "1" * (ID_MAX_CHARS if is_largest else 1),
        "source": "s" * (URI_MAX_CHARS if is_largest else 1),
        "type": str(kind),
        "time": datetime(2026, 1, 5, 12, tzinfo=UTC),
    }
    return {"event": event, "data": _example(data_contract(kind), is_largest)}


def contract_fields(contract: Any) -> dict[str, Any] | None:
    """The contracts of the fields that a contract names, or None when it is not of a record."""
    contract, _ = bare_contract(contract)
    return get_type_hints(contract, include_extras=True) if is_typeddict(contract) else None


def bare_contract(contract: Any, most: int | None = None) -> tuple[Any, int | None]:
    """A contract without what is said around it, and the length that this allows."""
    while get_origin(contract) in {Annotated, NotRequired, Required}:
        contract, *said = get_args(contract)
        for one in said:
            most = _length(one) or most
    return contract, most


def _length(said: Any) -> int | None:
    """The greatest length that an annotation allows, if it speaks of one."""
    if isinstance(said, StringConstraints):
        return said.max_length
    if isinstance(said, FieldInfo):
        return next((one.max_length for one in said.metadata if isinstance(one, MaxLen)), None)
    return said.max_length if isinstance(said, MaxLen) else None


def _alternatives(contract: Any) -> Iterable[Any]:
    return get_args(contract) if get_origin(contract) in {Union, UnionType} else ()


def _extent(contract: Any) -> Extent:  # noqa: PLR0911 -- one for each kind of contract
    contract, most = bare_contract(contract)
    fields = contract_fields(contract)
    if fields is not None:
        return record_of({name: _extent(field) for name, field in fields.items()})
    if alternatives := _alternatives(contract):
        return reduce(Extent.union, map(_extent, alternatives))
    origin, arguments = get_origin(contract), get_args(contract)
    if origin is Literal:
        return text_of(max(len(str(value)) for value in arguments))
    if origin is dict:
        return map_of(EVENT_MAX_CHARS if most is None else most, *map(_extent, arguments))
    if origin is list:
        return list_of(EVENT_MAX_CHARS if most is None else most, _extent(arguments[0]))
    if contract is str:
        return text_of(PATTERN_MAX_CHARS if most is None else most)
    return SCALAR if contract in {int, float, bool, datetime} else ANYTHING


def _example(contract: Any, is_largest: bool) -> Any:  # noqa: PLR0911 -- one for each kind of contract
    contract, most = bare_contract(contract)
    fields = contract_fields(contract)
    if fields is not None:
        return {name: _example(field, is_largest) for name, field in fields.items()}
    if alternatives := _alternatives(contract):
        return _example(next(iter(alternatives)), is_largest)
    origin, arguments = get_origin(contract), get_args(contract)
    if origin is Literal:
        return max(arguments, key=lambda value: len(str(value))) if is_largest else arguments[0]
    if origin is dict:
        return {f"field_{number}": _example(arguments[1], is_largest) for number in range(most or 0) if is_largest}
    if origin is list:
        return [_example(arguments[0], is_largest)] * (most or 0 if is_largest else 0)
    if contract is str:
        return "x" * (PATTERN_MAX_CHARS if most is None else most) if is_largest else "example"
    return {int: 1, float: 1.0, bool: True}.get(contract, "example")
