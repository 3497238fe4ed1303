"""Facts of rewards about what two people of finance put in force: policies, mappings, and the files of rates."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import INTEGER_MAX, MINOR_UNITS_MAX, Count, Currency, Id, LocalDay, Timestamp, Uuid
from shared.contracts.story import GRACE, PAYOUT

#: A number with a decimal point, as text so that it stays exact.
ExactNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}(\.[0-9]{1,12})?$")]
#: Of an account in the ledger, an event that books on it (`*` for any), or finance's number of it.
MappedName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
#: Hours and minutes as clocks of the community show them.
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
SomeMinor = Annotated[int, Field(ge=0, le=MINOR_UNITS_MAX)]
#: Of what many payouts of a year come to.
YearMinor = Annotated[int, Field(ge=0, le=INTEGER_MAX)]


class DecisionOfTwo(TypedDict):
    """`proposed_by` and `by` are credentials; the people stand beside. Nobody decided what is `proposed`."""

    state: Literal["proposed", "approved", "withdrawn"]
    proposed_at: Timestamp
    proposed_by: Id
    proposed_by_person: NotRequired[Uuid]
    decided_at: NotRequired[Timestamp]
    by: NotRequired[Id]
    person_id: NotRequired[Uuid]


class LiabilityPolicyData(DecisionOfTwo):
    policy_id: Uuid
    effective_from: LocalDay
    currency: Currency
    basis: Literal["cost", "deferral"]
    minor_per_point: ExactNumber
    estimate: Literal["rate", "ladder"]
    expected_redemption: ExactNumber
    vintage_unit: Literal["month", "year"]


class LiabilityPolicyChanged(FactEnvelope):
    """What a point is worth in the books and how many will be used was proposed, approved or withdrawn.

    It applies from `effective_from` on, a day of the community. `minor_per_point` is in minor units of the
    currency, `expected_redemption` a part from 0 to 1.
    """

    type: Literal["ledger.liability_policy_changed.v1"]
    data: LiabilityPolicyData


_DECIDED = {
    "state": "approved",
    "proposed_at": "2026-03-02T08:30:00Z",
    "proposed_by": "5f0c9a7b2d1e",
    "proposed_by_person": "7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11",
    "decided_at": "2026-03-02T09:30:00Z",
    "by": "742a0960b22c",
    "person_id": "2d9c1b7a-4c3e-4f5d-8a6b-9e0f1a2b3c44",
}

LIABILITY_POLICY_CHANGED: Final = FactType(
    "ledger.liability_policy_changed.v1",
    envelope=LiabilityPolicyChanged,
    data=LiabilityPolicyData,
    examples=[
        fact_example(
            "ledger.liability_policy_changed.v1",
            "rewards",
            "0b9d1f3a-5c7e-5e91-8a24-6c8e0f2b4d17",
            "2026-03-02T09:30:00Z",
            {
                "policy_id": "4e6a8c0d-2b4f-5a71-9c35-7d9f1b3e5a28",
                "effective_from": "2026-04-01",
                "currency": "EUR",
                "basis": "cost",
                "minor_per_point": "0.95",
                "estimate": "ladder",
                "expected_redemption": "0.8",
                "vintage_unit": "month",
                **_DECIDED,
            },
        )
    ],
)


class MappedAccountData(TypedDict):
    account: MappedName
    event: MappedName
    number: MappedName


class AccountMappingData(DecisionOfTwo):
    mapping_id: Uuid
    effective_from: LocalDay
    accounts: list[MappedAccountData]
    tax_rate: str


class AccountMappingChanged(FactEnvelope):
    """Which numbers the ledger's accounts have in finance's chart was proposed, approved or withdrawn, as a whole.

    It applies from `effective_from` on, a day of the community; an `event` of `*` stands for all.
    """

    type: Literal["ledger.account_mapping_changed.v1"]
    data: AccountMappingData


ACCOUNT_MAPPING_CHANGED: Final = FactType(
    "ledger.account_mapping_changed.v1",
    envelope=AccountMappingChanged,
    data=AccountMappingData,
    examples=[
        fact_example(
            "ledger.account_mapping_changed.v1",
            "rewards",
            "1c0e2a4b-6d8f-5f02-9b35-7d9f1a3c5e28",
            "2026-03-02T09:30:00Z",
            {
                "mapping_id": "5f7b9d1e-3c50-5b82-8d46-8e0a2c4f6b39",
                "effective_from": "2026-04-01",
                "accounts": [
                    {"account": "bank", "event": "*", "number": "1800"},
                    {"account": "points_liability", "event": "points_used", "number": "2410"},
                ],
                "tax_rate": "Tax Exempt",
                **_DECIDED,
            },
        )
    ],
)


class RatePolicyData(DecisionOfTwo):
    policy_id: Uuid
    effective_from: LocalDay
    base: Currency
    source: Literal["table", "file"]
    units: dict[Currency, ExactNumber]
    max_move_basis_points: Count
    spread_basis_points: Count
    max_age_days: Count


class RatePolicyChanged(FactEnvelope):
    """By which rates amounts are converted was proposed, approved or withdrawn.

    It applies from `effective_from` on, a day of the community. `units` are whole units of each currency that one
    unit of `base` is.
    """

    type: Literal["ledger.rate_policy_changed.v1"]
    data: RatePolicyData


RATE_POLICY_CHANGED: Final = FactType(
    "ledger.rate_policy_changed.v1",
    envelope=RatePolicyChanged,
    data=RatePolicyData,
    examples=[
        fact_example(
            "ledger.rate_policy_changed.v1",
            "rewards",
            "2d1f3b5c-7e90-5013-8c46-8e0a2b4d6f39",
            "2026-03-02T09:30:00Z",
            {
                "policy_id": "608c0e2f-4d61-5c93-9e57-9f1b3d507c4a",
                "effective_from": "2026-04-01",
                "base": "EUR",
                "source": "file",
                "units": {"GBP": "0.8701", "USD": "1.0956"},
                "max_move_basis_points": 500,
                "spread_basis_points": 150,
                "max_age_days": 5,
                **_DECIDED,
            },
        )
    ],
)


class RateSheetData(TypedDict):
    sheet_id: Uuid
    base: Currency
    day: LocalDay
    units: dict[Currency, ExactNumber]
    by: Id
    person_id: NotRequired[Uuid]


class RateSheetTaken(FactEnvelope):
    """A central bank's file of rates was taken: units of each currency that one unit of `base` is, on a day."""

    type: Literal["ledger.rate_sheet_taken.v1"]
    data: RateSheetData


