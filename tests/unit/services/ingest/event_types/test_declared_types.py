"""Events of a community's own types at the front door: read by their declaration, what is personal set apart."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from services.ingest.event_types.domain import NOTHING_DECLARED, DeclaredTypes, declared_types
from services.ingest.events.domain.admission import JSON_TYPE, Admission, Limits, admit
from shared.contracts.activities.told import kept_back, told_data
from shared.contracts.programme import Events

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LIMITS = Limits(events_max_count=5, event_max_bytes=20_000, future_tolerance_seconds=300, earliest_year=1990)
EVENTS: dict[str, Any] = {
    "channels": [{"id": "webinars", "title": "Webinars", "addresses": "any_case"}],
    "types": [
        {
            "id": "webinar.attended.v1",
            "title": "Attended a webinar",
            "channel": "webinars",
            "fields": [
                {"name": "minutes", "title": "Minutes", "type": "integer", "min": 0, "max": 600, "required": True},
                {"name": "kind", "title": "Kind", "type": "choice", "values": ["live", "later"]},
                {"name": "share", "title": "Share", "type": "number", "max": 1},
                {"name": "asked", "title": "Asked something", "type": "boolean"},
                {"name": "company", "title": "Company", "personal": True, "max_chars": 40},
                {"name": "age", "title": "Age", "type": "integer", "personal": True},
            ],
        },
        {"id": "webinar.planned.v1", "title": "Planned", "retired": True},
        {"id": "webinar.noted.v1", "title": "Wrote notes", "written": True},
    ],
}
DECLARED = declared_types(Events.model_validate(EVENTS).model_dump_json())


def sent(kind: str = "webinar.attended.v1", **data: Any) -> Any:
    said = {"channel": "webinars", "actor": {"id": "Ada@Example.org"}, "minutes": 40, **data}
    return {
        "specversion": "1.0",
        "id": "1",
        "source": "/webinars",
        "type": kind,
        "time": "2026-01-31T11:00:00Z",
        "data": {name: value for name, value in said.items() if value is not None},
    }


def admitted(*events: Any, declared: DeclaredTypes = DECLARED) -> Admission:
    return admit(orjson.dumps(events), {"content-type": JSON_TYPE}, NOW, LIMITS, declared)


def test_what_is_personal_stands_apart_and_stays() -> None:
    (_, event), (_, built_in) = admitted(
        sent(kind="webinar.attended.v1", company="Plantedworks", age=41, share=0.5, asked=True),
        sent(kind="member.joined.v1", minutes=None),
    ).events
    data = event["data"]
    assert data["personal"] == {"age": 41, "company": "Plantedworks"}
    assert kept_back(data) == {"age": "41", "company": "Plantedworks"}
    assert told_data(data) == {"channel": "webinars", "actor": {}, "minutes": 40, "share": 0.5, "asked": True}
    # How ids are compared on a channel of its own holds for all types.
    assert data["actor"]["id"] == built_in["data"]["actor"]["id"] == "ada@example.org"


@pytest.mark.parametrize(
    ("event", "field", "said"),
    [
        (sent(minuts=3), "/data/minuts", "There is no field `minuts` here; did you mean `minutes`?"),
        (sent(minutes=601), "/data/minutes", "less than or equal to 600"),
        (sent(minutes="40"), "/data/minutes", "valid integer"),
        (sent(minutes=None), "/data/minutes", "is missing"),
        (sent(kind="webinar.attended.v1", company="x" * 41), "/data/company", "at most 40 characters"),
        (sent(share=1.5), "/data/share", "less than or equal to 1"),
        (sent(personal={"company": "x"}), "/data/personal", "There is no field `personal` here"),
        (sent(text="Hello"), "/data/text", "There is no field `text` here"),
        (sent(channel="webinar"), "/data/channel", "Input should be"),
        (sent("webinar.planned.v1", minutes=None), "/type", "is retired by the community's programme"),
        (sent("webinar.attendet.v1"), "/type", "known are forum.post.v1"),
    ],
)
def test_what_a_declaration_does_not_allow_is_refused_by_name(event: Any, field: str, said: str) -> None:
    found = admitted(event, sent("webinar.noted.v1", minutes=None, text="Notes")).refusals
    assert [(one.index, one.field) for one in found] == [(0, field)]
    assert said in found[0].detail


def test_a_choice_is_one_of_its_values() -> None:
    event = sent()
    event["data"]["kind"] = "someday"
    (refusal,) = admitted(event).refusals
    assert (refusal.field, "'live' or 'later'" in refusal.detail) == ("/data/kind", True)


def test_nothing_of_another_community_is_known() -> None:
    refusals = admitted(sent(), sent("member.joined.v1", minutes=None), declared=NOTHING_DECLARED).refusals
    assert [(one.index, one.field) for one in refusals] == [(0, "/type"), (1, "/data/channel")]
