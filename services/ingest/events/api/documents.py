"""OpenAPI of POST /v1/events, written by hand because its route is Starlette's; the schemas are the contracts."""

from typing import Any

import orjson

from services.ingest.events.api.posting import (
    BACKFILL_SAID,
    EMPTY_BATCH,
    NO_VALID_EVENT,
    TOO_DEAR,
    TOO_MANY_EVENTS,
    TOO_MANY_REQUESTS,
    WAIT,
)
from services.ingest.events.api.receipts import ReceiptItem
from services.ingest.events.domain.admission import (
    BATCH_TYPE,
    EARLIEST_YEAR_HEADER,
    JSON_TYPE,
    STRUCTURED_TYPE,
    TooDearError,
)
from services.ingest.settings import Settings
from services.ingest.shares.api import NAMES as SHARE_NAMES
from services.ingest.shares.api import QUOTA_EXCEEDED, Shares, quota_exceeded
from shared.contracts.activities import ACTIVITY_ADAPTER
from shared.http import FieldError, Problem, Scope
from shared.http.problem_types import (
    BODY_NOT_COMPRESSED,
    INCOMPLETE_REQUEST,
    INVALID_REQUEST,
    MALFORMED_JSON,
    METHOD_NOT_ALLOWED,
    MISSING_ACCESS_KEY,
    MISSING_SCOPE,
    NOT_AVAILABLE,
    REQUEST_TOO_LARGE,
    SLOW_REQUEST,
    UNKNOWN_ACCESS_KEY,
    UNSUPPORTED_CONTENT_ENCODING,
    UNSUPPORTED_CONTENT_TYPE,
)
from shared.http.problems import PROBLEM_MEDIA_TYPE

EXAMPLE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "post-4711",
    "source": "https://forum.example.org",
    "type": "forum.post.v1",
    "time": "2026-01-31T12:00:00Z",
    "data": {"channel": "forum", "actor": {"id": "ada", "name": "Ada"}, "object": {"id": "topic-12"}},
}


def schemas() -> dict[str, Any]:
    """JSON Schemas of an activity and its parts, by name, as OpenAPI has them."""
    event = ACTIVITY_ADAPTER.json_schema(ref_template="#/components/schemas/{model}")
    parts: dict[str, Any] = event.pop("$defs")
    return parts | {"Activity": event}


_ONE = {"schema": {"$ref": "#/components/schemas/Activity"}, "example": EXAMPLE}
_MANY = {
    "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Activity"}, "minItems": 1},
    "example": [EXAMPLE],
}
_EITHER = {"schema": {"oneOf": [_ONE["schema"], _MANY["schema"]]}, "example": EXAMPLE}

#: The settings as they are unless somebody changes them, whatever this process's environment says.
DEFAULTS = Settings.model_construct()

#: Every problem that the route answers, as it does.
PROBLEMS = (
    Problem(MALFORMED_JSON, "EOF while parsing an object at line 1 column 1"),
    Problem(INCOMPLETE_REQUEST, "The client went away"),
    Problem(
        MISSING_ACCESS_KEY, "Send the header 'Authorization: Bearer <access key>'; `plaudit keys create` makes one"
    ),
    Problem(UNKNOWN_ACCESS_KEY, "The key does not exist or was revoked"),
    Problem(MISSING_SCOPE, "This needs 'events:write'; the key has receipts:read"),
    Problem(METHOD_NOT_ALLOWED, "It takes POST"),
    Problem(SLOW_REQUEST, "A body must arrive in 15.0 s"),
    Problem(REQUEST_TOO_LARGE, "A body may have 5242880 bytes; send smaller batches"),
    Problem(TOO_MANY_EVENTS, "Got 1001 events; one request may hold 1000; send smaller batches"),
    Problem(TOO_DEAR, str(TooDearError(1_000, 100_000, DEFAULTS.request_cost_max))),
    Problem(
        UNSUPPORTED_CONTENT_TYPE, f"Got text/plain; send {BATCH_TYPE}, {STRUCTURED_TYPE} or {JSON_TYPE}, in UTF-8"
    ),
    Problem(UNSUPPORTED_CONTENT_ENCODING, "Send the body uncompressed, or with gzip"),
    Problem(BODY_NOT_COMPRESSED, "The body is not gzip"),
    Problem(EMPTY_BATCH, "Send at least one event"),
    Problem(
        NO_VALID_EVENT,
        "Nothing was taken; see errors",
        [FieldError(index=0, field="/data/actor", detail="is missing")],
    ),
    Problem(
        INVALID_REQUEST,
        "Nothing was taken",
        [FieldError(field=WAIT, detail=f"Give whole seconds, from 1 to {DEFAULTS.wait_max_seconds}")],
    ),
    quota_exceeded("key-events", 1, Shares.of(DEFAULTS)),
    Problem(TOO_MANY_REQUESTS, "Nothing was taken; try again"),
    Problem(
        NOT_AVAILABLE,
        "The broker does not acknowledge. Send the same events again: those that were taken count once",
    ),
)


