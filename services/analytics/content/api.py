"""The routes of what is read, and what moves those who read it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.analytics.content import store
from services.analytics.content.domain import Readable, ReadablePlace
from services.analytics.periods.api import CSV_ANSWER, INVALID_DAYS, AskedCalendar, Reader, table
from services.analytics.periods.domain import FIRST_DAY, LAST_DAY
from shared.calendars import Calendar, Span
from shared.contracts.fields import Slug
from shared.http import Conn, Day, FieldError, Limit, Page, Problem, after, next_cursor, problem_responses
from shared.http.problem_types import INVALID_CURSOR

router = APIRouter(tags=["analytics"])

#: Items in one table.
CSV_MAX_COUNT = 10_000
AskedDay = Annotated[Day | None, Query(description="A day of the month; today by default")]
Channel = Annotated[Slug | None, Query(description="Only what was read in this channel")]


class ReadItem(BaseModel):
    """Something that was read in a month."""

    channel: str = Field(examples=["forum"])
    host: str = Field(description="Where the channel is; empty where there is one", examples=[""])
    item_id: str = Field(description="As its platform calls it", examples=["guide-7"])
    reads: int = Field(examples=[140])
    readers: int = Field(description="Members who read it, without whose it is", examples=[96])
    responses: int = Field(description="Reactions, votes, ratings, acceptances and replies", examples=[17])
    responders: int = Field(description="Of the readers, who responded in that month", examples=[12])
    resonance: float = Field(
        description="Responders ÷ readers, as the lower end of Wilson's 95 % interval", examples=[0.0727]
    )
    made_uid: str | None = Field(description="The event that made it; null where it is not known")
    made_type: str | None = Field(examples=["forum.post.v1"])

    @classmethod
    def shown(cls, one: Readable) -> Self:
        """An item as the API shows it."""
        return cls(**{**one._asdict(), "resonance": round(one.resonance, 4)})


class ChannelReads(BaseModel):
    """How often anything was read in a channel."""

    channel: str = Field(examples=["forum"])
    reads: int = Field(examples=[2_310])


class ReadItems(Page[ReadItem]):
    """What was read in a month, what resonates most first."""

    starts_on: date
    ends_on: date = Field(description="The last day")
    channels: list[ChannelReads] = Field(
        description="Every read of the month, by channel: a channel that is not here tells of none"
    )


@router.get(
    "/v1/read-content",
    summary="What is read, and what moves those who read it",
    responses=problem_responses(INVALID_DAYS, INVALID_CURSOR),
)
async def get_read_content(
    principal: Reader,
    calendar: AskedCalendar,
    conn: Conn,
    place: Annotated[ReadablePlace | None, after(ReadablePlace)],
    day: AskedDay = None,
    channel: Channel = None,
    limit: Limit = 100,
) -> ReadItems:
    """Items of a month by resonance: how many of those who read it responded, few readers proving little.

    What is taken back counts no more, bots read nothing, nobody reads their own, and who is merged is one.
    """
    month = _month(day, calendar)
    found = await store.page_of_read(
        conn,
        community=principal.community,
        month=month.starts_on,
        channel=channel,
        after=place,
        limit_count=limit,
    )
    reads = await store.load_reads(conn, community=principal.community, first=month.starts_on, last=month.ends_on)
    return ReadItems(
        items=[ReadItem.shown(one) for one in found],
        next=next_cursor(found, limit, lambda one: one.place),
        starts_on=month.starts_on,
        ends_on=month.ends_on,
        channels=[ChannelReads(channel=name, reads=number) for name, number in reads.items()],
    )


@router.get(
    "/v1/read-content.csv",
    summary="What is read, as a table",
    response_class=Response,
    responses={**problem_responses(INVALID_DAYS), **CSV_ANSWER},
)
async def get_read_content_csv(
    principal: Reader, calendar: AskedCalendar, conn: Conn, day: AskedDay = None, channel: Channel = None
) -> Response:
    """A line for each item of a month, at most 10,000: those that resonate most."""
    found: Sequence[Readable] = await store.page_of_read(
        conn,
        community=principal.community,
        month=_month(day, calendar).starts_on,
        channel=channel,
        after=None,
        limit_count=CSV_MAX_COUNT,
    )
    return table("read-content", Readable._fields, [list(one) for one in found])


def _month(day: date | None, calendar: Calendar) -> Span:
    """The month of a day, by default the one that is. Raises Problem 422 out of reach."""
    asked = day or calendar.day_of(datetime.now(UTC))
    if not FIRST_DAY <= asked <= LAST_DAY:
        detail = f"Give a day from {FIRST_DAY} to {LAST_DAY}"
        raise Problem(INVALID_DAYS, detail, [FieldError(field="day", detail=detail)])
    return calendar.period_of("month", asked)
