"""What the front door makes of every example is valid for those who read it.

The facts that handlers publish are checked where they are published: see tests/integration/conftest.py.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
import pytest

from services.ingest.events.domain.admission import STRUCTURED_TYPE, Limits, Request, admit, raw_fact
from services.ingest.events.domain.judgement import Received, accepted_event
from services.ingest.members.domain import Owner
from shared.calendars import PLAIN
from shared.contracts.activities.told import told_data
from shared.contracts.facts import ACCEPTED_EVENT, RAW_EVENT
from shared.published.checks import assert_valid_fact
from shared.published.export import EVENT_EXAMPLES

NOW = datetime(2026, 2, 1, 9, tzinfo=UTC)
LIMITS = Limits(events_max_count=10, event_max_bytes=65_536, future_tolerance_seconds=300, earliest_year=1990)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
EVENTS = [pytest.param(one, id=kind) for kind, found in EVENT_EXAMPLES.items() for one in found]


def received(event: Any) -> dict[str, Any]:
    admitted = admit(orjson.dumps(event), {"content-type": STRUCTURED_TYPE}, NOW, LIMITS)
    ((index, taken),) = admitted.events
    return raw_fact(Request("acme", "r1-1", NOW, TRACEPARENT), index, taken)


@pytest.mark.parametrize("event", EVENTS)
def test_what_the_front_door_took_is_a_valid_fact(event: Any) -> None:
    fact = received(event)

    assert_valid_fact(fact)

    assert RAW_EVENT.adapter.validate_json(orjson.dumps(fact))["data"]["id"] == event["id"]


@pytest.mark.parametrize("event", EVENTS)
def test_what_is_accepted_is_a_valid_fact_that_names_everybody(event: Any) -> None:
    one = Received.from_fact(RAW_EVENT.adapter.validate_json(orjson.dumps(received(event))))
    members = {identity: Owner(str(uuid4()), None) for identity, _ in one.identities.values()}

    fact = accepted_event(one, members, PLAIN)

    assert_valid_fact(fact)
    read = ACCEPTED_EVENT.validate_json(orjson.dumps(fact))
    assert read["data"] == told_data(event["data"])
    assert ("objectmember" in read) == ("author" in event["data"].get("object", {}))
    assert ("replymember" in read) == ("author" in event["data"].get("in_reply_to", {}))
    assert ("targetuid" in read) == ("target" in event["data"])
