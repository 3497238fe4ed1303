"""What a campaign gives for claims: never more than its budget has, and not faster than its pacing says.

The sum of its awards is what it spent, at every instant: what an award amounts to more is taken from the budget
before it is told, and what it amounts to less is given back. What was declined stays so: the claim has a ceiling
from then on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from services.scoring.limits.domain.claims import Ceiling, Claim
from services.scoring.limits.domain.windows import monday
from services.scoring.rules.domain.campaigns import closes_at
from shared.contracts.drawing import is_drawn
from shared.contracts.programme import Campaign

#: The part of a campaign's books that is all of it.
ALL = "all"
_NAMESPACE: Final = UUID("5b0f3a52-8f65-5c1b-9a0c-7a2f6f0d3c17")
#: Community, id of the campaign.
CampaignKey = tuple[str, str]


class UnknownCampaignError(Exception):
    """The programme in force has no such campaign."""


class BookState(StrEnum):
    """Whether it gives anything: not when its pacing braked it, or a person stopped it."""

    RUNNING = "running"
    BRAKED = "braked"
    STOPPED = "stopped"


class Phase(StrEnum):
    """Where a campaign stands as a person sees it."""

    PLANNED = "planned"
    RUNNING = "running"
    SLOWED = "slowed"
    BRAKED = "braked"
    STOPPED = "stopped"
    #: It has given all that there is.
    EXHAUSTED = "exhausted"
    #: Its last day is over; what arrives late still counts.
    LATE = "late"
    CLOSED = "closed"


class Turned(StrEnum):
    """What became of a campaign: it stopped giving, or gives again."""

    BRAKED = "braked"
    STOPPED = "stopped"
    RESUMED = "resumed"
    EXHAUSTED = "exhausted"
    REPLENISHED = "replenished"


class Standing(NamedTuple):
    """What of a campaign is told when it changes."""

    state: BookState
    is_let_go: bool
    is_exhausted: bool


class Turn(NamedTuple):
    """Something that became of a campaign, the how manieth time; the person is who brought it about, if any."""

    community: str
    campaign_id: str
    revision: int
    what: Turned
    standing: Standing
    at: datetime
    spent_points: int
    person_id: str | None = None
    person_name: str | None = None
    reason: str | None = None

    @property
    def fact_id(self) -> str:
        """The id of its fact: the same whenever it is told."""
        return str(uuid5(_NAMESPACE, f"{self.community}|{self.campaign_id}|{self.revision}"))


@dataclass(slots=True)
class Books:
    """What a campaign spent, in points by part, and the state it is in; `last_day` is the last that it gave on.

    `is_exhausted` once its budget is spent, and `revision` how often something became of it that was told.

    `declined` is how often it gave less than was asked, by why.
    """

    state: BookState = BookState.RUNNING
    is_slowed: bool = False
    is_let_go: bool = False
    last_day: date | None = None
    changed_at: datetime | None = None
    changed_by_person: str | None = None
    changed_by: str | None = None
    reason: str | None = None
    revision: int = 0
    is_exhausted: bool = False
    closes_at: datetime | None = None
    spent: dict[str, int] = field(default_factory=dict)
    declined: dict[Ceiling, int] = field(default_factory=dict)

    @property
    def standing(self) -> Standing:
        """What is told of it when it changes."""
        return Standing(self.state, self.is_let_go, self.is_exhausted)

    def add(self, parts: Iterable[str], points: int) -> None:
        """Count points as spent, or (below 0) as given back."""
        for part in parts:
            self.spent[part] = self.spent.get(part, 0) + points

    def left(self, bounds: Mapping[str, int]) -> int:
        """What fits into all of these parts."""
        return max(0, min(bound - self.spent.get(part, 0) for part, bound in bounds.items()))


def parts_of(rule_id: str, day: date, week: date | None) -> tuple[str, ...]:
    """The parts of the books that an award is in; `week` is the first day of its week, where it says one."""
    return ALL, f"rule:{rule_id}", f"day:{day}", f"week:{week or monday(day)}"


def parts_of_claim(claim: Claim) -> tuple[str, ...]:
    """The parts of the books that a claim is in."""
    return parts_of(claim.rule_id, claim.local_day, claim.week)


def bounds_of(campaign: Campaign, parts: tuple[str, ...]) -> dict[str, int]:
    """What may be spent in each part that has a budget."""
    everything, rule, day, week = parts
    bounds = {everything: campaign.budget.points}
    for one in campaign.budget.per_rule or ():
        if rule == f"rule:{one.rule}":
            bounds[rule] = one.points
    if campaign.budget.per_day is not None:
        bounds[day] = campaign.budget.per_day
    if campaign.budget.per_week is not None:
        bounds[week] = campaign.budget.per_week
    return bounds


def limited(campaign: Campaign, points: int | None) -> Campaign:
    """A campaign that may come to no more than its wallet lets it (None: no wallet pays it)."""
    if points is None or points >= campaign.budget.points:
        return campaign
    return campaign.model_copy(update={"budget": campaign.budget.model_copy(update={"points": max(0, points)})})


def days_of(campaign: Campaign, until: date) -> tuple[int, int]:
    """How many of a campaign's days there are until a day, that one too, and how many in all."""
    starts, ends = date.fromisoformat(campaign.starts), date.fromisoformat(campaign.ends)
    return (min(max(until, starts), ends) - starts).days + 1, (ends - starts).days + 1


