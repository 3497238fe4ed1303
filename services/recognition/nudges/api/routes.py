"""HTTP routes of the nudges of a programme, of what was decided, and of a member's own."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.recognition.nudges import store
from services.recognition.nudges.api.problems import UNKNOWN_NUDGE
from services.recognition.nudges.domain import Decided, DecidedPlace
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import RecognitionInForce
from shared.contracts.fields import Slug
from shared.contracts.programme import Nudge, NudgeKind
from shared.followed_members import load_names
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    MemberId,
    Page,
    Principal,
    Problem,
    Scope,
    Shown,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_CURSOR, UNKNOWN_IDENTITY
from shared.http.reads import ShownMembers
from shared.merges import load_group
from shared.postgres import Connection

router = APIRouter(tags=["recognition"])


class NudgeShown(BaseModel):
    """A nudge of the programme in force."""

    nudge: str = Field(description="The id that the programme gives it", examples=["your-question"])
    title: str = Field(examples=["Your question was answered"])
    kind: NudgeKind
    message_kind: str = Field(
        description="The kind of message that it is: turned on, worded and refused as such",
        examples=["nudge_answered"],
    )
    on: list[str] = Field(description="The types of events that lead to it", examples=[["forum.reply.v1"]])
    when: str | None = Field(examples=['data.channel == "forum"'])
    audience: str | None = Field(description="Whom it is for; null: everybody", examples=["newcomers"])
    every_days: int = Field(description="A member gets it once in so many days", examples=[1])
    holdout_percent: int = Field(description="How many of a hundred members never get it", examples=[10])
    wished: list[str] = Field(description="What is hoped for", examples=[["forum.answer_accepted.v1"]])
    within_days: int = Field(description="Within so many days", examples=[7])
    streak: str | None = Field(description="Whose end it is about", examples=["every-day"])
    hour: int | None = Field(description="From which hour on, where the member lives", examples=[18])
    at_least: int | None = Field(description="From how many periods in a row on", examples=[3])
    after_hours: int | None = Field(description="For how long nobody answered", examples=[24])
    people: int | None = Field(description="How many are asked at most", examples=[3])
    milestone: str | None = Field(description="What is thanked for", examples=["answers"])

    @classmethod
    def of(cls, nudge: Nudge) -> Self:
        """What is shown of a nudge, with what goes without saying."""
        is_streak, is_waiting = nudge.kind == "streak", nudge.kind == "waiting"
        return cls(
            nudge=nudge.id,
            title=nudge.title,
            kind=nudge.kind,
            message_kind=f"nudge_{nudge.kind}",
            on=list(nudge.types),
            when=nudge.when,
            audience=nudge.audience,
            every_days=nudge.every_days,
            holdout_percent=nudge.holdout_percent,
            wished=list(nudge.wished),
            within_days=nudge.within_days,
            streak=nudge.streak,
            hour=nudge.from_hour if is_streak else None,
            at_least=nudge.least if is_streak else None,
            after_hours=nudge.waits_hours if is_waiting else None,
            people=nudge.asked_max_count if is_waiting else None,
            milestone=nudge.milestone,
        )


class Nudges(BaseModel):
    """The nudges of the programme version in force; a programme's limits bound the list."""

    programme_version: int = Field(description="0 while no programme is in force")
    per_week: int | None = Field(
        description="Of all of them one member gets at most so many within seven days; null without any",
        examples=[3],
    )
    nudges: list[NudgeShown]


