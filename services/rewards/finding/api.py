"""Routes that find rewards on offer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints

from services.rewards.catalogue.api.offers import CatalogueItem
from services.rewards.catalogue.api.rewards import Tag
from services.rewards.catalogue.domain import TAGS_MAX_COUNT, RewardKind, tag_of
from services.rewards.finding import handlers
from services.rewards.finding.domain import Choices, FoundOrder, FoundPlace, FoundReward, Wanted, words_of
from services.rewards.quotes.api import QuoteShown
from shared.contracts.fields import NO_CONTROL, POINTS_MAX, Currency, Language, Slug
from shared.http import Conn, Limit, MemberId, Page, Principal, Scope, Snapshot, after, problem_responses, requires
from shared.http.problem_types import UNKNOWN_IDENTITY

SEARCH_MAX_CHARS = 100
IDS_MAX_COUNT = 50

router = APIRouter(tags=["redemptions"])
Points = Annotated[int | None, Query(ge=0, le=POINTS_MAX)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
#: Why a member would be refused a reward.
Refused = Literal["audience", "level", "had_enough", "none_left"]


class OfferedReward(CatalogueItem):
    """A reward on offer as a member has it: in their language, at its price now, and what keeps them from it."""

    quote: QuoteShown | None = Field(
        description="Where its price follows a rate: what `points` are by, and what is named to choose it"
    )
    currency: str | None = Field(description="Of a gift card: what it is worth is in it", examples=["EUR"])
    face_minor: int | None = Field(description="What a gift card is worth, in minor units", examples=[1000])
    countries: list[str] | None = Field(
        description="Where a gift card can be used; null where its provider did not say, and of all else",
        examples=[["DE", "IT"]],
    )
    refused_for: Refused | None = Field(description="What keeps the member from it now; null for nothing")
    needs_level: list[str] = Field(
        description="Titles of levels of which it takes one to have any reward; none where nothing is lacking",
        examples=[["Regular"]],
    )
    missing_points: int = Field(description="How many points the member has too few for it", examples=[0])

    @classmethod
    def found_in(cls, found: handlers.Found, one: FoundReward, *, language: str | None) -> Self:
        """A reward that was found, as it is answered."""
        offer = found.offers[one.reward_id]
        audiences = {} if found.in_force is None else found.in_force.audiences
        shown = CatalogueItem.of(offer, audiences=audiences, left=found.left, pictures=found.pictures)
        quote = found.quotes.get(one.reward_id)
        return cls(
            **shown.model_dump() | offer.terms.said_in(language)._asdict() | {"points": one.points},
            quote=None if quote is None else QuoteShown.of(quote),
            currency=one.currency,
            face_minor=one.face_minor,
            countries=None if one.countries is None else list(one.countries),
            refused_for=_refused(found, shown),
            needs_level=list(found.kept_from.needs_level),
            missing_points=max(0, one.points - found.available_points),
        )


def _refused(found: handlers.Found, shown: CatalogueItem) -> Refused | None:
    kept = found.kept_from
    if shown.id in kept.not_for_them:
        return "audience"
    if kept.needs_level or shown.id in kept.level_lacking:
        return "level"
    if shown.id in kept.had_enough:
        return "had_enough"
    return "none_left" if shown.is_exhausted else None


class RewardChoice(BaseModel):
    """Something to filter by, and how many rewards on offer have it."""

    value: str = Field(examples=["books"])
    rewards_count: int = Field(examples=[12])


class RewardChoices(BaseModel):
    """What rewards on offer can be filtered by; of each the 100 that most have."""

    kinds: list[RewardChoice]
    categories: list[RewardChoice]
    tags: list[RewardChoice]
    currencies: list[RewardChoice]
    countries: list[RewardChoice]
    rewards_count: int = Field(description="How many there are in all", examples=[240])
    max_points: int = Field(description="What the dearest costs", examples=[5000])

    @classmethod
    def of(cls, choices: Choices) -> Self:
        """They as they are answered."""

        def part(name: str) -> Sequence[RewardChoice]:
            return [
                RewardChoice(value=value, rewards_count=count) for value, count in choices.counts[name].items()
            ]

        return cls(
            kinds=list(part("kind")),
            categories=list(part("category")),
            tags=list(part("tag")),
            currencies=list(part("currency")),
            countries=list(part("country")),
            rewards_count=choices.total,
            max_points=choices.max_points,
        )


@router.get(
    "/v1/members/{member_id}/offered-rewards",
    summary="Find rewards on offer for a member",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def find_offered_rewards(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_own=True, reads="member_id")],
    conn: Snapshot,
    member_id: MemberId,
    place: Annotated[FoundPlace | None, after(FoundPlace)],
    q: Annotated[
        str | None,
        Query(
            max_length=SEARCH_MAX_CHARS,
            pattern=NO_CONTROL,
            description="Words, or how they begin, that all stand in title, description or tags; eight count",
        ),
    ] = None,
    language: Annotated[
        Language | None, Query(description="In which language titles are read, searched and answered")
    ] = None,
    kind: Annotated[RewardKind | None, Query(description="Only these")] = None,
    category: Annotated[Slug | None, Query(description="Only those of this category")] = None,
    tag: Annotated[
        list[Tag] | None,
        Query(max_length=TAGS_MAX_COUNT, description="Only those with this tag; of several, with all of them"),
    ] = None,
    currency: Annotated[Currency | None, Query(description="Only gift cards in this currency")] = None,
    country: Annotated[
        Country | None, Query(description="Without gift cards that cannot be used there", examples=["IT"])
    ] = None,
    min_points: Annotated[Points, Query(description="Only those that cost as much, or more")] = None,
    max_points: Annotated[Points, Query(description="Only those that cost as much, or less")] = None,
    affordable: Annotated[bool, Query(description="Only what the member has points for")] = False,
    reward_id: Annotated[
        list[Slug] | None, Query(max_length=IDS_MAX_COUNT, description="Only these; may be given several times")
    ] = None,
    order: Annotated[FoundOrder, Query(description="A minus is from the highest down")] = FoundOrder.CHEAPEST,
    limit: Limit = 100,
) -> Page[OfferedReward]:
    """The catalogue's own and the programme's, a page at a time; what the member would be refused says why."""
    wanted = Wanted(
        words=words_of(q) if q and q.strip() else None,
        language=language,
        kind=kind,
        category=category,
        tags=None if tag is None else [tag_of(one) for one in tag],
        currency=currency,
        country=country,
        min_points=min_points,
        max_points=max_points,
        reward_ids=reward_id,
    )
    found = await handlers.find_rewards(
        conn,
        wanted,
        community=principal.community,
        member_id=str(member_id),
        is_affordable=affordable,
        now=datetime.now(UTC),
        order=order,
        after=place,
        limit=limit,
    )
    return Page.of(
        found.rewards,
        limit,
        item=lambda one: OfferedReward.found_in(found, one, language=language),
        place=lambda one: (one.points, one.title, one.reward_id),
    )


@router.get(
    "/v1/catalogue/choices",
    summary="What rewards on offer can be filtered by",
    responses=problem_responses(),
)
async def get_reward_choices(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_member=True)], conn: Conn
) -> RewardChoices:
    """Kinds, categories, tags, currencies and countries, with how many rewards each has; members may see it."""
    choices = await handlers.load_choices(conn, community=principal.community, now=datetime.now(UTC))
    return RewardChoices.of(choices)
