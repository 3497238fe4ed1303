"""The columns of tables whose entries two people put in force."""

from collections.abc import Mapping
from typing import NamedTuple

from asyncpg import Record

from services.rewards.approvals.domain import Approval, ApprovalState, Author, Subject
from shared.postgres import Connection


class _Table(NamedTuple):
    name: str
    key: str
    lock: str


_TABLES: Mapping[Subject, _Table] = {
    Subject.LIABILITY_POLICY: _Table("liability_policies", "policy_id", "liability_policies"),
    # Whoever exports days takes the same one: a mapping does not change meanwhile.
    Subject.ACCOUNT_MAPPING: _Table("account_mappings", "mapping_id", "general_ledger"),
    Subject.CLAWBACK_POLICY: _Table("clawback_policies", "policy_id", "clawback_policies"),
    Subject.DEBT_WRITE_OFF: _Table("debt_write_offs", "write_off_id", "debt_write_offs"),
    # Whoever takes a file takes the same one: its bounds do not change meanwhile.
    Subject.RATE_POLICY: _Table("rate_policies", "policy_id", "rates"),
    Subject.PAYOUT_CLEARANCE: _Table("payout_clearances", "clearance_id", "payout_clearances"),
    Subject.SANCTIONS_LIST: _Table("sanctions_lists", "list_id", "sanctions_lists"),
    Subject.PAYOUT_POLICY: _Table("payout_policies", "policy_id", "payout_policies"),
    # Whoever prepares a run takes the same one: a schedule is not stopped meanwhile.
    Subject.PAYOUT_SCHEDULE: _Table("payout_schedules", "schedule_id", "payout_schedules"),
}


async def lock_entries(conn: Connection, *, subject: Subject, community: str) -> None:
    """Wait until nobody else adds or decides such an entry of the community; until the commit nobody else does."""
    await conn.execute(
        "select pg_advisory_xact_lock(hashtext($1), hashtext($2))", _TABLES[subject].lock, community
    )


async def set_approval(conn: Connection, approval: Approval, *, community: str, entry_id: str) -> None:
    """Set what became of an entry, which is locked."""
    table = _TABLES[approval.subject]
    await conn.execute(
        f"""
        update {table.name}
        set state = $3, decided_at = $4, decided_by_person = $5, decided_by = $6, decided_by_credential = $7
        where community = $1 and {table.key} = $2
        """,  # noqa: S608 - names of this file
        community,
        entry_id,
        approval.state,
        approval.decided_at,
        *(approval.decided_by or (None, None, None)),
    )


async def count_waiting(conn: Connection, *, subject: Subject, community: str | None) -> int:
    """How many entries wait for another person: of a community, or of all (None)."""
    count: int = await conn.fetchval(
        f"""
        select count(*) from {_TABLES[subject].name}
        where state = 'proposed' and ($1::text is null or community = $1)
        """,  # noqa: S608 - names of this file
        community,
    )
    return count


def approval_of(row: Record, *, subject: Subject) -> Approval:
    """The approval that a row of such a table has."""
    return Approval(
        subject=subject,
        state=ApprovalState(row["state"]),
        proposed_at=row["proposed_at"],
        proposed_by=author_of(row, "proposed_by"),
        decided_at=row["decided_at"],
        decided_by=None if row["decided_at"] is None else author_of(row, "decided_by"),
    )


def author_of(row: Record, name: str) -> Author:
    """Who did it, from the columns that begin with a name."""
    person = row[f"{name}_person"]
    return Author(str(person) if person else None, row[name], row[f"{name}_credential"])