RATE_SHEET_TAKEN: Final = FactType(
    "ledger.rate_sheet_taken.v1",
    envelope=RateSheetTaken,
    data=RateSheetData,
    examples=[
        fact_example(
            "ledger.rate_sheet_taken.v1",
            "rewards",
            "3e204c6d-8fa1-5124-9d57-9f1b3c5e704a",
            "2026-04-02T15:10:00Z",
            {
                "sheet_id": "719d1f30-5e72-5da4-8f68-a02c4e618d5b",
                "base": "EUR",
                "day": "2026-04-02",
                "units": {"GBP": "0.8712", "USD": "1.0941"},
                "by": "5f0c9a7b2d1e",
                "person_id": "7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11",
            },
        )
    ],
)


class TaxFormRuleData(TypedDict):
    country: Country
    above_minor: SomeMinor


class PayoutPolicyData(DecisionOfTwo):
    policy_id: Uuid
    effective_from: LocalDay
    currency: Currency
    holding_days: Count
    minimum_minor: SomeMinor
    countries: NotRequired[list[Country]]
    warn_above_minor: NotRequired[YearMinor]
    stop_above_minor: NotRequired[YearMinor]
    stops_shared_accounts: bool
    tax_forms: NotRequired[list[TaxFormRuleData]]
    minimum_age: NotRequired[Annotated[int, Field(ge=1, le=150)]]


class PayoutPolicyChanged(FactEnvelope):
    """What holds for payouts in a currency was proposed, approved or withdrawn.

    It applies from `effective_from` on, a day of the community. Without `countries` an account may be anywhere,
    without the bounds no year's sum is looked at. Above that sum of a year, `tax_forms` say, who has an account in
    the country needs a tax form on file; nobody is paid of whom nobody attested `minimum_age` years.
    """

    type: Literal["payout.policy_changed.v1"]
    data: PayoutPolicyData


class PayoutClearanceData(DecisionOfTwo):
    clearance_id: Uuid
    member_id: Uuid
    payout_id: Uuid
    check: Literal[
        "country", "shared_account", "sanctions_list", "tax_form", "minimum_age", "yearly_stop", "yearly_warning"
    ]
    basis: MappedName


class PayoutClearanceChanged(FactEnvelope):
    """That a check lets a member pass was proposed, approved or withdrawn; why is told to nobody.

    It holds for what was found of the payout `payout_id`, as `basis` names it.
    """

    type: Literal["payout.clearance_changed.v1"]
    data: PayoutClearanceData


PAYOUT_CLEARANCE_CHANGED: Final = FactType(
    "payout.clearance_changed.v1",
    envelope=PayoutClearanceChanged,
    data=PayoutClearanceData,
    examples=[
        fact_example(
            "payout.clearance_changed.v1",
            "rewards",
            "7c648fa1-c3e5-5568-b19b-d35f7092b48e",
            "2026-03-02T09:30:00Z",
            {
                "clearance_id": "b5e17374-92b6-5fe8-83ac-e4608203cf9f",
                "member_id": GRACE,
                "payout_id": PAYOUT,
                "check": "country",
                "basis": "MT",
                **_DECIDED,
            },
        )
    ],
)


