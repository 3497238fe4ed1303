"""Response times and topics of many questions, as a timer counted them."""

from datetime import datetime
from typing import NamedTuple

from services.analytics.kept.domain import KeptFigure
from services.analytics.kept.store import delete_answer, find_answer, put_answer
from services.analytics.response_times.domain.report import Summary, Waited
from services.analytics.response_times.domain.topics import Topic, Topics
from shared.postgres import Connection


class KeptTimes(NamedTuple):
    """Of which days response times are kept: of a community, so many, and what they are counted by."""

    community: str
    days: int
    terms: str


class KeptSummary(NamedTuple):
    """What response times come to, and when that was counted."""

    summary: Summary
    counted_at: datetime


class KeptTopics(NamedTuple):
    """What was asked about, and when that was counted."""

    topics: Topics
    counted_at: datetime


async def find_summary(conn: Connection, kept: KeptTimes) -> KeptSummary | None:
    """What response times were counted to be; None where they were not."""
    found = await find_answer(
        conn, community=kept.community, figure=KeptFigure.RESPONSE_TIMES, days=kept.days, terms=kept.terms
    )
    if found is None:
        return None
    said = dict(found.answer)
    summary = Summary(
        whole=Waited(*said.pop("whole")),
        first=Waited(*said.pop("first")),
        periods={int(number): Waited(*waited) for number, waited in said.pop("periods").items()},
        channels={channel: Waited(*waited) for channel, waited in said.pop("channels").items()},
        **said,
    )
    return KeptSummary(summary, found.counted_at)


async def put_summary(conn: Connection, kept: KeptTimes, *, summary: Summary, at: datetime) -> None:
    """Keep what response times come to in the place of what was kept before."""
    await put_answer(
        conn,
        community=kept.community,
        figure=KeptFigure.RESPONSE_TIMES,
        days=kept.days,
        terms=kept.terms,
        answer={
            "whole": list(summary.whole),
            "first": list(summary.first),
            "periods": {str(number): list(waited) for number, waited in summary.periods.items()},
            "channels": {channel: list(waited) for channel, waited in summary.channels.items()},
            "within": list(summary.within),
            "answerers": summary.answerers,
            "absence_factor": summary.absence_factor,
            "is_rounded": summary.is_rounded,
        },
        at=at,
    )


async def find_topics(conn: Connection, kept: KeptTimes) -> KeptTopics | None:
    """What was asked about as it was counted; None where it was not."""
    found = await find_answer(
        conn, community=kept.community, figure=KeptFigure.QUESTION_TOPICS, days=kept.days, terms=kept.terms
    )
    if found is None:
        return None
    said = dict(found.answer)
    shown, to_write = ([Topic(*one) for one in said.pop(name)] for name in ("shown", "to_write"))
    return KeptTopics(Topics(shown=shown, to_write=to_write, **said), found.counted_at)


async def put_topics(conn: Connection, kept: KeptTimes, *, topics: Topics, at: datetime) -> None:
    """Keep what was asked about in the place of what was kept before."""
    await put_answer(
        conn,
        community=kept.community,
        figure=KeptFigure.QUESTION_TOPICS,
        days=kept.days,
        terms=kept.terms,
        answer={
            **topics._asdict(),
            "shown": [list(one) for one in topics.shown],
            "to_write": [list(one) for one in topics.to_write],
        },
        at=at,
    )


async def delete_kept(conn: Connection, kept: KeptTimes) -> None:
    """Keep response times and topics no longer."""
    for figure in (KeptFigure.RESPONSE_TIMES, KeptFigure.QUESTION_TOPICS):
        await delete_answer(conn, community=kept.community, figure=figure, days=kept.days)
