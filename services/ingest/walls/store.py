"""The SQL of the wall, and of what programmes declare of kudos."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from asyncpg import Record

from services.ingest.measuring.domain.texts import KeptText, Sealed
from services.ingest.members.store.sight import UNSEEN
from services.ingest.walls.domain import Declared, Kudos, OnWall, WallAsked, WallPlace
from shared.contracts.programme import KudosTerms, WordList
from shared.postgres import Connection

NOTHING_DECLARED = Declared(None, [], {})


class CaseOutcome(NamedTuple):
    """What became of the case of a content, as of a revision."""

    community: str
    channel: str
    host: str
    object_id: str
    state: str
    revision: int


async def put_declared(
    conn: Connection, *, community: str, version: int, effective_from: datetime, declared: Declared
) -> None:
    """Remember what a version of a community's programme says of kudos."""
    terms = None if declared.terms is None else declared.terms.model_dump_json(exclude_none=True)
    await conn.execute(
        """
        insert into declared_kudos (community, version, effective_from, terms, words, giving)
        values ($1, $2, $3, $4::jsonb, $5::jsonb, $6::jsonb) on conflict do nothing
        """,
        community,
        version,
        effective_from,
        terms,
        orjson.dumps([one.model_dump() for one in declared.words]).decode(),
        orjson.dumps(declared.giving).decode(),
    )


async def load_declared(conn: Connection, *, communities: Collection[str], now: datetime) -> dict[str, Declared]:
    """What the version of each community that is in force says of kudos."""
    rows = await conn.fetch(
        """
        select distinct on (community)
            community, terms::text as terms, words::text as words, giving::text as giving
        from declared_kudos where community = any($1::text[]) and effective_from <= $2
        order by community, version desc
        """,
        list(communities),
        now,
    )
    return {
        row["community"]: Declared(
            None if row["terms"] is None else KudosTerms.model_validate_json(row["terms"]),
            [WordList.model_validate(one) for one in orjson.loads(row["words"])],
            orjson.loads(row["giving"]),
        )
        for row in rows
    }


async def put_kudos(conn: Connection, *, kudos: Sequence[Kudos]) -> None:
    """Put kudos on the wall; of those that are there only whether a list of words has one of theirs is new."""
    ordered = sorted(kudos, key=lambda one: (one.community, one.event_uid))
    await conn.execute(
        """
        insert into kudos as k (community, event_uid, giver_id, receiver_id, value, given_at, month, is_given_here,
                                channel, host, object_id, is_listed)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[],
                             $7::date[], $8::boolean[], $9::text[], $10::text[], $11::text[], $12::boolean[])
        on conflict (community, event_uid) do update set is_listed = k.is_listed or excluded.is_listed
        """,
        [one.community for one in ordered],
        [one.event_uid for one in ordered],
        [one.giver_id for one in ordered],
        [one.receiver_id for one in ordered],
        [one.value for one in ordered],
        [one.given_at for one in ordered],
        [one.month for one in ordered],
        [one.is_given_here for one in ordered],
        [one.channel for one in ordered],
        [one.host for one in ordered],
        [one.object_id for one in ordered],
        [one.is_listed for one in ordered],
    )


async def set_taken_back(conn: Connection, *, community: str, said: Mapping[str, tuple[datetime, bool]]) -> None:
    """Note of kudos, by the ids of their events, when they were last taken back (True) or restored."""
    uids = sorted(said)
    await conn.execute(
        """
        update kudos k set is_taken_back = n.is_taken_back, said_at = n.said_at
        from unnest($2::uuid[], $3::timestamptz[], $4::boolean[]) as n(event_uid, said_at, is_taken_back)
        where k.community = $1 and k.event_uid = n.event_uid and (k.said_at is null or k.said_at <= n.said_at)
        """,
        community,
        uids,
        [said[uid][0] for uid in uids],
        [said[uid][1] for uid in uids],
    )


