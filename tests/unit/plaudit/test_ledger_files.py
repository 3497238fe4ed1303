"""Blocks of the ledger as a file, and the ledger in Beancount's language, read by Beancount itself."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from beancount.core.data import Balance
from beancount.loader import load_string
from beancount.ops.validation import HARDCORE_VALIDATIONS
from click.testing import CliRunner

from plaudit.beancount import NotAgreedError, beancount_lines
from plaudit.blocks import Link, verified
from plaudit.cli import main

ADA = str(UUID(int=0xADA))
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def moved(number: int, kind: str, source: Any, target: Any, amount: int, currency: str, day: str) -> list[str]:
    """Two entries of a transfer, as a block has them; an account is its number, whose it is, and its kind."""
    lines = []
    for (account, owner, name), value in ((source, -amount), (target, amount)):
        moment = f"{day}T10:00:00.000000Z"
        said = [str(UUID(int=number)), kind, str(UUID(int=99)), moment, moment, None, None, None]
        lines.append(json.dumps([*said, str(UUID(int=account)), owner, name, value, currency]))
    return lines


def chain(*blocks: Sequence[str]) -> list[Link]:
    links, previous = [], ""
    for number, lines in enumerate(blocks, 1):
        header = json.dumps(["demo", number, previous])
        previous = hashlib.sha256("\n".join((header, *lines)).encode()).hexdigest()
        links.append(Link(number, previous, header, list(lines)))
    return links


ISSUED, AVAILABLE, PAID = (1, None, "points_issued"), (2, ADA, "available"), (3, ADA, "paid")
EXPENSE, TRANSIT = (4, None, "payout_expense"), (5, None, "bank_in_transit")
YEN, YEN_OUT = (6, None, "payout_expense"), (7, None, "bank_in_transit")
LINKS = chain(
    moved(1, "award", ISSUED, AVAILABLE, 500, "PTS", "2026-02-02"),
    [
        *moved(2, "payout_submitted", AVAILABLE, PAID, 120, "PTS", "2026-02-01"),
        *moved(2, "payout_submitted", EXPENSE, TRANSIT, 1250, "EUR", "2026-02-01"),
        *moved(3, "payout_submitted", YEN, YEN_OUT, 700, "JPY", "2026-02-03"),
    ],
)
SIDES = {1: -500, 2: 380, 3: 120, 4: -1250, 5: 1250, 6: -700, 7: 700}


def sides(**changed: int) -> dict[str, int]:
    numbers = SIDES | {int(name.removeprefix("a")): amount for name, amount in changed.items()}
    return {str(UUID(int=number)): amount for number, amount in numbers.items()}


def test_beancount_takes_it_and_comes_to_the_same_balances() -> None:
    text = "\n".join(beancount_lines(verified(LINKS), sides(), at=AT))

    entries, errors, _ = load_string(text, extra_validations=HARDCORE_VALIDATIONS)

    assert errors == []
    balances = {str(one.amount) for one in entries if isinstance(one, Balance)}
    assert balances == {
        *("500 PTS", "-380 PTS", "-120 PTS", "12.50 EUR", "-12.50 EUR", "700 JPY", "-700 JPY"),
    }
    # An amount that is another one is found by it.
    assert load_string(text.replace("  -12.50 EUR\n", "  -12.40 EUR\n", 1))[1]


def test_what_does_not_agree_is_not_written() -> None:
    for books in (sides(a2=379), sides() | {str(UUID(int=8)): 1}):
        with pytest.raises(NotAgreedError):
            list(beancount_lines(verified(LINKS), books, at=AT))


def test_what_was_booked_later_is_left_out() -> None:
    later = chain(LINKS[0].lines, moved(9, "award", ISSUED, AVAILABLE, 7, "PTS", "2026-03-02"))
    text = "\n".join(beancount_lines(later, {str(UUID(int=1)): -500, str(UUID(int=2)): 500}, at=AT))
    assert "2026-03-02 *" not in text
    assert load_string(text)[1] == []


def written(path: Path, links: Sequence[Link]) -> Path:
    path.write_text("".join(f"{link.as_json()}\n" for link in links))
    return path


def verify(*said: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["ledger", "verify", *said])
    return result.exit_code, result.output


def test_a_file_is_verified_without_a_service(tmp_path: Path) -> None:
    file = str(written(tmp_path / "blocks", LINKS))

    assert verify(file)[0] == 0
    code, said = verify(file, "--json")
    assert (code, json.loads(said)) == (0, {"blocks": 2, "entries": 8, "hash": LINKS[1].hash})
    assert verify(file, "--kept", f"1:{LINKS[0].hash}")[0] == 0
    code, said = verify(file, "--kept", f"1:{LINKS[1].hash}")
    assert (code, "which you kept" in said) == (1, True)
    assert verify(file, "--kept", "1")[0] == 2


def test_what_was_changed_in_a_file_is_found(tmp_path: Path) -> None:
    other = chain(moved(1, "award", ISSUED, AVAILABLE, 501, "PTS", "2026-02-02"), LINKS[1].lines)
    wrong = {
        "an amount": ([LINKS[0]._replace(lines=other[0].lines), LINKS[1]], "do not fit its hash"),
        "a block made anew": ([other[0], LINKS[1]], "does not follow"),
        "a block that is gone": ([LINKS[1]], "does not follow"),
        "a number": ([LINKS[0], LINKS[1]._replace(number=3)], "does not follow"),
        "an order": ([LINKS[1], LINKS[0]], "does not follow"),
    }
    for name, (links, reason) in wrong.items():
        code, said = verify(str(written(tmp_path / "wrong", links)))
        assert (code, reason in said) == (1, True), name
    (tmp_path / "none").write_text("[]\n")
    assert "is no block" in verify(str(tmp_path / "none"))[1]


def test_each_wallet_and_what_is_written_off_has_an_account_of_its_own_in_beancount() -> None:
    funding = (11, None, "wallet_funding")
    links = chain(
        [
            *moved(11, "wallet_fund", funding, (12, None, "wallet"), 300, "EUR", "2026-02-01"),
            *moved(12, "wallet_fund", funding, (13, None, "wallet"), 50, "EUR", "2026-02-01"),
            *moved(13, "debt_written_off", (14, None, "debts_written_off"), AVAILABLE, 40, "PTS", "2026-02-02"),
        ]
    )
    amounts = {11: -350, 12: 300, 13: 50, 14: -40, 2: 40}
    text = "\n".join(
        beancount_lines(verified(links), {str(UUID(int=one)): held for one, held in amounts.items()}, at=AT)
    )

    entries, errors, _ = load_string(text, extra_validations=HARDCORE_VALIDATIONS)

    assert errors == []
    held = sorted(str(one.amount) for one in entries if isinstance(one, Balance))
    assert held == sorted(["3.50 EUR", "-3.00 EUR", "-0.50 EUR", "40 PTS", "-40 PTS"])
    assert any(
        line.startswith("Expenses:Community:Debts-written-off") for line in text.replace(" ", "\n").split("\n")
    )
