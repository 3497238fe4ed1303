"""HTTP routes of campaigns: what they spent, what is left, how fast, and who stops them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.scoring.campaigns.domain.books import (
    ALL,
    Books,
    BookState,
    Phase,
    Turn,
    Turned,
    UnknownCampaignError,
    days_left,
    is_too_fast,
    limited,
    pace_percent,
    phase_of,
)
from services.scoring.campaigns.handlers import turning as handlers
from services.scoring.campaigns.store import books as store
from services.scoring.campaigns.store import wallets as wallet_store
from services.scoring.programmes.domain.publication import Author, Document
from services.scoring.rules.domain.campaigns import closes_at
from shared.contracts.fields import Name, Slug
from shared.contracts.programme import Campaign
from shared.followed_communities import load_calendar
from shared.http import (
    Conn,
    Principal,
    ProblemType,
    Public,
    RequestBody,
    Scope,
    Tx,
    problem_responses,
    requires,
)
from shared.http.problem_types import TOO_MANY_READS

UNKNOWN_CAMPAIGN = ProblemType("unknown-campaign", 404, "The programme in force has no such campaign")

#: Of what became of a campaign so much is shown.
TURNS_MAX_COUNT = 20
#: Where a campaign stands while everybody is told of it.
SHOWN = (Phase.PLANNED, Phase.RUNNING, Phase.SLOWED)

router = APIRouter()

Reader = Annotated[Principal, requires(Scope.PROGRAMMES_READ)]
Manager = Annotated[Principal, requires(Scope.PROGRAMMES_WRITE)]


class CampaignChange(RequestBody):
    """Why a campaign is stopped, or goes on."""

    reason: Name = Field(description="For whoever looks later", examples=["Spent on one thread alone"])


class CampaignRule(BaseModel):
    """A rule of a campaign, and what it spent."""

    rule_id: str = Field(examples=["answer"])
    title: str = Field(examples=["Answered somebody"])
    spent_points: int = Field(examples=[1200])
    budget_points: int | None = Field(description="Null where it has no budget of its own", examples=[5000])


class CampaignDay(BaseModel):
    """A day of a campaign on which it spent something, by the time of the events."""

    day: date
    spent_points: int = Field(examples=[340])


class Worth(BaseModel):
    """What points are worth by the payout terms in force, in minor units, rounded down."""

    currency: str = Field(examples=["EUR"])
    spent_minor: int = Field(examples=[12000])
    budget_minor: int = Field(examples=[50000])


class CampaignItem(BaseModel):
    """A campaign of the programme in force, and its books."""

    campaign_id: str = Field(examples=["spring"])
    title: str = Field(examples=["Spring of answers"])
    description: str | None
    starts: date = Field(description="Its first day, in the community's zone")
    ends: date = Field(description="Its last day")
    closes_at: datetime = Field(description="Until then events of its days count that arrive late")
    days_left: int = Field(description="Of its days, the present one too", examples=[12])
    state: Phase = Field(
        description=(
            "planned, running, slowed (it spends too fast, and declines a share), braked (it spent too fast, and "
            "gives nothing until a person lets it go on), stopped (by a person), exhausted (its budget is spent), "
            "late (its days are over, its books are open), closed"
        )
    )
    budget_points: int = Field(examples=[50000])
    spent_points: int = Field(description="What its awards amount to", examples=[12000])
    left_points: int = Field(examples=[38000])
    per_day_points: int | None = Field(description="What it may spend on one day", examples=[2000])
    per_week_points: int | None = Field(description="What it may spend in one week")
    pace_percent: int = Field(
        description="What is spent, of what an even spending would have come to until today", examples=[112]
    )
    is_too_fast: bool = Field(description="Whether that is more than its pacing allows")
    is_let_go: bool = Field(description="Whether a person let it go on, so that its pace is not asked any more")
    holdout_percent: int = Field(description="Members who get nothing from it, always the same", examples=[10])
    wallet: str | None = Field(description="A name for what is to pay for it: nothing is booked there")
    wallet_points: int | None = Field(
        description="What the wallet that pays it lets it come to in all; null where none does", examples=[51_200]
    )
    worth: Worth | None = Field(description="Null where points are not paid")
    rules: list[CampaignRule]
    changed_at: datetime | None = Field(description="When a person stopped it last, or let it go on")
    changed_by: str | None = Field(examples=["Mia"])
    reason: str | None
    programme_version: int = Field(examples=[3])


class CampaignTurn(BaseModel):
    """Something that became of a campaign."""

    what: Turned = Field(
        description=(
            "braked (it spent too fast), stopped and resumed (by a person), exhausted (its budget is spent), "
            "replenished (an award was taken back, or the budget raised)"
        )
    )
    at: datetime
    spent_points: int = Field(description="What its awards amounted to then", examples=[50000])
    by: str | None = Field(description="Who did it, where a person did", examples=["Mia"])
    reason: str | None = Field(examples=["Spent on one thread alone"])

    @classmethod
    def of(cls, turn: Turn) -> Self:
        """A turn as it is shown."""
        return cls(
            what=turn.what,
            at=turn.at,
            spent_points=turn.spent_points,
            by=turn.person_name,
            reason=turn.reason,
        )


class CampaignShown(CampaignItem):
    """A campaign with what it spent by day, and what became of it."""

    days: list[CampaignDay]
    turns: list[CampaignTurn] = Field(description="The last 20, the newest first")


class RunningCampaign(BaseModel):
    """A campaign as everybody may know of it: not what there is to spend, nor who is left out."""

    campaign_id: str = Field(examples=["spring"])
    title: str = Field(examples=["Spring of answers"])
    description: str | None = Field(examples=["Answers count twice"])
    starts: date = Field(description="Its first day, in the community's zone")
    ends: date = Field(description="Its last day")
    state: Literal["planned", "running"]
    rule_ids: list[str] = Field(description="The rules that give points in it", examples=[["answer"]])


class RunningCampaigns(BaseModel):
    """The campaigns that give points today, or are to; a programme says at most 50."""

    items: list[RunningCampaign]


class Campaigns(BaseModel):
    """The campaigns of the programme in force; it says at most 50."""

    items: list[CampaignItem]


class _Seen:
    """The campaigns of the version in force, and the day that it is in the community."""

    def __init__(
        self, number: int, document: Document, today: date, now: datetime, *, limits: Mapping[str, int]
    ) -> None:
        self.number, self.document, self.today, self.now = number, document, today, now
        self.limits = limits
        self.campaigns = {
            one.id: one for one in (Campaign.model_validate(each) for each in document.get("campaigns") or ())
        }

    @classmethod
    async def by(cls, conn: Conn, community: str, now: datetime) -> Self:
        number, document = await handlers.load_document_in_force(conn, community=community, now=now)
        calendar = await load_calendar(conn, community=community)
        limits = await wallet_store.load_limits_of(conn, community=community)
        return cls(number, document, calendar.day_of(now), now, limits=limits)

    def campaign(self, campaign_id: str) -> Campaign:
        """Raises UnknownCampaignError."""
        if campaign_id not in self.campaigns:
            raise UnknownCampaignError
        return self.campaigns[campaign_id]

    def item(self, one: Campaign, books: Books) -> CampaignItem:
        return CampaignItem(**self._said(one, books))

    def running(self, one: Campaign, books: Books) -> RunningCampaign | None:
        """The campaign as everybody is told of it; None where it gives nothing, and is not to."""
        phase = phase_of(self._limited(one), books, today=self.today, now=self.now)
        if phase not in SHOWN:
            return None
        return RunningCampaign(
            campaign_id=one.id,
            title=one.title,
            description=one.description,
            starts=date.fromisoformat(one.starts),
            ends=date.fromisoformat(one.ends),
            state="planned" if phase is Phase.PLANNED else "running",
            rule_ids=[rule["id"] for rule in self.document["rules"] if rule.get("campaign") == one.id],
        )

    def shown(self, one: Campaign, books: Books, turns: Sequence[Turn]) -> CampaignShown:
        days = [
            CampaignDay(day=date.fromisoformat(part.removeprefix("day:")), spent_points=points)
            for part, points in sorted(books.spent.items())
            if part.startswith("day:") and points
        ]
        return CampaignShown(days=days, turns=[CampaignTurn.of(turn) for turn in turns], **self._said(one, books))

    def _said(self, one: Campaign, books: Books) -> dict[str, Any]:
        spent = books.spent.get(ALL, 0)
        budgets = {each.rule: each.points for each in one.budget.per_rule or ()}
        bound = self._limited(one)
        return {
            "campaign_id": one.id,
            "title": one.title,
            "description": one.description,
            "starts": one.starts,
            "ends": one.ends,
            "closes_at": closes_at(one),
            "days_left": days_left(one, self.today),
            "state": phase_of(bound, books, today=self.today, now=self.now),
            "budget_points": one.budget.points,
            "spent_points": spent,
            "left_points": max(0, bound.budget.points - spent),
            "per_day_points": one.budget.per_day,
            "per_week_points": one.budget.per_week,
            "pace_percent": pace_percent(bound, spent, self.today),
            "is_too_fast": is_too_fast(bound, spent, self.today),
            "is_let_go": books.is_let_go,
            "holdout_percent": one.holdout_percent or 0,
            "wallet": one.wallet,
            "wallet_points": self.limits.get(one.id),
            "worth": self._worth(one, spent),
            "rules": [
                CampaignRule(
                    rule_id=rule["id"],
                    title=rule["title"],
                    spent_points=books.spent.get(f"rule:{rule['id']}", 0),
                    budget_points=budgets.get(rule["id"]),
                )
                for rule in self.document["rules"]
                if rule.get("campaign") == one.id
            ],
            "changed_at": books.changed_at,
            "changed_by": books.changed_by,
            "reason": books.reason,
            "programme_version": self.number,
        }

    def _limited(self, one: Campaign) -> Campaign:
        return limited(one, self.limits.get(one.id))

    def _worth(self, one: Campaign, spent: int) -> Worth | None:
        payout: Mapping[str, Any] | None = (self.document.get("rewards") or {}).get("payout")
        if payout is None:
            return None
        spent_minor, budget_minor = (
            points * payout["minor"] // payout["points"] for points in (spent, one.budget.points)
        )
        return Worth(currency=payout["currency"], spent_minor=spent_minor, budget_minor=budget_minor)


@router.get("/v1/campaigns", summary="Campaigns, and what they spent", responses=problem_responses())
async def get_campaigns(principal: Reader, conn: Conn) -> Campaigns:
    """Those of the programme in force. What was spent is what their awards amount to now."""
    seen = await _Seen.by(conn, principal.community, datetime.now(UTC))
    books = await store.load_books(conn, community=principal.community, with_days=False)
    return Campaigns(
        items=[seen.item(one, books.get(one.id, Books())) for one in seen.campaigns.values()],
    )


@router.get(
    "/v1/running-campaigns",
    summary="Campaigns that give points now, or are to",
    responses=problem_responses(TOO_MANY_READS),
)
async def get_running_campaigns(
    principal: Annotated[Principal, requires(Scope.PROGRAMMES_READ, or_member=True, public=Public.PROGRAMME)],
    conn: Conn,
) -> RunningCampaigns:
    """As members are told of them: what is over, stopped, or has spent its budget is in none of it."""
    seen = await _Seen.by(conn, principal.community, datetime.now(UTC))
    books = await store.load_books(conn, community=principal.community, with_days=False)
    found = [seen.running(one, books.get(one.id, Books())) for one in seen.campaigns.values()]
    return RunningCampaigns(items=[one for one in found if one is not None])


@router.get(
    "/v1/campaigns/{campaign_id}",
    summary="A campaign, and what it spent by day",
    responses=problem_responses(UNKNOWN_CAMPAIGN),
)
async def get_campaign(principal: Reader, campaign_id: Slug, conn: Conn) -> CampaignShown:
    """Days are those of the events, in the community's zone."""
    seen = await _Seen.by(conn, principal.community, datetime.now(UTC))
    one = seen.campaign(campaign_id)
    books = await store.load_books(conn, community=principal.community)
    turns = await store.load_turns(conn, key=(principal.community, campaign_id), limit_count=TURNS_MAX_COUNT)
    return seen.shown(one, books.get(one.id, Books()), turns)


