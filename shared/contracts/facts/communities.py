"""Facts of ingest: communities, as whoever runs them declared them."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Count, Currency, Language, Name, Timestamp

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$"), Field(examples=["#1a5fb4"])]


class ReckoningData(TypedDict):
    """How days and weeks are counted from a moment on: `since` is there for all but the first."""

    since: NotRequired[Timestamp]
    time_zone: str
    week_start: Weekday


class ColoursData(TypedDict):
    """`text` on `background`, and `accent` for what is not text, such as a button's border."""

    background: Colour
    text: Colour
    accent: Colour


class LookData(TypedDict):
    """What a community's pages and messages look like; `logo_png` is a PNG in base64."""

    name: Name
    colours: NotRequired[ColoursData]
    logo_png: NotRequired[str]


class ReviewPolicyData(TypedDict):
    """How many people it takes to publish a programme; what makes money payable always takes two.

    With `backtest` each version but the first is backtested before it is submitted.
    """

    publishing: str
    backtest: NotRequired[bool]


class RetentionData(TypedDict):
    """How long ingest keeps what it need not keep for ever."""

    texts_days: Count
    rejected_days: Count


class StandingRuleData(TypedDict):
    """Whom patterns of ids and names take for something, and whether such members earn and are on boards."""

    patterns: list[str]
    earns: bool
    ranks: bool


class StandingsData(TypedDict):
    """What holds of those who are something in the community; of what is not there, what holds by itself."""

    staff: NotRequired[StandingRuleData]
    departed: NotRequired[StandingRuleData]
    hidden: NotRequired[StandingRuleData]


class CommunityData(TypedDict):
    title: Name
    calendar: Annotated[list[ReckoningData], Field(min_length=1)]
    currency: Currency
    languages: Annotated[list[Language], Field(min_length=1)]
    look: LookData
    public: list[str]
    review_policy: ReviewPolicyData
    retention: RetentionData
    bots: NotRequired[list[str]]
    standings: NotRequired[StandingsData]
    embed_sites: NotRequired[list[str]]
    revision: Count


class CommunityChanged(FactEnvelope):
    """A community as it is now; `bots` are patterns of ids and names that are no person's, and pages of
    `embed_sites` may show it in a frame.

    Of a key, the highest `revision` counts and the rest is stale.
    """

    type: Literal["community.changed.v1"]
    data: CommunityData


COMMUNITY_CHANGED: Final = FactType(
    "community.changed.v1",
    envelope=CommunityChanged,
    data=CommunityData,
    examples=[
        fact_example(
            "community.changed.v1",
            "ingest",
            "acme/2",
            "2026-01-30T09:00:00Z",
            {
                "title": "Acme's users",
                "calendar": [
                    {"time_zone": "UTC", "week_start": "monday"},
                    {"since": "2026-01-31T00:00:00Z", "time_zone": "Europe/Rome", "week_start": "monday"},
                ],
                "currency": "EUR",
                "languages": ["it", "en"],
                "look": {
                    "name": "Acme",
                    "colours": {"background": "#ffffff", "text": "#1e1e1e", "accent": "#1a5fb4"},
                },
                "public": ["boards"],
                "review_policy": {"publishing": "two_people"},
                "retention": {"texts_days": 365, "rejected_days": 30},
                "bots": ["*[bot]", "renovate*"],
                "embed_sites": ["https://www.acme.example"],
                "revision": 2,
            },
        )
    ],
)
