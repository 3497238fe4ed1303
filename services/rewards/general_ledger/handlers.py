"""Mappings that two people decide, the journal of days, and exports that are made once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from services.rewards.approvals.domain import Approval, Author, Subject
from services.rewards.approvals.handlers import (
    approve_approval,
    propose_approval,
    take_in,
    told,
    withdraw_approval,
)
from services.rewards.approvals.store import count_waiting, lock_entries
from services.rewards.general_ledger.domain.exports import (
    Export,
    ExportRefusedError,
    Grain,
    UnknownExportError,
    next_days,
)
from services.rewards.general_ledger.domain.journal import (
    DraftJournal,
    JournalLine,
    LiabilityMoved,
    by_month,
    draft,
    is_balanced,
)
from services.rewards.general_ledger.domain.mapping import (
    AccountMapping,
    Chart,
    MappedAccount,
    UnknownMappingError,
    UnmappedError,
)
from services.rewards.general_ledger.store import exports, mappings
from services.rewards.ledger.domain.entries import UnbalancedError, derived_id
from services.rewards.liability.domain.days import movement
from services.rewards.liability.handlers import load_policy
from services.rewards.liability.store import days as liability_days
from services.rewards.metrics import ACCOUNT_MAPPINGS_WAITING
from services.rewards.settings import Settings
from shared.audit import Did
from shared.calendars import Calendar
from shared.contracts.facts import ACCOUNT_MAPPING_CHANGED, AccountMappingChanged, AccountMappingData
from shared.followed_communities import load_calendar
from shared.own_facts import ReadBack
from shared.postgres import Connection
from shared.topics import PAYOUTS
from shared.transaction import Transaction

_SUBJECT = Subject.ACCOUNT_MAPPING
#: What members are owed in money.
MEMBERS_ACCOUNT = "payable"
_A_DAY = timedelta(days=1)


async def propose_mapping(tx: Transaction[Settings], mapping: AccountMapping) -> AccountMapping:
    """Propose a mapping, which is in force once another person approves it.

    Raises MappedTwiceError, and TooManyWaitingError when as many wait as may.
    """
    community = mapping.community
    mapping.check()
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    known = await mappings.find_mapping(tx.conn, community=community, mapping_id=mapping.mapping_id)
    if known is not None:
        # Its answer is forgotten, after a restore; it is proposed once.
        tx.did(_entry("propose", known, before=known))
        return known
    most, by = tx.settings.account_mappings_waiting_max_count, mapping.approval.proposed_by
    await propose_approval(tx, _SUBJECT, community=community, by=by, waiting_max_count=most)
    await mappings.add_mapping(tx.conn, mapping)
    _tell(tx, mapping)
    tx.did(_entry("propose", mapping))
    return mapping


def mapping_id(community: str, key: str) -> str:
    """The id of the mapping that a request proposes: sending it again finds it there."""
    return derived_id(f"{community}|account mapping|{key}")


async def approve_mapping(
    tx: Transaction[Settings], *, community: str, wanted_id: str, by: Author
) -> AccountMapping:
    """Put a mapping in force that another person proposed; approving again changes nothing.

    Raises UnknownMappingError, SamePersonError, and DecidedError when it was withdrawn or who proposed
    it may not do so any more.
    """
    before = await _lock(tx, community=community, wanted_id=wanted_id)
    approval = await approve_approval(tx, before.approval, community=community, entry_id=wanted_id, by=by)
    after = replace(before, approval=approval)
    if approval is not before.approval:
        _tell(tx, after)
    tx.did(_entry("approve", after, before=before))
    return after


async def withdraw_mapping(
    tx: Transaction[Settings], *, community: str, wanted_id: str, by: Author
) -> AccountMapping:
    """Have a proposed mapping never come into force; again changes nothing.

    Raises UnknownMappingError, and DecidedError when it was approved.
    """
    before = await _lock(tx, community=community, wanted_id=wanted_id)
    approval = await withdraw_approval(tx, before.approval, community=community, entry_id=wanted_id, by=by)
    after = replace(before, approval=approval)
    if approval is not before.approval:
        _tell(tx, after)
    tx.did(_entry("withdraw", after, before=before))
    return after


async def _lock(tx: Transaction[Settings], *, community: str, wanted_id: str) -> AccountMapping:
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    found = await mappings.find_mapping(tx.conn, community=community, mapping_id=wanted_id)
    if found is None:
        raise UnknownMappingError
    return found


def _entry(verb: str, after: AccountMapping, *, before: AccountMapping | None = None) -> Did:
    said = {
        "state": after.approval.state,
        "effective_from": after.effective_from.isoformat(),
        "accounts": [" ".join(one) for one in after.accounts],
        "tax_rate": after.tax_rate,
    }
    was = None if before is None else {"state": before.approval.state}
    return Did(f"account_mapping.{verb}", "account_mapping", after.mapping_id, before=was, after=said)


def _tell(tx: Transaction, mapping: AccountMapping) -> None:
    data: AccountMappingData = {
        "mapping_id": mapping.mapping_id,
        "effective_from": mapping.effective_from,
        "accounts": [
            {"account": one.account, "event": one.event, "number": one.number} for one in mapping.accounts
        ],
        "tax_rate": mapping.tax_rate,
        **told(mapping.approval),
    }
    tx.tell(
        PAYOUTS,
        ACCOUNT_MAPPING_CHANGED,
        fact_id=derived_id(f"{mapping.community}|account mapping|{mapping.mapping_id}|{mapping.approval.state}"),
        community=mapping.community,
        subject=mapping.mapping_id,
        data=data,
    )


async def on_mappings_told(tx: Transaction, facts: list[AccountMappingChanged]) -> None:
    """Take in the mappings that the database has forgotten, and what was decided of them."""
    await take_in(
        tx,
        facts,
        subject=_SUBJECT,
        id_field="mapping_id",
        find=mappings.find_mapping,
        entry_of=_mapping_told,
        add=mappings.add_mapping,
    )


def _mapping_told(community: str, data: AccountMappingData, approval: Approval) -> AccountMapping:
    return AccountMapping(
        community=community,
        mapping_id=data["mapping_id"],
        effective_from=data["effective_from"],
        accounts=tuple(MappedAccount(one["account"], one["event"], one["number"]) for one in data["accounts"]),
        tax_rate=data["tax_rate"],
        approval=approval,
    )


async def draft_journal(
    conn: Connection, settings: Settings, *, community: str, first: date, last: date, grain: Grain
) -> DraftJournal:
    """The journal of some days as it would be exported now, and what of it is mapped to no account.

    Raises ExportRefusedError when these are too many days, and TimeoutError when it takes too long.
    """
    calendar = await load_calendar(conn, community=community)
    previous = first - _A_DAY if await exports.find_last_export(conn, community=community) else None
    found = await _draft(
        conn, settings, community=community, calendar=calendar, first=first, last=last, previous=previous
    )
    return found._replace(lines=_grained(found.lines, grain, last_day=last))


def _grained(lines: Sequence[JournalLine], grain: Grain, *, last_day: date) -> Sequence[JournalLine]:
    return by_month(lines, last_day=last_day) if grain is Grain.MONTH else lines


async def _draft(
    conn: Connection,
    settings: Settings,
    *,
    community: str,
    calendar: Calendar,
    first: date,
    last: date,
    previous: date | None,
) -> DraftJournal:
    count, most = (last - first).days + 1, settings.journal_days_max_count
    if not 0 < count <= most:
        raise ExportRefusedError(f"a journal is of 1 to {most} days, and these are {count}")
    days = [first + _A_DAY * number for number in range(count)]
    starts = [calendar.start_of(day) for day in (*days, last + _A_DAY)]
    booked = await exports.load_booked(
        conn, days, starts=starts, community=community, timeout_seconds=settings.journal_seconds
    )
    moved = await _liability(conn, community=community, days=days, previous=previous)
    chart = Chart(await mappings.load_approved_mappings(conn, community=community))
    return draft(booked, moved, members_account=MEMBERS_ACCOUNT, chart=chart)


async def _liability(
    conn: Connection, *, community: str, days: Sequence[date], previous: date | None
) -> list[LiabilityMoved]:
    """How what is owed for points moved on each of these days that was taken.

    The first is since the last one taken until `previous`, which was exported; from nothing where that is None.
    """
    before = None
    if previous is not None:
        before = await liability_days.find_last_day(conn, community=community, until=previous)
    found = []
    for day in days:
        taken = await liability_days.find_day(conn, community=community, day=day)
        if taken is None:
            continue
        policy = await load_policy(conn, community=community, policy_id=taken.policy_id)
        moved = movement(before, taken, policy=policy)
        found.append(
            LiabilityMoved(day, policy.terms.currency, moved.earned_minor, moved.used_minor, moved.estimate_minor)
        )
        before = taken
    return found


async def make_export(
    tx: Transaction[Settings],
    *,
    community: str,
    first: date | None,
    last: date,
    grain: Grain,
    by: Author,
) -> Export:
    """Hand the days since the last export to finance, until `last`, by the next number.

    What was booked on them stays as it is: whatever is booked later is of a later day. Raises ExportRefusedError
    when days would be handed over twice or left out, or are not over, and UnmappedError.
    """
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    calendar = await load_calendar(tx.conn, community=community)
    # A transaction that began before midnight may commit after it.
    settled = tx.now - timedelta(seconds=tx.settings.journal_settle_seconds)
    known = await exports.find_last_export(tx.conn, community=community)
    over = calendar.day_of(settled) - _A_DAY
    previous = None if known is None else known.last_day
    first, last = next_days(previous, first, last, over=over)
    found = await _draft(
        tx.conn, tx.settings, community=community, calendar=calendar, first=first, last=last, previous=previous
    )
    if found.missing:
        raise UnmappedError(found.missing)
    lines = _grained(found.lines, grain, last_day=last)
    if not is_balanced(lines):
        raise UnbalancedError(f"the journal of {community} from {first} to {last} does not sum to zero")
    mapping = Chart(await mappings.load_approved_mappings(tx.conn, community=community)).on(last)
    export = Export(
        community=community,
        number=1 if known is None else known.number + 1,
        first_day=first,
        last_day=last,
        grain=grain,
        tax_rate="" if mapping is None else mapping.tax_rate,
        lines_count=len(lines),
        made_at=tx.now,
        made_by=by,
    )
    await exports.add_export(tx.conn, export, lines=lines)
    said = {"number": export.number, "from": str(first), "to": str(last), "grain": grain, "lines": len(lines)}
    tx.did(Did("journal_export.make", "journal_export", str(export.number), after=said))
    return export


async def count_mappings_waiting(tx: Transaction[Settings]) -> None:
    """Timer: show how many mappings wait for another person."""
    ACCOUNT_MAPPINGS_WAITING.set(await count_waiting(tx.conn, subject=_SUBJECT, community=None))


async def load_export(conn: Connection, *, community: str, number: int) -> Export:
    """An export. Raises UnknownExportError when there is none of that number."""
    export = await exports.find_export(conn, community=community, number=number)
    if export is None:
        raise UnknownExportError(number)
    return export


READ_BACK = (
    ReadBack((PAYOUTS,), ACCOUNT_MAPPING_CHANGED.adapter, on_mappings_told, (ACCOUNT_MAPPING_CHANGED.name,)),
)
