"""The SQL of erasures: what is a member's is deleted, and kept away from then on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from services.ingest.erasure.domain import Erasure
from services.ingest.members.domain import MemberKey, ToldIdentity
from shared.postgres import Connection

#: What is a member's, and goes. Texts are many: a portion at a time.
_DELETED: Mapping[str, str] = {
    # Who became a member by a link in a mail is known by it until their identities go.
    "message_recipients": """
        delete from message_recipients r using identities i
        where i.community = $1 and i.member_id = $2 and i.channel = 'import' and i.host = ''
            and r.community = i.community and r.recipient_id::text = i.identity
    """,
    "identities": "delete from identities where community = $1 and member_id = $2",
    "told_identities": "delete from told_identities where community = $1 and member_id = $2",
    "alike_keys": "delete from alike_keys where community = $1 and member_id = $2",
    "dated_facts": "delete from dated_facts where community = $1 and member_id = $2",
    "check_ins": "delete from check_ins where community = $1 and member_id = $2",
    "reactables": "delete from reactables where community = $1 and member_id = $2",
    "reactions": "delete from reactions where community = $1 and member_id = $2",
    # With what others wrote to them.
    "kudos": """
        with gone as (
            delete from kudos where community = $1 and (giver_id = $2 or receiver_id = $2)
            returning community, event_uid),
        unwritten as (
            delete from texts t using gone g where t.community = g.community and t.event_uid = g.event_uid)
        select from gone
    """,
    # With the words of them; votes of others for it go too, and what was joined to it is by itself again.
    "idea_moves": """
        delete from idea_moves where community = $1 and idea_id in (
            select idea_id from ideas where community = $1 and author_id = $2)
    """,
    "ideas": """
        with gone as (
            delete from ideas where community = $1 and author_id = $2 returning community, idea_id, event_uid),
        unwritten as (
            delete from texts t using gone g where t.community = g.community and t.event_uid = g.event_uid),
        unvoted as (
            delete from idea_votes v using gone g where v.community = g.community and v.idea_id = g.idea_id),
        apart as (
            update ideas i set state = 'new', joined_to = null, is_stale = true
            from gone g where i.community = g.community and i.joined_to = g.idea_id and i.author_id <> $2)
        select from gone
    """,
    "idea_votes": """
        with gone as (delete from idea_votes where community = $1 and member_id = $2 returning community, idea_id),
        uncounted as (
            update ideas i set is_stale = true from gone g
            where i.community = g.community and i.idea_id = g.idea_id)
        select from gone
    """,
    "nominations": """
        with gone as (
            delete from nominations where community = $1 and (nominee_id = $2 or nominator_id = $2)
            returning community, round_id, nomination_id, event_uid),
        unwritten as (
            delete from texts t using gone g where t.community = g.community and t.event_uid = g.event_uid),
        unvoted as (
            delete from nomination_votes v using gone g
            where v.community = g.community and v.round_id = g.round_id and v.nomination_id = g.nomination_id)
        select from gone
    """,
    "nomination_votes": "delete from nomination_votes where community = $1 and member_id = $2",
    "survey_invitations": "delete from survey_invitations where community = $1 and member_id = $2",
    "survey_triggers": "delete from survey_triggers where community = $1 and member_id = $2",
    "followed_audiences": "delete from followed_audiences where community = $1 and member_id = $2",
    "refused_events": "delete from refused_events where community = $1 and member_id = $2",
    "sign_in_links": "delete from sign_in_links where community = $1 and member_id = $2",
    "sign_in_renewals": "delete from sign_in_renewals where community = $1 and member_id = $2",
    "message_addresses": "delete from message_addresses where community = $1 and member_id = $2",
    "message_wishes": "delete from message_wishes where community = $1 and member_id = $2",
    "messages": "delete from messages where community = $1 and member_id = $2",
    "texts": """
        delete from texts where community = $1 and event_uid in (
            select event_uid from texts where community = $1 and member_id = $2 limit 5000)
    """,
}
#: What others are called and known by, too, is noted of one of those who stay.
_HANDED_ON = """
    update alike_keys k set member_id = others.member_id
    from (
        select reason, what, m.member_id from alike_keys s join members m
            on m.community = s.community and lower(m.name) = s.what and m.member_id <> s.member_id
        where s.community = $1 and s.member_id = $2 and s.is_shared and s.reason = 'same_name'
        union all
        select reason, what, i.member_id from alike_keys s join identities i
            on i.community = s.community and lower(i.identity) = s.what and i.member_id <> s.member_id
        where s.community = $1 and s.member_id = $2 and s.is_shared and s.reason = 'same_handle'
        union all
        select reason, what, i.member_id from alike_keys s join identities i
            on i.community = s.community and i.email_hash = s.what and i.member_id <> s.member_id
        where s.community = $1 and s.member_id = $2 and s.is_shared and s.reason = 'same_email'
        union all
        select reason, what, i.member_id from alike_keys s join identities i
            on i.community = s.community and i.subject_hash = s.what and i.member_id <> s.member_id
        where s.community = $1 and s.member_id = $2 and s.is_shared and s.reason = 'same_subject') others
    where k.community = $1 and k.reason = others.reason and k.what = others.what
