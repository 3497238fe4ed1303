"""Policies of rates that two people decide, files that one takes within their bounds, and what is in force."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from services.rewards.approvals.domain import Approval, Author, Subject
from services.rewards.approvals.handlers import (
    approve_approval,
    author_as_told,
    propose_approval,
    take_in,
    told,
    withdraw_approval,
)
from services.rewards.approvals.store import count_waiting, lock_entries
from services.rewards.ledger.domain.entries import derived_id
from services.rewards.metrics import RATE_POLICIES_WAITING, RATES_STALE_SOON
from services.rewards.rates.domain.files import RateFile, RateFileError
from services.rewards.rates.domain.policies import (
    NoRatePolicyError,
    RatePolicy,
    RatePolicyTerms,
    RateSheet,
    RatesInForce,
    RateSource,
    TooManyRateSheetsError,
    UnknownRatePolicyError,
)
from services.rewards.rates.store import policies as policy_store
from services.rewards.rates.store import sheets as sheet_store
from services.rewards.settings import Settings
from shared.audit import Did
from shared.contracts.facts import (
    RATE_POLICY_CHANGED,
    RATE_SHEET_TAKEN,
    RatePolicyChanged,
    RatePolicyData,
    RateSheetData,
    RateSheetTaken,
)
from shared.followed_communities import load_calendar
from shared.own_facts import ReadBack
from shared.postgres import Connection
from shared.topics import PAYOUTS
from shared.transaction import Transaction

_SUBJECT = Subject.RATE_POLICY
_A_DAY = timedelta(days=1)


async def propose(
    tx: Transaction[Settings], *, community: str, key: str, terms: RatePolicyTerms, by: Author
) -> RatePolicy:
    """Propose a policy entry, which is in force once another person approves it.

    Raises TooManyWaitingError when as many wait as may.
    """
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    policy_id = derived_id(f"{community}|rate policy|{key}")
    known = await policy_store.find_policy(tx.conn, community=community, policy_id=policy_id)
    if known is not None:
        # Its answer is forgotten, after a restore; it is proposed once.
        tx.did(_entry("propose", known, before=known))
        return known
    most = tx.settings.rate_policies_waiting_max_count
    approval = await propose_approval(tx, _SUBJECT, community=community, by=by, waiting_max_count=most)
    policy = RatePolicy(community, policy_id, terms, approval)
    await policy_store.add_policy(tx.conn, policy)
    _tell(tx, policy)
    tx.did(_entry("propose", policy))
    return policy


async def approve(tx: Transaction[Settings], *, community: str, policy_id: str, by: Author) -> RatePolicy:
    """Put a policy entry in force that another person proposed; approving again changes nothing.

    Raises UnknownRatePolicyError, SamePersonError, and DecidedError when it was withdrawn or who proposed it may
    not do so any more.
    """
    before = await _lock(tx, community=community, policy_id=policy_id)
    approval = await approve_approval(tx, before.approval, community=community, entry_id=policy_id, by=by)
    after = replace(before, approval=approval)
    if approval is not before.approval:
        _tell(tx, after)
    tx.did(_entry("approve", after, before=before))
    return after


async def withdraw(tx: Transaction[Settings], *, community: str, policy_id: str, by: Author) -> RatePolicy:
    """Have a proposed entry never come into force; again changes nothing.

    Raises UnknownRatePolicyError, and DecidedError when it was approved.
    """
    before = await _lock(tx, community=community, policy_id=policy_id)
    approval = await withdraw_approval(tx, before.approval, community=community, entry_id=policy_id, by=by)
    after = replace(before, approval=approval)
    if approval is not before.approval:
        _tell(tx, after)
    tx.did(_entry("withdraw", after, before=before))
    return after


async def _lock(tx: Transaction[Settings], *, community: str, policy_id: str) -> RatePolicy:
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    return await load_policy(tx.conn, community=community, policy_id=policy_id)


async def load_policy(conn: Connection, *, community: str, policy_id: str) -> RatePolicy:
    """A policy entry. Raises UnknownRatePolicyError when there is none."""
    policy = await policy_store.find_policy(conn, community=community, policy_id=policy_id)
    if policy is None:
        raise UnknownRatePolicyError
    return policy


async def take_file(
    tx: Transaction[Settings], file: RateFile, *, content: bytes, community: str, by: Author
) -> tuple[RateSheet, bool]:
    """Take a file of a central bank, whose rates are in force if no newer one is; whether it is new.

    The same file again is the one that was taken. Raises RateFileError for one of a day to come, NoRatePolicyError
    where no policy takes files, RateMovedError where a rate is further from the policy's than it may be, and
    TooManyRateSheetsError.
    """
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    sheet_id = derived_id(f"{community}|rate sheet|{sha256(content).hexdigest()}")
    known = await sheet_store.find_sheet(tx.conn, community=community, sheet_id=sheet_id)
    if known is not None:
        tx.did(_taken(known, is_new=False))
        return known, False
    today = await today_of(tx.conn, community=community, now=tx.now)
    if file.day > today:
        raise RateFileError(f"it is of {file.day.isoformat()}, which is to come")
    policy = await policy_store.find_applying(tx.conn, community=community, day=today)
    if policy is None or policy.terms.source is not RateSource.FILE or policy.terms.base != file.base:
        raise NoRatePolicyError(today, f"no approved policy takes files of rates against {file.base}")
    for currency in policy.terms.units:
        if currency in file.units:
            policy.terms.check_move(currency, file.units[currency])
    most = tx.settings.rate_sheets_a_day_max_count
    if await sheet_store.count_taken(tx.conn, community=community, since=tx.now - _A_DAY) >= most:
        raise TooManyRateSheetsError(most)
    sheet = RateSheet(community, sheet_id, file.base, file.day, file.units, tx.now, by)
    await sheet_store.add_sheet(tx.conn, sheet)
    _tell_sheet(tx, sheet)
    tx.did(_taken(sheet, is_new=True))
    return sheet, True


async def rates_in_force(conn: Connection, *, community: str, now: datetime) -> RatesInForce:
    """The rates that apply now, by the policy of the community's day. Raises NoRatePolicyError."""
    today = await today_of(conn, community=community, now=now)
    policy = await policy_store.find_applying(conn, community=community, day=today)
    if policy is None:
        raise NoRatePolicyError(today, "no approved policy of rates applies")
    if policy.terms.source is RateSource.TABLE:
        return RatesInForce(policy, None, policy.terms.effective_from)
    sheet = await sheet_store.find_newest(conn, community=community, base=policy.terms.base, until=today)
    return RatesInForce(policy, sheet, None if sheet is None else sheet.day)


