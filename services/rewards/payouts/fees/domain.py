"""What a run by a provider would cost: a sum over what its provider quoted of amounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from services.rewards.providers.domain.contract import ProviderName
from services.rewards.providers.domain.paying import PayQuote

#: Of so many amounts of a run its provider is asked, the most frequent ones: a sum of others is not known.
AMOUNTS_MAX_COUNT: Final = 20
#: What was quoted is asked for again after so long, or sooner where it ends sooner; a failure, too.
AGAIN_AFTER: Final = timedelta(minutes=10)
SOONEST: Final = timedelta(minutes=1)


class Amount(NamedTuple):
    """So many payouts of a run are of one amount, in minor units."""

    amount_minor: int
    payouts_count: int


class RunToQuote(NamedTuple):
    """A run that waits for its approval, and the amounts whose cost is asked for."""

    community: str
    run_id: str
    provider: ProviderName
    currency: str
    amounts: Sequence[Amount]


@dataclass(frozen=True, slots=True)
class RunQuote:
    """What a provider said of a run's amounts; without any `not_quoted` says why."""

    quotes: Sequence[tuple[Amount, PayQuote]]
    asked_at: datetime | None
    not_quoted: str = ""

    def due_at(self, now: datetime, *, is_for_good: bool) -> datetime | None:
        """When it is asked for again; None for never."""
        if is_for_good:
            return None
        ends = [quote.expires_at for _, quote in self.quotes if quote.expires_at is not None]
        return max(min([now + AGAIN_AFTER, *ends]), now + SOONEST)


class Cost(NamedTuple):
    """What payouts of a run that were quoted come to: what leaves the account, and what of it members get."""

    payouts_count: int
    leaves_minor: int
    leaves_currency: str
    gets_minor: int
    fee_minor: int
    rate: str | None
    expires_at: datetime | None


def cost_of(quote: RunQuote) -> Cost | None:
    """The sum over what was quoted; None where nothing was. Fees are in the currency that leaves."""
    if not quote.quotes:
        return None
    of_each = [(amount.payouts_count, quoted) for amount, quoted in quote.quotes]
    first = of_each[0][1]
    ends = [quoted.expires_at for _, quoted in of_each if quoted.expires_at is not None]
    rates = {quoted.rate for _, quoted in of_each}
    return Cost(
        payouts_count=sum(count for count, _ in of_each),
        leaves_minor=sum(count * quoted.leaves_minor for count, quoted in of_each),
        leaves_currency=first.leaves_currency,
        gets_minor=sum(count * quoted.gets_minor for count, quoted in of_each),
        fee_minor=sum(count * quoted.fee_minor for count, quoted in of_each),
        rate=first.rate if len(rates) == 1 else None,
        expires_at=min(ends, default=None),
    )
