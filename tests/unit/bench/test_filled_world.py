"""A community that is filled in is the same for the same seed, and what it is made of fits together."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice

from bench.fill.__main__ import needed_bytes
from bench.fill.rows import OF_EVENTS, OF_MEMBERS
from bench.fill.world import DAYS, World
from shared.contracts.award_ids import award_id_range

UNTIL = datetime(2026, 11, 27, tzinfo=UTC)


def world(seed: int = 1, members: int = 100, events: int = 2_000) -> World:
    return World("filled", seed, members, events, UNTIL)


def test_the_same_seed_makes_the_same_community_and_another_another() -> None:
    assert list(world().done()) == list(world().done())
    assert list(world().members()) == list(world().members())
    assert {one.event_uid for one in world().done()}.isdisjoint(one.event_uid for one in world(seed=2).done())
    assert [one.kind for one in world().done()] != [one.kind for one in world(seed=2).done()]


def test_it_is_a_year_of_what_its_members_did_of_whom_few_did_most() -> None:
    done = list(world().done())
    assert len({one.event_uid for one in done}) == len({one.award_id for one in done}) == 2_000
    assert all(UNTIL - timedelta(days=DAYS) <= one.at < UNTIL for one in done)
    assert done == sorted(done, key=lambda one: one.at)
    members = {one.member_id for one in world().members()}
    assert {one.member_id for one in done} <= members
    counted = [count for _, count in Counter(one.member_id for one in done).most_common()]
    assert sum(counted[:10]) > 0.3 * len(done)
    assert len({one.kind.type for one in done}) == 5


def test_awards_have_ids_by_which_their_events_find_them() -> None:
    for one in islice(world().done(), 100):
        lowest, highest = award_id_range(str(one.event_uid), one.at)
        assert lowest <= one.award_id <= highest


def test_every_row_has_what_its_table_takes_and_entries_sum_to_zero() -> None:
    one, member = next(world().done()), next(world().members())
    for table, thing in [*((table, member) for table in OF_MEMBERS), *((table, one) for table in OF_EVENTS)]:
        rows = list(table.rows(world(), thing))
        assert rows
        assert {len(row) for row in rows} == {len(table.columns)}
    entries = next(table for table in OF_EVENTS if table.name == "entries")
    amount = entries.columns.index("amount")
    assert sum(row[amount] for row in entries.rows(world(), one)) == 0


def test_the_disk_that_it_takes_is_foretold() -> None:
    assert needed_bytes(1, 1) < 20_000
    assert 20 * 2**30 < needed_bytes(1_000_000, 10_000_000) < 40 * 2**30
