"""The section `rewards`, which rewards reads: what points can be had for."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from shared.contracts.fields import Currency, Name, Slug, Text
from shared.contracts.programme.audiences import AUDIENCES
from shared.contracts.programme.ids import Ids, Reference
from shared.contracts.programme.section import PositivePoints, Section
from shared.contracts.programme.worth import Day
from shared.contracts.texts import account_number, if_text, label

CATALOGUE_MAX_COUNT = 500
STOCK_MAX_COUNT = 1_000_000
DRAWS_MAX_COUNT = 50
WINNERS_MAX_COUNT = 100
GRACE_MAX_DAYS = 3_660
WARN_MAX_DAYS = 365
#: An IBAN, or an account of a clearing system, as USABA, a routing number and an account number.
IBAN_PATTERN = r"^[A-Z]{2}([0-9]{2}[A-Z0-9]{11,30}|[A-Z]{3}[A-Z0-9]{8,26})$"
OTHER_CURRENCIES_MAX_COUNT = 10

BIC_PATTERN = r"^[A-Z0-9]{8}([A-Z0-9]{3})?$"
#: ISO 20022's ExternalPurpose1Code, as far as it fits what a community pays for.
PURPOSES: Final = ("BONU", "CHAR", "COMM", "GIFT", "OTHR", "PAYR", "SALA", "SCVE")
ADDRESS_LINES_MAX_COUNT = 2
#: Beyond any limit that a bank sets on a file: what may be written at all.
FILE_MAX_COUNT, FILE_MAX_MINOR = 1_000_000, 100_000_000_000_000
#: However people write it: in groups, in small letters, with what was copied along. The schema has what is kept.
_IN_ELECTRONIC_FORM = BeforeValidator(if_text(account_number))

CATALOGUE: Final = Ids(("rewards", "catalogue"), "reward")
DRAWS: Final = Ids(("rewards", "draws"), "draw")
IDS: Final = (CATALOGUE, DRAWS)
REFERENCES: Final = (
    Reference(CATALOGUE, "audience", "is for", AUDIENCES),
    Reference(DRAWS, "reward", "gives", CATALOGUE),
)


class CatalogueReward(Section):
    """Something that a member can have for points: any, or those of one `audience`."""

    id: Slug
    title: Name
    description: Text = ""
    points: PositivePoints
    audience: Slug | None = Field(
        None, description="The audience that may have it; everybody, where it is not said"
    )
    stock: Annotated[int, Field(ge=0, le=STOCK_MAX_COUNT)] | None = Field(
        None, description="How many there are in all, redeemed or given; any number, where it is not said"
    )


class Draw(Section):
    """A reward for `winners` of those who have a ticket at the end of the day `ends`, drawn by lot.

    Tickets come with badges, levels and quests. Who won can be worked out by everybody.
    """

    id: Slug
    title: Name
    description: Text = ""
    reward: Slug
    winners: Annotated[int, Field(ge=1, le=WINNERS_MAX_COUNT)] = 1
    ends: Day


class PostalAddress(Section):
    """An address as SEPA banks take it since 15 November 2026: town and country have fields of their own.

    With `street`, `building` and `post_code` it is structured. With `lines` for the rest it is hybrid; some banks
    take the structured one alone.
    """

    town: Annotated[str, StringConstraints(min_length=1, max_length=35), AfterValidator(label)]
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = Field(description="Of ISO 3166, as DE")
    post_code: Annotated[str, StringConstraints(min_length=1, max_length=16), AfterValidator(label)] | None = None
    street: Annotated[str, StringConstraints(min_length=1, max_length=70), AfterValidator(label)] | None = None
    building: Annotated[str, StringConstraints(min_length=1, max_length=16), AfterValidator(label)] | None = None
    lines: (
        Annotated[
            list[Annotated[str, StringConstraints(min_length=1, max_length=70), AfterValidator(label)]],
            Field(min_length=1, max_length=ADDRESS_LINES_MAX_COUNT),
        ]
        | None
    ) = None


class PayingAccount(Section):
    """The account that payouts leave from, and how its bank is asked to pay.

    `confirm_bic_country: true` says that a BIC of another country than the IBAN's is meant so.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=70), AfterValidator(label)]
    iban: Annotated[str, StringConstraints(pattern=IBAN_PATTERN), _IN_ELECTRONIC_FORM]
    bic: Annotated[str, StringConstraints(pattern=BIC_PATTERN), _IN_ELECTRONIC_FORM]
    confirm_bic_country: bool | None = None
    address: PostalAddress | None = Field(
        None, description="Of who pays: banks ask for it where an account is outside of the European Economic Area"
    )
    batch_booking: bool | None = Field(
        None,
        description="False for a booking of its own of each payment; one of the whole file, where it is not said",
    )
    purpose: Literal[PURPOSES] | None = Field(  # type: ignore[valid-type]
        None, description="Why is paid, for the payee's bank: a purpose code of ISO 20022"
    )
    instant: bool | None = Field(
        None, description="True for instant credit transfers (SCT Inst), for which banks may charge"
    )
    file_max_count: Annotated[int, Field(ge=1, le=FILE_MAX_COUNT)] | None = Field(
        None, description="How many payments the bank takes in a file; what is over needs another run"
    )
    file_max_minor: Annotated[int, Field(ge=1, le=FILE_MAX_MINOR)] | None = Field(
        None, description="Up to which sum the bank takes a file, in minor units; what is over needs another run"
    )


class OtherCurrency(Section):
    """Another currency that members can choose to be paid in, and the account that pays it.

    The price of points is converted by the community's rates in force when a run is made.
    """

    currency: Currency
    paying_account: PayingAccount


class PayoutTerms(Section):
    """How points become money: `points` points are worth `minor` minor units of `currency`."""

    currency: Currency
    points: PositivePoints
    minor: Annotated[int, Field(ge=1, le=1_000_000)]
    minimum_points: PositivePoints
    paying_account: PayingAccount
    also: list[OtherCurrency] = Field(
        default_factory=list,
        max_length=OTHER_CURRENCIES_MAX_COUNT,
        description="Other currencies that members can choose to be paid in, each with the account that pays it",
    )


class PointsExpiry(Section):
    """What becomes of points when their time is over.

    Those that come back then, as of a redemption that is cancelled, can be used for `grace_days` after the day on
    which they came back, once; where it is not said, as the installation has it. Members are written to
    `warn_days` before points of theirs expire.
    """

    grace_days: Annotated[int, Field(ge=0, le=GRACE_MAX_DAYS)] | None = None
    warn_days: Annotated[int, Field(ge=1, le=WARN_MAX_DAYS)] | None = None


class Rewards(Section):
    catalogue: list[CatalogueReward] = Field(default_factory=list, max_length=CATALOGUE_MAX_COUNT)
    payout: PayoutTerms | None = None
    draws: list[Draw] = Field(default_factory=list, max_length=DRAWS_MAX_COUNT)
    expiry: PointsExpiry | None = None
