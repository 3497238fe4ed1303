"""Ids of awards: where those of an event lie among all others."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.award_ids import AWARD_PREFIX_LENGTH, award_id_range, award_prefix

AT = datetime(2026, 3, 3, 12, tzinfo=UTC)
UIDS = st.integers(0, 9_999).map(lambda number: str(uuid5(UUID(int=7), str(number))))
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 -- the strategy wants them naive


@given(UIDS, MOMENTS, st.integers(0, 2**48 - 1))
def test_every_id_with_the_prefix_is_in_the_range(uid: str, at: datetime, rest: int) -> None:
    lowest, highest = award_id_range(uid, at)
    made = UUID(award_prefix(uid, at) + f"{rest:012x}")
    assert lowest <= made <= highest
    assert made.version == lowest.version == highest.version == 8
    assert str(made)[:AWARD_PREFIX_LENGTH] == award_prefix(uid, at)


@given(UIDS, MOMENTS, UIDS, MOMENTS)
def test_ranges_lie_in_the_order_of_time(uid: str, at: datetime, other: str, later: datetime) -> None:
    first, second = award_id_range(uid, at), award_id_range(other, later)
    if later - at >= timedelta(milliseconds=1):
        assert first[1] < second[0]


def test_events_of_one_millisecond_are_told_apart_by_their_uids() -> None:
    uids = {str(uuid5(UUID(int=7), str(number))) for number in range(1_000)}
    assert len({award_prefix(uid, AT) for uid in uids}) == 1_000


def test_a_time_is_the_same_in_every_zone() -> None:
    uid = str(UUID(int=5))
    assert award_prefix(uid, AT) == award_prefix(uid, datetime.fromisoformat("2026-03-03T14:00:00+02:00"))
