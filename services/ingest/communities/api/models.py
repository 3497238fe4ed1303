"""What requests and answers about communities say."""

import asyncio
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Self

import pycountry
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from services.ingest.communities.domain import communities as domain
from services.ingest.communities.domain.bot_patterns import (
    DEFAULT_BOTS,
    PATTERN_MAX_CHARS,
    PATTERNS_MAX_COUNT,
    pattern_fault,
)
from services.ingest.communities.domain.communities import Publishing
from services.ingest.communities.domain.contrast import Colours, contrast_fault
from services.ingest.communities.domain.logos import LOGO_MAX_BYTES, UnusableLogoError, cleaned_logo
from services.ingest.communities.domain.sites import SITE_MAX_CHARS, SITES_MAX_COUNT, site_fault
from shared.access_keys.public import Public
from shared.contracts.facts import Standing, Weekday
from shared.contracts.facts.communities import Colour
from shared.contracts.fields import Currency, Language, Name, Slug
from shared.contracts.texts import if_text, label
from shared.http import FieldError, Problem, ProblemType, RequestBody
from shared.near_names import near_name
from shared.zones import zone_names

UNUSABLE_LOGO = ProblemType("unusable-logo", 422, "The logo is not taken")

#: Base64 of the largest logo.
LOGO_MAX_CHARS = (LOGO_MAX_BYTES + 2) // 3 * 4
LANGUAGES_MAX_COUNT = 20
RETENTION_MAX_DAYS = 3_650
#: Of the codes that begin with X, those that people are paid in; the others are metals, funds and tests.
PAID_IN = {"XAF", "XCD", "XCG", "XOF", "XPF"}


def _wrong(why: str) -> PydanticCustomError:
    return PydanticCustomError("not_known", "{why}", {"why": why})


def _known_zone(name: str) -> str:
    if name in zone_names():
        return name
    near = near_name(name, zone_names())
    meant = f"did you mean `{near}`?" if near else "zones are named as in the IANA database, such as `Europe/Rome`"
    raise _wrong(f"There is no time zone `{name}`; {meant}")


def _known_currency(code: str) -> str:
    if pycountry.currencies.get(alpha_3=code) is None or (code.startswith("X") and code not in PAID_IN):
        raise _wrong(f"ISO 4217 has no currency `{code}` that people are paid in")
    return code


def _known_language(tag: str) -> str:
    language = tag.partition("-")[0]
    known = pycountry.languages.get(**{f"alpha_{len(language)}": language})
    if known is None:
        raise _wrong(f"ISO 639 has no language `{language}`")
    return tag


def _each_once(values: Sequence[Any]) -> Sequence[Any]:
    if len(set(values)) < len(values):
        raise _wrong("Name each once")
    return values


def _usable_pattern(pattern: str) -> str:
    fault = pattern_fault(pattern)
    if fault is not None:
        raise _wrong(fault)
    return pattern


def _usable_site(site: str) -> str:
    fault = site_fault(site)
    if fault is not None:
        raise _wrong(fault)
    return site


def _no_installation(community: str) -> str:
    if community == domain.INSTALLATION:
        raise _wrong(f"`{community}` is the installation itself; call the community otherwise")
    return community


Title = Annotated[Name, BeforeValidator(if_text(label)), Field(examples=["Acme's users"])]
Zone = Annotated[
    str,
    Field(max_length=64, description="A name of the IANA time zone database", examples=["Europe/Rome"]),
    AfterValidator(_known_zone),
]
KnownCurrency = Annotated[Currency, Field(examples=["EUR"]), AfterValidator(_known_currency)]
KnownLanguage = Annotated[Language, AfterValidator(_known_language)]
Languages = Annotated[
    list[KnownLanguage],
    Field(
        min_length=1, max_length=LANGUAGES_MAX_COUNT, examples=[["it", "en"]], description="The first is its own"
    ),
    AfterValidator(_each_once),
]
WhatIsPublic = Annotated[
    list[Public],
    Field(max_length=len(Public), examples=[["boards"]], description="What anybody may see, signed in or not"),
    AfterValidator(_each_once),
]
Bots = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=PATTERN_MAX_CHARS), AfterValidator(_usable_pattern)]],
    Field(
        max_length=PATTERNS_MAX_COUNT,
        examples=[["*[bot]", "renovate*"]],
        description="Ids and names that are no person's: * is any text, case does not count. They earn nothing",
    ),
    AfterValidator(_each_once),
]
EmbedSites = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=SITE_MAX_CHARS), AfterValidator(_usable_site)]],
    Field(
        max_length=SITES_MAX_COUNT,
        examples=[["https://www.acme.example"]],
        description="Whose pages may show it in a frame: origins, `https://*.` for all below a name, or `*`",
    ),
    AfterValidator(_each_once),
]
PatternsOfPeople = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=PATTERN_MAX_CHARS), AfterValidator(_usable_pattern)]],
    Field(
        max_length=PATTERNS_MAX_COUNT,
        examples=[["*@acme.example"]],
        description="Ids and names: * is any text, case does not count",
    ),
    AfterValidator(_each_once),
]
Days = Annotated[int, Field(ge=1, le=RETENTION_MAX_DAYS)]


