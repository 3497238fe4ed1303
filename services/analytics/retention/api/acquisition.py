"""The route of new members by the channel where they came from."""

from collections.abc import Sequence
from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel

from services.analytics.participation.api.routes import Period
from services.analytics.periods.api import (
    INVALID_DAYS,
    AskedCalendar,
    AskedDays,
    AskedPlace,
    FigureReader,
    Grain,
    page_of_periods,
)
from services.analytics.retention.domain.questions import ChannelNew
from services.analytics.retention.store.reading import load_acquisitions
from shared.calendars import Span
from shared.http import Conn, Limit, Page, problem_responses
from shared.http.problem_types import INVALID_CURSOR, TOO_MANY_READS

router = APIRouter(tags=["analytics"])

PROBLEMS = problem_responses(INVALID_DAYS, INVALID_CURSOR, TOO_MANY_READS)


class ChannelAcquisition(BaseModel):
    channel: str
    new_members: int

    @classmethod
    def of(cls, acquisition: ChannelNew) -> Self:
        """A channel's new members as the API shows them."""
        return cls(channel=acquisition.channel, new_members=acquisition.new_members)


class PeriodAcquisition(Period):
    """Members whose first event was in a period, by the channel where that was."""

    new_members: int
    channels: list[ChannelAcquisition]

    @classmethod
    def of(cls, span: Span, channels: Sequence[ChannelNew]) -> Self:
        """A period's new members as the API shows them."""
        return cls(
            starts_on=span.starts_on,
            ends_on=span.ends_on,
            new_members=sum(channel.new_members for channel in channels),
            channels=[ChannelAcquisition.of(channel) for channel in channels],
        )


@router.get("/v1/acquisition", summary="New members over time", responses=PROBLEMS)
async def get_acquisition(
    principal: FigureReader,
    days: AskedDays,
    place: AskedPlace,
    calendar: AskedCalendar,
    conn: Conn,
    by: Grain = "day",
    limit: Limit = 100,
) -> Page[PeriodAcquisition]:
    """A member is new with the first event of theirs, on any channel, that counts: that is on nothing taken back.

    It follows what is new within some seconds.
    """
    page = page_of_periods(by, days, place, limit, calendar)
    found = await load_acquisitions(conn, community=principal.community, spans=page.spans)
    return page.of(PeriodAcquisition.of, found, quiet=())
