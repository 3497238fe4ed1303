"""What is told of redemptions: facts, messages to their members, and what a command did."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from services.rewards.lots.domain.lots import LotUse, lots_parts
from services.rewards.metrics import REDEMPTIONS
from services.rewards.redemptions.domain import (
    Redemption,
    RedemptionState,
    back_fact_id,
    fact_id,
    lots_fact_id,
)
from services.rewards.vouchers.domain import GivenCode
from shared.audit import Did
from shared.contracts.facts import (
    MESSAGE_REQUESTED,
    REDEMPTION_CHANGED,
    REDEMPTION_LOTS,
    REDEMPTION_LOTS_GIVEN_BACK,
    MessageRequestedData,
    RedemptionData,
    RedemptionLotsBackData,
    RedemptionLotsData,
)
from shared.contracts.facts.redemptions import OfGoods
from shared.topics import MESSAGES
from shared.topics import REDEMPTIONS as TOPIC
from shared.transaction import Transaction


def did(command: str, redemption: Redemption, before: Mapping[str, Any] | None, *, state: RedemptionState) -> Did:
    """What a command did to a redemption, which is in `state` now."""
    after = {"state": state, "reward_id": redemption.reward_id, "points": redemption.points}
    member_id = redemption.member_id
    return Did(command, "redemption", redemption.redemption_id, member_id, before, after)


def tell(
    tx: Transaction, redemptions: Sequence[Redemption], *, codes: Mapping[str, GivenCode] | None = None
) -> None:
    """Tell the world which states redemptions reached, and which codes were given, never what they say."""
    for redemption in redemptions:
        code = codes.get(redemption.redemption_id) if codes else None
        tx.tell(
            TOPIC,
            REDEMPTION_CHANGED,
            fact_id=fact_id(redemption.redemption_id, redemption.state),
            community=redemption.community,
            subject=redemption.member_id,
            data=data_of(redemption, code=code),
        )
        if redemption.state in _TOLD_TO_THEM:
            request_id = fact_id(redemption.redemption_id, redemption.state)
            said = _TOLD_TO_THEM[redemption.state]
            ask_for_message(tx, redemption, request_id=request_id, points=redemption.points, said=said)
        REDEMPTIONS.labels(redemption.state).inc()


def data_of(redemption: Redemption, *, code: GivenCode | None = None) -> RedemptionData:
    """What a fact says of a redemption."""
    data: RedemptionData = {
        "redemption_id": redemption.redemption_id,
        "member_id": redemption.member_id,
        "reward_id": redemption.reward_id,
        "title": redemption.title,
        "points": redemption.points,
        "state": redemption.state.value,
        "expires_at": redemption.expires_at,
        "by": redemption.changed_by,
    }
    if redemption.reserved_points is not None:
        data["reserved_points"] = redemption.reserved_points
    if redemption.card is not None:
        card = redemption.card
        data["card"] = {
            "provider": cast(OfGoods, card.provider.value),
            "product_id": card.product_id,
            "face_minor": card.face_minor,
            "currency": card.currency,
        }
    if code is not None:
        data["code"] = {"code_id": code.code_id, "key_id": code.sealed_by, "hash": code.code_hash.hex()}
    if redemption.order_id is not None:
        data["order_id"] = redemption.order_id
    if redemption.fulfilled_by is not None:
        data["fulfilled_by"] = redemption.fulfilled_by.value
    if redemption.refunded_points:
        data["refunded_points"] = redemption.refunded_points
    return data


#: What a member is written to of, and what their message calls it.
_TOLD_TO_THEM = {
    RedemptionState.CONFIRMED: "confirmed",
    RedemptionState.CANCELLED: "not_given",
    RedemptionState.EXPIRED: "not_given",
}


def ask_for_message(tx: Transaction, redemption: Redemption, *, request_id: str, points: int, said: str) -> None:
    """Have its member written to of a redemption."""
    data: MessageRequestedData = {
        "request_id": request_id,
        "kind": "redemption",
        "member_id": redemption.member_id,
        "values": {
            "title": redemption.title,
            "points": str(points),
            "state": said,
        },
    }
    tx.tell(
        MESSAGES,
        MESSAGE_REQUESTED,
        fact_id=request_id,
        community=redemption.community,
        subject=redemption.member_id,
        data=data,
    )


def tell_lots(tx: Transaction, redemption: Redemption, *, lots: Sequence[LotUse], before: int = 0) -> None:
    """Tell the world which lots a redemption uses; `before` parts were told already."""
    for part, parts, some in lots_parts(lots, before=before):
        data: RedemptionLotsData = {
            "redemption_id": redemption.redemption_id,
            "part": part,
            "parts": parts,
            "lots": [lot.told() for lot in some],
        }
        tx.tell(
            TOPIC,
            REDEMPTION_LOTS,
            fact_id=lots_fact_id(redemption.redemption_id, part),
            community=redemption.community,
            subject=redemption.member_id,
            data=data,
        )


def tell_lots_back(
    tx: Transaction,
    redemption: Redemption,
    *,
    lots: Sequence[LotUse],
    before: int = 0,
    refund_id: str | None = None,
) -> None:
    """Tell the world what went back to the lots of a redemption, by a refund or as the rest when a part was spent.

    `before` parts were told already.
    """
    for part, parts, some in lots_parts(lots, before=before):
        data: RedemptionLotsBackData = {
            "redemption_id": redemption.redemption_id,
            "part": part,
            "parts": parts,
            "lots": [lot.told() for lot in some],
        }
        if refund_id is not None:
            data["refund_id"] = refund_id
        tx.tell(
            TOPIC,
            REDEMPTION_LOTS_GIVEN_BACK,
            fact_id=back_fact_id(redemption.redemption_id, part),
            community=redemption.community,
            subject=redemption.member_id,
            data=data,
        )
