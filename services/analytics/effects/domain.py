"""What a campaign brought: how many more members were active for it, and what each of them cost.

Members are compared as they were drawn, whether they took part or not, and once, when the campaign is over: who
looks ten times and stops at the first difference finds one in a fifth of the campaigns that do nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Any, Final, NamedTuple

from services.analytics.lift.domain import (
    Z_DETECTED,
    Arm,
    Difference,
    Verdict,
    Z,
    compared,
    detectable,
    z_of,
)
from shared.calendars import Span

#: Whoever was active in so many days before it could have noticed a campaign.
BASE_DAYS: Final = 90
#: A campaign is looked at anew for so long after its last day; then what was found stays.
SETTLED_DAYS: Final = 31


class EffectState(StrEnum):
    """Where a campaign is in its time."""

    PLANNED = "planned"
    RUNNING = "running"
    OVER = "over"


class HeldOutCampaign(NamedTuple):
    """A campaign that leaves some out, as the newest version that has it declares it."""

    campaign_id: str
    title: str
    starts_on: date
    ends_on: date
    holdout_percent: int
    #: Only members of any of these could get something; of none, everybody.
    audiences: tuple[str, ...]
    rule_ids: tuple[str, ...]


class Windows(NamedTuple):
    """Days in which members were there, and days in which it is looked who was active of them."""

    base: Span
    looked_at: Span
    state: EffectState


class EffectCounts(NamedTuple):
    """Members by how they were drawn, those active of them, who is in both, and the points that were given."""

    treated: int
    treated_active: int
    held_out: int
    held_out_active: int
    left_out: int
    points: int


class AudienceCounts(NamedTuple):
    """Those of the members who were in an audience when the days looked at began; `title` is what it is called."""

    audience_id: str
    title: str
    treated: int
    treated_active: int
    held_out: int
    held_out_active: int
    left_out: int

    @property
    def members(self) -> int:
        """Members in both arms."""
        return self.treated + self.held_out


class AudienceEffect(NamedTuple):
    """An audience beside the campaign's others: its interval is that of one in as many comparisons."""

    counts: AudienceCounts
    difference: Difference


@dataclass(frozen=True, slots=True)
class Effect:
    """What was counted of a campaign at a time, in all and of each audience."""

    campaign: HeldOutCampaign
    windows: Windows
    counts: EffectCounts
    measured_at: datetime
    audiences: Sequence[AudienceCounts] = ()


class Priced(NamedTuple):
    """Members who were active for it, and points for each of them; None where there may be none."""

    additional: float
    low: float
    high: float
    points_each: float | None
    points_each_low: float | None
    points_each_high: float | None


class PaidPoints(NamedTuple):
    """What points came to that were paid out in a currency: so many, and so much in its minor unit."""

    currency: str
    points: int
    amount_minor: int


class Cost(NamedTuple):
    """What a member who was active for a campaign cost, in minor units; `low` and `high` may have no end."""

    currency: str
    point_minor: float
    each_minor: float | None
    each_minor_low: float | None
    each_minor_high: float | None


class EffectPlace(NamedTuple):
    """Where a page of campaigns ended."""

    campaign_id: str


def campaigns_of(documents: Sequence[Mapping[str, Any]]) -> list[HeldOutCampaign]:
    """The campaigns that leave somebody out, of documents with `campaigns` and `rules`, oldest first."""
    found: dict[str, HeldOutCampaign] = {}
    for document in documents:
        for one in document["campaigns"] or ():
            if not one.get("holdout_percent"):
                continue
            rules = [rule["id"] for rule in document["rules"] or () if rule.get("campaign") == one["id"]]
            found[one["id"]] = HeldOutCampaign(
                one["id"],
                one["title"],
                date.fromisoformat(one["starts"]),
                date.fromisoformat(one["ends"]),
                one["holdout_percent"],
                tuple(one.get("audiences") or ()),
                tuple(rules),
            )
    return [found[campaign_id] for campaign_id in sorted(found)]


