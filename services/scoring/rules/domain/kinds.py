"""The types of events that conditions are on: built-in ones by name, a community's own with their contract."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from typing_extensions import get_type_hints

from shared.contracts.activities import ACTIVITIES, activity_type
from shared.contracts.activities.told import told_contract
from shared.contracts.programme import CustomEventType
from shared.contracts.programme.event_contracts import read_contract


@dataclass(frozen=True, slots=True)
class OwnType:
    """A type of a community's own: its name, and what conditions read of its data."""

    name: str
    contract: Any = field(repr=False)

    def __str__(self) -> str:
        """Its name."""
        return self.name


#: A type of event, written out as its name.
EventKind = str | OwnType
OwnTypes = Mapping[str, OwnType]


def own_types(declared: Iterable[CustomEventType]) -> dict[str, OwnType]:
    """The types that a programme declares, by their names."""
    return {kind.id: OwnType(kind.id, read_contract(kind)) for kind in declared}


def kinds_of(names: Iterable[str], own: OwnTypes) -> tuple[EventKind, ...]:
    """The types with these names."""
    return tuple(own.get(name, name) for name in names)


def data_contract(kind: EventKind) -> Any:
    """The contract of an event's `data` as it travels: neither names nor texts are there to be read."""
    return kind.contract if isinstance(kind, OwnType) else _built_in(kind)


@cache
def _built_in(event_type: str) -> Any:
    contract = next(activity for activity in ACTIVITIES if activity_type(activity) == event_type)
    return told_contract(get_type_hints(contract, include_extras=True)["data"])
