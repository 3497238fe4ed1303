"""Proposing that a check lets a person be paid all the same, and letting them once another person approves it."""

from dataclasses import replace
from typing import Any

from services.rewards.approvals.domain import Approval, Author, Subject
from services.rewards.approvals.handlers import (
    approve_approval,
    propose_approval,
    take_in,
    told,
    withdraw_approval,
)
from services.rewards.approvals.store import lock_entries
from services.rewards.ledger.domain.entries import derived_id
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.clearances import store
from services.rewards.payouts.clearances.domain import Clearance, NothingToClearError, UnknownClearanceError
from services.rewards.payouts.domain import UnknownPayoutError
from services.rewards.payouts.findings import store as finding_store
from services.rewards.payouts.findings.domain import Check
from services.rewards.settings import Settings
from shared.access_keys import check_not_about_oneself
from shared.audit import Did
from shared.contracts.facts import PAYOUT_CLEARANCE_CHANGED, PayoutClearanceChanged, PayoutClearanceData
from shared.own_facts import ReadBack
from shared.postgres import Connection
from shared.topics import PAYOUTS
from shared.transaction import Transaction

_SUBJECT = Subject.PAYOUT_CLEARANCE


async def propose_clearance(
    tx: Transaction[Settings], payout_id: str, *, community: str, key: str, check: Check, reason: str, by: Author
) -> Clearance:
    """Propose that a check lets the member of a payout pass, which it found something of.

    Nothing changes before another person approves it; then the next run looks again. Raises UnknownPayoutError,
    AboutYourselfError, NothingToClearError, and TooManyWaitingError when as many wait as may.
    """
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    clearance_id = derived_id(f"{community}|payout clearance|{key}")
    known = await store.find_clearance(tx.conn, community=community, clearance_id=clearance_id)
    if known is not None:
        # Its answer is forgotten, after a restore; it is proposed once.
        tx.did(_did("propose", known, before=known))
        return known
    payout = await payout_store.find_payout(tx.conn, community=community, payout_id=payout_id)
    if payout is None:
        raise UnknownPayoutError(payout_id)
    await _check_not_theirs(tx, payout.member_id, community=community, by=by)
    finding = await finding_store.find_finding(tx.conn, payout, check=check)
    if finding is None or not finding.keeps_back:
        raise NothingToClearError(f"The check {check} keeps nothing of payout {payout_id} back")
    if (payout_id, check, finding.basis) in await finding_store.load_cleared(tx.conn, [payout]):
        raise NothingToClearError("Two people let it pass already: the next run looks again")
    most = tx.settings.payout_clearances_waiting_max_count
    approval = await propose_approval(tx, _SUBJECT, community=community, by=by, waiting_max_count=most)
    clearance = Clearance(
        community, clearance_id, payout.member_id, payout_id, check, finding.basis, reason, approval
    )
    await store.add_clearance(tx.conn, clearance)
    _tell(tx, clearance)
    tx.did(_did("propose", clearance))
    return clearance


async def approve_clearance(tx: Transaction, *, community: str, clearance_id: str, by: Author) -> Clearance:
    """Let pass what another person proposed; approving again changes nothing.

    Raises UnknownClearanceError, SamePersonError, AboutYourselfError, and DecidedError when it was withdrawn or
    who proposed it may not do so any more.
    """
    before = await _lock(tx, community=community, clearance_id=clearance_id)
    await _check_not_theirs(tx, before.member_id, community=community, by=by)
    approval = await approve_approval(tx, before.approval, community=community, entry_id=clearance_id, by=by)
    after = replace(before, approval=approval)
    if approval is not before.approval:
        _tell(tx, after)
    tx.did(_did("approve", after, before=before))
    return after


async def withdraw_clearance(tx: Transaction, *, community: str, clearance_id: str, by: Author) -> Clearance:
    """Have a proposal come to nothing; again changes nothing.

    Raises UnknownClearanceError, and DecidedError when it was approved.
    """
    before = await _lock(tx, community=community, clearance_id=clearance_id)
    approval = await withdraw_approval(tx, before.approval, community=community, entry_id=clearance_id, by=by)
    after = replace(before, approval=approval)
    if approval is not before.approval:
        _tell(tx, after)
    tx.did(_did("withdraw", after, before=before))
    return after


async def load_clearance(conn: Connection, *, community: str, clearance_id: str) -> Clearance:
    """A clearance. Raises UnknownClearanceError when there is none."""
    found = await store.find_clearance(conn, community=community, clearance_id=clearance_id)
    if found is None:
        raise UnknownClearanceError
    return found


async def _lock(tx: Transaction, *, community: str, clearance_id: str) -> Clearance:
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    return await load_clearance(tx.conn, community=community, clearance_id=clearance_id)


async def _check_not_theirs(tx: Transaction, member_id: str, *, community: str, by: Author) -> None:
    await check_not_about_oneself(tx.conn, community=community, person_id=by.person_id, members=[member_id])


def _did(verb: str, after: Clearance, *, before: Clearance | None = None) -> Did:
    # No word of the reason: it is about somebody, and the audit is kept.
    said: dict[str, Any] = {
        "state": after.approval.state,
        "payout_id": after.payout_id,
        "check": after.check.value,
    }
    was = None if before is None else {"state": before.approval.state}
    return Did(
        f"payout_clearance.{verb}",
        "payout_clearance",
        after.clearance_id,
        after.member_id,
        before=was,
        after=said,
    )


def _tell(tx: Transaction, clearance: Clearance) -> None:
    data: PayoutClearanceData = {
        "clearance_id": clearance.clearance_id,
        "member_id": clearance.member_id,
        "payout_id": clearance.payout_id,
        "check": clearance.check.value,
        "basis": clearance.basis,
        **told(clearance.approval),
    }
    tx.tell(
        PAYOUTS,
        PAYOUT_CLEARANCE_CHANGED,
        fact_id=derived_id(
            f"{clearance.community}|payout clearance|{clearance.clearance_id}|{clearance.approval.state}"
        ),
        community=clearance.community,
        subject=clearance.member_id,
        data=data,
    )


async def on_clearances_told(tx: Transaction, facts: list[PayoutClearanceChanged]) -> None:
    """Take in whom two people let pass and the database has forgotten, without why; and what was decided since."""
    await take_in(
        tx,
        facts,
        subject=_SUBJECT,
        id_field="clearance_id",
        find=store.find_clearance,
        entry_of=_clearance_told,
        add=store.add_clearance,
    )


def _clearance_told(community: str, data: PayoutClearanceData, approval: Approval) -> Clearance:
    return Clearance(
        community=community,
        clearance_id=data["clearance_id"],
        member_id=data["member_id"],
        payout_id=data["payout_id"],
        check=Check(data["check"]),
        basis=data["basis"],
        reason="",
        approval=approval,
    )


#: After what it is about: payouts are read back first.
READ_BACK = (
    ReadBack(
        (PAYOUTS,),
        PAYOUT_CLEARANCE_CHANGED.adapter,
        on_clearances_told,
        (PAYOUT_CLEARANCE_CHANGED.name,),
        after_inputs=True,
    ),
)
