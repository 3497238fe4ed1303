"""Policies that two people decide, what points are worth now, and the timer that takes each day."""

import logging
import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from services.rewards.approvals.domain import Approval, Author, Subject
from services.rewards.approvals.handlers import (
    approve_approval,
    propose_approval,
    take_in,
    told,
    withdraw_approval,
)
from services.rewards.approvals.store import count_waiting, lock_entries
from services.rewards.ledger.domain.entries import derived_id
from services.rewards.liability.domain.days import UnknownDayError
from services.rewards.liability.domain.figures import figures_of
from services.rewards.liability.domain.policies import (
    Basis,
    Estimate,
    NoPolicyError,
    OtherCurrencyError,
    Policies,
    Policy,
    PolicyTerms,
    UnknownPolicyError,
    VintageUnit,
)
from services.rewards.liability.domain.valuing import Liability, value
from services.rewards.liability.store import days, figures
from services.rewards.liability.store import policies as policy_store
from services.rewards.lots.due.store import is_expiry_due
from services.rewards.metrics import LIABILITY_DAYS, LIABILITY_POLICIES_WAITING, LIABILITY_SECONDS
from services.rewards.settings import Settings
from shared.audit import Did
from shared.calendars import Calendar
from shared.contracts.facts import LIABILITY_POLICY_CHANGED, LiabilityPolicyChanged, LiabilityPolicyData
from shared.followed_communities import load_calendar
from shared.own_facts import ReadBack
from shared.postgres import Connection
from shared.topics import PAYOUTS
from shared.transaction import Transaction

_SUBJECT = Subject.LIABILITY_POLICY
#: How far the first zone is ahead of UTC: its yesterday may be UTC's today.
_AHEAD = timedelta(hours=14)
#: A day of which points are not booked away yet is given up so long before the next is over: then nobody can tell.
_GIVEN_UP_BEFORE = timedelta(hours=1)
_A_DAY = timedelta(days=1)

log = logging.getLogger(__name__)


async def propose(
    tx: Transaction[Settings], *, community: str, key: str, terms: PolicyTerms, by: Author
) -> Policy:
    """Propose a policy entry, which is in force once another person approves it.

    Raises OtherCurrencyError when the books are in another currency, and TooManyWaitingError when as many wait as
    may.
    """
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    policy_id = derived_id(f"{community}|liability policy|{key}")
    known = await policy_store.find_policy(tx.conn, community=community, policy_id=policy_id)
    if known is not None:
        # Its answer is forgotten, after a restore; it is proposed once.
        tx.did(_entry("propose", known, before=known))
        return known
    await _check_currency(tx, terms, community=community)
    most = tx.settings.liability_policies_waiting_max_count
    approval = await propose_approval(tx, _SUBJECT, community=community, by=by, waiting_max_count=most)
    policy = Policy(community, policy_id, terms, approval)
    await policy_store.add_policy(tx.conn, policy)
    _tell(tx, policy)
    tx.did(_entry("propose", policy))
    return policy


async def approve(tx: Transaction[Settings], *, community: str, policy_id: str, by: Author) -> Policy:
    """Put a policy entry in force that another person proposed; approving again changes nothing.

    Raises UnknownPolicyError, SamePersonError, OtherCurrencyError, and DecidedError when it was
    withdrawn or who proposed it may not do so any more.
    """
    before = await _lock(tx, community=community, policy_id=policy_id)
    approval = await approve_approval(tx, before.approval, community=community, entry_id=policy_id, by=by)
    if approval is not before.approval:
        await _check_currency(tx, before.terms, community=community)
    after = replace(before, approval=approval)
    if approval is not before.approval:
        _tell(tx, after)
    tx.did(_entry("approve", after, before=before))
    return after