class SanctionsListData(DecisionOfTwo):
    list_id: Uuid
    title: Annotated[str, StringConstraints(max_length=1_000)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    entries_count: Count


class SanctionsListChanged(FactEnvelope):
    """A sanctions list was loaded, approved or withdrawn; who is on it is told to nobody.

    `sha256` is that of its file: whoever has the file can say that it is the one.
    """

    type: Literal["payout.sanctions_list_changed.v1"]
    data: SanctionsListData


SANCTIONS_LIST_CHANGED: Final = FactType(
    "payout.sanctions_list_changed.v1",
    envelope=SanctionsListChanged,
    data=SanctionsListData,
    examples=[
        fact_example(
            "payout.sanctions_list_changed.v1",
            "rewards",
            "8d7590b2-d4f6-5679-82ac-e46081a3c59f",
            "2026-03-02T09:30:00Z",
            {
                "list_id": "c6f28485-a3c7-50f9-94bd-f5719314d0a0",
                "title": "EU, 1 March 2026",
                "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "entries_count": 12_431,
                **_DECIDED,
            },
        )
    ],
)


class PayeeAttestationData(TypedDict):
    attestation_id: Uuid
    member_id: Uuid
    kind: Literal["tax_form", "age"]
    country: NotRequired[Country]
    received_on: NotRequired[LocalDay]
    valid_until: NotRequired[LocalDay]
    noted_at: Timestamp
    noted_by: Id
    noted_by_person: NotRequired[Uuid]
    withdrawn_at: NotRequired[Timestamp]
    by: NotRequired[Id]
    person_id: NotRequired[Uuid]


class PayeeAttestationChanged(FactEnvelope):
    """Somebody of finance noted that a member's tax form is on file, or an age; or that it holds no more.

    What the form is called, and how old the member is, is told to nobody. A form without `country` counts for any.
    """

    type: Literal["payout.attestation_changed.v1"]
    data: PayeeAttestationData


PAYEE_ATTESTATION_CHANGED: Final = FactType(
    "payout.attestation_changed.v1",
    envelope=PayeeAttestationChanged,
    data=PayeeAttestationData,
    examples=[
        fact_example(
            "payout.attestation_changed.v1",
            "rewards",
            "9e86a1c3-e507-578a-93bd-f57192b4d6a0",
            "2026-01-12T09:30:00Z",
            {
                "attestation_id": "d7039596-b4d8-510a-85ce-06820425e1b1",
                "member_id": GRACE,
                "kind": "tax_form",
                "country": "US",
                "received_on": "2026-01-12",
                "valid_until": "2028-12-31",
                "noted_at": "2026-01-12T09:30:00Z",
                "noted_by": "5f0c9a7b2d1e",
                "noted_by_person": "7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11",
            },
        )
    ],
)


class PayoutScheduleData(DecisionOfTwo):
    schedule_id: Uuid
    effective_from: LocalDay
    every: Literal["week", "month", "quarter"]
    on_day: Annotated[int, Field(ge=1, le=31)]
    month_of_quarter: NotRequired[Annotated[int, Field(ge=1, le=3)]]
    at: ClockTime
    stopped_at: NotRequired[Timestamp]
    stopped_by: NotRequired[Id]
    stopped_by_person: NotRequired[Uuid]


class PayoutScheduleChanged(FactEnvelope):
    """When payout runs are prepared was proposed, approved, withdrawn or stopped.

    From `effective_from` on, a day of the community, on a day of each week (Monday is 1), month or quarter, when
    clocks there show `at`. Where a month is shorter than `on_day`, it is its last day.
    """

    type: Literal["payout.schedule_changed.v1"]
    data: PayoutScheduleData


PAYOUT_SCHEDULE_CHANGED: Final = FactType(
    "payout.schedule_changed.v1",
    envelope=PayoutScheduleChanged,
    data=PayoutScheduleData,
    examples=[
        fact_example(
            "payout.schedule_changed.v1",
            "rewards",
            "6b537f90-b2d4-5457-b08a-c24e6f81a37d",
            "2026-03-02T09:30:00Z",
            {
                "schedule_id": "a4d06263-81a5-5ed7-b29b-d35f7192be8e",
                "effective_from": "2026-04-01",
                "every": "month",
                "on_day": 28,
                "at": "09:00",
                **_DECIDED,
            },
        )
    ],
)

PAYOUT_POLICY_CHANGED: Final = FactType(
    "payout.policy_changed.v1",
    envelope=PayoutPolicyChanged,
    data=PayoutPolicyData,
    examples=[
        fact_example(
            "payout.policy_changed.v1",
            "rewards",
            "4f315d7e-90b2-5235-8e68-a02c4d6f815b",
            "2026-03-02T09:30:00Z",
            {
                "policy_id": "82ae2041-6f83-5eb5-9079-b13d5f729e6c",
                "effective_from": "2026-04-01",
                "currency": "EUR",
                "holding_days": 14,
                "minimum_minor": 500,
                "countries": ["DE", "NL"],
                "stop_above_minor": 60000,
                "stops_shared_accounts": True,
                "tax_forms": [{"country": "FR", "above_minor": 120_000}],
                "minimum_age": 18,
                **_DECIDED,
            },
        )
    ],
)
