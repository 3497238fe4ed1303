"""The SQL of acts, ties and totals, of who is to be looked at, and of cases."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import NamedTuple

import orjson
from asyncpg import Record

from services.scoring.limits.domain.claims import Withheld
from services.scoring.programmes.domain.publication import Author
from services.scoring.programmes.store.versions import author_of
from services.scoring.signals.domain.acts import Act, WithheldAct
from services.scoring.signals.domain.cases import (
    WITHHOLDS,
    CaseKey,
    CasePlace,
    CaseState,
    Held,
    Reason,
    SignalCase,
)
from services.scoring.signals.domain.suspicion import Found, Scope, Signal
from services.scoring.signals.domain.ties import STRONG_TIES_MAX_COUNT, Tie, Totals
from shared.postgres import Connection

#: The largest ties to a member that a look reads; the rest is known in all.
RECEIVED_MAX_COUNT = 500

_CASE = (
    "community",
    "case_id",
    "member_id",
    "window_no",
    "state",
    "revision",
    "score_percent",
    "found",
    "is_all",
    "givers",
    "others",
    "held_points",
    "held_awards",
    "programme_version",
    "opened_at",
    "changed_at",
    "asked_at",
    "asked_by",
    "asked_by_person",
    "asked_by_credential",
    "decided_at",
    "decided_by",
    "decided_by_person",
    "decided_by_credential",
    "reason",
    "note",
)


class Look(NamedTuple):
    """Whom to look at, in which turn; with `is_spread` only because of another's ring."""

    key: CaseKey
    turn: int
    is_spread: bool


class Link(NamedTuple):
    """That a member is paid to an account with others (`members_count`, this one too), or to the payer's."""

    community: str
    member_id: str
    revision: int
    account_id: str | None
    members_count: int
    is_payer: bool


async def put_links(conn: Connection, *, links: Sequence[Link]) -> set[tuple[str, str]]:
    """Keep the newest links of members; returns of whom something else is known than before."""
    newest = {(link.community, link.member_id): link for link in sorted(links, key=lambda one: one.revision)}
    rows = await conn.fetch(
        """
        insert into member_links as l (community, member_id, revision, account_id, members_count, is_payer)
        select * from unnest($1::text[], $2::uuid[], $3::int[], $4::uuid[], $5::int[], $6::bool[])
        on conflict (community, member_id) do update set revision = excluded.revision,
            account_id = excluded.account_id, members_count = excluded.members_count, is_payer = excluded.is_payer
        where l.revision < excluded.revision
        returning community, member_id
        """,
        *(list(column) for column in zip(*newest.values(), strict=True)),
    )
    return {(row["community"], str(row["member_id"])) for row in rows}


async def load_links(conn: Connection, *, community: str, members: Collection[str]) -> dict[str, Link]:
    """What is known of the accounts that members are paid to."""
    rows = await conn.fetch(
        "select * from member_links where community = $1 and member_id = any($2::uuid[])", community, list(members)
    )
    return {
        str(row["member_id"]): Link(
            row["community"],
            str(row["member_id"]),
            row["revision"],
            None if row["account_id"] is None else str(row["account_id"]),
            row["members_count"],
            row["is_payer"],
        )
        for row in rows
    }


async def add_acts(conn: Connection, *, acts: Sequence[Act]) -> set[str]:
    """Add acts that are not there; returns the awards of those that were not."""
    rows = await conn.fetch(
        """
        insert into signal_acts (community, award_id, member_id, giver_id, window_no, day, event_uid, event_time,
                                 points, is_taken_back, withheld)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::int[], $6::date[], $7::uuid[],
                             $8::timestamptz[], $9::int[], $10::bool[], $11::text[])
        on conflict do nothing returning award_id
        """,
        *(list(column) for column in zip(*acts, strict=True)),
    )
    return {str(row["award_id"]) for row in rows}


