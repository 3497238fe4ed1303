"""The SQL of members' totals, and of the awards that are in them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import orjson
from asyncpg import Record

from services.recognition.thresholds.domain import Held, Kind, ThresholdKey, parts_of
from services.recognition.totals.domain import AwardKey, Member, MemberKey, OwnTotals
from shared.postgres import Connection, copy_new

_NO_SCORES = "{}"


async def add_awards(conn: Connection, *, keys: Sequence[AwardKey]) -> set[AwardKey]:
    """Note awards as applied; return those that were before. `keys` are in order, none of them twice."""
    # Nearly always all are new: to copy them in takes a third of what the insert below does.
    if await copy_new(conn, "applied_awards", columns=("award_id", "community"), records=keys):
        return set()
    rows = await conn.fetch(
        """
        with added as (
            insert into applied_awards (award_id, community)
            select * from unnest($1::uuid[], $2::text[])
            on conflict do nothing
            returning award_id, community)
        select * from unnest($1::uuid[], $2::text[]) except all select * from added
        """,
        [award_id for award_id, _ in keys],
        [community for _, community in keys],
    )
    return {(str(award_id), community) for award_id, community in rows}


async def load_members(conn: Connection, *, keys: Collection[MemberKey]) -> dict[MemberKey, Member]:
    """The members that are known.

    The worker that owns their partition, and shares the lock of their programme, is the only one to change them.
    """
    rows = await conn.fetch(
        """
        select m.* from unnest($1::text[], $2::uuid[]) as k(community, member_id)
        cross join lateral (
            select * from members where community = k.community and member_id = k.member_id offset 0) m
        """,
        [community for community, _ in keys],
        [member_id for _, member_id in keys],
    )
    members = map(_member, rows)
    return {(member.community, member.member_id): member for member in members}


async def find_member(conn: Connection, *, community: str, member_id: str) -> Member | None:
    """A member's totals; None before the first award."""
    return (await load_members(conn, keys=[(community, member_id)])).get((community, member_id))


async def page_of_members(conn: Connection, *, community: str, after: str, limit_count: int) -> list[Member]:
    """Members of a community in the order of their ids, beginning after one."""
    rows = await conn.fetch(
        "select * from members where community = $1 and member_id > $2 order by community, member_id limit $3",
        community,
        after,
        limit_count,
    )
    return [_member(row) for row in rows]


async def put_members(conn: Connection, *, members: Iterable[Member]) -> None:
    """Write the members' totals and what stands, in the order of their keys."""
    ordered = sorted(members, key=lambda member: (member.community, member.member_id))
    await conn.execute(
        """
        insert into members (community, member_id, points, awards_by_rule, standing, last_award_id, version,
                             scores, granted_points)
        select * from unnest($1::text[], $2::uuid[], $3::bigint[], $4::jsonb[], $5::jsonb[], $6::uuid[], $7::int[],
                             $8::jsonb[], $9::bigint[])
        on conflict (community, member_id) do update
        set points = excluded.points, awards_by_rule = excluded.awards_by_rule, standing = excluded.standing,
            last_award_id = excluded.last_award_id, version = excluded.version, scores = excluded.scores,
            granted_points = excluded.granted_points
        """,
        [member.community for member in ordered],
        [member.member_id for member in ordered],
        [member.points for member in ordered],
        [orjson.dumps(member.awards_by_rule).decode() for member in ordered],
        [_stored(member.standing) for member in ordered],
        [member.last_award_id for member in ordered],
        [member.version for member in ordered],
        [_dumped(member.scores) for member in ordered],
        [member.granted_points for member in ordered],
    )


async def lock_own(conn: Connection, *, keys: Collection[MemberKey]) -> dict[MemberKey, OwnTotals]:
    """What members have themselves who are one person with others, locked in the order of their keys."""
    ordered = sorted(keys)
    rows = await conn.fetch(
        """
        select o.* from own_totals o
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        order by community, member_id for update of o
        """,
        [community for community, _ in ordered],
        [member_id for _, member_id in ordered],
    )
    return {
        (row["community"], str(row["member_id"])): OwnTotals(
            row["points"],
            orjson.loads(row["awards_by_rule"]),
            None if row["last_award_id"] is None else str(row["last_award_id"]),
            _scores(row["scores"]),
            row["granted_points"],
        )
        for row in rows
    }


async def put_own(conn: Connection, *, own: Mapping[MemberKey, OwnTotals]) -> None:
    """Write what members have themselves, in the order of their keys."""
    keys = sorted(own)
    await conn.execute(
        """
        insert into own_totals (community, member_id, points, awards_by_rule, last_award_id, scores,
                                granted_points)
        select * from unnest($1::text[], $2::uuid[], $3::bigint[], $4::jsonb[], $5::uuid[], $6::jsonb[],
                             $7::bigint[])
        on conflict (community, member_id) do update
        set points = excluded.points, awards_by_rule = excluded.awards_by_rule,
            last_award_id = excluded.last_award_id, scores = excluded.scores,
            granted_points = excluded.granted_points
        """,
        [community for community, _ in keys],
        [member_id for _, member_id in keys],
        [own[key].points for key in keys],
        [orjson.dumps(own[key].awards_by_rule).decode() for key in keys],
        [own[key].last_award_id for key in keys],
        [_dumped(own[key].scores) for key in keys],
        [own[key].granted_points for key in keys],
    )


async def delete_members(conn: Connection, *, community: str, member_ids: Collection[str]) -> None:
    """Delete the totals of members, and what they have themselves of a person's."""
    for table in ("members", "own_totals"):
        await conn.execute(
            f"delete from {table} where community = $1 and member_id = any($2::uuid[])",  # noqa: S608 -- of the code
            community,
            list(member_ids),
        )


def _member(row: Record) -> Member:
    return Member(
        community=row["community"],
        member_id=str(row["member_id"]),
        points=row["points"],
        awards_by_rule=orjson.loads(row["awards_by_rule"]),
        standing=_StoredStanding(row["standing"]),
        last_award_id=str(row["last_award_id"]),
        version=row["version"],
        scores=_scores(row["scores"]),
        granted_points=row["granted_points"],
    )


def _dumped(scores: Mapping[str, int]) -> str:
    return orjson.dumps(scores).decode() if scores else _NO_SCORES


def _scores(text: str) -> dict[str, int]:
    """Nearly everywhere there are none."""
    scores: dict[str, int] = {} if text == _NO_SCORES else orjson.loads(text)
    return scores


class _StoredStanding(Mapping[ThresholdKey, Held]):
    """What stands as it is stored, {"badge:<id>": [<grant id>, <title>], …}; read only when somebody asks.

    Nearly every award leaves it as it is: then it is neither read nor written anew.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _held(self) -> dict[ThresholdKey, Held]:
        return {_key(text): Held(*held) for text, held in orjson.loads(self.text).items()}

    def __getitem__(self, key: ThresholdKey) -> Held:
        return self._held[key]

    def __iter__(self) -> Iterator[ThresholdKey]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


def _stored(standing: Mapping[ThresholdKey, Held]) -> str:
    if isinstance(standing, _StoredStanding):
        return standing.text
    return orjson.dumps({f"{kind}:{id_}": parts_of(held) for (kind, id_), held in standing.items()}).decode()


def _key(text: str) -> ThresholdKey:
    stored, _, threshold_id = text.partition(":")
    kind: Kind = "level" if stored == "level" else "badge"
    return ThresholdKey(kind, threshold_id)
