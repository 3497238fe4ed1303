"""The receipt of what a member chose: all that became of it, with the transfers that say so."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.rewards.redemptions import domain as redemptions
from services.rewards.redemptions.api.models import UNKNOWN_REDEMPTION, InLanguage, Redemption
from services.rewards.redemptions.handlers.own import find_own
from services.rewards.redemptions.store import load_titles
from services.rewards.refunds.domain import ReceiptLine, RefundState, receipt_of
from services.rewards.refunds.store import load_booked_at, page_of_refunds
from shared.http import MemberId, Principal, Scope, Snapshot, problem_responses, requires
from shared.http.problem_types import UNKNOWN_IDENTITY

#: Of a redemption that was refunded more often the receipt has the last ones.
REFUNDS_MAX_COUNT: Final = 100

router = APIRouter(tags=["redemptions"])
#: Written out where it stands, as clients know it, not as a schema of its own.
EventName = Literal["reserved", "confirmed", "rest_back", "refunded", "cancelled", "expired"]


class ReceiptStep(BaseModel):
    """Something that became of it."""

    event: EventName
    at: datetime
    points: int = Field(description="How many points it moved", examples=[20])
    transfer_id: UUID | None = Field(description="What the books have it as; null where it moved no points")

    @classmethod
    def of(cls, line: ReceiptLine) -> Self:
        """A line as it is answered."""
        return cls.model_validate(line._asdict())


class Receipt(Redemption):
    """A redemption, and all that became of it."""

    steps: list[ReceiptStep] = Field(description="In their order; of refunds the last 100")

    @classmethod
    def with_steps(cls, redemption: redemptions.Redemption, lines: list[ReceiptLine]) -> Self:
        """A receipt as it is answered."""
        return cls(**Redemption.of(redemption).model_dump(), steps=[ReceiptStep.of(line) for line in lines])


@router.get(
    "/v1/members/{member_id}/redemptions/{redemption_id}",
    summary="The receipt of a redemption",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_REDEMPTION),
)
async def get_own_receipt(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_own=True, reads="member_id")],
    conn: Snapshot,
    member_id: MemberId,
    redemption_id: UUID,
    language: InLanguage = None,
) -> Receipt:
    """For the member themselves, too: what it was, what it cost, and each step with its transfer."""
    of = {"community": principal.community, "redemption_id": str(redemption_id)}
    found = await find_own(conn, **of, member_id=str(member_id))
    newest = await page_of_refunds(conn, **of, state=RefundState.DONE, after=None, limit=REFUNDS_MAX_COUNT)
    done = newest[::-1]
    ids = [line.transfer_id for line in receipt_of(found, done) if line.transfer_id is not None]
    booked_at = await load_booked_at(conn, community=principal.community, transfer_ids=ids)
    titles = {}
    if language is not None:
        titles = await load_titles(
            conn, community=principal.community, redemption_ids=[str(redemption_id)], language=language
        )
    receipt = Receipt.with_steps(found, receipt_of(found, done, booked_at=booked_at))
    return receipt.titled(titles)
