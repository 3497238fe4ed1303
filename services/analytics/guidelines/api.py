"""HTTP route of the figures about what is reported and decided."""

from datetime import timedelta
from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.analytics.guidelines import domain, store
from services.analytics.periods.api import INVALID_DAYS, AskedCalendar, AskedDays, Reader
from shared.http import Conn, problem_responses

router = APIRouter(tags=["analytics"])


class GuidelineFigures(BaseModel):
    """Of cases that were opened in those days, without those withdrawn."""

    opened: int = Field(examples=[40])
    decided: int = Field(description="For the first time", examples=[38])
    upheld: int = Field(examples=[21])
    dismissed: int = Field(examples=[15])
    overturned: int = Field(description="By an appeal that was won", examples=[2])
    waiting: int = Field(examples=[2])
    late: int = Field(description="Decided, or still open, after they were due", examples=[3])
    median_hours: float | None = Field(description="From the report to the first decision", examples=[6.5])
    ninth_decile_hours: float | None = Field(description="Nine of ten took no longer", examples=[41.0])
    members: int = Field(description="With an upheld case", examples=[18])
    repeat_members: int = Field(description="With two or more of them", examples=[3])
    accepted: int = Field(description="Members who accepted a version in those days", examples=[120])

    @classmethod
    def of(cls, found: domain.Figures) -> Self:
        """The figures as they are shown."""
        hours = [
            None if seconds is None else round(seconds / 3600, 2)
            for seconds in (found.median_seconds, found.ninth_decile_seconds)
        ]
        counts = {name: getattr(found, name) for name in cls.model_fields if not name.endswith("_hours")}
        return cls(**counts, median_hours=hours[0], ninth_decile_hours=hours[1])


@router.get(
    "/v1/guidelines/figures",
    summary="How much is reported, what becomes of it, and how quickly",
    responses=problem_responses(INVALID_DAYS),
)
async def get_figures(principal: Reader, days: AskedDays, calendar: AskedCalendar, conn: Conn) -> GuidelineFigures:
    """By the day of the first report; who is merged is one person."""
    since = calendar.start_of(days.starts_on)
    until = calendar.start_of(days.ends_on + timedelta(days=1))
    return GuidelineFigures.of(
        await store.load_figures(conn, community=principal.community, since=since, until=until)
    )
