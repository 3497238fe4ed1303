"""The SQL of messages themselves."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson

from services.ingest.messages.domain.kinds import Channel
from services.ingest.messages.domain.messages import Message, MessagePlace, MessageState, Why
from shared.postgres import Connection

_COLUMNS = """
community, message_id::text, request_id::text, channel, kind, member_id::text, recipient_id::text, language,
"values"::text as "values", state, requested_at, due_at, expires_at, in_digest, tries_count, settled_at, why, said,
with_id::text
"""


class Outcome(NamedTuple):
    """What became of a try, which was the `tries_count`th: with `due_at` it waits for the next.

    `stopped_hash` is that of an address that the server says is none, `gone` the room that is none, with when it
    was set; `again_seconds` is what the server wants to be left alone for.
    """

    community: str
    message_id: str
    state: MessageState
    why: Why | None = None
    said: str | None = None
    with_id: str | None = None
    tries_count: int = 1
    due_at: datetime | None = None
    stopped_hash: str | None = None
    gone: tuple[Channel, datetime] | None = None
    again_seconds: float = 0.0


async def add_messages(conn: Connection, *, messages: Sequence[Message]) -> int:
    """Add messages; what was asked for before stays as it is. Return how many were new."""
    status: str = await conn.execute(
        """
        insert into messages (community, message_id, request_id, channel, kind, member_id, recipient_id, language,
            "values", state, requested_at, due_at, expires_at, in_digest, settled_at, why)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::uuid[],
            $8::text[], $9::jsonb[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[],
            $14::bool[], $15::timestamptz[], $16::text[])
        on conflict do nothing
        """,
        *([list(column) for column in zip(*map(_columns, messages), strict=True)] or [[] for _ in range(16)]),
    )
    return int(status.rsplit(" ", 1)[1])


def _columns(one: Message) -> tuple[Any, ...]:
    return (
        one.community,
        one.message_id,
        one.request_id,
        one.channel.value,
        one.kind,
        one.member_id,
        one.recipient_id,
        one.language,
        orjson.dumps(dict(one.values)).decode(),
        one.state.value,
        one.requested_at,
        one.due_at,
        one.expires_at,
        one.in_digest,
        one.settled_at,
        None if one.why is None else one.why.value,
    )


async def count_of_day(
    conn: Connection, *, keys: Collection[tuple[str, str]], now: datetime
) -> dict[tuple[str, str], int]:
    """How many messages members were to get by mail within the last day, those of digests aside."""
    rows = await conn.fetch(
        """
        select k.community, k.member_id::text, count(m.message_id) as messages
        from unnest($1::text[], $2::uuid[]) as k(community, member_id)
        left join messages m on m.community = k.community and m.member_id = k.member_id
            and m.requested_at > $3 and m.channel = 'mail' and not m.in_digest
            and m.state in ('waiting', 'sending', 'sent', 'unknown')
        group by 1, 2
        """,
        [community for community, _ in keys],
        [member_id for _, member_id in keys],
        now - timedelta(days=1),
    )
    return {(row["community"], row["member_id"]): row["messages"] for row in rows}


async def claim_due(conn: Connection, *, now: datetime, limit_count: int) -> list[Message]:
    """Take those that are due, the longest due first: from now on nobody else sends them.

    Of somebody whose messages go together all that are due are taken, a hundred at most.
    """
    rows = await conn.fetch(
        f"""
        with first as materialized (
            select community, message_id, member_id, in_digest from messages
            where state = 'waiting' and due_at <= $1 order by due_at, message_id limit $2
            for update skip locked
        ), together as materialized (
            select m.community, m.message_id from (
                select distinct community, member_id from first where in_digest) p
            cross join lateral (
                select community, message_id from messages
                where community = p.community and member_id = p.member_id and in_digest and channel = 'mail'
                    and state = 'waiting' and due_at <= $1
                order by requested_at limit 100 for update skip locked) m
        )
        update messages set state = 'sending', claimed_at = $1, tries_count = tries_count + 1
        where (community, message_id) in (
            select community, message_id from first union select community, message_id from together)
        returning {_COLUMNS}
        """,  # noqa: S608 -- of the code
        now,
        limit_count,
    )
    return sorted(map(_message, rows), key=lambda one: (one.due_at, one.message_id))


async def set_outcomes(conn: Connection, *, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Note what became of messages that were taken to be sent."""
    await conn.execute(
        """
        update messages m set state = o.state, why = o.why, said = o.said, with_id = o.with_id,
            due_at = coalesce(o.due_at, m.due_at), claimed_at = null,
            settled_at = case when o.state = 'waiting' then null else $8::timestamptz end
        from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::timestamptz[])
            as o(community, message_id, state, why, said, with_id, due_at)
        where m.community = o.community and m.message_id = o.message_id and m.state = 'sending'
        """,
        *(
            [
                list(column)
                for column in zip(
                    *(
                        (
                            one.community,
                            one.message_id,
                            one.state.value,
                            one.why and one.why.value,
                            one.said,
                            one.with_id,
                            one.due_at,
                        )
                        for one in outcomes
                    ),
                    strict=True,
                )
            ]
            or [[] for _ in range(7)]
        ),
        now,
    )


