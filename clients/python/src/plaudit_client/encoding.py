"""Values as they travel: in a JSON body, a query and a path."""

import json
from datetime import datetime
from urllib.parse import quote


def as_json(value: object) -> bytes:
    """A value as JSON; times in it may be datetimes with a zone. Raises TypeError for what JSON has not."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_written).encode()


def is_json(content: bytes) -> bool:
    """Whether bytes are a JSON document, whole."""
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


def as_text(value: object) -> str:
    """A value as a query or a header has it. Raises TypeError for a time without a zone."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _written(value) if isinstance(value, datetime) else str(value)


def as_segment(value: object) -> str:
    """A value as one segment of a path. Raises ValueError for an empty one: the path would be another."""
    if not (text := as_text(value)):
        raise ValueError("a part of the path is empty")
    return quote(text, safe="")


def _written(value: object) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError(f"{value!r} has no time zone: nobody could tell when it was")
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not JSON serialisable")
