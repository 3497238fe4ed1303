"""Routes of goods, for those who send them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.rewards.fulfilment.api import UNKNOWN_FULFILMENT, WRONG_FULFILMENT
from services.rewards.fulfilment.domain import FulfilmentState, Parcel, UnknownFulfilmentError
from services.rewards.ledger.api.problems import ALTERED
from services.rewards.redemptions.api.models import (
    NOT_CANCELLABLE,
    NOT_CONFIRMABLE,
    UNKNOWN_REDEMPTION,
    Fulfilment,
)
from services.rewards.settings import Settings
from services.rewards.shipping import store
from services.rewards.shipping.api.models import (
    NO_ADDRESS,
    NOT_IN_YOUR_HAND,
    AddressShown,
    Labelled,
    Shipment,
    ToSendShown,
    WhyNot,
)
from services.rewards.shipping.domain import ToSend, ToSendFilter, ToSendPlace
from services.rewards.shipping.handlers import sending
from services.rewards.shipping.handlers.addresses import open_addresses
from services.rewards.vouchers.api import NO_VOUCHER_KEYS
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    Page,
    Principal,
    Scope,
    Shown,
    Tx,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import ABOUT_YOURSELF

router = APIRouter(tags=["fulfilments"])
Reader = Annotated[Principal, requires(Scope.REWARDS_READ, reads=IN_ANSWER)]
Sender = Annotated[Principal, requires(Scope.REWARDS_WRITE)]


@router.get(
    "/v1/fulfilments", summary="Goods that are to be sent, longest waiting first", responses=problem_responses()
)
async def list_fulfilments(
    principal: Reader,
    conn: Conn,
    place: Annotated[ToSendPlace | None, after(ToSendPlace)],
    state: Annotated[
        Fulfilment | None, Query(description="Only those in this state: `reserved` ones wait")
    ] = None,
    mine: Annotated[bool, Query(description="Only those that you have in hand")] = False,
    limit: Limit = 100,
) -> Page[ToSendShown]:
    """Those that are over, too. Where they go is shown to whoever has them in hand alone."""
    person_id = principal.person_id
    wanted = ToSendFilter(FulfilmentState(state) if state else None, person_id if mine else None)
    found = await store.page_of_to_send(conn, wanted, community=principal.community, after=place, limit=limit)
    return Page.of(
        found, limit, item=lambda one: ToSendShown.of(one, person_id=person_id), place=lambda one: one.place
    )


@router.get(
    "/v1/fulfilments/addresses",
    summary="Where the goods go that you have in hand",
    responses=problem_responses(NO_VOUCHER_KEYS),
)
async def list_addresses(
    principal: Annotated[Principal, requires(Scope.REWARDS_WRITE, reads=IN_ANSWER)],
    conn: Conn,
    settings: Annotated[Settings, configured(Settings)],
    place: Annotated[ToSendPlace | None, after(ToSendPlace)],
    redemption: Annotated[UUID | None, Query(description="Only of this redemption")] = None,
    limit: Limit = 100,
) -> Page[Labelled]:
    """For the parcels, or for a shipper's table. Nobody else is shown them."""
    of_one = None if redemption is None else str(redemption)
    wanted = ToSendFilter(FulfilmentState.IN_HAND, principal.person_id, of_one)
    found = await store.page_of_to_send(conn, wanted, community=principal.community, after=place, limit=limit)
    addresses = await open_addresses(
        conn,
        [one.fulfilment.redemption_id for one in found],
        community=principal.community,
        settings=settings,
    )

    def labelled(one: ToSend) -> Labelled:
        address = addresses.get(one.fulfilment.redemption_id)
        return Labelled(
            redemption_id=UUID(one.fulfilment.redemption_id),
            title=one.title,
            address=None if address is None else AddressShown.of(address),
        )

    return Page.of(found, limit, item=labelled, place=lambda one: one.place)


@router.get(
    "/v1/fulfilments/{redemption_id}",
    summary="Goods that are to be sent",
    responses=problem_responses(UNKNOWN_FULFILMENT),
)
async def get_fulfilment(principal: Reader, shown: Shown, conn: Conn, redemption_id: UUID) -> ToSendShown:
    """Where they are, and not where they go."""
    found = await store.find_to_send(conn, community=principal.community, redemption_id=str(redemption_id))
    if found is None:
        raise UnknownFulfilmentError(str(redemption_id))
    shown.of(found.member_id)
    return ToSendShown.of(found, person_id=principal.person_id)


@router.post(
    "/v1/fulfilments/{redemption_id}/take",
    summary="Take goods in hand",
    responses=problem_responses(
        UNKNOWN_REDEMPTION, UNKNOWN_FULFILMENT, ABOUT_YOURSELF, NO_ADDRESS, WRONG_FULFILMENT
    ),
)
async def take(principal: Sender, tx: Tx, redemption_id: UUID) -> ToSendShown:
    """Nobody else sends them meanwhile. Nobody sends what is for themselves; again changes nothing."""
    taken = await sending.take(
        tx,
        community=principal.community,
        redemption_id=str(redemption_id),
        person_id=principal.person_id,
        by=principal.credential,
    )
    return ToSendShown.of(taken, person_id=principal.person_id)


@router.post(
    "/v1/fulfilments/{redemption_id}/put-back",
    summary="Put goods back",
    responses=problem_responses(UNKNOWN_REDEMPTION, UNKNOWN_FULFILMENT, WRONG_FULFILMENT),
)
async def put_back(principal: Sender, tx: Tx, redemption_id: UUID) -> ToSendShown:
    """For others to take, whoever has them in hand. Again changes nothing."""
    back = await sending.put_back(
        tx, community=principal.community, redemption_id=str(redemption_id), by=principal.credential
    )
    return ToSendShown.of(back, person_id=principal.person_id)


@router.post(
    "/v1/fulfilments/{redemption_id}/ship",
    summary="Note that goods are on their way",
    responses=problem_responses(
        UNKNOWN_REDEMPTION, UNKNOWN_FULFILMENT, ABOUT_YOURSELF, NOT_IN_YOUR_HAND, NOT_CONFIRMABLE, ALTERED
    ),
)
async def ship(principal: Sender, tx: Tx, redemption_id: UUID, said: Shipment) -> ToSendShown:
    """By whoever has them in hand: the redemption is confirmed, its points are spent. Again changes nothing."""
    shipped = await sending.ship(
        tx,
        community=principal.community,
        redemption_id=str(redemption_id),
        parcel=Parcel(said.carrier or None, None if said.tracking_url is None else str(said.tracking_url)),
        person_id=principal.person_id,
        by=principal.credential,
    )
    return ToSendShown.of(shipped, person_id=principal.person_id)


@router.post(
    "/v1/fulfilments/{redemption_id}/cannot",
    summary="Say that goods cannot be sent",
    responses=problem_responses(UNKNOWN_REDEMPTION, UNKNOWN_FULFILMENT, NOT_CANCELLABLE, ALTERED),
)
async def cannot(principal: Sender, tx: Tx, redemption_id: UUID, said: WhyNot) -> ToSendShown:
    """The points are available again, and the member reads why. Again changes nothing."""
    failed = await sending.cannot(
        tx,
        community=principal.community,
        redemption_id=str(redemption_id),
        reason=said.reason,
        by=principal.credential,
    )
    return ToSendShown.of(failed, person_id=principal.person_id)
