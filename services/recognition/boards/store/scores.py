"""The SQL of what members have on boards, who is shown, and how many have each number of points.

What changes on a board is appended to `board_changes` by the statement that changes it: both are of one snapshot.
When somebody reached what they have is the latest event in `board_times` of which awards amount to something, or
the epoch: what is added can only raise it, and where such an event goes it is looked up there.
"""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from services.recognition.boards.domain.changes import Change, ScoreKey, TimeKey
from services.recognition.boards.domain.kept import KeptBoard
from shared.postgres import Connection

#: Who is on a board `k`, of those with points who are merged into nobody: the one place that says it. Who wants no
#: part in boards is not, nor who is suspended, as whoever they are merged into; nor a bot, and one that is merged
#: into a person takes nobody off. On one of an audience is only who is in that.
_SHOWN: Final = """
    (not exists (
        select from followed_members f where f.community = k.community and f.member_id = {member} and f.off_boards)
    and not exists (
        select from merges m
        join followed_members f on f.community = m.community and f.member_id = m.member_id
        where m.community = k.community and m.head_id = {member} and f.off_boards and not f.bot)
    and not exists (
        select from suspensions s
        where s.community = k.community and s.member_id = {member} and s.is_applied)
    and not exists (
        select from merges m join suspensions s on s.community = m.community and s.member_id = m.member_id
        where m.community = k.community and m.head_id = {member} and s.is_applied)
    and (k.audience_id is null or exists (
        select from followed_audiences a
        where a.community = k.community and a.audience_id = k.audience_id and a.member_id = {member} and a.is_in)))
"""
_ADD = f"""
    with put as (
        insert into board_scores as b (board_no, starts_on, member_id, community, points, reached_at, is_shown)
        select g.board_no, g.starts_on, g.member_id, k.community, g.points, coalesce(g.reached_at, 'epoch'),
            r.member_id is not null or {_SHOWN.format(member="g.member_id")}
        from unnest($1::int[], $2::date[], $3::uuid[], $4::bigint[], $5::timestamptz[], $6::boolean[])
            with ordinality as g(board_no, starts_on, member_id, points, reached_at, is_new_allowed, place)
        join boards k using (board_no)
        left join board_scores r using (member_id, board_no, starts_on)
        where g.is_new_allowed or r.member_id is not null
        order by g.place
        on conflict (member_id, board_no, starts_on) do update
        set points = b.points + excluded.points, reached_at = greatest(b.reached_at, excluded.reached_at)
        returning new.board_no, new.starts_on, new.member_id, new.community, new.is_shown, old.points as was,
            new.points as now),
    changed as (
        insert into board_changes (board_no, starts_on, points, members)
        select board_no, starts_on, points, sum(members) from (
            select board_no, starts_on, was as points, -1 as members from put
            where is_shown and was > 0 and was <> now
            union all
            select board_no, starts_on, now, 1 from put
            where is_shown and now > 0 and was is distinct from now) changed
        group by 1, 2, 3 having sum(members) <> 0),
    timed as (
        insert into board_times as t (board_no, starts_on, member_id, community, event_time, awards)
        select g.board_no, g.starts_on, g.member_id, p.community, g.event_time, g.awards
        from unnest($7::int[], $8::date[], $9::uuid[], $10::uuid[], $11::timestamptz[], $12::int[])
            with ordinality as g(board_no, starts_on, head_id, member_id, event_time, awards, place)
        join put p on p.board_no = g.board_no and p.starts_on = g.starts_on and p.member_id = g.head_id
        order by g.place
        on conflict (board_no, starts_on, member_id, event_time) do update set awards = t.awards + excluded.awards
        returning t.board_no, t.starts_on, t.member_id, t.awards)
    select distinct board_no, starts_on, member_id from timed where awards <= 0
"""  # noqa: S608 -- from a list here
_ADD_OWN = """
    insert into own_board_scores as b (board_no, starts_on, member_id, community, points, reached_at)
    select g.board_no, g.starts_on, g.member_id, k.community, g.points, coalesce(g.reached_at, 'epoch')
    from unnest($1::int[], $2::date[], $3::uuid[], $4::bigint[], $5::timestamptz[], $6::boolean[])
        with ordinality as g(board_no, starts_on, member_id, points, reached_at, is_new_allowed, place)
    join boards k using (board_no)
    left join own_board_scores r using (member_id, board_no, starts_on)
    where g.is_new_allowed or r.member_id is not null
    order by g.place
    on conflict (member_id, board_no, starts_on) do update
    set points = b.points + excluded.points, reached_at = greatest(b.reached_at, excluded.reached_at)
"""
#: The latest event of which awards amount to something; those without a number are of before they were counted.
_LAST_OF = """
    select t.event_time as at from board_times t
    where t.board_no = b.board_no and t.starts_on = b.starts_on and t.member_id = {member}
        and coalesce(t.awards, 1) > 0
    order by t.event_time desc limit 1
"""
_SET_REACHED = f"""
    with emptied as (
        delete from board_times t
        using unnest($1::int[], $2::date[], $3::uuid[]) as g(board_no, starts_on, member_id)
        where t.board_no = g.board_no and t.starts_on = g.starts_on and t.member_id = g.member_id and t.awards = 0)
    update board_scores b set reached_at = coalesce((
        select max(last.at)
        from (
            select b.member_id
            union all
            select m.member_id from merges m where m.community = b.community and m.head_id = b.member_id) as one
        cross join lateral ({_LAST_OF.format(member="one.member_id")}) as last), 'epoch')
    from unnest($1::int[], $2::date[], $4::uuid[]) as g(board_no, starts_on, head_id)
    where b.member_id = g.head_id and b.board_no = g.board_no and b.starts_on = g.starts_on
"""  # noqa: S608 -- from a list here
_SET_OWN_REACHED = f"""
    update own_board_scores b set reached_at = coalesce(({_LAST_OF.format(member="b.member_id")}), 'epoch')
    from unnest($1::int[], $2::date[], $3::uuid[]) as g(board_no, starts_on, member_id)
    where b.member_id = g.member_id and b.board_no = g.board_no and b.starts_on = g.starts_on
"""  # noqa: S608 -- from a list here
_CHANGED_WITH = """
    insert into board_changes (board_no, starts_on, points, members)
    select board_no, starts_on, points, sum(case when is_shown then 1 else -1 end) from changed where points > 0
    group by 1, 2, 3 having sum(case when is_shown then 1 else -1 end) <> 0
"""
_REFRESH = f"""
    with changed as (
        update board_scores b set is_shown = not b.is_shown
        from boards k
        where k.board_no = b.board_no and k.community = $1 and b.member_id = any($2::uuid[])
            and b.is_shown is distinct from {_SHOWN.format(member="b.member_id")}
        returning new.board_no, new.starts_on, new.points, new.is_shown)
    {_CHANGED_WITH}
"""  # noqa: S608 -- from a list here
_SPLIT = """
    insert into own_board_scores (board_no, starts_on, member_id, community, points, reached_at)
    select board_no, starts_on, member_id, community, points, reached_at from board_scores
    where community = $1 and member_id = any($2::uuid[])
    on conflict do nothing
"""
_TAKE_OUT = f"""
    with changed as (
        delete from board_scores where community = $1 and member_id = any($2::uuid[])
        returning board_no, starts_on, points, is_shown),
    gone as (select board_no, starts_on, points, false as is_shown from changed where is_shown)
    {_CHANGED_WITH.replace("from changed", "from gone")}
"""  # noqa: S608 -- from a list here
_PUT_TOGETHER = f"""
    with put as (
        insert into board_scores (board_no, starts_on, member_id, community, points, reached_at, is_shown)
        select together.board_no, together.starts_on, together.head_id, k.community, together.points,
            together.reached_at, {_SHOWN.format(member="together.head_id")}
        from (
            select o.board_no, o.starts_on, g.head_id, sum(o.points) as points, max(o.reached_at) as reached_at
            from own_board_scores o join unnest($2::uuid[], $3::uuid[]) as g(head_id, member_id) using (member_id)
            where o.community = $1 group by 1, 2, 3) together
        join boards k using (board_no)
        returning board_no, starts_on, points, is_shown),
    changed as (select * from put where is_shown)
    {_CHANGED_WITH}
"""  # noqa: S608 -- from a list here
#: What members had before a board began, by what it counts.
_OF_BEFORE: Final = {
    "points": "select member_id, points from {members} where community = $1 and member_id = any($2::uuid[])",
    "score": (
        "select member_id, coalesce((scores ->> $6)::bigint, 0) as points from {members}"
        " where community = $1 and member_id = any($2::uuid[])"
    ),
    "days": (
        "select member_id, sum(points) as points from {points}"
        " where community = $1 and member_id = any($2::uuid[]) and period = $6 and starts_on between $7 and $8"
        " group by 1"
    ),
}
_FILL = """
    with put as (
        insert into board_scores (board_no, starts_on, member_id, community, points, reached_at, is_shown)
        select k.board_no, $4, n.member_id, k.community, coalesce(o.points, 0), $5::timestamptz, {shown}
        from unnest($2::uuid[]) as n(member_id) join boards k on k.board_no = $3 and k.community = $1
        left join ({source}) o using (member_id)
        on conflict do nothing
        returning board_no, starts_on, member_id, points, is_shown),
    timed as (
        insert into board_times (board_no, starts_on, member_id, community, event_time, awards)
        select board_no, starts_on, member_id, $1, $5::timestamptz, null from put
        where member_id <> all({owners}::uuid[])
        on conflict (board_no, starts_on, member_id, event_time) do update set awards = null),
    changed as (select * from put where is_shown)
    {changed}
"""
_FILL_OWN = """
    with put as (
        insert into own_board_scores (board_no, starts_on, member_id, community, points, reached_at)
        select $3, $4, n.member_id, $1, coalesce(o.points, 0), $5::timestamptz
        from unnest($2::uuid[]) as n(member_id) left join ({source}) o using (member_id)
        on conflict do nothing
        returning board_no, starts_on, member_id)
    insert into board_times (board_no, starts_on, member_id, community, event_time, awards)
    select board_no, starts_on, member_id, $1, $5::timestamptz, null from put
    on conflict (board_no, starts_on, member_id, event_time) do update set awards = null
"""


