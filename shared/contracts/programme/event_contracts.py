"""The contracts that follow from a community's own event types: what a platform sends, and what rules read."""

from collections.abc import Collection, Mapping
from functools import lru_cache, reduce
from operator import or_
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Discriminator, Field, FiniteFloat, StringConstraints, TypeAdapter
from typing_extensions import TypedDict, get_type_hints

from shared.contracts.activities.common import ActivityData, Envelope, SaidData
from shared.contracts.activities.told import bare, told_contract
from shared.contracts.fields import CLOSED, INTEGER_MAX
from shared.contracts.programme.event_types import CHANNELS, CustomEventType, EventField

#: Contracts that a process keeps, some 50 kB each; those not used for longest go first.
CONTRACTS_MAX_COUNT = 500

_make: Any = TypedDict
NOTHING_ELSE: Mapping[str, Any] = {}


def sent_contract(kind: CustomEventType) -> TypeAdapter[Any]:
    """What a platform sends as an event of this type; fields that are personal stand among the others."""
    return _sent(kind.model_dump_json())


def batch_contract(kinds: Collection[CustomEventType], channels: Collection[str]) -> TypeAdapter[list[Any]]:
    """What a platform sends as a batch of events of these types, on these channels beside the built-in ones."""
    channel: Any = Literal[(*CHANNELS, *channels)]
    said = {"channel": channel}
    events = [_envelope(kind, said) for kind in kinds]
    one: Any = reduce(or_, events)
    batch: Any = list[one] if len(events) == 1 else list[Annotated[one, Discriminator("type")]]
    return TypeAdapter(batch)


def read_contract(kind: CustomEventType) -> Any:
    """What conditions of rules read of such an event's data, a TypedDict."""
    return _read(kind.model_dump_json())


@lru_cache(maxsize=CONTRACTS_MAX_COUNT)
def _sent(said: str) -> TypeAdapter[Any]:
    return TypeAdapter(_envelope(CustomEventType.model_validate_json(said), {}))


@lru_cache(maxsize=CONTRACTS_MAX_COUNT)
def _read(said: str) -> Any:
    kind = CustomEventType.model_validate_json(said)
    return told_contract(_data(kind, [field for field in kind.fields if field.is_read]))


def _envelope(kind: CustomEventType, said: Mapping[str, Any]) -> Any:
    """An event of a type as a TypedDict; `said` are hints of its data in place of those that they have."""
    data = _data(kind, kind.fields, said)
    envelope = _make("CustomEvent", _hints(Envelope) | {"type": Literal[kind.id], "data": data})
    envelope.__pydantic_config__ = Envelope.__pydantic_config__  # type: ignore[attr-defined]
    return envelope


def _data(kind: CustomEventType, fields: list[EventField], said: Mapping[str, Any] = NOTHING_ELSE) -> Any:
    base: Any = SaidData if kind.written else ActivityData
    # With whether each must be there: that is part of these hints alone.
    data = _make("CustomData", _hints(base) | dict(said) | {field.name: _contract(field) for field in fields})
    data.__pydantic_config__ = CLOSED
    return data


def _hints(contract: Any) -> dict[str, Any]:
    """The fields of a TypedDict as they were declared."""
    return {
        name: hint if name in contract.__required_keys__ else NotRequired[bare(hint)]
        for name, hint in get_type_hints(contract, include_extras=True).items()
    }


def _contract(field: EventField) -> Any:
    contract: Any
    match field.type:
        case "text":
            contract = Annotated[str, StringConstraints(max_length=field.text_max_chars, pattern=r"^[^\x00]*$")]
        case "choice":
            contract = Literal[tuple(field.values or ())]
        case "boolean":
            contract = bool
        case "integer":
            least = -INTEGER_MAX - 1 if field.min is None else field.min
            contract = Annotated[int, Field(ge=least, le=INTEGER_MAX if field.max is None else field.max)]
        case "number":
            contract = Annotated[FiniteFloat, Field(ge=field.min, le=field.max)]
    return contract if field.required else NotRequired[contract]
