"""What of an activity travels in the event log: neither who somebody is there, nor what they wrote, nor where.

Who took part is said by the ids of members beside it; texts and addresses stay with ingest, which measures them.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Final, NotRequired, Required, get_args, get_origin

from pydantic import Field
from typing_extensions import TypedDict, get_type_hints

from shared.contracts.activities.common import CONTRIBUTORS_MAX_COUNT
from shared.contracts.fields import CLOSED, Id
from shared.contracts.measures import Measures

#: What was written, of which the first that is there is measured.
TEXTS: Final = ("text", "message", "comment")
#: Under this name the front door puts what a community's own event type declares as personal.
PERSONAL: Final = "personal"
#: What stays with ingest.
STAYS: Final = frozenset({*TEXTS, "reason", "url", PERSONAL})
#: Contracts that are kept; a community's own types have some, beside the built-in ones.
CONTRACTS_MAX_COUNT = 500
_PERSON: Final = "actor"
_THINGS: Final = frozenset({"object", "in_reply_to"})
_PEOPLE: Final = "contributors"
_REDUCED: Final = STAYS | _THINGS | {_PERSON, _PEOPLE}


class ToldPerson(TypedDict):
    """Somebody who took part: only whether their platform calls them a bot."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]

    bot: NotRequired[bool]


class ToldThing(TypedDict):
    """What an activity is about or answers; `author` is there where the platform named one."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]

    id: Id
    author: NotRequired[ToldPerson]


_TOLD_AS: Final[Mapping[str, Any]] = {
    _PERSON: ToldPerson,
    _PEOPLE: Annotated[list[ToldPerson], Field(min_length=1, max_length=CONTRIBUTORS_MAX_COUNT)],
    **dict.fromkeys(_THINGS, ToldThing),
}


def text_of(data: Mapping[str, Any]) -> str | None:
    """What was written in an activity; None where nothing was, or its platform does not say it."""
    for name in TEXTS:
        if name in data:
            return str(data[name]) or None
    return None


def kept_back(data: Mapping[str, Any]) -> dict[str, Any]:
    """What of an activity's data does not travel and is worth keeping: what was written, and where it is seen.

    Where a platform says of its object alone where that is, what was written is there.
    """
    kept = {name: data[name] for name in data.keys() & STAYS - {PERSONAL}}
    seen_at = (data.get("object") or {}).get("url")
    if "url" not in kept and seen_at is not None and text_of(data) is not None:
        kept["url"] = seen_at
    return kept | {name: str(value) for name, value in data.get(PERSONAL, {}).items()}


def told_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """What of an activity's data travels."""
    told: dict[str, Any] = {}
    for name, value in data.items():
        if name not in _REDUCED:
            told[name] = value
        elif name == _PERSON:
            told[name] = _told_person(value)
        elif name in _THINGS:
            told[name] = _told_thing(value)
        elif name == _PEOPLE:
            told[name] = [_told_person(person) for person in value]
    return told


def _told_thing(thing: Mapping[str, Any]) -> dict[str, Any]:
    if "author" in thing:
        return {"id": thing["id"], "author": _told_person(thing["author"])}
    return {"id": thing["id"]}


def _told_person(person: Mapping[str, Any]) -> dict[str, Any]:
    return {"bot": person["bot"]} if "bot" in person else {}


@lru_cache(maxsize=CONTRACTS_MAX_COUNT)
def told_contract(data: Any) -> Any:
    """The contract of what travels of data of that contract, a TypedDict: what rules may read."""
    fields: dict[str, Any] = {}
    for name, field in get_type_hints(data, include_extras=True).items():
        if name not in STAYS:
            told: Any = _TOLD_AS.get(name) or bare(field)
            fields[name] = told if name in data.__required_keys__ else NotRequired[told]
    if any(name in data.__annotations__ for name in TEXTS):
        fields["measures"] = NotRequired[Measures]
    make: Any = TypedDict
    told_type = make(f"Told{data.__name__}", fields)
    told_type.__pydantic_config__ = CLOSED
    return told_type


def bare(field: Any) -> Any:
    """A field's contract, without whether it must be there."""
    while get_origin(field) in {NotRequired, Required}:
        (field,) = get_args(field)
    if get_origin(field) is Annotated and get_origin(get_args(field)[0]) in {NotRequired, Required}:
        return bare(get_args(field)[0])
    return field
