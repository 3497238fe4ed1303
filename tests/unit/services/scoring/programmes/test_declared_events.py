"""Types of events of a programme: what may be declared, what rules read of it, and what may not change."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from services.scoring.programmes.domain.declared_events import changes_refused
from services.scoring.programmes.domain.reading import read_programme
from services.scoring.rules.domain.compiling import compile_version
from shared.contracts.programme import Events, Programme

TYPE: dict[str, Any] = {
    "id": "webinar.attended.v1",
    "title": "Attended",
    "channel": "webinars",
    "fields": [
        {"name": "minutes", "title": "Minutes", "type": "integer", "min": 0, "max": 600},
        {"name": "kind", "title": "Kind", "type": "choice", "values": ["live", "later"]},
        {"name": "company", "title": "Company", "personal": True},
        {"name": "room", "title": "Room", "for_rules": False, "max_chars": 80},
    ],
}
EVENTS: dict[str, Any] = {"channels": [{"id": "webinars", "title": "Webinars"}], "types": [TYPE]}


def read(when: str = "data.minutes >= 30", **events: Any) -> Any:
    rule = {"id": "a", "title": "A", "on": ["webinar.attended.v1"], "points": 5, "when": when}
    return read_programme(
        yaml.safe_dump({"programme": "p", "title": "P", "events": EVENTS | events, "rules": [rule]})
    )


def said(found: Any) -> str:
    assert isinstance(found, list), found
    (mistake,) = found
    return f"{mistake.field} {mistake.detail}"


def test_a_rule_reads_what_is_declared() -> None:
    programme = read('data.minutes >= 30 && data.kind == "live" && data.channel == "webinars"')
    assert isinstance(programme, Programme), programme
    version = compile_version(programme, 1, datetime(2026, 1, 1, tzinfo=UTC))
    assert list(version.rules) == ["webinar.attended.v1"]


@pytest.mark.parametrize(
    ("when", "detail"),
    [
        ('data.company == "x"', "/rules/0/when webinar.attended.v1 has no field `data.company`"),
        ('data.room == "x"', "/rules/0/when webinar.attended.v1 has no field `data.room`"),
        ("data.minuts > 1", "did you mean `minutes`?"),
        (
            'data.minutes > 1 || data.minutes == "a" + 1',
            "/rules/0/when cannot be evaluated for webinar.attended.v1",
        ),
    ],
)
def test_a_condition_is_checked_by_the_declaration(when: str, detail: str) -> None:
    assert detail in said(read(when))


def changed(field: int | None = None, **values: Any) -> dict[str, Any]:
    kind = deepcopy(TYPE)
    (kind if field is None else kind["fields"][field]).update(values)
    return kind


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        (changed(id="forum.cheered.v1"), "types that begin with `forum.` are built in"),
        (changed(channel="nowhere"), "is on the channel `nowhere`, which is not there"),
        (changed(0, name="actor"), "`actor` is a field that events have already"),
        (changed(0, min=700), "`min` is more than `max`"),
        (changed(0, max_chars=3), "`max_chars` bounds fields of the type text"),
        (changed(0, max=1.5), "an integer has bounds without a fraction"),
        (changed(1, values=None), "a choice says its `values`"),
        (changed(3, max_chars=2_000), "what travels has at most 1000 characters"),
        (changed(3, name="minutes"), "has the field `minutes` twice"),
    ],
)
def test_a_declaration_that_cannot_be_meant_is_refused(kind: Any, detail: str) -> None:
    found = read(types=[kind])
    assert isinstance(found, list)
    assert any(detail in one.detail for one in found), found


@pytest.mark.parametrize(
    ("kind", "field", "detail"),
    [
        (changed(0, max=60), "/events/types/0/fields/0", "took more than its new `max`"),
        (changed(0, min=1), "/events/types/0/fields/0", "took less than its new `min`"),
        (changed(0, required=True), "/events/types/0/fields/0", "was not required"),
        (changed(0, type="number"), "/events/types/0/fields/0", "was of the type integer"),
        (changed(1, values=["live"]), "/events/types/0/fields/1", "took the value `later`"),
        (changed(2, personal=False), "/events/types/0/fields/2", "was personal"),
        (changed(3, personal=True), "/events/types/0/fields/3", "was not personal, and has travelled"),
        (changed(3, max_chars=79), "/events/types/0/fields/3", "took 80 characters"),
        (changed(fields=TYPE["fields"][:3]), "/events/types/0/fields", "the field `room` is gone"),
        (changed(id="webinar.attended.v2"), "/events/types", "write `retired: true`"),
        (
            changed(fields=[*TYPE["fields"], {"name": "new", "title": "New", "required": True}]),
            "/events/types/0/fields/4",
            "the new field `new` is required",
        ),
    ],
)
def test_what_would_make_accepted_events_invalid_is_refused(kind: Any, field: str, detail: str) -> None:
    (change,) = changes_refused(Events.model_validate(EVENTS), Events.model_validate(EVENTS | {"types": [kind]}))
    assert (change.field, detail in change.detail) == (field, True), change


def test_a_type_grows_and_retires() -> None:
    wider = changed(0, min=None, max=900, title="Length")
    wider["fields"].append({"name": "new", "title": "New"})
    wider["fields"][1]["values"] = ["live", "later", "both"]
    second = changed(id="webinar.attended.v2", fields=[])
    after = {"channels": [*EVENTS["channels"], {"id": "labs", "title": "Labs"}], "types": [second, wider]}
    for one in (after, EVENTS | {"types": [changed(retired=True, written=True)]}):
        assert changes_refused(Events.model_validate(EVENTS), Events.model_validate(one)) == []


def test_people_stay_known_by_a_channel() -> None:
    exact = Events.model_validate(EVENTS)
    other = {"channels": [{"id": "webinars", "title": "W", "addresses": "any_case"}], "types": [TYPE]}
    gone = {"types": [changed(channel="import")]}
    for events, field in ((other, "/events/channels/0/addresses"), (gone, "/events/channels")):
        assert [one.field for one in changes_refused(exact, Events.model_validate(events))] == [field]
