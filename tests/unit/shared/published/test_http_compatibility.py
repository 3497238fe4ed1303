"""Each kind of change to a published HTTP operation: whether it hurts the service's clients."""

import re
from copy import deepcopy
from typing import Any

import pytest
from fastapi import FastAPI

from shared.published.http_compatibility import operation_breaks

#: An API with one operation that has one of each part.
BASE: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {
        "/v1/orders": {
            "post": {
                "summary": "Order",
                "security": [{"Key": ["order"]}],
                "parameters": [
                    {"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 100, "default": 10}},
                    {"in": "header", "name": "Trace", "required": True, "schema": {"type": "string"}},
                ],
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Order"}},
                        "application/yaml": {},
                    }
                },
                "responses": {
                    "201": {
                        "description": "Taken",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Receipt"}},
                            "application/xml": {},
                        },
                        "headers": {"Location": {"required": True, "schema": {"type": "string"}}},
                    },
                    "202": {"description": "Seen"},
                    "404": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Receipt"}}}},
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Order": {
                "type": "object",
                "additionalProperties": False,
                "required": ["item"],
                "properties": {
                    "item": {"type": "string", "maxLength": 20},
                    "count": {"type": "integer"},
                    "pay": {"oneOf": [{"type": "integer"}, {"type": "string"}]},
                },
            },
            "Receipt": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string", "maxLength": 20},
                    "state": {"enum": ["taken", "sent"], "type": "string"},
                    "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
                },
            },
            "Line": {"type": "object", "properties": {"text": {"type": "string"}}},
        },
        "securitySchemes": {"Key": {"type": "http", "scheme": "bearer"}},
    },
}
OPERATION = ["paths", "/v1/orders", "post"]
QUERY = [*OPERATION, "parameters", 0]
HEADER = [*OPERATION, "parameters", 1]
BODY = [*OPERATION, "requestBody"]
CREATED = [*OPERATION, "responses", "201"]
ORDER = ["components", "schemas", "Order"]
RECEIPT = ["components", "schemas", "Receipt"]
KEY = ["components", "securitySchemes", "Key"]
GONE = object()

Place = list[Any]


def changed(place: Place, value: Any, base: dict[str, Any] = BASE) -> dict[str, Any]:
    """The base document with the value at the place set, or taken out when it is GONE."""
    document = deepcopy(base)
    *parents, last = place
    parent: Any = document
    for one in parents:
        parent = parent[one]
    if value is GONE:
        del parent[last]
    elif isinstance(parent, list) and last == len(parent):
        parent.append(value)
    else:
        parent[last] = value
    return document


def broken_by(place: Place, value: Any, base: dict[str, Any] = BASE) -> list[str]:
    """Where and how clients are hurt when the document has another value at the place."""
    found = operation_breaks({"shop": base}, {"shop": changed(place, value, base)})
    assert {one.path for one in found} <= {"shop POST /v1/orders"}
    assert {one.hurt for one in found} <= {("clients of the shop API",)}
    return [f"{one.change.place}: {one.change.detail}" for one in found]


