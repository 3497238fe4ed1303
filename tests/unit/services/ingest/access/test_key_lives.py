"""How long an access key lives, and the one that takes its place: never longer than was said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.ingest.access.keys.domain import (
    LASTS_MAX_DAYS,
    AccessKey,
    EndsTooLateError,
    check_issue,
    rotated,
)
from shared.access_keys import BOOTSTRAP

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
A_DAY = timedelta(days=1)
KEY = AccessKey("acme", "k1", "p1", "plugin", "0" * 64, ("events:write",), created_at=NOW - A_DAY, issued_by="p2")


def ends_of_both(key: AccessKey) -> tuple[datetime | None, datetime | None]:
    old, new = rotated(key, new_id="k2", new_sha256="1" * 64, by="p2", now=NOW, overlap=timedelta(hours=1))
    return old.expires_at, new.expires_at


def test_the_new_key_lives_as_long_as_the_old_one_was_to() -> None:
    assert ends_of_both(KEY) == (NOW + timedelta(hours=1), None)
    assert ends_of_both(replace(KEY, expires_at=NOW + A_DAY)) == (NOW + timedelta(hours=1), NOW + 2 * A_DAY)


def test_of_a_key_that_came_back_from_the_log_the_new_one_ends_when_it_would_have() -> None:
    """The log does not say when it began."""
    restored = replace(KEY, created_at=None, expires_at=NOW + A_DAY)
    assert ends_of_both(restored) == (NOW + timedelta(hours=1), NOW + A_DAY)


def test_no_key_is_issued_for_longer_than_there_may_be_and_one_of_before_is_rotated_into_one_that_may() -> None:
    last = NOW + timedelta(days=LASTS_MAX_DAYS)
    check_issue(BOOTSTRAP, had_key=False, expires_at=last, now=NOW)
    for late in (last + timedelta(microseconds=1), datetime.fromisoformat("9999-12-31T23:59:59-14:00")):
        with pytest.raises(EndsTooLateError):
            check_issue(BOOTSTRAP, had_key=False, expires_at=late, now=NOW)
    assert ends_of_both(replace(KEY, expires_at=datetime.max.replace(tzinfo=UTC)))[1] == last
