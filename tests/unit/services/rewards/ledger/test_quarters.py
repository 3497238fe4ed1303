"""Turnovers are by quarters of an hour, and every day of every zone begins with one."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st

from services.rewards.general_ledger.domain.journal import TurnoverSum, turnover_sums
from services.rewards.ledger.domain.entries import Account, Entry, Owner, community_account, deltas, member_account
from services.rewards.ledger.domain.turnovers import QUARTER, Turnover, quarter_of, turnovers_of

MEMBERS = [member_account(Owner("acme", member), kind) for member in "ab" for kind in ("available", "spent")]
ACCOUNTS = [*MEMBERS, community_account("acme", "points_issued"), community_account("acme", "bank", "EUR")]
moments = st.datetimes(timezones=st.just(UTC))


@given(moments)
def test_a_moment_is_in_one_quarter(moment: datetime) -> None:
    begun = quarter_of(moment)
    assert begun <= moment < begun + QUARTER
    assert (begun.minute % 15, begun.second, begun.microsecond) == (0, 0, 0)
    assert quarter_of(begun) == begun


def test_every_day_of_every_zone_begins_with_a_quarter() -> None:
    days = [date(2024, month, 1) + timedelta(days=day) for month in (1, 3, 4, 10, 11) for day in (0, 9, 30)]
    starts = {
        datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        for zone in available_timezones()
        for day in days
    }
    assert len(starts) > 10 * len(days)
    assert [start for start in starts if quarter_of(start) != start] == []


@given(st.lists(st.tuples(st.sampled_from(ACCOUNTS), st.integers(-9, 9).filter(bool))))
def test_what_entries_take_and_give_is_what_balances_change_by(lines: list[tuple[Account, int]]) -> None:
    entries = [Entry("t", account, amount) for account, amount in lines]
    found = turnovers_of(entries)
    assert all(debit >= 0 and credit >= 0 and debit + credit > 0 for debit, credit in found.values())
    by_key: dict[tuple[str, str, str, str | None], int] = {}
    for account, amount in deltas(entries):
        key = ("acme", account.kind, account.currency, None if account.owner else account.account_id)
        by_key[key] = by_key.get(key, 0) + amount
    assert {tuple(key): credit - debit for key, (debit, credit) in found.items()} == by_key
    assert sum(debit + credit for debit, credit in found.values()) == sum(abs(one.amount) for one in entries)


def test_what_was_taken_and_given_between_two_moments_is_the_difference() -> None:
    before = [Turnover("available", "PTS", None, 2, 10, 100), Turnover("wallet", "EUR", "w", 1, 5, 0)]
    after = [
        Turnover("available", "PTS", None, 3, 12, 130),
        Turnover("bank", "EUR", "b", 1, 0, 7),
        Turnover("wallet", "EUR", "w", 1, 9, 0),
    ]
    assert turnover_sums(before, after) == [
        TurnoverSum("bank", "EUR", 0, 0, 7),
        TurnoverSum("available", "PTS", -90, 2, 30),
    ]
