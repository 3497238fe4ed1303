"""What events and decisions change in what is counted."""

from datetime import UTC, date, datetime
from typing import Any

from services.analytics.participation.domain import Decided, First, Place, StoredEvent, count

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
PLACE = Place("acme", NOON.date(), "ada", "forum", "forum.post.v1")


def stored(at: datetime = NOON, *, is_retracted: bool = False, **more: Any) -> StoredEvent:
    event: Any = {
        "community": "acme",
        "member": "ada",
        "type": "forum.post.v1",
        "time": at,
        "data": {"channel": "forum"},
        **more,
    }
    return StoredEvent(event, is_retracted)


def test_events_of_one_place_are_added_up() -> None:
    counted = count([stored(), stored(), stored(member="bob")], [])
    assert counted.changes == {PLACE: 2, PLACE._replace(member_id="bob"): 1}


def test_an_event_and_what_takes_it_back_change_nothing_but_the_first() -> None:
    counted = count([stored()], [Decided(PLACE, -1)])
    assert counted.changes == {}
    assert counted.firsts == {("acme", "ada"): First(NOON, "forum", None)}


def test_a_retracted_event_is_a_first_and_does_not_count() -> None:
    counted = count([stored(is_retracted=True)], [])
    assert (counted.changes, list(counted.firsts)) == ({}, [("acme", "ada")])


def test_what_bots_do_and_what_takes_back_or_restores_is_no_participation() -> None:
    given = [stored(bots="member"), stored(type="activity.retracted.v1"), stored(type="activity.restored.v1")]
    assert count(given, []) == ({}, {})


def test_the_day_is_what_the_event_says_or_that_of_utc() -> None:
    said = date(2026, 3, 5)
    assert list(count([stored(day=said)], []).changes) == [PLACE._replace(day=said)]


def test_of_first_events_at_one_moment_the_first_channel_by_its_letters_counts() -> None:
    chat = stored(data={"channel": "chat"}, day=date(2026, 3, 5))
    for given in ([stored(), chat], [chat, stored()]):
        assert count(given, []).firsts == {("acme", "ada"): First(NOON, "chat", date(2026, 3, 5))}
