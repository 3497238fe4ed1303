"""Paged lists: a bounded number of items and an opaque cursor to the next."""

import base64
import binascii
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel, Field

from shared.http.problems import FieldError, Problem

PAGE_MAX_COUNT = 500
PAGE_DEFAULT_COUNT = 100
CURSOR_MAX_CHARS = 1_000

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """Some of a list. `next` is given as `after` for what follows, and is null at the end."""

    items: list[T]
    next: str | None = Field(None, description="Give this as `after` for the next page; null at the end")


Limit = Annotated[int, Query(ge=1, le=PAGE_MAX_COUNT, description="Items on a page")]
After = Annotated[str | None, Query(max_length=CURSOR_MAX_CHARS, description="`next` of the page before")]


def encode_cursor(*key: Any) -> str:
    """An opaque cursor from the sort key of a page's last item (what orjson can write: str, int, datetime…)."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def decode_cursor(after: str | None, *kinds: type) -> list[Any] | None:
    """The sort key in a cursor, checked to hold values of those kinds (str, int); None for the first page.

    Raises Problem 422 for anything that encode_cursor did not make.
    """
    if after is None:
        return None
    try:
        key = orjson.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
    except (binascii.Error, ValueError) as error:
        raise _bad_cursor() from error
    fits = isinstance(key, list) and len(key) == len(kinds)
    if not fits or not all(type(part) is kind for part, kind in zip(key, kinds, strict=True)):
        raise _bad_cursor()
    return list(key)


def _bad_cursor() -> Problem:
    detail = "Use the `next` of the page before, unchanged"
    return Problem(422, "The cursor is not valid", detail, [FieldError(field="after", detail=detail)])
