"""The sample files of docs/payouts.md are what is written, byte by byte."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from services.rewards.bank_messages.domain import Address, BankAccount, Ordering
from services.rewards.bank_messages.pain001.domain import CreditTransfer, credit_transfer_file

SAMPLES = Path(__file__).parents[6] / "docs/samples"
SWISS = Ordering(Address("Bern", "CH", "3011", "Musterweg", "7"), batch_booking=False)
FILES = {
    "pain001-chf-qrr-scor": (
        BankAccount("Muster AG", "CH5604835012345678009", "CRESCHZZ80A"),
        SWISS,
        [
            (194_975, BankAccount("Ada Müller", "CH4431999123000889012", None, "210000000003139471430009017")),
            (12_050, BankAccount("Bob Rossi", "CH9300762011623852957", None, "RF18539007547034")),
            (700, BankAccount("Eve Frei", "LI21088100002324013AA")),
        ],
    ),
    "pain001-usd": (
        BankAccount("Example Inc.", "USABA0210000210123456789", "CHASUS33"),
        Ordering(),
        [
            (194_975, BankAccount("Ada Miller", "USABA0110000151234")),
            (12_050, BankAccount("Bob Ross", "USABA12100024800001A2B3C4D5E6F7")),
        ],
    ),
    "pain001-jpy": (
        BankAccount("Example K.K.", "JPZGN00010011234567", "MHCBJPJT"),
        Ordering(),
        [(1_468, BankAccount("Hana Sato", "JPZGN00050257654321"))],
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_sample_is_what_is_written(name: str) -> None:
    payer, ordering, paid = FILES[name]
    content = credit_transfer_file(
        [
            CreditTransfer(f"{number:032x}", minor, payee, f"Points, payout {number}")
            for number, (minor, payee) in enumerate(paid, 1)
        ],
        message_id="5ea96c72334c587d89c3d177db83474e",
        payer=payer,
        created_at=datetime(2026, 11, 2, 8, 30, tzinfo=UTC),
        execution_date=date(2026, 11, 4),
        ordering=ordering,
        currency=name.split("-")[1].upper(),
    )
    assert (SAMPLES / f"{name}.xml").read_bytes() == content + b"\n"
