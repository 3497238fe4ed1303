"""Facts of rewards, and for finance: payout runs, payouts, their states, and the awards they pay."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Discriminator, StringConstraints, TypeAdapter
from typing_extensions import TypedDict

from shared.contracts.facts.books import JournalChanged, PeriodChanged
from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.facts.policies import (
    AccountMappingChanged,
    LiabilityPolicyChanged,
    PayeeAttestationChanged,
    PayoutClearanceChanged,
    PayoutPolicyChanged,
    PayoutScheduleChanged,
    RatePolicyChanged,
    RateSheetTaken,
    SanctionsListChanged,
)
from shared.contracts.fields import (
    Count,
    Currency,
    Id,
    MinorUnits,
    Name,
    Points,
    Sha256,
    Slug,
    Text,
    Timestamp,
    Uuid,
)
from shared.contracts.story import AWARD, GRACE, PAYOUT, PAYOUT_RUN


class ExchangeData(TypedDict):
    """The rate at which a price in `price_currency` is paid in `currency`: whole units of each, as text, that one
    unit of the policy's base currency is, less the spread in hundredths of a percent. `rate_day` is a day.
    """

    price_currency: Currency
    currency: Currency
    price_units: str
    units: str
    spread_basis_points: Count
    rate_policy_id: Uuid
    rate_day: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class PayoutPart(TypedDict):
    """Points of a payout that were computed at one rate; `returned_payout_id` paid them before, and came back."""

    points: Points
    amount_minor: MinorUnits
    rate_points: Points
    rate_minor: MinorUnits
    rate_exchange: NotRequired[ExchangeData]
    returned_payout_id: NotRequired[Uuid]


class PayoutData(TypedDict):
    payout_id: Uuid
    run_id: Uuid
    member_id: Uuid
    state: Literal[
        "accrued",
        "held",
        "eligible",
        "approved",
        "reserved",
        "submitted",
        "sent",
        "settled",
        "returned",
        "failed",
        "reversed",
        "corrected",
    ]
    points: Points
    amount_minor: MinorUnits
    currency: Currency
    end_to_end_id: str
    by: str
    person_id: NotRequired[Uuid]
    outcome_id: NotRequired[Uuid]
    proposed_by_person: NotRequired[Uuid]
    reason: NotRequired[Text]
    parts: NotRequired[list[PayoutPart]]
    exchange: NotRequired[ExchangeData]


_MAKER = "7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11"
_APPROVER = "2d9c1b7a-4c3e-4f5d-8a6b-9e0f1a2b3c44"
_PAYOUT_DATA = {
    "payout_id": PAYOUT,
    "run_id": PAYOUT_RUN,
    "member_id": GRACE,
    "points": 1500,
    "amount_minor": 1500,
    "currency": "EUR",
    "end_to_end_id": PAYOUT.replace("-", ""),
}


class PayoutChanged(FactEnvelope):
    """A payout reached a state, and who or what brought it there: the person, and the credential (`by`).

    `end_to_end_id` is ISO 20022's EndToEndId. `outcome_id` is that of what one person (`proposed_by_person`) said
    the bank had said, and another confirmed. After `corrected` the money did leave: that it
    had come back was wrong. `approved` may be of fewer points than were computed, and says why. `parts` of an
    accrued payout say which of it had been paid before and came back, at the rate of then. `exchange` is the rate
    by which the price of its points became its currency, where that is another one.
    """

    type: Literal["payout.changed.v1"]
    data: PayoutData


PAYOUT_CHANGED: Final = FactType(
    "payout.changed.v1",
    envelope=PayoutChanged,
    data=PayoutData,
    examples=[
        fact_example(
            "payout.changed.v1",
            "rewards",
            "7bb4c6eb-bed7-5453-b2af-35060fd0acbc",
            "2026-02-05T06:00:00Z",
            {**_PAYOUT_DATA, "state": "settled", "by": "5f0c9a7b2d1e", "person_id": _MAKER},
        ),
        fact_example(
            "payout.changed.v1",
            "rewards",
            "a4a0be47-6f4c-5a0e-9a38-0b9d1b4f6c31",
            "2026-02-05T06:00:00Z",
            {
                **_PAYOUT_DATA,
                "state": "accrued",
                "amount_minor": 2448,
                "currency": "JPY",
                "by": "5f0c9a7b2d1e",
                "person_id": _MAKER,
                "exchange": {
                    "price_currency": "EUR",
                    "currency": "JPY",
                    "price_units": "1",
                    "units": "163.21",
                    "spread_basis_points": 0,
                    "rate_policy_id": "0b6f6a2e-6f0d-5d3a-8b1c-2f6c1e0a9d77",
                    "rate_day": "2026-02-02",
                },
            },
        ),
        fact_example(
            "payout.changed.v1",
            "rewards",
            "904bd4e5-9943-50a5-8d87-8dfa5b06f5c9",
            "2026-02-05T06:00:00Z",
            {
                **_PAYOUT_DATA,
                "state": "returned",
                "by": "742a0960b22c",
                "person_id": _APPROVER,
                "outcome_id": "6c1f5b0e-0e6d-4a51-9f5c-1d2e3f408a77",
                "proposed_by_person": _MAKER,
                "reason": "AC04 account closed",
            },
        ),
    ],
)


class PayoutLot(TypedDict):
    """`owed`: so many of the points had been paid out before, and come back: they do not expire."""

    award_id: Uuid
    points: Points
    owed: NotRequired[Points]


class PayoutLotsData(TypedDict):
    payout_id: Uuid
    part: Count
    parts: Count
    lots: list[PayoutLot]


class PayoutLots(FactEnvelope):
    """Which awards a payout pays, and how many points of each; long lists come in `parts`."""

    type: Literal["payout.lots.v1"]
    data: PayoutLotsData


PAYOUT_LOTS: Final = FactType(
    "payout.lots.v1",
    envelope=PayoutLots,
    data=PayoutLotsData,
    examples=[
        fact_example(
            "payout.lots.v1",
            "rewards",
            "1cd03c4b-2519-5b8f-a7cc-cb22e9e51b14",
            "2026-02-03T09:00:00Z",
            {"payout_id": PAYOUT, "part": 0, "parts": 1, "lots": [{"award_id": AWARD, "points": 15}]},
        )
    ],
)


class PayerData(TypedDict):
    name: Name
    iban: str
    bic: str


class AddressData(TypedDict):
    """An address of who pays; `lines` are for what has no field."""

    town: Name
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    post_code: NotRequired[str]
    street: NotRequired[str]
    building: NotRequired[str]
    lines: NotRequired[list[str]]


class OrderingData(TypedDict):
    """How the bank is asked to pay, where it is not as one booking, without a purpose, as an ordinary transfer.

    `file_max_count` payments and a sum of `file_max_minor` are what the bank takes in a file.
    """

    address: NotRequired[AddressData]
    batch_booking: NotRequired[bool]
    purpose: NotRequired[Annotated[str, StringConstraints(pattern=r"^[A-Z]{4}$")]]
    instant: NotRequired[bool]
    file_max_count: NotRequired[Count]
    file_max_minor: NotRequired[MinorUnits]


class FileData(TypedDict):
    """The bank file of a run, without its content; `execution_date` is a calendar day, such as 2026-02-04."""

    message_id: str
    sha256: Sha256
    payment_count: Count
    control_sum_minor: MinorUnits
    execution_date: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


#: Providers by which payouts can go.
PayingOut = Literal["sandbox", "paypal", "wise", "stripe"]


class PayoutRunData(TypedDict):
    run_id: Uuid
    state: Literal["computing", "open", "approving", "approved", "filing", "filed", "cancelling", "cancelled"]
    programme_id: Slug
    programme_version: Count
    currency: Currency
    points: Points
    minor: MinorUnits
    minimum_points: Points
    payer: PayerData
    execution_days: Count
    ordering: NotRequired[OrderingData]
    provider: NotRequired[PayingOut]
    complete: bool
    created_at: Timestamp
    created_by: Id
    created_by_person: NotRequired[Uuid]
    by: Id
    person_id: NotRequired[Uuid]
    policy_id: NotRequired[Uuid]
    minimum_minor: NotRequired[MinorUnits]
    holding_days: NotRequired[Count]
    exchange: NotRequired[ExchangeData]
    seal: NotRequired[Sha256]
    file: NotRequired[FileData]


_RUN_DATA = {
    "run_id": PAYOUT_RUN,
    "programme_id": "starter",
    "programme_version": 3,
    "currency": "EUR",
    "points": 100,
    "minor": 100,
    "minimum_points": 500,
    "payer": {"name": "Example Community", "iban": "DE89370400440532013000", "bic": "COBADEFFXXX"},
    "execution_days": 1,
    "complete": True,
    "created_at": "2026-02-03T08:30:00Z",
    "created_by": "5f0c9a7b2d1e",
    "created_by_person": _MAKER,
}


class PayoutRunChanged(FactEnvelope):
    """A payout run was made, sealed anew, approved, filed or cancelled: its terms, its seal, and who did.

    A run is worked at in pieces: `computing`, `approving`, `filing` and `cancelling` say that this began.

    `created_by` and `by` are credentials; beside them stand the people. `seal` is over the list as it was
    computed, approved or filed; with `filed` comes what the bank file was. `policy_id` is the payout policy that
    it was made under, with the amount below which it pays nothing and the days for which points wait. With an
    `exchange` its price (`minor`) is in another currency than it pays in.
    """

    type: Literal["payout_run.changed.v1"]
    data: PayoutRunData


PAYOUT_RUN_CHANGED: Final = FactType(
    "payout_run.changed.v1",
    envelope=PayoutRunChanged,
    data=PayoutRunData,
    examples=[
        fact_example(
            "payout_run.changed.v1",
            "rewards",
            "0d2f9f0e-4a0b-5b7e-8d5c-3b8f1f3a5c11",
            "2026-02-03T08:30:00Z",
            {
                **_RUN_DATA,
                "state": "open",
                "by": "5f0c9a7b2d1e",
                "person_id": _MAKER,
                "seal": "0b1d1f6e2b6c9d0f1c7a8e5d4f3b2a190807f6e5d4c3b2a1908f7e6d5c4b3a29",
            },
        ),
        fact_example(
            "payout_run.changed.v1",
            "rewards",
            "5a4f3f0c-0d1c-5b8e-9b61-2c9a7d1e4f22",
            "2026-02-03T09:30:00Z",
            {
                **_RUN_DATA,
                "state": "filed",
                "by": "5f0c9a7b2d1e",
                "person_id": _MAKER,
                "seal": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "file": {
                    "message_id": PAYOUT_RUN.replace("-", ""),
                    "sha256": "6f6d3f4f0c1f5d1fd7a3c1f6c7a3e0d7a3b9c2d1e0f9a8b7c6d5e4f3a2b1c0d9",
                    "payment_count": 1,
                    "control_sum_minor": 1500,
                    "execution_date": "2026-02-04",
                },
            },
        ),
    ],
)


class PayoutHoldData(TypedDict):
    hold_id: Uuid
    payout_id: Uuid
    member_id: Uuid
    state: Literal["standing", "released"]
    cause: Literal["under_review", "disputed", "asked", "bank_details", "other"]
    placed_at: Timestamp
    placed_by: Id
    placed_by_person: NotRequired[Uuid]
    by: Id
    person_id: NotRequired[Uuid]


class PayoutHoldChanged(FactEnvelope):
    """Finance holds a member's money back, or lets it go on: no run pays the member while a hold stands.

    `payout_id` is the payout that it began with; `placed_by` and `by` are credentials, the people stand beside.
    """

    type: Literal["payout.hold_changed.v1"]
    data: PayoutHoldData


PAYOUT_HOLD_CHANGED: Final = FactType(
    "payout.hold_changed.v1",
    envelope=PayoutHoldChanged,
    data=PayoutHoldData,
    examples=[
        fact_example(
            "payout.hold_changed.v1",
            "rewards",
            "3e8a1c5d-77b2-5f0e-8c49-1a6b0d2f9e34",
            "2026-02-03T10:00:00Z",
            {
                "hold_id": "b54a0c1e-93d7-4f28-a6e1-0c7d5f8b2a19",
                "payout_id": PAYOUT,
                "member_id": GRACE,
                "state": "standing",
                "cause": "under_review",
                "placed_at": "2026-02-03T10:00:00Z",
                "placed_by": "5f0c9a7b2d1e",
                "placed_by_person": _MAKER,
                "by": "5f0c9a7b2d1e",
                "person_id": _MAKER,
            },
        )
    ],
)


PayoutFact = (
    PayoutChanged
    | PayoutLots
    | PayoutRunChanged
    | PayoutHoldChanged
    | PeriodChanged
    | JournalChanged
    | LiabilityPolicyChanged
    | AccountMappingChanged
    | RatePolicyChanged
    | RateSheetTaken
    | PayoutPolicyChanged
    | PayoutScheduleChanged
    | PayoutClearanceChanged
    | SanctionsListChanged
    | PayeeAttestationChanged
)

PAYOUT_FACT: TypeAdapter[PayoutFact] = TypeAdapter(Annotated[PayoutFact, Discriminator("type")])
