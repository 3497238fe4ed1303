"""Reserving and giving rewards, and showing the code that came with one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from services.rewards.catalogue.domain import Offer
from services.rewards.catalogue.handlers import find_offer
from services.rewards.catalogue.store import load_had
from services.rewards.fulfilment.domain import FulfilledBy, FulfilmentState, fulfilled_by
from services.rewards.fulfilment.handlers import begin
from services.rewards.ledger.domain.entries import UnknownMemberError
from services.rewards.lots.domain.lots import NotEnoughPointsError
from services.rewards.lots.handlers.uses import carry_out
from services.rewards.metrics import REDEMPTIONS_REFUSED
from services.rewards.programmes.domain import InForce
from services.rewards.providers.handlers.intents import intend
from services.rewards.providers.store.cards import find_card
from services.rewards.quotes.domain import CardQuote
from services.rewards.quotes.handlers.pricing import quoted
from services.rewards.quotes.store.quotes import add_used
from services.rewards.redemptions import store
from services.rewards.redemptions.domain import (
    HadEnoughError,
    LevelTooLowError,
    OtherRequestError,
    OutOfStockError,
    OutsideAudienceError,
    PriceChangedError,
    Redemption,
    RedemptionState,
    RewardLevelLackingError,
    UnknownRewardError,
    redemption_id,
)
from services.rewards.redemptions.handlers.own import find_own
from services.rewards.redemptions.handlers.telling import did, tell, tell_lots
from services.rewards.settings import Settings
from services.rewards.vouchers.domain import GivenCode, NoCodeError, OpenedCode
from services.rewards.vouchers.handlers.codes import open_code, take_code
from services.rewards.wallets.domain.wallets import BudgetUsedUpError, MoveKind
from services.rewards.wallets.handlers.paying import WHOLE, reserve_redemption, settle_redemptions
from shared.followed_audiences import is_in
from shared.followed_levels import has_level
from shared.followed_members import find_name
from shared.merges import find_head, load_group, lock_heads
from shared.postgres import Connection
from shared.transaction import Transaction

BY_CODE = "code"


async def reserve(
    tx: Transaction[Settings],
    *,
    community: str,
    member_id: str,
    reward_id: str,
    idempotency_key: str,
    by: str,
    quote_id: str | None = None,
    seen_points: int | None = None,
    command: str = "redemption.reserve",
) -> Redemption:
    """Reserve the points of a reward for a member; return the redemption. `command` is what the audit calls it.

    One whose price follows a rate is reserved at that of its quote; raises QuoteNeededError and QuoteOverError.
    Where it costs something else than the `seen_points` of whoever chooses it, raises PriceChangedError.

    One that was made with this key, and whose answer was lost with a database, is the answer again. Raises
    OtherRequestError when that was for another member or reward, UnknownRewardError, OutsideAudienceError when the
    reward is for an audience that the member is not in, LevelTooLowError when the programme opens rewards to
    levels that the member has none of, RewardLevelLackingError when the reward itself takes another level,
    HadEnoughError, OutOfStockError when there are no more, BudgetUsedUpError when a wallet pays for it and holds
    less, NotEnoughPointsError when the member has fewer points available, and NoCardError for a gift card of which
    nobody said which it is. A voucher is confirmed at once, with its code; what has to be sent or ordered waits
    for that.
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
    await check_entitled(tx, offer, in_force=in_force, community=community, member_id=member_id)
    quote = await quoted(tx, offer, community=community, quote_id=quote_id)
    points = offer.points if quote is None else quote.points
    if seen_points is not None and seen_points != points:
        raise PriceChangedError(asked=seen_points, points=points)
    wanted = reserved(
        tx, offer, community=community, redemption_id=made, member_id=member_id, points=points, by=by
    )
    # What there are only so many of first: whoever waits for that holds nobody's points.
    code = await take_one(tx, offer, redemption=wanted)
    (booked,) = await book(tx, [Taken(wanted, offer, code, quote)])
    tx.did(did(command, booked, None, state=booked.state))
    return booked


