"""Redemptions: reserve, then confirm or cancel; what is forgotten expires."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.rewards.catalogue.domain import Offer
from services.rewards.catalogue.handlers import find_offer
from services.rewards.catalogue.store import load_had
from services.rewards.ledger.domain.entries import AlteredError, UnknownMemberError
from services.rewards.ledger.handlers import alarm
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots.domain.lots import LotUse, NotEnoughPointsError, lots_parts
from services.rewards.lots.handlers.uses import carry_out, note_part_back
from services.rewards.lots.store import load_uses
from services.rewards.metrics import REDEMPTIONS, REDEMPTIONS_REFUSED
from services.rewards.programmes.domain import InForce
from services.rewards.redemptions import store
from services.rewards.redemptions.domain import (
    HadEnoughError,
    LevelTooLowError,
    OtherRequestError,
    OutOfStockError,
    OutsideAudienceError,
    Redemption,
    RedemptionClosedError,
    RedemptionState,
    RewardLevelLackingError,
    UnknownRedemptionError,
    UnknownRewardError,
    altered,
    back_fact_id,
    fact_id,
    lots_fact_id,
    next_state,
    redemption_id,
)
from services.rewards.settings import Settings
from services.rewards.vouchers.domain import GivenCode, OpenedCode
from services.rewards.vouchers.handlers.codes import open_code, take_code
from services.rewards.wallets.domain.wallets import BudgetUsedUpError, MoveKind
from services.rewards.wallets.handlers.paying import reserve_redemption, settle_redemptions
from shared.access_keys import check_not_about_oneself
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
from shared.followed_audiences import is_in
from shared.followed_levels import has_level
from shared.followed_members import find_name
from shared.merges import find_head, load_group, lock_heads
from shared.postgres import Connection
from shared.topics import MESSAGES
from shared.topics import REDEMPTIONS as TOPIC
from shared.transaction import Transaction

TIMER = "timer"
BY_CODE = "code"


async def reserve(
    tx: Transaction[Settings],
    *,
    community: str,
    member_id: str,
    reward_id: str,
    idempotency_key: str,
    by: str,
    command: str = "redemption.reserve",
) -> Redemption:
    """Reserve the points of a reward for a member; return the redemption. `command` is what the audit calls it.

    One that was made with this key, and whose answer was lost with a database, is the answer again. Raises
    OtherRequestError when that was for another member or reward, UnknownRewardError, OutsideAudienceError when the
    reward is for an audience that the member is not in, LevelTooLowError when the programme opens rewards to
    levels that the member has none of, RewardLevelLackingError when the reward itself takes another level,
    HadEnoughError, OutOfStockError when there are no more, BudgetUsedUpError when a wallet pays for it and holds
    less, and NotEnoughPointsError when the member has fewer points. A voucher is confirmed at once, with its code.
    """
    made = redemption_id(community, idempotency_key)
    known = await store.find_redemption(tx.conn, community=community, redemption_id=made)
    if known is not None:
        head_id = await find_head(tx.conn, community=community, member_id=known.member_id)
        if (head_id, known.reward_id) != (member_id, reward_id):
            raise OtherRequestError
        return known
    offer, in_force = await find_offer(tx.conn, community=community, reward_id=reward_id, now=tx.now)
    if offer is None:
        raise UnknownRewardError(reward_id)
    await _check_entitled(tx, offer, in_force=in_force, community=community, member_id=member_id)
    wanted = _reserved(
        tx, offer, community=community, redemption_id=made, member_id=member_id, points=offer.points, by=by
    )
    # What there are only so many of first: whoever waits for that holds nobody's points.
    code = await _take_one(tx, offer, redemption=wanted)
    # Then the wallet that pays for it, for the same reason.
    await _reserve_budget(tx, wanted)
    # The member is locked next: from then on nobody else changes these points.
    try:
        used = await carry_out(tx, [wanted.movement(None)])
    except NotEnoughPointsError:
        REDEMPTIONS_REFUSED.inc()
        raise
    await store.add_redemption(tx.conn, wanted)
    _tell(tx, [wanted])
    tell_lots(tx, wanted, lots=used[wanted.redemption_id])
    if code is None:
        tx.did(_did(command, wanted, None, state=wanted.state))
        return wanted
    # A code is handed out with the same stroke: nobody has to confirm it.
    confirmed = replace(wanted.becoming(RedemptionState.CONFIRMED, by=BY_CODE, now=tx.now), has_code=True)
    await store.set_states(tx.conn, [confirmed])
    await settle_redemptions(tx, [(community, made)], kind=MoveKind.POST, by=BY_CODE)
    await carry_out(tx, [confirmed.movement(RedemptionState.RESERVED)])
    _tell(tx, [confirmed], codes={made: code})
    tx.did(_did(command, confirmed, None, state=confirmed.state))
    return confirmed


async def give(
    tx: Transaction[Settings], *, community: str, member_id: str, reward_id: str, cause: str, by: str
) -> Redemption:
    """Give a member a reward for nothing, confirmed at once: it moves no points. For one `cause` it is given once.

    Raises UnknownRewardError, and OutOfStockError when there are no more.
    """
    made = redemption_id(community, cause)
    known = await store.find_redemption(tx.conn, community=community, redemption_id=made)
    if known is not None:
        return known
    offer, _ = await find_offer(tx.conn, community=community, reward_id=reward_id, now=tx.now)
    if offer is None:
        raise UnknownRewardError(reward_id)
    reserved = _reserved(tx, offer, community=community, redemption_id=made, member_id=member_id, points=0, by=by)
    # Whoever asked goes on with something else where there is none: then no code is taken either.
    async with tx.conn.transaction():
        code = await _take_one(tx, offer, redemption=reserved)
        try:
            await _reserve_budget(tx, reserved)
        except BudgetUsedUpError as error:
            raise OutOfStockError(offer.terms.title) from error
    await settle_redemptions(tx, [(community, made)], kind=MoveKind.POST, by=by)
    await store.add_redemption(tx.conn, reserved)
    confirmed = replace(reserved.becoming(RedemptionState.CONFIRMED, by=by, now=tx.now), has_code=code is not None)
    await store.set_states(tx.conn, [confirmed])
    _tell(tx, [reserved])
    _tell(tx, [confirmed], codes={made: code} if code else {})
    return confirmed


async def _reserve_budget(tx: Transaction[Settings], redemption: Redemption) -> None:
    await reserve_redemption(
        tx,
        (redemption.community, redemption.redemption_id),
        reward_id=redemption.reward_id,
        points=redemption.points,
        by=redemption.changed_by,
    )


def _reserved(
    tx: Transaction[Settings],
    offer: Offer,
    *,
    community: str,
    redemption_id: str,
    member_id: str,
    points: int,
    by: str,
) -> Redemption:
    return Redemption(
        community=community,
        redemption_id=redemption_id,
        member_id=member_id,
        reward_id=offer.reward_id,
        title=offer.terms.title,
        points=points,
        state=RedemptionState.RESERVED,
        created_at=tx.now,
        expires_at=tx.now + timedelta(seconds=tx.settings.reservation_ttl_seconds),
        changed_at=tx.now,
        changed_by=by,
    )


async def _check_entitled(
    tx: Transaction[Settings], offer: Offer, *, in_force: InForce | None, community: str, member_id: str
) -> None:
    """Raises what keeps the member from having it: audience, levels, enough had, or that they were erased."""
    named = await find_name(tx.conn, community=community, member_id=member_id)
    if named is not None and named.is_erased:
        raise UnknownMemberError(member_id)
    terms = offer.terms
    titles = {} if in_force is None else in_force.audiences
    redeeming = {} if in_force is None else in_force.redeeming
    if terms.audience is not None and not await is_in(
        tx.conn, community=community, audience_id=terms.audience, member_id=member_id
    ):
        raise OutsideAudienceError(titles.get(terms.audience, terms.audience))
    if redeeming and not await has_level(tx.conn, community=community, member_id=member_id, level_ids=redeeming):
        raise LevelTooLowError(tuple(redeeming.values()))
    if terms.level is not None and not await has_level(
        tx.conn, community=community, member_id=member_id, level_ids=[terms.level]
    ):
        raise RewardLevelLackingError(redeeming.get(terms.level, terms.level))
    if terms.limit is None:
        return
    # Of two requests of one person the second sees that the first has it.
    await lock_heads(tx.conn, keys=[(community, member_id)])
    head_id = await find_head(tx.conn, community=community, member_id=member_id)
    await store.lock_limit(tx.conn, community=community, member_id=head_id, reward_id=offer.reward_id)
    since = None if terms.limit.days is None else tx.now - timedelta(days=terms.limit.days)
    group = await load_group(tx.conn, community=community, head_id=head_id)
    had = await load_had(tx.conn, {offer.reward_id: since}, community=community, member_ids=group)
    if had.get(offer.reward_id, 0) >= terms.limit.max_count:
        raise HadEnoughError(*terms.limit)


async def _take_one(tx: Transaction[Settings], offer: Offer, *, redemption: Redemption) -> GivenCode | None:
    """Nobody else takes the same until the transaction ends. Raises OutOfStockError when there are no more.

    Returns the code of a voucher, and None of what has none.
    """
    of = {"community": redemption.community, "reward_id": offer.reward_id}
    if offer.has_codes:
        code = await take_code(tx, **of, redemption_id=redemption.redemption_id)
        if code is None:
            raise OutOfStockError(offer.terms.title)
        return code
    if offer.terms.stock is not None:
        await store.lock_reward(tx.conn, **of)
        if await store.count_taken(tx.conn, **of) >= offer.terms.stock:
            raise OutOfStockError(offer.terms.title)
    return None


async def find_code(
    conn: Connection, *, community: str, member_id: str, redemption_id: str, settings: Settings
) -> tuple[Redemption, OpenedCode]:
    """A redemption of a member's, or of who is merged into them, and the code that came with it.

    Raises UnknownRedemptionError, NoCodeError and NoVoucherKeysError.
    """
    redemption = await store.find_redemption(conn, community=community, redemption_id=redemption_id)
    if redemption is None or member_id not in (
        redemption.member_id,
        await find_head(conn, community=community, member_id=redemption.member_id),
    ):
        raise UnknownRedemptionError(redemption_id)
    return redemption, await open_code(conn, community=community, redemption_id=redemption_id, settings=settings)


async def finish(
    tx: Transaction,
    *,
    community: str,
    redemption_id: str,
    wanted: RedemptionState,
    by: str,
    person_id: str | None = None,
    member_id: str | None = None,
    points: int | None = None,
) -> Redemption:
    """Confirm or cancel a redemption; asking again changes nothing. Return the redemption.

    Confirmed for fewer `points` than are reserved, the rest goes back to its lots in the same transaction.

    With `member_id` only one of that member's, or of who is merged into them, is found: they end it themselves.
    `person_id` confirms for others alone. Raises UnknownRedemptionError, AboutYourselfError when they confirm what
    is their own, RedemptionClosedError when it ended otherwise or its time is over,
    NotReservedError when fewer points are reserved, and
    AlteredError when it is not as it was reserved.
    """
    redemption = await store.lock_redemption(tx.conn, community=community, redemption_id=redemption_id)
    if redemption is None:
        raise UnknownRedemptionError(redemption_id)
    if member_id is not None:
        head_id = await find_head(tx.conn, community=community, member_id=redemption.member_id)
        if member_id not in (redemption.member_id, head_id):
            raise UnknownRedemptionError(redemption_id)
    if wanted is RedemptionState.CONFIRMED:
        await check_not_about_oneself(
            tx.conn, community=community, person_id=person_id, members=[redemption.member_id]
        )
    state = next_state(redemption.state, wanted, expires_at=redemption.expires_at, now=tx.now)
    verb = "confirm" if wanted == RedemptionState.CONFIRMED else "cancel"
    command = f"redemption.{verb}" if member_id is None else f"redemption.{verb}_own"
    before: dict[str, Any] = {"state": redemption.state}
    ended = redemption
    if points is not None and state != redemption.state:
        ended, before = redemption.spending(points), {**before, "points": redemption.points}
    tx.did(_did(command, ended, before, state=state))
    if state == redemption.state:
        if points not in (None, redemption.points):
            raise RedemptionClosedError(redemption.state, wanted)
        return redemption
    for error in (await _altered(tx, [redemption])).values():
        raise alarm(error)
    return (await _end(tx, [ended], state=state, by=by))[0]


def _did(command: str, redemption: Redemption, before: Mapping[str, Any] | None, *, state: RedemptionState) -> Did:
    after = {"state": state, "reward_id": redemption.reward_id, "points": redemption.points}
    member_id = redemption.member_id
    return Did(command, "redemption", redemption.redemption_id, member_id, before, after)


async def expire_reservations(tx: Transaction[Settings]) -> None:
    """Timer: give back what was reserved for too long; what was altered is left, and the others are not."""
    overdue = await store.lock_overdue(tx.conn, now=tx.now, limit=tx.settings.upkeep_max_count)
    if not overdue:
        return
    errors = await _altered(tx, overdue)
    for error in errors.values():
        alarm(error)
    good = [redemption for redemption in overdue if redemption.redemption_id not in errors]
    if good:
        await _end(tx, good, state=RedemptionState.EXPIRED, by=TIMER)


async def _altered(tx: Transaction, redemptions: Sequence[Redemption]) -> dict[str, AlteredError]:
    """What is wrong with those that are not as the ledger and the lots have them, by redemption."""
    transfer_ids = [transfer for redemption in redemptions for transfer in redemption.ends()]
    booked = await ledger_store.load_booked(tx.conn, transfer_ids=transfer_ids)
    used = await load_uses(tx.conn, [redemption.use for redemption in redemptions])
    errors = {}
    for redemption in redemptions:
        error = altered(redemption, booked=booked, used=used.get(redemption.redemption_id, ()))
        if error is not None:
            errors[redemption.redemption_id] = error
    return errors


async def _end(
    tx: Transaction, redemptions: Sequence[Redemption], *, state: RedemptionState, by: str
) -> list[Redemption]:
    ended = [redemption.becoming(state, by=by, now=tx.now) for redemption in redemptions]
    await store.set_states(tx.conn, ended)
    kind = MoveKind.POST if state is RedemptionState.CONFIRMED else MoveKind.VOID
    keys = [(redemption.community, redemption.redemption_id) for redemption in ended]
    parts = {
        redemption.redemption_id: (redemption.points, redemption.reserved_points)
        for redemption in ended
        if redemption.reserved_points is not None
    }
    await settle_redemptions(tx, keys, kind=kind, by=by, parts=parts)
    for redemption in ended:
        if (rest := redemption.rest) is not None:
            tell_lots(tx, redemption, lots=await note_part_back(tx, rest, points=rest.points), are_back=True)
    await carry_out(tx, [made for redemption in ended for made in redemption.movements(RedemptionState.RESERVED)])
    _tell(tx, ended)
    return ended


def _tell(
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
        if codes and (code := codes.get(redemption.redemption_id)) is not None:
            data["code"] = {
                "code_id": code.code_id,
                "key_id": code.sealed_by,
                "hash": code.code_hash.hex(),
            }
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
