"""GET /v1/pipeline: does everything flow through the service, and if not, where and since when?"""

from datetime import UTC, datetime
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from shared.access_keys import Principal, Scope
from shared.dead_letters.store import Waiting, count_waiting
from shared.http.auth import requires
from shared.http.connected import Conn, ConnectedService
from shared.http.dead_letters import reach
from shared.http.problems import problem_responses
from shared.pipeline import Flow, flow_of
from shared.pipeline.store import load_reports
from shared.telemetry import AGE_BUCKETS_SECONDS

router = APIRouter(tags=["operations"])


class TopicFlowing(BaseModel):
    """A topic that the service reads."""

    model_config = ConfigDict(from_attributes=True)

    topic: str = Field(examples=["engagement.events.v1"])
    per_second: float = Field(examples=[214.2], description="Records taken a second, over the last ten seconds")
    lag: int = Field(examples=[31], description="Records that wait")
    oldest_seconds: float = Field(examples=[0.3], description="How old the oldest that waits is at most")


class StageAge(BaseModel):
    """How old events of the last minute were, from their receipt, when a stage acted on them."""

    model_config = ConfigDict(from_attributes=True)

    stage: str = Field(examples=["award"])
    count: int = Field(examples=[12840])
    median_seconds: float | None = Field(examples=[0.3])
    p99_seconds: float | None = Field(examples=[0.9])


class WaitingLetters(BaseModel):
    """Your community's dead letters that nobody has decided about."""

    count: int = Field(examples=[3])
    oldest_at: datetime | None


class Pipeline(BaseModel):
    """How records go through the service: of all communities, as its workers say it."""

    workers: int = Field(examples=[2], description="Those that reported within the last 15 seconds")
    reported_at: datetime | None = Field(description="When the last of them did")
    fenced: str | None = Field(description="Why commands are refused and timers stand still")
    topics: list[TopicFlowing]
    recent: list[float] = Field(description="Records a second in the last minute, oldest first")
    ages: list[StageAge]
    outbox_pending: int = Field(
        examples=[0], description="Messages committed that the broker has not acknowledged"
    )
    dead_letters: WaitingLetters

    @classmethod
    def of(cls, flow: Flow, waiting: Waiting, *, fenced: str | None) -> Self:
        """What the workers say, as it is answered."""
        return cls(
            workers=flow.workers_count,
            reported_at=flow.reported_at,
            fenced=fenced,
            topics=[TopicFlowing.model_validate(topic) for topic in flow.topics],
            recent=list(flow.recent),
            ages=[StageAge.model_validate(one) for one in flow.ages],
            outbox_pending=flow.outbox_pending,
            dead_letters=WaitingLetters(count=waiting.count, oldest_at=waiting.oldest_at),
        )


@router.get("/v1/pipeline", summary="Does everything flow?", responses=problem_responses())
async def get_pipeline(
    principal: Annotated[Principal, requires(Scope.OPERATIONS_READ)], service: ConnectedService, conn: Conn
) -> Pipeline:
    """Rates, ages and what waits; numbers are those of the whole installation, dead letters your community's."""
    reports = await load_reports(conn, now=datetime.now(UTC))
    waiting = await count_waiting(conn, community=reach(principal))
    fenced = service.why_fenced_now()
    return Pipeline.of(flow_of(reports, bounds=AGE_BUCKETS_SECONDS), waiting, fenced=fenced)
