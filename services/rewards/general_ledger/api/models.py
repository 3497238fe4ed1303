"""What requests and answers about the general ledger hold, and the problems of these routes."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from services.rewards.approvals.api import ApprovalStateName, approval_shown, person_of
from services.rewards.general_ledger.domain.exports import Export, xero_parts
from services.rewards.general_ledger.domain.journal import DraftJournal, JournalLine, TurnoverSum
from services.rewards.general_ledger.domain.mapping import ANY_EVENT, AccountMapping, MappedAccount
from shared.contracts.fields import NO_CONTROL
from shared.http import Day, ProblemType, RequestBody

UNKNOWN_MAPPING = ProblemType("unknown-account-mapping", 404, "Mapping not found")
MAPPING_FOUR_EYES = ProblemType("account-mapping-four-eyes", 403, "Another person must do that")
MAPPING_DECIDED = ProblemType("account-mapping-decided", 409, "The mapping is not in a state for that")
MAPPED_TWICE = ProblemType("mapped-twice", 422, "An account and event are named twice")
TOO_MANY_MAPPINGS = ProblemType("too-many-mappings", 409, "Too many mappings wait for another person")
UNMAPPED = ProblemType("unmapped-accounts", 409, "Some of it is mapped to no account")
EXPORT_REFUSED = ProblemType("journal-export-refused", 409, "These days cannot be exported")
UNKNOWN_EXPORT = ProblemType("unknown-journal-export", 404, "Export not found")

ACCOUNTS_MAX_COUNT = 200
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,62}$")]
Event = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z][a-z_]{0,62})$")]
Number = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,31}$")]
TaxRate = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=NO_CONTROL)]
GrainName = Literal["day", "month"]


def _of_books(day: date) -> date:
    # What is before and after a day is asked for, too: at the ends of the calendar there is none.
    if not 1970 <= day.year <= 2199:
        raise ValueError("expected a day of the years 1970 to 2199")
    return day


BookDay = Annotated[Day, AfterValidator(_of_books)]


class AccountNumber(RequestBody):
    """That an account of ours is this one in finance's chart, for an event or for all."""

    account: Word = Field(
        description="A kind of the ledger's accounts in money (`payable`, `payout_expense`, …), "
        "`points_liability` or `points_expense`",
        examples=["points_liability"],
    )
    event: Event = Field(
        ANY_EVENT,
        description="A kind of transfer, `points_earned`, `points_used` or `points_estimate`; `*` for all others",
        examples=["points_used"],
    )
    number: Number = Field(description="In finance's chart of accounts", examples=["2410"])


class AccountMappingTerms(RequestBody):
    """A whole mapping, from a day on."""

    effective_from: Day = Field(description="From its beginning in the community's zone", examples=["2026-01-01"])
    accounts: list[AccountNumber] = Field(
        min_length=1,
        max_length=ACCOUNTS_MAX_COUNT,
        examples=[[{"account": "bank", "event": "*", "number": "1800"}]],
    )
    tax_rate: TaxRate = Field(
        "Tax Exempt",
        description="The tax rate's name that Xero's file has for every line",
        examples=["Tax Exempt"],
    )

    @property
    def mapped(self) -> tuple[MappedAccount, ...]:
        """As the domain has it."""
        return tuple(MappedAccount(one.account, one.event, one.number) for one in self.accounts)


class MappedAccountNumber(BaseModel):
    """That an account of ours is this one in finance's chart, for an event or for all (`*`)."""

    model_config = ConfigDict(from_attributes=True)

    account: str = Field(examples=["points_liability"])
    event: str = Field(examples=["points_used"])
    number: str = Field(examples=["2410"])


class GeneralLedgerMapping(BaseModel):
    """A mapping, and who proposed and decided it."""

    mapping_id: UUID
    state: ApprovalStateName
    effective_from: date
    accounts: list[MappedAccountNumber]
    tax_rate: str
    proposed_at: datetime
    proposed_by: str = Field(examples=["Mia"])
    proposed_by_person: UUID | None
    decided_at: datetime | None = Field(description="When it was approved or withdrawn")
    decided_by: str | None = Field(examples=["Omar"])
    decided_by_person: UUID | None

    @classmethod
    def of(cls, mapping: AccountMapping) -> Self:
        """The mapping as it is answered."""
        return cls(
            mapping_id=UUID(mapping.mapping_id),
            effective_from=mapping.effective_from,
            accounts=[MappedAccountNumber.model_validate(one) for one in mapping.accounts],
            tax_rate=mapping.tax_rate,
            **approval_shown(mapping.approval),
        )


