"""What SEPA banks accept: accounts and amounts."""

from dataclasses import dataclass

#: EPC132-08, customer-to-bank guidelines of the SEPA credit transfer: amounts up to 999999999.99.
AMOUNT_MINOR_MAX = 99_999_999_999


@dataclass(frozen=True, slots=True)
class BankAccount:
    """Whose account: name as people write it, IBAN in electronic form, BIC where known."""

    name: str
    iban: str
    bic: str | None = None
