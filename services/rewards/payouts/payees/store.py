"""Members' bank details: a history to which is only added."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from asyncpg import Record

from services.rewards.bank_messages.domain import BankAccount
from services.rewards.bank_messages.reasons.domain import reason_against_payee
from services.rewards.payouts.domain import PayoutState
from services.rewards.payouts.payees.domain import Payee, PayeePlace, Refusal
from services.rewards.payouts.receivers.domain import ReceiverSet
from services.rewards.payouts.receivers.store import load_receivers
from services.rewards.payouts.store import actor_of
from shared.bank_accounts import RAILS
from shared.postgres import Connection


def _payee(row: Record) -> Payee:
    return Payee(
        community=row["community"],
        member_id=str(row["member_id"]),
        account=BankAccount(row["name"], row["iban"], row["bic"], row["reference"]),
        changed_at=row["changed_at"],
        changed_by=actor_of(row["changed_by_person"], row["changed_by"]),
        revision=row["revision"],
        currency=row["currency"],
    )


async def add_payee(conn: Connection, payee: Payee) -> Payee:
    """Set a member's bank details, as the next revision of them; return them with that. Runs must be locked."""
    revision = await conn.fetchval(
        """
        insert into payee_changes (community, member_id, revision, name, iban, bic, changed_at, changed_by_person,
                                   changed_by, reference, currency)
        select $1, $2, coalesce(max(revision), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10
        from payee_changes where community = $1 and member_id = $2
        returning revision
        """,
        payee.community,
        payee.member_id,
        payee.account.name,
        payee.account.iban,
        payee.account.bic,
        payee.changed_at,
        *payee.changed_by,
        payee.account.reference,
        payee.currency,
    )
    return replace(payee, revision=revision)


async def find_payee(conn: Connection, *, community: str, member_id: str) -> Payee | None:
    """A member's bank details, and whether a bank sent money back from them."""
    return (await load_payees(conn, community=community, member_ids=[member_id])).get(member_id)


async def load_payees(conn: Connection, *, community: str, member_ids: Sequence[str]) -> dict[str, Payee]:
    """The bank details of these members, by member, as far as they are known, and what banks said of them."""
    rows = await conn.fetch(
        """
        select c.* from unnest($2::uuid[]) as m(member_id)
        cross join lateral (
            select * from payee_changes p where p.community = $1 and p.member_id = m.member_id
            order by revision desc limit 1) c
        """,
        community,
        member_ids,
    )
    payees = {str(row["member_id"]): _payee(row) for row in rows}
    refusals = await load_refusals(conn, community=community, member_ids=[*payees])
    return {
        member_id: replace(payee, refusal=payee.refused_since(refusals.get(member_id, ())))
        for member_id, payee in payees.items()
    }


async def load_addressed(
    conn: Connection, *, community: str, member_ids: Sequence[str], provider: str | None
) -> Mapping[str, Payee | ReceiverSet]:
    """Where payouts of a run go, by member: to bank details, or to accounts at the `provider` that it pays by."""
    if provider is None:
        return await load_payees(conn, community=community, member_ids=member_ids)
    return await load_receivers(conn, community=community, member_ids=member_ids, provider=provider)


async def load_refusals(
    conn: Connection, *, community: str, member_ids: Sequence[str]
) -> dict[str, list[Refusal]]:
    """For which reasons money of these members came back that speak against their bank details, by member.

    What a bank said is noted of payouts that it had: they were submitted. One that was corrected counts no more.
    """
    rows = await conn.fetch(
        """
        select p.member_id, p.payout_id, p.payee_name, p.iban, p.bic, p.payee_reference, c.reason, c.changed_at
        from payouts p
        join payout_changes c on c.community = p.community and c.payout_id = p.payout_id and c.state = p.state
        where p.community = $1 and p.member_id = any($2::uuid[]) and p.state in ('returned', 'failed', 'reversed')
          and p.iban is not null and c.reason is not null
          and exists (
              select from payout_changes s
              where s.community = p.community and s.payout_id = p.payout_id and s.state = $3)
        """,
        community,
        member_ids,
        PayoutState.SUBMITTED,
    )
    refusals: dict[str, list[Refusal]] = {}
    for row in rows:
        reason = reason_against_payee(row["reason"])
        if reason is not None:
            account = BankAccount(row["payee_name"], row["iban"], row["bic"], row["payee_reference"])
            refusal = Refusal(str(row["payout_id"]), account, reason, row["changed_at"])
            refusals.setdefault(str(row["member_id"]), []).append(refusal)
    return refusals


async def load_unreached_members(conn: Connection, *, community: str, currency: str) -> list[str]:
    """The members whose accounts as they are now no payout in a currency reaches.

    Accounts of Swiss QR bills are reached in CHF alone, and who chose a currency in that.
    """
    rail = RAILS[currency]
    rows = await conn.fetch(
        """
        select member_id from (
            select distinct on (member_id) member_id, iban, currency from payee_changes
            where community = $1 order by member_id, revision desc) as newest
        where left(iban, 2) <> all($2) or currency <> $4
          or $3 and substr(iban, 5, 2) in ('30', '31') and left(iban, 2) in ('CH', 'LI')
        """,
        community,
        sorted(rail.countries),
        currency != "CHF",
        currency,
    )
    return [str(row["member_id"]) for row in rows]


async def load_refused_members(conn: Connection, *, community: str) -> list[str]:
    """The members whose bank details as they are now a bank sent money back from."""
    rows = await conn.fetch(
        """
        select distinct member_id from payouts
        where community = $1 and state in ('returned', 'failed', 'reversed')
        """,
        community,
    )
    payees = await load_payees(conn, community=community, member_ids=[str(row["member_id"]) for row in rows])
    return [member_id for member_id, payee in payees.items() if payee.refusal is not None]


async def page_of_payees(
    conn: Connection, *, community: str, member_id: str, after: PayeePlace | None, limit: int
) -> list[Payee]:
    """All that a member's bank details ever were, newest first, beginning after a revision."""
    rows = await conn.fetch(
        """
        select * from payee_changes
        where community = $1 and member_id = $2 and ($3::int is null or revision < $3)
        order by revision desc limit $4
        """,
        community,
        member_id,
        after.revision if after else None,
        limit,
    )
    return [_payee(row) for row in rows]
