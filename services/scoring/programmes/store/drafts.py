"""The SQL of drafts."""

from asyncpg import Record

from services.scoring.programmes.domain.drafts import Draft, DraftPlace
from services.scoring.programmes.store.versions import author_of
from shared.postgres import Connection

#: A draft with what became of the version that it was submitted as.
_DRAFTS = """
    select d.*, case when v.version is not null then 'published' else p.state end as version_state, p.reason
    from programme_drafts d
    left join programme_versions v using (community, version)
    left join programme_proposals p using (community, version)
"""


async def lock_drafts(conn: Connection, *, community: str) -> None:
    """Let no other transaction begin a draft of the community until this one ends."""
    await conn.execute("select pg_advisory_xact_lock(hashtext('programme_drafts'), hashtext($1))", community)


async def add_draft(conn: Connection, draft: Draft) -> None:
    """Store a draft that is new."""
    await conn.execute(
        """
        insert into programme_drafts (community, draft_id, title, source_text, revision, created_at,
            created_by_person, created_by, created_by_credential, saved_at, saved_by_person, saved_by,
            saved_by_credential)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        draft.community,
        draft.draft_id,
        draft.title,
        draft.source_text,
        draft.revision,
        draft.created_at,
        *draft.created_by,
        draft.saved_at,
        *draft.saved_by,
    )


async def set_draft_saved(conn: Connection, draft: Draft) -> None:
    """Set what was saved of a draft, and by whom; it must be locked."""
    await conn.execute(
        """
        update programme_drafts
        set title = $3, source_text = $4, revision = $5, saved_at = $6, saved_by_person = $7, saved_by = $8,
            saved_by_credential = $9
        where community = $1 and draft_id = $2
        """,
        draft.community,
        draft.draft_id,
        draft.title,
        draft.source_text,
        draft.revision,
        draft.saved_at,
        *draft.saved_by,
    )


async def set_draft_submitted(conn: Connection, draft: Draft, *, version: int) -> None:
    """Set as which version a draft was submitted; it must be locked."""
    await conn.execute(
        "update programme_drafts set version = $3 where community = $1 and draft_id = $2",
        draft.community,
        draft.draft_id,
        version,
    )


async def delete_draft(conn: Connection, draft: Draft) -> None:
    """Delete a draft; it must be locked."""
    await conn.execute(
        "delete from programme_drafts where community = $1 and draft_id = $2", draft.community, draft.draft_id
    )


async def lock_draft(conn: Connection, *, community: str, draft_id: str) -> Draft | None:
    """A draft as it is, locked until the transaction ends; None where there is none."""
    row = await conn.fetchrow(
        f"{_DRAFTS} where d.community = $1 and d.draft_id = $2 for update of d",
        community,
        draft_id,
    )
    return None if row is None else _draft(row)


async def find_draft(conn: Connection, *, community: str, draft_id: str) -> Draft | None:
    """A draft as it is."""
    row = await conn.fetchrow(f"{_DRAFTS} where d.community = $1 and d.draft_id = $2", community, draft_id)
    return None if row is None else _draft(row)


async def count_open_drafts(conn: Connection, *, community: str) -> int:
    """How many drafts of a community are no published version."""
    count: int = await conn.fetchval(
        """
        select count(*) from programme_drafts d left join programme_versions v using (community, version)
        where community = $1 and v.version is null
        """,
        community,
    )
    return count


async def page_of_drafts(
    conn: Connection, *, community: str, is_open: bool, after: DraftPlace | None, limit: int
) -> list[Draft]:
    """Drafts of a community, what was saved last first, beginning after one; open ones, or those published."""
    rows = await conn.fetch(
        f"""
        {_DRAFTS}
        where d.community = $1 and (v.version is null) = $2
            and ($3::timestamptz is null or (d.saved_at, d.draft_id) < ($3, $4::uuid))
        order by d.saved_at desc, d.draft_id desc limit $5
        """,
        community,
        is_open,
        *(after or (None, None)),
        limit,
    )
    return [_draft(row) for row in rows]


def _draft(row: Record) -> Draft:
    return Draft(
        community=row["community"],
        draft_id=str(row["draft_id"]),
        title=row["title"],
        source_text=row["source_text"],
        revision=row["revision"],
        created_at=row["created_at"],
        created_by=author_of(row, "created_by"),
        saved_at=row["saved_at"],
        saved_by=author_of(row, "saved_by"),
        version=row["version"],
        version_state=row["version_state"],
        reason=row["reason"],
    )
