"""The routes of what is on offer."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.rewards.catalogue.api.rewards import RewardLimit, RewardPicture, RewardTranslated
from services.rewards.catalogue.domain import Left, Offer, PictureOf, RewardKind, RewardSource, limited
from services.rewards.catalogue.handlers import load_kept_from, load_offers
from services.rewards.catalogue.store import load_left, load_pictures
from services.rewards.programmes.domain import InForce
from shared.contracts.programme import PayoutTerms
from shared.http import Conn, MemberId, Principal, Scope, problem_responses, requires
from shared.http.problem_types import UNKNOWN_IDENTITY

router = APIRouter(tags=["redemptions"])


class RewardAudience(BaseModel):
    """The audience that may have a reward."""

    id: str = Field(examples=["helpers"])
    title: str = Field(examples=["Helpers"])


class CatalogueItem(BaseModel):
    """A reward that a member can have for points."""

    id: str = Field(examples=["sticker-pack"])
    title: str = Field(examples=["A pack of stickers"])
    description: str
    points: int = Field(examples=[200])
    stock: int | None = Field(
        None, description="How many there are in all; null: any number, or codes", examples=[100]
    )
    audience: RewardAudience | None = Field(None, description="Who alone may have it; null for everybody")
    source: RewardSource = Field(
        description="Whether the programme declares it, or the catalogue has it as its own"
    )
    kind: RewardKind
    category: str | None = Field(None, examples=["books"])
    tags: list[str] = Field(default_factory=list, examples=[["for readers", "online"]])
    translations: list[RewardTranslated] = Field(default_factory=list)
    level: str | None = Field(None, description="A level that it takes to have it")
    closes_at: datetime | None = Field(None, description="On offer until then")
    limit: RewardLimit | None = None
    picture: RewardPicture | None = None
    left: int | None = Field(
        None, description="How many are left, of those where members are shown that", examples=[12]
    )
    is_exhausted: bool = Field(False, description="Whether there are none left just now")

    @classmethod
    def of(
        cls, offer: Offer, *, audiences: Mapping[str, str], left: Left, pictures: Mapping[str, PictureOf]
    ) -> Self:
        """A reward as it is offered; `audiences` has the titles of audiences."""
        terms = offer.terms
        audience = terms.audience
        named = None if audience is None else RewardAudience(id=audience, title=audiences.get(audience, audience))
        count = left.of(offer)
        return cls(
            id=offer.reward_id,
            title=terms.title,
            description=terms.description,
            points=offer.points,
            stock=terms.stock,
            audience=named,
            source=offer.source,
            kind=terms.kind,
            category=terms.category,
            tags=list(terms.tags),
            translations=RewardTranslated.all_of(terms),
            level=terms.level,
            closes_at=terms.closes_at,
            limit=None if terms.limit is None else RewardLimit(**terms.limit._asdict()),
            picture=(
                RewardPicture.of(pictures.get(offer.reward_id)) if offer.source is RewardSource.CATALOGUE else None
            ),
            left=count if terms.shows_left else None,
            is_exhausted=count == 0,
        )


class PaidOut(BaseModel):
    """How points become money: so many are worth so much."""

    points: int = Field(examples=[100])
    minor: int = Field(description="Minor units of the currency", examples=[100])
    currency: str = Field(examples=["EUR"])
    minimum_points: int = Field(description="From which a payout run pays", examples=[500])
    currencies: list[str] = Field(
        description="What members can be paid in: the currency of the price, and others that they choose",
        examples=[["EUR", "JPY"]],
    )

    @classmethod
    def of(cls, terms: PayoutTerms) -> Self:
        """The programme's terms as members see them: without the accounts that pay."""
        currencies = [terms.currency, *(other.currency for other in terms.also)]
        return cls(**terms.model_dump(exclude={"paying_account", "also"}), currencies=currencies)


class Catalogue(BaseModel):
    """The rewards on offer: the catalogue's own, and those of the programme version that is in force."""

    programme_id: str | None = Field(None, description="Null before the first programme is published")
    version: int | None = None
    items: list[CatalogueItem]
    payout: PaidOut | None = Field(None, description="Null where points are not paid out")

    @classmethod
    def of(
        cls,
        offered: Sequence[Offer],
        in_force: InForce | None,
        *,
        left: Left,
        pictures: Mapping[str, PictureOf],
    ) -> Self:
        """What is offered, and what a version says of money."""
        audiences = {} if in_force is None else in_force.audiences
        terms = None if in_force is None else in_force.rewards.payout
        return cls(
            programme_id=None if in_force is None else in_force.programme_id,
            version=None if in_force is None else in_force.version,
            items=[CatalogueItem.of(one, audiences=audiences, left=left, pictures=pictures) for one in offered],
            payout=None if terms is None else PaidOut.of(terms),
        )


class MembersCatalogue(Catalogue):
    """The rewards on offer, and which of them are not for the member."""

    member_id: UUID
    not_for_them: list[str] = Field(
        description="Ids of rewards for audiences that the member is not in", examples=[["mentors-dinner"]]
    )
    needs_level: list[str] = Field(
        description="Titles of levels of which it takes one to have any reward; none where nothing is lacking",
        examples=[["Regular"]],
    )
    level_lacking: list[str] = Field(
        description="Ids of rewards that take a level which the member does not have", examples=[["dinner"]]
    )
    had_enough: list[str] = Field(
        description="Ids of rewards of which the member has as many as one person may have", examples=[["mug"]]
    )


@router.get("/v1/catalogue", summary="The rewards on offer", responses=problem_responses())
async def get_catalogue(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_member=True)], conn: Conn
) -> Catalogue:
    """What the community offers for points now; its members may see it."""
    community, now = principal.community, datetime.now(UTC)
    offered, in_force = await load_offers(conn, community=community, now=now)
    left = await load_left(conn, limited(offered), community=community, now=now)
    pictures = await load_pictures(conn, community=community)
    return Catalogue.of(offered, in_force, left=left, pictures=pictures)


@router.get(
    "/v1/members/{member_id}/catalogue",
    summary="The rewards on offer for a member",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def get_members_catalogue(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
) -> MembersCatalogue:
    """The whole catalogue; what the member would be refused is named."""
    community, who, now = principal.community, str(member_id), datetime.now(UTC)
    offered, in_force = await load_offers(conn, community=community, now=now)
    left = await load_left(conn, limited(offered), community=community, now=now)
    kept = await load_kept_from(conn, offered, in_force=in_force, community=community, member_id=who, now=now)
    pictures = await load_pictures(conn, community=community)
    return MembersCatalogue(
        **Catalogue.of(offered, in_force, left=left, pictures=pictures).model_dump(),
        member_id=member_id,
        not_for_them=list(kept.not_for_them),
        needs_level=list(kept.needs_level),
        level_lacking=list(kept.level_lacking),
        had_enough=list(kept.had_enough),
    )
