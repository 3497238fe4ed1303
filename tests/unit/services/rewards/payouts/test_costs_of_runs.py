"""What a run would cost by what its provider quotes of its amounts."""

from datetime import UTC, datetime

from services.rewards.payouts.fees.domain import AGAIN_AFTER, SOONEST, Amount, RunQuote, cost_of
from services.rewards.providers.domain.paying import PayQuote


def test_a_cost_is_the_sum_over_amounts_and_ends_with_the_first_quote() -> None:
    ends = [AGAIN_AFTER, AGAIN_AFTER / 2]
    since = RunQuote((), None)
    assert cost_of(since) is None
    now = datetime(2026, 1, 5, tzinfo=UTC)
    quotes = [
        (Amount(600, 2), PayQuote(600, 700, "GBP", 20, "1.17", now + ends[0])),
        (Amount(250, 1), PayQuote(250, 300, "GBP", 10, "1.17", now + ends[1])),
    ]
    cost = cost_of(RunQuote(quotes, now))
    assert cost is not None
    assert (cost.payouts_count, cost.leaves_minor, cost.gets_minor, cost.fee_minor) == (3, 1_700, 1_450, 50)
    assert (cost.rate, cost.expires_at) == ("1.17", now + ends[1])
    assert RunQuote(quotes, now).due_at(now, is_for_good=False) == now + ends[1]
    # One that ends at once is not asked for without a pause, and one that never comes never again.
    assert RunQuote(quotes, now).due_at(now + ends[0], is_for_good=False) == now + ends[0] + SOONEST
    assert RunQuote((), now, "it quotes nothing").due_at(now, is_for_good=True) is None