async def today_of(conn: Connection, *, community: str, now: datetime) -> date:
    """The community's day."""
    return (await load_calendar(conn, community=community)).day_of(now)


async def count_rates(tx: Transaction[Settings]) -> None:
    """Timer: count policies that wait for another person, and communities whose rates are too old, or soon are."""
    RATE_POLICIES_WAITING.set(await count_waiting(tx.conn, subject=_SUBJECT, community=None))
    # By UTC's day: a day more or less in a community's zone does not matter to a warning.
    day = tx.now.date() + timedelta(days=tx.settings.rates_warn_days)
    RATES_STALE_SOON.set(await policy_store.count_stale(tx.conn, day=day, community=None))


def _entry(verb: str, after: RatePolicy, *, before: RatePolicy | None = None) -> Did:
    terms = after.terms
    said: dict[str, Any] = {
        "state": after.approval.state,
        "effective_from": terms.effective_from.isoformat(),
        "base": terms.base,
        "source": terms.source,
        "units": {currency: f"{units:f}" for currency, units in terms.units.items()},
        "max_move_basis_points": terms.max_move_basis_points,
        "spread_basis_points": terms.spread_basis_points,
        "max_age_days": terms.max_age_days,
    }
    was = None if before is None else {"state": before.approval.state}
    return Did(f"rate_policy.{verb}", "rate_policy", after.policy_id, before=was, after=said)