class Taken(NamedTuple):
    """What is about to be reserved, the code that was taken for it from a stock of codes, and at which quote."""

    redemption: Redemption
    offer: Offer
    code: GivenCode | None
    quote: CardQuote | None = None


async def book(tx: Transaction[Settings], wanted: Sequence[Taken]) -> list[Redemption]:
    """Reserve the points of all or of none; return the redemptions, those with codes confirmed at once.

    Raises BudgetUsedUpError when a wallet that pays for one holds less, and NotEnoughPointsError when the member
    has fewer points than all take.
    """
    # What pays for them first: whoever waits for a wallet holds nobody's points.
    for one in wanted:
        await _reserve_budget(tx, one.redemption, quote=one.quote)
    # The member is locked next: from then on nobody else changes these points.
    try:
        used = await carry_out(tx, [one.redemption.movement(None) for one in wanted])
    except NotEnoughPointsError:
        REDEMPTIONS_REFUSED.inc()
        raise
    made: list[Redemption] = []
    codes: dict[str, GivenCode] = {}
    for redemption, offer, code, quote in wanted:
        added = await _add(tx, redemption, offer=offer)
        if quote is not None:
            await add_used(tx.conn, quote, redemption_id=redemption.redemption_id)
        tell(tx, [added])
        tell_lots(tx, added, lots=used[added.redemption_id])
        if code is not None:
            # A code is handed out with the same stroke: nobody has to confirm it.
            codes[added.redemption_id] = code
            added = replace(added.becoming(RedemptionState.CONFIRMED, by=BY_CODE, now=tx.now), has_code=True)
        made.append(added)
    confirmed = [one for one in made if one.has_code]
    if confirmed:
        await store.set_states(tx.conn, confirmed)
        shares = {(one.community, one.redemption_id): WHOLE for one in confirmed}
        await settle_redemptions(tx, shares, kind=MoveKind.POST, by=BY_CODE)
        await carry_out(tx, [one.movement(RedemptionState.RESERVED) for one in confirmed])
        tell(tx, confirmed, codes=codes)
    return made


async def give(
    tx: Transaction[Settings], *, community: str, member_id: str, reward_id: str, cause: str, by: str
) -> Redemption:
    """Give a member a reward for nothing: it moves no points. For one `cause` it is given once.

    It is confirmed at once, but for what has to be sent or ordered: that is once it arrived. Raises
    UnknownRewardError, also for a gift card of which nobody said which it is, and OutOfStockError when there are
    no more.
    """
    made = redemption_id(community, cause)
    known = await store.find_redemption(tx.conn, community=community, redemption_id=made)
    if known is not None:
        return known
    offer, _ = await find_offer(tx.conn, community=community, reward_id=reward_id, now=tx.now)
    if offer is None or await _lacks_card(tx, offer, community=community):
        raise UnknownRewardError(reward_id)
    chosen = reserved(tx, offer, community=community, redemption_id=made, member_id=member_id, points=0, by=by)
    # Whoever asked goes on with something else where there is none: then no code is taken either.
    async with tx.conn.transaction():
        code = await take_one(tx, offer, redemption=chosen)
        try:
            await _reserve_budget(tx, chosen)
        except BudgetUsedUpError as error:
            raise OutOfStockError(offer.terms.title) from error
    chosen = await _add(tx, chosen, offer=offer)
    if chosen.fulfilment is not None:
        tell(tx, [chosen])
        return chosen
    await settle_redemptions(tx, {(community, made): WHOLE}, kind=MoveKind.POST, by=by)
    confirmed = replace(chosen.becoming(RedemptionState.CONFIRMED, by=by, now=tx.now), has_code=code is not None)
    await store.set_states(tx.conn, [confirmed])
    tell(tx, [chosen])
    tell(tx, [confirmed], codes={made: code} if code else {})
    return confirmed


async def _lacks_card(tx: Transaction, offer: Offer, *, community: str) -> bool:
    """Whether nobody said which card a gift card is: who gives many goes on with the others."""
    if fulfilled_by(offer) is not FulfilledBy.PROVIDER:
        return False
    return await find_card(tx.conn, community=community, reward_id=offer.reward_id) is None


