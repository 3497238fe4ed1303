"""HTTP route of what a community is to everybody, if it shows anything."""

from typing import Annotated, Self

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from services.ingest.communities import store
from services.ingest.communities.api.models import Community
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
        )


@router.get(
    "/v1/communities/{community}/public",
    summary="A community, as everybody may see it",
    responses=problem_responses(UNKNOWN_COMMUNITY, TOO_MANY_READS),
)
async def get_public_community(community: Visited, conn: Conn) -> PublicCommunity:
    """Without a credential. Of one that shows nothing to everybody it is as if there were none."""
    found = await store.find_community(conn, community=community)
    if found is None or not found.public:
        raise UnknownCommunityError(community)
    return PublicCommunity.of(Community.of(found))