"""
#: The ids of a member, and of all who are merged into it: known first, so that an index has the rows of each.
_IDS = """
    array(select $2::uuid union all select member_id from merges where community = $1 and head_id = $2)
"""
_OF_PERSON = f"community = $1 and member_id is not null and member_id = any({_IDS})"
#: The same where a row is of two members, or is theirs under another name.
_OF_EITHER: Mapping[str, str] = {
    "kudos": f"""
        community = $1 and event_uid in (
            select k.event_uid from kudos k where k.community = $1 and k.giver_id = any({_IDS})
            union select k.event_uid from kudos k where k.community = $1 and k.receiver_id = any({_IDS}))
    """,  # noqa: S608 -- of the code
    "message_recipients": f"""
        community = $1 and recipient_id::text in (
            select i.identity from identities i
            where i.community = $1 and i.member_id = any({_IDS}) and i.channel = 'import' and i.host = '')
    """,  # noqa: S608 -- of the code
    "ideas": f"community = $1 and author_id = any({_IDS})",
    "nominations": f"community = $1 and (nominee_id = any({_IDS}) or nominator_id = any({_IDS}))",
    "idea_moves": f"""
        community = $1 and idea_id in (
            select idea_id from ideas where community = $1 and author_id = any({_IDS}))
    """,  # noqa: S608 -- of the code
}
#: The tables of which rows go, as the register of personal data says it.
DELETED_TABLES = tuple(_DELETED)


async def lock_member(conn: Connection, *, key: MemberKey) -> bool:
    """Lock a member against whoever would give them another identity; False when there is none, or no more."""
    found = await conn.fetchval(
        """
        select true from members where community = $1 and member_id = $2 and erased_at is null for update
        """,
        *key,
    )
    return bool(found)


async def delete_of_member(conn: Connection, *, key: MemberKey) -> dict[str, int]:
    """Delete what is a member's; return how many rows went, by table."""
    await conn.execute(_HANDED_ON, *key)
    gone = {}
    for table, sql in _DELETED.items():
        status: str = await conn.execute(sql, *key)
        gone[table] = int(status.rsplit(" ", 1)[1])
    return {table: count for table, count in gone.items() if count}


async def delete_dead_letters(conn: Connection, *, community: str, keys: Sequence[bytes]) -> int:
    """Delete dead letters with one of these keys; return how many."""
    status: str = await conn.execute(
        "delete from dead_letters where community = $1 and key = any($2::bytea[])", community, list(keys)
    )
    return int(status.rsplit(" ", 1)[1])


async def set_erased(conn: Connection, *, key: MemberKey, revision: int | None, at: datetime) -> int:
    """Take the name and all marks from a member for good; return the revision, the next where none is given."""
    found: int = await conn.fetchval(
        """
        insert into members as m (community, member_id, channel, first_seen_at, revision, erased_at)
        values ($1, $2, '', $4, coalesce($3, 1), $4)
        on conflict (community, member_id) do update
        set name = null, name_by = 0, name_at = 'epoch', channel = '', first_seen_at = $4, bot_by = null,
            is_person = false, staff_by = null, departed_by = null, hidden_by = null, off_boards_wish = false,
            earns = false, ranks = false, erased_at = $4, revision = greatest($3, m.revision + 1)
        returning revision
        """,
        *key,
        revision,
        at,
    )
    return found