def pace_percent(campaign: Campaign, spent: int, until: date) -> int:
    """What was spent until a day, in percent of what an even spending would have come to."""
    days, in_all = days_of(campaign, until)
    return spent * in_all * 100 // (max(1, campaign.budget.points) * days)


def is_too_fast(campaign: Campaign, spent: int, until: date) -> bool:
    """Whether it spends faster than its pacing allows."""
    pacing = campaign.pacing
    if pacing is None or spent * 100 < pacing.from_percent * campaign.budget.points:
        return False
    days, in_all = days_of(campaign, until)
    return spent * in_all * 100 > pacing.ratio_percent * campaign.budget.points * days


def give(claims: Iterable[Claim], campaigns: Mapping[int, Campaign], books: Books) -> None:
    """Spend on claims of one campaign what they amount to more than was told; what is not there is their ceiling.

    `campaigns` has what each version of the programme says of it. What is given back is counted first; the others
    have their turn by event time.
    """
    asking = []
    for claim in claims:
        more = claim.due - claim.told
        if more < 0:
            books.add(parts_of_claim(claim), more)
        elif more > 0:
            asking.append(claim)
    for claim in sorted(asking, key=lambda one: one.order):
        asked = claim.due - claim.told
        parts = parts_of_claim(claim)
        campaign = campaigns.get(claim.programme_version)
        given, why = _given(claim, asked, parts, campaign, books)
        if given < asked:
            claim.ceiling, claim.ceiling_by = claim.told + given, why
            books.declined[why] = books.declined.get(why, 0) + 1
        if given:
            books.add(parts, given)
            books.last_day = max(books.last_day or claim.local_day, claim.local_day)

    if campaigns:
        newest = campaigns[max(campaigns)]
        # Of one whose programme says no pace any more none is asked.
        books.is_slowed = books.is_slowed and newest.pacing is not None and newest.pacing.then == "slow"
        books.is_exhausted = books.spent.get(ALL, 0) >= newest.budget.points
        books.closes_at = closes_at(newest)


def turned(before: Standing, now: Standing) -> list[Turned]:
    """What became of a campaign between two standings."""
    found = []
    if now.state is not before.state:
        found.append(
            {
                BookState.BRAKED: Turned.BRAKED,
                BookState.STOPPED: Turned.STOPPED,
                BookState.RUNNING: Turned.RESUMED,
            }[now.state]
        )
    elif now.is_let_go and not before.is_let_go:
        found.append(Turned.RESUMED)
    if now.is_exhausted != before.is_exhausted:
        found.append(Turned.EXHAUSTED if now.is_exhausted else Turned.REPLENISHED)
    return found


def _given(
    claim: Claim, asked: int, parts: tuple[str, ...], campaign: Campaign | None, books: Books
) -> tuple[int, Ceiling]:
    if books.state is BookState.STOPPED:
        return 0, Ceiling.STOPPED
    if books.state is BookState.BRAKED:
        return 0, Ceiling.PACING
    if campaign is None:
        return 0, Ceiling.BUDGET
    pacing = campaign.pacing
    if pacing is not None and not books.is_let_go:
        today = max(books.last_day or claim.local_day, claim.local_day)
        is_fast = is_too_fast(campaign, books.spent.get(ALL, 0), today)
        books.is_slowed = is_fast and pacing.then == "slow"
        if is_fast and pacing.then == "stop":
            books.state = BookState.BRAKED
            return 0, Ceiling.PACING
        if is_fast and not is_drawn("pace", campaign.id, claim.award_id, percent=pacing.give_percent):
            return 0, Ceiling.PACING
    return min(asked, books.left(bounds_of(campaign, parts))), Ceiling.BUDGET


def phase_of(campaign: Campaign, books: Books, *, today: date, now: datetime) -> Phase:
    """Where a campaign stands on a day of its community."""
    if now >= closes_at(campaign):
        return Phase.CLOSED
    if today > date.fromisoformat(campaign.ends):
        return Phase.LATE
    if books.state is not BookState.RUNNING:
        return Phase(books.state.value)
    if today < date.fromisoformat(campaign.starts):
        return Phase.PLANNED
    if books.spent.get(ALL, 0) >= campaign.budget.points:
        return Phase.EXHAUSTED
    is_slow = campaign.pacing is not None and campaign.pacing.then == "slow"
    return Phase.SLOWED if is_slow and books.is_slowed and not books.is_let_go else Phase.RUNNING


def days_left(campaign: Campaign, today: date) -> int:
    """How many of its days are to come, the present one too."""
    starts, ends = date.fromisoformat(campaign.starts), date.fromisoformat(campaign.ends)
    return max(0, (ends - max(today, starts)) // timedelta(days=1) + 1)
