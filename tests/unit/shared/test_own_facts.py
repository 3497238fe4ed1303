"""How a database can stand to a topic that its service writes."""

from importlib import import_module

from aiokafka import TopicPartition

from shared.own_facts.copying import Standing
from shared.own_facts.readback import ReadBack
from shared.service import ServiceSpec
from shared.services import SERVICES
from shared.topics import TOPICS

PAYOUTS = TopicPartition("payouts.v1", 2)


def standing(known: int | None, beginning: int, end: int, *, compacted: bool = False) -> Standing:
    return Standing(PAYOUTS, known, beginning, end, compacted)


def test_what_lies_beyond_is_unknown_and_can_be_read() -> None:
    behind = standing(known=7, beginning=0, end=9)

    assert (behind.unknown_count, behind.why_not) == (2, None)
    assert standing(known=9, beginning=0, end=9).unknown_count == 0


def test_an_empty_database_knows_nothing_of_an_old_topic() -> None:
    assert (standing(None, 0, 9).unknown_count, standing(None, 0, 9).why_not) == (9, None)


def test_a_topic_that_ends_before_what_was_told_has_lost_it() -> None:
    assert "ends at 5" in str(standing(known=9, beginning=0, end=5).why_not)


def test_what_was_deleted_before_it_was_known_cannot_be_known() -> None:
    assert "begins at 8" in str(standing(known=7, beginning=8, end=9).why_not)
    assert "begins at 8" in str(standing(None, beginning=8, end=9).why_not)
    # Compaction takes only what a newer fact of the same key replaces.
    assert standing(known=7, beginning=8, end=9, compacted=True).why_not is None


def test_services_read_back_what_the_registry_says() -> None:
    for service in SERVICES:
        wanted = {topic.name for topic in TOPICS if topic.read_back and service in topic.producers}
        assert {topic.name for step in _steps(service) for topic in step.topics} == wanted, service


def test_what_is_read_back_is_kept_for_ever() -> None:
    assert all(topic.retention_ms < 0 for topic in TOPICS if topic.read_back)


def test_what_is_not_read_back_is_a_record_and_decides_nothing() -> None:
    dead_letters = {f"{service}.dlq.v1" for service in SERVICES}
    assert {topic.name for topic in TOPICS if not topic.read_back} - dead_letters == {
        "engagement.raw.v1",
        "engagement.backfill.v1",
        "engagement.rejected.v1",
        "audit.v1",
        "measures.v1",
        # What is asked for again has the same id, and is the same message.
        "message.requested.v1",
        # Told again, an alert of the day is the same fact.
        "alerts.v1",
        # An endpoint that was given up is given up again by the next tries.
        "webhook_trouble.v1",
    }


def _steps(service: str) -> list[ReadBack]:
    spec: ServiceSpec = import_module(f"services.{service}.main").SPEC
    return list(spec.read_back)
