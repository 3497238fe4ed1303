"""Token buckets: what they let through whatever comes, and what they say of it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.shares.domain import Bucket, Buckets, Share, retry_after_seconds

SHARE = Share.of(100, 10_000, 2)

shares = st.builds(
    Share.of,
    events_per_second=st.floats(0.1, 10_000),
    bytes_per_second=st.floats(1, 10_000_000),
    burst_seconds=st.integers(1, 60),
)
#: Moments that may stand still, leap, and go backwards.
moments = st.lists(st.floats(0, 10_000), min_size=1, max_size=60)
requests = st.tuples(st.integers(1, 1_000), st.integers(1, 5_000_000))


def let_in(bucket: Bucket, share: Share, now: float) -> bool:
    """Whether a request that comes now is taken."""
    bucket.refill(share, now)
    return bucket.is_open


def empty(share: Share, now: float) -> Bucket:
    bucket = Bucket(share, now)
    bucket.take(int(share.burst_events) + 1, 0)
    return bucket


@given(share=shares, times=moments, sent=st.lists(requests, min_size=60, max_size=60))
def test_never_more_than_the_burst_and_what_came_since(
    share: Share, times: list[float], sent: list[tuple[int, int]]
) -> None:
    """Before each request that is taken: what was taken is at most burst + rate × the time that went forward."""
    bucket = Bucket(share, times[0])
    events = octets = 0
    forward = 0.0
    for (before, now), (event_count, byte_count) in zip(pairwise([times[0], *times]), sent, strict=False):
        forward += max(0.0, now - before)
        if let_in(bucket, share, now):
            assert events <= share.burst_events + share.events_per_second * forward + 1e-3
            assert octets <= share.burst_bytes + share.bytes_per_second * forward + 1
            bucket.take(event_count, byte_count)
            events, octets = events + event_count, octets + byte_count


@given(share=shares, now=st.floats(0, 1e6), taken=requests)
def test_a_bucket_that_rests_is_full_again_and_no_fuller(share: Share, now: float, taken: tuple[int, int]) -> None:
    bucket = Bucket(share, now)
    bucket.take(*taken)
    rest = max(taken[0] / share.events_per_second, taken[1] / share.bytes_per_second)

    bucket.refill(share, now + rest * 1.001 + 1e-3)
    assert (bucket.events, bucket.bytes) == pytest.approx((share.burst_events, share.burst_bytes))
    bucket.refill(share, now + rest + 1e9)
    assert (bucket.events, bucket.bytes) == (share.burst_events, share.burst_bytes)


@given(share=shares, now=st.floats(0, 1e6), taken=requests)
def test_whoever_waits_as_long_as_told_is_let_in_and_before_that_is_not(
    share: Share, now: float, taken: tuple[int, int]
) -> None:
    bucket = empty(share, now)
    bucket.take(*taken)
    seconds = max(bucket.wait_seconds(share))

    assert not let_in(bucket, share, now + seconds * 0.9)
    assert let_in(bucket, share, now + retry_after_seconds(seconds))


def test_a_million_small_steps_come_to_as_much_as_one() -> None:
    """No drift: hours of requests, one every 10 ms at twice the rate, each taken when the bucket is open."""
    share = Share.of(50, 1e9, 1)
    bucket = Bucket(share, 0)
    taken = 0
    for step in range(1_000_000):
        if let_in(bucket, share, step * 0.01):
            bucket.take(1, 1)
            taken += 1
    assert taken == pytest.approx(50 * 10_000, abs=50)


def test_a_clock_that_goes_backwards_gives_nothing_and_takes_nothing() -> None:
    bucket = empty(SHARE, 1_000)
    assert not let_in(bucket, SHARE, 0)
    assert bucket.events == -1
    assert not let_in(bucket, SHARE, 1)
    assert let_in(bucket, SHARE, 1.01), "it goes on from where the clock is now"


def test_a_request_that_is_half_over_is_taken_whole_and_its_debt_is_paid() -> None:
    bucket = Bucket(SHARE, 0)
    bucket.take(150, 1)
    assert let_in(bucket, SHARE, 0)
    bucket.take(100, 1)
    assert bucket.events == -50
    assert bucket.wait_seconds(SHARE) == (1.5, 0)
    assert not let_in(bucket, SHARE, 1.49)
    assert let_in(bucket, SHARE, 1.5)


def test_large_requests_do_not_follow_one_another_at_once() -> None:
    """As large as the burst, sent again and again: each a burst's time after the one before, but for the first."""
    bucket = Bucket(SHARE, 0)
    times = []
    for step in range(80):
        if let_in(bucket, SHARE, step / 8):
            bucket.take(200, 1)
            times.append(step / 8)
    assert times == [0, 1, 3, 5, 7, 9]


def test_bytes_are_counted_beside_events() -> None:
    bucket = Bucket(SHARE, 0)
    bucket.take(1, 20_000)
    assert not let_in(bucket, SHARE, 0)
    assert bucket.wait_seconds(SHARE) == (0, 1)


def test_nobody_waits_at_an_open_bucket() -> None:
    bucket = Bucket(SHARE, 0)
    bucket.take(199, 1)
    assert bucket.wait_seconds(SHARE) == (0, 0)


def test_a_share_that_was_made_smaller_holds_no_more_than_its_own_burst() -> None:
    bucket = Bucket(SHARE, 0)
    smaller = Share.of(1, 10_000, 2)
    bucket.refill(smaller, 1)
    assert bucket.events == 2


def test_light_is_who_took_little_and_sends_little() -> None:
    bucket = Bucket(SHARE, 0)
    assert not bucket.is_light(SHARE, 1_001)
    bucket.take(10, 1_000)
    assert bucket.is_light(SHARE, 1_000)
    bucket.take(0, 1)
    assert not bucket.is_light(SHARE, 1)


def test_of_a_debt_no_more_than_a_burst_is_kept() -> None:
    bucket = Bucket(SHARE, 0)
    bucket.take(10_000, 1)
    bucket.forgive(SHARE)
    assert (bucket.events, bucket.bytes) == (-200, 19_999)


@given(names=st.lists(st.integers(0, 30), max_size=200), most=st.integers(1, 10))
def test_no_more_buckets_than_may_be_and_the_longest_silent_goes(names: list[int], most: int) -> None:
    buckets = Buckets()
    lately: list[int] = []
    for name in names:
        known = buckets.of(name, SHARE, 0, most)
        lately = [*(one for one in lately if one != name), name][-most:]
        assert len(buckets) == len(lately)
        assert all(buckets._known[one] is not None for one in lately)
        assert buckets.of(name, SHARE, 0, most) is known


def test_a_wait_is_a_whole_second_at_least() -> None:
    assert [retry_after_seconds(seconds) for seconds in (0, 0.01, 1, 1.2)] == [1, 1, 1, 2]
