"""The SQL of mappings to finance's accounts."""

import orjson
from asyncpg import Record

from services.rewards.general_ledger.domain.mapping import (
    AccountMapping,
    MappedAccount,
    MappingAuthor,
    MappingPlace,
    MappingState,
)
from shared.postgres import Connection


async def lock_general_ledger(conn: Connection, *, community: str) -> None:
    """Wait until nobody else decides a mapping or exports days of the community; until the commit nobody does."""
    await conn.execute("select pg_advisory_xact_lock(hashtext('general_ledger'), hashtext($1))", community)


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
        mapping.state,
        mapping.proposed_at,
        *mapping.proposed_by,
    )


async def set_mapping_decision(conn: Connection, mapping: AccountMapping) -> None:
    """Set what became of a mapping, which is locked."""
    await conn.execute(
        """
        update account_mappings
        set state = $3, decided_at = $4, decided_by_person = $5, decided_by = $6, decided_by_credential = $7
        where community = $1 and mapping_id = $2
        """,
        mapping.community,
        mapping.mapping_id,
        mapping.state,
        mapping.decided_at,
        *(mapping.decided_by or (None, None, None)),
    )


async def find_mapping(conn: Connection, *, community: str, mapping_id: str) -> AccountMapping | None:
    """A mapping as it is."""
    row = await conn.fetchrow(
        "select * from account_mappings where community = $1 and mapping_id = $2", community, mapping_id
    )
    return None if row is None else _mapping(row)


async def page_of_mappings(
    conn: Connection, *, community: str, state: MappingState | None, after: MappingPlace | None, limit: int
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


async def count_proposed_mappings(conn: Connection, *, community: str | None) -> int:
    """How many mappings wait for another person: of a community, or of all (None)."""
    count: int = await conn.fetchval(
        """
        select count(*) from account_mappings
        where state = 'proposed' and ($1::text is null or community = $1)
        """,
        community,
    )
    return count


def _mapping(row: Record) -> AccountMapping:
    return AccountMapping(
        community=row["community"],
        mapping_id=str(row["mapping_id"]),
        effective_from=row["effective_from"],
        accounts=tuple(MappedAccount(*one) for one in orjson.loads(row["accounts"])),
        tax_rate=row["tax_rate"],
        state=MappingState(row["state"]),
        proposed_at=row["proposed_at"],
        proposed_by=_author(row, "proposed_by"),
        decided_at=row["decided_at"],
        decided_by=None if row["decided_at"] is None else _author(row, "decided_by"),
    )


def _author(row: Record, name: str) -> MappingAuthor:
    person = row[f"{name}_person"]
    return MappingAuthor(str(person) if person else None, row[name], row[f"{name}_credential"])
