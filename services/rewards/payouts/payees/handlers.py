"""Members' bank details, and the payouts that waited for them."""

from services.rewards.payouts import store as payout_store
from services.rewards.payouts.domain import PayoutState, changes_to
from services.rewards.payouts.handlers import change
from services.rewards.payouts.payees import store
from services.rewards.payouts.payees.domain import Payee
from shared.transaction import Transaction


async def put_payee(tx: Transaction, payee: Payee) -> None:
    """Set a member's bank details; what an open run held for the lack of them becomes eligible."""
    await payout_store.lock_runs(tx.conn, payee.community)
    await store.put_payee(tx.conn, payee)
    held = await payout_store.lock_held_of_member(tx.conn, community=payee.community, member_id=payee.member_id)
    if held:
        await payout_store.set_payee(tx.conn, held, account=payee.account)
        await change(tx, changes_to(PayoutState.ELIGIBLE, held), by=payee.changed_by)
