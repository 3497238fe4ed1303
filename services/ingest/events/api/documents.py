"""OpenAPI of POST /v1/events, written by hand because its route is Starlette's; the schemas are the contracts."""

from typing import Any

from services.ingest.events.api.posting import EMPTY_BATCH, NO_VALID_EVENT, TOO_MANY_EVENTS, TOO_MANY_REQUESTS
from services.ingest.events.domain.admission import BATCH_TYPE, EARLIEST_YEAR_HEADER, JSON_TYPE, STRUCTURED_TYPE
from shared.contracts.activities import ACTIVITY_ADAPTER
from shared.http import problem_responses
from shared.http.problem_types import METHOD_NOT_ALLOWED, UNSUPPORTED_CONTENT_TYPE

EXAMPLE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "post-4711",
    "source": "https://forum.example.org",
    "type": "forum.post.v1",
    "time": "2026-01-31T12:00:00Z",
    "data": {"channel": "forum", "actor": {"id": "ada", "name": "Ada"}, "object": {"id": "topic-12"}},
}

_EVENT = ACTIVITY_ADAPTER.json_schema(ref_template="#/components/schemas/{model}")
SCHEMAS: dict[str, Any] = _EVENT.pop("$defs") | {"Activity": _EVENT}

_ONE = {"schema": {"$ref": "#/components/schemas/Activity"}, "example": EXAMPLE}
_MANY = {
    "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Activity"}, "minItems": 1},
    "example": [EXAMPLE],
}
_EITHER = {"schema": {"oneOf": [_ONE["schema"], _MANY["schema"]]}, "example": EXAMPLE}

EVENTS_OPERATION: dict[str, Any] = {
    "summary": "Send events",
    "description": (
        "One event, or a batch, as CloudEvents 1.0. The answer comes after the broker has acknowledged every "
        "valid event; the receipt tells what becomes of each. A batch with some invalid events is taken "
        "without them, and `rejected` says which and why. Sending the same event again is safe."
    ),
    "operationId": "post_events",
    "security": [{"HTTPBearer": []}],
    "parameters": [
        {
            "name": EARLIEST_YEAR_HEADER,
            "in": "header",
            "description": "Take events from this year on, where older ones are meant than are plausible",
            "schema": {"type": "integer", "minimum": 1, "maximum": 9999},
            "example": 1985,
        }
    ],
    "requestBody": {
        "required": True,
        "content": {BATCH_TYPE: _MANY, STRUCTURED_TYPE: _ONE, JSON_TYPE: _EITHER},
    },
    "responses": {
        "202": {
            "description": "Taken: durable, and soon to be judged",
            "headers": {"Location": {"description": "The receipt", "schema": {"type": "string"}}},
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["receipt_id", "accepted", "rejected"],
                        "properties": {
                            "receipt_id": {"type": "string"},
                            "accepted": {"type": "integer", "minimum": 0},
                            "rejected": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "required": ["index", "field", "detail"],
                                    "properties": {
                                        "index": {"type": "integer"},
                                        "field": {"type": "string"},
                                        "detail": {"type": "string"},
                                    },
                                },
                            },
                        },
                    },
                    "example": {
                        "receipt_id": "r019c0f0e5a001f2e3d4c5b6a7988ba8ba6989fcfcf54-1",
                        "accepted": 1,
                        "rejected": [],
                    },
                }
            },
        },
        **{
            str(status): answer
            for status, answer in problem_responses(
                METHOD_NOT_ALLOWED,
                TOO_MANY_EVENTS,
                UNSUPPORTED_CONTENT_TYPE,
                EMPTY_BATCH,
                NO_VALID_EVENT,
                TOO_MANY_REQUESTS,
            ).items()
        },
    },
}

OPERATIONS = {"/v1/events": {"post": EVENTS_OPERATION}}
