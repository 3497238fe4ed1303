"""Payout policies that two people decide, and the one in force."""

from dataclasses import replace
from datetime import datetime
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
from services.rewards.payouts.policies import store
from services.rewards.payouts.policies.domain import (
    PayoutPolicy,
    PayoutPolicyTerms,
    TaxFormRule,
    UnknownPayoutPolicyError,
)
from services.rewards.settings import Settings
from shared.audit import Did
from shared.contracts.facts import PAYOUT_POLICY_CHANGED, PayoutPolicyChanged, PayoutPolicyData
from shared.followed_communities import load_calendar
from shared.own_facts import ReadBack
from shared.postgres import Connection
from shared.topics import PAYOUTS
from shared.transaction import Transaction

_SUBJECT = Subject.PAYOUT_POLICY


async def propose_policy(
    tx: Transaction[Settings], *, community: str, key: str, terms: PayoutPolicyTerms, by: Author
) -> PayoutPolicy:
    """Propose what holds for payouts in a currency; it is in force once another person approves it.

    Raises TooManyWaitingError when as many wait as may.
    """
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    policy_id = derived_id(f"{community}|payout policy|{key}")
    known = await store.find_policy(tx.conn, community=community, policy_id=policy_id)
    if known is not None:
        # Its answer is forgotten, after a restore; it is proposed once.
        tx.did(_entry("propose", known, before=known))
        return known
    most = tx.settings.payout_policies_waiting_max_count
    approval = await propose_approval(tx, _SUBJECT, community=community, by=by, waiting_max_count=most)
    policy = PayoutPolicy(community, policy_id, terms, approval)
    await store.add_policy(tx.conn, policy)
    _tell(tx, policy)
    tx.did(_entry("propose", policy))
    return policy


async def approve_policy(tx: Transaction, *, community: str, policy_id: str, by: Author) -> PayoutPolicy:
    """Put an entry in force that another person proposed; approving again changes nothing.

    Raises UnknownPayoutPolicyError, SamePersonError, and DecidedError when it was withdrawn or who proposed it may
    not do so any more.
    """
    before = await _lock(tx, community=community, policy_id=policy_id)
    approval = await approve_approval(tx, before.approval, community=community, entry_id=policy_id, by=by)
    after = replace(before, approval=approval)
    if approval is not before.approval:
        _tell(tx, after)
    tx.did(_entry("approve", after, before=before))
    return after


async def withdraw_policy(tx: Transaction, *, community: str, policy_id: str, by: Author) -> PayoutPolicy:
    """Have a proposed entry never come into force; again changes nothing.

    Raises UnknownPayoutPolicyError, and DecidedError when it was approved.
    """
    before = await _lock(tx, community=community, policy_id=policy_id)
    approval = await withdraw_approval(tx, before.approval, community=community, entry_id=policy_id, by=by)
    after = replace(before, approval=approval)
    if approval is not before.approval:
        _tell(tx, after)
    tx.did(_entry("withdraw", after, before=before))
    return after


async def load_in_force(conn: Connection, *, community: str, currency: str, now: datetime) -> PayoutPolicy | None:
    """The policy that applies to payouts in a currency on the community's day; None where none does."""
    calendar = await load_calendar(conn, community=community)
    return await store.find_applying(conn, community=community, currency=currency, day=calendar.day_of(now))


async def load_policy(conn: Connection, *, community: str, policy_id: str) -> PayoutPolicy:
    """A policy entry. Raises UnknownPayoutPolicyError when there is none."""
    policy = await store.find_policy(conn, community=community, policy_id=policy_id)
    if policy is None:
        raise UnknownPayoutPolicyError
    return policy


async def _lock(tx: Transaction, *, community: str, policy_id: str) -> PayoutPolicy:
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    return await load_policy(tx.conn, community=community, policy_id=policy_id)


def _entry(verb: str, after: PayoutPolicy, *, before: PayoutPolicy | None = None) -> Did:
    terms = after.terms
    said: dict[str, Any] = {
        "state": after.approval.state,
        "effective_from": terms.effective_from.isoformat(),
        "currency": terms.currency,
        "holding_days": terms.holding_days,
        "minimum_minor": terms.minimum_minor,
        "countries": None if terms.countries is None else list(terms.countries),
        "warn_above_minor": terms.warn_above_minor,
        "stop_above_minor": terms.stop_above_minor,
        "stops_shared_accounts": terms.stops_shared_accounts,
        "tax_forms": [rule._asdict() for rule in terms.tax_forms],
        "minimum_age": terms.minimum_age,
    }
    was = None if before is None else {"state": before.approval.state}
    return Did(f"payout_policy.{verb}", "payout_policy", after.policy_id, before=was, after=said)


def _tell(tx: Transaction, policy: PayoutPolicy) -> None:
    terms = policy.terms
    said: dict[str, Any] = {
        "policy_id": policy.policy_id,
        "effective_from": terms.effective_from,
        "currency": terms.currency,
        "holding_days": terms.holding_days,
        "minimum_minor": terms.minimum_minor,
        "stops_shared_accounts": terms.stops_shared_accounts,
        **told(policy.approval),
    }
    bounds = {"warn_above_minor": terms.warn_above_minor, "stop_above_minor": terms.stop_above_minor}
    said |= {name: minor for name, minor in bounds.items() if minor is not None}
    if terms.countries is not None:
        said["countries"] = list(terms.countries)
    if terms.tax_forms:
        said["tax_forms"] = [rule._asdict() for rule in terms.tax_forms]
    if terms.minimum_age is not None:
        said["minimum_age"] = terms.minimum_age
    data: PayoutPolicyData = said  # type: ignore[assignment]
    tx.tell(
        PAYOUTS,
        PAYOUT_POLICY_CHANGED,
        fact_id=derived_id(f"{policy.community}|payout policy|{policy.policy_id}|{policy.approval.state}"),
        community=policy.community,
        subject=policy.policy_id,
        data=data,
    )


async def on_policies_told(tx: Transaction, facts: list[PayoutPolicyChanged]) -> None:
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


def _policy_told(community: str, data: PayoutPolicyData, approval: Approval) -> PayoutPolicy:
    countries = data.get("countries")
    terms = PayoutPolicyTerms(
        effective_from=data["effective_from"],
        currency=data["currency"],
        holding_days=data["holding_days"],
        minimum_minor=data["minimum_minor"],
        countries=None if countries is None else tuple(countries),
        warn_above_minor=data.get("warn_above_minor"),
        stop_above_minor=data.get("stop_above_minor"),
        stops_shared_accounts=data["stops_shared_accounts"],
        tax_forms=tuple(TaxFormRule(rule["country"], rule["above_minor"]) for rule in data.get("tax_forms", ())),
        minimum_age=data.get("minimum_age"),
    )
    return PayoutPolicy(community, data["policy_id"], terms, approval)


READ_BACK = (ReadBack((PAYOUTS,), PAYOUT_POLICY_CHANGED.adapter, on_policies_told, (PAYOUT_POLICY_CHANGED.name,)),)