async def lock_shown(conn: Connection, *, communities: Collection[str]) -> None:
    """Keep who is shown on boards of communities as it is until this transaction ends, for as many as want to."""
    await conn.execute(
        """
        select pg_advisory_xact_lock_shared(hashtextextended('boards ' || community, 3))
        from (select community from unnest($1::text[]) as c(community) order by 1) ordered
        """,
        sorted(communities),
    )


async def lock_to_show(conn: Connection, *, communities: Collection[str]) -> None:
    """Wait for whoever keeps who is shown as it is, and let no other begin to."""
    for community in sorted(communities):
        await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 3))", f"boards {community}")


async def add(
    conn: Connection,
    *,
    changes: Mapping[ScoreKey, Change],
    may_begin: Sequence[bool],
    times: Mapping[TimeKey, int],
    heads: Mapping[str, str],
) -> list[ScoreKey]:
    """Add to what persons have on boards; `changes` is in the order of its keys, and who is shown is locked.

    Who has nothing there yet begins with it where `may_begin` says so: for others what they had is yet to come.
    `times` has the awards of their members that came to amount to something, or not any more, and `heads` whose
    members these are. Returns of which members an event has none left: who reached what when is to be looked up.
    """
    rows = await conn.fetch(
        _ADD,
        *_columns(changes),
        list(may_begin),
        [board_no for board_no, *_ in times],
        [starts_on for _, starts_on, *_ in times],
        [heads.get(member_id, member_id) for _, _, member_id, _ in times],
        [member_id for _, _, member_id, _ in times],
        [event_time for *_, event_time in times],
        list(times.values()),
    )
    return [(str(row["member_id"]), row["board_no"], row["starts_on"]) for row in rows]


