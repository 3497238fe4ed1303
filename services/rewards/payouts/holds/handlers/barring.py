"""Why payouts are not paid although their members have points and bank details: a hold, or what a check found."""

from collections.abc import Sequence
from datetime import datetime

from services.rewards.payouts.domain import Payout
from services.rewards.payouts.findings.handlers.looking import look, note
from services.rewards.payouts.holds import store
from services.rewards.payouts.policies.domain import PayoutPolicy
from services.rewards.payouts.policies.handlers import load_in_force
from services.rewards.settings import Settings
from shared.postgres import Connection
from shared.transaction import Transaction


async def load_barred(
    tx: Transaction[Settings], payouts: Sequence[Payout], *, community: str, currency: str
) -> dict[str, str]:
    """Why payouts in a currency are kept back, by payout; what checks find of them now is noted.

    The words are for everybody: who reads findings knows more.
    """
    if not payouts:
        return {}
    held = await _held(tx.conn, payouts, community=community)
    policy = await load_in_force(tx.conn, community=community, currency=currency, now=tx.now)
    found = await look(tx.conn, payouts, community=community, policy=policy, settings=tx.settings, now=tx.now)
    await note(tx, found)
    return found.reasons | held


async def load_barred_of(
    tx: Transaction[Settings], payouts: Sequence[Payout], *, community: str
) -> dict[str, str]:
    """The same of payouts in any currency."""
    barred: dict[str, str] = {}
    for currency in sorted({payout.currency for payout in payouts}):
        some = [payout for payout in payouts if payout.currency == currency]
        barred |= await load_barred(tx, some, community=community, currency=currency)
    return barred


async def load_barred_now(
    conn: Connection,
    payouts: Sequence[Payout],
    *,
    community: str,
    policy: PayoutPolicy | None,
    settings: Settings,
    now: datetime,
) -> dict[str, str]:
    """The same of payouts that nobody has made yet, by the policy for their currency; nothing is noted."""
    held = await _held(conn, payouts, community=community)
    if not payouts:
        return held
    found = await look(conn, payouts, community=community, policy=policy, settings=settings, now=now)
    return found.reasons | held


async def _held(conn: Connection, payouts: Sequence[Payout], *, community: str) -> dict[str, str]:
    member_ids = [payout.member_id for payout in payouts]
    standing = await store.load_standing(conn, community=community, member_ids=member_ids)
    return {
        payout.payout_id: standing[payout.member_id].reason for payout in payouts if payout.member_id in standing
    }
