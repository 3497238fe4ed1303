"""By what a programme pays, who chose what, and what is wrong with one rail."""

from datetime import date
from decimal import Decimal

from services.rewards.payouts.runs.domain.rails import Chosen, Rail, rails_of, wanted, why_not_made
from services.rewards.providers.domain.contract import PAYING_OUT, ProviderName
from services.rewards.rates.domain.converting import NoRateError
from services.rewards.rates.domain.policies import NoRatePolicyError, RateMovedError, StaleRatesError
from shared.contracts.programme import PayoutTerms

ACCOUNT = {"name": "Example", "iban": "DE89370400440532013000", "bic": "COBADEFFXXX"}
TERMS = PayoutTerms.model_validate(
    {
        "currency": "EUR",
        "points": 100,
        "minor": 50,
        "minimum_points": 500,
        "paying_account": ACCOUNT,
        "also": [
            {
                "currency": "GBP",
                "paying_account": {"name": "Example", "iban": "GB29NWBK60161331926819", "bic": "NWBKGB2L"},
            }
        ],
    }
)


def test_a_programme_has_a_rail_for_each_currency_by_bank_and_for_each_provider_in_that_of_its_price() -> None:
    rails = rails_of(TERMS)
    assert rails[:2] == [Rail(None, "EUR"), Rail(None, "GBP")]
    assert set(rails[2:]) == {Rail(provider, "EUR") for provider in PAYING_OUT}


def test_rails_that_somebody_chose_are_wanted_and_the_first_always() -> None:
    rails = rails_of(TERMS)
    assert wanted(rails, set()) == [Rail(None, "EUR")]
    # A currency that the programme pays no more is nobody's rail: who chose it is held in none.
    chosen = {Chosen(ProviderName.WISE, None), Chosen(None, "GBP"), Chosen(None, "JPY")}
    assert wanted(rails, chosen) == [Rail(None, "EUR"), Rail(None, "GBP"), Rail(ProviderName.WISE, "EUR")]


def test_each_thing_that_may_be_wrong_with_a_rate_is_said_in_words() -> None:
    day = date(2026, 1, 5)
    moved = RateMovedError("JPY", units=Decimal(200), approved=Decimal(163), max_move_basis_points=500)
    assert [
        why_not_made(error)
        for error in (
            NoRatePolicyError(day, "no policy applies"),
            StaleRatesError(None, 5),
            StaleRatesError(day, 5),
            NoRateError("JPY", "the file has none"),
            moved,
        )
    ] == [
        "on 2026-01-05 no policy applies: a policy of rates has to be proposed and approved",
        "there is no file of rates yet",
        "the rates are of 2026-01-05: the policy takes none older than 5 days",
        "JPY: the file has none",
        "the rate of JPY is further from the policy's than that allows",
    ]