class ColoursModel(RequestBody):
    """Colours that can be told apart: WCAG 2.2, level AA."""

    background: Colour
    text: Colour = Field(description="At least 4.5:1 on `background`")
    accent: Colour = Field(description="What is not text; at least 3:1 on `background`")

    @model_validator(mode="after")
    def _readable(self) -> Self:
        fault = contrast_fault(Colours(self.background, self.text, self.accent))
        if fault is not None:
            raise _wrong(fault)
        return self


class LookModel(RequestBody):
    """What pages and messages look like."""

    name: Title
    colours: ColoursModel | None = Field(
        None, examples=[{"background": "#ffffff", "text": "#1e1e1e", "accent": "#1a5fb4"}]
    )
    logo_png: Annotated[str, Field(max_length=LOGO_MAX_CHARS)] | None = Field(
        None, description="A PNG in base64, of 16 to 512 pixels each side; it is written anew from its pixels"
    )

    @classmethod
    def of(cls, look: domain.Look) -> "LookModel":
        """A look as the API shows it."""
        return cls(
            name=look.name,
            colours=None if look.colours is None else ColoursModel(**look.colours._asdict()),
            logo_png=None if look.logo_png is None else b64encode(look.logo_png).decode(),
        )

    async def taken(self) -> domain.Look:
        """The look with its logo cleaned. Raises Problem 422 for a logo that is not taken."""
        colours = None
        if self.colours is not None:
            colours = Colours(self.colours.background, self.colours.text, self.colours.accent)
        if self.logo_png is None:
            return domain.Look(self.name, colours)
        try:
            # Beside the loop: other requests go on while pixels are packed.
            logo = await asyncio.to_thread(cleaned_logo, b64decode(self.logo_png, validate=True))
        except (UnusableLogoError, Base64Error) as error:
            detail = str(error) if isinstance(error, UnusableLogoError) else "it is not base64"
            raise Problem(UNUSABLE_LOGO, detail, [FieldError(field="/look/logo_png", detail=detail)]) from error
        return domain.Look(self.name, colours, logo)


class ReviewPolicy(RequestBody):
    """How many people it takes."""

    publishing: Publishing = Field(description="To publish a programme; what makes money payable always takes two")
    backtest: bool | None = Field(
        None, description="Whether each version but the first is backtested before; null in a change: as it was"
    )


class ProposedPolicy(BaseModel):
    """A review by fewer people than now, which waits for another person."""

    publishing: Publishing = Field(examples=["one_person"])
    asked_by: str = Field(description="The person who asked", examples=["7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11"])
    asked_at: datetime

    @classmethod
    def of(cls, lowering: domain.Lowering) -> Self:
        """What is shown of one that waits."""
        return cls(publishing=Publishing.ONE_PERSON, asked_by=lowering.person_id, asked_at=lowering.asked_at)


class Retention(RequestBody):
    """How long ingest keeps what it need not keep for ever."""

    texts_days: Days = Field(365, description="Texts that members wrote")
    rejected_days: Days = Field(30, description="The bytes of events that were rejected")


class StandingModel(RequestBody):
    """Of members who are something in their community: who they are, and what becomes of what they do."""

    patterns: PatternsOfPeople = Field(default_factory=list)
    earns: bool = Field(True, description="Whether they get points from now on; what they got stays")
    ranks: bool = Field(False, description="Whether boards show them")