#: What everybody whose key was known is told of their shares.
_SHARE_HEADERS = {
    "RateLimit-Policy": {
        "description": "Each share: `q` at most at once, and as much every `w` seconds, counted in `qu`",
        "schema": {"type": "string"},
        "example": Shares.of(DEFAULTS).policy,
    },
    "RateLimit": {
        "description": "What is left of each (`r`), or which is used up, and for how many seconds yet (`t`)",
        "schema": {"type": "string"},
        "example": ", ".join(f'"{name}";r=750' for name in SHARE_NAMES),
    },
}
_RETRY_AFTER = {
    "Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}, "example": 1}
}


def _example(problem: Problem) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(bytes(problem.response("/v1/events").body))
    return document


def _problem_answers() -> dict[str, Any]:
    """OpenAPI's `responses` for the problems, each status with the examples that are its own."""
    answers: dict[str, Any] = {}
    for problem in sorted(PROBLEMS, key=lambda one: one.status):
        answer = answers.setdefault(
            str(problem.status),
            {
                "description": "",
                "content": {
                    PROBLEM_MEDIA_TYPE: {
                        "schema": {"$ref": "#/components/schemas/ProblemDetails"},
                        "examples": {},
                    }
                },
            },
        )
        answer["description"] = "; ".join(filter(None, (answer["description"], problem.type.title)))
        answer["content"][PROBLEM_MEDIA_TYPE]["examples"][problem.type.slug] = {"value": _example(problem)}
        if problem.type == QUOTA_EXCEEDED:
            answer["headers"] = _RETRY_AFTER | _SHARE_HEADERS
    return answers


EVENTS_OPERATION: dict[str, Any] = {
    "summary": "Send events",
    "description": (
        "One event, or a batch, as CloudEvents 1.0. The answer comes after the broker has acknowledged every "
        "valid event; the receipt tells what becomes of each. A batch with some invalid events is taken "
        "without them, and `rejected` says which and why. Sending the same event again is safe. Who sends more "
        "than the share of the key or the community gets 429, with nothing taken, and waits for `Retry-After`. An "
        "event counts as one, or as more where the community has several rules for its type; a request whose "
        "events count as too many gets 413 and is sent again in parts. Who wants to know at once what became of "
        "them says `wait`: the answer has the outcomes that are there by then, and `status` whether that is all. "
        "Events of the past are sent with `backfill`: they count the same, wait while others come, and nobody is "
        "told of them."
    ),
    "operationId": "post_events",
    "security": [{"HTTPBearer": [Scope.EVENTS_WRITE.value]}],
    "parameters": [
        {
            "name": EARLIEST_YEAR_HEADER,
            "in": "header",
            "description": "Take events from this year on, where older ones are meant than are plausible",
            "schema": {"type": "integer", "minimum": 1, "maximum": 9999},
            "example": 1985,
        },
        {
            "name": WAIT,
            "in": "query",
            "description": "Answer when every event has its outcome, or after so many seconds; see `items`",
            "schema": {"type": "integer", "minimum": 1, "maximum": DEFAULTS.wait_max_seconds},
            "example": 5,
        },
        {
            "name": BACKFILL_SAID,
            "in": "query",
            "description": "Whether the events are of the past: they wait for what comes live, and notify nobody",
            "schema": {"type": "boolean", "default": False},
            "example": True,
        },
    ],
    "requestBody": {
        "required": True,
        "content": {BATCH_TYPE: _MANY, STRUCTURED_TYPE: _ONE, JSON_TYPE: _EITHER},
    },
    "responses": {
        "202": {
            "description": "Taken: durable, and soon to be judged",
            "headers": {"Location": {"description": "The receipt", "schema": {"type": "string"}}} | _SHARE_HEADERS,
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
                            "status": {
                                "type": "string",
                                "enum": ["pending", "complete"],
                                "description": "With `wait`: whether every event has its outcome",
                            },
                            "items": {
                                "type": "array",
                                "description": "With `wait`: what became of each event that was judged meanwhile",
                                "items": ReceiptItem.model_json_schema(),
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
        **_problem_answers(),
    },
}

OPERATIONS = {"/v1/events": {"post": EVENTS_OPERATION}}
