"""What a run would pay by: the programme's terms, the payout policy, and the rate of its currency."""

from datetime import datetime
from typing import NamedTuple

from services.rewards.payouts.domain import Actor
from services.rewards.payouts.policies.handlers import load_in_force
from services.rewards.payouts.runs.domain.rails import currencies_of
from services.rewards.payouts.runs.domain.runs import Run, at_rate, open_run, under_policy
from services.rewards.programmes.store import find_in_force
from services.rewards.providers.domain.contract import ProviderName
from services.rewards.rates.domain.exchange import exchange_at
from services.rewards.rates.handlers import rates_in_force, today_of
from shared.postgres import Connection


class Opened(NamedTuple):
    """A run that is not kept yet, the currencies that the programme pays in, and those of them that members chose
    who are not in this one."""

    run: Run
    currencies: list[str]
    elsewhere: list[str]


async def opened(
    conn: Connection,
    *,
    community: str,
    idempotency_key: str,
    execution_days: int,
    by: Actor,
    now: datetime,
    provider: ProviderName | None = None,
    currency: str | None = None,
) -> Opened:
    """A run as it would be made now, in a currency of the programme, or in that of its price.

    Raises NoPayableTermsError when the programme cannot pay in it; and where its price has to be converted
    NoRatePolicyError, StaleRatesError, NoRateError and RateMovedError.
    """
    in_force = await find_in_force(conn, community=community, now=now)
    run = open_run(
        in_force,
        community=community,
        idempotency_key=idempotency_key,
        execution_days=execution_days,
        by=by,
        now=now,
        provider=provider,
        currency=currency,
    )
    policy = await load_in_force(conn, community=community, currency=run.terms.currency, now=now)
    run = under_policy(run, policy)
    terms = in_force.rewards.payout if in_force else None
    currencies = currencies_of(terms) if terms else []
    if terms is None or run.terms.currency == terms.currency:
        # Who wants to be paid by a provider is paid in the price's currency, whatever is chosen of bank details.
        return Opened(run, currencies, [] if provider is not None else currencies[1:])
    rates = await rates_in_force(conn, community=community, now=now)
    today = await today_of(conn, community=community, now=now)
    exchange = exchange_at(rates, price_currency=terms.currency, currency=run.terms.currency, today=today)
    return Opened(at_rate(run, exchange), currencies, [])
