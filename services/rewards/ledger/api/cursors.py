"""Cursors of pages: moments and ids."""

from datetime import datetime
from typing import Any
from uuid import UUID

from shared.http import FieldError, Problem, decode_cursor


def time_cursor(after: str | None, ids_count: int) -> list[Any] | None:
    """A cursor of a moment and ids, decoded. Raises Problem 422 for anything else."""
    place = decode_cursor(after, *[str] * (ids_count + 1))
    if place is None:
        return None
    try:
        return [datetime.fromisoformat(place[0]), *(UUID(one) for one in place[1:])]
    except ValueError as error:
        detail = "Use the `next` of the page before, unchanged"
        raise Problem(
            422, "The cursor is not valid", detail, [FieldError(field="after", detail=detail)]
        ) from error


def uuid_of(text: str) -> UUID:
    """The id in a cursor. Raises Problem 422 when it is none."""
    try:
        return UUID(text)
    except ValueError as error:
        detail = "Use the `next` of the page before, unchanged"
        raise Problem(
            422, "The cursor is not valid", detail, [FieldError(field="after", detail=detail)]
        ) from error
