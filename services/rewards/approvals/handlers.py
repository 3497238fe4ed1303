"""What is checked when an entry is proposed, approved or withdrawn, in one order."""

from services.rewards.approvals import store
from services.rewards.approvals.domain import (
    Approval,
    Author,
    DecidedError,
    Subject,
    TooManyWaitingError,
    proposed,
)
from shared.access_keys import Scope
from shared.access_keys.standing import load_standings
from shared.transaction import Transaction


async def propose_approval(
    tx: Transaction, subject: Subject, *, community: str, by: Author, waiting_max_count: int
) -> Approval:
    """The approval of a new entry; its kind is locked in the community.

    Raises TooManyWaitingError when as many wait as may.
    """
    if await store.count_waiting(tx.conn, subject=subject, community=community) >= waiting_max_count:
        raise TooManyWaitingError(subject, str(waiting_max_count))
    return proposed(subject, by=by, now=tx.now)


async def approve_approval(
    tx: Transaction, before: Approval, *, community: str, entry_id: str, by: Author
) -> Approval:
    """Keep that another person puts an entry in force, which is locked; `before` itself when that was done.

    Raises SamePersonError, and DecidedError when it was withdrawn or who proposed it may not do so any more.
    """
    after = before.approved(by=by, now=tx.now)
    if after is not before:
        proposer = before.proposed_by
        (standing,) = await load_standings(
            tx.conn, [(proposer.person_id, proposer.credential)], community=community
        )
        reason = standing.why_not_in_person(Scope.PAYOUTS_WRITE)
        if reason is not None:
            raise DecidedError(before.subject, f"who proposed it may not do so any more: {reason}")
        await store.set_approval(tx.conn, after, community=community, entry_id=entry_id)
    return after


async def withdraw_approval(
    tx: Transaction, before: Approval, *, community: str, entry_id: str, by: Author
) -> Approval:
    """Keep that an entry, which is locked, never comes into force; `before` itself when that was done.

    Raises DecidedError when it was approved.
    """
    after = before.withdrawn(by=by, now=tx.now)
    if after is not before:
        await store.set_approval(tx.conn, after, community=community, entry_id=entry_id)
    return after
