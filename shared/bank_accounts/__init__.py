"""Accounts that a SEPA credit transfer pays or is paid from: their spelling, their countries, what is wrong."""

from shared.bank_accounts.checks import (
    Account,
    AccountError,
    bic_question,
    is_country,
    masked,
    read_account,
    why_not_in_address,
)
from shared.bank_accounts.countries import CHECKED_ON, SEPA_COUNTRIES, SOURCE, SepaCountry
from shared.bank_accounts.names import NAME_MAX_CHARS, UnwritableNameError, sepa_text
from shared.bank_accounts.rails import RAILS, DomesticAccount, Rail, domestic, why_not_payable_in, why_not_reached

__all__ = [
    "CHECKED_ON",
    "NAME_MAX_CHARS",
    "RAILS",
    "SEPA_COUNTRIES",
    "SOURCE",
    "Account",
    "AccountError",
    "DomesticAccount",
    "Rail",
    "SepaCountry",
    "UnwritableNameError",
    "bic_question",
    "domestic",
    "is_country",
    "masked",
    "read_account",
    "sepa_text",
    "why_not_in_address",
    "why_not_payable_in",
    "why_not_reached",
]
