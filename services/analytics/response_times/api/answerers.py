"""The route of who could answer a question about a topic."""

from datetime import UTC, datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.analytics.response_times.domain.knowing import Knowing
from services.analytics.response_times.store.answerers import load_knowing
from services.analytics.settings import Settings
from shared.http import Conn, Principal, Scope, configured, requires

router = APIRouter(tags=["analytics"])

OwnSettings = Annotated[Settings, configured(Settings)]
TOPIC_MAX_CHARS = 1_000


class AnswererShown(BaseModel):
    """A member who answered about the topic before."""

    member_id: str
    name: str | None
    answers: int = Field(description="Questions about it that they were the first to answer", examples=[7])
    last_at: datetime = Field(description="When they did last")
    weight: float = Field(
        description="An answer weighs 1 when given, and half after each `PLAUDIT_EXPERTISE_HALF_LIFE_DAYS`",
        examples=[4.21],
    )

    @classmethod
    def shown(cls, one: Knowing) -> Self:
        """A member as the API shows them."""
        return cls(
            member_id=one.member_id,
            name=one.name,
            answers=one.answers,
            last_at=one.last_at,
            weight=round(one.weight, 4),
        )


class TopicAnswerers(BaseModel):
    """Who could answer a question about a topic."""

    topic: str = Field(examples=["Tailstock"])
    members: list[AnswererShown] = Field(
        description="Who weighs most first, at most `PLAUDIT_SLICES_MAX_COUNT`; none who is on no board"
    )


@router.get("/v1/topic-answerers", summary="Who could answer a question about a topic")
async def get_topic_answerers(
    principal: Annotated[Principal, requires(Scope.ANALYTICS_READ, reads="member_id")],
    conn: Conn,
    settings: OwnSettings,
    topic: Annotated[str, Query(min_length=1, max_length=TOPIC_MAX_CHARS, description="As platforms say it")],
) -> TopicAnswerers:
    """Members who were the first to answer questions about it: of the latest 5,000, the recent counting most.

    What is taken back is no answer, nor what a bot says; who is merged is one. Who is on no board is not named.
    """
    found = await load_knowing(
        conn,
        community=principal.community,
        topic=topic,
        now=datetime.now(UTC),
        half_life_days=settings.expertise_half_life_days,
        limit_count=settings.slices_max_count,
    )
    return TopicAnswerers(topic=topic, members=[AnswererShown.shown(one) for one in found])