async def set_reached(
    conn: Connection, *, keys: Sequence[ScoreKey], heads: Mapping[str, str], owners: AbstractSet[str]
) -> None:
    """Look up when members, as the persons that `heads` say, reached what they have; rows of theirs are locked."""
    members = [member_id for member_id, _, _ in keys]
    of_heads = [heads.get(member_id, member_id) for member_id in members]
    bounds = [board_no for _, board_no, _ in keys], [starts_on for *_, starts_on in keys]
    await conn.execute(_SET_REACHED, *bounds, members, of_heads)
    if not owners.isdisjoint(members):
        await conn.execute(_SET_OWN_REACHED, *bounds, members)


async def add_own(conn: Connection, *, changes: Mapping[ScoreKey, Change], may_begin: Sequence[bool]) -> None:
    """Add to what members have themselves who are one person with others, as `add` does."""
    await conn.execute(_ADD_OWN, *_columns(changes), list(may_begin))


def _columns(changes: Mapping[ScoreKey, Change]) -> tuple[list[Any], ...]:
    return (
        [board_no for _, board_no, _ in changes],
        [starts_on for _, _, starts_on in changes],
        [member_id for member_id, _, _ in changes],
        [change.points for change in changes.values()],
        [change.reached_at for change in changes.values()],
    )


async def refresh(conn: Connection, *, community: str, member_ids: Collection[str]) -> None:
    """Have members be shown who are to be, and others not, as `lock_to_show` is held: a row of each board."""
    await conn.execute(_REFRESH, community, list(member_ids))


