"""The SQL of a service's own entries: written, and never changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from shared.audit.domain import Entry
from shared.audit.reads import Read
from shared.postgres import Connection


async def add_command(conn: Connection, entry: Entry) -> None:
    """Add the entry of a command."""
    await conn.execute(
        """
        insert into audit_entries (audit_id, at, community, kind, command, person_id, credential, object_kind,
                                   object_id, member_id, before, after, traceparent)
        values ($1, $2, $3, 'command', $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        entry.audit_id,
        entry.at,
        entry.community,
        entry.command,
        entry.actor.person_id,
        entry.actor.credential,
        entry.kind,
        entry.id,
        entry.member_id,
        _json(entry.before),
        _json(entry.after),
        entry.traceparent,
    )


async def add_reads(conn: Connection, reads: Mapping[str, tuple[Read, datetime]]) -> Sequence[str]:
    """Add reads by their audit ids, each with its time; return the ids of those that were new."""
    rows = await conn.fetch(
        """
        insert into audit_entries (audit_id, at, community, kind, command, person_id, credential, object_kind,
                                   object_id, member_id)
        select audit_id, at, community, 'read', command, person_id, credential,
               case when member_id is null then 'list' else 'member' end, coalesce(member_id::text, command),
               member_id
        from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::uuid[])
            as r(audit_id, at, community, command, person_id, credential, member_id)
        order by audit_id
        on conflict do nothing
        returning audit_id::text
        """,
        list(reads),
        [at for _, at in reads.values()],
        [read.community for read, _ in reads.values()],
        [read.operation for read, _ in reads.values()],
        [read.person_id for read, _ in reads.values()],
        [read.credential for read, _ in reads.values()],
        [read.member_id for read, _ in reads.values()],
    )
    return [row["audit_id"] for row in rows]


def _json(fields: Mapping[str, Any] | None) -> str | None:
    return None if fields is None else orjson.dumps(fields).decode()