def _taken(sheet: RateSheet, *, is_new: bool) -> Did:
    said = {"base": sheet.base, "day": sheet.day.isoformat(), "currencies_count": len(sheet.units)}
    return Did("rate_sheet.take", "rate_sheet", sheet.sheet_id, before=None if is_new else said, after=said)


def _tell(tx: Transaction, policy: RatePolicy) -> None:
    terms = policy.terms
    data: RatePolicyData = {
        "policy_id": policy.policy_id,
        "effective_from": terms.effective_from,
        "base": terms.base,
        "source": terms.source.value,
        "units": {currency: f"{units:f}" for currency, units in terms.units.items()},
        "max_move_basis_points": terms.max_move_basis_points,
        "spread_basis_points": terms.spread_basis_points,
        "max_age_days": terms.max_age_days,
        **told(policy.approval),
    }
    tx.tell(
        PAYOUTS,
        RATE_POLICY_CHANGED,
        fact_id=derived_id(f"{policy.community}|rate policy|{policy.policy_id}|{policy.approval.state}"),
        community=policy.community,
        subject=policy.policy_id,
        data=data,
    )


def _tell_sheet(tx: Transaction, sheet: RateSheet) -> None:
    data: RateSheetData = {
        "sheet_id": sheet.sheet_id,
        "base": sheet.base,
        "day": sheet.day,
        "units": {currency: f"{units:f}" for currency, units in sheet.units.items()},
        "by": sheet.taken_by.credential,
    }
    if sheet.taken_by.person_id is not None:
        data["person_id"] = sheet.taken_by.person_id
    tx.tell(
        PAYOUTS,
        RATE_SHEET_TAKEN,
        fact_id=derived_id(f"{sheet.community}|rate sheet told|{sheet.sheet_id}"),
        community=sheet.community,
        subject=sheet.sheet_id,
        data=data,
    )


async def on_policies_told(tx: Transaction, facts: list[RatePolicyChanged]) -> None:
    """Take in the policies that the database has forgotten, and what was decided of them."""
    await take_in(
        tx,
        facts,
        subject=_SUBJECT,
        id_field="policy_id",
        find=policy_store.find_policy,
        entry_of=_policy_told,
        add=policy_store.add_policy,
    )


def _policy_told(community: str, data: RatePolicyData, approval: Approval) -> RatePolicy:
    terms = RatePolicyTerms(
        effective_from=data["effective_from"],
        base=data["base"],
        source=RateSource(data["source"]),
        units=_units(data["units"]),
        max_move_basis_points=data["max_move_basis_points"],
        spread_basis_points=data["spread_basis_points"],
        max_age_days=data["max_age_days"],
    )
    return RatePolicy(community, data["policy_id"], terms, approval)


async def on_sheets_told(tx: Transaction, facts: list[RateSheetTaken]) -> None:
    """Take in the files that the database has forgotten, at the time at which they were taken."""
    for fact in facts:
        community, data = fact["community"], fact["data"]
        sheet_id = data["sheet_id"]
        if await sheet_store.find_sheet(tx.conn, community=community, sheet_id=sheet_id) is not None:
            continue
        taken_by = await author_as_told(tx, data.get("person_id"), credential=data["by"], community=community)
        sheet = RateSheet(
            community, sheet_id, data["base"], data["day"], _units(data["units"]), fact["time"], taken_by
        )
        await sheet_store.add_sheet(tx.conn, sheet)


def _units(said: Mapping[str, str]) -> dict[str, Decimal]:
    """Told as an object, whose fields have no order: a policy keeps them by their names."""
    return {currency: Decimal(said[currency]) for currency in sorted(said)}


READ_BACK = (
    ReadBack((PAYOUTS,), RATE_POLICY_CHANGED.adapter, on_policies_told, (RATE_POLICY_CHANGED.name,)),
    ReadBack((PAYOUTS,), RATE_SHEET_TAKEN.adapter, on_sheets_told, (RATE_SHEET_TAKEN.name,)),
)
