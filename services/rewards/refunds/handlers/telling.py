"""What is told of refunds, and what a command did to one."""

from collections.abc import Sequence

from services.rewards.lots.domain.lots import LotUse
from services.rewards.metrics import REDEMPTIONS, REFUNDED_POINTS, REFUNDS
from services.rewards.redemptions.domain import Redemption
from services.rewards.redemptions.handlers.telling import ask_for_message, data_of, tell_lots_back
from services.rewards.refunds.domain import Goods, Refund, Refunded, refund_fact_id
from shared.audit import Did
from shared.contracts.facts import REDEMPTION_CHANGED
from shared.topics import REDEMPTIONS as TOPIC
from shared.transaction import Transaction


def did(verb: str, redemption: Redemption, refund: Refund) -> Did:
    """What a command did to a refund; its reason stays where it is."""
    after = {
        "refund_id": refund.refund_id,
        "points": refund.points,
        "goods": refund.goods,
        "state": refund.state,
        "asks_provider": refund.asks_provider,
    }
    before = {"state": redemption.state, "refunded_points": redemption.refunded_points}
    return Did(f"redemption.{verb}", "redemption", redemption.redemption_id, redemption.member_id, before, after)


def tell_refunded(
    tx: Transaction, redemption: Redemption, *, refund: Refunded, lots: Sequence[LotUse], before: int
) -> None:
    """Tell the world, and its member, that a redemption was refunded, and to which lots the points went back.

    `before` parts of such lists were told already.
    """
    tell_lots_back(tx, redemption, lots=lots, before=before, refund_id=refund.refund_id)
    data = data_of(redemption)
    data["refund"] = {
        "refund_id": refund.refund_id,
        "points": refund.points,
        "number": refund.number,
        "is_returned": refund.goods is Goods.RETURNED,
    }
    made = refund_fact_id(redemption.redemption_id, refund.refund_id)
    tx.tell(
        TOPIC,
        REDEMPTION_CHANGED,
        fact_id=made,
        community=redemption.community,
        subject=redemption.member_id,
        data=data,
    )
    ask_for_message(tx, redemption, request_id=made, points=refund.points, said="refunded")
    REDEMPTIONS.labels(redemption.state).inc()
    REFUNDS.labels("done").inc()
    REFUNDED_POINTS.inc(refund.points)