class NudgeDecision(BaseModel):
    """A member had an occasion for a nudge: they got it, or are held out to tell what it does."""

    nudge_id: UUID = Field(description="Of one that is not held out, also the request of its message")
    nudge: str = Field(examples=["your-question"])
    kind: NudgeKind
    title: str = Field(examples=["Your question was answered"])
    member_id: UUID
    member_name: str | None = Field(examples=["Ada"])
    held_out: bool
    decided_at: datetime
    event_uid: UUID | None = Field(description="The event that led to it")
    celebration_id: UUID | None = Field(description="The celebration that led to it")
    programme_version: int = Field(examples=[3])

    @classmethod
    def of(cls, one: Decided, *, name: str | None) -> Self:
        """What is shown of one, with its member's name."""
        return cls(
            nudge_id=UUID(one.nudge_id),
            nudge=one.nudge,
            kind=one.kind,
            title=one.title,
            member_id=UUID(one.member_id),
            member_name=name,
            held_out=one.held_out,
            decided_at=one.decided_at,
            event_uid=None if one.event_uid is None else UUID(one.event_uid),
            celebration_id=None if one.celebration_id is None else UUID(one.celebration_id),
            programme_version=one.version,
        )


@router.get("/v1/nudges", summary="The nudges of the programme in force", responses=problem_responses())
async def get_nudges(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, or_member=True)], conn: Conn
) -> Nudges:
    """Each with what leads to it, how often one member gets it, and what is hoped for."""
    community = principal.community
    in_force = await thresholds_store.find_recognition(conn, community=community) or RecognitionInForce()
    terms = in_force.recognition.nudges
    return Nudges(
        programme_version=in_force.version,
        per_week=None if terms is None else terms.per_week,
        nudges=[] if terms is None else [NudgeShown.of(nudge) for nudge in terms.of],
    )


@router.get(
    "/v1/nudge-decisions",
    summary="Who got a nudge and who is held out, newest first",
    responses=problem_responses(INVALID_CURSOR),
)
async def get_decisions(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, reads=IN_ANSWER)],
    conn: Conn,
    shown: Shown,
    place: Annotated[DecidedPlace | None, after(DecidedPlace)],
    nudge: Annotated[Slug | None, Query(description="Of this one alone")] = None,
    limit: Limit = 100,
) -> Page[NudgeDecision]:
    """Each once for its cause. What became of a message is at ingest, under `GET /v1/messages`."""
    found = await store.page_of_decided(
        conn,
        community=principal.community,
        members=None,
        nudge=nudge,
        only_sent=False,
        after=place,
        limit_count=limit,
    )
    return await _page(principal, conn, shown, found, limit)


@router.get(
    "/v1/nudge-decisions/{nudge_id}",
    summary="Why somebody got a nudge",
    responses=problem_responses(UNKNOWN_NUDGE),
)
async def get_decision(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, reads=IN_ANSWER)],
    conn: Conn,
    shown: Shown,
    nudge_id: UUID,
) -> NudgeDecision:
    """By which event or celebration, and by which version of the programme."""
    community = principal.community
    found = await store.find_decided(conn, community=community, nudge_id=str(nudge_id))
    if found is None:
        raise Problem(UNKNOWN_NUDGE, "GET /v1/nudge-decisions has those that were decided")
    shown.of(found.member_id)
    names = await load_names(conn, community=community, member_ids=[found.member_id])
    return NudgeDecision.of(found, name=names.get(found.member_id))


@router.get(
    "/v1/members/{member_id}/nudges",
    summary="The nudges that a member got",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def get_member_nudges(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
    place: Annotated[DecidedPlace | None, after(DecidedPlace)],
    limit: Limit = 100,
) -> Page[NudgeDecision]:
    """The newest first, with what led to each. Of which they are held out is in an export of their data."""
    community = principal.community
    found = await store.page_of_decided(
        conn,
        community=community,
        members=await load_group(conn, community=community, head_id=str(member_id)),
        nudge=None,
        only_sent=True,
        after=place,
        limit_count=limit,
    )
    return await _page(principal, conn, None, found, limit)


async def _page(
    principal: Principal, conn: Connection, shown: ShownMembers | None, found: list[Decided], limit: int
) -> Page[NudgeDecision]:
    member_ids = list(dict.fromkeys(one.member_id for one in found))
    if shown is not None:
        shown.of(*member_ids)
    names = await load_names(conn, community=principal.community, member_ids=member_ids)
    return Page[NudgeDecision].of(
        found,
        limit,
        item=lambda one: NudgeDecision.of(one, name=names.get(one.member_id)),
        place=DecidedPlace.of,
    )
