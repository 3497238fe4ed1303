"""Entries in, and out by whatever is asked for, newest first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from services.analytics.audit.domain import Entry, EntryFilter, EntryPlace
from shared.contracts.facts import CommandDone, PersonalDataRead
from shared.postgres import Connection

_COLUMNS = """
    t.audit_id::text, t.at, t.community, t.kind, t.service, t.command, t.person_id::text,
    (select p.name from followed_people p where p.person_id = t.person_id
     order by p.community = t.community desc, p.revision desc limit 1) as person_name,
    t.credential, t.object_kind, t.object_id, t.member_id::text, t.before, t.after, t.traceparent
"""
#: Each condition stands in the statement only where it is asked for, so that its index is taken.
_CONDITIONS = {
    "kind": "t.kind = {}",
    "service": "t.service = {}",
    "command": "t.command = {}",
    "person_id": "t.person_id = {}",
    "credential": "t.credential = {}",
    "object_id": "t.object_id = {}",
    # With all who are merged into it: they are one person.
    "member_id": """
        t.member_id = any(array(
            select {0}::uuid union all select member_id from merges where community = $1 and head_id = {0}))
    """,
    # What stands between the first two hyphens of a traceparent.
    "trace_id": "substr(t.traceparent, 4, 32) = {}",
    "since": "t.at >= {}",
    "until": "t.at < {}",
}


async def add_entries(
    conn: Connection, *, commands: Sequence[CommandDone], reads: Sequence[PersonalDataRead]
) -> None:
    """Store entries; one that is known stays as it is."""
    rows = [*map(_command_row, commands), *map(_read_row, reads)]
    await conn.execute(
        """
        insert into audit_trail (community, audit_id, at, kind, service, command, person_id, credential,
                                 object_kind, object_id, member_id, before, after, traceparent)
        select * from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[],
                             $7::uuid[], $8::text[], $9::text[], $10::text[], $11::uuid[], $12::jsonb[],
                             $13::jsonb[], $14::text[])
        on conflict do nothing
        """,
        *([row[column] for row in rows] for column in range(14)),
    )


def _command_row(fact: CommandDone) -> Sequence[Any]:
    data = fact["data"]
    return (
        fact["community"],
        data["audit_id"],
        fact["time"],
        "command",
        data["service"],
        data["command"],
        data.get("person_id"),
        data["credential"],
        data["object"]["kind"],
        data["object"]["id"],
        data.get("member_id"),
        _json(data.get("before")),
        _json(data.get("after")),
        fact.get("traceparent"),
    )


def _read_row(fact: PersonalDataRead) -> Sequence[Any]:
    data = fact["data"]
    member_id = data.get("member_id")
    return (
        fact["community"],
        data["audit_id"],
        fact["time"],
        "read",
        data["service"],
        data["operation"],
        data["person_id"],
        data["credential"],
        "list" if member_id is None else "member",
        member_id or data["operation"],
        member_id,
        None,
        None,
        None,
    )


async def page_of_entries(
    conn: Connection, wanted: EntryFilter, *, after: EntryPlace | None, limit: int
) -> list[Entry]:
    """The entries that are wanted, newest first."""
    where, values = _where(wanted, after)
    rows = await conn.fetch(
        f"select {_COLUMNS} from audit_trail t where {where}"  # noqa: S608 -- of names in this file
        f" order by t.at desc, t.audit_id desc limit ${len(values) + 1}",
        *values,
        limit,
    )
    return [_entry(row) for row in rows]


async def count_entries(conn: Connection, wanted: EntryFilter, *, limit: int) -> int:
    """How many entries are wanted, but no more than `limit` are counted."""
    where, values = _where(wanted, None)
    query = f"select 1 from audit_trail t where {where} limit ${len(values) + 1}"  # noqa: S608 -- of names in this file
    return int(await conn.fetchval(f"select count(*) from ({query}) counted", *values, limit))  # noqa: S608 -- as above


async def delete_entries_before(conn: Connection, *, before: datetime, limit: int) -> int:
    """Delete the oldest entries from before that moment, at most `limit`."""
    done = await conn.execute(
        """
        delete from audit_trail where ctid = any(array(
            select ctid from audit_trail where at < $1 order by at limit $2))
        """,
        before,
        limit,
    )
    return int(done.split()[-1])


def _where(wanted: EntryFilter, after: EntryPlace | None) -> tuple[str, list[Any]]:
    values: list[Any] = [wanted.community]
    conditions = ["t.community = $1"]
    for name, condition in _CONDITIONS.items():
        value = getattr(wanted, name)
        if value is not None:
            values.append(value)
            conditions.append(condition.format(f"${len(values)}"))
    if after is not None:
        values += after
        conditions.append(f"(t.at, t.audit_id) < (${len(values) - 1}, ${len(values)}::uuid)")
    return " and ".join(conditions), values


def _entry(row: asyncpg.Record) -> Entry:
    columns = dict(row)
    for name in ("before", "after"):
        columns[name] = None if columns[name] is None else orjson.loads(columns[name])
    return Entry(**columns)


def _json(fields: Any) -> str | None:
    return None if fields is None else orjson.dumps(fields).decode()
