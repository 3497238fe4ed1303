"""Checks that a published fact keeps its contract: for tests, and for whoever reads a topic by hand."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import orjson
from pydantic import TypeAdapter
from typing_extensions import get_type_hints

from shared.contracts.activities import ACTIVITY_TYPES, TYPES
from shared.contracts.activities.common import SaidData
from shared.contracts.activities.told import STAYS, told_contract
from shared.contracts.facts import ACCEPTED_EVENT, ACCEPTED_TYPE, FACTS
from shared.contracts.fields import ChannelName
from shared.contracts.programme.event_types import CHANNELS, OWN_TYPE_PATTERN, RESERVED_WORDS

_CHANNEL = TypeAdapter[str](ChannelName)
_FACTS = {fact.name: fact for fact in FACTS}


def assert_valid_fact(fact: Mapping[str, Any]) -> None:
    """Check a fact as a service publishes it (or as it was read from a topic, as a dict) against its contract.

    Stricter than a reader: nothing is converted and no field may be unknown, since a misspelt optional field
    would be ignored by every reader. Raises AssertionError for what a reader would not get, and pydantic's
    ValidationError for what a reader would refuse.
    """
    body = orjson.dumps(fact)
    kind = contract_of(fact)
    read = _adapter(kind).validate_json(body, strict=True)
    unknown = sorted(_missing_from(read, orjson.loads(body), ""))
    if unknown:
        raise AssertionError(f"{kind} has no such field: {', '.join(unknown)}")
    if kind == ACCEPTED_TYPE:
        # Nobody's name, handle, text or address has a place in it.
        _check_told(fact["type"], fact["data"])


def contract_of(fact: Mapping[str, Any]) -> str:
    """The type under which the fact's contract is known. Raises AssertionError for none."""
    kind = fact.get("type")
    if kind in ACTIVITY_TYPES or _is_own(kind):
        return ACCEPTED_TYPE
    if kind not in _FACTS:
        raise AssertionError(f"no fact has the type {kind!r}")
    return str(kind)


def _is_own(kind: Any) -> bool:
    """Whether it may be a type that a community declares."""
    return (
        isinstance(kind, str)
        and re.fullmatch(OWN_TYPE_PATTERN, kind) is not None
        and kind.split(".", 1)[0] not in RESERVED_WORDS
    )


def _check_told(kind: str, data: Mapping[str, Any]) -> None:
    if data.get("channel") not in CHANNELS:
        # One that the community declares is a name as well.
        _CHANNEL.validate_python(data.get("channel"))
        data = {**data, "channel": "import"}
    if kind in ACTIVITY_TYPES:
        _told_adapter(kind).validate_json(orjson.dumps(data))
        return
    # Of a community's own type what it has in common with all: its own fields the community declares.
    if stays := sorted(STAYS & data.keys()):
        raise AssertionError(f"{kind} travels with {', '.join(stays)}")
    common = told_contract(SaidData)
    said = {name: value for name, value in data.items() if name in common.__annotations__}
    TypeAdapter(common).validate_json(orjson.dumps(said))


def _adapter(kind: str) -> TypeAdapter[Any]:
    return ACCEPTED_EVENT if kind == ACCEPTED_TYPE else _FACTS[kind].adapter


@cache
def _told_adapter(activity_type: str) -> TypeAdapter[Any]:
    (envelope,) = (kind.envelope for kind in TYPES if kind.name == activity_type)
    return TypeAdapter(told_contract(get_type_hints(envelope, include_extras=True)["data"]))


def _missing_from(read: Any, written: Any, place: str) -> Iterator[str]:
    if isinstance(written, dict) and isinstance(read, dict):
        for name, value in written.items():
            if name not in read:
                yield f"{place}/{name}"
            else:
                yield from _missing_from(read[name], value, f"{place}/{name}")
    elif isinstance(written, list) and isinstance(read, list):
        for index, (kept, value) in enumerate(zip(read, written, strict=True)):
            yield from _missing_from(kept, value, f"{place}/{index}")
