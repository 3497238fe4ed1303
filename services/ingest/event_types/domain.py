"""A community's own types of events and channels, by which the front door reads what is sent."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from shared.contracts.activities import ACTIVITY_ADAPTER, ACTIVITY_TYPES, Fault, faults
from shared.contracts.activities.told import PERSONAL
from shared.contracts.identities import NamedIdentity
from shared.contracts.programme import CustomEventType, EventChannel, Events
from shared.contracts.programme.event_contracts import batch_contract, sent_contract
from shared.contracts.programme.event_types import CHANNELS

#: Declarations that a process keeps read; those not used for longest go first.
DECLARATIONS_MAX_COUNT = 1_000
#: Contracts of batches that a process keeps, some 50 kB for each type of the declaration.
BATCH_CONTRACTS_MAX_COUNT = 200
#: Of what type the first event of a request is; a guess, by which the way to read it is chosen.
_TYPE = re.compile(rb'"type"[ \t\r\n]*:[ \t\r\n]*"([^"\\]{1,64})"')
#: Each channel of a community's own is read as this one, which the contracts know.
_STANDS_IN: Final = "import"
#: What has a person in it, by its name in an event's data; None for the actor's own place.
_THINGS: Final = ("object", "in_reply_to")
_NONE: Final = frozenset[str]()


class UnknownChannelError(Exception):
    """A channel that is neither built in nor declared by the community."""

    def __init__(self, channel: str, known: Sequence[str], place: int) -> None:
        self.channel = channel
        #: Which of several identities is on it, from 0.
        self.place = place
        self.known = known
        super().__init__(f"There is no channel `{channel}`")


class Read(NamedTuple):
    """An event that was read, or what is wrong with it."""

    event: dict[str, Any]
    faults: list[Fault]


@dataclass(frozen=True, eq=False)
class DeclaredTypes:
    """What one version of a community's programme declares of events."""

    types: Mapping[str, CustomEventType]
    channels: Mapping[str, EventChannel]

    @property
    def names(self) -> Iterator[str]:
        """The types that are taken, the built-in ones first."""
        yield from ACTIVITY_TYPES
        yield from (name for name, kind in self.types.items() if not kind.retired)

    def contract(self, name: str) -> TypeAdapter[Any]:
        """How events of a declared type are read."""
        return _contract(self._said[name])

    @cached_property
    def _said(self) -> Mapping[str, str]:
        """Each type as JSON: to write it costs as much as to read an event."""
        return {name: kind.model_dump_json() for name, kind in self.types.items()}

    @cached_property
    def _personal(self) -> Mapping[str, frozenset[str]]:
        """The personal fields of each type that has any."""
        found = {name: _personal_fields(kind) for name, kind in self.types.items()}
        return {name: fields for name, fields in found.items() if fields}

    def read_all(self, body: bytes) -> list[dict[str, Any]] | None:
        """Read a batch whose events are all valid and of the community's own types, in one step.

        None for any other, which is then read event by event: that takes three times as long.
        """
        if not self.types or (named := _TYPE.search(body)) is None:
            return None
        kind = self.types.get(named[1].decode("ascii", "replace"))
        if kind is None or kind.retired:
            return None
        try:
            events: list[dict[str, Any]] = _batch_contract(self).validator.validate_json(body)
        except ValidationError:
            return None
        for event in events:
            self._put_in_order(event)
        return events

    def _put_in_order(self, event: dict[str, Any]) -> None:
        """What the contract does not do: set apart what is personal, and spell addresses as their channel does."""
        data = event["data"]
        if (channel := self.channels.get(data["channel"])) is not None and channel.addresses == "any_case":
            _lower_addresses(data)
        if self._personal and (personal := data.keys() & self._personal.get(event["type"], _NONE)):
            data[PERSONAL] = {name: data.pop(name) for name in sorted(personal)}

    def as_compared(self, identity: NamedIdentity) -> NamedIdentity:
        """An identity as its channel compares ids of people: on one of the community's own as that is declared."""
        channel = self.channels.get(identity.channel)
        if channel is None or channel.addresses == "exact" or "@" not in identity.id[1:-1]:
            return identity
        return identity._replace(id=identity.id.lower())

    def check_channel(self, channel: str, *, place: int) -> None:
        """Raise UnknownChannelError for a channel that is neither built in nor declared."""
        if channel not in CHANNELS and channel not in self.channels:
            raise UnknownChannelError(channel, [*CHANNELS, *self.channels], place)

    def why_not(self, named: Any) -> str | None:
        """What is wrong with the type that an event says; None where there is such a type."""
        if isinstance(named, str) and named in ACTIVITY_TYPES:
            return None
        if isinstance(named, str) and (kind := self.types.get(named)) is not None:
            return (
                "is retired by the community's programme: no events of this type are taken" * kind.retired or None
            )
        what = "is missing" if named is None else f"unknown type {named!r:.100}"
        return f"{what}; known are {', '.join(self.names)}"

    def read(self, said: Mapping[str, Any]) -> Read:
        """Read an event of a type that there is; of a type of the community's own what is personal stands apart.

        Under the name `personal` it stays with ingest: whoever reads the event later need not know the type.
        """
        channel = said["data"].get("channel") if isinstance(said.get("data"), dict) else None
        is_own = isinstance(channel, str) and channel in self.channels
        if is_own:
            said = {**said, "data": {**said["data"], "channel": _STANDS_IN}}
        contract = self.contract(said["type"]) if said["type"] in self.types else None
        adapter = ACTIVITY_ADAPTER if contract is None else contract
        try:
            event: dict[str, Any] = adapter.validate_json(to_json(said))
        except ValidationError as error:
            return Read({}, faults(error, is_chosen_by_type=contract is None))
        if is_own:
            event["data"]["channel"] = channel
        self._put_in_order(event)
        return Read(event, [])


NOTHING_DECLARED: Final = DeclaredTypes({}, {})


def declared_types(said: str) -> DeclaredTypes:
    """What a declaration says, as JSON."""
    return _declared(said)


@lru_cache(maxsize=DECLARATIONS_MAX_COUNT)
def _declared(said: str) -> DeclaredTypes:
    events = Events.model_validate_json(said)
    return DeclaredTypes(
        {kind.id: kind for kind in events.types},
        {channel.id: channel for channel in events.channels},
    )


@lru_cache(maxsize=DECLARATIONS_MAX_COUNT)
def _contract(said: str) -> TypeAdapter[Any]:
    return sent_contract(CustomEventType.model_validate_json(said))


@lru_cache(maxsize=BATCH_CONTRACTS_MAX_COUNT)
def _batch_contract(declared: DeclaredTypes) -> TypeAdapter[list[Any]]:
    return batch_contract([kind for kind in declared.types.values() if not kind.retired], declared.channels)


def _personal_fields(kind: CustomEventType) -> frozenset[str]:
    return frozenset(field.name for field in kind.fields if field.personal)


def _lower_addresses(data: dict[str, Any]) -> None:
    """Write the addresses by which people are known in small letters: so they are compared."""
    people = [data[name]["author"] for name in _THINGS if "author" in data.get(name, {})]
    people += data.get("contributors", ())
    for person in [data["actor"], *people] if "actor" in data else people:
        if "@" in person["id"][1:-1]:
            person["id"] = person["id"].lower()
