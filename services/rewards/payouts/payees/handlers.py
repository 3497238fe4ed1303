"""Members' bank details, and the payouts that waited for them."""

from uuid import UUID

from services.rewards.payouts import store as payout_store
from services.rewards.payouts.handlers import change
from services.rewards.payouts.payees import store
from shared.transaction import Transaction


async def put_payee(
    tx: Transaction, community: str, member: UUID, name: str, iban: str, bic: str | None, by: str
) -> None:
    """Set a member's bank details; what an open run held for the lack of them becomes eligible."""
    await payout_store.lock_runs(tx.conn, community)
    await store.put_payee(tx.conn, community, member, name, iban, bic, tx.now, by)
    held = await payout_store.held_of_member(tx.conn, community, member)
    if held:
        payee = await store.payee(tx.conn, community, member)
        assert payee is not None  # noqa: S101 -- put above
        await payout_store.set_payee(tx.conn, community, [row["payout_id"] for row in held], payee)
        await change(tx, held, "eligible", by)