async def set_unknown(conn: Connection, *, claimed_before: datetime, now: datetime) -> int:
    """Say of messages that somebody took so long ago, and did not settle, that nobody knows. Return how many."""
    status: str = await conn.execute(
        """
        update messages set state = 'unknown', why = 'no_answer', settled_at = $2
        where state = 'sending' and claimed_at < $1
        """,
        claimed_before,
        now,
    )
    return int(status.rsplit(" ", 1)[1])


async def find_message(conn: Connection, *, community: str, message_id: str, lock: bool = False) -> Message | None:
    """A message; None when there is none."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from messages where community = $1 and message_id = $2::text::uuid"  # noqa: S608
        + " for update" * lock,
        community,
        message_id,
    )
    return None if row is None else _message(row)


async def page_of_messages(
    conn: Connection,
    *,
    community: str,
    members: Collection[str] | None,
    state: MessageState | None,
    kind: str | None,
    after: MessagePlace | None,
    limit_count: int,
) -> list[Message]:
    """The messages of a community, or of these members, in a state or of a kind: the newest first."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from messages
        where community = $1 and ($2::uuid[] is null or member_id = any($2)) and ($3::text is null or state = $3)
            and ($4::text is null or kind = $4)
            and ($5::timestamptz is null or (requested_at, message_id) < ($5, $6::text::uuid))
        order by requested_at desc, message_id desc limit $7
        """,  # noqa: S608 -- of the code
        community,
        None if members is None else list(members),
        state and state.value,
        kind,
        *((None, None) if after is None else after),
        limit_count,
    )
    return list(map(_message, rows))


async def count_states(conn: Connection, *, community: str, most: int) -> dict[MessageState, int]:
    """How many messages are in each state; `most` and one for more."""
    rows = await conn.fetch(
        """
        select s.state, (select count(*) from (
            select 1 from messages m where m.community = $1 and m.state = s.state limit $3) counted) as messages
        from unnest($2::text[]) as s(state)
        """,
        community,
        [state.value for state in MessageState],
        most + 1,
    )
    return {MessageState(row["state"]): row["messages"] for row in rows}


async def set_again(conn: Connection, *, community: str, message_id: str, now: datetime) -> None:
    """Have a message that is settled wait again, with its tries anew."""
    await conn.execute(
        """
        update messages set state = 'waiting', due_at = $3, tries_count = 0, settled_at = null, why = null,
            said = null, with_id = null, in_digest = false, expires_at = null
        where community = $1 and message_id = $2::text::uuid
        """,
        community,
        message_id,
        now,
    )


async def set_bounced(conn: Connection, *, community: str, message_id: str, said: str | None) -> int:
    """Note that a message came back, with all that went in it; return how many that are."""
    status: str = await conn.execute(
        """
        update messages set state = 'bounced', why = 'refused', said = $3
        where community = $1 and $2::text::uuid in (message_id, with_id) and state in ('sent', 'unknown')
        """,
        community,
        message_id,
        said,
    )
    return int(status.rsplit(" ", 1)[1])


async def delete_settled(conn: Connection, *, before: datetime, limit_count: int) -> int:
    """Delete messages that were settled before; return how many."""
    status: str = await conn.execute(
        """
        delete from messages where (community, message_id) in (
            select community, message_id from messages where settled_at < $1 order by settled_at limit $2)
        """,
        before,
        limit_count,
    )
    return int(status.rsplit(" ", 1)[1])


async def oldest_due(conn: Connection, *, now: datetime) -> float:
    """How long the message waits that has been due longest, in seconds; 0 where none is."""
    since: datetime | None = await conn.fetchval(
        "select min(due_at) from messages where state = 'waiting' and due_at <= $1", now
    )
    return 0.0 if since is None else (now - since).total_seconds()


def _message(row: Any) -> Message:
    return Message(
        community=row["community"],
        message_id=row["message_id"],
        request_id=row["request_id"],
        channel=Channel(row["channel"]),
        kind=row["kind"],
        member_id=row["member_id"],
        recipient_id=row["recipient_id"],
        language=row["language"],
        values=orjson.loads(row["values"]),
        state=MessageState(row["state"]),
        requested_at=row["requested_at"],
        due_at=row["due_at"],
        expires_at=row["expires_at"],
        in_digest=row["in_digest"],
        tries_count=row["tries_count"],
        settled_at=row["settled_at"],
        why=None if row["why"] is None else Why(row["why"]),
        said=row["said"],
        with_id=row["with_id"],
    )