def windows_of(campaign: HeldOutCampaign, today: date) -> Windows:
    """What is looked at today. Of one that is planned, as if it had been in as many days before today."""
    days = timedelta(days=(campaign.ends_on - campaign.starts_on).days + 1)
    if today <= campaign.starts_on:
        starts, last, state = today - days, today - timedelta(days=1), EffectState.PLANNED
    elif today <= campaign.ends_on:
        starts, last, state = campaign.starts_on, today - timedelta(days=1), EffectState.RUNNING
    else:
        starts, last, state = campaign.starts_on, campaign.ends_on, EffectState.OVER
    base = Span(starts - timedelta(days=BASE_DAYS), starts - timedelta(days=1))
    return Windows(base, Span(starts, last), state)


def is_settled(campaign: HeldOutCampaign, measured_on: date) -> bool:
    """Whether what was found on that day stays."""
    return measured_on > campaign.ends_on + timedelta(days=SETTLED_DAYS)


def difference_of(counts: EffectCounts | AudienceCounts, *, z: float = Z) -> Difference:
    """How much more often those were active who could get something from it.

    Where nobody who is held out was active, or all were, a share in between stands for it (Laplace's) when it
    is said what can be seen: a share without variance would say that anything can.
    """
    found = compared(
        Arm(counts.treated, counts.treated, counts.treated_active),
        Arm(counts.held_out, counts.held_out, counts.held_out_active),
        z=z,
    )
    if found.detectable is None or 0 < counts.held_out_active < counts.held_out:
        return found
    base = (counts.held_out_active + 1) / (counts.held_out + 2)
    return replace(found, detectable=detectable(base, counts.treated, counts.held_out, z=z))


def by_audience(audiences: Sequence[AudienceCounts], *, members_min_count: int) -> list[AudienceEffect]:
    """Each audience of which so many members or more are compared, the largest first.

    Who looks at five audiences looks five times. So each interval is wider, that of one in as many comparisons
    (Bonferroni): of campaigns that do nothing, one in twenty at most seems to do something in any audience. How
    many audiences there are follows from who was there before, and from nothing that the campaign did.
    """
    shown = [one for one in audiences if one.members >= members_min_count]
    z = z_of(sum(one.treated > 0 and one.held_out > 0 for one in shown))
    ordered = sorted(shown, key=lambda one: (-one.members, one.audience_id))
    return [AudienceEffect(one, difference_of(one, z=z)) for one in ordered]


def priced(counts: EffectCounts, found: Difference) -> Priced | None:
    """Members who were active for the campaign and points for each. Without both arms None.

    The interval of the price is points ÷ the interval of the members: where that touches zero it has no upper end,
    and where all of it does, no price.
    """
    if found.difference is None or found.low is None or found.high is None:
        return None
    additional, low, high = (counts.treated * one for one in (found.difference, found.low, found.high))

    def each(members: float) -> float | None:
        return counts.points / members if members > 0 else None

    return Priced(additional, low, high, each(additional), each(high), each(low))


def costs(price: Priced, paid: Sequence[PaidPoints]) -> list[Cost]:
    """The price in each currency in which points were paid out, by what a point came to there on average.

    Points that became rewards, or nothing, cost something else: this is what they cost where they are paid out.
    """
    found = []
    for one in paid:
        if one.points <= 0:
            continue
        minor = one.amount_minor / one.points
        each, low, high = (
            None if points is None else points * minor
            for points in (price.points_each, price.points_each_low, price.points_each_high)
        )
        found.append(Cost(one.currency, minor, each, low, high))
    return found


def members_needed(counts: EffectCounts, *, holdout_percent: int, wished: float) -> int | None:
    """So many members in both arms together would show a difference as large as `wished` in four of five cases.

    By the share of those who are held out (Laplace's, where none or all were active); None without any.
    """
    if not counts.held_out or not 0 < holdout_percent < 100 or wished <= 0:
        return None
    base = counts.held_out_active / counts.held_out
    if not 0 < base < 1:
        base = (counts.held_out_active + 1) / (counts.held_out + 2)
    out = holdout_percent / 100
    return ceil((Z_DETECTED / wished) ** 2 * base * (1 - base) * (1 / out + 1 / (1 - out)))


def is_too_small(found: Difference, wished: float) -> bool:
    """Whether so many members would not show a difference as large as `wished` (a share) in four of five cases."""
    return found.verdict is Verdict.NOTHING_YET or found.detectable is None or found.detectable > wished
