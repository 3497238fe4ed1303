"""Clawback policies that two people decide, and those in force."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import Any

from services.rewards.approvals.domain import Author, Subject, in_force, in_order
from services.rewards.approvals.handlers import approve_approval, propose_approval, withdraw_approval
from services.rewards.approvals.store import lock_entries
from services.rewards.clawbacks import store
from services.rewards.clawbacks.domain import ClawbackPolicy, Policies, Treatment, UnknownClawbackPolicyError
from services.rewards.ledger.domain.entries import derived_id
from services.rewards.settings import Settings
from shared.audit import Did
from shared.calendars import PLAIN
from shared.followed_communities import load_calendars
from shared.transaction import Transaction

_SUBJECT = Subject.CLAWBACK_POLICY


async def propose_policy(
    tx: Transaction[Settings],
    *,
    community: str,
    key: str,
    effective_from: date,
    treatment: Treatment,
    below_points: int | None,
    by: Author,
) -> ClawbackPolicy:
    """Propose what becomes of used points that are taken back; it is in force once another person approves it.

    Raises TooManyWaitingError when as many wait as may.
    """
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    policy_id = derived_id(f"{community}|clawback policy|{key}")
    known = await store.find_policy(tx.conn, community=community, policy_id=policy_id)
    if known is not None:
        # Its answer is forgotten, after a restore; it is proposed once.
        tx.did(_entry("propose", known, before=known))
        return known
    most = tx.settings.clawback_policies_waiting_max_count
    approval = await propose_approval(tx, _SUBJECT, community=community, by=by, waiting_max_count=most)
    policy = ClawbackPolicy(community, policy_id, effective_from, treatment, below_points, approval)
    await store.add_policy(tx.conn, policy)
    tx.did(_entry("propose", policy))
    return policy


async def approve_policy(tx: Transaction, *, community: str, policy_id: str, by: Author) -> ClawbackPolicy:
    """Put an entry in force that another person proposed; approving again changes nothing.

    Raises UnknownClawbackPolicyError, SamePersonError, and DecidedError when it was withdrawn or who proposed it
    may not do so any more.
    """
    before = await _lock(tx, community=community, policy_id=policy_id)
    approval = await approve_approval(tx, before.approval, community=community, entry_id=policy_id, by=by)
    after = replace(before, approval=approval)
    tx.did(_entry("approve", after, before=before))
    return after


async def withdraw_policy(tx: Transaction, *, community: str, policy_id: str, by: Author) -> ClawbackPolicy:
    """Have a proposed entry never come into force; again changes nothing.

    Raises UnknownClawbackPolicyError, and DecidedError when it was approved.
    """
    before = await _lock(tx, community=community, policy_id=policy_id)
    approval = await withdraw_approval(tx, before.approval, community=community, entry_id=policy_id, by=by)
    after = replace(before, approval=approval)
    tx.did(_entry("withdraw", after, before=before))
    return after


async def load_in_force(tx: Transaction, communities: Collection[str]) -> Policies:
    """The policy of each community on its day; of one without there is none: members owe what they used."""
    approved = await store.load_approved(tx.conn, communities=communities)
    if not approved:
        return {}
    calendars = await load_calendars(tx.conn, communities=set(approved))
    found = {
        community: in_force(in_order(entries), calendars.get(community, PLAIN).day_of(tx.now))
        for community, entries in approved.items()
    }
    return {community: policy for community, policy in found.items() if policy is not None}


async def _lock(tx: Transaction, *, community: str, policy_id: str) -> ClawbackPolicy:
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    policy = await store.find_policy(tx.conn, community=community, policy_id=policy_id)
    if policy is None:
        raise UnknownClawbackPolicyError
    return policy


def _entry(verb: str, after: ClawbackPolicy, *, before: ClawbackPolicy | None = None) -> Did:
    said: dict[str, Any] = {
        "state": after.approval.state,
        "effective_from": after.effective_from.isoformat(),
        "treatment": after.treatment,
    }
    if after.below_points is not None:
        said["below_points"] = after.below_points
    was = None if before is None else {"state": before.approval.state}
    return Did(f"clawback_policy.{verb}", "clawback_policy", after.policy_id, before=was, after=said)
