"""HTTP routes behind the links in messages: whoever has one needs nothing else."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field

from services.ingest.communities import store as communities_store
from services.ingest.messages.api.problems import UNUSABLE_LINK
from services.ingest.messages.domain.kinds import KINDS
from services.ingest.messages.handlers import reaching
from services.ingest.settings import Settings
from shared.http import Begin, Conn, configured, problem_responses
from shared.http.auth import count_visit
from shared.http.problem_types import TOO_MANY_READS

router = APIRouter(tags=["messages"])
OwnSettings = Annotated[Settings, configured(Settings)]
FORM = "application/x-www-form-urlencoded"
ONE_CLICK = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"List-Unsubscribe": {"type": "string", "examples": ["One-Click"]}},
}
Token = Annotated[str, Path(max_length=1_000, description="What the link in a message ends in")]


async def _visited(request: Request) -> None:
    count_visit(request, "visitor:links")


Visited = Annotated[None, Depends(_visited)]


class StopShown(BaseModel):
    """What a link ends."""

    community: str = Field(description="What the community calls itself", examples=["Acme's users"])
    kind: str = Field(examples=["badge"])
    title: str = Field(examples=["A badge was given"])


@router.get(
    "/v1/unsubscribe/{token}",
    summary="What a link out of messages ends",
    responses=problem_responses(UNUSABLE_LINK, TOO_MANY_READS),
)
async def get_unsubscribe(visited: Visited, conn: Conn, settings: OwnSettings, token: Token) -> StopShown:
    """Looking ends nothing: programs look at links before people do."""
    link = reaching.read_stop(settings, token, now=datetime.now(UTC))
    declared = await communities_store.find_community(conn, community=link.community)
    title = KINDS[link.kind].title if link.kind in KINDS else link.kind
    name = link.community if declared is None else declared.look.name
    return StopShown(community=name, kind=link.kind, title=title)


@router.post(
    "/v1/unsubscribe/{token}",
    status_code=204,
    summary="End messages of a kind by one click (RFC 8058)",
    responses=problem_responses(UNUSABLE_LINK, TOO_MANY_READS),
    openapi_extra={"requestBody": {"required": False, "content": {FORM: {"schema": ONE_CLICK}}}},
)
async def post_unsubscribe(visited: Visited, begin: Begin, token: Token) -> None:
    """Mail programs send it for whoever clicks; what its body says is not looked at."""
    async with begin() as tx:
        await reaching.stop_kind(tx, token=token)


@router.post(
    "/v1/mail-addresses/{token}",
    status_code=204,
    summary="Say that an address is one's own",
    responses=problem_responses(UNUSABLE_LINK, TOO_MANY_READS),
)
async def post_confirmation(visited: Visited, begin: Begin, token: Token) -> None:
    """By the link of the message that asked."""
    async with begin() as tx:
        await reaching.confirm_address(tx, token=token)
