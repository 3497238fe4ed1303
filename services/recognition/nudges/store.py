"""The SQL of nudges: what may lead to one, who may get it, and what was decided."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from asyncpg import Record

from services.recognition.nudges.domain import Answered, Decided, DecidedPlace, Interest, Known, MemberKey, Prompt
from shared.postgres import Connection

_COLUMNS = """
community, nudge_id::text, nudge, kind, title, member_id::text, cause_id::text, held_out, decided_at,
event_uid::text, celebration_id::text, programme_version
"""
_WEEK = timedelta(days=7)


class First(NamedTuple):
    """The first event of a member that came, and whether it is of the present."""

    community: str
    member_id: str
    event_uid: str
    is_new: bool


async def add_prompts(conn: Connection, *, prompts: Collection[Prompt]) -> None:
    """Note what members may be nudged of; what is noted already stays as it is."""
    await conn.execute(
        """
        insert into nudge_prompts (community, nudge, cause_id, member_id, event_uid, celebration_id, due_at)
        select * from unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[],
                             $7::timestamptz[])
        order by 1, 2, 3 on conflict do nothing
        """,
        *_columns(prompts, 7),
    )


async def load_due_communities(conn: Connection, *, now: datetime) -> list[str]:
    """Communities that have something due, at the cost of a look into the index for each that may have."""
    rows = await conn.fetch(
        """
        with recursive found as (
            (select community, due_at from nudge_prompts order by community, due_at limit 1)
            union all
            select following.* from found cross join lateral (
                select community, due_at from nudge_prompts where community > found.community
                order by community, due_at limit 1) following)
        select community from found where due_at <= $1
        """,
        now,
    )
    return [row["community"] for row in rows]


async def lock_due(conn: Connection, *, community: str, now: datetime, limit_count: int) -> list[Prompt]:
    """What is due in a community, the longest due first; what another has locked is left to them."""
    rows = await conn.fetch(
        """
        select community, nudge, cause_id::text, member_id::text, event_uid::text, celebration_id::text, due_at
        from nudge_prompts where community = $1 and due_at <= $2
        order by due_at, nudge, cause_id limit $3 for update skip locked
        """,
        community,
        now,
        limit_count,
    )
    return [Prompt(*row) for row in rows]


async def delete_prompts(conn: Connection, *, prompts: Collection[Prompt]) -> None:
    """Delete what was decided."""
    await conn.execute(
        """
        delete from nudge_prompts p
        using unnest($1::text[], $2::text[], $3::uuid[]) as k(community, nudge, cause_id)
        where p.community = k.community and p.nudge = k.nudge and p.cause_id = k.cause_id
        """,
        *_columns([one[:3] for one in prompts], 3),
    )


async def set_due(conn: Connection, *, prompt: Prompt, due_at: datetime) -> None:
    """Have something be due again."""
    await conn.execute(
        "update nudge_prompts set due_at = $4 where community = $1 and nudge = $2 and cause_id = $3",
        prompt.community,
        prompt.nudge,
        prompt.cause_id,
        due_at,
    )


async def put_told(conn: Connection, *, told: Mapping[MemberKey, datetime]) -> list[First]:
    """Note that members are new; returns the first events of those of whom one came already."""
    rows = await conn.fetch(
        """
        insert into nudge_members as m (community, member_id, told_at)
        select * from unnest($1::text[], $2::uuid[], $3::timestamptz[]) order by 1, 2
        on conflict (community, member_id) do update set told_at = coalesce(m.told_at, excluded.told_at)
        returning community, member_id::text, first_event_uid::text, first_is_new
        """,
        *_columns([(*key, at) for key, at in told.items()], 3),
    )
    return [First(*row) for row in rows if row["first_event_uid"] is not None]


async def put_firsts(conn: Connection, *, firsts: Collection[First]) -> set[MemberKey]:
    """Note the first event of members of whom none came; returns those of them who are new."""
    rows = await conn.fetch(
        """
        insert into nudge_members as m (community, member_id, first_event_uid, first_is_new)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::boolean[]) order by 1, 2
        on conflict (community, member_id) do update
        set first_event_uid = excluded.first_event_uid, first_is_new = excluded.first_is_new
        where m.first_event_uid is null
        returning community, member_id::text, told_at
        """,
        *_columns(firsts, 4),
    )
    return {(row["community"], row["member_id"]) for row in rows if row["told_at"] is not None}


async def put_unwanted(conn: Connection, *, unwanted: Mapping[MemberKey, bool]) -> None:
    """Note who left or wants no messages, and who is back; of others nothing is kept."""
    gone = [key for key, is_unwanted in unwanted.items() if is_unwanted]
    back = [key for key, is_unwanted in unwanted.items() if not is_unwanted]
    if gone:
        await conn.execute(
            """
            insert into nudge_members (community, member_id, is_unwanted)
            select *, true from unnest($1::text[], $2::uuid[]) order by 1, 2
            on conflict (community, member_id) do update set is_unwanted = true
            """,
            *_columns(gone, 2),
        )
    if back:
        await conn.execute(
            """
            update nudge_members m set is_unwanted = false from unnest($1::text[], $2::uuid[]) as k(community, id)
            where m.community = k.community and m.member_id = k.id and m.is_unwanted
            """,
            *_columns(back, 2),
        )


async def add_answers(conn: Connection, *, answers: Collection[Answered]) -> None:
    """Note what was answered by whom."""
    await conn.execute(
        """
        insert into nudge_answers (community, thing_id, event_uid, member_id, answered_at)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[])
        order by 1, 2, 3 on conflict do nothing
        """,
        *_columns(answers, 5),
    )


async def load_answers(conn: Connection, *, community: str, thing_ids: Collection[str]) -> list[Answered]:
    """Who answered these things."""
    rows = await conn.fetch(
        """
        select community, thing_id::text, event_uid::text, member_id::text, answered_at from nudge_answers
        where community = $1 and thing_id = any($2::uuid[]) order by answered_at limit 100
        """,
        community,
        list(thing_ids),
    )
    return [Answered(*row) for row in rows]


async def delete_old_answers(conn: Connection, *, before: datetime, limit_count: int) -> int:
    """Delete answers of before; return how many."""
    status: str = await conn.execute(
        """
        delete from nudge_answers where (community, thing_id, event_uid) in (
            select community, thing_id, event_uid from nudge_answers where answered_at < $1
            order by answered_at limit $2)
        """,
        before,
        limit_count,
    )
    return int(status.rsplit(" ", 1)[1])


async def add_interests(conn: Connection, *, interests: Collection[Interest]) -> None:
    """Add to how often members answered in topics."""
    summed: dict[tuple[str, str, str], tuple[int, datetime]] = {}
    for one in interests:
        by, at = summed.get(one[:3], (0, one.at))
        summed[one[:3]] = (by + one.by, max(at, one.at))
    await conn.execute(
        """
        insert into nudge_interests as i (community, topic, member_id, answers, last_at)
        select * from unnest($1::text[], $2::text[], $3::uuid[], $4::int[], $5::timestamptz[]) order by 1, 2, 3
        on conflict (community, topic, member_id) do update
        set answers = i.answers + excluded.answers, last_at = greatest(i.last_at, excluded.last_at)
        """,
        *_columns([(*key, *value) for key, value in summed.items()], 5),
    )


async def load_interested(
    conn: Connection, *, community: str, topics: Collection[str], since: datetime, limit_count: int
) -> list[str]:
    """Who answered most in these topics, and lately; each as who they are one person with."""
    rows = await conn.fetch(
        """
        select coalesce(m.head_id, i.member_id)::text as member_id
        from unnest($2::text[]) as t(topic)
        cross join lateral (
            select member_id, answers from nudge_interests
            where community = $1 and topic = t.topic and answers > 0 and last_at >= $3
            order by answers desc limit $4) i
        left join merges m on m.community = $1 and m.member_id = i.member_id
        group by 1 order by sum(i.answers) desc, 1 limit $4
        """,
        community,
        list(topics),
        since,
        limit_count,
    )
    return [row["member_id"] for row in rows]


async def load_known(
    conn: Connection,
    *,
    community: str,
    groups: Mapping[str, Sequence[str]],
    nudge: str,
    cause_id: str,
    now: datetime,
) -> dict[str, Known]:
    """What is known of persons for a nudge, by who stays: who is there, wants messages, and what they had."""
    pairs = [(head_id, member_id) for head_id, group in groups.items() for member_id in group]
    rows = await conn.fetch(
        """
        select p.head_id::text as head_id,
            bool_or(f.member_id is not null and f.member_id = p.head_id and not f.is_erased) as is_there,
            bool_or(coalesce(f.bot, false) or coalesce(m.is_unwanted, false)) as is_unwanted,
            sum(d.of_week)::int as of_week, max(d.last_at) as last_at, bool_or(d.is_known) as is_known
        from unnest($2::uuid[], $3::uuid[]) as p(head_id, member_id)
        left join followed_members f on f.community = $1 and f.member_id = p.member_id
        left join nudge_members m on m.community = $1 and m.member_id = p.member_id
        cross join lateral (
            select count(*) filter (where n.decided_at > $6) as of_week,
                max(n.decided_at) filter (where n.nudge = $4) as last_at,
                coalesce(bool_or(n.nudge = $4 and n.cause_id = $5), false) as is_known
            from nudges n where n.community = $1 and n.member_id = p.member_id) d
        group by p.head_id
        """,
        community,
        *_columns(pairs, 2),
        nudge,
        cause_id,
        now - _WEEK,
    )
    return {
        row["head_id"]: Known(
            is_there=row["is_there"],
            is_unwanted=row["is_unwanted"],
            is_known=row["is_known"],
            last_at=row["last_at"],
            of_week=row["of_week"],
        )
        for row in rows
    }


async def is_decided(conn: Connection, *, community: str, nudge: str, cause_id: str) -> bool:
    """Whether anybody was decided to get a nudge for a cause, or to be held out."""
    found: bool = await conn.fetchval(
        "select exists (select from nudges where community = $1 and nudge = $2 and cause_id = $3)",
        community,
        nudge,
        cause_id,
    )
    return found


async def add_decided(conn: Connection, *, decided: Collection[Decided]) -> set[str]:
    """Keep what was decided; returns the ids of what is new."""
    rows = await conn.fetch(
        """
        insert into nudges (community, nudge_id, nudge, kind, title, member_id, cause_id, held_out, decided_at,
                            event_uid, celebration_id, programme_version)
        select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[],
                             $8::boolean[], $9::timestamptz[], $10::uuid[], $11::uuid[], $12::int[])
        on conflict do nothing returning nudge_id::text
        """,
        *_columns(
            [
                (
                    one.community,
                    one.nudge_id,
                    one.nudge,
                    one.kind,
                    one.title,
                    one.member_id,
                    one.cause_id,
                    one.held_out,
                    one.decided_at,
                    one.event_uid,
                    one.celebration_id,
                    one.version,
                )
                for one in decided
            ],
            12,
        ),
    )
    return {row["nudge_id"] for row in rows}


async def load_celebrated(
    conn: Connection, *, keys: Collection[MemberKey], names: Collection[str], at: datetime
) -> list[tuple[str, str, str, str, str | None]]:
    """What members celebrated at a moment: community, member, celebration, milestone and its event."""
    rows = await conn.fetch(
        """
        select c.community, c.member_id::text, c.celebration_id::text, c.name, c.event_uid::text
        from unnest($1::text[], $2::uuid[]) as k(community, member_id)
        join celebrations c on c.community = k.community and c.member_id = k.member_id
            and c.kind = 'milestone' and c.name = any($3::text[])
        where c.celebrated_at = $4 and not c.together and not c.is_twin
        """,
        *_columns(keys, 2),
        list(names),
        at,
    )
    return [tuple(row) for row in rows]


async def find_celebrated(conn: Connection, *, community: str, celebration_id: str) -> tuple[str, int] | None:
    """What a celebration is called, and its number; None where it stands no more."""
    row = await conn.fetchrow(
        "select title, number from celebrations where community = $1 and celebration_id = $2 and stands",
        community,
        celebration_id,
    )
    return None if row is None else (row["title"], row["number"])


async def page_of_decided(
    conn: Connection,
    *,
    community: str,
    members: Collection[str] | None,
    nudge: str | None,
    only_sent: bool,
    after: DecidedPlace | None,
    limit_count: int,
) -> list[Decided]:
    """What was decided in a community or for these members, of a nudge or of all: the newest first."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from nudges
        where community = $1 and ($2::uuid[] is null or member_id = any($2)) and ($3::text is null or nudge = $3)
            and not ($4 and held_out)
            and ($5::timestamptz is null or (decided_at, nudge_id) < ($5, $6::text::uuid))
        order by decided_at desc, nudge_id desc limit $7
        """,  # noqa: S608 -- of the code
        community,
        None if members is None else list(members),
        nudge,
        only_sent,
        *(after or (None, None)),
        limit_count,
    )
    return list(map(_decided, rows))


async def find_decided(conn: Connection, *, community: str, nudge_id: str) -> Decided | None:
    """One that was decided; None when there is none."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from nudges where community = $1 and nudge_id = $2::text::uuid",  # noqa: S608
        community,
        nudge_id,
    )
    return None if row is None else _decided(row)


async def forget(conn: Connection, *, keys: Collection[MemberKey]) -> None:
    """Delete all that is kept of members who were erased."""
    for table in ("nudge_prompts", "nudge_members", "nudge_answers", "nudge_interests", "nudges"):
        await conn.execute(
            f"""
            delete from {table} t using unnest($1::text[], $2::uuid[]) as k(community, member_id)
            where t.community = k.community and t.member_id = k.member_id
            """,  # noqa: S608 -- of the code
            *_columns(keys, 2),
        )


def _decided(row: Record) -> Decided:
    return Decided(*row)


def _columns(rows: Collection[Sequence[object]], count: int) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(count)]