async def add_erased_identities(conn: Connection, *, identities: Sequence[ToldIdentity]) -> None:
    """Keep the hashes of identities whose holder was erased."""
    await conn.execute(
        """
        insert into erased_identities (community, identity_hash, channel, member_id)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::uuid[])
        on conflict do nothing
        """,
        *([list(column) for column in zip(*sorted(identities), strict=True)] or [[], [], [], []]),
    )


async def put_erasure(conn: Connection, *, erasure: Erasure) -> None:
    """Note an erasure; one that is known stays, and is looked after again."""
    await conn.execute(
        """
        insert into erasures (community, member_id, erased_at, forfeits, deleted)
        values ($1, $2, $3, $4, $5::jsonb)
        on conflict (community, member_id) do update set done_at = null
        """,
        erasure.community,
        erasure.member_id,
        erasure.erased_at,
        erasure.forfeits,
        orjson.dumps(erasure.deleted).decode(),
    )


async def count_known_again(conn: Connection, *, limit_count: int) -> int:
    """How many members that were erased have a name or identities, counted up to a limit."""
    found: int = await conn.fetchval(
        """
        select count(*) from (
            select from erasures e join members m using (community, member_id)
            where m.name is not null or m.erased_at is null or exists (
                select from identities i where i.community = e.community and i.member_id = e.member_id)
            limit $1) known
        """,
        limit_count,
    )
    return found


async def find_erasure(conn: Connection, *, key: MemberKey) -> Erasure | None:
    """The erasure of a member, with all who are merged into it; None when they were not erased."""
    rows = await conn.fetch(
        f"select * from erasures where {_OF_PERSON} order by member_id = $2 desc, member_id",  # noqa: S608 -- of the code
        *key,
    )
    if not rows or str(rows[0]["member_id"]) != key.member_id:
        return None
    identities = await conn.fetch(
        f"""
        select community, identity_hash, channel, member_id::text from erased_identities
        where {_OF_PERSON} order by channel, identity_hash
        """,  # noqa: S608 -- of the code
        *key,
    )
    of_head, *of_merged = (_erasure(row, ()) for row in rows)
    deleted = Counter(of_head.deleted)
    for one in of_merged:
        deleted.update(one.deleted)
    return replace(
        of_head,
        identities=[ToldIdentity(*identity) for identity in identities],
        deleted=dict(sorted(deleted.items())),
        is_done=of_head.is_done and all(one.is_done for one in of_merged),
    )


async def lock_undone(conn: Connection, *, limit_count: int) -> list[Erasure]:
    """Lock erasures that are to be looked after; those that were longest ago first."""
    rows = await conn.fetch(
        """
        select * from erasures where done_at is null
        order by looked_at nulls first, erased_at, community, member_id
        limit $1
        for update skip locked
        """,
        limit_count,
    )
    return [_erasure(row, ()) for row in rows]


async def set_looked_after(
    conn: Connection, *, key: MemberKey, deleted: Mapping[str, int], at: datetime, is_done: bool
) -> None:
    """Note how much went in all, when it was looked after, and whether that was all."""
    await conn.execute(
        """
        update erasures set deleted = $3::jsonb, looked_at = $4::timestamptz,
            done_at = case when $5 then $4::timestamptz end
        where community = $1 and member_id = $2
        """,
        *key,
        orjson.dumps(deleted).decode(),
        at,
        is_done,
    )


async def count_of_member(conn: Connection, *, key: MemberKey) -> dict[str, int]:
    """How much is kept of a member, and of all who are merged into it, by table."""
    counts = {}
    for table in _DELETED:
        counts[table] = await conn.fetchval(
            f"select count(*) from {table} where {_OF_EITHER.get(table, _OF_PERSON)}",  # noqa: S608 -- of the code
            *key,
        )
    return counts


def _erasure(row: Any, identities: Sequence[ToldIdentity]) -> Erasure:
    return Erasure(
        community=row["community"],
        member_id=str(row["member_id"]),
        erased_at=row["erased_at"],
        forfeits=row["forfeits"],
        identities=identities,
        deleted=orjson.loads(row["deleted"]),
        is_done=row["done_at"] is not None,
    )
