"""Types of events and channels only grow: what was accepted stays what its type says."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from shared.contracts.programme import CustomEventType, EventField, Events

_NEW: Final = "declare another version of the type beside it"


class Change(NamedTuple):
    """What cannot be changed of a declaration, by a JSON Pointer into the new document, and what to do instead."""

    field: str
    detail: str


class EventTypesChangedError(Exception):
    """A programme declares events otherwise than the version before it, and events were accepted by that."""

    def __init__(self, changes: Sequence[Change]) -> None:
        super().__init__("; ".join(change.detail for change in changes))
        self.changes = changes


def changes_refused(before: Events, after: Events) -> list[Change]:
    """What the programme after another must not say otherwise of events, in the order of the one before."""
    return [*_types(before, after), *_channels(before, after)]


def _types(before: Events, after: Events) -> Iterator[Change]:
    places = {kind.id: place for place, kind in enumerate(after.types)}
    for kind in before.types:
        place = places.get(kind.id)
        if place is None:
            yield Change("/events/types", f"`{kind.id}` is gone; write `retired: true` to take no more of it")
            continue
        at = f"/events/types/{place}"
        for name, detail in _type(kind, after.types[place]):
            yield Change(f"{at}{name}", f"`{kind.id}`: {detail}; {_NEW}")


def _type(before: CustomEventType, after: CustomEventType) -> Iterator[tuple[str, str]]:
    if before.written and not after.written:
        yield "/written", "events of it may have a text"
    places = {field.name: place for place, field in enumerate(after.fields)}
    for field in before.fields:
        place = places.get(field.name)
        if place is None:
            yield "/fields", f"the field `{field.name}` is gone"
        else:
            for what in _field(field, after.fields[place]):
                yield f"/fields/{place}", f"the field `{field.name}` {what}"
    known = {field.name for field in before.fields}
    for field in after.fields:
        if field.name not in known and field.required:
            yield (
                f"/fields/{places[field.name]}",
                f"the new field `{field.name}` is required, and earlier events lack it",
            )


def _field(before: EventField, after: EventField) -> Iterator[str]:
    if before.type != after.type:
        yield f"was of the type {before.type}"
        return
    if before.personal != after.personal:
        yield "was personal" if before.personal else "was not personal, and has travelled"
    if after.required and not before.required:
        yield "was not required"
    if after.text_max_chars < before.text_max_chars:
        yield f"took {before.text_max_chars} characters"
    if after.min is not None and (before.min is None or after.min > before.min):
        yield "took less than its new `min`"
    if after.max is not None and (before.max is None or after.max < before.max):
        yield "took more than its new `max`"
    if gone := sorted(set(before.values or ()) - set(after.values or ())):
        yield f"took the value `{gone[0]}`"


def _channels(before: Events, after: Events) -> Iterator[Change]:
    places = {channel.id: place for place, channel in enumerate(after.channels)}
    for channel in before.channels:
        place = places.get(channel.id)
        if place is None:
            yield Change("/events/channels", f"the channel `{channel.id}` is gone; people are known by it")
        elif after.channels[place].addresses != channel.addresses:
            at = f"/events/channels/{place}/addresses"
            yield Change(at, f"the channel `{channel.id}` compares addresses otherwise; people are known by it")
