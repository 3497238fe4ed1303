"""The HTTP route of what becomes of suggestions."""

from datetime import UTC, date, datetime
from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.analytics.ideas import store
from services.analytics.ideas.domain import PROMISED_DAYS, Loop, by_month, loop_of
from services.analytics.periods.api import INVALID_DAYS, AskedDays, Reader
from shared.http import Conn, problem_responses

router = APIRouter(tags=["analytics"])


class LoopShown(BaseModel):
    """What became of suggestions."""

    suggested: int = Field(examples=[40])
    answered: int = Field(description="Of these, those that somebody went on with", examples=[31])
    closed: int = Field(description="Of these, those that are done, declined or joined to another", examples=[18])
    due: int = Field(description="Of these, those as old as an answer is promised within", examples=[30])
    answered_in_time: int = Field(description="Of those due, those that were answered by then", examples=[27])
    first_answer_seconds: int | None = Field(
        description="The median until the first answer, by Kaplan and Meier; null while half are not answered",
        examples=[172_800],
    )
    close_seconds: int | None = Field(description="The same until it is closed", examples=[1_209_600])

    @classmethod
    def of(cls, loop: Loop) -> Self:
        """As the API shows it."""
        return cls(
            suggested=loop.suggested,
            answered=loop.answered,
            closed=loop.closed,
            due=loop.due,
            answered_in_time=loop.answered_in_time,
            first_answer_seconds=loop.first_answer_seconds,
            close_seconds=loop.close_seconds,
        )


class MonthLoopShown(LoopShown):
    """What became of the suggestions of a month."""

    starts_on: date


class IdeaLoop(LoopShown):
    """What became of the suggestions of some days, and by month, newest first; 120 of them at most."""

    promised_days: int = Field(description="Within so many days an answer is promised", examples=[30])
    months: list[MonthLoopShown]


@router.get("/v1/idea-loop", summary="What becomes of suggestions", responses=problem_responses(INVALID_DAYS))
async def get_idea_loop(principal: Reader, days: AskedDays, conn: Conn) -> IdeaLoop:
    """Of those that were made in those days, here or on a platform. Medians count those that wait as waiting."""
    now = datetime.now(UTC)
    found = await store.load_suggested(conn, community=principal.community, days=days, now=now)
    return IdeaLoop(
        **LoopShown.of(loop_of(found)).model_dump(),
        promised_days=PROMISED_DAYS,
        months=[
            MonthLoopShown(**LoopShown.of(one.loop).model_dump(), starts_on=one.starts_on)
            for one in by_month(found)
        ],
    )
