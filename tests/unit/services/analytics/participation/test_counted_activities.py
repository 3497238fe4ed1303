"""What events and decisions change in what is counted."""

from datetime import UTC, date, datetime
from typing import Any

from services.analytics.participation.domain import Decided, Place, StoredEvents, count

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
PLACE = Place("acme", NOON.date(), "ada", "forum", "forum.post.v1")


def event(at: datetime = NOON, **more: Any) -> Any:
    return {
        "community": "acme",
        "uid": "1",
        "member": "ada",
        "type": "forum.post.v1",
        "time": at,
        "data": {"channel": "forum"},
        **more,
    }


def stored(*events: Any, retracted: tuple[str, ...] = ()) -> StoredEvents:
    return StoredEvents(events, {("acme", uid) for uid in retracted})


def test_events_of_one_place_are_added_up() -> None:
    changes = count(stored(event(), event(uid="2"), event(member="bob")), [])
    assert changes == {PLACE: 2, PLACE._replace(member_id="bob"): 1}


def test_an_event_and_what_takes_it_back_leave_a_place_of_none() -> None:
    assert count(stored(event()), [Decided(PLACE, -1)]) == {PLACE: 0}


def test_a_retracted_event_does_not_count() -> None:
    assert count(stored(event(), event(uid="2"), retracted=("1",)), []) == {PLACE: 1}


def test_what_bots_do_and_what_takes_back_or_restores_is_no_participation() -> None:
    given = [event(bots="member"), event(type="activity.retracted.v1"), event(type="activity.restored.v1")]
    assert count(stored(*given), []) == {}


def test_the_day_is_what_the_event_says_or_that_of_utc() -> None:
    said = date(2026, 3, 5)
    assert list(count(stored(event(day=said)), [])) == [PLACE._replace(day=said)]
