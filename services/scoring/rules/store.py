"""The SQL of what rules declined, of what they may read of members, and of what they read."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import orjson

from services.scoring.rules.domain.attributes import AttributeRead, MemberKey, Said
from services.scoring.rules.domain.declining import Calculated, Declined
from shared.postgres import Connection

#: The fields of Declined.
_DECLINED = ("community", "event_uid", "rule_id", "slot", "reason", "detail", "programme_version", "met")


async def add_declined(conn: Connection, *, declined: Iterable[Declined]) -> None:
    """Remember why rules gave nothing, or less."""
    await conn.copy_records_to_table(
        "declined",
        columns=_DECLINED,
        records=[(*one[:-1], None if one.met is None else orjson.dumps(one.met).decode()) for one in declined],
    )


async def add_calculated(conn: Connection, *, calculated: Iterable[Calculated]) -> None:
    """Remember what calculated points came to, and by which values."""
    await conn.copy_records_to_table(
        "calculated",
        columns=("community", "event_uid", "rule_id", "slot", "points", "met"),
        records=[(*one[:-1], orjson.dumps(one.met).decode()) for one in calculated],
    )


async def load_calculated(conn: Connection, *, community: str, event_uids: Collection[str]) -> list[Calculated]:
    """What calculated points came to for events, in the order of rules."""
    rows = await conn.fetch(
        """
        select event_uid, rule_id, slot, points, met from calculated
        where community = $1 and event_uid = any($2::uuid[]) order by rule_id, slot
        """,
        community,
        list(event_uids),
    )
    return [
        Calculated(
            community, str(row["event_uid"]), row["rule_id"], row["slot"], row["points"], orjson.loads(row["met"])
        )
        for row in rows
    ]


async def load_declined(conn: Connection, *, community: str, event_uids: Collection[str]) -> list[Declined]:
    """Why rules gave nothing, or less, for events, in the order of rules."""
    rows = await conn.fetch(
        """
        select event_uid, rule_id, slot, reason, detail, programme_version, met from declined
        where community = $1 and event_uid = any($2::uuid[]) order by rule_id
        """,
        community,
        list(event_uids),
    )
    return [
        Declined(
            community,
            str(row["event_uid"]),
            row["rule_id"],
            row["slot"],
            row["reason"],
            row["detail"],
            row["programme_version"],
            None if row["met"] is None else orjson.loads(row["met"]),
        )
        for row in rows
    ]


async def put_attributes(conn: Connection, *, said: Mapping[MemberKey, Sequence[tuple[str, Said]]]) -> None:
    """Keep what was said of members' attributes, in place of what was known of them."""
    keys = sorted(said)
    await conn.execute(
        """
        delete from member_attributes a using unnest($1::text[], $2::uuid[]) as k(community, member_id)
        where a.community = k.community and a.member_id = k.member_id
        """,
        [key.community for key in keys],
        [key.member_id for key in keys],
    )
    records = [
        (*key, name, one.since, one.said_at, orjson.dumps(one.value).decode())
        for key in keys
        for name, one in said[key]
    ]
    if records:
        columns = ("community", "member_id", "name", "since", "said_at", "value")
        await conn.copy_records_to_table("member_attributes", columns=columns, records=records)


async def load_attributes(
    conn: Connection, *, wanted: Mapping[MemberKey, Iterable[str]]
) -> dict[MemberKey, dict[str, list[Said]]]:
    """What was said of attributes of members, by member and name."""
    named = [(key, name) for key, names in wanted.items() for name in names]
    rows = await conn.fetch(
        """
        select a.* from member_attributes a
        join unnest($1::text[], $2::uuid[], $3::text[]) as k(community, member_id, name)
            using (community, member_id, name)
        order by a.community, a.member_id, a.name, a.since, a.said_at
        """,
        [key.community for key, _ in named],
        [key.member_id for key, _ in named],
        [name for _, name in named],
    )
    found: dict[MemberKey, dict[str, list[Said]]] = {}
    for row in rows:
        of_member = found.setdefault(MemberKey(row["community"], str(row["member_id"])), {})
        said = Said(row["since"], row["said_at"], orjson.loads(row["value"]))
        of_member.setdefault(row["name"], []).append(said)
    return found


async def add_read(conn: Connection, *, read: Iterable[AttributeRead]) -> None:
    """Remember what rules read of members."""
    await conn.copy_records_to_table(
        "attributes_read",
        columns=AttributeRead._fields,
        records=[(*one[:-1], None if one.value is None else orjson.dumps(one.value).decode()) for one in read],
    )


async def load_read(conn: Connection, *, community: str, event_uids: Collection[str]) -> list[AttributeRead]:
    """What rules read of members for events, in the order of rules and names."""
    rows = await conn.fetch(
        """
        select event_uid, rule_id, name, member_id, since, value from attributes_read
        where community = $1 and event_uid = any($2::uuid[]) order by rule_id, name
        """,
        community,
        list(event_uids),
    )
    return [
        AttributeRead(
            community,
            str(row["event_uid"]),
            row["rule_id"],
            row["name"],
            str(row["member_id"]),
            row["since"],
            None if row["value"] is None else orjson.loads(row["value"]),
        )
        for row in rows
    ]


async def erase_read(conn: Connection, *, keys: Sequence[MemberKey]) -> None:
    """Forget the values that rules read of members who were erased; that they read something stays."""
    await conn.execute(
        """
        select erase_attributes_read(k.community, k.member_id)
        from unnest($1::text[], $2::uuid[]) as k(community, member_id)
        """,
        [key.community for key in keys],
        [key.member_id for key in keys],
    )
