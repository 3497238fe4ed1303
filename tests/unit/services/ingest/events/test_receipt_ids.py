"""A receipt's id says how many events it is about."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.events.domain.receipts import event_count, receipt_id

MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- the zone is drawn


@given(MOMENTS, st.binary(min_size=8, max_size=8), st.integers(1, 999_999))
def test_the_count_is_read_from_the_id_it_was_written_into(at: datetime, randomness: bytes, count: int) -> None:
    made = receipt_id(at, randomness.hex(), count)
    assert event_count(made) == count
    assert len(made) == len("r") + 12 + 16 + len(f"-{count}")


@given(MOMENTS, MOMENTS)
def test_ids_are_in_the_order_of_their_time(one: datetime, other: datetime) -> None:
    first, second = (receipt_id(at, "0" * 16, 1) for at in sorted((one, other)))
    assert first <= second


@pytest.mark.parametrize(
    "text", ["", "r", "none", "r" + "0" * 28, "r" + "0" * 28 + "-1234567", "R" + "0" * 28 + "-1"]
)
def test_what_is_no_receipts_id_has_no_count(text: str) -> None:
    assert event_count(text) is None
