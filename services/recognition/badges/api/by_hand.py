"""HTTP routes of badges that people give and take back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.recognition.badges.api.problems import (
    BADGE_HELD,
    BADGE_NOT_HELD,
    EDITIONS_GONE,
    NOT_BY_HAND,
    UNKNOWN_BADGE,
)
from services.recognition.badges.domain.by_hand import CITATION_MAX_CHARS
from services.recognition.badges.handlers import by_hand as handlers
from services.recognition.hands.api import NO_WORDS, giver_of
from services.recognition.hands.domain import REASON_MAX_CHARS
from services.recognition.thresholds.domain import Grant
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.contracts.fields import Slug
from shared.http import MemberId, Principal, RequestBody, Scope, Tx, problem_responses, requires
from shared.http.problem_types import ABOUT_YOURSELF, UNKNOWN_IDENTITY, UNKNOWN_MEMBER

router = APIRouter(tags=["recognition"])
Manager = Annotated[Principal, requires(Scope.RECOGNITION_WRITE)]


class BadgeGift(RequestBody):
    """A badge for a member, and what for."""

    badge: Slug = Field(examples=["hero"])
    citation: str = Field(
        min_length=1,
        max_length=CITATION_MAX_CHARS,
        description="What for, in a sentence: the member reads it, and whoever sees their badges",
        examples=["Kept the booth open on both days"],
    )


class BadgeTaken(RequestBody):
    """Why a badge is taken back."""

    reason: str = Field(
        min_length=1,
        max_length=REASON_MAX_CHARS,
        description="For whoever looks later; the member does not see it",
        examples=["It was for somebody of the same name"],
    )


class BadgeGiven(BaseModel):
    """A badge that somebody was given by hand."""

    grant_id: UUID
    member_id: UUID = Field(description="Whose it is now: who stays, where they are merged")
    badge: str = Field(examples=["hero"])
    edition: int | None = Field(description="Which number of a limited badge", examples=[7])

    @classmethod
    def of(cls, grant: Grant) -> "BadgeGiven":
        """What is answered of a grant."""
        return cls(
            grant_id=UUID(grant.grant_id),
            member_id=UUID(grant.member_id),
            badge=grant.key.base_id,
            edition=grant.edition,
        )


class BadgesTakenBack(BaseModel):
    """The grants that were taken back: of a badge with tiers all that the member held."""

    member_id: UUID
    badge: str
    grant_ids: list[UUID]


@router.post(
    "/v1/members/{member_id}/badges",
    summary="Give a member a badge by hand",
    status_code=201,
    response_model=BadgeGiven,
    responses=problem_responses(
        UNKNOWN_IDENTITY,
        UNKNOWN_MEMBER,
        ABOUT_YOURSELF,
        UNKNOWN_BADGE,
        NOT_BY_HAND,
        BADGE_HELD,
        EDITIONS_GONE,
        NO_WORDS,
        KEY_REUSED,
    ),
)
async def post_member_badge(
    principal: Manager, tx: Tx, member_id: MemberId, wanted: BadgeGift, idempotency_key: IdempotencyKey
) -> Response:
    """One that the programme gives `by_hand`, or one that somebody took from the member before.

    It stands until somebody takes it back.
    """

    async def work() -> BadgeGiven:
        grant = await handlers.give(
            tx,
            community=principal.community,
            member_id=str(member_id),
            badge_id=wanted.badge,
            citation=wanted.citation,
            by=giver_of(principal),
        )
        return BadgeGiven.of(grant)

    key = CommandKey(principal.community, "badge_gift", idempotency_key)
    said = {"member_id": str(member_id), **wanted.model_dump(mode="json")}
    return await answer_once(tx, Command(key, said), work=work)


@router.post(
    "/v1/members/{member_id}/badges/{badge_id}/take-back",
    summary="Take a badge from a member",
    responses=problem_responses(
        UNKNOWN_IDENTITY, UNKNOWN_MEMBER, ABOUT_YOURSELF, UNKNOWN_BADGE, BADGE_NOT_HELD, NO_WORDS
    ),
)
async def take_back_member_badge(
    principal: Manager, tx: Tx, member_id: MemberId, badge_id: Slug, wanted: BadgeTaken
) -> BadgesTakenBack:
    """With all of its tiers. One that is earned is not earned again: somebody gives it back by hand.

    The number of a limited one goes to whoever waits for it the longest.
    """
    grants = await handlers.take_back(
        tx,
        community=principal.community,
        member_id=str(member_id),
        badge_id=badge_id,
        reason=wanted.reason,
        by=giver_of(principal),
    )
    return BadgesTakenBack(
        member_id=member_id,
        badge=badge_id,
        grant_ids=[UUID(grant.reverses) for grant in grants if grant.reverses is not None],
    )
