"""HTTP routes of audiences: what there are, who is in them, and who would be."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, Self
from uuid import UUID, uuid4

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.scoring.audiences.domain import AudiencePlace, MemberOf, UnknownAudienceError, decide_at, topics_in
from services.scoring.audiences.store import earned as earned_store
from services.scoring.audiences.store import turns
from services.scoring.programmes.domain.audiences import check_audience
from services.scoring.programmes.handlers.in_force import document_in_force
from services.scoring.rules.domain.attributes import Declared, MemberKey, for_rules
from services.scoring.rules.domain.audiences import CompiledAudience, compile_audience, measures_declared
from services.scoring.rules.store import load_attributes
from services.scoring.settings import Settings
from shared.conditions.errors import ConditionError
from shared.contracts.fields import Slug
from shared.contracts.programme import Audience, AudienceMeasure
from shared.contracts.programme.audiences import MEASURES_MAX_COUNT
from shared.contracts.programme.worth import Expression
from shared.followed_communities import load_calendar
from shared.followed_members import load_names
from shared.http import (
    IN_ANSWER,
    Conn,
    FieldError,
    Limit,
    MemberId,
    Moment,
    Page,
    Principal,
    Problem,
    RequestBody,
    Scope,
    Shown,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_REQUEST, UNKNOWN_AUDIENCE, UNKNOWN_IDENTITY
from shared.merges import load_groups
from shared.postgres import Connection

#: Members that a preview looks at before others have their turn, and how long it goes on at most.
PREVIEW_PIECE_COUNT = 100
PREVIEW_SECONDS = 2.0
#: Members that a preview names.
PREVIEW_SAMPLE_COUNT = 10

router = APIRouter()

Reader = Annotated[Principal, requires(Scope.POINTS_READ, reads=IN_ANSWER)]
By = Literal["attributes", "behaviour"]


class AudienceItem(BaseModel):
    """An audience of the programme in force, and how many are in it."""

    id: str = Field(examples=["helpers"])
    title: str = Field(examples=["Helpers"])
    description: str | None
    when: str = Field(examples=["member.answers >= 3"])
    measures: list[AudienceMeasure]
    by: By = Field(description="What decides: what was said of members alone, or what they did as well")
    members: int = Field(description="How many were in it when they were looked at last", examples=[42])


class Audiences(BaseModel):
    """The audiences of the programme in force; `waiting` members are still to be looked at."""

    programme_version: int | None
    waiting: int
    items: list[AudienceItem]


class AudienceMember(BaseModel):
    """A member of an audience, and since when."""

    member_id: UUID
    member_name: str | None = Field(examples=["Ada Lovelace"])
    since: datetime
    known_at: datetime = Field(description="When it was decided")
    programme_version: int
    met: dict[str, int] = Field(description="The measures of the audience, as they were then")

    @classmethod
    def of(cls, member: MemberOf, name: str | None) -> Self:
        """The member as it is shown."""
        return cls.model_validate({**member._asdict(), "member_name": name})


class AudienceOfMember(BaseModel):
    """Whether a member is in an audience of the programme, or was."""

    id: str = Field(examples=["helpers"])
    title: str = Field(examples=["Helpers"])
    description: str | None
    by: By
    is_in: bool
    since: datetime | None = Field(description="Null where nothing was ever decided: then they are in none")
    met: dict[str, int]


class AudiencesOfMember(BaseModel):
    """In which audiences a member is at a time, as known at another."""

    member_id: UUID
    at: datetime
    known_at: datetime
    programme_version: int | None
    items: list[AudienceOfMember]


class PreviewRequest(RequestBody):
    """An audience as a programme would declare it."""

    when: Expression = Field(description="A CEL condition over `member`", examples=["member.points >= 100"])
    measures: Annotated[list[AudienceMeasure], Field(max_length=MEASURES_MAX_COUNT)] = Field(
        default=[], examples=[[{"id": "points", "of": "points", "days": 90}]]
    )


class PreviewMember(BaseModel):
    """One of those who would be in it."""

    member_id: UUID
    member_name: str | None
    met: dict[str, int]


class Preview(BaseModel):
    """How many would be in an audience: of all members, or estimated from those who were looked at."""

    members: int = Field(description="Members of the community", examples=[1_200])
    looked_at: int = Field(examples=[1_200])
    found: int = Field(description="Of those looked at", examples=[85])
    estimated: int = Field(description="Of all members", examples=[85])
    is_estimate: bool
    sample: list[PreviewMember] = Field(description="Some of those found")


@router.get("/v1/audiences", summary="Audiences, and how many are in them", responses=problem_responses())
async def get_audiences(principal: Annotated[Principal, requires(Scope.PROGRAMMES_READ)], conn: Conn) -> Audiences:
    """Those of the programme that is in force."""
    community, now = principal.community, datetime.now(UTC)
    number, programme = await document_in_force(conn, community=community, at=now)
    if programme is None:
        return Audiences(programme_version=None, waiting=0, items=[])
    sizes = await turns.load_sizes(conn, community=community)
    return Audiences(
        programme_version=number,
        waiting=await turns.count_due(conn, community=community, now=now),
        items=[
            AudienceItem(
                id=one.id,
                title=one.title,
                description=one.description,
                when=one.when,
                measures=one.measures or [],
                by=_by(one),
                members=sizes.get(one.id, 0),
            )
            for one in programme.audiences or ()
        ],
    )


def _by(audience: Audience) -> By:
    return "behaviour" if audience.measures else "attributes"


@router.get(
    "/v1/audiences/{audience_id}/members",
    summary="Who is in an audience",
    responses=problem_responses(UNKNOWN_AUDIENCE),
)
async def get_audience_members(
    principal: Reader,
    shown: Shown,
    audience_id: Slug,
    conn: Conn,
    place: Annotated[AudiencePlace | None, after(AudiencePlace)],
    at: Annotated[Moment | None, Query(description="Who was in it then; now")] = None,
    known_at: Annotated[Moment | None, Query(description="By what was told until then; now")] = None,
    limit: Limit = 100,
) -> Page[AudienceMember]:
    """By member. At a time gone by they are those who were told of: who entered and who left."""
    community, now = principal.community, datetime.now(UTC)
    _, programme = await document_in_force(conn, community=community, at=known_at or now)
    if programme is None or audience_id not in {one.id for one in programme.audiences or ()}:
        raise UnknownAudienceError
    if at is None and known_at is None:
        found = await turns.page_of_members(
            conn, community=community, audience_id=audience_id, after=place, limit=limit
        )
    else:
        found = await turns.page_of_members_at(
            conn,
            community=community,
            audience_id=audience_id,
            at=at or now,
            known_at=known_at or now,
            after=place,
            limit=limit,
        )
    members = [one.member_id for one in found[:limit]]
    shown.of(*members)
    names = await load_names(conn, community=community, member_ids=members)
    return Page.of(
        found,
        limit,
        item=lambda one: AudienceMember.of(one, names.get(one.member_id)),
        place=lambda one: AudiencePlace(UUID(one.member_id)),
    )


@router.get(
    "/v1/members/{member_id}/audiences",
    summary="In which audiences a member is, or was",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def get_members_audiences(
    principal: Annotated[Principal, requires(Scope.POINTS_READ, or_own=True, reads="member_id")],
    member_id: MemberId,
    conn: Conn,
    at: Annotated[Moment | None, Query(description="At this time; now")] = None,
    known_at: Annotated[Moment | None, Query(description="As known then; now")] = None,
) -> AudiencesOfMember:
    """By attributes it is what was said of them, as rules read it; by behaviour what was decided and told.

    The audiences are those of the version that was in force at `known_at`.
    """
    community, now = principal.community, datetime.now(UTC)
    at, known_at = at or now, known_at or now
    number, programme = await document_in_force(conn, community=community, at=known_at)
    if programme is None or not programme.audiences:
        return AudiencesOfMember(member_id=member_id, at=at, known_at=known_at, programme_version=number, items=[])
    key, attributes = MemberKey(community, str(member_id)), for_rules(programme)
    compiled = [compile_audience(one, attributes) for one in programme.audiences]
    names = {name for one in compiled for name in one.attributes}
    said = (await load_attributes(conn, wanted={key: names})).get(key, {}) if names else {}
    told = await turns.load_told(conn, community=community, member_id=key.member_id, at=at, known_at=known_at)
    items = []
    for one, audience in zip(programme.audiences, compiled, strict=True):
        turn = told.get(one.id)
        is_in, since, met = (False, None, {}) if turn is None else (turn.is_in, turn.since, dict(turn.met))
        if not audience.is_by_behaviour:
            by_attributes = audience.at(said, event_time=at, received_at=known_at)
            is_in, since, met = by_attributes.value is True, by_attributes.since if said else None, {}
        items.append(
            AudienceOfMember(
                id=one.id,
                title=one.title,
                description=one.description,
                by=_by(one),
                is_in=is_in,
                since=since,
                met=met,
            )
        )
    return AudiencesOfMember(member_id=member_id, at=at, known_at=known_at, programme_version=number, items=items)


@router.post(
    "/v1/audiences/preview",
    summary="How many would be in an audience",
    responses=problem_responses(INVALID_REQUEST),
)
async def post_audience_preview(
    principal: Reader,
    shown: Shown,
    wanted: PreviewRequest,
    conn: Conn,
    settings: Annotated[Settings, configured(Settings)],
) -> Preview:
    """It reads the attributes that the programme in force declares for rules. Nothing is kept, nobody is told.

    In a large community it looks at some members, and for two seconds at most, and estimates the rest.
    """
    community, now = principal.community, datetime.now(UTC)
    _, programme = await document_in_force(conn, community=community, at=now)
    attributes = {} if programme is None else for_rules(programme)
    audience = _checked(wanted, attributes)
    total = await turns.count_members(conn, community=community)
    members = await turns.load_sample(
        conn, community=community, after=str(uuid4()), limit=settings.audience_sample_max_count
    )
    today = (await load_calendar(conn, community=community)).day_of(now)
    looked_at, found, sample = 0, 0, list[PreviewMember]()
    started = time.monotonic()
    for start in range(0, len(members), PREVIEW_PIECE_COUNT):
        keys = [MemberKey(community, one) for one in members[start : start + PREVIEW_PIECE_COUNT]]
        said = await load_attributes(conn, wanted=dict.fromkeys(keys, audience.attributes))
        earned = {}
        if audience.is_by_behaviour:
            groups = await load_groups(conn, keys=keys)
            earned = await earned_store.load_earned(
                conn,
                groups=groups,
                awards_max_count=settings.audience_awards_max_count,
                topics=topics_in(audience.measures),
            )
        for key in keys:
            decision = decide_at(
                audience,
                said=said.get(key, {}),
                earned=earned.get(key, ()),
                event_time=now,
                received_at=now,
                today=today,
            )
            found += decision.is_in
            if decision.is_in and len(sample) < PREVIEW_SAMPLE_COUNT:
                sample.append(
                    PreviewMember(member_id=UUID(key.member_id), member_name=None, met=dict(decision.met))
                )
        looked_at += len(keys)
        await asyncio.sleep(0)
        if time.monotonic() - started > PREVIEW_SECONDS:
            break
    named = await _named(conn, community=community, sample=sample)
    shown.of(*(str(one.member_id) for one in named))
    return Preview(
        members=total,
        looked_at=looked_at,
        found=found,
        estimated=round(found * total / looked_at) if looked_at else 0,
        is_estimate=looked_at < total,
        sample=named,
    )


def _checked(wanted: PreviewRequest, attributes: Declared) -> CompiledAudience:
    twice = [one.id for one in wanted.measures if one.id in attributes]
    if twice or len({one.id for one in wanted.measures}) < len(wanted.measures):
        detail = "Each measure has an id of its own, which no attribute has"
        raise Problem(INVALID_REQUEST, detail, [FieldError(field="/measures", detail=detail)])
    try:
        check_audience(wanted.when, {**attributes, **measures_declared(wanted.measures)}, clock=time.process_time)
    except ConditionError as refused:
        raise Problem(
            INVALID_REQUEST,
            "The condition is none of an audience",
            [FieldError(field="/when", detail=refused.detail)],
        ) from None
    declared = Audience(id="preview", title="Preview", when=wanted.when, measures=wanted.measures or None)
    return compile_audience(declared, attributes)


async def _named(conn: Connection, *, community: str, sample: Sequence[PreviewMember]) -> list[PreviewMember]:
    names = await load_names(conn, community=community, member_ids=[str(one.member_id) for one in sample])
    return [one.model_copy(update={"member_name": names.get(str(one.member_id))}) for one in sample]
