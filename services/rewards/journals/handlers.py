"""Proposing a journal, booking it once another person confirms it, and taking in what was told of it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from services.rewards.approvals.domain import Subject
from services.rewards.approvals.store import lock_entries
from services.rewards.books.store import find_transfer
from services.rewards.general_ledger.store.exports import find_last_export
from services.rewards.journals import store
from services.rewards.journals.domain import (
    Journal,
    JournalLine,
    JournalRefusedError,
    JournalState,
    UnknownJournalError,
    check_correctable,
    check_lines,
)
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.metrics import JOURNALS_POSTED
from services.rewards.payouts.domain import Actor
from services.rewards.periods.domain import Period
from services.rewards.periods.handlers import find_period
from services.rewards.periods.store import find_newest
from shared.access_keys import Scope, load_standings
from shared.audit import Did
from shared.contracts.facts import JOURNAL_CHANGED, JournalChanged, JournalData
from shared.followed_communities import load_calendar
from shared.own_facts import ReadBack
from shared.topics import PAYOUTS
from shared.transaction import Transaction


async def propose(
    tx: Transaction,
    lines: Sequence[JournalLine],
    *,
    community: str,
    reason: str,
    month: date | None,
    amends: str | None,
    by: Actor,
) -> Journal:
    """Propose to book lines; nothing is booked before another person confirms it.

    Raises JournalRefusedError when they cannot be booked, and UnknownPeriodError when the books have no such
    month.
    """
    check_lines(lines)
    if amends is not None:
        corrected = await find_transfer(tx.conn, community=community, transfer_id=amends)
        check_correctable(corrected.kind if corrected else None)
    await _booked_at(tx, community=community, month=month)
    journal = Journal(
        community=community,
        journal_id=str(uuid4()),
        state=JournalState.PROPOSED,
        reason=reason,
        lines=lines,
        month=month,
        amends=amends,
        proposed_at=tx.now,
        proposed_by=by,
    )
    await store.add_journal(tx.conn, journal)
    _tell(tx, journal)
    tx.did(_did("propose", journal, before=None))
    return journal


async def confirm(tx: Transaction, *, community: str, journal_id: str, by: Actor) -> Journal:
    """Book what somebody else proposed.

    Raises UnknownJournalError, FourEyesError when `by` proposed it, and JournalRefusedError when it does not wait
    any more, who proposed it may not do so any more, or the month that it is of is not open.
    """
    journal = await _lock(tx, community=community, journal_id=journal_id)
    decided = journal.decided(JournalState.POSTED, by=by, now=tx.now)
    journal.check_another(by)
    (standing,) = await load_standings(tx.conn, [journal.proposed_by], community=community)
    reason = standing.why_not(Scope.PAYOUTS_WRITE)
    if reason is not None:
        raise JournalRefusedError(f"Who proposed it may not do so any more: {reason}; withdraw it")
    at = await _booked_at(tx, community=community, month=journal.month)
    await ledger_store.post(tx.conn, [decided.transfer(at)], entries=decided.entries(), now=at)
    JOURNALS_POSTED.inc()
    await _decide(tx, decided, verb="confirm")
    return decided


async def withdraw(tx: Transaction, *, community: str, journal_id: str, by: Actor) -> Journal:
    """Have a proposed journal come to nothing.

    Raises UnknownJournalError, and JournalRefusedError when it does not wait any more.
    """
    journal = await _lock(tx, community=community, journal_id=journal_id)
    decided = journal.decided(JournalState.WITHDRAWN, by=by, now=tx.now)
    await _decide(tx, decided, verb="withdraw")
    return decided


async def _lock(tx: Transaction, *, community: str, journal_id: str) -> Journal:
    journal = await store.lock_journal(tx.conn, community=community, journal_id=journal_id)
    if journal is None:
        raise UnknownJournalError(journal_id)
    return journal


async def _booked_at(tx: Transaction, *, community: str, month: date | None) -> datetime:
    """When something is booked that is of a month: at its last moment, or now where it is under way or None."""
    if month is None:
        return tx.now
    calendar = await load_calendar(tx.conn, community=community)
    period = await find_period(tx.conn, community=community, month=month, today=calendar.day_of(tx.now))
    if period.is_locked:
        newest = await find_newest(tx.conn, community=community)
        later = "a later month is shut"
        if newest is not None:
            later = f"{newest.name}, which comes after {period.name}, is {newest.state}"
        raise JournalRefusedError(f"{later}: leave the month out to book it now")
    if period.is_shut:
        raise JournalRefusedError(
            f"{period.name} is {period.state}: leave the month out to book it now, or have the month opened again"
        )
    if period.ends_at > tx.now:
        return tx.now
    await _check_not_exported(tx, period)
    return period.last_moment


async def _check_not_exported(tx: Transaction, period: Period) -> None:
    """Check that a month that is over was not handed to finance.

    What is dated into days that were handed over would be in no export. Raises JournalRefusedError.
    """
    # Whoever exports days takes the same one: none are handed over while this is booked.
    await lock_entries(tx.conn, subject=Subject.ACCOUNT_MAPPING, community=period.community)
    export = await find_last_export(tx.conn, community=period.community)
    calendar = await load_calendar(tx.conn, community=period.community)
    if export is not None and export.last_day >= calendar.day_of(period.last_moment):
        raise JournalRefusedError(
            f"{period.name} was handed to finance by export {export.number}: leave the month out to book it now"
        )


async def _decide(tx: Transaction, journal: Journal, *, verb: str) -> None:
    await store.set_decided(tx.conn, journal)
    _tell(tx, journal)
    tx.did(_did(verb, journal, before=JournalState.PROPOSED))


def _did(verb: str, journal: Journal, *, before: JournalState | None) -> Did:
    said: dict[str, Any] = {"lines": [f"{line.kind} {line.currency} {line.amount}" for line in journal.lines]}
    if journal.month is not None:
        said["month"] = f"{journal.month:%Y-%m}"
    if journal.amends is not None:
        said["amends"] = journal.amends
    return Did(
        f"journal.{verb}",
        "journal",
        journal.journal_id,
        before=None if before is None else {"state": before.value},
        after={"state": journal.state.value, **said},
    )


def _tell(tx: Transaction, journal: Journal) -> None:
    data: JournalData = {
        "journal_id": journal.journal_id,
        "state": journal.state.value,
        "reason": journal.reason,
        "lines": [
            {"account": line.kind, "currency": line.currency, "amount": line.amount} for line in journal.lines
        ],
        "proposed_at": journal.proposed_at,
        "proposed_by": journal.proposed_by.credential,
    }
    if journal.proposed_by.person_id is not None:
        data["proposed_by_person"] = journal.proposed_by.person_id
    if journal.month is not None:
        data["month"] = f"{journal.month:%Y-%m}"
    if journal.amends is not None:
        data["amends"] = journal.amends
    if journal.decided_by is not None and journal.decided_at is not None:
        data["decided_at"] = journal.decided_at
        data["by"] = journal.decided_by.credential
        if journal.decided_by.person_id is not None:
            data["person_id"] = journal.decided_by.person_id
    tx.tell(
        PAYOUTS,
        JOURNAL_CHANGED,
        fact_id=journal.fact_id,
        community=journal.community,
        subject=journal.journal_id,
        data=data,
    )


async def on_journals_told(tx: Transaction, facts: list[JournalChanged]) -> None:
    """Take in what was told of journals and the database has forgotten; what was posted is booked again.

    It is booked into its month unless that is shut by now, as one that was closed after a restored database was
    saved.
    """
    for fact in facts:
        journal = _of(fact)
        if await store.add_journal(tx.conn, journal):
            known = None
        else:
            known = await store.lock_journal(tx.conn, community=journal.community, journal_id=journal.journal_id)
        if known is not None:
            if known.state is not JournalState.PROPOSED or journal.state is JournalState.PROPOSED:
                continue
            await store.set_decided(tx.conn, journal)
        if journal.state is JournalState.POSTED:
            try:
                at = await _booked_at(tx, community=journal.community, month=journal.month)
            except JournalRefusedError:
                at = tx.now
            await ledger_store.post(tx.conn, [journal.transfer(at)], entries=journal.entries(), now=at)


def _of(fact: JournalChanged) -> Journal:
    data = fact["data"]
    return Journal(
        community=fact["community"],
        journal_id=data["journal_id"],
        state=JournalState(data["state"]),
        reason=data["reason"],
        lines=[JournalLine(line["account"], line["currency"], line["amount"]) for line in data["lines"]],
        month=date.fromisoformat(f"{data['month']}-01") if "month" in data else None,
        amends=data.get("amends"),
        proposed_at=data["proposed_at"],
        proposed_by=Actor(data.get("proposed_by_person"), data["proposed_by"]),
        decided_at=data.get("decided_at"),
        decided_by=Actor(data.get("person_id"), data["by"]) if "by" in data else None,
    )


READ_BACK = (
    ReadBack((PAYOUTS,), JOURNAL_CHANGED.adapter, on_journals_told, (JOURNAL_CHANGED.name,), after_inputs=True),
)
