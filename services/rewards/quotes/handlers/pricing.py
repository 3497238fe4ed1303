"""Cards are quoted anew while their price follows a rate, and redeemed at a quote that holds."""

from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from services.rewards.catalogue.domain import Offer, UnknownCatalogueRewardError
from services.rewards.catalogue.store import find_reward, lock_reward
from services.rewards.metrics import CARD_QUOTES
from services.rewards.providers.domain.orders import NoCardError
from services.rewards.providers.handlers.accounts import url_of
from services.rewards.providers.store.cards import find_card
from services.rewards.quotes.domain import (
    CardQuote,
    Follows,
    QuoteNeededError,
    QuoteOverError,
    RateOrigin,
    RatePrice,
    UnpricedError,
)
from services.rewards.quotes.store import prices as price_store
from services.rewards.quotes.store import quotes as store
from services.rewards.quotes.store.prices import DueCard, Priced
from services.rewards.rates.domain.converting import NoRateError, TooLargeError, conversion
from services.rewards.rates.domain.policies import NoRatePolicyError, RateMovedError, StaleRatesError
from services.rewards.rates.handlers import rates_in_force, today_of
from services.rewards.settings import Settings
from shared.audit import Did
from shared.postgres import Connection
from shared.transaction import Transaction

#: After which a card that could not be quoted is tried again.
_TRIED_AGAIN: Final = timedelta(seconds=60)
#: Cards that are quoted in one transaction.
_AT_ONCE_COUNT: Final = 100


async def set_price(tx: Transaction[Settings], price: RatePrice | None, *, community: str, reward_id: str) -> None:
    """Have the price of a card follow a rate or its provider, or (None) be what the catalogue says again.

    Raises UnknownCatalogueRewardError, NoCardError where nobody said which card it is, and NoSuchProviderError.
    """
    if await lock_reward(tx.conn, community=community, reward_id=reward_id) is None:
        raise UnknownCatalogueRewardError(reward_id)
    card = await find_card(tx.conn, community=community, reward_id=reward_id)
    if card is None:
        raise NoCardError(reward_id)
    if price is not None and price.follows is Follows.PROVIDER:
        # Its provider is asked for quotes: where this installation does not reach it there would never be one.
        url_of(card.provider, tx.settings)
    before = await price_store.find_price(tx.conn, community=community, reward_id=reward_id)
    await price_store.put_price(tx.conn, price, community=community, reward_id=reward_id, at=tx.now)
    tx.did(Did("gift_card.set_price", "gift_card", reward_id, before=_said(before), after=_said(price)))


async def load_price(conn: Connection, *, community: str, reward_id: str) -> Priced:
    """How the price of a card follows a rate, and why it cannot be quoted. Raises UnknownCatalogueRewardError."""
    if await find_reward(conn, community=community, reward_id=reward_id) is None:
        raise UnknownCatalogueRewardError(reward_id)
    return await price_store.find_priced(conn, community=community, reward_id=reward_id)


def _said(price: RatePrice | None) -> dict[str, str | None]:
    if price is None:
        return {"currency": None, "minor_per_point": None, "follows": None}
    return {
        "currency": price.currency,
        "minor_per_point": f"{price.minor_per_point:f}",
        "follows": price.follows.value,
    }


async def quote_cards(tx: Transaction[Settings]) -> None:
    """Timer: quote cards anew by rates where their quotes are half over, and forget those that were over long ago.

    A card that cannot be quoted, because its community's rates are missing or too old, has no price until it can.
    """
    lifetime = timedelta(seconds=tx.settings.quote_seconds)
    for due in await price_store.lock_due(tx.conn, now=tx.now, limit=_AT_ONCE_COUNT):
        try:
            quote = await _quote(tx.conn, due, now=tx.now, lifetime=lifetime)
        except (NoRatePolicyError, StaleRatesError, NoRateError, RateMovedError) as error:
            CARD_QUOTES.labels("refused").inc()
            await _not_now(tx, due, reason=type(error).__name__)
        except (TooLargeError, UnpricedError) as error:
            CARD_QUOTES.labels("refused").inc()
            await _not_now(tx, due, reason=type(error).__name__)
        else:
            CARD_QUOTES.labels("made").inc()
            await store.add_quote(tx.conn, quote)
            await price_store.set_due(tx.conn, due, due_at=tx.now + lifetime / 2, failed_at=None, reason=None)
    before = tx.now - timedelta(days=tx.settings.quotes_keep_days)
    await store.delete_quotes(tx.conn, before=before, limit=tx.settings.upkeep_max_count)


async def _not_now(tx: Transaction[Settings], due: DueCard, *, reason: str) -> None:
    await price_store.set_due(tx.conn, due, due_at=tx.now + _TRIED_AGAIN, failed_at=tx.now, reason=reason)


async def _quote(conn: Connection, due: DueCard, *, now: datetime, lifetime: timedelta) -> CardQuote:
    source, target = due.price.currency, due.card.currency
    origin, rate = None, conversion({}, source=source, target=source, spread_basis_points=0)
    if source != target:
        rates = await rates_in_force(conn, community=due.community, now=now)
        today = await today_of(conn, community=due.community, now=now)
        rate = rates.between(source, target, today=today)
        assert rates.day is not None  # noqa: S101 -- rates of no day are stale
        sheet_id = None if rates.sheet is None else rates.sheet.sheet_id
        origin = RateOrigin(rates.policy.policy_id, sheet_id, rates.policy.terms.source, rates.day)
    cost = rate.cost(due.card.face_minor)
    return CardQuote(
        community=due.community,
        reward_id=due.reward_id,
        quote_id=str(uuid4()),
        card=due.card,
        price=due.price,
        conversion=rate,
        origin=origin,
        cost_minor=cost,
        points=due.price.points(cost),
        quoted_at=now,
        expires_at=now + lifetime,
    )


async def quoted(
    tx: Transaction, offer: Offer, *, community: str, quote_id: str | None, takes_current: bool = False
) -> CardQuote | None:
    """At which quote an offer is redeemed; None for one whose price follows no rate.

    With `takes_current` it is the one in force, where none is named: whoever asks compares prices. Raises
    QuoteNeededError where one has to be named, and QuoteOverError where it holds no more.
    """
    of = {"community": community, "reward_id": offer.reward_id}
    if await price_store.find_price(tx.conn, **of) is None:
        if quote_id is not None:
            raise QuoteOverError(offer.reward_id, None)
        return None
    newest = await store.load_newest(tx.conn, community=community, reward_ids=[offer.reward_id], now=tx.now)
    current = newest.get(offer.reward_id)
    if quote_id is None:
        if current is None or not takes_current:
            raise QuoteNeededError(offer.reward_id, current)
        return current
    named = await store.find_quote(tx.conn, **of, quote_id=quote_id)
    if named is None or not named.holds(await find_card(tx.conn, **of), tx.now):
        raise QuoteOverError(offer.reward_id, current)
    return named
