"""The routes of what members are interested in and know, and what that is known from."""

from datetime import UTC, datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.analytics.interests import store
from services.analytics.interests.domain import (
    LOOKED_AT_MAX_COUNT,
    Concern,
    Concerns,
    How,
    Source,
    SourcePlace,
    concerns,
)
from services.analytics.settings import Settings
from shared.http import (
    Conn,
    Limit,
    MemberId,
    Page,
    Principal,
    Scope,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_CURSOR, UNKNOWN_IDENTITY
from shared.merges import find_head, load_group
from shared.postgres import Connection

router = APIRouter(tags=["analytics"])

OwnSettings = Annotated[Settings, configured(Settings)]
OfMember = Annotated[Principal, requires(Scope.ANALYTICS_READ, or_own=True, reads="member_id")]
TOPIC_MAX_CHARS = 1_000


class Interest(BaseModel):
    """A topic that somebody writes or reads about."""

    topic: str = Field(description="As platforms say it", examples=["Tailstock"])
    wrote: int = Field(description="Messages about it", examples=[5])
    read: int = Field(description="What they read about it, where a platform says so", examples=[12])
    last_at: datetime = Field(description="When they did last")
    weight: float = Field(
        description="Each weighs 1 when done, and half after each `PLAUDIT_EXPERTISE_HALF_LIFE_DAYS`",
        examples=[9.87],
    )

    @classmethod
    def shown(cls, one: Concern) -> Self:
        """A topic as the API shows it."""
        return cls(
            topic=one.topic, wrote=one.wrote, read=one.read, last_at=one.last_at, weight=round(one.weight, 4)
        )


class Expertise(BaseModel):
    """A topic of which somebody answered questions."""

    topic: str = Field(description="As platforms say it", examples=["Tailstock"])
    answers: int = Field(description="Questions about it that they were the first to answer", examples=[7])
    last_at: datetime = Field(description="When they did last")
    weight: float = Field(description="As of an interest", examples=[4.21])

    @classmethod
    def shown(cls, one: Concern) -> Self:
        """A topic as the API shows it."""
        return cls(topic=one.topic, answers=one.answered, last_at=one.last_at, weight=round(one.weight, 4))


class MemberTopics(BaseModel):
    """What somebody is interested in and knows, from what they did."""

    member_id: str
    unwanted: bool = Field(
        description="They want no part in figures (`opt_outs`, `analytics`): nothing is worked out of them"
    )
    interests: list[Interest] = Field(
        description="What weighs most first, at most `PLAUDIT_SLICES_MAX_COUNT`; of their latest"
        f" {LOOKED_AT_MAX_COUNT:,} events that say a topic"
    )
    expertise: list[Expertise] = Field(description=f"The same of their latest {LOOKED_AT_MAX_COUNT:,} answers")


class TopicSource(BaseModel):
    """Something that somebody did about a topic."""

    how: How = Field(description="`answered`: the event is the question, and `at` is when they answered")
    at: datetime
    event_uid: str
    source: str
    event_id: str
    type: str = Field(examples=["forum.reply.v1"])
    channel: str = Field(examples=["forum"])

    @classmethod
    def shown(cls, one: Source) -> Self:
        """A source as the API shows it."""
        return cls(
            how=one.how,
            at=one.at,
            event_uid=one.event_uid,
            source=one.source,
            event_id=one.event_id,
            type=one.type,
            channel=one.channel,
        )


@router.get(
    "/v1/members/{member_id}/topics",
    summary="What a member is interested in and knows",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def get_member_topics(
    principal: OfMember, member_id: MemberId, conn: Conn, settings: OwnSettings
) -> MemberTopics:
    """From what they wrote, read and were the first to answer, by the topic that platforms say; no text is read.

    `GET …/topic-sources` has what each is known from. What is taken back counts no more, and who is merged is one.
    Of whoever opted out of `analytics` nothing is worked out, for nobody.
    """
    now, community = datetime.now(UTC), principal.community
    group = await _group(conn, community, member_id=str(member_id))
    unwanted = await store.wants_none(conn, community=community, member_ids=group)
    found = Concerns()
    if not unwanted:
        found = concerns(
            await store.load_sources(conn, community=community, member_ids=group, now=now),
            now=now,
            half_life_days=settings.expertise_half_life_days,
            limit_count=settings.slices_max_count,
        )
    return MemberTopics(
        member_id=str(member_id),
        unwanted=unwanted,
        interests=[Interest.shown(one) for one in found.interests],
        expertise=[Expertise.shown(one) for one in found.expertise],
    )


@router.get(
    "/v1/members/{member_id}/topic-sources",
    summary="What it is known from that a member is concerned with a topic",
    responses=problem_responses(UNKNOWN_IDENTITY, INVALID_CURSOR),
)
async def get_member_topic_sources(
    principal: OfMember,
    member_id: MemberId,
    conn: Conn,
    topic: Annotated[str, Query(min_length=1, max_length=TOPIC_MAX_CHARS, description="As platforms say it")],
    place: Annotated[SourcePlace | None, after(SourcePlace)],
    limit: Limit = 100,
) -> Page[TopicSource]:
    """What they wrote and read about it, and the questions that they were the first to answer; newest first."""
    now, community = datetime.now(UTC), principal.community
    group = await _group(conn, community, member_id=str(member_id))
    found: list[Source] = []
    if not await store.wants_none(conn, community=community, member_ids=group):
        found = await store.page_of_sources(
            conn,
            community=community,
            member_ids=group,
            now=now,
            topic=topic,
            after=place,
            limit_count=limit,
        )
    return Page.of(found, limit, item=TopicSource.shown, place=lambda source: source.place)


async def _group(conn: Connection, community: str, *, member_id: str) -> list[str]:
    """Everybody who is one person with a member."""
    head_id = await find_head(conn, community=community, member_id=member_id)
    return await load_group(conn, community=community, head_id=head_id)
