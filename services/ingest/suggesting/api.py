"""HTTP routes of suggesting and voting, for members and for keys that do it for them, and of going on with it."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

import uuid_utils
from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from services.ingest.ideas.api import UNKNOWN_IDEA, IdeaId
from services.ingest.ideas.domain import NOTE_MAX_CHARS, TEXT_MAX_CHARS, TITLE_MAX_CHARS, Idea, IdeaState, Seen
from services.ingest.suggesting import domain, handlers
from services.ingest.suggesting.domain import GoOn, Suggest
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.contracts.fields import Language
from shared.contracts.texts import SomethingSeen
from shared.http import (
    ErrorTable,
    FieldError,
    MemberNamed,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    Whose,
    problem_responses,
    requires,
)
from shared.http.problem_types import ABOUT_YOURSELF, INVALID_REQUEST, UNKNOWN_IDENTITY, UNKNOWN_MEMBER

OWN_IDEA = ProblemType("own-idea", 409, "Nobody votes for what they suggested")
IDEA_CLOSED = ProblemType("idea-closed", 409, "The suggestion takes no votes any more")
TOO_MANY_IDEAS = ProblemType("too-many-ideas", 409, "As many as may be are there")
NO_STEP = ProblemType("no-such-step", 409, "The suggestion does not go on so")
NOT_JOINED = ProblemType("idea-not-joined", 409, "The suggestion cannot be joined to the other")
SUSPENDED_SUGGESTER = ProblemType("suspended-member", 409, "The member is suspended")

REFUSALS: Final[ErrorTable] = {
    domain.UnknownIdeaError: lambda _: Problem(
        UNKNOWN_IDEA, "Nothing was done. GET /v1/ideas has those there are"
    ),
    domain.NoSuggesterError: lambda _: Problem(
        UNKNOWN_MEMBER, "Nothing was done: nobody of that id is there, or they are no person"
    ),
    domain.NoAnswerError: lambda _: Problem(
        INVALID_REQUEST,
        "Nothing was done",
        [FieldError(field="/answer", detail="No answer in words of that event is kept")],
    ),
    domain.SuspendedSuggesterError: lambda _: Problem(
        SUSPENDED_SUGGESTER, "Nothing was done: who is suspended neither suggests nor votes"
    ),
    domain.OwnIdeaError: lambda _: Problem(OWN_IDEA, "Nothing was done: votes are for what another suggested"),
    domain.IdeaClosedError: lambda error: Problem(
        IDEA_CLOSED, f"Nothing was done: {error}, and what is new or planned takes votes"
    ),
    domain.TooManyIdeasError: lambda error: Problem(TOO_MANY_IDEAS, f"Nothing was done: {error}"),
    domain.NoStepError: lambda error: Problem(NO_STEP, f"Nothing was done: {error}"),
    domain.NotJoinedError: lambda error: Problem(NOT_JOINED, f"Nothing was done: {error}"),
}

router = APIRouter(tags=["ideas"])
Suggesting = Annotated[Principal, requires(Scope.EVENTS_WRITE, or_member=True)]
Running = Annotated[Principal, requires(Scope.RECOGNITION_WRITE)]
Title = Annotated[
    str,
    StringConstraints(min_length=1, max_length=TITLE_MAX_CHARS, pattern=r"^[^\x00\r\n]*\S[^\x00\r\n]*$"),
    SomethingSeen,
]
Text = Annotated[str, StringConstraints(max_length=TEXT_MAX_CHARS, pattern=r"^[^\x00]*$")]
Note = Annotated[
    str,
    StringConstraints(min_length=1, max_length=NOTE_MAX_CHARS, pattern=r"^[^\x00]*\S[^\x00]*$"),
    SomethingSeen,
]


class IdeaWanted(RequestBody):
    """What is suggested, by whom."""

    title: Title = Field(description="What it is, in a line", examples=["A dark theme"])
    text: Text | None = Field(None, description="More of it", examples=["The forum is too bright at night."])
    language: Language | None = Field(None, description="That of the words", examples=["en"])
    author: MemberNamed | None = Field(
        None,
        description="Who suggests it, where a key does it for them; a member suggests their own",
        examples=[None],
    )
    answer: UUID | None = Field(
        None,
        description="The event of an answer in words to a survey that it is made of, in place of `author`: "
        "whoever wrote that suggests it. Once for each; again, it is the same suggestion",
        examples=[None],
    )


class VoterNamed(RequestBody):
    """Whose vote it is."""

    member: MemberNamed | None = Field(
        None, description="Who votes, where a key does it for them; a member votes for themselves", examples=[None]
    )


class MoveWanted(RequestBody):
    """How a suggestion goes on, and why."""

    state: Literal["new", "planned", "done", "declined"] = Field(examples=["planned"])
    note: Note = Field(
        description="Why, in plain words: its author and those who voted for it are told",
        examples=["It comes with the next version."],
    )


class JoinWanted(RequestBody):
    """Which other suggestion says the same."""

    to: UUID = Field(
        description="The suggestion that goes on, with the votes of both",
        examples=["0195f3f4-8a10-7b02-9c4d-5e6f7a8b9c0d"],
    )
    note: Note = Field(description="Why, in plain words", examples=["Both ask for a dark theme."])


class IdeaDone(BaseModel):
    """A suggestion as it stands now."""

    idea_id: UUID
    event_uid: UUID
    state: IdeaState
    joined_to: UUID | None
    votes: int = Field(examples=[12])
    made_at: datetime
    moved_at: datetime | None
    seen: Seen

    @classmethod
    def of(cls, idea: Idea) -> Self:
        """As the API shows it."""
        return cls(
            idea_id=UUID(idea.idea_id),
            event_uid=UUID(idea.event_uid),
            state=idea.state,
            joined_to=None if idea.joined_to is None else UUID(idea.joined_to),
            votes=idea.votes_count,
            made_at=idea.made_at,
            moved_at=idea.moved_at,
            seen=idea.seen,
        )


async def _who(principal: Principal, tx: Tx, whose: Whose, *, named: str | None, field: str) -> str:
    if principal.member_id is not None:
        if named is not None:
            detail = "A member does so for themselves"
            raise Problem(INVALID_REQUEST, "Nothing was done", [FieldError(field=field, detail=detail)])
        return principal.member_id
    if named is None:
        raise Problem(INVALID_REQUEST, "Nothing was done", [FieldError(field=field, detail="A key says who")])
    return await whose.of(tx.conn, community=principal.community, named=named, field=field)


async def _author(principal: Principal, tx: Tx, whose: Whose, body: IdeaWanted) -> str:
    if body.answer is None:
        return await _who(principal, tx, whose, named=body.author, field="/author")
    detail = None
    if principal.member_id is not None:
        detail = "A member suggests in words of their own"
    elif body.author is not None:
        detail = "The answer says whose it is; leave out author"
    if detail is not None:
        raise Problem(INVALID_REQUEST, "Nothing was done", [FieldError(field="/answer", detail=detail)])
    return await handlers.find_answered(tx, community=principal.community, answer_uid=str(body.answer))


@router.post(
    "/v1/ideas",
    status_code=201,
    summary="Suggest something",
    response_model=IdeaDone,
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_MEMBER, SUSPENDED_SUGGESTER, TOO_MANY_IDEAS, KEY_REUSED),
)
async def post_idea(
    principal: Suggesting, tx: Tx, whose: Whose, body: IdeaWanted, idempotency_key: IdempotencyKey
) -> Response:
    """As an `idea.suggested.v1` of theirs. What was written stays sealed here.

    A member suggests their own; a key says whose it is, or which answer to a survey it is made of. Where a word of
    the programme's lists stands in it, others see it once somebody has decided.
    """
    community, member_id = principal.community, principal.member_id
    own_key = idempotency_key if member_id is None else f"{member_id} {idempotency_key}"

    async def work() -> IdeaDone:
        author_id = await _author(principal, tx, whose, body)
        text = (body.text or "").strip() or None
        answer_uid = None if body.answer is None else str(body.answer)
        wanted = Suggest(str(uuid_utils.uuid7()), author_id, body.title.strip(), text, body.language, answer_uid)
        return IdeaDone.of(await handlers.suggest(tx, community=community, wanted=wanted))

    said: dict[str, Any] = body.model_dump(mode="json")
    return await answer_once(tx, Command(CommandKey(community, "idea", own_key), said), work=work)


@router.post(
    "/v1/ideas/{idea_id}/vote",
    summary="Vote for a suggestion",
    responses=problem_responses(
        UNKNOWN_IDEA, UNKNOWN_IDENTITY, UNKNOWN_MEMBER, SUSPENDED_SUGGESTER, OWN_IDEA, IDEA_CLOSED, TOO_MANY_IDEAS
    ),
)
async def post_vote(principal: Suggesting, tx: Tx, whose: Whose, idea_id: IdeaId, body: VoterNamed) -> IdeaDone:
    """Once, as an `idea.voted.v1` of theirs: who is several members has one vote. Not for one's own."""
    member_id = await _who(principal, tx, whose, named=body.member, field="/member")
    done = await handlers.vote(tx, community=principal.community, idea_id=str(idea_id), member_id=member_id)
    return IdeaDone.of(done)


