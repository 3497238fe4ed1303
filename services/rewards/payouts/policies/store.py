"""The SQL of payout policies."""

from datetime import date

import orjson
from asyncpg import Record

from services.rewards.approvals.domain import ApprovalState, Subject
from services.rewards.approvals.store import approval_of
from services.rewards.payouts.policies.domain import (
    PayoutPolicy,
    PayoutPolicyPlace,
    PayoutPolicyTerms,
    TaxFormRule,
)
from shared.postgres import Connection


async def add_policy(conn: Connection, policy: PayoutPolicy) -> None:
    """Add an entry that somebody proposes."""
    terms = policy.terms
    await conn.execute(
        """
        insert into payout_policies (
            community, policy_id, effective_from, currency, holding_days, minimum_minor, countries,
            warn_above_minor, stop_above_minor, stops_shared_accounts, tax_forms, minimum_age, state, proposed_at,
            proposed_by_person, proposed_by, proposed_by_credential)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        """,
        policy.community,
        policy.policy_id,
        terms.effective_from,
        terms.currency,
        terms.holding_days,
        terms.minimum_minor,
        None if terms.countries is None else list(terms.countries),
        terms.warn_above_minor,
        terms.stop_above_minor,
        terms.stops_shared_accounts,
        orjson.dumps([list(rule) for rule in terms.tax_forms]).decode() if terms.tax_forms else None,
        terms.minimum_age,
        policy.approval.state,
        policy.approval.proposed_at,
        *policy.approval.proposed_by,
    )


async def find_policy(conn: Connection, *, community: str, policy_id: str) -> PayoutPolicy | None:
    """An entry as it is."""
    row = await conn.fetchrow(
        "select * from payout_policies where community = $1 and policy_id = $2", community, policy_id
    )
    return None if row is None else _policy(row)


async def page_of_policies(
    conn: Connection,
    *,
    community: str,
    state: ApprovalState | None,
    after: PayoutPolicyPlace | None,
    limit: int,
) -> list[PayoutPolicy]:
    """Entries, newest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from payout_policies
        where community = $1 and ($2::text is null or state = $2)
          and ($3::timestamptz is null or (proposed_at, policy_id) < ($3, $4::uuid))
        order by proposed_at desc, policy_id desc limit $5
        """,
        community,
        state,
        *(after or (None, None)),
        limit,
    )
    return [_policy(row) for row in rows]


async def find_applying(conn: Connection, *, community: str, currency: str, day: date) -> PayoutPolicy | None:
    """The approved entry for a currency that applies on a day: the latest begun, of two the later approved."""
    row = await conn.fetchrow(
        """
        select * from payout_policies
        where community = $1 and currency = $2 and state = 'approved' and effective_from <= $3
        order by effective_from desc, decided_at desc, policy_id desc limit 1
        """,
        community,
        currency,
        day,
    )
    return None if row is None else _policy(row)


def _policy(row: Record) -> PayoutPolicy:
    return PayoutPolicy(
        community=row["community"],
        policy_id=str(row["policy_id"]),
        terms=PayoutPolicyTerms(
            effective_from=row["effective_from"],
            currency=row["currency"],
            holding_days=row["holding_days"],
            minimum_minor=row["minimum_minor"],
            countries=None if row["countries"] is None else tuple(row["countries"]),
            warn_above_minor=row["warn_above_minor"],
            stop_above_minor=row["stop_above_minor"],
            stops_shared_accounts=row["stops_shared_accounts"],
            tax_forms=tuple(TaxFormRule(*rule) for rule in orjson.loads(row["tax_forms"] or "[]")),
            minimum_age=row["minimum_age"],
        ),
        approval=approval_of(row, subject=Subject.PAYOUT_POLICY),
    )
