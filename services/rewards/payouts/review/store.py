"""A run beside the last one, and its payees beside those that its members were paid as."""

from collections.abc import Sequence

from services.rewards.bank_messages.domain import BankAccount
from services.rewards.payouts.review.domain import ChangedPayee, ChangedPayeePlace
from services.rewards.payouts.runs.domain.runs import Run
from services.rewards.payouts.runs.store import runs as run_store
from services.rewards.payouts.store import actor_of
from shared.postgres import Connection


async def find_last_filed(conn: Connection, run: Run) -> Run | None:
    """The newest run in its currency made before this one that has a bank file."""
    run_id = await conn.fetchval(
        """
        select run_id from payout_runs
        where community = $1 and state = 'filed' and (created_at, run_id) < ($2, $3::uuid) and currency = $4
        order by created_at desc, run_id desc limit 1
        """,
        run.community,
        run.created_at,
        run.run_id,
        run.terms.currency,
    )
    if run_id is None:
        return None
    return await run_store.find_run(conn, community=run.community, run_id=str(run_id))


_CHANGED = """
    select p.payout_id, p.member_id, p.payee_name, p.iban, p.bic, p.payee_changed_at, p.payee_changed_by,
           p.payee_changed_by_person, b.payee_name as name_before, b.iban as iban_before, b.bic as bic_before,
           p.payee_reference, b.payee_reference as reference_before
    from payouts p
    left join lateral (
        select w.payee_name, w.iban, w.bic, w.payee_reference from payouts w
        where w.community = p.community and w.member_id = p.member_id and w.run_id <> p.run_id
          and w.created_at <= p.created_at
          and exists (
              select from payout_changes s
              where s.community = w.community and s.payout_id = w.payout_id and s.state = 'submitted')
        order by w.created_at desc limit 1) b on true
    where p.community = $1 and p.run_id = $2 and p.iban is not null
      and (p.payee_name, p.iban, p.bic, p.payee_reference)
          is distinct from (b.payee_name, b.iban, b.bic, b.payee_reference)
"""


async def count_changed_payees(conn: Connection, *, community: str, run_id: str) -> int:
    """How many payouts of a run go to an account that their member was not paid to the last time."""
    query = f"select count(*) from ({_CHANGED}) c"  # noqa: S608 -- a constant
    count: int = await conn.fetchval(query, community, run_id)
    return count


async def page_of_changed_payees(
    conn: Connection, *, community: str, run_id: str, after: ChangedPayeePlace | None, limit: int
) -> Sequence[ChangedPayee]:
    """Payouts of a run that go to another account than their member's last, in id order, beginning after one."""
    rows = await conn.fetch(
        _CHANGED + "and ($3::uuid is null or p.payout_id > $3) order by p.payout_id limit $4",
        community,
        run_id,
        after.payout_id if after else None,
        limit,
    )
    return [
        ChangedPayee(
            payout_id=str(row["payout_id"]),
            member_id=str(row["member_id"]),
            before=BankAccount(
                *(row["name_before"], row["iban_before"], row["bic_before"], row["reference_before"])
            )
            if row["iban_before"]
            else None,
            after=BankAccount(row["payee_name"], row["iban"], row["bic"], row["payee_reference"]),
            changed_at=row["payee_changed_at"],
            changed_by=actor_of(row["payee_changed_by_person"], row["payee_changed_by"])
            if row["payee_changed_by"]
            else None,
        )
        for row in rows
    ]
