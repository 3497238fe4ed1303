"""A request says nothing that its operation does not declare, and nothing twice.

What is misspelt would otherwise be passed over, and the request would mean more than was said: everything instead
of a part, or for good instead of as a trial. Headers are not concerned: many are put there by others.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin
from urllib.parse import parse_qsl

import orjson
from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute

from shared.http.bodies import repeated_fields
from shared.http.problem_types import INVALID_REQUEST, UNKNOWN_FIELD
from shared.http.problems import ERRORS_MAX_COUNT, FieldError, Problem, json_pointer, shown
from shared.near_names import suggestion


async def only_declared(request: Request) -> None:
    """What every route depends on. Raises Problem 422 for what its operation does not declare, or takes once."""
    route: APIRoute = request.scope["route"]
    if request.scope["query_string"]:
        refuse_undeclared(request.scope["query_string"], _declared(route))
    if "content-length" in request.headers or "transfer-encoding" in request.headers:
        await _refuse_body(request, route)


def refuse_undeclared(query_string: bytes, declared: Mapping[str, bool]) -> None:
    """Raise Problem 422 when a query string has a parameter that is not declared, or one of one value twice.

    `declared` has the names of the parameters there are, each with whether it takes several values.
    """
    given = Counter(name for name, _ in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True))
    unknown = [name for name in given if name not in declared]
    if unknown:
        errors = [_unknown_parameter(name, declared) for name in unknown[:ERRORS_MAX_COUNT]]
        raise Problem(UNKNOWN_FIELD, "Nothing was done; see errors for what to change", errors)
    repeated = [name for name, count in given.items() if count > 1 and not declared[name]]
    if repeated:
        errors = [FieldError(field=name, detail="It takes one value; give it once") for name in repeated]
        raise Problem(INVALID_REQUEST, "Nothing was done; see errors for what to change", errors)


def _unknown_parameter(name: str, declared: Mapping[str, bool]) -> FieldError:
    detail = f"There is no parameter `{shown(name)}` here; {suggestion(name, declared)}"
    return FieldError(field=shown(name), detail=detail)


def _declared(route: APIRoute) -> dict[str, bool]:
    found = (field for field in get_flat_params(route.dependant) if isinstance(field.field_info, Query))
    return {field.alias: _takes_several(field.field_info.annotation) for field in found}


def _takes_several(annotation: Any) -> bool:
    return any(get_origin(hint) in (list, set, tuple, frozenset) for hint in (annotation, *get_args(annotation)))


async def _refuse_body(request: Request, route: APIRoute) -> None:
    """Raise Problem 422 for a body where none is declared, and for a field that a body has twice."""
    if route.body_field is not None:
        errors = [
            FieldError(field=json_pointer(place), detail="It is given twice; give it once")
            for place in _repeated(await request.body())
        ]
        if errors:
            raise Problem(INVALID_REQUEST, "Nothing was done; see errors for what to change", errors)
    elif "requestBody" not in (route.openapi_extra or {}):  # else the route reads its body itself
        errors = list(_undeclared_body(await request.body()))
        if errors:
            raise Problem(UNKNOWN_FIELD, "Nothing was done: this takes no body", errors)


def _repeated(body: bytes) -> Sequence[Sequence[str | int]]:
    try:
        return repeated_fields(body)[:ERRORS_MAX_COUNT]
    except (ValueError, RecursionError):
        return ()  # no JSON: the route says so


def _undeclared_body(body: bytes) -> Iterator[FieldError]:
    """What a body says where there is none; an empty object says nothing."""
    if not body.strip():
        return
    try:
        found = orjson.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        yield FieldError(field="body", detail="This takes no body")
        return
    for name in list(found)[:ERRORS_MAX_COUNT]:
        yield FieldError(
            field=json_pointer([name]), detail=f"There is no field `{shown(name)}` here; it takes none"
        )
