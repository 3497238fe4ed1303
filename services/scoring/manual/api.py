"""HTTP routes of awards by hand: asked for, approved by another person, given, and taken back."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, field_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from services.scoring.manual import domain, handlers, store
from services.scoring.manual.domain import ManualPlace, ManualState, UnknownManualAwardError
from services.scoring.programmes.domain.publication import Author
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.contracts.fields import Slug
from shared.contracts.programme.section import RULE_POINTS_MAX
from shared.followed_members import find_name, load_names
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    MemberId,
    MemberNamed,
    Page,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Shown,
    Tx,
    Whose,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import ABOUT_YOURSELF, UNKNOWN_IDENTITY, UNKNOWN_MEMBER
from shared.merges import load_group

NO_MANUAL_AWARDS = ProblemType("no-manual-awards", 409, "The programme has no reasons for points by hand")
UNKNOWN_REASON = ProblemType("unknown-reason", 422, "The programme has no such reason")
PERSONS_LIMIT = ProblemType("persons-limit", 409, "One person may not give that much")
POINTS_BELOW_FLOOR = ProblemType("points-below-floor", 409, "The member has fewer points than that")
REASON_GONE = ProblemType("reason-gone", 409, "The programme in force has that reason no more")
UNKNOWN_MANUAL_AWARD = ProblemType("unknown-manual-award", 404, "No such award by hand")
MANUAL_FOUR_EYES = ProblemType("manual-four-eyes", 403, "Another person must do that")
MANUAL_DECIDED = ProblemType("manual-award-decided", 409, "The award is not in a state for that")
TOO_MANY_WAITING = ProblemType("too-many-waiting", 409, "Too many awards wait for another person")

router = APIRouter()

Giver = Annotated[Principal, requires(Scope.POINTS_WRITE)]
Approver = Annotated[Principal, requires(Scope.POINTS_APPROVE)]
Reader = Annotated[Principal, requires(Scope.POINTS_READ, reads=IN_ANSWER)]

MEMBER_EXAMPLE = "forum:ada"


class ManualAwardRequest(RequestBody):
    """Who gets how many points for which reason of the programme's; below 0 they are taken."""

    member: MemberNamed = Field(description="An id or an identity, as `forum:ada`", examples=[MEMBER_EXAMPLE])
    points: int = Field(
        ge=-RULE_POINTS_MAX,
        le=RULE_POINTS_MAX,
        description="Below 0: to be taken, for a reason that takes. Never 0",
        examples=[20],
    )
    reason: Slug = Field(
        description="One of the reasons in the programme's section `manual`", examples=["helped-at-the-booth"]
    )

    @field_validator("points")
    @classmethod
    def _some(cls, points: int) -> int:
        if points == 0:
            raise PydanticCustomError("no_points", "Say how many points: 0 gives and takes nothing")
        return points


class ManualAwardOfMember(BaseModel):
    """Points that a person gave or took by hand, as the member sees it."""

    manual_id: UUID = Field(description="What the award has in place of an event's uid")
    award_id: UUID | None = Field(description="Null while it is not given")
    member_id: UUID
    points: int = Field(examples=[20])
    reason: str = Field(examples=["helped-at-the-booth"])
    title: str = Field(description="Of the reason, as it was asked for", examples=["Helped at the booth"])
    state: Literal["waiting", "given", "declined", "reversed"]
    asked_at: datetime
    given_at: datetime | None
    reversed_at: datetime | None

    @classmethod
    def of(cls, award: domain.ManualAward) -> Self:
        """The award as it is shown."""
        return cls.model_validate(_shown(award))


class ManualAward(ManualAwardOfMember):
    """Points that a person gave or took by hand, and who had a hand in it."""

    programme_version: int = Field(examples=[3])
    asked_by: str = Field(examples=["Mia"])
    asked_by_person: UUID | None
    decided_at: datetime | None = Field(description="When another person approved or declined it")
    decided_by: str | None = Field(description="Null where one person was enough", examples=["Omar"])
    decided_by_person: UUID | None
    reversal_asked_at: datetime | None = Field(description="When somebody asked that it be taken back by another")
    reversal_asked_by: str | None
    reversal_asked_by_person: UUID | None
    reversed_by: str | None
    reversed_by_person: UUID | None


class NamedManualAward(ManualAward):
    """An award by hand with its member's name."""

    # Not part of what commands answer: that is kept for whoever sends one again.
    member_name: str | None = Field(examples=["Ada Lovelace"])

    @classmethod
    def named(cls, award: domain.ManualAward, name: str | None) -> Self:
        """The award as it is shown to whoever looks."""
        return cls.model_validate(_shown(award) | {"member_name": name})


class ManualReason(BaseModel):
    """What points may be given for, or taken (`takes`)."""

    id: str = Field(examples=["helped-at-the-booth"])
    title: str = Field(examples=["Helped at the booth"])
    takes: bool


