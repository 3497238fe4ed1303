"""What SEPA banks accept: accounts and amounts."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from shared.bank_accounts import NAME_MAX_CHARS, UnwritableNameError, sepa_text

#: EPC132-08, customer-to-bank guidelines of the SEPA credit transfer: amounts up to 999999999.99.
AMOUNT_MINOR_MAX = 99_999_999_999


@dataclass(frozen=True, slots=True)
class BankAccount:
    """Whose account: name as people write it, the others in electronic form; BIC where known.

    `iban` is an account of a clearing system, as `USABA…`, where its country has no IBANs. `reference` is what its
    holder asks payers to say: of a Swiss QR bill, or a creditor reference.
    """

    name: str
    iban: str
    bic: str | None = None
    reference: str | None = None

    @property
    def bank_name(self) -> str | None:
        """The name as it stands in a bank file, in SEPA's characters; None where nothing of it can be written."""
        try:
            return sepa_text(self.name, NAME_MAX_CHARS)
        except UnwritableNameError:
            return None


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody is: structured, or, with `lines` for what has no field, hybrid."""

    town: str
    country: str
    post_code: str | None = None
    street: str | None = None
    building: str | None = None
    lines: tuple[str, ...] = ()

    @property
    def in_a_line(self) -> str:
        """The address as people read it."""
        street = " ".join(part for part in (self.street, self.building) if part)
        town = " ".join(part for part in (self.post_code, self.town) if part)
        return ", ".join(part for part in (street, *self.lines, town, self.country) if part)


@dataclass(frozen=True, slots=True)
class Ordering:
    """How a bank is asked to pay: booked at once or each by itself, why (a purpose code), at once or in a day.

    It takes `file_max_count` payments in a file, which sum up to `file_max_minor` minor units; any, where None.
    """

    address: Address | None = None
    batch_booking: bool = True
    purpose: str | None = None
    instant: bool = False
    file_max_count: int | None = None
    file_max_minor: int | None = None

    @property
    def payment_max_minor(self) -> int:
        """The largest amount of one payment: by what SEPA transfers, and by what the bank takes in a file."""
        return AMOUNT_MINOR_MAX if self.file_max_minor is None else min(AMOUNT_MINOR_MAX, self.file_max_minor)

    @property
    def said(self) -> dict[str, Any]:
        """What of it differs from how files ever were, by its names, as JSON has it."""
        fields = asdict(self)
        if self.address is not None:
            fields["address"] = {
                name: list(text) if name == "lines" else text for name, text in fields["address"].items() if text
            }
        return {name: value for name, value in fields.items() if value != getattr(AS_EVER, name)}


#: As files were before anything else could be said.
AS_EVER: Final = Ordering()


def ordering_of(said: Mapping[str, Any] | None) -> Ordering:
    """How a bank is asked to pay, by what differs from how files ever were; other names are not looked at."""
    if not said:
        return AS_EVER
    address = said.get("address")
    return Ordering(
        address=_address_of(address) if address else None,
        batch_booking=said.get("batch_booking", AS_EVER.batch_booking),
        purpose=said.get("purpose"),
        instant=said.get("instant", AS_EVER.instant),
        file_max_count=said.get("file_max_count"),
        file_max_minor=said.get("file_max_minor"),
    )


def _address_of(said: Mapping[str, Any]) -> Address:
    street = {name: said.get(name) for name in ("post_code", "street", "building")}
    return Address(said["town"], said["country"], **street, lines=tuple(said.get("lines") or ()))
