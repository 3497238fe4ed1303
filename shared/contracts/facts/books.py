"""Facts of rewards about its books, for finance: months that are closed and opened again, and entries by hand."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import (
    INTEGER_MAX,
    MINOR_UNITS_MAX,
    Count,
    Currency,
    Id,
    Sha256,
    Text,
    Timestamp,
    Uuid,
)

#: A calendar month, such as 2026-10.
Month = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
#: Credit positive, debit negative; points or minor units.
Sum = Annotated[int, Field(ge=-INTEGER_MAX, le=INTEGER_MAX)]
Amount = Annotated[int, Field(ge=-MINOR_UNITS_MAX, le=MINOR_UNITS_MAX)]
AccountKind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,62}$")]
#: The accounts that people may book on: the community's, of money. What is on members' accounts follows from
#: awards, redemptions and payouts alone, and what payouts have in transit from what the bank says of them.
JournalKind = Literal[
    "bank",
    "payout_expense",
    "bank_charges",
    "fx_gain_loss",
    "suspense",
    "provider_balance",
    "card_cost",
    "card_differences",
]


class FigureData(TypedDict):
    kind: AccountKind
    currency: Currency
    accounts: Count
    amount: Sum


class BlockData(TypedDict):
    number: Annotated[int, Field(ge=1, le=INTEGER_MAX)]
    hash: Sha256


class PeriodData(TypedDict):
    month: Month
    revision: Count
    state: Literal["open", "closing", "closed", "reopening"]
    starts_at: Timestamp
    ends_at: Timestamp
    reason: NotRequired[Text]
    proposed_at: NotRequired[Timestamp]
    proposed_by: NotRequired[Id]
    proposed_by_person: NotRequired[Uuid]
    decided_at: NotRequired[Timestamp]
    by: NotRequired[Id]
    person_id: NotRequired[Uuid]
    figures: NotRequired[list[FigureData]]
    block: NotRequired[BlockData]


class PeriodChanged(FactEnvelope):
    """Somebody proposed to close a month of the books or to open it again, or another person confirmed that.

    `closing` and `reopening` wait for another person. A month that is not `open` takes no entry. `figures` are
    what is on all accounts of a kind at its end, `block` the newest block of the ledger's chain that holds them.
    The highest `revision` of a month counts.
    """

    type: Literal["ledger.period_changed.v1"]
    data: PeriodData


_MAKER = "7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11"
_APPROVER = "2d9c1b7a-4c3e-4f5d-8a6b-9e0f1a2b3c44"

PERIOD_CHANGED: Final = FactType(
    "ledger.period_changed.v1",
    envelope=PeriodChanged,
    data=PeriodData,
    examples=[
        fact_example(
            "ledger.period_changed.v1",
            "rewards",
            "4f6f2f6d-0a7e-5a51-8a0a-2f2c3b6f7d10",
            "2026-03-03T09:30:00Z",
            {
                "month": "2026-02",
                "revision": 2,
                "state": "closed",
                "starts_at": "2026-01-31T23:00:00Z",
                "ends_at": "2026-02-28T23:00:00Z",
                "proposed_at": "2026-03-03T08:30:00Z",
                "proposed_by": "5f0c9a7b2d1e",
                "proposed_by_person": _MAKER,
                "decided_at": "2026-03-03T09:30:00Z",
                "by": "742a0960b22c",
                "person_id": _APPROVER,
                "figures": [
                    {"kind": "bank", "currency": "EUR", "accounts": 1, "amount": 1500},
                    {"kind": "payout_expense", "currency": "EUR", "accounts": 1, "amount": -1500},
                    {"kind": "available", "currency": "PTS", "accounts": 2, "amount": 400},
                    {"kind": "paid", "currency": "PTS", "accounts": 1, "amount": 1500},
                    {"kind": "points_issued", "currency": "PTS", "accounts": 1, "amount": -1900},
                ],
                "block": {
                    "number": 12,
                    "hash": "0b1d1f6e2b6c9d0f1c7a8e5d4f3b2a190807f6e5d4c3b2a1908f7e6d5c4b3a29",
                },
            },
        )
    ],
)


class JournalLineData(TypedDict):
    account: JournalKind
    currency: Currency
    amount: Amount


class JournalData(TypedDict):
    journal_id: Uuid
    state: Literal["proposed", "posted", "withdrawn"]
    reason: Text
    lines: list[JournalLineData]
    proposed_at: Timestamp
    proposed_by: Id
    proposed_by_person: NotRequired[Uuid]
    decided_at: NotRequired[Timestamp]
    by: NotRequired[Id]
    person_id: NotRequired[Uuid]
    month: NotRequired[Month]
    amends: NotRequired[Uuid]


class JournalChanged(FactEnvelope):
    """Somebody proposed entries by hand, or another person had them booked (`posted`), or they were withdrawn.

    The lines sum to zero in each currency: credit positive, debit negative, in minor units. `month` is the one
    that it is dated into, at its end; `amends` the transfer that it corrects.
    """

    type: Literal["ledger.journal_changed.v1"]
    data: JournalData


JOURNAL_CHANGED: Final = FactType(
    "ledger.journal_changed.v1",
    envelope=JournalChanged,
    data=JournalData,
    examples=[
        fact_example(
            "ledger.journal_changed.v1",
            "rewards",
            "6b3d7c9e-5f2a-5c1b-9a77-0d3e4f5a6b7c",
            "2026-03-02T09:30:00Z",
            {
                "journal_id": "9d5f3b1c-7e2a-4c8b-8f6d-1a2b3c4d5e6f",
                "state": "posted",
                "reason": "The bank's charges of February",
                "lines": [
                    {"account": "bank", "currency": "EUR", "amount": 1250},
                    {"account": "bank_charges", "currency": "EUR", "amount": -1250},
                ],
                "proposed_at": "2026-03-02T08:30:00Z",
                "proposed_by": "5f0c9a7b2d1e",
                "proposed_by_person": _MAKER,
                "decided_at": "2026-03-02T09:30:00Z",
                "by": "742a0960b22c",
                "person_id": _APPROVER,
                "month": "2026-02",
            },
        )
    ],
)