async def set_taken_back(conn: Connection, *, words: Mapping[tuple[str, str], bool]) -> list[Act]:
    """Note of acts whether their events are taken back; returns those of which it was otherwise, as they are."""
    rows = await conn.fetch(
        """
        update signal_acts a set is_taken_back = n.is_taken_back
        from unnest($1::text[], $2::uuid[], $3::bool[]) as n(community, event_uid, is_taken_back)
        where a.event_uid = n.event_uid and a.community = n.community and a.is_taken_back <> n.is_taken_back
        returning a.*
        """,
        [community for community, _ in words],
        [uid for _, uid in words],
        list(words.values()),
    )
    return [_act(row) for row in rows]


def _act(row: Record) -> Act:
    return Act(
        row["community"],
        str(row["award_id"]),
        str(row["member_id"]),
        None if row["giver_id"] is None else str(row["giver_id"]),
        row["window_no"],
        row["day"],
        str(row["event_uid"]),
        row["event_time"],
        row["points"],
        row["is_taken_back"],
        None if row["withheld"] is None else Withheld(row["withheld"]),
    )


async def add_to_ties(conn: Connection, *, moved: Iterable[tuple[Act, int]]) -> set[CaseKey]:
    """Add acts to ties and totals, or (sign -1) take them away; returns who is looked at for that."""
    ties: dict[tuple[str, int, str, str, date], list[int]] = defaultdict(lambda: [0, 0])
    totals: dict[tuple[str, int, str], list[int]] = defaultdict(lambda: [0, 0])
    keys: set[CaseKey] = set()
    for act, sign in moved:
        keys.add(CaseKey(act.community, act.member_id, act.window))
        if act.giver_id is None:
            # There is a row of whoever got something, by which it is forgotten.
            totals[act.community, act.window, act.member_id][1] += 0
            continue
        keys.add(CaseKey(act.community, act.giver_id, act.window))
        tie = ties[act.community, act.window, act.member_id, act.giver_id, act.day]
        tie[0] += sign * act.points
        tie[1] += sign
        totals[act.community, act.window, act.giver_id][0] += sign * act.points
        totals[act.community, act.window, act.member_id][1] += sign * act.points
    # Each in the order of its keys, so that workers who add to the same ones wait and never in a circle.
    if ties:
        rows = sorted((*key, *sums) for key, sums in ties.items())
        await conn.execute(
            """
            insert into signal_ties as t (community, window_no, receiver_id, giver_id, day, points, acts)
            select * from unnest($1::text[], $2::int[], $3::uuid[], $4::uuid[], $5::date[], $6::bigint[],
                                 $7::int[])
            on conflict (receiver_id, window_no, community, giver_id, day) do update
                set points = t.points + excluded.points, acts = t.acts + excluded.acts
            """,
            *(list(column) for column in zip(*rows, strict=True)),
        )
    if totals:
        sums_of = sorted((*key, *sums) for key, sums in totals.items())
        await conn.execute(
            """
            insert into signal_totals as t (community, window_no, member_id, given, received)
            select * from unnest($1::text[], $2::int[], $3::uuid[], $4::bigint[], $5::bigint[])
            on conflict (community, window_no, member_id) do update
                set given = t.given + excluded.given, received = t.received + excluded.received
            """,
            *(list(column) for column in zip(*sums_of, strict=True)),
        )
    await put_looks(conn, keys=keys)
    return keys


async def put_looks(conn: Connection, *, keys: Iterable[CaseKey], is_spread: bool = False) -> None:
    """Have members looked at; who is waited for already gets another turn, so that the look sees what is new."""
    rows = sorted((key.community, key.window, key.member_id) for key in set(keys))
    if rows:
        await conn.execute(
            """
            insert into signal_looks as l (community, window_no, member_id, is_spread)
            select *, $4 from unnest($1::text[], $2::int[], $3::uuid[])
            on conflict (community, window_no, member_id) do update
                set turn = nextval('signal_turns'), is_spread = l.is_spread and excluded.is_spread
            """,
            *(list(column) for column in zip(*rows, strict=True)),
            is_spread,
        )


