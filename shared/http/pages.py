"""Paged lists: a bounded number of items and an opaque cursor to the next.

A place is a NamedTuple of the sort key that a list is read by. A page says where it ended, in a cursor; the next
request brings the cursor back, and the route gets the place.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Self, TypeVar

import orjson
from fastapi import Depends, Query
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from shared import base64url
from shared.contracts.fields import INTEGER_MAX
from shared.http.problem_types import INVALID_CURSOR
from shared.http.problems import FieldError, Problem

PAGE_MAX_COUNT = 500
PAGE_DEFAULT_COUNT = 100
CURSOR_MAX_CHARS = 1_000

T = TypeVar("T")
ValueT = TypeVar("ValueT")
PlaceT = TypeVar("PlaceT", bound=tuple[Any, ...])

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX_COUNT, description="Items on a page")]
_After = Annotated[str | None, Query(max_length=CURSOR_MAX_CHARS, description="`next` of the page before")]


class Page(BaseModel, Generic[T]):
    """Some of a list. `next` is given as `after` for what follows, and is null at the end."""

    items: list[T]
    next: str | None = Field(None, description="Give this as `after` for the next page; null at the end")

    @classmethod
    def of(
        cls,
        values: Sequence[ValueT],
        limit: int,
        *,
        item: Callable[[ValueT], T],
        place: Callable[[ValueT], Sequence[Any]],
    ) -> Self:
        """The page of these values, at most `limit`: each as its `item`, and the `place` of the last as cursor."""
        return cls(items=[item(value) for value in values], next=next_cursor(values, limit, place))


def next_cursor(values: Sequence[ValueT], limit: int, place: Callable[[ValueT], Sequence[Any]]) -> str | None:
    """The cursor to what follows these values; None when there were fewer than asked for, so that nothing does."""
    return encode_cursor(place(values[-1])) if len(values) == limit else None


def encode_cursor(place: Iterable[Any]) -> str:
    """An opaque cursor from the sort key of a page's last item (what orjson can write: str, int, datetime…)."""
    return base64url.encode(orjson.dumps(tuple(place), default=str))


def after(place: type[PlaceT]) -> Any:
    """What makes a route's parameter the place where the page before ended, None for the first page.

    Written as `place: Annotated[StatementPlace | None, after(StatementPlace)]`; the request gives it as `after`.
    """
    adapter = TypeAdapter(place)

    async def read(after: _After = None) -> PlaceT | None:
        return None if after is None else decode_cursor(after, adapter)

    return Depends(read)


def decode_cursor(cursor: str, adapter: TypeAdapter[PlaceT]) -> PlaceT:
    """The place in a cursor.

    Raises Problem 422 for anything that encode_cursor did not make of such a place.
    """
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = adapter.validate_json(text, strict=True)
    except (binascii.Error, ValueError, ValidationError) as error:
        raise _bad_cursor() from error
    if not all(_is_storable(part) for part in place):
        raise _bad_cursor()
    return place


def _is_storable(part: Any) -> bool:
    """Whether PostgreSQL can compare with it: text has no NUL, integers have 64 bits, times a zone."""
    if isinstance(part, str):
        return "\x00" not in part
    if isinstance(part, int):
        return -INTEGER_MAX - 1 <= part <= INTEGER_MAX
    if isinstance(part, datetime):
        try:
            return part.astimezone(UTC) is not None and part.tzinfo is not None
        except OverflowError:
            return False
    return True


def _bad_cursor() -> Problem:
    detail = "Use the `next` of the page before, unchanged"
    return Problem(INVALID_CURSOR, detail, [FieldError(field="after", detail=detail)])
