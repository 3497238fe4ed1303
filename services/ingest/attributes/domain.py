"""What is known of a member from a moment on: a dated fact, by a source."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from operator import attrgetter

from services.ingest.members.domain import Dated, Value
from shared.contracts.facts import DatedKind
from shared.contracts.programme import Attribute

#: Facts of one member: more would not fit into the messages that carry them.
FACTS_MAX_COUNT = 200


class Purpose(StrEnum):
    """What a member may want no part in."""

    BOARDS = "boards"
    MESSAGES = "messages"
    ANALYTICS = "analytics"


class UndeclaredAttributeError(Exception):
    """No programme declares an attribute of that name, or it is of another type; the message says which."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(detail)
        self.name = name


class TooManyFactsError(Exception):
    """A member would have more dated facts than fit."""

    def __init__(self) -> None:
        super().__init__(f"of one member {FACTS_MAX_COUNT} dated facts are kept")


_TYPES: Mapping[str, tuple[type, ...]] = {"text": (str,), "number": (int, float), "boolean": (bool,)}


def checked(name: str, value: Value, declared: Mapping[str, Attribute]) -> Attribute:
    """The declaration of an attribute that has that value. Raises UndeclaredAttributeError."""
    attribute = declared.get(name)
    if attribute is None:
        known = ", ".join(sorted(declared)) or "none"
        raise UndeclaredAttributeError(
            name, f"The programme declares no attribute `{name}` under `attributes`; known are {known}"
        )
    if not isinstance(value, _TYPES[attribute.type]) or (isinstance(value, bool) and attribute.type != "boolean"):
        raise UndeclaredAttributeError(name, f"The programme says that `{name}` is a {attribute.type}")
    return attribute


def at(facts: Iterable[Dated], moment: datetime) -> dict[tuple[DatedKind, str], Dated]:
    """What is so at a moment, of facts in any order."""
    found: dict[tuple[DatedKind, str], Dated] = {}
    for fact in facts:
        key = (fact.kind, fact.name)
        if fact.since <= moment and (key not in found or _ORDER(found[key]) < _ORDER(fact)):
            found[key] = fact
    return found


def counting(facts: Iterable[Dated]) -> list[Dated]:
    """Of facts in the order in which they were said those that count: of each moment the last."""
    return list({(fact.kind, fact.name, fact.since): fact for fact in facts}.values())


def news(said: Iterable[Dated], known: Sequence[Dated]) -> list[Dated]:
    """What is said and not so already: who says every night what they know adds nothing to it."""
    return [
        fact
        for fact in said
        if (before := at(known, fact.since).get((fact.kind, fact.name))) is None
        or (type(before.value), before.value, before.travels) != (type(fact.value), fact.value, fact.travels)
    ]


_ORDER = attrgetter("since", "said_at")
