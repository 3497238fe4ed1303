"""HTTP routes of the rewards that a community has in its own catalogue, for whoever runs it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from services.rewards.catalogue import handlers, store
from services.rewards.catalogue.domain import (
    TAG_MAX_CHARS,
    TAGS_MAX_COUNT,
    Left,
    MemberLimit,
    Offer,
    PictureOf,
    Price,
    Reward,
    RewardFilter,
    RewardKind,
    RewardPlace,
    RewardSource,
    RewardTerms,
    Translation,
    UnknownCatalogueRewardError,
    UnusableRewardError,
    limited,
    tag_of,
    tags_of,
)
from shared.contracts.fields import NO_CONTROL, POINTS_MAX, Language, Name, Slug, Text
from shared.contracts.programme.rewards import STOCK_MAX_COUNT
from shared.http import (
    Conn,
    Limit,
    Page,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    after,
    problem_responses,
    requires,
)
from shared.postgres import Connection

UNKNOWN_CATALOGUE_REWARD = ProblemType("unknown-catalogue-reward", 404, "The catalogue has no such reward")
REWARD_EXISTS = ProblemType("reward-exists", 409, "The catalogue has a reward of that id")
CATALOGUE_FULL = ProblemType("catalogue-full", 409, "The catalogue has as many rewards as it may have")
STALE_REWARD = ProblemType("stale-reward", 409, "Somebody changed the reward meanwhile")
UNUSABLE_REWARD = ProblemType("unusable-reward", 422, "What is said of the reward does not fit together")
TRANSLATIONS_MAX_COUNT = 20
LATER_PRICES_MAX_COUNT = 20
LIMIT_MAX_COUNT = 1_000
LIMIT_MAX_DAYS = 3_650
SEARCH_MAX_CHARS = 100

router = APIRouter(tags=["catalogue"])
Looker = Annotated[Principal, requires(Scope.REWARDS_READ)]
Keeper = Annotated[Principal, requires(Scope.REWARDS_WRITE)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=TAG_MAX_CHARS, pattern=NO_CONTROL)]
Cost = Annotated[int, Field(ge=1, le=POINTS_MAX)]


class RewardTranslation(RequestBody):
    """A reward in another language."""

    language: Language
    title: Name = Field(examples=["Buono libri da 10 €"])
    description: Text = Field("", examples=["Per ogni libreria"])


class LaterPrice(RequestBody):
    """A price that begins in the future."""

    effective_from: AwareDatetime = Field(examples=["2030-01-01T00:00:00Z"])
    points: Cost = Field(examples=[1200])


class PersonLimit(RequestBody):
    """How many one person may have: within the last `days`, or in all where that is null."""

    max_count: Annotated[int, Field(ge=1, le=LIMIT_MAX_COUNT)] = Field(examples=[1])
    days: Annotated[int, Field(ge=1, le=LIMIT_MAX_DAYS)] | None = Field(None, examples=[30])


class RewardSaid(RequestBody):
    """All that a community says of a reward."""

    kind: RewardKind = Field(description="A voucher has codes, which are imported: they are its stock")
    title: Name = Field(examples=["Book voucher, 10 €"])
    description: Text = Field("", examples=["For any bookshop"])
    translations: list[RewardTranslation] = Field(
        default_factory=list, max_length=TRANSLATIONS_MAX_COUNT, description="Each language once"
    )
    category: Slug | None = Field(None, description="What members filter by", examples=["books"])
    tags: list[Tag] = Field(
        default_factory=list,
        max_length=TAGS_MAX_COUNT,
        description="What members filter by, too; case and blanks around do not count, and none has a comma",
        examples=[["for readers", "online"]],
    )
    points: Cost = Field(description="Its price from now on", examples=[1000])
    later_prices: list[LaterPrice] = Field(
        default_factory=list,
        max_length=LATER_PRICES_MAX_COUNT,
        description="Prices to come, instead of those that were to come. What is reserved keeps its price",
    )
    audience: Slug | None = Field(None, description="An audience of the programme that alone may have it")
    level: Slug | None = Field(None, description="A level that it takes to have it")
    opens_at: AwareDatetime | None = Field(None, description="On offer from then on; null: at once")
    closes_at: AwareDatetime | None = Field(None, description="On offer until then; null: for good")
    stock: Annotated[int, Field(ge=0, le=STOCK_MAX_COUNT)] | None = Field(
        None, description="How many there are in all, redeemed or given; null: any number. No voucher has one"
    )
    low_count: Annotated[int, Field(ge=1, le=STOCK_MAX_COUNT)] | None = Field(
        None, description="With so many left, or fewer, whoever runs it is told", examples=[10]
    )
    shows_left: bool = Field(False, description="Whether members see how many are left")
    limit: PersonLimit | None = None
    is_withdrawn: bool = Field(False, description="It is offered no more; nothing is deleted")

    def terms(self) -> RewardTerms:
        """What is said, without prices. Raises UnusableRewardError for two translations into one language."""
        translations = {one.language: Translation(one.title, one.description) for one in self.translations}
        if len(translations) < len(self.translations):
            raise UnusableRewardError("translations", "each language once")
        return RewardTerms(
            kind=self.kind,
            title=self.title,
            description=self.description,
            translations=translations,
            category=self.category,
            tags=tags_of(self.tags),
            audience=self.audience,
            level=self.level,
            opens_at=self.opens_at,
            closes_at=self.closes_at,
            stock=self.stock,
            low_count=self.low_count,
            shows_left=self.shows_left,
            limit=None if self.limit is None else MemberLimit(self.limit.max_count, self.limit.days),
            is_withdrawn=self.is_withdrawn,
        )

    def later(self) -> list[Price]:
        """The prices to come."""
        return [Price(one.effective_from, one.points) for one in self.later_prices]


_EXAMPLE: dict[str, Any] = {
    "kind": "voucher",
    "title": "Book voucher, 10 €",
    "description": "For any bookshop",
    "translations": [{"language": "it", "title": "Buono libri da 10 €"}],
    "category": "books",
    "tags": ["for readers", "online"],
    "points": 1000,
    "later_prices": [{"effective_from": "2030-01-01T00:00:00Z", "points": 1200}],
    "low_count": 10,
    "shows_left": True,
    "limit": {"max_count": 1, "days": 30},
}


class NewReward(RewardSaid):
    """A reward that is added."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE | {"id": "book-voucher"}]})

    id: Slug = Field(
        description="One that the programme declares is this one from then on", examples=["book-voucher"]
    )