async def lock_looking(conn: Connection) -> None:
    """Wait until nobody else looks; until the commit nobody else does."""
    await conn.execute("select pg_advisory_xact_lock(hashtext('signal_looks'))")


async def next_looks(conn: Connection, *, limit_count: int) -> list[Look]:
    """Whom to look at next, those who wait for longest first. Nothing is locked."""
    rows = await conn.fetch("select * from signal_looks order by turn limit $1", limit_count)
    return [
        Look(CaseKey(row["community"], str(row["member_id"]), row["window_no"]), row["turn"], row["is_spread"])
        for row in rows
    ]


async def delete_looks(conn: Connection, *, looks: Sequence[Look]) -> None:
    """Forget looks that were done, but for those that have another turn by now."""
    await conn.execute(
        """
        delete from signal_looks l using unnest($1::text[], $2::int[], $3::uuid[], $4::bigint[])
            as d(community, window_no, member_id, turn)
        where (l.community, l.window_no, l.member_id, l.turn) = (d.community, d.window_no, d.member_id, d.turn)
        """,
        [look.key.community for look in looks],
        [look.key.window for look in looks],
        [look.key.member_id for look in looks],
        [look.turn for look in looks],
    )


async def put_looks_of_persons(conn: Connection, *, members: Collection[tuple[str, str]], since: int) -> None:
    """Have members looked at in all windows from one on in which they gave or received something."""
    rows = await conn.fetch(
        """
        select t.community, t.member_id, t.window_no from signal_totals t
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        where t.window_no >= $3
        """,
        [community for community, _ in members],
        [member_id for _, member_id in members],
        since,
    )
    await put_looks(
        conn, keys=[CaseKey(row["community"], str(row["member_id"]), row["window_no"]) for row in rows]
    )


async def load_strong_ties(
    conn: Connection, *, community: str, window: int, members: Collection[str], least_acts: int
) -> list[Tie]:
    """The ties of members, to them and from them, of so many acts; of each one more than counts at most."""
    rows = await conn.fetch(
        """
        select x.* from unnest($3::uuid[]) as m(id) cross join lateral (
            (select giver_id, receiver_id, sum(points)::bigint as points, sum(acts)::int as acts,
                 max(acts) as peak_acts
             from signal_ties where receiver_id = m.id and window_no = $2 and community = $1
             group by giver_id, receiver_id having sum(acts) >= $4 order by sum(acts) desc, giver_id limit $5)
            union all
            (select giver_id, receiver_id, sum(points)::bigint, sum(acts)::int, max(acts)
             from signal_ties where giver_id = m.id and window_no = $2 and community = $1
             group by giver_id, receiver_id having sum(acts) >= $4 order by sum(acts) desc, receiver_id limit $5)
        ) x
        """,
        community,
        window,
        list(members),
        least_acts,
        STRONG_TIES_MAX_COUNT + 1,
    )
    return [_tie(row) for row in rows]


async def load_received(conn: Connection, *, key: CaseKey) -> list[Tie]:
    """The largest ties to a member."""
    rows = await conn.fetch(
        """
        select giver_id, receiver_id, sum(points)::bigint as points, sum(acts)::int as acts, max(acts) as peak_acts
        from signal_ties where receiver_id = $3 and window_no = $2 and community = $1
        group by giver_id, receiver_id having sum(points) > 0
        order by sum(points) desc, giver_id limit $4
        """,
        key.community,
        key.window,
        key.member_id,
        RECEIVED_MAX_COUNT,
    )
    return [_tie(row) for row in rows]


def _tie(row: Record) -> Tie:
    return Tie(str(row["giver_id"]), str(row["receiver_id"]), row["points"], row["acts"], row["peak_acts"])


