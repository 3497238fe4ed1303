"""Bodies of requests: what they may say, and which fields one has."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, TypeAdapter, model_validator
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_before_validator_function

from shared.near_names import fields_at

#: More than these beyond those that a body has are not looked at one by one: five million bytes hold 400,000.
UNKNOWN_MAX_COUNT = 100
#: In a larger body what is given twice is not looked for again to say where it is.
LOCATED_MAX_BYTES = 65_536


def _no_truth(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("number_type", "Input should be a number, and neither true nor false")
    return value


def _numbers_alone(schema: Any) -> Any:
    """A schema whose numbers are never given as true or false."""
    if isinstance(schema, dict):
        function = schema.get("function")
        if isinstance(function, dict) and function.get("function") is _no_truth:
            return schema
        inner = {name: part if name == "metadata" else _numbers_alone(part) for name, part in schema.items()}
        if schema.get("type") in ("int", "float", "decimal"):
            return no_info_before_validator_function(_no_truth, inner)
        return inner
    if isinstance(schema, list | tuple):
        return type(schema)(map(_numbers_alone, schema))
    return schema


class RequestBody(BaseModel):
    """What a request may say in its body, or in an object of it: these fields and no other.

    A field that is not known was meant to be one that is: were it passed over, the request would mean more, or
    something else, than was said.
    """

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """As the library makes it, but that no number is taken for true or false: it would be 1 or 0."""
        schema: CoreSchema = _numbers_alone(handler(source))
        return schema

    @model_validator(mode="before")
    @classmethod
    def _bounded(cls, value: Any) -> Any:
        count = len(cls.model_fields) + UNKNOWN_MAX_COUNT
        if isinstance(value, Mapping) and len(value) > count:
            raise PydanticCustomError("too_many_fields", "It has more than {count} fields", {"count": count})
        return value


@cache
def _schema(body: Any) -> Mapping[str, Any]:
    return TypeAdapter(body).json_schema()


def known_fields(body: Any, place: Sequence[str | int]) -> list[str]:
    """The fields at a place in a body of that type."""
    return fields_at(_schema(body), place)


def repeated_fields(body: bytes) -> list[list[str | int]]:
    """The places of the fields that an object in a body of JSON has twice; of a large body only the place of all.

    A parser takes the last, and whoever wrote both meant something else. Raises ValueError or RecursionError for
    what no parser takes.
    """
    repeats = False

    def noted(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeats
        made = dict(pairs)
        repeats = repeats or len(made) < len(pairs)
        return made

    json.loads(body, object_pairs_hook=noted)
    if not repeats:
        return []
    return list(_repeated(body)) if len(body) <= LOCATED_MAX_BYTES else [[]]


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON as it was written."""


def _repeated(body: bytes) -> Iterator[list[str | int]]:
    left: list[tuple[list[str | int], Any]] = [([], json.loads(body, object_pairs_hook=_Pairs))]
    while left:
        place, value = left.pop()
        if isinstance(value, _Pairs):
            names = Counter(name for name, _ in value)
            yield from ([*place, name] for name, count in names.items() if count > 1)
            left += [([*place, name], inner) for name, inner in value if isinstance(inner, list)]
        elif isinstance(value, list):
            left += [([*place, index], inner) for index, inner in enumerate(value) if isinstance(inner, list)]
