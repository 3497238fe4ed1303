"""Members' bank details."""

from collections.abc import Sequence

from asyncpg import Record

from services.rewards.bank_messages.domain import BankAccount
from services.rewards.payouts.payees.domain import Payee
from shared.postgres import Connection


def _payee(row: Record) -> Payee:
    return Payee(
        community=row["community"],
        member_id=str(row["member_id"]),
        account=BankAccount(row["name"], row["iban"], row["bic"]),
        changed_at=row["changed_at"],
        changed_by=row["changed_by"],
    )


async def put_payee(conn: Connection, payee: Payee) -> None:
    """Set a member's bank details."""
    await conn.execute(
        """
        insert into payees (community, member_id, name, iban, bic, changed_at, changed_by)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (community, member_id) do update
        set name = excluded.name, iban = excluded.iban, bic = excluded.bic,
            changed_at = excluded.changed_at, changed_by = excluded.changed_by
        """,
        payee.community,
        payee.member_id,
        payee.account.name,
        payee.account.iban,
        payee.account.bic,
        payee.changed_at,
        payee.changed_by,
    )


async def find_payee(conn: Connection, *, community: str, member_id: str) -> Payee | None:
    """A member's bank details."""
    row = await conn.fetchrow("select * from payees where community = $1 and member_id = $2", community, member_id)
    return _payee(row) if row else None


async def load_payees(conn: Connection, *, community: str, member_ids: Sequence[str]) -> dict[str, Payee]:
    """The bank details of these members, by member, as far as they are known."""
    rows = await conn.fetch(
        "select * from payees where community = $1 and member_id = any($2::uuid[])", community, member_ids
    )
    return {str(row["member_id"]): _payee(row) for row in rows}
