"""HTTP routes of links that give rewards."""

from datetime import UTC, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from services.rewards.catalogue.handlers import find_offer
from services.rewards.links import handlers, store
from services.rewards.links.domain import LinkPlace, LinkState, RewardLink, UnknownLinkError
from services.rewards.redemptions.api.models import OUT_OF_STOCK, UNKNOWN_REWARD, InLanguage, Redemption
from services.rewards.settings import Settings
from services.rewards.vouchers.api import NO_VOUCHER_KEYS
from shared.commands import KEY_REUSED, IdempotencyKey
from shared.contracts.fields import Slug
from shared.http import (
    Conn,
    Limit,
    MemberId,
    Page,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_IDENTITY, UNKNOWN_MEMBER

UNKNOWN_LINK = ProblemType("unknown-reward-link", 404, "There is no such link")
LINK_OVER = ProblemType("reward-link-over", 409, "The link gives nothing any more")
LINK_ENDS = ProblemType("reward-link-ends", 422, "A link ends neither in the past nor that late")
TOO_MANY_LINKS = ProblemType("too-many-reward-links", 409, "As many links are open as may be")
NOTE_MAX_CHARS = 200
USES_MAX_COUNT = 100_000
EXAMPLE = "AZqk3h5sTrWfB0pD8mXy1kQv7nC2aLz9uE6tR4oJgHc"

router = APIRouter(tags=["reward links"])
Keeper = Annotated[Principal, requires(Scope.REWARDS_WRITE)]
InSettings = Annotated[Settings, configured(Settings)]


class NewLink(RequestBody):
    """A link that is made."""

    reward_id: Slug = Field(description="What it gives, for no points", examples=["book-voucher"])
    uses_max_count: Annotated[int, Field(ge=1, le=USES_MAX_COUNT)] = Field(
        1, description="So many people can claim it, each once", examples=[25]
    )
    expires_at: AwareDatetime = Field(examples=["2030-12-31T23:00:00Z"])
    note: Annotated[str, Field(max_length=NOTE_MAX_CHARS, pattern=r"^[^\x00-\x1f\x7f]*$")] = Field(
        "", description="What it is for, for whoever runs it", examples=["Speakers of the spring meetup"]
    )


class LinkShown(BaseModel):
    """A link, and what became of it; not what one shows to claim it."""

    link_id: UUID
    reward_id: str = Field(examples=["book-voucher"])
    note: str = Field(examples=["Speakers of the spring meetup"])
    state: LinkState
    uses_max_count: int = Field(examples=[25])
    claims_count: int = Field(description="So many people claimed it", examples=[3])
    expires_at: datetime
    created_at: datetime
    created_by: str = Field(description="The access key or token")
    revoked_at: datetime | None

    @classmethod
    def of(cls, link: RewardLink, *, at: datetime) -> Self:
        """A link as it is answered."""
        return cls(
            link_id=UUID(link.link_id),
            reward_id=link.reward_id,
            note=link.note,
            state=link.state_at(at),
            uses_max_count=link.uses_max_count,
            claims_count=link.claims_count,
            expires_at=link.expires_at,
            created_at=link.created_at,
            created_by=link.created_by,
            revoked_at=link.revoked_at,
        )


class LinkWithToken(LinkShown):
    """A link with what one shows to claim it."""

    token: str = Field(description="Who has it can claim: the console's page /claim/ and this", examples=[EXAMPLE])

    @classmethod
    def to_give(cls, link: RewardLink, *, settings: Settings, at: datetime) -> Self:
        """A link for whoever gives it out."""
        shown = LinkShown.of(link, at=at)
        return cls(**shown.model_dump(), token=handlers.token_of(link, settings))


class ShownToken(RequestBody):
    """What somebody has of a link."""

    token: Annotated[str, Field(min_length=1, max_length=200)] = Field(examples=[EXAMPLE])


class LinkOpened(BaseModel):
    """What a link gives, for whoever has it."""

    title: str | None = Field(
        description="What the reward is called; null where it is not on offer now", examples=["Book voucher, 10 €"]
    )
    description: str
    state: LinkState
    expires_at: datetime


@router.post(
    "/v1/reward-links",
    summary="Make a link that gives a reward",
    status_code=201,
    responses=problem_responses(UNKNOWN_REWARD, LINK_ENDS, TOO_MANY_LINKS, NO_VOUCHER_KEYS, KEY_REUSED),
)
async def post_link(principal: Keeper, tx: Tx, said: NewLink, idempotency_key: IdempotencyKey) -> LinkWithToken:
    """Whoever has the link and signs in as a member gets the reward for no points; each person once."""
    made = await handlers.make_link(
        tx,
        community=principal.community,
        reward_id=said.reward_id,
        note=said.note,
        uses_max_count=said.uses_max_count,
        expires_at=said.expires_at,
        idempotency_key=idempotency_key,
        by=principal.credential,
    )
    return LinkWithToken.to_give(made, settings=tx.settings, at=tx.now)


@router.get("/v1/reward-links", summary="Links that give rewards, newest first", responses=problem_responses())
async def list_links(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ)],
    conn: Conn,
    place: Annotated[LinkPlace | None, after(LinkPlace)],
    limit: Limit = 100,
) -> Page[LinkShown]:
    """Those that are over, too; what one shows to claim them is not in the list."""
    at = datetime.now(UTC)
    links = await store.page_of_links(conn, community=principal.community, after=place, limit=limit)
    return Page.of(links, limit, item=lambda link: LinkShown.of(link, at=at), place=lambda link: link.place)


