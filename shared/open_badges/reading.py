"""JSON of badges, read once and in one way: of a name that stands twice readers take different ones."""

import json
from typing import Any, Final

import orjson

from shared.open_badges.words import DEPTH_MAX_COUNT, Document, UnreadableError

_TOO_DEEP: Final = f"it is nested more than {DEPTH_MAX_COUNT} deep"


def json_object(content: bytes) -> Document:
    """An object of JSON. Raises UnreadableError for what is none, too deep, or says a name twice (RFC 8259, 4)."""
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise UnreadableError("it is no JSON") from None
    if not isinstance(found, dict):
        raise UnreadableError("it is JSON, and no credential")
    _check_depth(found)
    try:
        # Numbers stay text: nothing is done with them, and one of many digits costs by their square.
        json.loads(content.decode(), object_pairs_hook=_each_once, parse_int=str, parse_float=str)
    except RecursionError:
        # What the same name hides may be deeper than what was looked at.
        raise UnreadableError(_TOO_DEEP) from None
    return found


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    names = set()
    for name, _ in pairs:
        if name in names:
            raise UnreadableError(f"it says {name[:60]!r} twice, and could mean either")
        names.add(name)


def _check_depth(found: Any) -> None:
    rest = [(found, 1)]
    while rest:
        value, depth = rest.pop()
        if depth > DEPTH_MAX_COUNT:
            raise UnreadableError(_TOO_DEEP)
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        rest += [(one, depth + 1) for one in inside]