class ManualTerms(BaseModel):
    """What the programme in force says of awards by hand, and what is left of the caller's own limit."""

    reasons: list[ManualReason]
    limit_points: int = Field(description="What one person may give and take, added up", examples=[500])
    within: Literal["day", "week", "month"] = Field(examples=["month"])
    left_points: int = Field(description="Of that, for who asks", examples=[380])
    second_person_from: int = Field(examples=[100])


def _shown(award: domain.ManualAward) -> dict[str, object]:
    decided, taken_back, asked = award.decided_by, award.reversed_by, award.reversal_asked_by
    return {
        "manual_id": award.manual_id,
        "award_id": award.award_id,
        "member_id": award.member_id,
        "points": award.points,
        "reason": award.reason,
        "title": award.title,
        "state": award.state.value,
        "asked_at": award.asked_at,
        "given_at": award.given_at,
        "reversed_at": award.reversed_at,
        "programme_version": award.programme_version,
        "asked_by": award.asked_by.name,
        "asked_by_person": award.asked_by.person_id,
        "decided_at": award.decided_at,
        "decided_by": decided.name if decided else None,
        "decided_by_person": decided.person_id if decided else None,
        "reversal_asked_at": award.reversal_asked_at,
        "reversal_asked_by": asked.name if asked else None,
        "reversal_asked_by_person": asked.person_id if asked else None,
        "reversed_by": taken_back.name if taken_back else None,
        "reversed_by_person": taken_back.person_id if taken_back else None,
    }


def _author(principal: Principal) -> Author:
    return Author(principal.person_id, principal.person_name, principal.credential)


@router.post(
    "/v1/manual-awards",
    summary="Give or take points by hand",
    status_code=201,
    response_model=ManualAward,
    responses=problem_responses(
        UNKNOWN_IDENTITY,
        UNKNOWN_MEMBER,
        ABOUT_YOURSELF,
        NO_MANUAL_AWARDS,
        UNKNOWN_REASON,
        PERSONS_LIMIT,
        POINTS_BELOW_FLOOR,
        TOO_MANY_WAITING,
        KEY_REUSED,
    ),
)
async def post_manual_award(
    principal: Giver, tx: Tx, whose: Whose, wanted: ManualAwardRequest, idempotency_key: IdempotencyKey
) -> Response:
    """It is an award like any other, at this moment. No limit of a rule counts it: the limit of who gives does.

    From the amount on that the programme says it waits until another person approves it. Nobody is taken more than
    they have. The `reason` is one that the programme names: nothing is written about anybody.
    """

    async def work() -> ManualAward:
        community = principal.community
        member_id = await whose.of(tx.conn, community=community, named=wanted.member, field="/member")
        asked = handlers.Asked(member_id, wanted.points, wanted.reason, idempotency_key, _author(principal))
        return ManualAward.of(await handlers.ask(tx, community=community, asked=asked))

    key = CommandKey(principal.community, "manual_award", idempotency_key)
    return await answer_once(tx, Command(key, wanted.model_dump(mode="json")), work=work)


@router.get(
    "/v1/manual-awards/terms",
    summary="What points may be given for by hand, and how many",
    responses=problem_responses(NO_MANUAL_AWARDS),
)
async def get_manual_terms(
    principal: Annotated[Principal, requires(Scope.POINTS_READ)], conn: Conn
) -> ManualTerms:
    """Of the programme that is in force."""
    section, left = await handlers.terms(conn, community=principal.community, by=_author(principal))
    return ManualTerms(
        reasons=[ManualReason(id=one.id, title=one.title, takes=one.takes) for one in section.reasons],
        limit_points=section.limit.points,
        within=section.limit.within,
        left_points=left,
        second_person_from=section.second_person_from,
    )


@router.get(
    "/v1/manual-awards", summary="Awards by hand, newest first", responses=problem_responses(UNKNOWN_IDENTITY)
)
async def get_manual_awards(
    principal: Reader,
    shown: Shown,
    whose: Whose,
    conn: Conn,
    place: Annotated[ManualPlace | None, after(ManualPlace)],
    state: Annotated[
        Literal["waiting", "given", "declined", "reversed"] | None,
        Query(description="`waiting` has those too that somebody asked to take back"),
    ] = None,
    member: Annotated[MemberNamed | None, Query(description="Of this member: an id or an identity")] = None,
    limit: Limit = 100,
) -> Page[NamedManualAward]:
    """What people gave and took, and what waits for another person."""
    community = principal.community
    member_id = await whose.asked(conn, community=community, member=member)
    group = None if member_id is None else await load_group(conn, community=community, head_id=member_id)
    found = await store.page_of_awards(
        conn,
        community=community,
        state=None if state is None else ManualState(state),
        member_ids=group,
        after=place,
        limit=limit,
    )
    members = [award.member_id for award in found[:limit]]
    shown.of(*members)
    names = await load_names(conn, community=community, member_ids=members)
    return Page.of(
        found,
        limit,
        item=lambda award: NamedManualAward.named(award, names.get(award.member_id)),
        place=_place_of,
    )