async def _reserve_budget(
    tx: Transaction[Settings], redemption: Redemption, *, quote: CardQuote | None = None
) -> None:
    await reserve_redemption(
        tx,
        (redemption.community, redemption.redemption_id),
        reward_id=redemption.reward_id,
        points=redemption.points,
        cost=None if quote is None else (quote.price.currency, quote.cost_minor),
        by=redemption.changed_by,
    )


async def _add(tx: Transaction, redemption: Redemption, *, offer: Offer) -> Redemption:
    """Add a redemption, and that somebody sees to it where it is of goods; return it as it is then."""
    await store.add_redemption(tx.conn, redemption)
    way = fulfilled_by(offer)
    if way is None:
        return redemption
    await begin(
        tx,
        community=redemption.community,
        redemption_id=redemption.redemption_id,
        fulfilled_by=way,
        by=redemption.changed_by,
    )
    community, made = redemption.community, redemption.redemption_id
    is_ordered = way is FulfilledBy.PROVIDER
    card = await intend(tx, community=community, redemption_id=made, offer=offer) if is_ordered else None
    return replace(
        redemption,
        fulfilment=FulfilmentState.RESERVED,
        fulfilled_by=way,
        needs_address=way is FulfilledBy.HAND,
        card=card,
    )


def reserved(
    tx: Transaction[Settings],
    offer: Offer,
    *,
    community: str,
    redemption_id: str,
    member_id: str,
    points: int,
    by: str,
    order_id: str | None = None,
) -> Redemption:
    """A redemption of what is on offer, at that price, for as long as it may wait."""
    return Redemption(
        community=community,
        redemption_id=redemption_id,
        member_id=member_id,
        reward_id=offer.reward_id,
        title=offer.terms.title,
        points=points,
        state=RedemptionState.RESERVED,
        created_at=tx.now,
        expires_at=tx.now + _waits(tx.settings, offer),
        changed_at=tx.now,
        changed_by=by,
        order_id=order_id,
    )


def _waits(settings: Settings, offer: Offer) -> timedelta:
    """How long it is reserved: what has to be sent or ordered waits for days."""
    if fulfilled_by(offer) is None:
        return timedelta(seconds=settings.reservation_ttl_seconds)
    return timedelta(days=settings.fulfilment_max_days)


async def check_entitled(
    tx: Transaction[Settings],
    offer: Offer,
    *,
    in_force: InForce | None,
    community: str,
    member_id: str,
    count: int = 1,
) -> None:
    """Raises what keeps the member from having so many: audience, levels, enough had, or that they were erased."""
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
    if had.get(offer.reward_id, 0) + count > terms.limit.max_count:
        raise HadEnoughError(*terms.limit)


async def take_one(
    tx: Transaction[Settings], offer: Offer, *, redemption: Redemption, before: int = 0
) -> GivenCode | None:
    """Take one for a redemption: nobody else takes the same until the transaction ends.

    So many `before` it are taken for the same order. Returns the code of a voucher, and None of what has none.
    Raises OutOfStockError when there are no more.
    """
    of = {"community": redemption.community, "reward_id": offer.reward_id}
    if offer.has_codes:
        code = await take_code(tx, **of, redemption_id=redemption.redemption_id)
        if code is None:
            raise OutOfStockError(offer.terms.title)
        return code
    if offer.terms.stock is not None:
        await store.lock_reward(tx.conn, **of)
        if await store.count_taken(tx.conn, **of) + before >= offer.terms.stock:
            raise OutOfStockError(offer.terms.title)
    return None


async def find_code(
    conn: Connection, *, community: str, member_id: str, redemption_id: str, settings: Settings
) -> tuple[Redemption, OpenedCode]:
    """A redemption of a member's, or of who is merged into them, and the code that came with it.

    Raises UnknownRedemptionError, NoCodeError and NoVoucherKeysError.
    """
    redemption = await find_own(conn, community=community, member_id=member_id, redemption_id=redemption_id)
    if redemption.state is RedemptionState.REFUNDED:
        # It stays given, and nobody is shown it any more: its points are back.
        raise NoCodeError
    return redemption, await open_code(conn, community=community, redemption_id=redemption_id, settings=settings)
