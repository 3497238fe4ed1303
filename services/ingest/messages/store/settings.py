"""The SQL of what a community says of its messages: settings, rooms and templates."""

from collections.abc import Collection
from datetime import datetime, time
from typing import Any, NamedTuple

import orjson

from services.ingest.measuring.domain.texts import Sealed
from services.ingest.messages.domain.kinds import Channel, Words
from services.ingest.messages.domain.messages import Room, Settings, unset
from services.ingest.messages.domain.timing import QuietHours
from shared.postgres import Connection


class Template(NamedTuple):
    """What a community says of a kind in a language; its revision counts from 1."""

    kind: str
    language: str
    words: Words
    revision: int
    changed_at: datetime


async def load_settings(conn: Connection, *, communities: Collection[str]) -> dict[str, Settings]:
    """The settings of communities; what was not set is as if nothing went to anybody."""
    rows = await conn.fetch("select * from message_settings where community = any($1::text[])", list(communities))
    found = {row["community"]: _settings(row) for row in rows}
    return {name: found.get(name) or unset(name) for name in communities}


async def lock_settings(conn: Connection, *, community: str) -> Settings:
    """A community's settings; nobody else changes them until the transaction ends."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"message settings {community}")
    return (await load_settings(conn, communities=[community]))[community]


async def put_settings(conn: Connection, *, settings: Settings) -> None:
    """Keep a community's settings in place of those before."""
    quiet = settings.quiet
    await conn.execute(
        """
        insert into message_settings (community, kinds, sender_name, reply_to, day_max_count, quiet_begins,
            quiet_ends, digest_at, revision)
        values ($1, $2::jsonb, $3, $4, $5, $6, $7, $8, $9)
        on conflict (community) do update set kinds = excluded.kinds, sender_name = excluded.sender_name,
            reply_to = excluded.reply_to, day_max_count = excluded.day_max_count,
            quiet_begins = excluded.quiet_begins, quiet_ends = excluded.quiet_ends,
            digest_at = excluded.digest_at, revision = excluded.revision
        """,
        settings.community,
        orjson.dumps({kind: sorted(ways) for kind, ways in settings.kinds.items()}).decode(),
        settings.sender_name,
        settings.reply_to,
        settings.day_max_count,
        quiet and quiet.begins,
        quiet and quiet.ends,
        time.fromisoformat(settings.digest),
        settings.revision,
    )


async def put_room(conn: Connection, *, community: str, channel: Channel, content: Sealed, at: datetime) -> None:
    """Keep where a room is posted to, in place of the one before."""
    await conn.execute(
        """
        insert into message_rooms (community, channel, key_id, sealed, set_at) values ($1, $2, $3, $4, $5)
        on conflict (community, channel) do update
        set key_id = excluded.key_id, sealed = excluded.sealed, set_at = excluded.set_at,
            gone_at = null, gone_why = null
        """,
        community,
        channel,
        content.key_id,
        content.sealed,
        at,
    )


async def delete_room(conn: Connection, *, community: str, channel: Channel) -> bool:
    """Forget where a room is; False when none was known."""
    gone = await conn.fetchval(
        "delete from message_rooms where community = $1 and channel = $2 returning true", community, channel
    )
    return bool(gone)


async def load_rooms(conn: Connection, *, communities: Collection[str]) -> dict[tuple[str, Channel], Room]:
    """The rooms of communities."""
    rows = await conn.fetch("select * from message_rooms where community = any($1::text[])", list(communities))
    return {
        (row["community"], Channel(row["channel"])): Room(
            Sealed(row["key_id"], row["sealed"]), row["set_at"], row["gone_at"], row["gone_why"]
        )
        for row in rows
    }


async def set_room_gone(
    conn: Connection, *, community: str, channel: Channel, set_at: datetime, why: str, at: datetime
) -> None:
    """Note that there is no such room, unless it was set anew since `set_at`."""
    await conn.execute(
        "update message_rooms set gone_at = $4, gone_why = $5"
        " where community = $1 and channel = $2 and set_at = $3 and gone_at is null",
        community,
        channel,
        set_at,
        at,
        why,
    )


async def load_templates(
    conn: Connection, *, communities: Collection[str]
) -> dict[tuple[str, str, str], Template]:
    """What communities say, by community, kind and language."""
    rows = await conn.fetch(
        "select * from message_templates where community = any($1::text[]) order by kind, language",
        list(communities),
    )
    return {
        (row["community"], row["kind"], row["language"]): Template(
            row["kind"],
            row["language"],
            Words(row["subject"], row["body"]),
            row["revision"],
            row["changed_at"],
        )
        for row in rows
    }


async def put_template(
    conn: Connection, *, community: str, kind: str, language: str, words: Words, at: datetime
) -> int:
    """Keep a template in place of the one before; return its revision."""
    revision: int = await conn.fetchval(
        """
        insert into message_templates (community, kind, language, subject, body, revision, changed_at)
        values ($1, $2, $3, $4, $5, 1, $6)
        on conflict (community, kind, language) do update
        set subject = excluded.subject, body = excluded.body, changed_at = excluded.changed_at,
            revision = message_templates.revision + 1
        returning revision
        """,
        community,
        kind,
        language,
        words.subject,
        words.body,
        at,
    )
    return revision


async def delete_template(conn: Connection, *, community: str, kind: str, language: str) -> bool:
    """Go back to what comes with Plaudit; False when nothing else was said."""
    gone = await conn.fetchval(
        """
        delete from message_templates where community = $1 and kind = $2 and language = $3 returning true
        """,
        community,
        kind,
        language,
    )
    return bool(gone)


def quiet_of(row: Any) -> QuietHours | None:
    """The quiet hours in a row's columns."""
    return None if row["quiet_begins"] is None else QuietHours(row["quiet_begins"], row["quiet_ends"])


def _settings(row: Any) -> Settings:
    return Settings(
        row["community"],
        {kind: frozenset(map(Channel, ways)) for kind, ways in orjson.loads(row["kinds"]).items()},
        row["sender_name"],
        row["reply_to"],
        row["day_max_count"],
        quiet_of(row),
        f"{row['digest_at']:%H:%M}",
        row["revision"],
    )