def new_parameter(where: str, *, required: bool) -> dict[str, Any]:
    return {"in": where, "name": "new", "required": required, "schema": {"type": "string"}}


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        # The operation itself.
        (["paths", "/v1/orders"], GONE, ": the operation is gone"),
        (["paths", "/v1/orders"], {"get": {}}, ": the operation is gone"),
        # What it takes.
        ([*QUERY, "required"], True, "query parameter limit: an optional parameter is required now"),
        ([*OPERATION, "parameters", 2], new_parameter("query", required=True), "new: a new parameter is required"),
        (QUERY, GONE, "query parameter limit: the parameter is removed"),
        (HEADER, GONE, "header parameter trace: the parameter is removed"),
        ([*QUERY, "in"], "header", "query parameter limit: the parameter is removed"),
        ([*QUERY, "schema", "maximum"], 50, "query parameter limit: maximum was 100, is 50"),
        ([*QUERY, "schema", "type"], "string", "query parameter limit: no longer takes integer"),
        ([*QUERY, "schema", "default"], 20, "limit: what leaves it out meant 10, means 20"),
        ([*BODY, "required"], True, "body: an optional body is required now"),
        ([*BODY, "content", "application/yaml"], GONE, "body: no longer takes application/yaml"),
        (BODY, GONE, "body: no longer takes application/json"),
        (
            [*ORDER, "required"],
            ["item", "count"],
            "body application/json /count: an optional field is required now",
        ),
        ([*ORDER, "properties", "item", "maxLength"], 9, "body application/json /item: maxLength was 20, is 9"),
        ([*ORDER, "properties", "count"], GONE, "body application/json /count: the field is removed"),
        ([*ORDER, "properties", "pay", "oneOf", 1], GONE, '/pay: no longer takes {"type":"string"}'),
        # What it answers.
        (CREATED, GONE, "201: this success is no longer answered"),
        ([*OPERATION, "responses", "202"], GONE, "202: this success is no longer answered"),
        ([*CREATED, "content", "application/xml"], GONE, "201: no longer answers application/xml"),
        ([*CREATED, "content"], GONE, "201: no longer answers application/json"),
        ([*RECEIPT, "required"], [], "201 application/json /id: a field that was always there is optional now"),
        ([*RECEIPT, "properties", "state"], GONE, "201 application/json /state: the field is removed"),
        ([*RECEIPT, "properties", "id", "type"], ["string", "null"], "/id: may now be null"),
        (["components", "schemas", "Line", "properties", "text"], GONE, "/lines/*/text: the field is removed"),
        ([*CREATED, "headers", "Location"], GONE, "201 header location: the header is removed"),
        (
            [*CREATED, "headers", "Location", "required"],
            False,
            "location: a header that was always there is optional",
        ),
        (
            [*CREATED, "headers", "Location", "schema", "type"],
            "integer",
            "201 header location: may now be integer",
        ),
        # What lets a client in.
        ([*OPERATION, "security"], [{"Key": ["order", "pay"]}], "security: is refused now with only"),
        ([*KEY, "scheme"], "basic", "security: is refused now with only"),
    ],
)
def test_what_hurts_clients_is_found_where_it_is(place: Place, value: Any, expected: str) -> None:
    found = broken_by(place, value)

    assert any(expected in one for one in found), found


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (["paths", "/v1/refunds"], {"post": {"responses": {}}}),
        (["paths", "/v1/orders", "get"], {"responses": {}}),
        ([*OPERATION, "parameters", 2], new_parameter("query", required=False)),
        ([*HEADER, "required"], False),
        ([*HEADER, "name"], "trace"),
        ([*QUERY, "schema", "maximum"], 200),
        ([*BODY, "content", "text/csv"], {"schema": {"type": "string"}}),
        ([*ORDER, "required"], []),
        ([*ORDER, "properties", "item", "maxLength"], 30),
        ([*ORDER, "properties", "note"], {"type": "string"}),
        ([*ORDER, "properties", "pay", "oneOf", 2], {"type": "boolean"}),
        ([*OPERATION, "responses", "404"], GONE),
        ([*OPERATION, "responses", "404", "content"], {}),
        ([*OPERATION, "responses", "409"], {"description": "Sold out"}),
        ([*OPERATION, "responses", "200"], {"description": "Taken before"}),
        ([*CREATED, "content", "text/csv"], {}),
        ([*CREATED, "headers", "Retry-After"], {"schema": {"type": "integer"}}),
        ([*RECEIPT, "required"], ["id", "state"]),
        ([*RECEIPT, "properties", "note"], {"type": "string"}),
        ([*RECEIPT, "properties", "id", "maxLength"], 40),
        ([*RECEIPT, "properties", "id", "maxLength"], 10),
        ([*RECEIPT, "properties", "state", "enum"], ["taken", "sent", "lost"]),
        ([*OPERATION, "security"], []),
        ([*OPERATION, "security"], [{"Key": []}]),
        ([*OPERATION, "security"], [{"Key": ["order"]}, {"Key": ["pay"]}]),
        ([*KEY, "description"], "An access key"),
        ([*OPERATION, "summary"], "Order something"),
        ([*OPERATION, "description"], "Orders something"),
        ([*OPERATION, "operationId"], "order"),
        ([*OPERATION, "tags"], ["shop"]),
        ([*OPERATION, "deprecated"], True),
        ([*QUERY, "description"], "How many"),
        ([*BODY, "content", "application/json", "example"], {"item": "mug"}),
        ([*CREATED, "description"], "Ordered"),
        ([*RECEIPT, "properties", "id", "description"], "Its name"),
    ],
)
def test_what_hurts_nobody_passes(place: Place, value: Any) -> None:
    assert broken_by(place, value) == []


