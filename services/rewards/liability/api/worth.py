"""Routes of liability and breakage: now, of days that were taken, by lot, and how it moved."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated

from fastapi import APIRouter, Query

from services.rewards.liability import handlers
from services.rewards.liability.api.models import (
    NO_POLICY,
    UNKNOWN_DAY,
    Expected,
    LiabilityDay,
    LiabilityLot,
    LiabilityMovement,
    PerPoint,
    PointsLiability,
    SaleDeferral,
    exactly,
)
from services.rewards.liability.domain.days import DayPlace, LotPlace, UnitWorth, UnknownDayError, movement
from services.rewards.liability.domain.policies import RATE_DECIMALS
from services.rewards.liability.domain.valuing import allocated
from services.rewards.liability.store import days as store
from services.rewards.settings import Settings
from shared.contracts.fields import MINOR_UNITS_MAX, POINTS_MAX
from shared.followed_communities import load_calendar
from shared.http import (
    IN_ANSWER,
    Conn,
    Day,
    Limit,
    Page,
    Principal,
    Scope,
    Shown,
    Snapshot,
    after,
    configured,
    problem_responses,
    requires,
)

router = APIRouter(tags=["finance"])

Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
Configured = Annotated[Settings, configured(Settings)]


@router.get("/v1/finance/liability", summary="What points are worth now", responses=problem_responses(NO_POLICY))
async def get_liability(principal: Reader, conn: Snapshot, settings: Configured) -> PointsLiability:
    """Liability and breakage by vintage, from all lots: points are owed from the day they are earned.

    Owed are the points that are outstanding, pending ones too, as far as they are expected to be used; those of
    redemptions that wait are all expected. What was set aside for payouts is owed as money, and not here.
    """
    now = datetime.now(UTC)
    owed = await handlers.value_now(conn, settings, community=principal.community, now=now)
    return PointsLiability.of(owed, as_of=now)


@router.get(
    "/v1/finance/liability/days", summary="Days that were taken, newest first", responses=problem_responses()
)
async def list_liability_days(
    principal: Reader,
    conn: Conn,
    place: Annotated[DayPlace | None, after(DayPlace)],
    limit: Limit = 100,
) -> Page[LiabilityDay]:
    """What points were worth at the end of each day, by what was booked when it was taken, a minute after."""
    found = await store.page_of_days(conn, community=principal.community, after=place, limit=limit)
    return Page.of(found, limit, item=LiabilityDay.of, place=lambda day: day.place)


@router.get(
    "/v1/finance/liability/days/{day}",
    summary="What points were worth at the end of a day",
    responses=problem_responses(UNKNOWN_DAY),
)
async def get_liability_day(principal: Reader, conn: Conn, day: Day) -> PointsLiability:
    """By vintage, as it was booked then; it never changes."""
    owed, taken_at = await handlers.load_day(conn, community=principal.community, day=day)
    return PointsLiability.of(owed, as_of=taken_at)


@router.get(
    "/v1/finance/liability/movement",
    summary="How what is owed moved between two days",
    responses=problem_responses(UNKNOWN_DAY),
)
async def get_liability_movement(
    principal: Reader,
    conn: Conn,
    closing: Annotated[Day, Query(alias="to", description="A day that was taken: until its end")],
    opening: Annotated[
        Day | None, Query(alias="from", description="A day that was taken: from its end; from nothing without it")
    ] = None,
) -> LiabilityMovement:
    """Earned, used, expired, and what the estimate changed; what was before is never restated."""
    community = principal.community
    after_it = await store.find_day(conn, community=community, day=closing)
    before = None if opening is None else await store.find_day(conn, community=community, day=opening)
    if after_it is None or (opening is not None and (before is None or opening > closing)):
        raise UnknownDayError(closing if after_it is None else opening)
    policy = await handlers.load_policy(conn, community=community, policy_id=after_it.policy_id)
    return LiabilityMovement.between(
        movement(before, after_it, policy=policy),
        opening=opening,
        closing=closing,
        currency=policy.terms.currency,
    )


@router.get(
    "/v1/finance/liability/lots",
    summary="Lots with points left, and what they are worth",
    responses=problem_responses(UNKNOWN_DAY),
)
async def list_liability_lots(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ, reads=IN_ANSWER)],
    shown: Shown,
    conn: Snapshot,
    settings: Configured,
    place: Annotated[LotPlace | None, after(LotPlace)],
    limit: Limit = 100,
) -> Page[LiabilityLot]:
    """In the order of their awards' ids; a point is worth what one of its vintage was on the last day taken."""
    community = principal.community
    owed, _ = await handlers.load_day(conn, community=community, day=None)
    calendar = await load_calendar(conn, community=community)
    worths = [UnitWorth.of(one, starts_at=calendar.start_of(one.figures.vintage)) for one in owed.vintages]
    found = []
    if worths:
        found = await store.page_of_lots(
            conn, worths, community=community, after=place, limit=limit, timeout_seconds=settings.liability_seconds
        )
    shown.of(*{lot.member_id for lot in found})
    return Page.of(found, limit, item=LiabilityLot.of, place=lambda lot: lot.place)


@router.get(
    "/v1/finance/deferral", summary="What of a sale is deferred for its points", responses=problem_responses()
)
async def get_deferral(
    principal: Reader,
    price_minor: Annotated[int, Query(ge=1, le=MINOR_UNITS_MAX, description="Of the sale", examples=[80_000])],
    points: Annotated[int, Query(ge=1, le=POINTS_MAX, description="That come with it", examples=[2_000])],
    minor_per_point: Annotated[
        PerPoint, Query(description="What a point that is used is worth by itself", examples=["1.2"])
    ],
    expected_redemption: Annotated[
        Expected, Query(description="Which part of them will be used", examples=["0.8"])
    ],
    stand_alone_minor: Annotated[
        int | None,
        Query(ge=1, le=MINOR_UNITS_MAX, description="What the goods cost without points; the price without it"),
    ] = None,
) -> SaleDeferral:
    """By relative stand-alone prices (IFRS 15, 74 and B39–B42; ASC 606-10-55-42). Nothing is kept."""
    alone = points * Fraction(Decimal(minor_per_point)) * Fraction(Decimal(expected_redemption))
    shares = allocated(price_minor, {"goods": Fraction(stand_alone_minor or price_minor), "points": alone})
    deferred = round(shares["points"])
    per_point = Decimal(round(shares["points"] / points * 10**RATE_DECIMALS)).scaleb(-RATE_DECIMALS)
    return SaleDeferral(
        deferred_minor=deferred, revenue_minor=price_minor - deferred, minor_per_point=exactly(per_point)
    )
