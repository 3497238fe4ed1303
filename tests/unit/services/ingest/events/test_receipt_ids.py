"""A receipt's id says how many events it is about."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.events.domain.receipts import Lane, event_count, receipt_id, summary_of

MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- the zone is drawn
RANDOM = st.binary(min_size=8, max_size=8).map(bytes.hex)
COUNTS = st.integers(1, 999_999)
A_RECEIPT = receipt_id("acme", datetime(2026, 1, 31, 12, tzinfo=UTC), "0123456789abcdef", 12)


@given(MOMENTS, RANDOM, COUNTS)
def test_the_count_is_read_from_the_id_it_was_written_into(at: datetime, randomness: str, count: int) -> None:
    made = receipt_id("acme", at, randomness, count)
    assert event_count("acme", made) == count
    assert len(made) == len("r") + 12 + 16 + 16 + len(f"-{count}")


@given(MOMENTS, MOMENTS)
def test_ids_are_in_the_order_of_their_time(one: datetime, other: datetime) -> None:
    first, second = (receipt_id("acme", at, "0" * 16, 1) for at in sorted((one, other)))
    assert first[:29] <= second[:29]


@given(MOMENTS, RANDOM, COUNTS, st.text(max_size=8))
def test_a_receipt_is_its_communitys_alone(at: datetime, randomness: str, count: int, other: str) -> None:
    made = receipt_id("acme", at, randomness, count)
    assert event_count(other, made) == (count if other == "acme" else None)


@given(MOMENTS, RANDOM, COUNTS)
def test_the_lane_is_read_from_the_id_and_cannot_be_changed(at: datetime, randomness: str, count: int) -> None:
    past = receipt_id("acme", at, randomness, count, is_backfill=True)
    live = receipt_id("acme", at, randomness, count)
    assert (summary_of(past, {}).lane, summary_of(live, {}).lane) == (Lane.BACKFILL, Lane.LIVE)
    assert summary_of(past, {}).event_count == event_count("acme", past) == count
    assert event_count("acme", past.removesuffix("b")) is None
    assert event_count("acme", f"{live}b") is None


@given(st.integers(0, len(A_RECEIPT)), st.sampled_from("0123456789abcdef-r"))
def test_an_id_that_was_changed_is_nobodys(place: int, character: str) -> None:
    changed = A_RECEIPT[:place] + character + A_RECEIPT[place + 1 :]
    assert event_count("acme", changed) == (12 if changed == A_RECEIPT else None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "r",
        "none",
        "r" + "0" * 28,
        "r" + "0" * 28 + "-1",
        "r" + "0" * 44 + "-1",
        "r" + "0" * 28 + "-1234567",
        "R" + "0" * 28 + "-1",
        f"{A_RECEIPT}\n",
        A_RECEIPT.replace("-12", "-012"),
        A_RECEIPT.upper(),
        f"{A_RECEIPT}bb",
    ],
)
def test_what_is_no_receipts_id_has_no_count(text: str) -> None:
    assert event_count("acme", text) is None
