"""Versions that wait for another person, what became of them, and all versions as lists show them."""

import orjson
from asyncpg import Record

from services.scoring.programmes.domain.money import MoneyChange
from services.scoring.programmes.domain.proposals import ListedVersion, Proposal, ProposalState
from services.scoring.programmes.domain.publication import VersionPlace, VersionText
from services.scoring.programmes.store.versions import author_of
from shared.postgres import Connection

#: Published versions, and those that are proposed or came to nothing: in the same columns, `state` says which.
_LISTED = """
    select v.community, v.programme_id, v.version, v.title, 'published' as state, v.effective_from,
           p.requested_from, p.proposed_at, v.published_at, v.published_by, v.published_by_person,
           v.published_by_credential, v.published_at as decided_at, v.approved_by as decided_by,
           v.approved_by_person as decided_by_person, v.approved_by_credential as decided_by_credential,
           v.document_sha256, coalesce(p.money_changes, '[]') as money_changes, v.source_text, v.document, v.note,
           v.restores, null as reason
    from programme_versions v left join programme_proposals p using (community, version)
    union all
    select community, programme_id, version, title, state, null, requested_from, proposed_at, null, proposed_by,
           proposed_by_person, proposed_by_credential, decided_at, decided_by, decided_by_person,
           decided_by_credential, document_sha256, money_changes, source_text, document, note, restores, reason
    from programme_proposals where state <> 'approved'
"""


async def next_number(conn: Connection, *, community: str) -> int:
    """The number of a community's next version: those that were only proposed have theirs; the head is locked."""
    number: int = await conn.fetchval(
        """
        select 1 + greatest(
            (select coalesce(max(version), 0) from programme_versions where community = $1),
            (select coalesce(max(version), 0) from programme_proposals where community = $1))
        """,
        community,
    )
    return number


async def add_proposal(conn: Connection, proposal: Proposal, *, text: VersionText) -> None:
    """Store a version that waits for another person; the head must be locked."""
    await conn.execute(
        """
        insert into programme_proposals (community, version, programme_id, title, requested_from, proposed_at,
            proposed_by_person, proposed_by, proposed_by_credential, source_text, document, document_sha256,
            money_changes, state, note, restores)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        """,
        proposal.community,
        proposal.number,
        proposal.programme_id,
        proposal.title,
        proposal.requested_from,
        proposal.proposed_at,
        *proposal.proposed_by,
        text.source_text,
        orjson.dumps(text.document).decode(),
        proposal.document_sha256,
        orjson.dumps([change._asdict() for change in proposal.changes]).decode(),
        proposal.state,
        proposal.note,
        proposal.restores,
    )


async def set_proposal_decided(conn: Connection, proposal: Proposal) -> None:
    """Set what became of a proposed version, and by whom."""
    await conn.execute(
        """
        update programme_proposals
        set state = $3, decided_at = $4, decided_by_person = $5, decided_by = $6, decided_by_credential = $7,
            reason = $8
        where community = $1 and version = $2
        """,
        proposal.community,
        proposal.number,
        proposal.state,
        proposal.decided_at,
        *(proposal.decided_by or (None, None, None)),
        proposal.reason,
    )


async def find_proposal(conn: Connection, *, community: str, number: int) -> Proposal | None:
    """A version as it was proposed, and what became of it."""
    row = await conn.fetchrow(
        "select * from programme_proposals where community = $1 and version = $2", community, number
    )
    return None if row is None else _proposal(row)


async def find_waiting(conn: Connection, *, community: str) -> Proposal | None:
    """The version of a community's programme that waits for another person; there is at most one."""
    row = await conn.fetchrow(
        "select * from programme_proposals where community = $1 and state = 'proposed'", community
    )
    return None if row is None else _proposal(row)


async def load_proposed_text(conn: Connection, *, community: str, number: int) -> VersionText:
    """What a version that was proposed says."""
    row = await conn.fetchrow(
        "select source_text, document from programme_proposals where community = $1 and version = $2",
        community,
        number,
    )
    assert row is not None  # noqa: S101 -- found before in the same transaction, and never deleted
    return VersionText(row["source_text"], orjson.loads(row["document"]))


async def count_waiting(conn: Connection) -> int:
    """How many versions wait for another person, in all communities."""
    count: int = await conn.fetchval("select count(*) from programme_proposals where state = 'proposed'")
    return count


async def find_version(
    conn: Connection, *, community: str, number: int
) -> tuple[ListedVersion, VersionText] | None:
    """One version of a community's programme, published or not, and its text."""
    row = await conn.fetchrow(
        f"select * from ({_LISTED}) l where community = $1 and version = $2",  # noqa: S608 -- a constant
        community,
        number,
    )
    if row is None:
        return None
    return _listed(row), VersionText(row["source_text"], orjson.loads(row["document"]))


async def page_of_versions(
    conn: Connection, *, community: str, after: VersionPlace | None, limit: int
) -> list[ListedVersion]:
    """Versions of a community's programme, published or not, newest first, beginning after one."""
    rows = await conn.fetch(
        f"""
        select * from ({_LISTED}) l
        where community = $1 and ($2::int is null or version < $2)
        order by version desc limit $3
        """,  # noqa: S608 -- a constant
        community,
        None if after is None else after.number,
        limit,
    )
    return [_listed(row) for row in rows]


def _listed(row: Record) -> ListedVersion:
    return ListedVersion(
        programme_id=row["programme_id"],
        number=row["version"],
        title=row["title"],
        state=row["state"],
        effective_from=row["effective_from"],
        requested_from=row["requested_from"],
        proposed_at=row["proposed_at"],
        published_at=row["published_at"],
        published_by=author_of(row, "published_by"),
        decided_at=row["decided_at"] if row["decided_by"] else None,
        decided_by=author_of(row, "decided_by") if row["decided_by"] else None,
        document_sha256=row["document_sha256"],
        changes=_changes(row),
        note=row["note"],
        restores=row["restores"],
        reason=row["reason"],
    )


def _changes(row: Record) -> list[MoneyChange]:
    return [MoneyChange(**change) for change in orjson.loads(row["money_changes"])]


def _proposal(row: Record) -> Proposal:
    return Proposal(
        community=row["community"],
        programme_id=row["programme_id"],
        number=row["version"],
        title=row["title"],
        requested_from=row["requested_from"],
        proposed_at=row["proposed_at"],
        proposed_by=author_of(row, "proposed_by"),
        document_sha256=row["document_sha256"],
        changes=_changes(row),
        state=ProposalState(row["state"]),
        decided_at=row["decided_at"],
        decided_by=author_of(row, "decided_by") if row["decided_by"] else None,
        note=row["note"],
        restores=row["restores"],
        reason=row["reason"],
    )