async def withdraw(tx: Transaction[Settings], *, community: str, policy_id: str, by: Author) -> Policy:
    """Have a proposed entry never come into force; again changes nothing.

    Raises UnknownPolicyError, and DecidedError when it was approved.
    """
    before = await _lock(tx, community=community, policy_id=policy_id)
    approval = await withdraw_approval(tx, before.approval, community=community, entry_id=policy_id, by=by)
    after = replace(before, approval=approval)
    if approval is not before.approval:
        _tell(tx, after)
    tx.did(_entry("withdraw", after, before=before))
    return after


async def _lock(tx: Transaction[Settings], *, community: str, policy_id: str) -> Policy:
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    policy = await policy_store.find_policy(tx.conn, community=community, policy_id=policy_id)
    if policy is None:
        raise UnknownPolicyError
    return policy


async def _check_currency(tx: Transaction[Settings], terms: PolicyTerms, *, community: str) -> None:
    for policy in await policy_store.load_approved(tx.conn, community=community):
        if policy.terms.currency != terms.currency:
            raise OtherCurrencyError(policy.terms.currency)


def _entry(verb: str, after: Policy, *, before: Policy | None = None) -> Did:
    terms = after.terms
    said: dict[str, Any] = {
        "state": after.approval.state,
        "effective_from": terms.effective_from.isoformat(),
        "currency": terms.currency,
        "basis": terms.basis,
        "minor_per_point": f"{terms.minor_per_point:f}",
        "estimate": terms.estimate,
        "expected_redemption": f"{terms.expected_redemption:f}",
        "vintage_unit": terms.vintage_unit,
    }
    was = None if before is None else {"state": before.approval.state}
    return Did(f"liability_policy.{verb}", "liability_policy", after.policy_id, before=was, after=said)


def _tell(tx: Transaction, policy: Policy) -> None:
    terms = policy.terms
    data: LiabilityPolicyData = {
        "policy_id": policy.policy_id,
        "effective_from": terms.effective_from,
        "currency": terms.currency,
        "basis": terms.basis.value,
        "minor_per_point": f"{terms.minor_per_point:f}",
        "estimate": terms.estimate.value,
        "expected_redemption": f"{terms.expected_redemption:f}",
        "vintage_unit": terms.vintage_unit.value,
        **told(policy.approval),
    }
    tx.tell(
        PAYOUTS,
        LIABILITY_POLICY_CHANGED,
        fact_id=derived_id(f"{policy.community}|liability policy|{policy.policy_id}|{policy.approval.state}"),
        community=policy.community,
        subject=policy.policy_id,
        data=data,
    )


async def on_policies_told(tx: Transaction, facts: list[LiabilityPolicyChanged]) -> None:
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


def _policy_told(community: str, data: LiabilityPolicyData, approval: Approval) -> Policy:
    terms = PolicyTerms(
        effective_from=data["effective_from"],
        currency=data["currency"],
        basis=Basis(data["basis"]),
        minor_per_point=Decimal(data["minor_per_point"]),
        estimate=Estimate(data["estimate"]),
        expected_redemption=Decimal(data["expected_redemption"]),
        vintage_unit=VintageUnit(data["vintage_unit"]),
    )
    return Policy(community, data["policy_id"], terms, approval)


async def value_now(conn: Connection, settings: Settings, *, community: str, now: datetime) -> Liability:
    """What points are worth now, by the policy of the community's day.

    Raises NoPolicyError where none applies, and TimeoutError when it takes longer than `liability_seconds`.
    """
    calendar = await load_calendar(conn, community=community)
    policies = Policies(await policy_store.load_approved(conn, community=community))
    day = calendar.day_of(now)
    return await _value(
        conn, settings, community=community, calendar=calendar, policies=policies, day=day, is_over=False
    )