@router.get(
    "/v1/reward-links/{link_id}",
    summary="A link that gives a reward",
    responses=problem_responses(UNKNOWN_LINK, NO_VOUCHER_KEYS),
)
async def get_link(principal: Keeper, conn: Conn, settings: InSettings, link_id: UUID) -> LinkWithToken:
    """For whoever gives it out: with what one shows to claim it."""
    link = await store.find_link(conn, community=principal.community, link_id=str(link_id))
    if link is None:
        raise UnknownLinkError
    return LinkWithToken.to_give(link, settings=settings, at=datetime.now(UTC))


@router.post(
    "/v1/reward-links/{link_id}/revoke",
    summary="Revoke a link that gives a reward",
    responses=problem_responses(UNKNOWN_LINK),
)
async def revoke(principal: Keeper, tx: Tx, link_id: UUID) -> LinkShown:
    """It gives nothing from now on; whoever claimed it keeps what they got. Again changes nothing."""
    revoked = await handlers.revoke_link(tx, community=principal.community, link_id=str(link_id))
    return LinkShown.of(revoked, at=tx.now)


@router.post(
    "/v1/reward-links/open",
    summary="What a link gives",
    responses=problem_responses(UNKNOWN_LINK),
)
async def open_link(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_member=True)],
    conn: Conn,
    settings: InSettings,
    shown: ShownToken,
    language: InLanguage = None,
) -> LinkOpened:
    """Before it is claimed. What one shows stands in no address."""
    community, at = principal.community, datetime.now(UTC)
    link = await handlers.open_link(conn, community=community, token=shown.token, settings=settings)
    offer, _ = await find_offer(conn, community=community, reward_id=link.reward_id, now=at)
    said = None if offer is None else offer.terms.said_in(language)
    return LinkOpened(
        title=None if said is None else said.title,
        description="" if said is None else said.description,
        state=link.state_at(at),
        expires_at=link.expires_at,
    )


@router.post(
    "/v1/members/{member_id}/reward-claims",
    summary="Claim what a link gives",
    responses=problem_responses(
        UNKNOWN_IDENTITY, UNKNOWN_MEMBER, UNKNOWN_LINK, LINK_OVER, UNKNOWN_REWARD, OUT_OF_STOCK
    ),
)
async def post_claim(
    principal: Annotated[Principal, requires(Scope.REWARDS_WRITE, or_own=True)],
    tx: Tx,
    member_id: MemberId,
    shown: ShownToken,
) -> Redemption:
    """For the member themselves, too: once a person. Claimed again it is the same redemption."""
    claimed = await handlers.claim(tx, community=principal.community, member_id=str(member_id), token=shown.token)
    return Redemption.of(claimed)
