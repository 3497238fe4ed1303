"""The SQL of sanctions lists."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from asyncpg import Record

from services.rewards.approvals.domain import ApprovalState, Subject
from services.rewards.approvals.store import approval_of
from services.rewards.payouts.sanctions.domain import (
    ALIKE_MAX_COUNT,
    ListedNames,
    SanctionsEntry,
    SanctionsEntryPlace,
    SanctionsKey,
    SanctionsList,
    SanctionsListPlace,
    keys_of,
    words_of,
)
from shared.postgres import Connection


async def add_list(
    conn: Connection, loaded: SanctionsList, *, entries: Sequence[SanctionsEntry], keys: Sequence[SanctionsKey]
) -> None:
    """Add a list that somebody loads, with its entries and the keys by which their names are found."""
    await conn.execute(
        """
        insert into sanctions_lists (
            community, list_id, title, sha256, entries_count, state, proposed_at, proposed_by_person, proposed_by,
            proposed_by_credential)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        loaded.community,
        loaded.list_id,
        loaded.title,
        loaded.sha256,
        loaded.entries_count,
        loaded.approval.state,
        loaded.approval.proposed_at,
        *loaded.approval.proposed_by,
    )
    of_list = (loaded.community, loaded.list_id)
    await conn.copy_records_to_table(
        "sanctions_entries",
        columns=("community", "list_id", "line", "entry_id", "name", "birth_date", "country"),
        records=[(*of_list, *entry) for entry in entries],
    )
    await conn.copy_records_to_table(
        "sanctions_keys",
        columns=("community", "list_id", "key", "line", "keys_count"),
        records=[(*of_list, *key) for key in keys],
    )


async def find_list(conn: Connection, *, community: str, list_id: str) -> SanctionsList | None:
    """A list as it is."""
    row = await conn.fetchrow(
        "select * from sanctions_lists where community = $1 and list_id = $2", community, list_id
    )
    return None if row is None else _list(row)


async def find_list_in_force(conn: Connection, *, community: str) -> SanctionsList | None:
    """The list that was approved last; None where none was."""
    row = await conn.fetchrow(
        """
        select * from sanctions_lists where community = $1 and state = 'approved'
        order by decided_at desc, list_id desc limit 1
        """,
        community,
    )
    return None if row is None else _list(row)


async def page_of_lists(
    conn: Connection,
    *,
    community: str,
    state: ApprovalState | None,
    after: SanctionsListPlace | None,
    limit: int,
) -> list[SanctionsList]:
    """Lists, newest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from sanctions_lists
        where community = $1 and ($2::text is null or state = $2)
          and ($3::timestamptz is null or (proposed_at, list_id) < ($3, $4::uuid))
        order by proposed_at desc, list_id desc limit $5
        """,
        community,
        state,
        *(after or (None, None)),
        limit,
    )
    return [_list(row) for row in rows]


async def page_of_entries(
    conn: Connection, loaded: SanctionsList, *, after: SanctionsEntryPlace | None, limit: int
) -> list[SanctionsEntry]:
    """Entries of a list in the order of its file, beginning after a place."""
    rows = await conn.fetch(
        """
        select line, entry_id, name, birth_date, country from sanctions_entries
        where community = $1 and list_id = $2 and line > $3 order by line limit $4
        """,
        loaded.community,
        loaded.list_id,
        after.line if after else 0,
        limit,
    )
    return [SanctionsEntry(*row) for row in rows]


async def load_listed(conn: Connection, names: Collection[str], *, community: str) -> ListedNames | None:
    """The first entries of the list in force that names are like, by name; None where no list is in force.

    All words of one are in the other where all keys of one are: what is compared is counted by the database.
    """
    in_force = await find_list_in_force(conn, community=community)
    if in_force is None:
        return None
    keys_by_name = {name: keys_of(words_of(name)) for name in names}
    asked = [(name, len(keys), key) for name, keys in keys_by_name.items() for key in keys]
    rows = await conn.fetch(
        """
        with alike as (
            select a.name, k.line, row_number() over (partition by a.name order by k.line) as place
            from unnest($3::text[], $4::int[], $5::text[]) as a(name, keys_count, key)
            join sanctions_keys k on k.community = $1 and k.list_id = $2 and k.key = a.key
            group by a.name, a.keys_count, k.line, k.keys_count
            having count(*) = least(a.keys_count, k.keys_count))
        select m.name as asked, e.line, e.entry_id, e.name, e.birth_date, e.country
        from alike m join sanctions_entries e on e.community = $1 and e.list_id = $2 and e.line = m.line
        where m.place <= $6
        order by m.name, e.line
        """,
        community,
        in_force.list_id,
        [name for name, _, _ in asked],
        [count for _, count, _ in asked],
        [key for _, _, key in asked],
        ALIKE_MAX_COUNT,
    )
    found: dict[str, list[SanctionsEntry]] = {}
    for name, *entry in rows:
        found.setdefault(name, []).append(SanctionsEntry(*entry))
    return ListedNames(in_force.list_id, found)


