"""What events and decisions change in what is counted."""

from datetime import UTC, date, datetime
from typing import Any

from services.analytics.participation.domain import Decided, First, Place, StoredEvents, count

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
    counted = count(stored(event(), event(uid="2"), event(member="bob")), [])
    assert counted.changes == {PLACE: 2, PLACE._replace(member_id="bob"): 1}


def test_an_event_and_what_takes_it_back_leave_a_place_of_none_and_a_first() -> None:
    counted = count(stored(event()), [Decided(PLACE, -1)])
    assert counted.changes == {PLACE: 0}
    assert counted.firsts == {("acme", "ada"): First(NOON, "forum", None)}


def test_a_retracted_event_is_a_first_and_does_not_count() -> None:
    counted = count(stored(event(), event(uid="2"), retracted=("1",)), [])
    assert (counted.changes, list(counted.firsts)) == ({PLACE: 1}, [("acme", "ada")])


def test_what_bots_do_and_what_takes_back_or_restores_is_no_participation() -> None:
    given = [event(bots="member"), event(type="activity.retracted.v1"), event(type="activity.restored.v1")]
    assert count(stored(*given), []) == ({}, {})


def test_the_day_is_what_the_event_says_or_that_of_utc() -> None:
    said = date(2026, 3, 5)
    assert list(count(stored(event(day=said)), []).changes) == [PLACE._replace(day=said)]


def test_of_first_events_at_one_moment_the_first_channel_by_its_letters_counts() -> None:
    chat = event(data={"channel": "chat"}, day=date(2026, 3, 5))
    for given in ([event(), chat], [chat, event()]):
        assert count(stored(*given), []).firsts == {("acme", "ada"): First(NOON, "chat", date(2026, 3, 5))}
