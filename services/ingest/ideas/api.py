"""HTTP routes that show suggestions: to members, and to whoever runs the community."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from services.ingest.ideas import handlers, store
from services.ingest.ideas.domain import STEPS, IdeaPlace, IdeasAsked, IdeaState, Move, Seen, ShownIdea, Sort
from services.ingest.settings import Settings
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    MemberNamed,
    Page,
    Principal,
    Problem,
    ProblemType,
    Scope,
    Whose,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_IDENTITY
from shared.merges import find_head, load_group
from shared.postgres import Connection

UNKNOWN_IDEA = ProblemType("unknown-idea", 404, "No such suggestion")
#: More steps of one suggestion are not shown; it goes on at most so often.
MOVES_SHOWN_MAX_COUNT = 50

router = APIRouter(tags=["ideas"])
Looker = Annotated[Principal, requires(Scope.RECOGNITION_READ, or_member=True, reads=IN_ANSWER)]
OwnSettings = Annotated[Settings, configured(Settings)]
IdeaId = Annotated[UUID, Path(description="The suggestion's id")]


class IdeaAuthor(BaseModel):
    """Who suggested it."""

    member_id: UUID
    name: str | None = Field(examples=["Grace"])


class IdeaShown(BaseModel):
    """What a member suggested."""

    idea_id: UUID
    event_uid: UUID = Field(description="Its event: the explorer shows what came of it")
    author: IdeaAuthor
    title: str | None = Field(
        description="Null where what was written is not kept any more, or is on its way", examples=["A dark theme"]
    )
    text: str | None = Field(
        description="More of it, where there is more", examples=["The forum is too bright at night."]
    )
    state: IdeaState
    joined_to: UUID | None = Field(description="The other suggestion that says the same, which has its votes")
    votes: int = Field(description="People who voted for it, each once", examples=[12])
    made_at: datetime
    moved_at: datetime | None = Field(description="When it last went on; null of what is new")
    seen: Seen = Field(description="Others see what is shown; whoever suggested it sees why it is not")
    is_own: bool = Field(description="Whether the member who asks suggested it")
    has_voted: bool = Field(description="Whether the member who asks voted for it")

    @classmethod
    def of(cls, shown: ShownIdea, *, own: Sequence[str]) -> Self:
        """As the API shows it to whoever has these ids."""
        return cls(**_fields(shown, own=own))


class IdeaMove(BaseModel):
    """How a suggestion went on."""

    state: IdeaState
    note: str | None = Field(description="Why, in plain words", examples=["It comes with the next version."])
    joined_to: UUID | None
    moved_at: datetime

    @classmethod
    def of(cls, move: Move) -> Self:
        """As the API shows it."""
        joined_to = None if move.joined_to is None else UUID(move.joined_to)
        return cls(state=move.state, note=move.note, joined_to=joined_to, moved_at=move.moved_at)


class IdeaWithMoves(IdeaShown):
    """A suggestion, and how it went on, oldest first."""

    moves: list[IdeaMove]
    next_states: list[IdeaState] = Field(
        description="How it may go on", examples=[["declined", "done", "joined", "planned"]]
    )


def _fields(shown: ShownIdea, *, own: Sequence[str]) -> dict[str, object]:
    idea = shown.idea
    return {
        "idea_id": UUID(idea.idea_id),
        "event_uid": UUID(idea.event_uid),
        "author": IdeaAuthor(member_id=UUID(shown.author_id), name=shown.author_name),
        "title": None if shown.words is None else shown.words.title,
        "text": None if shown.words is None else shown.words.text,
        "state": idea.state,
        "joined_to": None if idea.joined_to is None else UUID(idea.joined_to),
        "votes": idea.votes_count,
        "made_at": idea.made_at,
        "moved_at": idea.moved_at,
        "seen": idea.seen,
        "is_own": idea.author_id in own,
        "has_voted": shown.has_voted,
    }


async def _own(conn: Connection, principal: Principal) -> list[str]:
    if principal.member_id is None:
        return []
    head_id = await find_head(conn, community=principal.community, member_id=principal.member_id)
    return await load_group(conn, community=principal.community, head_id=head_id)


@router.get(
    "/v1/ideas",
    summary="What members suggest, what most want first",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def get_ideas(
    principal: Looker,
    conn: Conn,
    settings: OwnSettings,
    whose: Whose,
    place: Annotated[IdeaPlace | None, after(IdeaPlace)],
    state: Annotated[
        IdeaState | None, Query(description="Those in this state alone; without it all but what is joined")
    ] = None,
    sort: Annotated[
        Sort, Query(description="What comes first: those with most votes, or the newest")
    ] = Sort.VOTES,
    member: Annotated[
        MemberNamed | None, Query(description="What this member suggested: an id, or for a key an identity")
    ] = None,
    limit: Limit = 100,
) -> Page[IdeaShown]:
    """Without those of members who are hidden or want no part in what others see.

    What waits for a decision, or was hidden by one, only its author and whoever reads all of recognition see.
    """
    community = principal.community
    if member is not None and ":" in member and principal.member_id is not None:
        member = None
    of_id = await whose.asked(conn, community=community, member=member)
    own = await _own(conn, principal)
    asked = IdeasAsked(
        community,
        state=state,
        sort=sort,
        author_ids=None if of_id is None else await load_group(conn, community=community, head_id=of_id),
        own_ids=own,
        is_whole=Scope.RECOGNITION_READ in principal.scopes,
    )
    found = await handlers.page_of_ideas(conn, settings, asked=asked, after=place, limit_count=limit)
    return Page.of(found, limit, item=lambda one: IdeaShown.of(one, own=own), place=IdeaPlace.of)


@router.get("/v1/ideas/{idea_id}", summary="A suggestion", responses=problem_responses(UNKNOWN_IDEA))
async def get_idea(principal: Looker, conn: Conn, settings: OwnSettings, idea_id: IdeaId) -> IdeaWithMoves:
    """With how it went on, and why."""
    own = await _own(conn, principal)
    asked = IdeasAsked(principal.community, own_ids=own, is_whole=Scope.RECOGNITION_READ in principal.scopes)
    found = await handlers.page_of_ideas(
        conn, settings, asked=asked, after=None, limit_count=1, idea_id=str(idea_id)
    )
    if not found:
        raise Problem(UNKNOWN_IDEA, "GET /v1/ideas has those there are")
    moves = await store.load_moves(
        conn, community=principal.community, idea_id=str(idea_id), limit_count=MOVES_SHOWN_MAX_COUNT
    )
    return IdeaWithMoves(
        **_fields(found[0], own=own),
        moves=[IdeaMove.of(move) for move in moves],
        next_states=sorted(STEPS[found[0].idea.state]),
    )
