"""Who holds whose points: a member's are its own, or whom it is merged into has them."""

from collections.abc import Iterable

from services.rewards.ledger.domain.entries import Owner
from shared.merges import lock_heads
from shared.transaction import Transaction


async def lock_holders(tx: Transaction, owners: Iterable[Owner]) -> dict[Owner, Owner]:
    """Who holds the points of each of these members, until the transaction ends.

    Call it before members are locked: a merge takes its lock in that order, too.
    """
    keys = set(owners)
    heads = await lock_heads(tx.conn, keys=keys)
    return {owner: Owner(owner.community, heads.get(owner, owner.member_id)) for owner in keys}