async def load_totals(
    conn: Connection, *, community: str, window: int, members: Collection[str]
) -> dict[str, Totals]:
    """What members gave and received in a window."""
    rows = await conn.fetch(
        """
        select member_id, given, received from signal_totals
        where community = $1 and window_no = $2 and member_id = any($3::uuid[])
        """,
        community,
        window,
        list(members),
    )
    return {str(row["member_id"]): Totals(row["given"], row["received"]) for row in rows}


async def count_active(conn: Connection, *, community: str, window: int, most: int) -> int:
    """How many gave or received something in a window, counted up to `most`."""
    count: int = await conn.fetchval(
        """
        select count(*) from (select from signal_totals
                              where community = $1 and window_no = $2 and given + received > 0 limit $3) a
        """,
        community,
        window,
        most,
    )
    return count


async def load_captives(conn: Connection, *, key: CaseKey) -> dict[int, frozenset[str]]:
    """Of the largest givers to a member those who gave to nobody else and received nothing, by day."""
    rows = await conn.fetch(
        """
        select t.giver_id, t.day from signal_ties t
        join (select giver_id, sum(points) as points from signal_ties
              where receiver_id = $3 and window_no = $2 and community = $1
              group by giver_id having sum(points) > 0 order by 2 desc, giver_id limit $4) g using (giver_id)
        join signal_totals s on s.community = $1 and s.window_no = $2 and s.member_id = t.giver_id
        where t.receiver_id = $3 and t.window_no = $2 and t.community = $1 and t.acts > 0
            and s.received = 0 and s.given = g.points
        """,
        key.community,
        key.window,
        key.member_id,
        RECEIVED_MAX_COUNT,
    )
    by_day: dict[int, set[str]] = defaultdict(set)
    for row in rows:
        by_day[row["day"].toordinal()].add(str(row["giver_id"]))
    return {day: frozenset(givers) for day, givers in by_day.items()}


async def load_held(conn: Connection, *, keys: Collection[CaseKey]) -> Held:
    """What is withheld of members in windows."""
    rows = await conn.fetch(
        """
        select c.* from signal_cases c
        join unnest($1::text[], $2::uuid[], $3::int[]) as k(community, member_id, window_no)
            using (community, member_id, window_no)
        where state = any($4)
        """,
        [key.community for key in keys],
        [key.member_id for key in keys],
        [key.window for key in keys],
        list(WITHHOLDS),
    )
    cases = [_case(row) for row in rows]
    return {(*case.key,): held for case in cases if (held := case.held) is not None}


async def load_cases(
    conn: Connection, *, community: str, window: int, members: Collection[str], is_locked: bool = False
) -> dict[CaseKey, SignalCase]:
    """The cases of members in a window; with `is_locked` nobody else changes them until the transaction ends."""
    lock = "for update" if is_locked else ""
    rows = await conn.fetch(
        f"""
        select * from signal_cases
        where community = $1 and window_no = $2 and member_id = any($3::uuid[]) order by member_id {lock}
        """,  # noqa: S608 -- one of two constants
        community,
        window,
        list(members),
    )
    return {case.key: case for case in map(_case, rows)}


async def load_ring_members(conn: Connection, *, key: CaseKey) -> list[CaseKey]:
    """Whose cases name a member among those of their ring, in the same window."""
    rows = await conn.fetch(
        """
        select member_id from signal_cases
        where community = $1 and window_no = $2 and others @> array[$3::uuid] and state <> 'gone'
        """,
        key.community,
        key.window,
        key.member_id,
    )
    return [CaseKey(key.community, str(row["member_id"]), key.window) for row in rows]


async def find_case(
    conn: Connection, *, community: str, case_id: str, is_locked: bool = False
) -> SignalCase | None:
    """A case as it is."""
    lock = "for update" if is_locked else ""
    row = await conn.fetchrow(
        f"select * from signal_cases where community = $1 and case_id = $2 {lock}",  # noqa: S608 -- constants
        community,
        case_id,
    )
    return None if row is None else _case(row)


