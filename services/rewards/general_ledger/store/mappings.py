"""The SQL of mappings to finance's accounts."""

import orjson
from asyncpg import Record

from services.rewards.approvals.domain import ApprovalState, Subject
from services.rewards.approvals.store import approval_of
from services.rewards.general_ledger.domain.mapping import (
    AccountMapping,
    MappedAccount,
    MappingPlace,
)
from shared.postgres import Connection


async def add_mapping(conn: Connection, mapping: AccountMapping) -> None:
    """Add a mapping that somebody proposes."""
    await conn.execute(
        """
        insert into account_mappings (
            community, mapping_id, effective_from, accounts, tax_rate, state, proposed_at, proposed_by_person,
            proposed_by, proposed_by_credential)
        values ($1, $2, $3, $4::text::jsonb, $5, $6, $7, $8, $9, $10)
        """,
        mapping.community,
        mapping.mapping_id,
        mapping.effective_from,
        orjson.dumps([list(one) for one in mapping.accounts]).decode(),
        mapping.tax_rate,
        mapping.approval.state,
        mapping.approval.proposed_at,
        *mapping.approval.proposed_by,
    )


async def find_mapping(conn: Connection, *, community: str, mapping_id: str) -> AccountMapping | None:
    """A mapping as it is."""
    row = await conn.fetchrow(
        "select * from account_mappings where community = $1 and mapping_id = $2", community, mapping_id
    )
    return None if row is None else _mapping(row)


async def page_of_mappings(
    conn: Connection, *, community: str, state: ApprovalState | None, after: MappingPlace | None, limit: int
) -> list[AccountMapping]:
    """Mappings, newest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from account_mappings
        where community = $1 and ($2::text is null or state = $2)
          and ($3::timestamptz is null or (proposed_at, mapping_id) < ($3, $4::uuid))
        order by proposed_at desc, mapping_id desc limit $5
        """,
        community,
        state,
        *(after or (None, None)),
        limit,
    )
    return [_mapping(row) for row in rows]


async def load_approved_mappings(conn: Connection, *, community: str) -> list[AccountMapping]:
    """All mappings that were approved."""
    rows = await conn.fetch(
        "select * from account_mappings where community = $1 and state = 'approved'", community
    )
    return [_mapping(row) for row in rows]


def _mapping(row: Record) -> AccountMapping:
    return AccountMapping(
        community=row["community"],
        mapping_id=str(row["mapping_id"]),
        effective_from=row["effective_from"],
        accounts=tuple(MappedAccount(*one) for one in orjson.loads(row["accounts"])),
        tax_rate=row["tax_rate"],
        approval=approval_of(row, subject=Subject.ACCOUNT_MAPPING),
    )
