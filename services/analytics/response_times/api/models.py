"""What the routes of response times answer with."""

from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field

from services.analytics.periods.api import ShareShown
from services.analytics.response_times.domain.report import CURVE_HOURS, Summary, Waited
from services.analytics.response_times.store.reading import OpenQuestion
from shared.calendars import Span

NOBODY_ASKED = "nobody asked"
NONE_DUE = "no question is due yet"


class Answering(BaseModel):
    """How long questions waited. Who still waits counts for as long as they have waited, and is not left out."""

    asked: int = Field(examples=[10])
    answered: int = Field(examples=[7])
    unanswered: int = Field(examples=[3])
    median_seconds: int | None = Field(
        description="Half are answered after that: Kaplan and Meier's estimate; null where it is not reached",
        examples=[36_000],
    )
    ninth_decile_seconds: int | None = Field(
        description="Nine in ten are; null where it is not reached", examples=[None]
    )
    answered_median_seconds: int | None = Field(
        description="Of the answered alone, by nearest rank: it flatters", examples=[14_400]
    )
    in_time: ShareShown = Field(
        description="Answered within `within_hours`, of those that are answered or have waited as long"
    )

    @classmethod
    def shown(cls, waited: Waited) -> Self:
        """How long they waited, as the API shows it."""
        return cls(**answering(waited))


def answering(waited: Waited) -> dict[str, object]:
    """The fields of Answering."""
    why_none = NONE_DUE if waited.asked else NOBODY_ASKED
    return {
        "asked": waited.asked,
        "answered": waited.answered,
        "unanswered": waited.asked - waited.answered,
        "median_seconds": waited.median_seconds,
        "ninth_decile_seconds": waited.ninth_decile_seconds,
        "answered_median_seconds": waited.answered_median_seconds,
        "in_time": ShareShown.of_counts(waited.in_time, waited.due, why_none=why_none),
    }


class PeriodAnswering(Answering):
    starts_on: date
    ends_on: date = Field(description="Its last day")


class ChannelAnswering(Answering):
    channel: str = Field(examples=["forum"])


class AnsweredWithin(BaseModel):
    hours: int = Field(examples=[24])
    share: float = Field(description="Answered within that, by Kaplan and Meier", examples=[0.64])


class ResponseTimes(BaseModel):
    """Of the questions that were asked in some days."""

    starts_on: date
    ends_on: date = Field(description="The last day")
    within_hours: int = Field(description="What is promised", examples=[24])
    is_rounded: bool = Field(
        description="More than `PLAUDIT_EXACT_QUESTIONS_MAX_COUNT` were asked: medians, deciles and the curve are"
        " of waits that are rounded by up to a sixtieth, so that they are said no shorter; counts are exact"
    )
    counted_at: datetime | None = Field(
        description="When a timer counted this, of many questions; null where it was counted as you asked"
    )
    whole: Answering
    first_questions: Answering = Field(description="Of those, the first that somebody ever asked")
    curve: list[AnsweredWithin] = Field(description="Empty where nobody asked")
    answerers: int = Field(description="Who was the first to answer a question", examples=[12])
    absence_factor: int | None = Field(
        description="The fewest of them who answered half or more first; null where nobody did", examples=[2]
    )
    periods: list[PeriodAnswering]
    channels: list[ChannelAnswering]

    @classmethod
    def shown(
        cls,
        days: Span,
        spans: list[Span],
        found: Summary,
        *,
        within_hours: int,
        counted_at: datetime | None,
    ) -> Self:
        """Response times as the API shows them."""
        return cls(
            starts_on=days.starts_on,
            ends_on=days.ends_on,
            within_hours=within_hours,
            is_rounded=found.is_rounded,
            counted_at=counted_at,
            whole=Answering.shown(found.whole),
            first_questions=Answering.shown(found.first),
            curve=[
                AnsweredWithin(hours=hours, share=round(share, 4))
                for hours, share in zip(CURVE_HOURS, found.within, strict=False)
            ],
            answerers=found.answerers,
            absence_factor=found.absence_factor,
            periods=[
                PeriodAnswering(
                    starts_on=span.starts_on,
                    ends_on=span.ends_on,
                    **answering(found.periods.get(number, Waited())),
                )
                for number, span in enumerate(spans, 1)
            ],
            channels=[
                ChannelAnswering(channel=channel, **answering(waited))
                for channel, waited in found.channels.items()
            ],
        )


class OpenQuestionShown(BaseModel):
    """A question that nobody but whoever asked it, and bots, has answered."""

    uid: str = Field(description="Of its event")
    source: str
    event_id: str
    type: str = Field(examples=["forum.post.v1"])
    channel: str = Field(examples=["forum"])
    topic: str = Field(description="As its platform says; empty where it says none", examples=["Tailstock"])
    asked_at: datetime
    waiting_seconds: int = Field(examples=[18_000])
    member_id: str = Field(description="Who asked")
    member_name: str | None
    is_first: bool = Field(description="It is the first that they ever asked")

    @classmethod
    def shown(cls, question: OpenQuestion, *, now: datetime) -> Self:
        """A question as the API shows it."""
        return cls(
            uid=question.question_uid,
            source=question.source,
            event_id=question.event_id,
            type=question.type,
            channel=question.channel,
            topic=question.topic,
            asked_at=question.asked_at,
            waiting_seconds=max(0, int((now - question.asked_at).total_seconds())),
            member_id=question.asker_id,
            member_name=question.asker_name,
            is_first=question.is_first,
        )