@router.post(
    "/v1/ideas/{idea_id}/withdraw",
    summary="Withdraw a vote for a suggestion",
    responses=problem_responses(UNKNOWN_IDEA, UNKNOWN_IDENTITY, UNKNOWN_MEMBER),
)
async def post_withdrawal(
    principal: Suggesting, tx: Tx, whose: Whose, idea_id: IdeaId, body: VoterNamed
) -> IdeaDone:
    """Its event is taken back, and points for it go."""
    member_id = await _who(principal, tx, whose, named=body.member, field="/member")
    done = await handlers.withdraw(tx, community=principal.community, idea_id=str(idea_id), member_id=member_id)
    return IdeaDone.of(done)


@router.post(
    "/v1/ideas/{idea_id}/move",
    summary="Have a suggestion go on",
    responses=problem_responses(UNKNOWN_IDEA, NO_STEP, TOO_MANY_IDEAS, ABOUT_YOURSELF),
)
async def post_move(principal: Running, tx: Tx, idea_id: IdeaId, body: MoveWanted) -> IdeaDone:
    """To planned, done or declined, and from there to planned again; what was joined to new. As an
    `idea.status_changed.v1`; its author and those who voted for it are told why.
    """
    wanted = GoOn(str(idea_id), IdeaState(body.state), body.note.strip())
    done = await handlers.go_on(tx, community=principal.community, wanted=wanted, person_id=principal.person_id)
    return IdeaDone.of(done)


@router.post(
    "/v1/ideas/{idea_id}/join",
    summary="Join a suggestion to another that says the same",
    responses=problem_responses(UNKNOWN_IDEA, NO_STEP, NOT_JOINED, TOO_MANY_IDEAS, ABOUT_YOURSELF),
)
async def post_join(principal: Running, tx: Tx, idea_id: IdeaId, body: JoinWanted) -> IdeaDone:
    """The votes of both, and who suggested this one, count at the other: each person once."""
    wanted = GoOn(str(idea_id), IdeaState.JOINED, body.note.strip(), str(body.to))
    done = await handlers.go_on(tx, community=principal.community, wanted=wanted, person_id=principal.person_id)
    return IdeaDone.of(done)