class StandingsModel(RequestBody):
    """What holds of each kind; by hand, `PUT /v1/members/{member_id}/standing` says who is which."""

    staff: StandingModel = Field(default_factory=StandingModel)
    departed: StandingModel = Field(default_factory=StandingModel)
    hidden: StandingModel = Field(default_factory=StandingModel)

    @classmethod
    def of(cls, standings: Mapping[Standing, domain.StandingRule]) -> "StandingsModel":
        """What is shown of them."""
        return cls(
            **{
                name: StandingModel(patterns=list(rule.patterns), earns=rule.earns, ranks=rule.ranks)
                for name, rule in standings.items()
            }
        )

    def taken(self) -> Mapping[Standing, domain.StandingRule]:
        """What was said of them."""
        said: Mapping[Standing, StandingModel] = {
            "staff": self.staff,
            "departed": self.departed,
            "hidden": self.hidden,
        }
        return {name: domain.StandingRule(tuple(one.patterns), one.earns, one.ranks) for name, one in said.items()}


class CommunityWanted(RequestBody):
    """A community to be declared. What is left out can be said later."""

    id: Annotated[Slug, AfterValidator(_no_installation)] = Field(examples=["acme"])
    title: Title
    time_zone: Zone = "UTC"
    week_start: Weekday = "monday"
    currency: KnownCurrency = "EUR"
    languages: Languages = Field(default_factory=lambda: ["en"])
    look: LookModel | None = Field(None, description="The title alone, if not given")
    public: WhatIsPublic = Field(default_factory=list)
    review_policy: ReviewPolicy = Field(default_factory=lambda: ReviewPolicy(publishing=Publishing.ONE_PERSON))
    retention: Retention = Field(default_factory=Retention)
    bots: Bots = Field(default_factory=lambda: list(DEFAULT_BOTS))
    standings: StandingsModel = Field(default_factory=StandingsModel)
    embed_sites: EmbedSites = Field(default_factory=list)


class CommunityChange(RequestBody):
    """What is to be different; the rest stays as it is."""

    revision: int = Field(ge=1, description="The revision that the change is for, as it was read", examples=[1])
    title: Title | None = None
    time_zone: Zone | None = None
    week_start: Weekday | None = None
    currency: KnownCurrency | None = None
    languages: Languages | None = None
    look: LookModel | None = Field(None, description="All of it")
    public: WhatIsPublic | None = None
    review_policy: ReviewPolicy | None = None
    retention: Retention | None = None
    bots: Bots | None = None
    standings: StandingsModel | None = Field(None, description="All of it")
    embed_sites: EmbedSites | None = None


class ReckoningModel(BaseModel):
    """How days and weeks are counted from a moment on."""

    since: datetime | None = Field(description="Null for the first: from always")
    time_zone: str
    week_start: Weekday


class CommunityListed(BaseModel):
    """A community in short."""

    id: str = Field(examples=["acme"])
    title: str
    time_zone: str = Field(description="The one in force now", examples=["Europe/Rome"])
    week_start: Weekday = Field(description="The one in force now")
    currency: str = Field(examples=["EUR"])
    revision: int

    @classmethod
    def of(cls, community: domain.Community) -> Self:
        """What a list shows of a community."""
        return cls(**_in_short(community))


class Community(CommunityListed):
    """A community."""

    calendar: list[ReckoningModel] = Field(description="How its days and weeks were, are and will be counted")
    languages: list[str]
    look: LookModel
    public: list[Public]
    review_policy: ReviewPolicy
    proposed_policy: ProposedPolicy | None = Field(description="What waits for another person; null: nothing")
    retention: Retention
    bots: list[str]
    standings: StandingsModel
    embed_sites: list[str] = Field(description="Whose pages may show it in a frame")

    @classmethod
    def of(cls, community: domain.Community) -> Self:
        """What is shown of a community."""
        return cls(
            **_in_short(community),
            calendar=[ReckoningModel(**reckoning._asdict()) for reckoning in community.calendar.reckonings],
            languages=list(community.languages),
            look=LookModel.of(community.look),
            public=list(community.public),
            review_policy=ReviewPolicy(publishing=community.publishing, backtest=community.backtest),
            proposed_policy=None if community.lowering is None else ProposedPolicy.of(community.lowering),
            retention=Retention(**community.retention._asdict()),
            bots=list(community.bots),
            standings=StandingsModel.of(community.standings),
            embed_sites=list(community.embed_sites),
        )


def _in_short(community: domain.Community) -> dict[str, Any]:
    now = community.calendar.in_force(datetime.now(UTC))
    return {
        "id": community.community,
        "title": community.title,
        "time_zone": now.time_zone,
        "week_start": now.week_start,
        "currency": community.currency,
        "revision": community.revision,
    }