async def put_case(conn: Connection, case: SignalCase) -> None:
    """Store a case; an older revision than is there changes nothing."""
    names = ", ".join(_CASE)
    places = ", ".join(f"${place}" for place in range(1, len(_CASE) + 1))
    news = ", ".join(f"{name} = excluded.{name}" for name in _CASE[4:])
    await conn.execute(
        f"""
        insert into signal_cases as c ({names}) values ({places})
        on conflict (community, case_id) do update set {news} where c.revision <= excluded.revision
        """,  # noqa: S608 -- made of constants
        case.key.community,
        case.case_id,
        case.key.member_id,
        case.key.window,
        case.state,
        case.revision,
        case.score_percent,
        orjson.dumps([_found_out(one) for one in case.found]).decode(),
        case.scope.givers is None,
        sorted(case.scope.givers or ()),
        sorted(case.others),
        case.held_points,
        case.held_awards,
        case.programme_version,
        case.opened_at,
        case.changed_at,
        case.asked_at,
        *_by(case.asked_by),
        case.decided_at,
        *_by(case.decided_by),
        case.reason,
        case.note,
    )


async def page_of_cases(
    conn: Connection,
    *,
    community: str,
    states: Sequence[CaseState],
    member_ids: Sequence[str] | None,
    after: CasePlace | None,
    limit: int,
) -> list[SignalCase]:
    """Cases of a community in these states, or of members who are one person; the strongest first."""
    rows = await conn.fetch(
        """
        select * from signal_cases
        where community = $1 and state = any($2) and ($3::uuid[] is null or member_id = any($3))
            and ($4::int is null or (score_percent, case_id) < ($4, $5::uuid))
        order by score_percent desc, case_id desc limit $6
        """,
        community,
        list(states),
        None if member_ids is None else list(member_ids),
        *(after or (None, None)),
        limit,
    )
    return [_case(row) for row in rows]


async def load_mismatched(
    conn: Connection, *, key: CaseKey, scope: Scope | None, why: Withheld | None, limit_count: int
) -> list[WithheldAct]:
    """Acts for a member that should be withheld otherwise than they are, and how (`scope` None: none is)."""
    rows = await conn.fetch(
        """
        select * from (
            select a.award_id, a.event_uid, a.event_time, a.withheld,
                case when $4 and coalesce($5 or a.giver_id = any($6::uuid[]), $5) then $7::text end as due
            from signal_acts a where member_id = $3 and window_no = $2 and community = $1) w
        where withheld is distinct from due
        order by event_time, award_id limit $8
        """,
        key.community,
        key.window,
        key.member_id,
        scope is not None,
        scope is not None and scope.givers is None,
        sorted((scope.givers if scope else None) or ()),
        why,
        limit_count,
    )
    return [
        WithheldAct(
            key.community,
            str(row["award_id"]),
            str(row["event_uid"]),
            row["event_time"],
            None if row["due"] is None else Withheld(row["due"]),
        )
        for row in rows
    ]


async def set_withheld(conn: Connection, *, acts: Sequence[WithheldAct]) -> None:
    """Note of acts how they are withheld now."""
    await conn.execute(
        """
        update signal_acts a set withheld = n.withheld
        from unnest($1::text[], $2::uuid[], $3::text[]) as n(community, award_id, withheld)
        where a.award_id = n.award_id and a.community = n.community
        """,
        [act.community for act in acts],
        [act.award_id for act in acts],
        [act.withheld for act in acts],
    )