async def load_off(conn: Connection, *, members: Collection[tuple[str, str]]) -> set[tuple[str, str, bool]]:
    """Those of these members, by community and id, who are on no board; and whether each is a bot."""
    rows = await conn.fetch(
        """
        select community, member_id, bot from followed_members
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        where off_boards
        """,
        [community for community, _ in members],
        [member_id for _, member_id in members],
    )
    return {(row["community"], str(row["member_id"]), row["bot"]) for row in rows}


async def load_heads_of(conn: Connection, *, community: str, member_ids: Collection[str]) -> set[str]:
    """Whom these members belong to: themselves, or who they are merged into."""
    rows = await conn.fetch(
        """
        select coalesce(m.head_id, k.member_id) as head_id from unnest($2::uuid[]) as k(member_id)
        left join merges m on m.community = $1 and m.member_id = k.member_id
        """,
        community,
        list(member_ids),
    )
    return {str(row["head_id"]) for row in rows}


async def load_begun(conn: Connection) -> list[str]:
    """Communities with members whose suspension boards are not in line with."""
    rows = await conn.fetch(
        """
        select distinct community from suspensions
        where (stands or is_applied)
            and is_applied <> (stands and starts_at <= now() and coalesce(ends_at > now(), true))
        order by 1
        """
    )
    return [row["community"] for row in rows]


async def load_begun_suspensions(conn: Connection, *, communities: Collection[str]) -> dict[str, list[str]]:
    """By community the members whose suspension boards are not in line with: it began, ended, or was lifted."""
    rows = await conn.fetch(
        """
        select community, member_id from suspensions
        where community = any($1::text[]) and (stands or is_applied)
            and is_applied <> (stands and starts_at <= now() and coalesce(ends_at > now(), true))
        """,
        list(communities),
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["community"], []).append(str(row["member_id"]))
    return found


async def apply_suspensions(conn: Connection, *, community: str) -> None:
    """Have boards be without whoever is suspended now, and with whoever is not any more."""
    await conn.execute(
        """
        update suspensions set is_applied = not is_applied
        where community = $1 and (stands or is_applied)
            and is_applied <> (stands and starts_at <= now() and coalesce(ends_at > now(), true))
        """,
        community,
    )


async def regroup(
    conn: Connection, *, community: str, groups: Mapping[str, Sequence[str]], alone: Sequence[str]
) -> None:
    """Have members be on boards as the persons that `groups` say, by who stays; `alone` were one until now."""
    members = [(head_id, member_id) for head_id, group in groups.items() for member_id in group]
    ids = [member_id for _, member_id in members]
    await conn.execute(_SPLIT, community, alone)
    await conn.execute(_TAKE_OUT, community, ids)
    await conn.execute(_PUT_TOGETHER, community, [head_id for head_id, _ in members], ids)
    await conn.execute(
        "delete from own_board_scores where community = $1 and member_id = any($2::uuid[])",
        community,
        [head_id for head_id, group in groups.items() if len(group) == 1],
    )


async def load_owners(conn: Connection, *, community: str, head_ids: Sequence[str]) -> list[str]:
    """Of these members those who are one person with others who are merged into them, and those others."""
    rows = await conn.fetch(
        """
        select member_id from merges where community = $1 and head_id = any($2::uuid[])
        union select head_id from merges where community = $1 and head_id = any($2::uuid[])
        """,
        community,
        list(head_ids),
    )
    return [str(row["member_id"]) for row in rows]


async def fill(
    conn: Connection,
    board: KeptBoard,
    *,
    member_ids: Sequence[str],
    owners: Sequence[str],
    days: tuple[Any, ...],
) -> None:
    """Have these members begin with what they had before the board did, who have nothing on it yet.

    `owners` have theirs of a person of several members.
    `days` says where it stands, the period that is added up, and its first and last day.
    """
    stands_on, *of = days
    source, more = _OF_BEFORE["days"], tuple(of)
    if board.declared.period == "all_time":
        score = board.declared.of_score
        source, more = (_OF_BEFORE["points"], ()) if score is None else (_OF_BEFORE["score"], (score,))
    bounds = board.community, list(member_ids), board.board_no, stands_on, board.since
    shown = _SHOWN.format(member="n.member_id")
    await conn.execute(
        _FILL.format(
            shown=shown,
            source=source.format(members="members", points="board_points"),
            owners=f"${len(bounds) + len(more) + 1}",
            changed=_CHANGED_WITH,
        ),
        *bounds,
        *more,
        list(owners),
    )
    if owners:
        await conn.execute(
            _FILL_OWN.format(source=source.format(members="own_totals", points="own_board_points")),
            board.community,
            list(owners),
            *bounds[2:],
            *more,
        )
