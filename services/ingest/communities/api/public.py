"""HTTP route of what a community is to everybody, if it shows anything."""

from typing import Annotated, Self

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from services.ingest.communities import store
from services.ingest.communities.api.models import Community, LookModel
from services.ingest.communities.api.routes import UNKNOWN_COMMUNITY
from services.ingest.communities.domain.communities import UnknownCommunityError
from shared.access_keys.public import VISITOR_PREFIX
from shared.contracts.fields import Slug
from shared.http import Conn, Public, problem_responses
from shared.http.auth import count_visit
from shared.http.problem_types import TOO_MANY_READS

router = APIRouter()


async def _visited(request: Request, community: Slug) -> str:
    count_visit(request, f"{VISITOR_PREFIX}{community}")
    return community


#: Counted before a connection is taken: nobody has to show anything here.
Visited = Annotated[str, Depends(_visited)]


class PublicCommunity(BaseModel):
    """A community, as everybody may see it."""

    id: str = Field(examples=["acme"])
    title: str = Field(description="What pages call it", examples=["Acme's users"])
    time_zone: str = Field(examples=["Europe/Rome"])
    currency: str = Field(examples=["EUR"])
    languages: list[str] = Field(examples=[["it", "en"]])
    public: list[Public] = Field(description="What it shows to everybody")
    embed_sites: list[str] = Field(
        description="Whose pages may show it in a frame; `*` is everybody's",
        examples=[["https://www.acme.example"]],
    )

    @classmethod
    def of(cls, community: Community) -> Self:
        """What is shown of a community."""
        return cls(
            id=community.id,
            title=community.look.name,
            time_zone=community.time_zone,
            currency=community.currency,
            languages=community.languages,
            public=community.public,
            embed_sites=community.embed_sites,
        )


@router.get(
    "/v1/communities/{community}/public",
    summary="A community, as everybody may see it",
    responses=problem_responses(UNKNOWN_COMMUNITY, TOO_MANY_READS),
)
async def get_public_community(community: Visited, conn: Conn) -> PublicCommunity:
    """Without a credential. Of one that shows nothing to everybody it is as if there were none."""
    return PublicCommunity.of(await _shown(conn, community))


@router.get(
    "/v1/communities/{community}/public/look",
    summary="How a community looks, as everybody may see it",
    responses=problem_responses(UNKNOWN_COMMUNITY, TOO_MANY_READS),
)
async def get_public_look(community: Visited, conn: Conn) -> LookModel:
    """Without a credential: its name, colours and logo. Of one that shows nothing it is as if there were none."""
    return (await _shown(conn, community)).look


async def _shown(conn: Conn, community: str) -> Community:
    found = await store.find_community(conn, community=community)
    if found is None or not found.public:
        raise UnknownCommunityError(community)
    return Community.of(found)
