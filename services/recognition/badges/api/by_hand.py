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
    UNKNOWN_GRANT,
)
from services.recognition.badges.domain.by_hand import CITATION_MAX_CHARS
from services.recognition.badges.handlers import by_hand as handlers
from services.recognition.badges.handlers import renumbering
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


class Renumbering(RequestBody):
    """Why a grant is made anew with another number."""

    reason: str = Field(
        min_length=1,
        max_length=REASON_MAX_CHARS,
        description="For whoever looks later; the member does not see it",
        examples=["The number is of whom they were merged with"],
    )


class Renumbered(BaseModel):
    """By which grant the badge is held now, and with which number."""

    badge: str = Field(examples=["hero"])
    is_mended: bool = Field(description="False where nothing was to be mended, as it is done already")
    grant_id: UUID = Field(
        description="The grant that stands now, or that was named where nothing was to be mended"
    )
    member_id: UUID | None = Field(description="To whom it is granted; null where nothing was to be mended")
    edition: int | None = Field(description="Its number; null where nothing was to be mended", examples=[7])


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


@router.post(
    "/v1/badges/{badge_id}/misnumbered/{grant_id}/renumber",
    summary="Give a badge its right number",
    responses=problem_responses(
        UNKNOWN_IDENTITY, UNKNOWN_MEMBER, ABOUT_YOURSELF, UNKNOWN_BADGE, UNKNOWN_GRANT, EDITIONS_GONE, NO_WORDS
    ),
)
async def renumber_badge(
    principal: Manager, tx: Tx, badge_id: Slug, grant_id: UUID, wanted: Renumbering
) -> Renumbered:
    """Take a grant of a limited badge back whose number is another member's, and make it anew with the right one.

    That is the member's own number, or the lowest that is free; where none is, nothing changes (409). Of somebody
    who is one person with whose number it is, the grant goes to that one. Once it is mended, nothing changes any
    more.
    """
    grant = await renumbering.renumber(
        tx,
        community=principal.community,
        badge_id=badge_id,
        misnumbered_id=str(grant_id),
        reason=wanted.reason,
        by=giver_of(principal),
    )
    if grant is None:
        return Renumbered(badge=badge_id, is_mended=False, grant_id=grant_id, member_id=None, edition=None)
    return Renumbered(
        badge=badge_id,
        is_mended=True,
        grant_id=UUID(grant.grant_id),
        member_id=UUID(grant.member_id),
        edition=grant.edition,
    )
