"""Routes of goods, for the members whom they are for."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from services.rewards.fulfilment.api import UNKNOWN_FULFILMENT
from services.rewards.fulfilment.domain import FulfilledBy, FulfilmentState, UnknownFulfilmentError
from services.rewards.fulfilment.store import find_fulfilment, load_changes
from services.rewards.redemptions.api.models import UNKNOWN_REDEMPTION, InLanguage
from services.rewards.redemptions.handlers.own import find_own
from services.rewards.redemptions.store import load_titles
from services.rewards.settings import Settings
from services.rewards.shipping.api.models import (
    ADDRESS_CLOSED,
    Address,
    AddressShown,
    FulfilmentStep,
    OwnFulfilment,
)
from services.rewards.shipping.handlers.addresses import open_addresses, put_address
from services.rewards.vouchers.api import NO_VOUCHER_KEYS
from shared.http import Conn, MemberId, Principal, Scope, Tx, configured, problem_responses, requires
from shared.http.problem_types import UNKNOWN_IDENTITY
from shared.merges import find_head
from shared.postgres import Connection

router = APIRouter(tags=["fulfilments"])


@router.get(
    "/v1/members/{member_id}/redemptions/{redemption_id}/fulfilment",
    summary="Where a member's goods are",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_REDEMPTION, UNKNOWN_FULFILMENT, NO_VOUCHER_KEYS),
)
async def get_own_fulfilment(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_own=True, reads="member_id")],
    conn: Conn,
    settings: Annotated[Settings, configured(Settings)],
    member_id: MemberId,
    redemption_id: UUID,
    language: InLanguage = None,
) -> OwnFulfilment:
    """The receipt of what is sent: each state that it reached. The member alone sees where it goes."""
    own = {"community": principal.community, "redemption_id": str(redemption_id)}
    redemption = await find_own(conn, **own, member_id=str(member_id))
    titles = await load_titles(
        conn, community=principal.community, redemption_ids=[str(redemption_id)], language=language
    )
    goods = await find_fulfilment(conn, **own)
    if goods is None:
        raise UnknownFulfilmentError(str(redemption_id))
    address = None
    if await _is_theirs(conn, principal, member_id=str(member_id)):
        found = await open_addresses(conn, [str(redemption_id)], community=principal.community, settings=settings)
        address = found.get(str(redemption_id))
    return OwnFulfilment(
        redemption_id=redemption_id,
        title=titles.get(str(redemption_id), redemption.title),
        state=goods.state.value,
        fulfilled_by=goods.by.value,
        may_say_where=goods.by is FulfilledBy.HAND and goods.state is FulfilmentState.RESERVED,
        address=None if address is None else AddressShown.of(address),
        reason=goods.reason,
        carrier=goods.parcel.carrier,
        tracking_url=goods.parcel.tracking_url,
        steps=[FulfilmentStep.of(change) for change in await load_changes(conn, **own)],
    )


async def _is_theirs(conn: Connection, principal: Principal, *, member_id: str) -> bool:
    if principal.member_id is None:
        return False
    return await find_head(conn, community=principal.community, member_id=principal.member_id) == member_id


@router.put(
    "/v1/members/{member_id}/redemptions/{redemption_id}/address",
    summary="Say where goods are to be sent",
    status_code=204,
    responses=problem_responses(
        UNKNOWN_IDENTITY, UNKNOWN_REDEMPTION, UNKNOWN_FULFILMENT, ADDRESS_CLOSED, NO_VOUCHER_KEYS
    ),
)
async def put_own_address(
    principal: Annotated[Principal, requires(Scope.REWARDS_WRITE, or_own=True)],
    tx: Tx,
    member_id: MemberId,
    redemption_id: UUID,
    said: Address,
) -> None:
    """For the member themselves, too, as often as they correct it until somebody has the goods in hand.

    It is sealed, seen by whoever has the goods in hand alone, and deleted some time after they were sent.
    """
    await put_address(
        tx,
        said.value(),
        community=principal.community,
        member_id=str(member_id),
        redemption_id=str(redemption_id),
        by=principal.credential,
    )