@router.post(
    "/v1/campaigns/{campaign_id}/stop", summary="Stop a campaign", responses=problem_responses(UNKNOWN_CAMPAIGN)
)
async def stop_campaign(principal: Manager, campaign_id: Slug, tx: Tx, wanted: CampaignChange) -> CampaignItem:
    """It gives nothing from now on; what it gave stays. One person is enough. Stopping again changes nothing."""
    return await _change(principal, campaign_id, tx, wanted, BookState.STOPPED)


@router.post(
    "/v1/campaigns/{campaign_id}/resume",
    summary="Let a campaign go on",
    responses=problem_responses(UNKNOWN_CAMPAIGN),
)
async def resume_campaign(principal: Manager, campaign_id: Slug, tx: Tx, wanted: CampaignChange) -> CampaignItem:
    """It gives again, whatever its pace, within its budget. What it declined meanwhile it does not give."""
    return await _change(principal, campaign_id, tx, wanted, BookState.RUNNING)


async def _change(
    principal: Principal, campaign_id: str, tx: Tx, wanted: CampaignChange, to: BookState
) -> CampaignItem:
    seen = await _Seen.by(tx.conn, principal.community, tx.now)
    one = seen.campaign(campaign_id)
    by = Author(principal.person_id, principal.person_name, principal.credential)
    await handlers.change(
        tx, community=principal.community, campaign_id=campaign_id, to=to, reason=wanted.reason, by=by
    )
    books = await store.load_books(tx.conn, community=principal.community, with_days=False)
    return seen.item(one, books[campaign_id])
