"""What is known of a member from a moment on: a dated fact, by a source."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

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
        if fact.since <= moment and (key not in found or found[key].since < fact.since):
            found[key] = fact
    return found
