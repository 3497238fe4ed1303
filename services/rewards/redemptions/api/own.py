"""Routes of redemptions, for members themselves."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from services.rewards.fulfilment.api import UNDER_WAY
from services.rewards.ledger.api.problems import ALTERED
from services.rewards.redemptions import domain, store
from services.rewards.redemptions.api.models import (
    NO_CODE,
    NOT_CANCELLABLE,
    NOT_THEIRS,
    REFUSALS,
    UNKNOWN_ORDER,
    UNKNOWN_REDEMPTION,
    CodeOfRedemption,
    InLanguage,
    Order,
    OrderRequest,
    OwnRequest,
    Redemption,
)
from services.rewards.redemptions.domain import RedemptionFilter, RedemptionPlace, RedemptionState
from services.rewards.redemptions.handlers.ending import finish
from services.rewards.redemptions.handlers.ordering import place_order
from services.rewards.redemptions.handlers.reserving import find_code, reserve
from services.rewards.settings import Settings
from services.rewards.vouchers.api import NO_VOUCHER_KEYS
from services.rewards.vouchers.domain import NotTheirsError, last_day
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.followed_communities import load_calendar
from shared.http import (
    Conn,
    Limit,
    MemberId,
    Page,
    Principal,
    Scope,
    Tx,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_IDENTITY
from shared.merges import find_head
from shared.postgres import Connection

router = APIRouter(tags=["redemptions"])


@router.post(
    "/v1/members/{member_id}/redemptions",
    summary="Choose a reward",
    status_code=201,
    response_model=Redemption,
    responses=problem_responses(UNKNOWN_IDENTITY, *REFUSALS, KEY_REUSED),
)
async def post_own_redemption(
    principal: Annotated[Principal, requires(Scope.REWARDS_WRITE, or_own=True)],
    tx: Tx,
    member_id: MemberId,
    wanted: OwnRequest,
    idempotency_key: IdempotencyKey,
) -> Response:
    """For the member themselves, too: the points are reserved until somebody of the community confirms."""
    # What others used as their key is no member's to meet.
    own_key = f"{member_id} {idempotency_key}"

    async def work() -> Redemption:
        reserved = await reserve(
            tx,
            community=principal.community,
            member_id=str(member_id),
            reward_id=wanted.reward_id,
            idempotency_key=own_key,
            by=principal.credential,
            command="redemption.choose",
            quote_id=None if wanted.quote_id is None else str(wanted.quote_id),
            seen_points=wanted.points,
        )
        return Redemption.of(reserved)

    key = CommandKey(principal.community, "own-redemption", own_key)
    return await answer_once(tx, Command(key, wanted.model_dump(mode="json")), work=work)


@router.post(
    "/v1/members/{member_id}/orders",
    summary="Choose several rewards at once",
    status_code=201,
    response_model=Order,
    responses=problem_responses(UNKNOWN_IDENTITY, *REFUSALS, KEY_REUSED),
)
async def post_own_order(
    principal: Annotated[Principal, requires(Scope.REWARDS_WRITE, or_own=True)],
    tx: Tx,
    member_id: MemberId,
    wanted: OrderRequest,
    idempotency_key: IdempotencyKey,
) -> Response:
    """All of them are reserved, or none; limits, stock and points are held against all together.

    Each piece is a redemption of its own from then on: it is fulfilled, given up or given back by itself.
    """
    own_key = f"{member_id} {idempotency_key}"

    async def work() -> Order:
        placed = await place_order(
            tx,
            [domain.OrderItem(item.reward_id, item.count) for item in wanted.items],
            community=principal.community,
            member_id=str(member_id),
            points=wanted.points,
            idempotency_key=own_key,
            by=principal.credential,
        )
        return Order.of(placed)

    key = CommandKey(principal.community, "own-order", own_key)
    return await answer_once(tx, Command(key, wanted.model_dump(mode="json")), work=work)


@router.get(
    "/v1/members/{member_id}/orders/{order_id}",
    summary="What a member chose at once",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_ORDER),
)
async def get_own_order(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
    order_id: UUID,
    language: InLanguage = None,
) -> Order:
    """A redemption of each piece, and what became of it."""
    found = await store.load_order(conn, community=principal.community, order_id=str(order_id))
    if not found or str(member_id) not in (
        found[0].member_id,
        await find_head(conn, community=principal.community, member_id=found[0].member_id),
    ):
        raise domain.UnknownOrderError(str(order_id))
    return Order.of(found, await _titles(conn, found, community=principal.community, language=language))


@router.get(
    "/v1/members/{member_id}/redemptions",
    summary="A member's redemptions, newest first",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def list_own_redemptions(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
    place: Annotated[RedemptionPlace | None, after(RedemptionPlace)],
    language: InLanguage = None,
    limit: Limit = 100,
) -> Page[Redemption]:
    """What the member chose, and what became of it."""
    own = RedemptionFilter(None, str(member_id))
    found = await store.page_of_redemptions(conn, own, community=principal.community, after=place, limit=limit)
    titles = await _titles(
        conn, [named.redemption for named in found], community=principal.community, language=language
    )
    return Page.of(
        found,
        limit,
        item=lambda named: Redemption.of(named.redemption).titled(titles),
        place=lambda named: named.redemption.place,
    )


@router.post(
    "/v1/members/{member_id}/redemptions/{redemption_id}/cancel",
    summary="Give a reward up",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_REDEMPTION, NOT_CANCELLABLE, UNDER_WAY, ALTERED),
)
async def cancel_own(
    principal: Annotated[Principal, requires(Scope.REWARDS_WRITE, or_own=True)],
    tx: Tx,
    member_id: MemberId,
    redemption_id: UUID,
) -> Redemption:
    """While it is reserved: the points are available again. For the member themselves, too."""
    cancelled = await finish(
        tx,
        community=principal.community,
        redemption_id=str(redemption_id),
        wanted=RedemptionState.CANCELLED,
        by=principal.credential,
        member_id=str(member_id),
    )
    return Redemption.of(cancelled)


@router.get(
    "/v1/members/{member_id}/redemptions/{redemption_id}/code",
    summary="The code of a voucher",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_REDEMPTION, NO_CODE, NOT_THEIRS, NO_VOUCHER_KEYS),
)
async def get_own_code(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_own=True, reads="member_id")],
    conn: Conn,
    settings: Annotated[Settings, configured(Settings)],
    member_id: MemberId,
    redemption_id: UUID,
    language: InLanguage = None,
) -> CodeOfRedemption:
    """What the member was given, as often as they want to see it: to themselves, signed in, and to nobody else."""
    if principal.member_id is None or (
        await find_head(conn, community=principal.community, member_id=principal.member_id) != str(member_id)
    ):
        raise NotTheirsError
    redemption, opened = await find_code(
        conn,
        community=principal.community,
        member_id=str(member_id),
        redemption_id=str(redemption_id),
        settings=settings,
    )
    titles = await _titles(conn, [redemption], community=principal.community, language=language)
    calendar = await load_calendar(conn, community=principal.community)
    return CodeOfRedemption(
        redemption_id=redemption_id,
        reward_id=redemption.reward_id,
        title=titles.get(redemption.redemption_id, redemption.title),
        code=opened.secret.code,
        pin=opened.secret.pin,
        given_at=opened.given_at,
        expires_at=opened.expires_at,
        expires_on=last_day(opened.expires_at, calendar),
    )


async def _titles(
    conn: Connection, redemptions: Sequence[domain.Redemption], *, community: str, language: str | None
) -> Mapping[str, str]:
    """What redemptions are called in a language, by their ids; none where none is asked for."""
    if language is None:
        return {}
    ids = [redemption.redemption_id for redemption in redemptions]
    return await store.load_titles(conn, community=community, redemption_ids=ids, language=language)
