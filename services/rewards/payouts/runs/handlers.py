"""Payout runs: computed by one person, approved by another, written to one bank file, and what the bank said."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from asyncpg import Record
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from services.rewards import settings
from services.rewards.bank_messages.pain001.domain import (
    CURRENCY,
    BankAccount,
    CreditTransfer,
    credit_transfer_file,
)
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.payouts import domain
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.domain import NO_BANK_DETAILS, Outcome, PayoutState, Terms, worth
from services.rewards.payouts.handlers import change, publish
from services.rewards.payouts.payees import store as payee_store
from services.rewards.payouts.runs import domain as run_domain
from services.rewards.payouts.runs import store
from services.rewards.programmes.domain import InForce
from services.rewards.programmes.handlers import rewards_in_force
from shared.transaction import Transaction


class RunRefusedError(Exception):
    """The run cannot be made, decided or filed; the message says why and what to do."""


class UnknownRunError(Exception):
    """There is no such run."""


class FourEyesError(Exception):
    """Whoever made a run may not approve it."""


async def create(tx: Transaction, community: str, idempotency_key: str, by: str) -> UUID:
    """Compute what is owed to whom, and make a run with a payout for each; return the run's id.

    Raises RunRefusedError when the programme has no payout terms, or ones that no bank file can be made of.
    """
    await payout_store.lock_runs(tx.conn, community)
    in_force = await rewards_in_force(tx, community)
    terms = _terms(in_force)
    assert in_force is not None and in_force.rewards.payout is not None  # noqa: S101, PT018 -- _terms said so
    payer = in_force.rewards.payout.paying_account
    most = settings.current().payouts_per_run_max_count
    # One more than fits tells whether members are left for another run.
    members = await store.payable_members(tx.conn, community, max(terms.minimum_points, terms.points), most + 1)
    run = run_domain.run_id(community, idempotency_key)
    await store.add_run(
        tx.conn,
        {
            "community": community,
            "run_id": run,
            "state": "open",
            "programme_id": in_force.programme_id,
            "programme_version": in_force.version,
            "currency": terms.currency,
            "points": terms.points,
            "minor": terms.minor,
            "minimum_points": terms.minimum_points,
            "payer_name": payer.name,
            "payer_iban": payer.iban,
            "payer_bic": payer.bic,
            "complete": len(members) <= most,
            "created_at": tx.now,
            "created_by": by,
        },
    )
    await _add_payouts(tx, community, run, members[:most], terms, by)
    return run


def _terms(in_force: InForce | None) -> Terms:
    payout = in_force.rewards.payout if in_force else None
    if payout is None:
        raise RunRefusedError(
            "The programme in force has no `rewards.payout`: publish a version that says what points are worth"
        )
    if payout.currency != CURRENCY:
        raise RunRefusedError(f"Bank files are SEPA credit transfers in {CURRENCY}, not {payout.currency}")
    try:
        IBAN(payout.paying_account.iban)
    except SchwiftyException as error:
        raise RunRefusedError(
            f"The paying account's IBAN is wrong ({error}): publish a version with the right one"
        ) from error
    return Terms(payout.currency, payout.points, payout.minor, payout.minimum_points)


async def _add_payouts(
    tx: Transaction, community: str, run: UUID, members: Sequence[tuple[UUID, int]], terms: Terms, by: str
) -> None:
    if not members:
        return
    ids = [member for member, _ in members]
    # What an earlier run left held is taken up by this one.
    left = await payout_store.left_held(tx.conn, community, ids)
    reason = f"taken up by payout run {run}"
    await change(tx, left, "failed", by, reasons=dict.fromkeys((row["payout_id"] for row in left), reason))
    payees = await payee_store.payees(tx.conn, community, ids)
    rows = []
    for member, available in members:
        points, amount_minor = worth(available, terms)
        payout = domain.payout_id(run, member)
        payee = payees.get(member)
        bank = (payee["name"], payee["iban"], payee["bic"]) if payee else (None, None, None)
        end_to_end_id = domain.end_to_end_id(payout)
        rows.append((community, payout, run, member, points, amount_minor, terms.currency, end_to_end_id, *bank))
    added = await payout_store.add_payouts(tx.conn, rows, tx.now)
    await payout_store.add_changes(
        tx.conn, [(community, row["payout_id"], "accrued", None) for row in added], tx.now, by
    )
    publish(tx, added, "accrued", by)
    held = [row for row in added if row["iban"] is None]
    await change(tx, held, "held", by, reasons=dict.fromkeys((row["payout_id"] for row in held), NO_BANK_DETAILS))
    await change(tx, [row for row in added if row["iban"] is not None], "eligible", by)


async def approve(tx: Transaction, community: str, run_id: UUID, by: str) -> None:
    """Approve a run made by somebody else: eligible payouts become approved, then reserved, or failed.

    Held payouts stay held until a later run takes them up. Approving again changes nothing.
    Raises UnknownRunError, FourEyesError, and RunRefusedError when it is filed or cancelled.
    """
    run = await _lock_run(tx, community, run_id)
    if run["created_by"] == by:
        raise FourEyesError
    if run["state"] == "approved":
        return
    _require(run, "open")
    eligible = await payout_store.payouts_of_run(tx.conn, community, run_id, ["eligible"])
    available = await ledger_store.lock_members(tx.conn, [(community, row["member_id"]) for row in eligible])
    payees = await payee_store.payees(tx.conn, community, [row["member_id"] for row in eligible])
    reasons: dict[UUID, str] = {}
    for row in eligible:
        have = available[community, row["member_id"]]
        reason = _why_not(row, have, payees.get(row["member_id"]))
        if reason is not None:
            reasons[row["payout_id"]] = reason
    good = [row for row in eligible if row["payout_id"] not in reasons]
    approved: Mapping[UUID, PayoutState] = dict.fromkeys((row["payout_id"] for row in good), "approved")
    await change(tx, [row for row in eligible if row["payout_id"] in reasons], "failed", by, reasons=reasons)
    await change(tx, good, "approved", by)
    await change(tx, good, "reserved", by, states=approved)
    await store.decide_run(tx.conn, community, run_id, "approved", tx.now, by)


def _why_not(row: Record, available: int, payee: Record | None) -> str | None:
    """Why a payout can no longer be paid as it was computed; None when it can."""
    if available < row["points"]:
        return f"the balance fell to {available} points since the run was made; {row['points']} are needed"
    if payee is None or (payee["name"], payee["iban"], payee["bic"]) != (
        row["payee_name"],
        row["iban"],
        row["bic"],
    ):
        return "the bank details changed since the run was made"
    return None


async def cancel(tx: Transaction, community: str, run_id: UUID, by: str) -> None:
    """Give up a run that has no bank file yet; what it had reserved is available again.

    Raises UnknownRunError, and RunRefusedError when the bank may have the file already.
    """
    run = await _lock_run(tx, community, run_id)
    if run["state"] == "cancelled":
        return
    _require(run, "open", "approved")
    payouts = await payout_store.payouts_of_run(tx.conn, community, run_id, ["held", "eligible", "reserved"])
    reasons = dict.fromkeys((row["payout_id"] for row in payouts), "the run was cancelled")
    await change(tx, payouts, "failed", by, reasons=reasons)
    await store.decide_run(tx.conn, community, run_id, "cancelled", tx.now, by)


async def write_file(tx: Transaction, community: str, run_id: UUID, by: str) -> None:
    """Write an approved run's bank file and submit its payouts; a run that has its file keeps it.

    Raises UnknownRunError, BankFileError, and RunRefusedError when the run is not approved or pays nobody.
    """
    run = await _lock_run(tx, community, run_id)
    if run["state"] == "filed":
        return
    _require(run, "approved")
    payouts = await payout_store.payouts_of_run(tx.conn, community, run_id, ["reserved"])
    if not payouts:
        raise RunRefusedError("No payout of this run is reserved, so there is nothing to pay")
    transfers = [
        CreditTransfer(
            row["end_to_end_id"],
            row["amount_minor"],
            BankAccount(row["payee_name"], row["iban"], row["bic"]),
            f"{row['points']} points, payout {row['end_to_end_id']}",
        )
        for row in payouts
    ]
    content = await asyncio.to_thread(
        credit_transfer_file,
        run_domain.message_id(run_id),
        BankAccount(run["payer_name"], run["payer_iban"], run["payer_bic"]),
        transfers,
        tx.now,
        tx.now.date() + timedelta(days=settings.current().payout_execution_days),
    )
    await store.add_file(
        tx.conn,
        {
            "community": community,
            "run_id": run_id,
            "message_id": run_domain.message_id(run_id),
            "content": content,
            "sha256": hashlib.sha256(content).hexdigest(),
            "payment_count": len(transfers),
            "control_sum_minor": sum(one.amount_minor for one in transfers),
            "created_at": tx.now,
            "created_by": by,
        },
    )
    await change(tx, payouts, "submitted", by)
    await store.decide_run(tx.conn, community, run_id, "filed", tx.now, by)


async def note_outcome(
    tx: Transaction,
    community: str,
    run_id: UUID,
    outcome: Outcome,
    by: str,
    reason: str | None,
    only: Sequence[UUID] | None,
) -> int:
    """Note what the bank said of a filed run's payouts, or of `only` these; return how many changed.

    Without `only`, every payout changes that can. Payouts that are there already stay as they are.
    Raises UnknownRunError, RunRefusedError, and WrongStateError when one of `only` cannot go there.
    """
    run = await _lock_run(tx, community, run_id)
    _require(run, "filed")
    able = [one for one in domain.BANK_STATES if outcome in domain.NEXT_STATES[one]]
    states = able if only is None else domain.PAYOUT_STATES
    rows = await payout_store.payouts_of_run(tx.conn, community, run_id, states, only)
    missing = {str(one) for one in only or ()} - {str(row["payout_id"]) for row in rows}
    if missing:
        raise RunRefusedError(f"Payout {min(missing)} is not one of this run")
    rows = [row for row in rows if row["state"] != outcome]
    for row in rows:
        if row["state"] not in able:
            raise domain.WrongStateError(row["state"], outcome)
    reasons = {} if reason is None else dict.fromkeys((row["payout_id"] for row in rows), reason)
    await change(tx, rows, outcome, by, reasons=reasons)
    return len(rows)


async def _lock_run(tx: Transaction, community: str, run_id: UUID) -> Record:
    await payout_store.lock_runs(tx.conn, community)
    run = await store.run(tx.conn, community, run_id, lock=True)
    if run is None:
        raise UnknownRunError
    return run


def _require(run: Record, *states: run_domain.RunState) -> None:
    if run["state"] not in states:
        raise RunRefusedError(f"The run is {run['state']}; this needs one that is {' or '.join(states)}")