async def sum_withheld(conn: Connection, *, key: CaseKey) -> tuple[int, int]:
    """What is withheld of a member in a window would come to: points, and awards."""
    row = await conn.fetchrow(
        """
        select coalesce(sum(least(c.room, coalesce(c.ceiling, c.room))), 0)::bigint as points,
            count(*) filter (where least(c.room, coalesce(c.ceiling, c.room)) > 0)::int as awards
        from signal_acts a join claims c using (award_id, community)
        where a.member_id = $3 and a.window_no = $2 and a.community = $1 and a.withheld is not null
            and c.state = 'live'
        """,
        key.community,
        key.window,
        key.member_id,
    )
    return (0, 0) if row is None else (row["points"], row["awards"])


async def load_pairs(conn: Connection, *, key: CaseKey, members: Collection[str]) -> list[Tie]:
    """The ties between members, the largest first: who gave whom how much."""
    rows = await conn.fetch(
        """
        select giver_id, receiver_id, sum(points)::bigint as points, sum(acts)::int as acts, max(acts) as peak_acts
        from signal_ties
        where community = $1 and window_no = $2 and receiver_id = any($3::uuid[]) and giver_id = any($3::uuid[])
        group by giver_id, receiver_id having sum(acts) > 0
        order by sum(points) desc, giver_id, receiver_id limit 200
        """,
        key.community,
        key.window,
        list(members),
    )
    return [_tie(row) for row in rows]


async def count_held(conn: Connection, *, until: datetime) -> tuple[int, int, int]:
    """Cases that wait for somebody, the points that they withhold, and how many wait since `until` or longer."""
    row = await conn.fetchrow(
        """
        select count(*)::int as cases, coalesce(sum(held_points), 0)::bigint as points,
            count(*) filter (where opened_at <= $1)::int as old
        from signal_cases where state in ('held', 'release_asked')
        """,
        until,
    )
    return (0, 0, 0) if row is None else (row["cases"], row["points"], row["old"])


async def delete_old(conn: Connection, *, before: int, limit_count: int) -> int:
    """Forget so many totals of windows before one, with the ties and acts of their members; how many.

    What is withheld is kept: it can still be released.
    """
    count: int = await conn.fetchval(
        """
        with old as (
            delete from signal_totals where (community, window_no, member_id) in (
                select community, window_no, member_id from signal_totals where window_no < $1 limit $2)
            returning community, window_no, member_id),
        ties as (
            delete from signal_ties t using old o
            where t.receiver_id = o.member_id and t.window_no = o.window_no and t.community = o.community),
        acts as (
            delete from signal_acts a using old o
            where a.member_id = o.member_id and a.window_no = o.window_no and a.community = o.community
                and a.withheld is null)
        select count(*) from old
        """,
        before,
        limit_count,
    )
    return count


def _by(author: Author | None) -> tuple[str | None, str | None, str | None]:
    return (None, None, None) if author is None else (author.name, author.person_id, author.credential)


def _found_out(one: Found) -> dict[str, object]:
    return {
        "signal": one.signal,
        "numerator": one.score.numerator,
        "denominator": one.score.denominator,
        "givers": None if one.givers is None else sorted(one.givers),
        "figures": dict(one.figures),
    }


def _case(row: Record) -> SignalCase:
    found = tuple(
        Found(
            Signal(one["signal"]),
            Fraction(one["numerator"], one["denominator"]),
            None if one["givers"] is None else frozenset(one["givers"]),
            one["figures"],
        )
        for one in orjson.loads(row["found"])
    )
    return SignalCase(
        CaseKey(row["community"], str(row["member_id"]), row["window_no"]),
        CaseState(row["state"]),
        row["revision"],
        row["score_percent"],
        found,
        Scope(None if row["is_all"] else frozenset(str(one) for one in row["givers"])),
        frozenset(str(one) for one in row["others"]),
        row["programme_version"],
        row["opened_at"],
        row["changed_at"],
        row["held_points"],
        row["held_awards"],
        row["asked_at"],
        author_of(row, "asked_by") if row["asked_by"] else None,
        row["decided_at"],
        author_of(row, "decided_by") if row["decided_by"] else None,
        None if row["reason"] is None else Reason(row["reason"]),
        row["note"],
    )
