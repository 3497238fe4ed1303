"""A connector to change in tests."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from connectors.engine import Delivery, Outcome, checked, map_delivery
from connectors.reading import read_connector

RECEIVED = datetime(2026, 2, 1, tzinfo=UTC)


def mapped() -> dict[str, Any]:
    """An activity."""
    return {"type": "forum.post.v1", "id": 'key("post", body.id)', "time": "body.at", "actor": {"id": "body.by"}}


DOCUMENT: dict[str, Any] = {
    "connector": "example",
    "title": "A forum",
    "documentation": ["https://forum.example.org/docs"],
    "channel": "forum",
    "recognised_by": [{"headers": ["X-Example-Event"]}],
    "signature": {"scheme": "token", "header": "X-Example-Token"},
    "retries": {"id": "same", "said": "Ten times in a day."},
    "event": 'first_of(headers["x-example-event"], "any")',
    "source": '"https://forum.example.org"',
    "mappings": [{"on": ["*"], "activities": [mapped()]}],
}
BODY: dict[str, Any] = {"id": 1, "at": "2026-01-31T12:00:00Z", "by": "ada"}


def changed(**parts: Any) -> dict[str, Any]:
    """The document with other parts."""
    return DOCUMENT | parts


def connector_of(**parts: Any) -> Callable[..., Outcome]:
    """What a connector with other parts makes of bodies that have the fields of BODY and more."""
    made = read_connector(json.dumps(changed(**parts)))

    def outcome(
        body: dict[str, Any] | None = None, headers: dict[str, str] | None = None, **settings: str
    ) -> Outcome:
        delivery = Delivery(headers or {}, BODY | (body or {}), RECEIVED)
        return checked(map_delivery(made, delivery, settings or None))

    return outcome