class ChangedReward(RewardSaid):
    """A reward that is changed: all of it is said again."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE | {"revision": 1}]})

    revision: Annotated[int, Field(ge=1)] = Field(description="The one that the change is for", examples=[1])


class RewardPrice(BaseModel):
    """A price, from a moment on."""

    effective_from: datetime
    points: int


class RewardTranslated(BaseModel):
    """A reward in another language."""

    language: str = Field(examples=["it"])
    title: str = Field(examples=["Buono libri da 10 €"])
    description: str

    @classmethod
    def all_of(cls, terms: RewardTerms) -> list[Self]:
        """The translations of a reward, by their languages."""
        return [
            cls(language=language, title=one.title, description=one.description)
            for language, one in sorted(terms.translations.items())
        ]


class PictureAlt(BaseModel):
    """What a picture shows, in a language."""

    language: str = Field(examples=["it"])
    alt: str = Field(examples=["Una tazza blu con il nostro logo"])


class RewardPicture(BaseModel):
    """That a reward has a picture, at `GET /v1/catalogue/rewards/{reward_id}/picture`."""

    etag: str = Field(description="What names its bytes", examples=["3f0e1d2c4b5a69788796a5b4c3d2e1f0"])
    alt: str = Field(description="What it shows", examples=["A blue mug with our logo"])
    translations: list[PictureAlt]

    @classmethod
    def of(cls, picture: PictureOf | None) -> Self | None:
        """A picture as it is answered."""
        if picture is None:
            return None
        others = [PictureAlt(language=one, alt=alt) for one, alt in sorted(picture.alts.items()) if one]
        return cls(etag=picture.etag, alt=picture.alts[""], translations=others)


class RewardLimit(BaseModel):
    """How many one person may have."""

    max_count: int
    days: int | None = Field(description="Within the last so many days; null: in all")


class RewardShown(BaseModel):
    """A reward of the catalogue, as whoever runs it sees it."""

    id: str = Field(examples=["book-voucher"])
    kind: RewardKind
    title: str = Field(examples=["Book voucher, 10 €"])
    description: str
    translations: list[RewardTranslated]
    category: str | None
    tags: list[str] = Field(examples=[["for readers", "online"]])
    points: int | None = Field(description="Its price now; null before the first begins", examples=[1000])
    prices: list[RewardPrice] = Field(description="Those that held, the one that holds, and those to come")
    audience: str | None
    level: str | None
    opens_at: datetime | None
    closes_at: datetime | None
    stock: int | None
    low_count: int | None
    left: int | None = Field(description="How many are left; null for any number", examples=[12])
    is_low: bool = Field(description="Whether as few are left as somebody wants to be told of")
    shows_left: bool
    limit: RewardLimit | None
    picture: RewardPicture | None = None
    is_withdrawn: bool
    is_offered: bool = Field(description="Whether members can choose it now, while there are some")
    revision: int = Field(description="Say it when you change the reward", examples=[1])
    changed_at: datetime

    @classmethod
    def of(cls, reward: Reward, *, left: Left, at: datetime, picture: PictureOf | None = None) -> Self:
        """A reward as it is answered."""
        terms = reward.terms
        offer = _as_offer(reward, at=at)
        return cls(
            id=reward.reward_id,
            kind=terms.kind,
            title=terms.title,
            description=terms.description,
            translations=RewardTranslated.all_of(terms),
            category=terms.category,
            tags=list(terms.tags),
            points=reward.price_at(at),
            prices=[RewardPrice(**price._asdict()) for price in reward.prices],
            audience=terms.audience,
            level=terms.level,
            opens_at=terms.opens_at,
            closes_at=terms.closes_at,
            stock=terms.stock,
            low_count=terms.low_count,
            left=left.of(offer),
            is_low=left.is_low(offer),
            shows_left=terms.shows_left,
            limit=None if terms.limit is None else RewardLimit(**terms.limit._asdict()),
            picture=RewardPicture.of(picture),
            is_withdrawn=terms.is_withdrawn,
            is_offered=reward.is_offered_at(at),
            revision=reward.revision,
            changed_at=reward.changed_at,
        )


def _as_offer(reward: Reward, *, at: datetime) -> Offer:
    """The reward as if it were offered: how many are left is asked of those that are not, too."""
    return Offer(reward.reward_id, RewardSource.CATALOGUE, reward.terms, reward.price_at(at) or 0)


async def _shown(
    conn: Connection, rewards: Sequence[Reward], *, community: str, at: datetime
) -> list[RewardShown]:
    scarce = limited(_as_offer(reward, at=at) for reward in rewards)
    left = await store.load_left(conn, scarce, community=community, now=at)
    pictures = await store.load_pictures(conn, community=community)
    return [RewardShown.of(reward, left=left, at=at, picture=pictures.get(reward.reward_id)) for reward in rewards]


@router.post(
    "/v1/catalogue/rewards",
    summary="Add a reward to the catalogue",
    status_code=201,
    responses=problem_responses(REWARD_EXISTS, CATALOGUE_FULL, UNUSABLE_REWARD),
)
async def post_reward(principal: Keeper, tx: Tx, said: NewReward) -> RewardShown:
    """Members see it at once, or from `opens_at` on. A voucher has none left before codes are imported."""
    added = await handlers.add_reward(
        tx,
        community=principal.community,
        reward_id=said.id,
        terms=said.terms(),
        points=said.points,
        later=said.later(),
    )
    return (await _shown(tx.conn, [added], community=principal.community, at=tx.now))[0]


@router.put(
    "/v1/catalogue/rewards/{reward_id}",
    summary="Change a reward of the catalogue",
    responses=problem_responses(UNKNOWN_CATALOGUE_REWARD, STALE_REWARD, UNUSABLE_REWARD),
)
async def put_reward(principal: Keeper, tx: Tx, reward_id: Slug, said: ChangedReward) -> RewardShown:
    """What is reserved keeps its title and price. Refused where somebody else changed it since `revision`."""
    changed = await handlers.change_reward(
        tx,
        community=principal.community,
        reward_id=reward_id,
        revision=said.revision,
        terms=said.terms(),
        points=said.points,
        later=said.later(),
    )
    return (await _shown(tx.conn, [changed], community=principal.community, at=tx.now))[0]


@router.get("/v1/catalogue/rewards", summary="Rewards of the catalogue", responses=problem_responses())
async def list_rewards(
    principal: Looker,
    conn: Conn,
    place: Annotated[RewardPlace | None, after(RewardPlace)],
    kind: Annotated[RewardKind | None, Query(description="Only these")] = None,
    category: Annotated[Slug | None, Query(description="Only those of this category")] = None,
    tag: Annotated[Tag | None, Query(description="Only those with this tag")] = None,
    q: Annotated[
        str | None,
        Query(
            max_length=SEARCH_MAX_CHARS,
            pattern=NO_CONTROL,
            description="Only those with this in their title, id or tags",
        ),
    ] = None,
    limit: Limit = 100,
) -> Page[RewardShown]:
    """The catalogue's own, withdrawn ones too, by their ids; the programme's are in `GET /v1/catalogue`."""
    community, at = principal.community, datetime.now(UTC)
    wanted = RewardFilter(kind, category, None if tag is None else tag_of(tag), q or None)
    found = await store.page_of_rewards(conn, wanted, community=community, after=place, limit=limit)
    shown = {one.id: one for one in await _shown(conn, found, community=community, at=at)}
    return Page.of(
        found, limit, item=lambda reward: shown[reward.reward_id], place=lambda reward: (reward.reward_id,)
    )


@router.get(
    "/v1/catalogue/rewards/{reward_id}",
    summary="A reward of the catalogue",
    responses=problem_responses(UNKNOWN_CATALOGUE_REWARD),
)
async def get_reward(principal: Looker, conn: Conn, reward_id: Slug) -> RewardShown:
    """A reward, with its prices and how many are left."""
    found = await store.find_reward(conn, community=principal.community, reward_id=reward_id)
    if found is None:
        raise UnknownCatalogueRewardError(reward_id)
    return (await _shown(conn, [found], community=principal.community, at=datetime.now(UTC)))[0]
