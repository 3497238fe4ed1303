from typing import Any

import pytest

from console.asking import Answer
from console.pages.dead_letters.routes import _readable
from console.pages.pipeline.flow import LATE_SECONDS, WAY, pipeline_of

FLOWING: dict[str, Any] = {
    "workers": 2,
    "reported_at": "2026-11-26T12:00:00Z",
    "fenced": None,
    "topics": [
        {"topic": "engagement.events.v1", "per_second": 12.5, "lag": 3, "oldest_seconds": 0.4},
        {"topic": "people.v1", "per_second": 0.5, "lag": 1, "oldest_seconds": 0.2},
    ],
    "recent": [1.0, 2.0],
    "ages": [{"stage": "award", "count": 10, "median_seconds": 0.2, "p99_seconds": 0.9}],
    "outbox_pending": 4,
    "dead_letters": {"count": 0, "oldest_at": None},
}


def answers(**others: Answer) -> dict[str, Answer]:
    return {service: others.get(service, Answer(service, 200, FLOWING)) for service in WAY}


def with_(**changes: Any) -> Answer:
    return Answer("scoring", 200, {**FLOWING, **changes})


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (with_(), "flowing"),
        (with_(dead_letters={"count": 2, "oldest_at": None}), "dead"),
        (with_(topics=[{**FLOWING["topics"][0], "oldest_seconds": LATE_SECONDS + 1}]), "late"),
        (with_(fenced="it reads back facts"), "fenced"),
        (with_(workers=0), "silent"),
        (Answer("scoring", None), "down"),
        (Answer("scoring", 503, {}), "down"),
        (Answer("scoring", 403, {}), "forbidden"),
    ],
)
def test_a_part_says_the_worst_that_is_the_matter(answer: Answer, state: str) -> None:
    pipeline = pipeline_of(answers(scoring=answer))
    assert [part.service for part in pipeline.of_state(state) if part.service == "scoring"] == ["scoring"]


def test_figures_are_of_all_parts_and_of_none_where_nobody_says_them() -> None:
    pipeline = pipeline_of(answers())
    assert (pipeline.lag, pipeline.outbox, pipeline.oldest_seconds) == (20, 20, 0.4)
    assert (pipeline.award_p99, pipeline.ledger_p99) == (0.9, None)
    # A part's rate is that of the topic that is its place on an event's way.
    assert {part.service: part.per_second for part in pipeline.parts}["scoring"] == 12.5
    nothing = pipeline_of({service: Answer(service, None) for service in WAY})
    assert (nothing.events_per_second, nothing.lag, nothing.ages) == (None, 0, [])


@pytest.mark.parametrize(
    ("letter", "shown"),
    [
        ({"value": '{"b":1,"a":"é"}', "value_base64": "x"}, '{\n  "b": 1,\n  "a": "é"\n}'),
        ({"value": '{"b":', "value_base64": "x"}, '{"b":'),
        ({"value": None, "value_base64": "//8="}, "//8="),
    ],
)
def test_a_record_is_shown_as_somebody_reads_it(letter: dict[str, Any], shown: str) -> None:
    assert _readable(letter) == shown


def test_what_is_past_waits_without_anything_being_late() -> None:
    waits = {"topic": "engagement.backfill.v1", "per_second": 0.0, "lag": 700, "oldest_seconds": 3_600.0}
    pipeline = pipeline_of(answers(scoring=with_(topics=[*FLOWING["topics"], waits])))
    assert pipeline.of_state("late") == []
    assert (pipeline.lag, pipeline.oldest_seconds, pipeline.backfill_lag) == (20, 0.4, 700)