async def load_entries(
    conn: Connection, wanted: Mapping[str, Collection[str]], *, community: str
) -> dict[tuple[str, str], SanctionsEntry]:
    """Entries by list and id, those that are kept: of an id the first name."""
    pairs = sorted({(list_id, entry_id) for list_id, ids in wanted.items() for entry_id in ids})
    rows = await conn.fetch(
        """
        select distinct on (e.list_id, e.entry_id) e.list_id, e.line, e.entry_id, e.name, e.birth_date, e.country
        from unnest($2::uuid[], $3::text[]) as w(list_id, entry_id)
        join sanctions_entries e on e.community = $1 and e.list_id = w.list_id and e.entry_id = w.entry_id
        order by e.list_id, e.entry_id, e.line
        """,
        community,
        [list_id for list_id, _ in pairs],
        [entry_id for _, entry_id in pairs],
    )
    return {(str(row["list_id"]), row["entry_id"]): SanctionsEntry(*list(row)[1:]) for row in rows}


async def delete_keys_of_others(conn: Connection, loaded: SanctionsList) -> None:
    """Delete the keys of all lists of the community that were in force before this one."""
    await conn.execute(
        """
        delete from sanctions_keys k using sanctions_lists l
        where l.community = $1 and l.list_id <> $2 and l.state = 'approved'
          and k.community = l.community and k.list_id = l.list_id
        """,
        loaded.community,
        loaded.list_id,
    )


async def has_entries(conn: Connection, loaded: SanctionsList) -> bool:
    """Whether the names of a list are there."""
    found: bool = await conn.fetchval(
        "select exists (select from sanctions_entries where community = $1 and list_id = $2)",
        loaded.community,
        loaded.list_id,
    )
    return found


async def delete_entries_before(conn: Connection, *, community: str, kept_count: int) -> None:
    """Delete the entries of lists that were in force before the newest `kept_count` of those."""
    await conn.execute(
        """
        delete from sanctions_entries where community = $1 and list_id = any(array(
            select list_id from sanctions_lists where community = $1 and state = 'approved'
            order by decided_at desc, list_id desc offset $2))
        """,
        community,
        kept_count,
    )


async def delete_entries(conn: Connection, loaded: SanctionsList) -> None:
    """Delete the entries and keys of a list that never comes into force."""
    for table in ("sanctions_keys", "sanctions_entries"):
        await conn.execute(
            f"delete from {table} where community = $1 and list_id = $2",  # noqa: S608 - names of this line
            loaded.community,
            loaded.list_id,
        )


async def lock_list_to_look(conn: Connection) -> SanctionsList | None:
    """A list in force by which payouts are still to be looked at, in turn; nobody else has it meanwhile."""
    row = await conn.fetchrow(
        """
        select * from sanctions_lists l
        where state = 'approved' and looked_at is null and not exists (
            select from sanctions_lists n
            where n.community = l.community and n.state = 'approved'
              and (n.decided_at, n.list_id) > (l.decided_at, l.list_id))
        order by turn_at nulls first, community limit 1 for update of l skip locked
        """
    )
    return None if row is None else _list(row)


async def set_looked(
    conn: Connection, loaded: SanctionsList, *, after: str | None, now: datetime, is_done: bool
) -> None:
    """Set after which payout looking goes on, or that all were looked at."""
    await conn.execute(
        """
        update sanctions_lists set looked_after = $3, turn_at = $4, looked_at = $5
        where community = $1 and list_id = $2
        """,
        loaded.community,
        loaded.list_id,
        after,
        now,
        now if is_done else None,
    )


def _list(row: Record) -> SanctionsList:
    return SanctionsList(
        community=row["community"],
        list_id=str(row["list_id"]),
        title=row["title"],
        sha256=row["sha256"],
        entries_count=row["entries_count"],
        approval=approval_of(row, subject=Subject.SANCTIONS_LIST),
        looked_at=row["looked_at"],
        looked_after=str(row["looked_after"]) if row["looked_after"] else None,
    )