class GeneralLedgerLine(BaseModel):
    """A line of the journal."""

    model_config = ConfigDict(from_attributes=True)

    day: date
    event: str = Field(description="What happened", examples=["payout_settled"])
    account: str = Field(description="Ours", examples=["bank"])
    number: str = Field(description="Finance's", examples=["1800"])
    currency: str = Field(examples=["EUR"])
    amount: int = Field(description="Minor units: debit positive, credit negative", examples=[-600])


class UnmappedAccount(BaseModel):
    """An account and event that no mapping names, on the first day that has it."""

    model_config = ConfigDict(from_attributes=True)

    day: date
    account: str = Field(examples=["payable"])
    event: str = Field(examples=["payout_reserved"])


class GeneralJournal(BaseModel):
    """The journal of some days; where nothing is unmapped, each day, event and currency sums to zero."""

    first_day: date
    last_day: date
    grain: GrainName
    lines: list[GeneralLedgerLine]
    unmapped: list[UnmappedAccount]

    @classmethod
    def of(cls, found: DraftJournal, *, first: date, last: date, grain: GrainName) -> Self:
        """The journal as it is answered."""
        return cls(
            first_day=first,
            last_day=last,
            grain=grain,
            lines=[GeneralLedgerLine.model_validate(line) for line in found.lines],
            unmapped=[UnmappedAccount.model_validate(one) for one in found.missing],
        )


class JournalExportRequest(RequestBody):
    """Until which day, and from which one on where nothing was exported yet."""

    last_day: BookDay = Field(description="The last day, which is over", examples=["2026-10-31"])
    first_day: BookDay | None = Field(
        None,
        description="Of the first export; later ones go on where the one before ended",
        examples=["2026-10-01"],
    )
    grain: GrainName = Field("day", description="Lines for each day, or for each month on its last day")


class JournalExport(BaseModel):
    """Days that were handed to finance once, by a number without gaps."""

    number: int = Field(examples=[12])
    first_day: date
    last_day: date
    grain: GrainName
    lines_count: int
    made_at: datetime
    made_by: str = Field(examples=["Mia"])
    made_by_person: UUID | None

    @classmethod
    def of(cls, export: Export) -> Self:
        """The export as it is answered."""
        return cls(
            number=export.number,
            first_day=export.first_day,
            last_day=export.last_day,
            grain=export.grain.value,
            lines_count=export.lines_count,
            made_at=export.made_at,
            made_by=export.made_by.name,
            made_by_person=person_of(export.made_by),
        )


class JournalExportShown(JournalExport):
    """An export, and into how many files it is divided for Xero, which takes 300 lines in one."""

    xero_files_count: int = Field(examples=[1])

    @classmethod
    def shown(cls, export: Export, lines: list[JournalLine]) -> Self:
        """The export with what its lines say."""
        return cls(**JournalExport.of(export).model_dump(), xero_files_count=len(xero_parts(lines)))


class Turnover(BaseModel):
    """What accounts of a kind had, took and gave in a time, and have: debit positive."""

    model_config = ConfigDict(from_attributes=True)

    account: str = Field(description="The accounts' kind", examples=["bank"])
    currency: str = Field(examples=["EUR"], description="PTS counts points; money is in minor units")
    opening: int
    debit: int
    credit: int
    closing: int


class TurnoverTotal(BaseModel):
    """What all accounts of a currency come to: opening and closing are 0, and debit is credit."""

    currency: str = Field(examples=["EUR"])
    opening: int
    debit: int
    credit: int
    closing: int


class PeriodTrialBalance(BaseModel):
    """The trial balance of some days."""

    first_day: date
    last_day: date
    accounts: list[Turnover]
    totals: list[TurnoverTotal]

    @classmethod
    def of(cls, found: list[TurnoverSum], *, first: date, last: date) -> Self:
        """The trial balance as it is answered."""
        currencies = sorted({one.currency for one in found})
        return cls(
            first_day=first,
            last_day=last,
            accounts=[Turnover.model_validate(one) for one in found],
            totals=[
                TurnoverTotal(
                    currency=currency,
                    opening=sum(one.opening for one in found if one.currency == currency),
                    debit=sum(one.debit for one in found if one.currency == currency),
                    credit=sum(one.credit for one in found if one.currency == currency),
                    closing=sum(one.closing for one in found if one.currency == currency),
                )
                for currency in currencies
            ],
        )
