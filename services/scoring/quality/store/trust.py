"""The SQL of trust: whom all trust by themselves, who found whose content good, and how far others are trusted."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.scoring.quality.domain.judging import PairKey
from services.scoring.quality.domain.trust import Likes, Trusting
from services.scoring.quality.domain.weighing import FULL_TRUST
from services.scoring.rules.domain.attributes import MemberKey
from shared.postgres import Connection


async def load_trust(
    conn: Connection,
    *,
    persons: Mapping[MemberKey, Collection[str]],
    trusted: Mapping[str, Trusting],
    now: datetime,
) -> dict[MemberKey, int]:
    """How far persons are trusted, in thousandths, each with all of their members; `trusted` is by community.

    In full whoever is trusted by themselves; the others as it was worked out last. Who was trusted by themselves
    then, and is not now, is not trusted until it is worked out again.
    """
    found = await _trusted(conn, persons=persons, trusted=trusted, now=now)
    return {key: FULL_TRUST if one.is_seed else one.trust for key, one in found.items()}


async def load_seeds(
    conn: Connection,
    *,
    persons: Mapping[MemberKey, Collection[str]],
    trusted: Mapping[str, Trusting],
    now: datetime,
) -> set[MemberKey]:
    """Those of persons who are trusted by themselves."""
    found = await _trusted(conn, persons=persons, trusted=trusted, now=now)
    return {key for key, one in found.items() if one.is_seed}


class Trusted(NamedTuple):
    """Whether a person is trusted by themselves, and how far as it was worked out last."""

    is_seed: bool
    trust: int


async def _trusted(
    conn: Connection,
    *,
    persons: Mapping[MemberKey, Collection[str]],
    trusted: Mapping[str, Trusting],
    now: datetime,
) -> dict[MemberKey, Trusted]:
    given = [(key, one) for key, group in persons.items() if key.community in trusted for one in group]
    if not given:
        return {}
    rows = await conn.fetch(
        """
        select k.community, g.head_id, bool_or(s.is_seed) as is_seed,
            max(case when t.is_seed then 0 else coalesce(t.trust, 0) end) as trust
        from unnest($1::text[], $2::uuid[], $3::uuid[]) as g(community, head_id, member_id)
        join unnest($4::text[], $5::boolean[], $6::int[], $7::text[], $8::text[])
            as k(community, staff, after_days, audiences, levels) using (community)
        left join quality_members m on m.community = k.community and m.member_id = g.member_id
        left join quality_trust t on t.community = k.community and t.member_id = g.member_id
        cross join lateral (select coalesce(not m.is_bot and (m.is_staff and k.staff
            or coalesce(m.first_seen_at <= $9::timestamptz - make_interval(days => k.after_days), false)), false)
            or exists (
                select from audience_members a where a.community = k.community and a.member_id = g.member_id
                    and a.is_in and a.audience_id = any(string_to_array(k.audiences, ' ')))
            or k.levels <> '' and exists (
                select from level_grants l where l.community = k.community and l.member_id = g.member_id
                    and l.stands and l.level_id = any(string_to_array(k.levels, ' '))) as is_seed) s
        group by k.community, g.head_id
        """,
        [key.community for key, _ in given],
        [key.member_id for key, _ in given],
        [one for _, one in given],
        list(trusted),
        [section.members.staff for section in trusted.values()],
        [section.members.after_days or None for section in trusted.values()],
        [" ".join(section.members.audiences or ()) for section in trusted.values()],
        [" ".join(section.levels) for section in trusted.values()],
        now,
    )
    return {
        MemberKey(row["community"], str(row["head_id"])): Trusted(row["is_seed"], row["trust"]) for row in rows
    }


class Run(NamedTuple):
    """A community whose trust is to be worked out, by whom it has since."""

    community: str
    computed_at: datetime | None
    programme_version: int | None


async def load_communities(conn: Connection) -> list[str]:
    """The communities of which some version measures quality."""
    rows = await conn.fetch(
        "select distinct community from programme_versions where document ? 'quality' order by community"
    )
    return [row["community"] for row in rows]


async def lock_run(
    conn: Connection, *, communities: Sequence[str], before: datetime, yesterday: datetime
) -> Run | None:
    """The community whose trust was worked out longest ago, of those where something changed; nobody else has it.

    None where that of none was worked out before these moments.
    """
    await conn.execute(
        "insert into quality_trust_runs (community) select unnest($1::text[]) on conflict do nothing", communities
    )
    row = await conn.fetchrow(
        """
        select community, computed_at, programme_version from quality_trust_runs r
        where community = any($1::text[]) and (
            computed_at is null or computed_at < $3 or computed_at < $2 and exists (
                select from quality_pairs p where p.community = r.community and p.changed_at >= r.computed_at))
        order by computed_at nulls first limit 1 for update skip locked
        """,
        communities,
        before,
        yesterday,
    )
    return None if row is None else Run(*row)


async def load_likes(conn: Connection, *, community: str, limit_count: int) -> tuple[Likes, int]:
    """How much persons found of others good, of the pairs that changed last, and how many pairs these are.

    What they found of content of which a report was upheld is no reason to trust its author.
    """
    rows = await conn.fetch(
        """
        with upheld as (
            select judge_id, author_id, sum(likes)::bigint as likes from (
                select q.judge_id, q.author_id, q.kind_percent * q.percent_up / 100 as likes
                from (select judged_id from voids where community = $1 and judged_id is not null and is_standing
                      order by changed_at desc, void_id) v
                cross join lateral (
                    select * from quality_judgements where content_id = v.judged_id
                    order by event_time desc, event_uid limit $2) q
                where q.why is null and not q.is_retracted and q.percent_up > 50 and q.judge_id <> q.author_id
                limit $2) found
            group by judge_id, author_id)
        select coalesce(j.head_id, p.judge_id) as judge, coalesce(a.head_id, p.author_id) as author,
            p.likes - coalesce(u.likes, 0) as likes
        from (select * from quality_pairs where community = $1 order by changed_at desc limit $2) p
        left join upheld u using (judge_id, author_id)
        left join merges j on j.community = p.community and j.member_id = p.judge_id
        left join merges a on a.community = p.community and a.member_id = p.author_id
        where p.likes - coalesce(u.likes, 0) > 0
        """,
        community,
        limit_count,
    )
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        if row["judge"] != row["author"]:
            of_judge = found.setdefault(str(row["judge"]), {})
            author = str(row["author"])
            of_judge[author] = of_judge.get(author, 0) + row["likes"]
    return found, len(rows)


async def put_trust(conn: Connection, *, community: str, trust: Mapping[str, int], seeds: Collection[str]) -> None:
    """Keep how far persons are trusted, in place of what was known."""
    members = sorted(trust)
    await conn.execute(
        "delete from quality_trust where community = $1 and not member_id = any($2::uuid[])", community, members
    )
    await conn.execute(
        """
        insert into quality_trust as t (community, member_id, trust, is_seed)
        select $1, * from unnest($2::uuid[], $3::smallint[], $4::boolean[])
        on conflict (community, member_id) do update set trust = excluded.trust, is_seed = excluded.is_seed
        where (t.trust, t.is_seed) is distinct from (excluded.trust, excluded.is_seed)
        """,
        community,
        members,
        [trust[member] for member in members],
        [member in seeds for member in members],
    )


async def put_run(
    conn: Connection, *, community: str, at: datetime, version: int | None, seeds: int, trusted: int, pairs: int
) -> None:
    """Say that trust was worked out, and of how many."""
    await conn.execute(
        """
        update quality_trust_runs
        set computed_at = $2, programme_version = $3, seeds = $4, trusted = $5, pairs = $6
        where community = $1
        """,
        community,
        at,
        version,
        seeds,
        trusted,
        pairs,
    )


async def put_members(conn: Connection, *, members: Sequence[tuple[str, str, bool, bool, datetime, int]]) -> None:
    """Keep since when members are known, and who is staff or a bot, by the highest revision of each."""
    await conn.execute(
        """
        insert into quality_members as m (community, member_id, is_staff, is_bot, first_seen_at, revision)
        select * from unnest($1::text[], $2::uuid[], $3::boolean[], $4::boolean[], $5::timestamptz[], $6::int[])
        on conflict (community, member_id) do update
        set is_staff = excluded.is_staff, is_bot = excluded.is_bot, first_seen_at = excluded.first_seen_at,
            revision = excluded.revision
        where excluded.revision > m.revision
        """,
        *[list(column) for column in zip(*sorted(members), strict=True)],
    )


async def erase(conn: Connection, *, keys: Sequence[MemberKey]) -> None:
    """Forget what makes members trusted, and how far they are, of those who were erased."""
    for table in ("quality_members", "quality_trust"):
        await conn.execute(
            f"""
            delete from {table} t using unnest($1::text[], $2::uuid[]) as k(community, member_id)
            where t.community = k.community and t.member_id = k.member_id
            """,  # noqa: S608 -- constants
            [key.community for key in keys],
            [key.member_id for key in keys],
        )


async def restate_trust(conn: Connection, *, trust: Mapping[PairKey, int]) -> None:
    """Put another trust in place of that which was decided."""
    keys = sorted(trust)
    await conn.execute(
        """
        update quality_judgements q set trust = k.trust
        from unnest($1::text[], $2::uuid[], $3::uuid[], $4::smallint[]) as k(community, judge_id, author_id, trust)
        where q.judge_id = k.judge_id and q.author_id = k.author_id and q.community = k.community
            and q.trust <> k.trust
        """,
        [one.community for one in keys],
        [one.judge_id for one in keys],
        [one.author_id for one in keys],
        [trust[one] for one in keys],
    )
