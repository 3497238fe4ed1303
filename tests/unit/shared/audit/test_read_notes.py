"""Reads that wait to be stored: once an hour each, and never more than fit."""

import asyncio
from datetime import UTC, datetime, timedelta

from shared.audit.reads import Read, ReadNotes, read_id

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ADA = "82b61666-b7e6-5f62-b31f-fa66f08cfb53"
READ = Read("acme", "grace", "key 1", "GET /v1/payees/{member_id}", ADA)


async def test_the_same_in_one_hour_is_noted_once_and_in_the_next_again() -> None:
    notes = ReadNotes()

    for minutes in (0, 1, 59, 60, 61):
        await notes.note(READ, NOON + timedelta(minutes=minutes))

    assert [at for _, at in notes.waiting(9)] == [NOON, NOON + timedelta(hours=1)]


async def test_with_another_key_it_is_the_same_person_and_of_another_member_another_read() -> None:
    notes = ReadNotes()

    await notes.note(READ, NOON)
    await notes.note(READ._replace(credential="key 2"), NOON)
    await notes.note(READ._replace(member_id=None), NOON)
    await notes.note(READ._replace(person_id="linus"), NOON)

    assert [read for read, _ in notes.waiting(9)] == [
        READ,
        READ._replace(member_id=None),
        READ._replace(person_id="linus"),
    ]
    assert len({read_id(read, at=at, service="rewards") for read, at in notes.waiting(9)}) == 3
    late = NOON + timedelta(minutes=59)
    assert read_id(READ._replace(credential="key 2"), at=late, service="rewards") == read_id(
        READ, at=NOON, service="rewards"
    )


async def test_what_was_stored_is_not_noted_again_and_waits_no_more() -> None:
    notes = ReadNotes()
    await notes.note(READ, NOON)

    notes.stored(notes.waiting(9))
    await notes.note(READ, NOON)

    assert notes.waiting(9) == []


async def test_where_too_many_wait_the_next_waits_for_room() -> None:
    notes = ReadNotes(waiting_max_count=2)
    for member in ("1", "2"):
        await notes.note(READ._replace(member_id=member), NOON)

    third = asyncio.create_task(notes.note(READ._replace(member_id="3"), NOON))
    await asyncio.wait([third], timeout=0.01)
    assert not third.done()
    assert len(notes.waiting(9)) == 2

    notes.stored(notes.waiting(1))
    await third
    assert [read.member_id for read, _ in notes.waiting(9)] == ["2", "3"]


async def test_what_is_known_is_bounded() -> None:
    notes = ReadNotes(known_max_count=3)
    for number in range(100):
        await notes.note(READ._replace(member_id=str(number)), NOON)
        notes.stored(notes.waiting(9))

    await notes.note(READ._replace(member_id="99"), NOON)
    assert notes.waiting(9) == []
    await notes.note(READ._replace(member_id="0"), NOON)
    assert len(notes.waiting(9)) == 1
    assert len(notes._known) == 3
