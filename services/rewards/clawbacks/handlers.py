"""Clawback policies that two people decide, those in force, and what was told of both before."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from pydantic import Discriminator, TypeAdapter

from services.rewards.approvals.domain import Approval, Author, Subject, in_force, in_order
from services.rewards.approvals.handlers import (
    approve_approval,
    propose_approval,
    take_in,
    told,
    withdraw_approval,
)
from services.rewards.approvals.store import lock_entries
from services.rewards.clawbacks import store
from services.rewards.clawbacks.domain import (
    Clawback,
    ClawbackPolicy,
    ClawedBack,
    Policies,
    Treatment,
    UnknownClawbackPolicyError,
)
from services.rewards.ledger.domain.entries import derived_id
from services.rewards.metrics import POINTS_CLAWED_BACK
from services.rewards.settings import Settings
from shared.audit import Did
from shared.calendars import PLAIN
from shared.contracts.facts import (
    CLAWBACK_BOOKED,
    CLAWBACK_POLICY_CHANGED,
    ClawbackBooked,
    ClawbackData,
    ClawbackPolicyChanged,
    ClawbackPolicyData,
)
from shared.followed_communities import load_calendars
from shared.own_facts import ReadBack
from shared.topics import DEBTS
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
    _tell(tx, policy)
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
    if approval is not before.approval:
        _tell(tx, after)
    tx.did(_entry("approve", after, before=before))
    return after


async def withdraw_policy(tx: Transaction, *, community: str, policy_id: str, by: Author) -> ClawbackPolicy:
    """Have a proposed entry never come into force; again changes nothing.

    Raises UnknownClawbackPolicyError, and DecidedError when it was approved.
    """
    before = await _lock(tx, community=community, policy_id=policy_id)
    approval = await withdraw_approval(tx, before.approval, community=community, entry_id=policy_id, by=by)
    after = replace(before, approval=approval)
    if approval is not before.approval:
        _tell(tx, after)
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


async def note_clawbacks(tx: Transaction, found: Sequence[ClawedBack]) -> None:
    """Keep what became of used points that were taken back, and tell it, each once."""
    new = await store.add_clawbacks(tx.conn, [one.clawback for one in found])
    for (_, transfer_id, policy_id, used, kept), earner, award_id in found:
        if transfer_id not in new:
            continue  # it was told, and a restored database reads the award again
        POINTS_CLAWED_BACK.labels("kept").inc(kept)
        POINTS_CLAWED_BACK.labels("owed").inc(used - kept)
        data: ClawbackData = {
            "transfer_id": transfer_id,
            "member_id": earner.member_id,
            "award_id": award_id,
            "used_points": used,
            "kept_points": kept,
        }
        if policy_id is not None:
            data["policy_id"] = policy_id
        tx.tell(
            DEBTS,
            CLAWBACK_BOOKED,
            fact_id=derived_id(f"{earner.community}|clawback|{transfer_id}"),
            community=earner.community,
            subject=earner.member_id,
            data=data,
        )


async def on_policies_told(tx: Transaction, facts: list[ClawbackPolicyChanged]) -> None:
    """Take in the policies that the database has forgotten, and what was decided of them."""
    await take_in(
        tx,
        facts,
        subject=_SUBJECT,
        id_field="policy_id",
        find=store.find_policy,
        entry_of=_policy_told,
        add=store.add_policy,
    )


def _policy_told(community: str, data: ClawbackPolicyData, approval: Approval) -> ClawbackPolicy:
    return ClawbackPolicy(
        community,
        data["policy_id"],
        data["effective_from"],
        Treatment(data["treatment"]),
        data.get("below_points"),
        approval,
    )


async def on_clawbacks_told(tx: Transaction, facts: list[ClawbackBooked]) -> None:
    """Note what became of used points, before the awards are read that took them back: it stays so."""
    await store.add_clawbacks(
        tx.conn,
        [
            Clawback(
                fact["community"],
                data["transfer_id"],
                data.get("policy_id"),
                data["used_points"],
                data["kept_points"],
            )
            for fact in facts
            for data in (fact["data"],)
        ],
    )


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


def _tell(tx: Transaction, policy: ClawbackPolicy) -> None:
    said: dict[str, Any] = {
        "policy_id": policy.policy_id,
        "effective_from": policy.effective_from,
        "treatment": policy.treatment.value,
        **told(policy.approval),
    }
    if policy.below_points is not None:
        said["below_points"] = policy.below_points
    data: ClawbackPolicyData = said  # type: ignore[assignment]
    tx.tell(
        DEBTS,
        CLAWBACK_POLICY_CHANGED,
        fact_id=policy.fact_id,
        community=policy.community,
        subject=policy.policy_id,
        data=data,
    )


_OWN: TypeAdapter[Any] = TypeAdapter(Annotated[ClawbackPolicyChanged | ClawbackBooked, Discriminator("type")])
#: Before awards are read again: those that are taken back are decided by what was in force, and as it was told.
READ_BACK = (
    ReadBack((DEBTS,), _OWN, on_policies_told, (CLAWBACK_POLICY_CHANGED.name,)),
    ReadBack((DEBTS,), _OWN, on_clawbacks_told, (CLAWBACK_BOOKED.name,)),
)
