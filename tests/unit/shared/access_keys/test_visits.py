"""A publishable key is asked with so often and no oftener, from each address and in all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.access.keys.domain import NotTheirScopesError, PublishableAloneError, granted_scopes
from shared.access_keys import is_publishable
from shared.access_keys.visits import Visits


def test_a_minutes_visits_may_come_at_once_and_then_one_by_one() -> None:
    visits = Visits(3, 10)
    assert [visits.wait_seconds("a", 0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert visits.wait_seconds("a", 0.0) == pytest.approx(20)
    assert visits.wait_seconds("a", 19.0) == pytest.approx(1)
    assert visits.wait_seconds("a", 20.0) == 0.0
    assert visits.wait_seconds("a", 20.0) > 0
    assert visits.wait_seconds("b", 0.0) == 0.0


@given(st.lists(st.floats(0, 30), max_size=200))
def test_no_more_than_the_burst_and_the_rate_come_through(pauses: list[float]) -> None:
    visits, now, taken = Visits(5, 10), 0.0, 0
    for pause in pauses:
        now += pause
        taken += visits.wait_seconds("a", now) == 0.0
        assert taken <= 5 + now * 5 / 60 + 1e-6


def test_what_is_remembered_is_bounded() -> None:
    visits = Visits(1, 2)
    for name in ("a", "b", "c"):
        assert visits.wait_seconds(name, 0.0) == 0.0
    assert visits.wait_seconds("b", 1.0) > 0
    assert visits.wait_seconds("a", 1.0) == 0.0  # forgotten, and as new


def test_a_key_that_anybody_may_see_is_for_nothing_else() -> None:
    assert granted_scopes(["public:read"], roles=["moderator"], community="acme") == ("public:read",)
    assert is_publishable(("public:read",))
    assert not is_publishable(granted_scopes(None, roles=["moderator"], community="acme"))
    assert "public:read" not in granted_scopes(None, roles=["moderator"], community="acme")
    with pytest.raises(PublishableAloneError):
        granted_scopes(["public:read", "points:read"], roles=["moderator"], community="acme")
    with pytest.raises(NotTheirScopesError):
        granted_scopes(["public:read"], roles=["administrator"], community="acme")