def test_a_body_where_none_was_taken_may_only_be_optional() -> None:
    bare = changed(BODY, GONE)
    body = BASE["paths"]["/v1/orders"]["post"]["requestBody"]

    assert broken_by(BODY, body, bare) == []
    assert broken_by(BODY, {**body, "required": True}, bare) == ["body: a body is required now"]


@pytest.mark.parametrize("place", [[*OPERATION, "security"], ["security"]])
def test_an_operation_that_was_open_stays_open(place: Place) -> None:
    public = changed([*OPERATION, "security"], GONE)

    assert broken_by(place, [{"Key": []}], public) == ["security: is refused now with no credentials"]
    assert broken_by(place, [{"Key": []}, {}], public) == []


def test_a_scheme_may_be_called_otherwise() -> None:
    renamed = changed([*OPERATION, "security"], [{"Bearer": ["order"]}])
    renamed["components"]["securitySchemes"] = {"Bearer": {"type": "http", "scheme": "bearer"}}

    assert operation_breaks({"shop": BASE}, {"shop": renamed}) == []


def test_a_schema_may_be_called_otherwise() -> None:
    renamed = changed([*RECEIPT, "properties", "lines", "items", "$ref"], "#/components/schemas/Row")
    renamed["components"]["schemas"]["Row"] = renamed["components"]["schemas"].pop("Line")

    assert operation_breaks({"shop": BASE}, {"shop": renamed}) == []


def test_a_break_names_the_operation_the_place_and_who_is_hurt() -> None:
    (found,) = operation_breaks({"shop": BASE}, {"shop": changed([*QUERY, "required"], True)})

    assert str(found) == (
        "shop POST /v1/orders at query parameter limit: an optional parameter is required now "
        "(hurts clients of the shop API)"
    )


def test_a_service_that_is_gone_takes_its_operations_with_it() -> None:
    (found,) = operation_breaks({"shop": BASE}, {})

    assert str(found) == "shop POST /v1/orders: the operation is gone (hurts clients of the shop API)"
    assert operation_breaks({}, {"shop": BASE}) == []


@pytest.mark.parametrize(
    ("place", "keyword"),
    [
        (["paths", "/v1/orders"], "servers"),
        (OPERATION, "callbacks"),
        (QUERY, "style"),
        (BODY, "$ref"),
        ([*BODY, "content", "application/json"], "encoding"),
        (CREATED, "links"),
        ([*CREATED, "headers", "Location"], "explode"),
        ([*CREATED, "content", "application/json"], "encoding"),
        (ORDER, "allOf"),
        (RECEIPT, "allOf"),
    ],
)
def test_a_keyword_that_cannot_be_compared_does_not_pass(place: Place, keyword: str) -> None:
    other = changed([*place, keyword], [])

    for published, current in ((BASE, other), (other, BASE)):
        with pytest.raises(ValueError, match=re.escape(keyword)):
            operation_breaks({"shop": published}, {"shop": current})


def test_a_schema_that_contains_itself_does_not_pass() -> None:
    tree = changed(["components", "schemas", "Line", "properties", "under"], {"$ref": "#/components/schemas/Line"})

    with pytest.raises(ValueError, match="contains itself"):
        broken_by([*OPERATION, "tags"], ["shop"], tree)


def test_an_operation_changed_in_code_is_found() -> None:
    before, after = FastAPI(), FastAPI()

    @before.get("/v1/orders")
    def optional(limit: int = 10) -> dict[str, str]:
        return {"limit": str(limit)}

    @after.get("/v1/orders")
    def required(limit: int) -> dict[str, str]:
        return {"limit": str(limit)}

    found = operation_breaks({"shop": before.openapi()}, {"shop": after.openapi()})

    assert {one.change.detail for one in found} == {
        "an optional parameter is required now",
        "what leaves it out meant 10, means None",
    }
