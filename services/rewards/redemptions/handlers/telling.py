"""What is told of redemptions: facts, messages to their members, and what a command did."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.rewards.lots.domain.lots import LotUse, lots_parts
from services.rewards.metrics import REDEMPTIONS
from services.rewards.redemptions.domain import Redemption, RedemptionState, back_fact_id, fact_id, lots_fact_id
from services.rewards.vouchers.domain import GivenCode
from shared.audit import Did
from shared.contracts.facts import (
    MESSAGE_REQUESTED,
    REDEMPTION_CHANGED,
    REDEMPTION_LOTS,
    REDEMPTION_LOTS_GIVEN_BACK,
    MessageRequestedData,
    RedemptionData,
    RedemptionLotsData,
)
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
                "provider": card.provider.value,
                "product_id": card.product_id,
                "face_minor": card.face_minor,
                "currency": card.currency,
            }
        if codes and (code := codes.get(redemption.redemption_id)) is not None:
            data["code"] = {
                "code_id": code.code_id,
                "key_id": code.sealed_by,
                "hash": code.code_hash.hex(),
            }
        if redemption.order_id is not None:
            data["order_id"] = redemption.order_id
        if redemption.fulfilled_by is not None:
            data["fulfilled_by"] = redemption.fulfilled_by.value
        tx.tell(
            TOPIC,
            REDEMPTION_CHANGED,
            fact_id=fact_id(redemption.redemption_id, redemption.state),
            community=redemption.community,
            subject=redemption.member_id,
            data=data,
        )
        if redemption.state in _TOLD_TO_THEM:
            _ask_for_message(tx, redemption)
        REDEMPTIONS.labels(redemption.state).inc()


#: What a member is written to of, and what their message calls it.
_TOLD_TO_THEM = {
    RedemptionState.CONFIRMED: "confirmed",
    RedemptionState.CANCELLED: "not_given",
    RedemptionState.EXPIRED: "not_given",
}


def _ask_for_message(tx: Transaction, redemption: Redemption) -> None:
    request_id = fact_id(redemption.redemption_id, redemption.state)
    data: MessageRequestedData = {
        "request_id": request_id,
        "kind": "redemption",
        "member_id": redemption.member_id,
        "values": {
            "title": redemption.title,
            "points": str(redemption.points),
            "state": _TOLD_TO_THEM[redemption.state],
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


def tell_lots(
    tx: Transaction, redemption: Redemption, *, lots: Sequence[LotUse], before: int = 0, are_back: bool = False
) -> None:
    """Tell the world which lots a redemption uses, or what of them went back; `before` parts were told already."""
    kind = REDEMPTION_LOTS_GIVEN_BACK if are_back else REDEMPTION_LOTS
    id_of = back_fact_id if are_back else lots_fact_id
    for part, parts, some in lots_parts(lots, before=before):
        data: RedemptionLotsData = {
            "redemption_id": redemption.redemption_id,
            "part": part,
            "parts": parts,
            "lots": [lot.told() for lot in some],
        }
        tx.tell(
            TOPIC,
            kind,
            fact_id=id_of(redemption.redemption_id, part),
            community=redemption.community,
            subject=redemption.member_id,
            data=data,
        )
