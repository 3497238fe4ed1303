"""The SQL of cases."""

from collections.abc import Collection, Sequence
from datetime import datetime
from fractions import Fraction

import orjson
from asyncpg import Record

from services.scoring.programmes.domain.publication import Author
from services.scoring.programmes.store.versions import author_of
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
from shared.postgres import Connection

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


async def load_ring_members(
    conn: Connection, *, community: str, window: int, members: Collection[str]
) -> list[CaseKey]:
    """Whose cases name one of these members among those of their ring, in the same window."""
    rows = await conn.fetch(
        """
        select member_id from signal_cases
        where community = $1 and window_no = $2 and others && $3::uuid[] and state <> 'gone'
        """,
        community,
        window,
        list(members),
    )
    return [CaseKey(community, str(row["member_id"]), window) for row in rows]


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
