"""Who was erased has no bank details any more once their payouts are over, and no points if they gave them up."""

from collections.abc import Sequence
from datetime import timedelta

from services.rewards.erasure import store
from services.rewards.erasure.domain import ErasedMember
from services.rewards.ledger.domain.entries import Owner
from services.rewards.lots.handlers.expiry import lock_usable_held
from services.rewards.lots.handlers.merges import move
from services.rewards.payouts.attestations.store import forget_forms
from services.rewards.payouts.clearances.store import forget_clearance_reasons
from services.rewards.payouts.holds.store import forget_notes
from services.rewards.payouts.links.handlers import relink
from services.rewards.payouts.payees.store import load_payees
from services.rewards.payouts.receivers.store import forget_receivers
from services.rewards.payouts.store import lock_runs
from services.rewards.providers.store.orders import forget_proposed
from services.rewards.refunds.store import forget_refund_reasons
from services.rewards.shipping.store import forget_addresses
from services.rewards.vouchers.store import forget_codes
from services.rewards.write_offs.store import forget_reasons
from shared import followed_audiences
from shared.consumer import Subscription
from shared.contracts.facts import MEMBER_FACT, MemberFact
from shared.followed_members import follow
from shared.topics import MEMBERS
from shared.transaction import Transaction

LOOK_AFTER_EVERY_SECONDS = 5.0
LOOKED_AFTER_MAX_COUNT = 20
#: Awards that were on their way when somebody was erased have arrived by then.
ARRIVES_WITHIN = timedelta(days=1)


async def on_members(tx: Transaction, facts: list[MemberFact]) -> None:
    """Keep members and merges: whoever belongs to another has their points there.

    Of who was erased it is noted that something is to be done.
    """
    followed = await follow(tx, facts)
    await followed_audiences.forget(tx, erased=followed.erased)
    await move(tx, followed.moved)
    erased = [
        ErasedMember(fact["community"], data["member_id"], data["forfeits"], data["erased_at"])
        for fact in followed.erased
        if (data := fact["data"])
    ]
    if erased:
        await store.put_erased(tx.conn, erased=erased)


FOLLOWED_MEMBERS = Subscription(MEMBERS, MEMBER_FACT, on_members)


async def look_after(tx: Transaction) -> None:
    """Timer: of who was erased, give up points and delete bank details, codes and addresses, as each may go."""
    undone = await store.lock_undone(tx.conn, limit_count=LOOKED_AFTER_MAX_COUNT)
    owners = {Owner(erased.community, erased.member_id): erased for erased in undone}
    # 1. No run is made or decided meanwhile that would ask for bank details.
    over: set[Owner] = set()
    for community in sorted({owner.community for owner in owners}):
        await lock_runs(tx.conn, community)
        over |= await _delete_payees(tx, [owner for owner in owners if owner.community == community])
    # 2. What was not used is over, and booked away at once.
    forfeiting = [owner for owner, erased in owners.items() if erased.forfeits]
    if forfeiting:
        await lock_usable_held(tx, forfeiting)
        for owner in forfeiting:
            await store.set_lots_over(tx.conn, owner, now=tx.now)
        await lock_usable_held(tx, forfeiting)
    # 3. What vouchers say that were given to them, what was noted of them, and where their goods were sent, is
    #    nobody's to see any more.
    for owner in sorted(owners):
        await forget_codes(tx.conn, community=owner.community, member_ids=[owner.member_id], at=tx.now)
        await forget_proposed(tx.conn, community=owner.community, member_ids=[owner.member_id])
        await forget_notes(tx.conn, community=owner.community, member_ids=[owner.member_id])
        await forget_forms(tx.conn, community=owner.community, member_ids=[owner.member_id])
        await forget_clearance_reasons(tx.conn, community=owner.community, member_ids=[owner.member_id])
        await forget_reasons(tx.conn, community=owner.community, member_ids=[owner.member_id])
        await forget_refund_reasons(tx.conn, community=owner.community, member_ids=[owner.member_id])
        await forget_addresses(tx.conn, community=owner.community, member_ids=[owner.member_id], at=tx.now)
    for owner, erased in owners.items():
        is_done = owner in over and tx.now - erased.erased_at > ARRIVES_WITHIN
        await store.set_looked_after(tx.conn, owner, at=tx.now, is_done=is_done)


async def _delete_payees(tx: Transaction, owners: Sequence[Owner]) -> set[Owner]:
    """Delete the bank details of members of one community, where they may go already; returns whose are gone."""
    community = owners[0].community
    payees = await load_payees(tx.conn, community=community, member_ids=[owner.member_id for owner in owners])
    over = {owner for owner in sorted(owners) if await store.delete_payee(tx.conn, owner)}
    await forget_receivers(tx.conn, community=community, member_ids=[owner.member_id for owner in sorted(over)])
    # Whoever is still paid there has it with fewer.
    await relink(tx, community=community, ibans={payee.account.iban for payee in payees.values()})
    return over