async def set_cases(conn: Connection, *, outcomes: Sequence[CaseOutcome]) -> None:
    """Note what became of the cases of contents, where they are kudos and nothing later is known."""
    columns = zip(*sorted(outcomes), strict=True) if outcomes else ([], [], [], [], [], [])
    await conn.execute(
        """
        update kudos k set case_state = n.state, case_revision = n.revision
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[])
            as n(community, channel, host, object_id, state, revision)
        where k.community = n.community and k.object_id = n.object_id and k.channel = n.channel
            and k.host = n.host and k.case_revision < n.revision
        """,
        *(list(column) for column in columns),
    )


async def find_kudos(conn: Connection, *, community: str, event_uid: str, lock: bool = False) -> Kudos | None:
    """One by the id of its event."""
    row = await conn.fetchrow(
        f"select * from kudos where community = $1 and event_uid = $2 {'for update' if lock else ''}",  # noqa: S608
        community,
        event_uid,
    )
    return None if row is None else _kudos(row)


async def page_of_wall(
    conn: Connection, *, asked: WallAsked, after: WallPlace | None, limit_count: int
) -> list[OnWall]:
    """The wall, newest first: without those of members who are hidden or want no part in what others see."""
    rows = await conn.fetch(
        f"""
        select k.*, g.member_id as giver, g.name as giver_name, r.member_id as receiver, r.name as receiver_name,
            t.event_type, t.received_at, t.key_id, t.sealed, t.member_id as written_by
        from kudos k
        left join merges gm on gm.community = k.community and gm.member_id = k.giver_id
        join members g on g.community = k.community and g.member_id = coalesce(gm.head_id, k.giver_id)
        left join merges rm on rm.community = k.community and rm.member_id = k.receiver_id
        join members r on r.community = k.community and r.member_id = coalesce(rm.head_id, k.receiver_id)
        left join texts t on t.community = k.community and t.event_uid = k.event_uid
        where k.community = $1
            and ($2::uuid[] is null or k.giver_id = any($2) or k.receiver_id = any($2))
            and ($3 or k.giver_id = any($4::uuid[]) or (
                k.is_shown and (k.receiver_id = any($4::uuid[]) or (
                    not {UNSEEN.format(member="g")} and not {UNSEEN.format(member="r")}))))
            and ($5::timestamptz is null or (k.given_at, k.event_uid) < ($5, $6::uuid))
        order by k.given_at desc, k.event_uid desc limit $7
        """,  # noqa: S608 -- a constant
        asked.community,
        asked.of_ids,
        asked.is_whole,
        list(asked.own_ids),
        *(after or (None, None)),
        limit_count,
    )
    return [_on_wall(row) for row in rows]


def _kudos(row: Record) -> Kudos:
    return Kudos(
        community=row["community"],
        event_uid=str(row["event_uid"]),
        giver_id=str(row["giver_id"]),
        receiver_id=str(row["receiver_id"]),
        value=row["value"],
        given_at=row["given_at"],
        month=row["month"],
        is_given_here=row["is_given_here"],
        channel=row["channel"],
        host=row["host"],
        object_id=row["object_id"],
        is_listed=row["is_listed"],
        is_taken_back=row["is_taken_back"],
        is_shown=row["is_shown"],
        case_state=row["case_state"],
    )


def _on_wall(row: Record) -> OnWall:
    return OnWall(
        kudos=_kudos(row),
        giver_id=str(row["giver"]),
        giver_name=row["giver_name"],
        receiver_id=str(row["receiver"]),
        receiver_name=row["receiver_name"],
        text=_text(row),
    )


def _text(row: Any) -> KeptText | None:
    if row["sealed"] is None:
        return None
    return KeptText(
        community=row["community"],
        event_uid=str(row["event_uid"]),
        member_id=None if row["written_by"] is None else str(row["written_by"]),
        event_type=row["event_type"],
        received_at=row["received_at"],
        content=Sealed(row["key_id"], row["sealed"]),
        measures=None,
    )
