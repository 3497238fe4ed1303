"""HTTP routes of what campaigns bring about."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from services.analytics.effects import domain, store
from services.analytics.effects.domain import (
    EffectPlace,
    EffectState,
    PaidPoints,
    by_audience,
    costs,
    difference_of,
    is_too_small,
    members_needed,
    priced,
)
from services.analytics.lift.domain import rounded
from services.analytics.periods.api import Reader
from services.analytics.settings import Settings
from shared.contracts.fields import Slug
from shared.http import Conn, Limit, Page, Problem, ProblemType, after, configured, problem_responses
from shared.http.problem_types import INVALID_CURSOR

UNMEASURED_CAMPAIGN = ProblemType("unmeasured-campaign", 404, "The campaign is not measured")

router = APIRouter(tags=["analytics"])

OwnSettings = Annotated[Settings, configured(Settings)]
Wished = Annotated[
    float,
    Query(
        gt=0,
        le=100,
        description="The difference that would be worth it, in percentage points",
    ),
]


class EffectArm(BaseModel):
    """Members who could get something from a campaign, or who were held out."""

    members: int = Field(description="Who was active in the days before it; each person once", examples=[4500])
    active: int = Field(description="Those of them active in the days looked at", examples=[540])
    share_percent: float | None = Field(description="Null of nobody", examples=[12.0])

    @classmethod
    def of(cls, members: int, active: int) -> Self:
        """An arm as the API shows it."""
        return cls(
            members=members, active=active, share_percent=round(100 * active / members, 2) if members else None
        )


class EffectCost(BaseModel):
    """What each of them cost in a currency, where points are paid out."""

    currency: str = Field(examples=["EUR"])
    point_minor: float = Field(
        description="What a point came to on average in payouts that went through, in minor units", examples=[1.0]
    )
    each_minor: float | None = Field(description="Null where it brought nobody", examples=[2000.0])
    each_minor_low: float | None = Field(examples=[1108.0])
    each_minor_high: float | None = Field(description="Null where there is no upper end", examples=[248073.0])

    @classmethod
    def of(cls, cost: domain.Cost) -> Self:
        """A cost as the API shows it."""
        return cls(
            currency=cost.currency,
            point_minor=round(cost.point_minor, 4),
            each_minor=_cents(cost.each_minor),
            each_minor_low=_cents(cost.each_minor_low),
            each_minor_high=_cents(cost.each_minor_high),
        )


class EffectPrice(BaseModel):
    """Members who were active for the campaign, with 95 % intervals, and what each of them cost in points."""

    additional: float = Field(examples=[135.0])
    additional_low: float = Field(examples=[0.9])
    additional_high: float = Field(examples=[243.7])
    points: int = Field(description="What awards of its rules amount to", examples=[2700])
    points_each: float | None = Field(description="Null where it brought nobody", examples=[20.0])
    points_each_low: float | None = Field(examples=[11.08])
    points_each_high: float | None = Field(
        description="Null where there may be nobody: then it has no upper end", examples=[2480.73]
    )
    costs: list[EffectCost] = Field(description="The same in each currency in which points were paid out")


class AudienceEffectShown(BaseModel):
    """What a campaign brings about among who was in an audience when the days looked at began.

    Who is in several audiences is in each. The interval is wider than that of the campaign, for it is one of as
    many as are compared: together they hold what is true in 95 of 100 campaigns or more (Bonferroni).
    """

    audience_id: Slug = Field(examples=["helpers"])
    title: str = Field(examples=["Helpers"])
    treated: EffectArm
    held_out: EffectArm
    left_out_members: int = Field(
        description="Who are one person with somebody drawn otherwise, and count in neither", examples=[0]
    )
    verdict: Literal["more", "fewer", "too_small_to_tell", "nothing_yet"] | None = Field(
        description="Null until the campaign is over"
    )
    difference_points: float | None = Field(description="In percentage points", examples=[4.1])
    low_points: float | None = Field(description="Newcombe's interval, for so many comparisons", examples=[-0.7])
    high_points: float | None = Field(examples=[8.2])
    detectable_points: float | None = Field(
        description="The smallest difference that so many members show in four of five cases", examples=[6.4]
    )
    is_too_small: bool = Field(description="That is more than what would be worth it: it cannot be told")

    @classmethod
    def of(cls, effect: domain.AudienceEffect, *, wished: float, is_over: bool) -> Self:
        """An audience as the API shows it."""
        counts, found = effect
        difference, low, high, least = rounded([found.difference, found.low, found.high, found.detectable])
        return cls(
            audience_id=counts.audience_id,
            title=counts.title,
            treated=EffectArm.of(counts.treated, counts.treated_active),
            held_out=EffectArm.of(counts.held_out, counts.held_out_active),
            left_out_members=counts.left_out,
            verdict=found.verdict.value if is_over else None,
            difference_points=difference if is_over else None,
            low_points=low if is_over else None,
            high_points=high if is_over else None,
            detectable_points=least,
            is_too_small=is_too_small(found, wished),
        )


class CampaignEffect(BaseModel):
    """What a campaign brings about: members as they were drawn, and whether they were active.

    Of one that is planned, members are of now and as many days before: what could be seen. Only of one that is
    over there is a verdict.
    """

    campaign_id: Slug = Field(examples=["spring"])
    title: str = Field(examples=["Spring"])
    starts_on: date
    ends_on: date
    holdout_percent: int = Field(examples=[10])
    state: Literal["planned", "running", "over"]
    base_starts_on: date = Field(description="Who was active from here on, and before the days looked at, counts")
    looked_starts_on: date = Field(description="From here on it is looked who was active")
    looked_ends_on: date
    treated: EffectArm
    held_out: EffectArm
    left_out_members: int = Field(
        description="Who are one person with somebody drawn otherwise, and count in neither", examples=[0]
    )
    verdict: Literal["more", "fewer", "too_small_to_tell", "nothing_yet"] | None = Field(
        description="Null until it is over: who looks early finds what is not there"
    )
    difference_points: float | None = Field(description="In percentage points", examples=[3.0])
    low_points: float | None = Field(description="Newcombe's interval at 95 %", examples=[0.02])
    high_points: float | None = Field(examples=[5.41])
    detectable_points: float | None = Field(
        description="The smallest difference that so many members show in four of five cases", examples=[3.78]
    )
    is_too_small: bool = Field(description="That is more than what would be worth it: it cannot be told")
    needed_members: int | None = Field(
        description="So many in both arms would show it in four of five cases; null where nobody is held out",
        examples=[2_876],
    )
    price: EffectPrice | None = Field(description="Null until it is over")
    audiences: list[AudienceEffectShown] = Field(
        description="The same by audience, the largest first; of fewer members than"
        " `PLAUDIT_SLICE_MEMBERS_MIN_COUNT` none, and at most `PLAUDIT_SLICES_MAX_COUNT` audiences"
    )
    measured_at: datetime

    @classmethod
    def of(
        cls, effect: domain.Effect, *, wished: float, paid: Sequence[PaidPoints], members_min_count: int
    ) -> Self:
        """An effect as the API shows it."""
        campaign, windows, counts = effect.campaign, effect.windows, effect.counts
        found = difference_of(counts)
        is_over = windows.state is EffectState.OVER
        difference, low, high, least = rounded([found.difference, found.low, found.high, found.detectable])
        price = priced(counts, found) if is_over else None
        return cls(
            campaign_id=campaign.campaign_id,
            title=campaign.title,
            starts_on=campaign.starts_on,
            ends_on=campaign.ends_on,
            holdout_percent=campaign.holdout_percent,
            state=windows.state.value,
            base_starts_on=windows.base.starts_on,
            looked_starts_on=windows.looked_at.starts_on,
            looked_ends_on=windows.looked_at.ends_on,
            treated=EffectArm.of(counts.treated, counts.treated_active),
            held_out=EffectArm.of(counts.held_out, counts.held_out_active),
            left_out_members=counts.left_out,
            verdict=found.verdict.value if is_over else None,
            difference_points=difference if is_over else None,
            low_points=low if is_over else None,
            high_points=high if is_over else None,
            detectable_points=least,
            is_too_small=is_too_small(found, wished / 100),
            needed_members=members_needed(counts, holdout_percent=campaign.holdout_percent, wished=wished / 100),
            price=None
            if price is None
            else EffectPrice(
                additional=round(price.additional, 1),
                additional_low=round(price.low, 1),
                additional_high=round(price.high, 1),
                points=counts.points,
                points_each=_cents(price.points_each),
                points_each_low=_cents(price.points_each_low),
                points_each_high=_cents(price.points_each_high),
                costs=[EffectCost.of(cost) for cost in costs(price, paid)],
            ),
            audiences=[
                AudienceEffectShown.of(one, wished=wished / 100, is_over=is_over)
                for one in by_audience(effect.audiences, members_min_count=members_min_count)
            ],
            measured_at=effect.measured_at,
        )


def _cents(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


@router.get(
    "/v1/lift/campaigns",
    summary="What each campaign brings about",
    responses=problem_responses(INVALID_CURSOR),
)
async def get_effects(
    principal: Reader,
    conn: Conn,
    settings: OwnSettings,
    place: Annotated[EffectPlace | None, after(EffectPlace)],
    wished_points: Wished = 5.0,
    limit: Limit = 100,
) -> Page[CampaignEffect]:
    """Those that hold members out, by their ids, as they were counted last."""
    found = await store.page_of_effects(
        conn,
        community=principal.community,
        after=None if place is None else place.campaign_id,
        limit_count=limit,
    )
    paid = await store.load_paid(conn, community=principal.community)
    return Page[CampaignEffect].of(
        found,
        limit,
        item=lambda effect: CampaignEffect.of(
            effect, wished=wished_points, paid=paid, members_min_count=settings.slice_members_min_count
        ),
        place=lambda effect: EffectPlace(effect.campaign.campaign_id),
    )


@router.get(
    "/v1/lift/campaigns/{campaign_id}",
    summary="What a campaign brings about",
    responses=problem_responses(UNMEASURED_CAMPAIGN),
)
async def get_effect(
    principal: Reader,
    conn: Conn,
    settings: OwnSettings,
    campaign_id: Annotated[Slug, Path(description="As a programme calls it", examples=["spring"])],
    wished_points: Wished = 5.0,
) -> CampaignEffect:
    """Only one that holds members out is measured; of one for audiences, who was in any of them when it began."""
    found = await store.page_of_effects(
        conn, community=principal.community, after=None, limit_count=1, campaign_id=campaign_id
    )
    if not found:
        raise Problem(
            UNMEASURED_CAMPAIGN,
            f"`{campaign_id}` is not measured: it holds nobody out, or was published this hour",
        )
    paid = await store.load_paid(conn, community=principal.community)
    return CampaignEffect.of(
        found[0], wished=wished_points, paid=paid, members_min_count=settings.slice_members_min_count
    )