async def _value(
    conn: Connection,
    settings: Settings,
    *,
    community: str,
    calendar: Calendar,
    policies: Policies,
    day: date,
    is_over: bool,
) -> Liability:
    unit = policies.on(day).terms.vintage_unit
    newest, most = unit.first_of(day), settings.liability_vintages_max_count
    firsts = [unit.before(newest, back) for back in reversed(range(most))]
    span = figures.Span([calendar.start_of(first) for first in firsts], calendar.start_of(day + _A_DAY))
    limit = settings.liability_seconds
    lots = await figures.load_lot_sums(conn, span, community=community, timeout_seconds=limit)
    uses = await figures.load_use_sums(conn, span, community=community, timeout_seconds=limit)
    is_complete = is_over and unit.first_of(day + _A_DAY) != newest
    found = figures_of(firsts, lots, uses, complete_count=most if is_complete else most - 1)
    return value(day, found, policies=policies)


async def take_next_day(tx: Transaction[Settings]) -> bool:
    """Timer: keep what points were worth at the end of a community's last day; True while there may be more.

    A day is taken once the points whose time ended with it are booked away, and given up where that takes almost
    another. Of days on which the service stood still only the last is taken: what was booked by then is not known
    any more.
    """
    LIABILITY_POLICIES_WAITING.set(await count_waiting(tx.conn, subject=_SUBJECT, community=None))
    latest = (tx.now + _AHEAD).date() - _A_DAY
    candidates = await days.load_candidates(tx.conn, latest=latest, limit=tx.settings.upkeep_max_count)
    for community, last in candidates:
        calendar = await load_calendar(tx.conn, community=community)
        day = calendar.day_of(tx.now) - _A_DAY
        if last is not None and last >= day:
            continue
        policies = Policies(await policy_store.load_approved(tx.conn, community=community))
        try:
            policies.on(day)
        except NoPolicyError:
            continue
        if await is_expiry_due(tx.conn, community=community, at=calendar.start_of(day + _A_DAY)):
            # What ended with the day is breakage of that day, whichever timer runs first: it is booked away soon.
            if tx.now >= calendar.start_of(day + 2 * _A_DAY) - _GIVEN_UP_BEFORE:
                log.error("what ended with %s in %s was not booked away for a day", day, community)
                await _give_up(tx, community=community, day=day)
            continue
        await _take(tx, community=community, calendar=calendar, policies=policies, day=day)
        return True
    return False


async def _take(
    tx: Transaction[Settings], *, community: str, calendar: Calendar, policies: Policies, day: date
) -> None:
    began = time.monotonic()
    try:
        async with tx.conn.transaction():
            owed = await _value(
                tx.conn,
                tx.settings,
                community=community,
                calendar=calendar,
                policies=policies,
                day=day,
                is_over=True,
            )
            await days.add_day(tx.conn, owed, taken_at=tx.now)
    except TimeoutError:
        # One community's lots stop no other's days.
        log.exception("what points of %s were worth on %s took too long", community, day)
        await _give_up(tx, community=community, day=day)
        return
    LIABILITY_SECONDS.set(time.monotonic() - began)
    LIABILITY_DAYS.labels("taken").inc()


async def _give_up(tx: Transaction[Settings], *, community: str, day: date) -> None:
    await days.add_given_up(tx.conn, community=community, day=day, now=tx.now)
    LIABILITY_DAYS.labels("given_up").inc()


async def load_day(conn: Connection, *, community: str, day: date | None) -> tuple[Liability, datetime]:
    """What points were worth at the end of a day that was taken (None: the last one), and when it was taken.

    Raises UnknownDayError when it was not.
    """
    taken = await days.find_day(conn, community=community, day=day)
    if taken is None:
        raise UnknownDayError(day)
    return taken.under(await load_policy(conn, community=community, policy_id=taken.policy_id)), taken.taken_at


async def load_policy(conn: Connection, *, community: str, policy_id: str) -> Policy:
    """A policy entry. Raises UnknownPolicyError when there is none."""
    policy = await policy_store.find_policy(conn, community=community, policy_id=policy_id)
    if policy is None:
        raise UnknownPolicyError
    return policy


READ_BACK = (
    ReadBack((PAYOUTS,), LIABILITY_POLICY_CHANGED.adapter, on_policies_told, (LIABILITY_POLICY_CHANGED.name,)),
)
