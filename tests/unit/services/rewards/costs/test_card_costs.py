"""What cards cost: whatever is said of it, what is booked sums to zero and is taken back whole."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.costs.domain import (
    BOUGHT,
    CHARGED,
    TAKEN_BACK,
    CardCost,
    Expected,
    NotRefundedSoError,
    back_entries,
    booked,
    bought_entries,
    card_cost,
)
from services.rewards.ledger.domain.entries import Entry, check_balanced
from services.rewards.providers.domain.contract import Card, Charge, ProviderName
from shared.contracts.fields import MINOR_UNITS_MAX

NOW = datetime(2026, 11, 28, tzinfo=UTC)
CARD = Card(ProviderName.SANDBOX, "books", 1_000, "EUR")
OF = {"community": "c", "redemption_id": "0f4b6a0e-8a43-5d38-9f0c-1f4f6d1c2b3a", "now": NOW}
MINOR = st.integers(0, MINOR_UNITS_MAX)
CHARGES = st.builds(Charge, st.sampled_from(["EUR", "USD"]), MINOR, MINOR, MINOR, st.none() | MINOR)
QUOTES = st.none() | st.builds(Expected, MINOR, st.sampled_from(["EUR", "USD"]))


def cost(charge: Charge | None, quoted: Expected | None = None) -> CardCost:
    return card_cost(CARD, charge, quoted=quoted, **OF)  # type: ignore[arg-type]


def sums(entries: object) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    assert isinstance(entries, list)
    for entry in entries:
        assert isinstance(entry, Entry)
        assert entry.account.owner is None
        found[entry.account.kind, entry.account.currency] += entry.amount
    return found


def booking(one: CardCost, instead_of: CardCost | None = None) -> object:
    kind = BOUGHT if instead_of is None else CHARGED
    entries = bought_entries(one, booked(one, kind, at=NOW, instead_of=instead_of), instead_of=instead_of)
    check_balanced(entries)
    return entries


def test_fee_discount_and_what_is_beyond_them_have_an_account_each() -> None:
    made = cost(Charge("EUR", 1_005, fee_minor=15, discount_minor=30))
    assert made.difference_minor == 20
    assert sums(booking(made)) == {
        ("provider_balance", "EUR"): 1_005,
        ("card_cost", "EUR"): -1_000,
        ("card_fees", "EUR"): -15,
        ("card_discounts", "EUR"): 30,
        ("card_differences", "EUR"): -20,
    }


@pytest.mark.parametrize(
    ("charge", "quoted", "expected", "difference"),
    [
        (None, None, 1_000, 0),
        (None, Expected(900, "EUR"), 1_000, 0),
        (Charge("EUR", 1_000), Expected(990, "EUR"), 990, 10),
        (Charge("EUR", 980), Expected(1_100, "USD"), 1_000, -20),
        (Charge("USD", 1_118, discount_minor=35), Expected(1_100, "USD"), 1_100, 53),
        (Charge("USD", 1_118, discount_minor=35), None, 1_153, 0),
    ],
)
def test_what_was_expected_is_the_quote_or_the_value_in_the_currency_that_was_charged(
    charge: Charge | None, quoted: Expected | None, expected: int, difference: int
) -> None:
    made = cost(charge, quoted)
    assert (made.expected_minor, made.difference_minor) == (expected, difference)
    assert made.is_said is (charge is not None)


@given(charge=CHARGES, quoted=QUOTES)
def test_a_value_that_was_booked_is_corrected_by_what_is_said_later_and_taken_back_whole(
    charge: Charge, quoted: Expected | None
) -> None:
    guessed, said = cost(None, quoted), cost(charge, quoted)
    alone = sums(booking(said))
    both = sums(booking(guessed))
    both.update(sums(booking(said, guessed)))
    assert {key: amount for key, amount in both.items() if amount} == dict(alone)
    back = said.taken_back(charge, now=NOW)
    if charge.refunded_minor is None:
        # Nothing is booked before a person says what it refunded.
        assert back.is_refund_unsaid
        back = back.refunded(charge.total_minor, now=NOW)
    entries = back_entries(back, booked(back, TAKEN_BACK, at=NOW))
    check_balanced(entries)
    alone.update(sums(list(entries)))
    left = {kind: amount for (kind, _), amount in alone.items() if amount}
    kept = 0 if charge.refunded_minor is None else max(0, charge.total_minor - charge.refunded_minor)
    assert left == ({"provider_balance": kept, "card_differences": -kept} if kept else {})


def test_a_refund_that_nobody_says_waits_and_is_never_more_than_was_charged() -> None:
    bought = cost(Charge("EUR", 990))
    with pytest.raises(NotRefundedSoError):
        bought.refunded(990, now=NOW)
    for said in (None, Charge("EUR", 990), Charge("USD", 990, refunded_minor=990)):
        waits = bought.taken_back(said, now=NOW)
        assert waits.is_refund_unsaid
        assert waits.is_further_than(bought)
        assert waits.taken_back(said, now=NOW + timedelta(days=1)) == waits
    with pytest.raises(NotRefundedSoError):
        waits.refunded(991, now=NOW)
    found = waits.refunded(40, now=NOW)
    assert (found.kept_minor, found.is_refund_unsaid, found.is_further_than(waits)) == (950, False, True)
    assert not waits.is_further_than(found)
    assert not bought.is_further_than(waits)


@pytest.mark.parametrize(
    "charge",
    [
        Charge("eur", 1),
        Charge("EURO", 1),
        Charge("PTS", 1),
        Charge("ZZZ", 1),
        Charge("EUR", -1),
        Charge("EUR", MINOR_UNITS_MAX + 1),
        Charge("EUR", 1, fee_minor=-1),
        Charge("EUR", 1, refunded_minor=10**30),
        Charge("EUR", 1.5),  # type: ignore[arg-type]
        Charge("EUR", float("nan")),  # type: ignore[arg-type]
    ],
)
def test_what_no_account_can_have_is_not_taken_for_a_price(charge: Charge) -> None:
    assert not charge.is_possible
