"""What the routes of retention answer with."""

from datetime import date
from typing import Self

from pydantic import BaseModel, Field

from services.analytics.periods.shares import ShareShown
from services.analytics.retention.domain.questions import Activation, Cohort, Curve, Growth, Share, Silence
from shared.calendars import Span

NOBODY_BEFORE = "nobody was active in the period before"
NOBODY_CHURNED = "nobody churned"
NONE_MATURE = "of nobody is the time over yet"


def _share(share: Share, why_none: str) -> ShareShown:
    return ShareShown.of_counts(share.number, share.of, why_none=why_none)


class WholePeriod(BaseModel):
    starts_on: date
    ends_on: date = Field(description="Its last day")
    is_over: bool = Field(description="What is under way may change until it is over")


class PeriodGrowth(WholePeriod):
    """Active members are new, retained or resurrected; those before are retained or churned."""

    active_members: int = Field(examples=[4])
    active_before: int = Field(description="In the period before", examples=[4])
    new: int = Field(description="Active for the first time ever", examples=[1])
    retained: int = Field(description="Active in the period before too", examples=[2])
    resurrected: int = Field(description="Active before, and not in the period before", examples=[1])
    churned: int = Field(description="Active in the period before, and not in this", examples=[2])
    quick_ratio: ShareShown = Field(description="New and resurrected by churned")
    retention: ShareShown = Field(description="Retained of those active before")
    churn: ShareShown = Field(description="Churned of those active before")

    @classmethod
    def shown(cls, span: Span, growth: Growth, *, today: date) -> Self:
        """A period's growth as the API shows it."""
        return cls(
            starts_on=span.starts_on,
            ends_on=span.ends_on,
            is_over=span.ends_on < today,
            active_members=growth.active,
            active_before=growth.active_before,
            new=growth.new,
            retained=growth.retained,
            resurrected=growth.resurrected,
            churned=growth.churned,
            quick_ratio=_share(growth.quick_ratio, NOBODY_CHURNED),
            retention=_share(Share(growth.retained, growth.active_before), NOBODY_BEFORE),
            churn=_share(Share(growth.churned, growth.active_before), NOBODY_BEFORE),
        )


class CohortShown(WholePeriod):
    """Members whose first period it is, and how many of them were active in it and in those that follow."""

    members: int = Field(examples=[40])
    present: list[int] = Field(
        description="Of them active in the first period, the second and so on; the last may be under way",
        examples=[[40, 22, 17]],
    )

    @classmethod
    def shown(cls, span: Span, cohort: Cohort | None, *, today: date) -> Self:
        """A cohort as the API shows it; None is one of nobody."""
        present = list(cohort.present) if cohort else []
        return cls(
            starts_on=span.starts_on,
            ends_on=span.ends_on,
            is_over=span.ends_on < today,
            members=present[0] if present else 0,
            present=present,
        )


class RetentionDay(BaseModel):
    """Of members who were new long enough ago, who was active N days after their first day."""

    day: int = Field(description="N, in local days", examples=[7])
    on_day: ShareShown = Field(description="On day N exactly: bounded, or N-day, retention")
    from_day: ShareShown = Field(
        description="On day N or later: unbounded retention, which many tools call rolling"
    )


class RetentionBracket(BaseModel):
    """Of members who were new long enough ago, who was active on any of these days after their first."""

    first_day: int = Field(examples=[4])
    last_day: int = Field(examples=[7])
    present: ShareShown


class RetentionCurve(BaseModel):
    """What became of members who were new in some days. Both kinds are shares of the same members."""

    starts_on: date
    ends_on: date = Field(description="The last day")
    new_members: int = Field(description="Whose first day is among them", examples=[120])
    days: list[RetentionDay]
    brackets: list[RetentionBracket]

    @classmethod
    def shown(cls, span: Span, curve: Curve) -> Self:
        """A curve as the API shows it."""
        return cls(
            starts_on=span.starts_on,
            ends_on=span.ends_on,
            new_members=curve.newcomers,
            days=[
                RetentionDay(
                    day=one.day, on_day=_share(one.on_day, NONE_MATURE), from_day=_share(one.from_day, NONE_MATURE)
                )
                for one in curve.days
            ],
            brackets=[
                RetentionBracket(
                    first_day=one.first_day, last_day=one.last_day, present=_share(one.present, NONE_MATURE)
                )
                for one in curve.brackets
            ],
        )


class PeriodSilence(WholePeriod):
    """Members who left in a period: dated the day after the last of so many silent days."""

    left: int = Field(examples=[5])
    won_back: ShareShown = Field(
        description="Of those who left in it and whose days to come back are over, who did in time"
    )
    waiting: int = Field(description="Of those who left, whose days to come back are not over", examples=[0])
    returned: int = Field(description="Came back in it, whenever they had left", examples=[2])

    @classmethod
    def shown(cls, span: Span, silence: Silence, *, today: date) -> Self:
        """A period's silence as the API shows it."""
        return cls(
            starts_on=span.starts_on,
            ends_on=span.ends_on,
            is_over=span.ends_on < today,
            left=silence.left,
            won_back=_share(silence.won_back, NONE_MATURE),
            waiting=silence.waiting,
            returned=silence.returned,
        )


class ChannelActivation(BaseModel):
    channel: str = Field(description="Of the first event", examples=["forum"])
    new_members: int = Field(examples=[40])
    activated: ShareShown
    waiting: int = Field(description="Whose days to be activated are not over", examples=[3])

    @classmethod
    def shown(cls, activation: Activation) -> Self:
        """A channel's newcomers as the API shows them."""
        return cls(
            channel=activation.channel,
            new_members=activation.newcomers,
            activated=_share(activation.activated, NONE_MATURE),
            waiting=activation.waiting,
        )


class PeriodActivation(WholePeriod):
    """Members who were new in a period, and who of them took part within so many days of their first event."""

    new_members: int = Field(examples=[40])
    activated: ShareShown = Field(description="Of those whose days are over")
    waiting: int = Field(description="Whose days are not over", examples=[3])
    channels: list[ChannelActivation]

    @classmethod
    def shown(cls, span: Span, channels: list[Activation], *, today: date) -> Self:
        """A period's newcomers as the API shows them."""
        share = Share(sum(one.activated.number for one in channels), sum(one.activated.of for one in channels))
        return cls(
            starts_on=span.starts_on,
            ends_on=span.ends_on,
            is_over=span.ends_on < today,
            new_members=sum(one.newcomers for one in channels),
            activated=_share(share, NONE_MATURE),
            waiting=sum(one.waiting for one in channels),
            channels=[ChannelActivation.shown(one) for one in channels],
        )
