"""HTTP routes of reacting to celebrations, for whoever signed in as a member."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.ingest.reactions import handlers
from shared.contracts.facts.celebrations import Reaction
from shared.http import Principal, Problem, ProblemType, RequestBody, Scope, Tx, problem_responses, requires
from shared.http.problem_types import INVALID_REQUEST

UNKNOWN_CELEBRATION = ProblemType("unknown-celebration", 404, "No such celebration")
SEEN_MAX_COUNT = 100

router = APIRouter()
Reacting = Annotated[Principal, requires(Scope.EVENTS_WRITE, or_member=True)]


class ReactionWanted(RequestBody):
    """What one reacts with, to what."""

    celebration_id: UUID = Field(examples=["6c1c1d5e-0f43-5d0b-9a52-1f0d2c3b4a59"])
    reaction: Reaction = Field(examples=["heart"])
    is_given: bool = Field(True, description="False takes it back")


class ReactionGiven(BaseModel):
    """What stands now."""

    celebration_id: UUID
    reaction: Reaction
    is_given: bool


class SeenWanted(RequestBody):
    """What one saw."""

    celebration_ids: list[UUID] = Field(
        min_length=1, max_length=SEEN_MAX_COUNT, examples=[["6c1c1d5e-0f43-5d0b-9a52-1f0d2c3b4a59"]]
    )


class Seen(BaseModel):
    """How many of them one had not seen before."""

    new_count: int


def _member(principal: Principal) -> str:
    if principal.member_id is None:
        raise Problem(INVALID_REQUEST, "Members react themselves, each with a token of theirs")
    return principal.member_id


@router.post(
    "/v1/celebration-reactions",
    summary="React to a celebration, or take that back",
    responses=problem_responses(UNKNOWN_CELEBRATION),
)
async def post_reaction(principal: Reacting, tx: Tx, body: ReactionWanted) -> ReactionGiven:
    """As an event of the member who signed in: a `chat.reaction.v1` to whose celebration it is. Twice is once."""
    await handlers.react(
        tx,
        community=principal.community,
        member_id=_member(principal),
        celebration_id=str(body.celebration_id),
        reaction=body.reaction,
        is_given=body.is_given,
    )
    return ReactionGiven(celebration_id=body.celebration_id, reaction=body.reaction, is_given=body.is_given)


@router.post(
    "/v1/celebrations-seen",
    summary="Say that one saw celebrations",
    responses=problem_responses(UNKNOWN_CELEBRATION),
)
async def post_seen(principal: Reacting, tx: Tx, body: SeenWanted) -> Seen:
    """As a `content.read.v1` of the member who signed in for each that they had not seen."""
    ids = list(dict.fromkeys(str(one) for one in body.celebration_ids))
    count = await handlers.see(
        tx, community=principal.community, member_id=_member(principal), celebration_ids=ids
    )
    return Seen(new_count=count)
