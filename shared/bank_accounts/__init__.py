"""Accounts that payouts go to or leave from: their spelling, their countries, their rails, what is wrong."""

from shared.bank_accounts.checks import (
    Account,
    AccountError,
    bic_question,
    is_country,
    masked,
    read_account,
    why_not_in_address,
)
from shared.bank_accounts.clearing import DomesticAccount, domestic
from shared.bank_accounts.countries import CHECKED_ON, SEPA_COUNTRIES, SOURCE, SepaCountry
from shared.bank_accounts.names import NAME_MAX_CHARS, UnwritableNameError, sepa_text
from shared.bank_accounts.rails import RAILS, Rail, only_currency, why_not_payable_in, why_not_reached
from shared.bank_accounts.references import is_qrr

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
    "is_qrr",
    "masked",
    "only_currency",
    "read_account",
    "sepa_text",
    "why_not_in_address",
    "why_not_payable_in",
    "why_not_reached",
]
