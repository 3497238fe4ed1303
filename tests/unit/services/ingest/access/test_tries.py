"""Tries to sign in from one address: how many that let nobody in, and for how long they count."""

from datetime import UTC, datetime, timedelta

import pytest

from services.ingest.access.sign_ins.domain import TooManyTriesError, Tries

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def test_a_clock_that_was_ahead_for_a_while_shuts_no_address_out_for_as_long() -> None:
    tries = Tries()
    ahead = NOON + timedelta(hours=5)
    for _ in range(3):
        tries.failed("192.0.2.1", now=ahead, per_minute=3)
    with pytest.raises(TooManyTriesError):
        tries.check("192.0.2.1", now=ahead, per_minute=3)

    tries.check("192.0.2.1", now=NOON, per_minute=3)
    for _ in range(3):
        tries.failed("192.0.2.1", now=NOON, per_minute=3)
    with pytest.raises(TooManyTriesError):
        tries.check("192.0.2.1", now=NOON, per_minute=3)