def _place_of(award: domain.ManualAward) -> ManualPlace:
    return ManualPlace(award.asked_at, award.manual_id)


@router.get(
    "/v1/members/{member_id}/manual-awards",
    summary="What a member got or lost by hand",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def get_members_manual_awards(
    principal: Annotated[Principal, requires(Scope.POINTS_READ, or_own=True, reads="member_id")],
    member_id: MemberId,
    conn: Conn,
    place: Annotated[ManualPlace | None, after(ManualPlace)],
    limit: Limit = 100,
) -> Page[ManualAwardOfMember]:
    """What was given or taken, and for what; not by whom. What was never given is in none of it."""
    group = await load_group(conn, community=principal.community, head_id=str(member_id))
    found = await store.page_of_given(
        conn, community=principal.community, member_ids=group, after=place, limit=limit
    )
    return Page.of(found, limit, item=ManualAwardOfMember.of, place=_place_of)


@router.get(
    "/v1/manual-awards/{manual_id}",
    summary="An award by hand",
    responses=problem_responses(UNKNOWN_MANUAL_AWARD),
)
async def get_manual_award(principal: Reader, shown: Shown, manual_id: UUID, conn: Conn) -> NamedManualAward:
    """What became of it, and who had a hand in it."""
    award = await store.find_award(conn, community=principal.community, manual_id=str(manual_id))
    if award is None:
        raise UnknownManualAwardError
    shown.of(award.member_id)
    named = await find_name(conn, community=principal.community, member_id=award.member_id)
    return NamedManualAward.named(award, named.name if named else None)


@router.post(
    "/v1/manual-awards/{manual_id}/approve",
    summary="Approve an award by hand that another person asked for",
    responses=problem_responses(
        UNKNOWN_MANUAL_AWARD,
        UNKNOWN_MEMBER,
        ABOUT_YOURSELF,
        MANUAL_FOUR_EYES,
        MANUAL_DECIDED,
        REASON_GONE,
        NO_MANUAL_AWARDS,
        POINTS_BELOW_FLOOR,
    ),
)
async def approve_manual_award(principal: Approver, manual_id: UUID, tx: Tx) -> ManualAward:
    """It is given now. Whoever asked for it cannot, by whatever key; approving again changes nothing.

    What the programme in force has no reason for any more, or for somebody who was forgotten meanwhile, is not
    given: it goes on waiting, and can be declined.
    """
    return ManualAward.of(
        await handlers.approve(tx, community=principal.community, wanted_id=str(manual_id), by=_author(principal))
    )


@router.post(
    "/v1/manual-awards/{manual_id}/decline",
    summary="Decline an award by hand",
    responses=problem_responses(UNKNOWN_MANUAL_AWARD, ABOUT_YOURSELF, MANUAL_DECIDED),
)
async def decline_manual_award(principal: Approver, manual_id: UUID, tx: Tx) -> ManualAward:
    """Nobody gets it. Whoever asked for it may do so, too; declining again changes nothing.

    Where somebody asked that it be taken back, it stays given.
    """
    return ManualAward.of(
        await handlers.decline(tx, community=principal.community, wanted_id=str(manual_id), by=_author(principal))
    )


@router.post(
    "/v1/manual-awards/{manual_id}/reverse",
    summary="Take an award by hand back",
    responses=problem_responses(UNKNOWN_MANUAL_AWARD, ABOUT_YOURSELF, MANUAL_DECIDED),
)
async def reverse_manual_award(principal: Giver, manual_id: UUID, tx: Tx) -> ManualAward:
    """It amounts to nothing from now on, and what was taken is there again. Again changes nothing.

    One that took two people takes two here, too: it stays `given`, with `reversal_asked_by`, until another person
    confirms that.
    """
    return ManualAward.of(
        await handlers.reverse(tx, community=principal.community, wanted_id=str(manual_id), by=_author(principal))
    )


@router.post(
    "/v1/manual-awards/{manual_id}/confirm-reversal",
    summary="Take an award by hand back, as another person asked",
    responses=problem_responses(UNKNOWN_MANUAL_AWARD, ABOUT_YOURSELF, MANUAL_FOUR_EYES, MANUAL_DECIDED),
)
async def confirm_manual_reversal(principal: Approver, manual_id: UUID, tx: Tx) -> ManualAward:
    """Whoever asked for that cannot, by whatever key; confirming again changes nothing."""
    return ManualAward.of(
        await handlers.confirm_reversal(
            tx, community=principal.community, wanted_id=str(manual_id), by=_author(principal)
        )
    )
