"""The SQL of where people are reached, and what they wish."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from services.ingest.measuring.domain.texts import Sealed
from services.ingest.members.domain import MemberKey
from services.ingest.messages.domain.messages import Address, AddressState, Reach
from services.ingest.messages.domain.timing import Pace, QuietHours, Wishes
from services.ingest.messages.store.settings import quiet_of
from shared.postgres import Connection


class Recipient(NamedTuple):
    """Somebody who is no member, as held until a day."""

    community: str
    recipient_id: str
    content: Sealed
    hash: str
    state: AddressState
    language: str | None
    kept_until: datetime


async def load_reach(conn: Connection, *, keys: Collection[MemberKey], now: datetime) -> dict[MemberKey, Reach]:
    """How members are reached: what is said of whoever they belong to by a merge, or else of themselves."""
    rows = await conn.fetch(
        """
        select k.community, k.member_id::text, h.member_id::text as head_id, h.name,
            h.erased_at is not null as erased,
            h.bot_by is null as is_person, h.ranks,
            a.address_id::text, a.key_id, a.sealed, a.address_hash, a.state, a.said_at,
            a.member_id::text as address_of,
            w.without, w.pace, w.quiet_begins, w.quiet_ends,
            (select value #>> '{}' from dated_facts d
                where d.community = h.community and d.member_id = any(p.persons) and d.kind = 'time_zone'
                    and d.since <= $3 order by d.since desc, d.said_at desc limit 1) as zone,
            (select value #>> '{}' from dated_facts d
                where d.community = h.community and d.member_id = any(p.persons) and d.kind = 'language'
                    and d.since <= $3 order by d.since desc, d.said_at desc limit 1) as language,
            coalesce((select value #>> '{}' = 'true' from dated_facts d
                where d.community = h.community and d.member_id = any(p.persons) and d.kind = 'opt_out'
                    and d.name = 'messages' and d.since <= $3
                order by d.since desc, d.said_at desc limit 1), false) as opted_out
        from unnest($1::text[], $2::uuid[]) as k(community, member_id)
        left join merges g using (community, member_id)
        join members h on h.community = k.community and h.member_id = coalesce(g.head_id, k.member_id)
        cross join lateral (
            select array(select h.member_id union all select m.member_id from merges m
                where m.community = k.community and m.head_id = h.member_id) as persons) p
        left join lateral (
            select * from message_addresses a where a.community = k.community and a.member_id = any(p.persons)
            order by a.state = 'confirmed' desc, a.member_id = h.member_id desc, a.said_at desc limit 1) a on true
        left join lateral (
            select * from message_wishes w where w.community = k.community and w.member_id = any(p.persons)
            order by w.member_id = h.member_id desc limit 1) w on true
        """,
        [key.community for key in keys],
        [key.member_id for key in keys],
        now,
    )
    return {MemberKey(row["community"], row["member_id"]): _reach(row) for row in rows}


async def find_address(conn: Connection, *, community: str, address_id: str) -> Address | None:
    """An address by its id; None when it is gone."""
    row = await conn.fetchrow(
        """
        select *, member_id::text as address_of from message_addresses
        where community = $1 and address_id = $2::text::uuid
        """,
        community,
        address_id,
    )
    return None if row is None else _address(row)


async def put_address(conn: Connection, *, address: Address) -> None:
    """Keep where a member is reached, in place of what was said before."""
    await conn.execute(
        """
        insert into message_addresses (community, member_id, address_id, key_id, sealed, address_hash, state,
            said_at)
        values ($1, $2::text::uuid, $3::text::uuid, $4, $5, $6, $7, $8)
        on conflict (community, member_id) do update
        set address_id = excluded.address_id, key_id = excluded.key_id, sealed = excluded.sealed,
            address_hash = excluded.address_hash, state = excluded.state, said_at = excluded.said_at
        """,
        address.community,
        address.member_id,
        address.address_id,
        address.content.key_id,
        address.content.sealed,
        address.hash,
        address.state,
        address.said_at,
    )


async def set_address_state(conn: Connection, *, community: str, address_id: str, state: AddressState) -> bool:
    """Say whether an address is written to; False when it is gone."""
    done = await conn.fetchval(
        """
        update message_addresses set state = $3 where community = $1 and address_id = $2::text::uuid
        returning true
        """,
        community,
        address_id,
        state,
    )
    return bool(done)


async def delete_addresses(conn: Connection, *, community: str, member_id: str) -> int:
    """Forget where a member, with all who are merged into them, is reached."""
    status: str = await conn.execute(
        """
        delete from message_addresses where community = $1 and (member_id = $2::text::uuid or member_id in (
            select member_id from merges where community = $1 and head_id = $2::text::uuid))
        """,
        community,
        member_id,
    )
    return int(status.rsplit(" ", 1)[1])


async def put_wishes(conn: Connection, *, key: MemberKey, wishes: Wishes) -> None:
    """Keep what a member wishes, in place of what was said before."""
    await conn.execute(
        """
        insert into message_wishes (community, member_id, without, pace, quiet_begins, quiet_ends)
        values ($1, $2::text::uuid, $3, $4, $5, $6)
        on conflict (community, member_id) do update
        set without = excluded.without, pace = excluded.pace, quiet_begins = excluded.quiet_begins,
            quiet_ends = excluded.quiet_ends
        """,
        *key,
        sorted(wishes.without),
        wishes.pace,
        wishes.quiet and wishes.quiet.begins,
        wishes.quiet and wishes.quiet.ends,
    )


async def add_recipients(conn: Connection, *, recipients: Collection[Recipient]) -> None:
    """Hold some who are no members; who is held already is held as long as the longer of both."""
    await conn.executemany(
        """
        insert into message_recipients (community, recipient_id, key_id, sealed, address_hash, state, language,
            kept_until)
        values ($1, $2::text::uuid, $3, $4, $5, $6, $7, $8)
        on conflict (community, recipient_id) do update
        set kept_until = greatest(message_recipients.kept_until, excluded.kept_until)
        """,
        [
            (
                one.community,
                one.recipient_id,
                one.content.key_id,
                one.content.sealed,
                one.hash,
                one.state,
                one.language,
                one.kept_until,
            )
            for one in recipients
        ],
    )


async def load_recipients(
    conn: Connection, *, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Recipient]:
    """Recipients by community and id."""
    rows = await conn.fetch(
        """
        select r.*, r.recipient_id::text as id from message_recipients r
        join unnest($1::text[], $2::uuid[]) as k(community, recipient_id) using (community, recipient_id)
        """,
        [community for community, _ in keys],
        [recipient_id for _, recipient_id in keys],
    )
    return {
        (row["community"], row["id"]): Recipient(
            row["community"],
            row["id"],
            Sealed(row["key_id"], row["sealed"]),
            row["address_hash"],
            AddressState(row["state"]),
            row["language"],
            row["kept_until"],
        )
        for row in rows
    }


async def delete_recipient(conn: Connection, *, community: str, recipient_id: str) -> bool:
    """Forget a recipient; False when none of that id is held."""
    gone = await conn.fetchval(
        """
        delete from message_recipients where community = $1 and recipient_id = $2::text::uuid returning true
        """,
        community,
        recipient_id,
    )
    return bool(gone)


async def delete_recipients_beyond(conn: Connection, *, now: datetime, limit_count: int) -> int:
    """Forget those whose day has come; return how many."""
    status: str = await conn.execute(
        """
        delete from message_recipients where (community, recipient_id) in (
            select community, recipient_id from message_recipients where kept_until < $1
            order by kept_until limit $2)
        """,
        now,
        limit_count,
    )
    return int(status.rsplit(" ", 1)[1])


async def stop_hash(conn: Connection, *, community: str, address_hash: str, state: AddressState) -> int:
    """Stop writing to an address, whoever said it in the community; return how many it stands for."""
    counts = [
        await conn.execute(
            f"""
            update {table} set state = $3
            where community = $1 and address_hash = $2 and state <> $3
            """,  # noqa: S608 -- of the code
            community,
            address_hash,
            state,
        )
        for table in ("message_addresses", "message_recipients")
    ]
    return sum(int(status.rsplit(" ", 1)[1]) for status in counts)


def _reach(row: Any) -> Reach:
    quiet: QuietHours | None = quiet_of(row)
    wishes = Wishes() if row["pace"] is None else Wishes(frozenset(row["without"]), Pace(row["pace"]), quiet)
    return Reach(
        head_id=row["head_id"],
        name=row["name"],
        zone=row["zone"],
        language=row["language"],
        is_person=row["is_person"],
        is_erased=row["erased"],
        is_shown=row["ranks"],
        opted_out=row["opted_out"],
        address=None if row["address_id"] is None else _address(row),
        wishes=wishes,
    )


def _address(row: Any) -> Address:
    return Address(
        row["community"],
        row["address_of"],
        str(row["address_id"]),
        Sealed(row["key_id"], row["sealed"]),
        row["address_hash"],
        AddressState(row["state"]),
        row["said_at"],
    )
