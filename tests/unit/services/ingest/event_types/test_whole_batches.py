"""A batch of a community's own types is read in one step, and means what its events mean one by one."""

import math
import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.event_types.domain import DeclaredTypes
from services.ingest.events.domain.admission import JSON_TYPE, Admission, Limits, MalformedError, admit
from tests.unit.services.ingest.event_types.test_declared_types import DECLARED, NOW, sent

LIMITS = Limits(events_max_count=2_000, event_max_bytes=20_000, future_tolerance_seconds=300, earliest_year=1990)
IDS = st.sampled_from(["Ada@Example.org", " ada ", "U1", "", "null", "e\u0301", 7, None])
DATA: dict[str, Any] = {
    "channel": st.sampled_from(["webinars", "forum", "nowhere", 3, None]),
    "minutes": st.sampled_from([0, 600, 601, 40.0, 40.5, "40", True, None, math.inf]),
    "kind": st.sampled_from(["live", "later", "never", None]),
    "share": st.sampled_from([0, 0.5, 1, 1.1, "1"]),
    "asked": st.sampled_from([True, False, "yes", 1]),
    "company": st.sampled_from(["Plantedworks", "x" * 41, "", "a\0b"]),
    "age": st.sampled_from([41, -1, 41.5]),
    "host": st.sampled_from(["Forum.Example.org", "x y"]),
    "object": st.builds(lambda one: {"id": "w1", "author": {"id": one}}, IDS),
    "actor": st.builds(lambda one: {"id": one, "name": "Ada"}, IDS),
    "attributes": st.just({"team": "north"}),
    "personal": st.just({"company": "x"}),
    "text": st.just("Hello"),
}
BESIDE: dict[str, Any] = {
    "time": st.sampled_from(
        ["2026-01-31T11:00:00Z", "2126-01-31T11:00:00Z", "1960-01-31T11:00:00+02:00", "soon", 5]
    ),
    "id": st.sampled_from(["1", " 1 ", "", 1]),
    "source": st.sampled_from(["/webinars", "https://Example.org/", "javascript:1"]),
    "type": st.sampled_from(
        ["webinar.attended.v1", "webinar.noted.v1", "webinar.planned.v1", "member.joined.v1", "no.such.v1", None]
    ),
    "specversion": st.sampled_from(["1.0", "0.3"]),
    "datacontenttype": st.sampled_from(["application/json", None]),
    "traceparent": st.sampled_from(["00-" + "a" * 32 + "-" + "b" * 16 + "-01", "x", None]),
    "partition": st.sampled_from(["7", 7, {"a": 1}]),
}


@st.composite
def events(draw: st.DrawFn) -> Any:
    """An event that is valid but for a few things."""
    event = sent(share=0.5, company="Plantedworks")
    for name in draw(st.sets(st.sampled_from(sorted(BESIDE)), max_size=1)):
        event[name] = draw(BESIDE[name])
    for name in draw(st.sets(st.sampled_from(sorted(DATA)), max_size=2)):
        event["data"][name] = draw(DATA[name])
    return event


def one_by_one(body: bytes) -> Admission | str:
    """What is admitted where no batch is read in one step."""

    class Slow(DeclaredTypes):
        def read_all(self, body: bytes) -> None:
            return None

    return admitted(body, Slow(DECLARED.types, DECLARED.channels))


def admitted(body: bytes, declared: DeclaredTypes) -> Admission | str:
    try:
        return admit(body, {"content-type": JSON_TYPE}, NOW, LIMITS, declared)
    except MalformedError as error:
        return str(error)


@given(batch=st.lists(events(), min_size=1, max_size=4), cut=st.sampled_from([0, 0, 0, 1, 9]))
def test_a_batch_means_what_its_events_mean_one_by_one(batch: list[Any], cut: int) -> None:
    body = orjson.dumps(batch)
    body = body[: len(body) - cut]
    together, alone = admitted(body, DECLARED), one_by_one(body)
    assert together == alone
    # How they are written is part of what is content: the order of what stands beside one another is not.
    if isinstance(together, Admission) and isinstance(alone, Admission):
        for (_, one), (_, other) in zip(together.events, alone.events, strict=True):
            assert orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(
                other, option=orjson.OPT_SORT_KEYS
            )


@pytest.mark.parametrize("channel", ["webinars", "forum"])
def test_own_types_cost_at_most_three_times_what_built_in_ones_do(channel: str) -> None:
    own = orjson.dumps([sent(channel=channel) for _ in range(500)])
    built_in = orjson.dumps([sent("member.joined.v1", minutes=None, channel="forum") for _ in range(500)])

    def seconds(body: bytes) -> float:
        began = time.process_time()
        found = admitted(body, DECLARED)
        took = time.process_time() - began
        assert isinstance(found, Admission)
        assert len(found.events) == 500
        return took

    def ratio() -> float:
        pairs = [(seconds(own), seconds(built_in)) for _ in range(15)]
        return min(one for one, _ in pairs) / min(other for _, other in pairs)

    # One by one it is more than six times: a machine that is disturbed for a moment says so once, code each time.
    assert any(ratio() < 3 for _ in range(5))
