"""The ledger in the language of Beancount, for a look with tools that are not ours."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

from plaudit.blocks import Link, Read, read
from shared.currencies import decimal_amount

POINTS = "PTS"
EXPIRY = "expiry"
#: What is on an account, by its id, in minor units: credit positive.
Sides = Mapping[str, int]
#: Beancount's five roots, by kind of account. What members hold is owed to them; what they have used up is theirs
#: no more, and stays visible as equity beside what was issued.
ROOTS = {
    "pending": "Liabilities",
    "available": "Liabilities",
    "reserved": "Liabilities",
    "payable": "Liabilities",
    "spent": "Equity",
    "paid": "Equity",
    "expired": "Equity",
    "points_issued": "Equity",
    "debts_written_off": "Expenses",
    "payout_expense": "Expenses",
    "bank_in_transit": "Assets",
    "bank": "Assets",
    "bank_charges": "Expenses",
    "fx_gain_loss": "Income",
    "suspense": "Assets",
    "provider_balance": "Liabilities",
    "card_cost": "Expenses",
    "card_fees": "Expenses",
    "card_discounts": "Income",
    "card_differences": "Expenses",
}


#: Kinds of which each wallet has an account of its own.
OF_EACH_WALLET = ("wallet", "wallet_reserved", "wallet_spent")


class NotAgreedError(Exception):
    """What is on an account by its entries is not what the books say is there."""


def beancount_lines(links: Iterable[Link], sides: Sides, *, at: datetime) -> Iterator[str]:
    """The entries of blocks until a moment as transactions, and what is on each account after it as a balance.

    `sides` is what the books say of that moment. Credit is negative here, as Beancount has it. Raises
    NotAgreedError when an account's entries come to something else than that.
    """
    yield 'option "title" "Plaudit"'
    accounts: dict[str, Read] = {}
    sums: dict[str, int] = {}
    for link in links:
        entries = [entry for entry in map(read, link.lines) if datetime.fromisoformat(entry.recorded_at) <= at]
        for transfer_id, parts in groupby(entries, key=lambda entry: entry.transfer_id):
            legs = list(parts)
            for leg in legs:
                # What is committed later may be of an earlier day.
                first = accounts.setdefault(leg.account_id, leg)
                accounts[leg.account_id] = min(first, leg, key=lambda entry: entry.day)
                sums[leg.account_id] = sums.get(leg.account_id, 0) + leg.amount
            yield f'{legs[0].day} * "{legs[0].kind}" ^{transfer_id}'
            if legs[0].kind == EXPIRY:
                # What ends with a day is booked away after it: this is the moment that its time was over.
                yield f'  ended-at: "{legs[0].event_time}"'
            yield from (f"  {_name(leg)}  {_amount(-leg.amount, leg.currency)} {leg.currency}" for leg in legs)
    yield from (f"{first.day} open {_name(first)} {first.currency}" for first in accounts.values())
    day = (at.date() + timedelta(days=1)).isoformat()
    for account_id in sorted(sums.keys() | {account_id for account_id, amount in sides.items() if amount}):
        total, said = sums.get(account_id, 0), sides.get(account_id, 0)
        if total != said:
            raise NotAgreedError(
                f"The entries of account {account_id} come to {total}, and the books say {said}: "
                "if nothing is booked just now, let the ledger be checked"
            )
        first = accounts[account_id]
        yield f"{day} balance {_name(first)}  {_amount(-said, first.currency)} {first.currency}"


def _name(entry: Read) -> str:
    root = ROOTS.get(entry.account, "Equity")
    kind = entry.account.replace("_", "-").capitalize()
    whose = f"Member:{kind}:M-{entry.member_id}" if entry.member_id else f"Community:{kind}"
    if entry.account in OF_EACH_WALLET:
        whose = f"{whose}:W-{entry.account_id}"
    return f"{root}:{whose}:{entry.currency}"


def _amount(minor: int, currency: str) -> Decimal:
    return Decimal(minor) if currency == POINTS else decimal_amount(minor, currency)
