"""The HTTP route of what there is in all."""

from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.analytics.periods.api import Reader
from services.analytics.summary import domain, store
from shared.http import Conn, problem_responses

router = APIRouter(tags=["analytics"])


class StateTotal(BaseModel):
    state: str = Field(examples=["confirmed"])
    number: int
    points: int

    @classmethod
    def of_redemptions(cls, total: domain.RedemptionTotal) -> Self:
        """A total of redemptions as the API shows it."""
        return cls(state=total.state, number=total.number, points=total.points)


class PayoutTotal(StateTotal):
    amount_minor: int = Field(description="In the currency's minor unit")
    currency: str = Field(examples=["EUR"])

    @classmethod
    def of_payouts(cls, total: domain.PayoutTotal) -> Self:
        """A total of payouts as the API shows it."""
        return cls(
            state=total.state,
            number=total.number,
            points=total.points,
            amount_minor=total.amount_minor,
            currency=total.currency,
        )


class Summary(BaseModel):
    """What there is in all."""

    members: int
    events: int = Field(description="Participation: without retractions and what was retracted")
    rejections: int
    awards: int
    awards_taken_back: int = Field(description="Of the awards, those that amount to nothing now")
    amendments: int = Field(description="How often what an award amounts to has changed")
    points: int = Field(description="What the awards amount to now")
    granted: int = Field(description="Badges and levels granted")
    taken_back: int = Field(description="Badges and levels taken back")
    redemptions: list[StateTotal]
    payouts: list[PayoutTotal]

    @classmethod
    def of(cls, summary: domain.Summary) -> Self:
        """A summary as the API shows it."""
        return cls(
            members=summary.members,
            events=summary.events,
            rejections=summary.rejections,
            awards=summary.awards,
            awards_taken_back=summary.awards_taken_back,
            amendments=summary.amendments,
            points=summary.points,
            granted=summary.granted,
            taken_back=summary.taken_back,
            redemptions=[StateTotal.of_redemptions(total) for total in summary.redemptions],
            payouts=[PayoutTotal.of_payouts(total) for total in summary.payouts],
        )


@router.get("/v1/summary", summary="What there is in all", responses=problem_responses())
async def get_summary(principal: Reader, conn: Conn) -> Summary:
    """Totals of the community, as far as the topics have been read."""
    return Summary.of(await store.load_summary(conn, community=principal.community))
