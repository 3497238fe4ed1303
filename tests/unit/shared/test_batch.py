from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter

from shared.consumer.batch import Batch
from shared.transaction import InvalidMessageError

VALIDATE = {topic: TypeAdapter(int).validate_json for topic in ("a", "b")}


@dataclass(frozen=True)
class Record:
    """What the loop uses of a Kafka record."""

    topic: str
    partition: int
    offset: int
    value: bytes | None


@st.composite
def records(draw):
    """Records of a few partitions, one partition after the other, as a fetch gives them."""
    found = []
    for topic, partition in draw(st.sets(st.tuples(st.sampled_from("ab"), st.integers(0, 2)), max_size=4)):
        offsets = sorted(draw(st.sets(st.integers(0, 30), max_size=8)))
        values = st.sampled_from([b"1", b"22", b"NaN", b"x", None])
        found += [Record(topic, partition, offset, draw(values)) for offset in offsets]
    return found


def batch_of(given_records):
    batch = Batch()
    batch.decode(given_records, VALIDATE)
    return batch


def test_each_record_is_decoded_rejected_or_a_tombstone():
    batch = batch_of([Record("a", 0, 0, b"1"), Record("a", 0, 1, b"Infinity"), Record("a", 0, 2, None)])
    assert [message for _, message in batch.decoded] == [1]
    assert [one.record.offset for one in batch.rejections] == [1]
    assert len(batch.records) == 3


@given(records(), st.dictionaries(st.tuples(st.sampled_from("ab"), st.integers(0, 2)), st.integers(0, 31)))
def test_only_what_lies_at_or_after_the_next_offset_is_left(given_records, next_offsets):
    def wanted(record):
        return record.offset >= next_offsets.get((record.topic, record.partition), 99)

    left = batch_of(given_records).only(wanted)
    assert left == batch_of([record for record in given_records if wanted(record)])


@given(records())
def test_halves_are_all_of_it_in_order(given_records):
    first, second = batch_of(given_records).halves()
    assert first == batch_of(first.records)
    assert second == batch_of(second.records)
    assert first.records + second.records == given_records
    assert abs(len(first.records) - len(second.records)) <= 1


def test_the_culprit_is_named_by_its_place_among_its_topic_or_is_the_only_one():
    batch = batch_of([Record("a", 0, 0, b"1"), Record("b", 0, 0, b"2"), Record("b", 0, 1, b"3")])
    invalid = InvalidMessageError("no", index=1)
    invalid.topic = "b"
    assert batch.culprit(invalid).offset == 1
    assert batch.culprit(InvalidMessageError("no")) is None
    assert batch_of([Record("a", 0, 7, b"1")]).culprit(InvalidMessageError("no")).offset == 7


def test_a_rejected_record_has_no_message_any_more():
    batch = batch_of([Record("a", 0, 0, b"1"), Record("a", 0, 1, b"2")])
    batch.reject(batch.records[0], "because")
    assert [(one.record.offset, one.reason) for one in batch.rejections] == [(0, "because")]
    assert [message for _, message in batch.decoded] == [2]


@pytest.mark.parametrize("value", [b"NaN", b"[Infinity]", b"-Infinity"])
def test_words_that_are_no_json_numbers_are_invalid(value):
    batch = Batch()
    batch.decode([Record("a", 0, 0, value)], {"a": TypeAdapter(float).validate_json})
    assert batch.rejections
    assert not batch.decoded


class Fields(BaseModel):
    name: int
    points: int
    rule: int
    day: int


def test_a_reason_names_the_fields_that_are_wrong_and_nothing_that_a_record_says() -> None:
    batch = Batch()
    value = b'{"name": "Ada Lovelace", "points": 3, "day": "x"}'
    batch.decode([Record("t", 0, 7, value), Record("t", 0, 8, b"no JSON")], {"t": Fields.model_validate_json})
    wrong, broken = (rejection.reason for rejection in batch.rejections)
    integer = "Input should be a valid integer, unable to parse string as an integer"
    assert wrong == f"name: {integer}; rule: Field required; day: {integer}"
    assert broken.startswith("Invalid JSON: ")
    none = Batch()
    none.decode([Record("t", 0, 7, b"{}")], {"t": Fields.model_validate_json})
    assert none.rejections[0].reason.endswith("; and 1 more")
