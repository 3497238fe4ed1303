"""The SQL of judgements: what they say of content, what they weigh, and whose they are."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from asyncpg import Record

from services.scoring.quality.domain.judging import Making, Outcome, PairKey
from services.scoring.quality.domain.weighing import TURNS_MAX_COUNT, Sums, Turned
from services.scoring.rules.domain.attributes import MemberKey
from shared.postgres import Connection


class Window(NamedTuple):
    """What one person made of another's content in one period: the members of both.

    `off` are times, from and until (None: it lasts), in which the author is suspended: nothing of them counts.
    """

    pair: PairKey
    judges: Sequence[str]
    authors: Sequence[str]
    period: int
    off: Sequence[tuple[datetime, datetime | None]] = ()

    def counts(self, at: datetime) -> bool:
        """Whether a judgement of that time may weigh anything."""
        return not any(since <= at and (until is None or at < until) for since, until in self.off)


class Kept(NamedTuple):
    """A judgement as it is kept, as far as it can still change."""

    community: str
    event_uid: str
    content_id: str
    judge_id: str
    author_id: str | None
    period: int
    kind_percent: int
    percent_up: int
    why: str | None
    is_retracted: bool


class Delta(NamedTuple):
    """What changes at content."""

    outcomes: int = 0
    weighed: int = 0
    plus: int = 0
    total: int = 0

    def __add__(self, other: "Delta") -> "Delta":  # type: ignore[override]
        """Both changes."""
        return Delta(*(one + more for one, more in zip(self, other, strict=True)))


_JUDGEMENT = (
    "community",
    "event_uid",
    "content_id",
    "judge_id",
    "author_id",
    "event_time",
    "period",
    "kind",
    "percent_up",
    "kind_percent",
    "trust",
    "why",
    "is_retracted",
    "turn",
    "plus",
    "total",
)


async def add_judgements(
    conn: Connection,
    *,
    outcomes: Iterable[Outcome],
    trust: Mapping[str, int],
    retracted: Collection[str],
    weights: Mapping[str, Turned],
) -> None:
    """Keep what events say of content, with the trust in whoever judges and what that weighs, by uid.

    Those that are `retracted`, and those without weights, weigh nothing.
    """
    await conn.copy_records_to_table(
        "quality_judgements",
        columns=_JUDGEMENT,
        records=[
            (
                one.content.community,
                one.uid,
                one.content.content_id,
                one.judge_id,
                one.author_id,
                one.at,
                one.period,
                one.kind.value,
                one.percent_up,
                one.kind_percent,
                trust.get(one.uid, 0),
                one.why and one.why.value,
                one.uid in retracted,
                *((weighed.turn, *weighed.weight) if (weighed := weights.get(one.uid)) else (0, 0, 0)),
            )
            for one in outcomes
        ],
    )


async def load_judgements(conn: Connection, *, events: Collection[tuple[str, str]]) -> list[Kept]:
    """What these events, by community and uid, say of content."""
    rows = await conn.fetch(
        """
        select j.* from quality_judgements j
        join unnest($1::text[], $2::uuid[]) as k(community, event_uid) using (community, event_uid)
        """,
        [community for community, _ in events],
        [uid for _, uid in events],
    )
    return [
        Kept(
            row["community"],
            str(row["event_uid"]),
            str(row["content_id"]),
            str(row["judge_id"]),
            None if row["author_id"] is None else str(row["author_id"]),
            row["period"],
            row["kind_percent"],
            row["percent_up"],
            row["why"],
            row["is_retracted"],
        )
        for row in rows
    ]


async def set_retracted(conn: Connection, *, judgements: Mapping[tuple[str, str], bool]) -> None:
    """Say of judgements, by community and uid, whether they are taken back."""
    keys = sorted(judgements)
    await conn.execute(
        """
        update quality_judgements j set is_retracted = k.is_retracted
        from unnest($1::text[], $2::uuid[], $3::boolean[]) as k(community, event_uid, is_retracted)
        where j.community = k.community and j.event_uid = k.event_uid
        """,
        [community for community, _ in keys],
        [uid for _, uid in keys],
        [judgements[key] for key in keys],
    )


async def set_gone(conn: Connection, *, makings: Mapping[str, bool]) -> list[str]:
    """Say of content, by the uids of what made it, whether it is gone; returns which changed by that."""
    keys = sorted(makings)
    rows = await conn.fetch(
        """
        update quality_contents c set is_gone = k.is_gone
        from unnest($1::uuid[], $2::boolean[]) as k(made_uid, is_gone)
        where c.made_uid = k.made_uid and c.is_gone <> k.is_gone
        returning c.content_id
        """,
        keys,
        [makings[key] for key in keys],
    )
    return [str(row["content_id"]) for row in rows]


async def put_pairs(conn: Connection, *, likes: Mapping[PairKey, int], now: datetime) -> None:
    """Add to what members found of others good, and have whoever else changes it wait until this commits."""
    keys = sorted(likes, key=lambda key: (key.judge_id, key.author_id, key.community))
    await conn.execute(
        """
        insert into quality_pairs as p (community, judge_id, author_id, likes, changed_at)
        select k.*, $5 from unnest($1::text[], $2::uuid[], $3::uuid[], $4::bigint[]) as k
        on conflict (judge_id, author_id, community) do update
        set likes = p.likes + excluded.likes, changed_at = excluded.changed_at
        """,
        [key.community for key in keys],
        [key.judge_id for key in keys],
        [key.author_id for key in keys],
        [likes[key] for key in keys],
        now,
    )


async def load_windows(conn: Connection, *, windows: Sequence[Window]) -> list[list[Turned]]:
    """Of each window the first judgements that can weigh anything, and those that did until now."""
    asked = [
        (number, one.pair.community, judge_id, author_id, one.period, _times(one.off))
        for number, one in enumerate(windows)
        for judge_id in one.judges
        for author_id in one.authors
    ]
    # Each by itself, so that whatever the planner thinks of the table it goes by the index.
    rows = await conn.fetch(
        """
        select k.n, j.* from unnest($1::int[], $2::text[], $3::uuid[], $4::uuid[], $5::int[], $6::text[])
            as k(n, community, judge_id, author_id, period, off)
        cross join lateral (
            (select * from quality_judgements q
                where q.judge_id = k.judge_id and q.author_id = k.author_id and q.period = k.period
                    and q.why is null and not q.is_retracted and q.community = k.community
                    and not q.event_time <@ k.off::tstzmultirange
                order by q.event_time, q.event_uid limit $7)
            union all
            (select * from quality_judgements q
                where q.judge_id = k.judge_id and q.author_id = k.author_id and q.period = k.period
                    and q.turn > 0 and q.community = k.community
                offset 0)
        ) j
        """,
        *[list(column) for column in zip(*asked, strict=True)],
        TURNS_MAX_COUNT,
    )
    found: list[dict[str, Turned]] = [{} for _ in windows]
    for row in rows:
        found[row["n"]][str(row["event_uid"])] = Turned(
            str(row["event_uid"]),
            str(row["content_id"]),
            row["event_time"],
            row["trust"],
            row["kind_percent"],
            row["percent_up"],
            row["why"] is None and not row["is_retracted"] and windows[row["n"]].counts(row["event_time"]),
            row["turn"],
            Sums(row["plus"], row["total"]),
        )
    return [list(of_window.values()) for of_window in found]


def _times(off: Sequence[tuple[datetime, datetime | None]]) -> str:
    """Times as a multirange of PostgreSQL."""
    ranges = (f"[{since.isoformat()},{'' if until is None else until.isoformat()})" for since, until in off)
    return "{" + ",".join(ranges) + "}"


async def put_turns(conn: Connection, *, turned: Sequence[tuple[str, Turned]]) -> None:
    """Keep what judgements weigh now, each with its community."""
    await conn.execute(
        """
        update quality_judgements j set turn = k.turn, plus = k.plus, total = k.total
        from unnest($1::text[], $2::uuid[], $3::smallint[], $4::bigint[], $5::bigint[])
            as k(community, event_uid, turn, plus, total)
        where j.community = k.community and j.event_uid = k.event_uid
        """,
        [community for community, _ in turned],
        [one.event_uid for _, one in turned],
        [one.turn for _, one in turned],
        [one.weight.plus for _, one in turned],
        [one.weight.total for _, one in turned],
    )


async def lock_contents(conn: Connection, *, content_ids: Collection[str]) -> dict[str, bool]:
    """Lock content that is known, by its ids in order, until this commits; whether it is known whose each is."""
    rows = await conn.fetch(
        """
        select content_id, author_id is not null as is_somebodys from quality_contents
        where content_id = any($1::uuid[]) order by content_id for update
        """,
        sorted(content_ids),
    )
    return {str(row["content_id"]): row["is_somebodys"] for row in rows}


async def put_contents(
    conn: Connection, *, makings: Mapping[str, tuple[Making, bool]], outcomes: Mapping[str, Outcome]
) -> None:
    """Have rows of content that was made or judged, by its id; of several makings the first counts.

    Each making comes with whether it was taken back. Whose it is is said by what made it, else by who judged.
    """
    rows = []
    for content_id in sorted({*makings, *outcomes}):
        making, is_gone = makings.get(content_id, (None, False))
        outcome = outcomes.get(content_id)
        known = making or outcome
        if known is None:
            continue
        content, author_id = known.content, known.author_id
        made = (None,) * 5 if making is None else making[2:]
        rows.append((content_id, *content, author_id, *made, is_gone))
    await conn.execute(
        """
        insert into quality_contents as c (content_id, community, channel, host, object_id, author_id, made_uid,
            made_at, made_type, week, month, is_gone)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[],
            $8::timestamptz[], $9::text[], $10::date[], $11::date[], $12::boolean[])
        on conflict (content_id) do update
        set author_id = case when excluded.made_uid is null then coalesce(c.author_id, excluded.author_id)
                             else excluded.author_id end,
            made_uid = coalesce(excluded.made_uid, c.made_uid), made_at = coalesce(excluded.made_at, c.made_at),
            made_type = coalesce(excluded.made_type, c.made_type), week = coalesce(excluded.week, c.week),
            month = coalesce(excluded.month, c.month),
            is_gone = case when excluded.made_uid is null then c.is_gone else excluded.is_gone end
        where c.author_id is null and excluded.author_id is not null and excluded.made_uid is null
            or excluded.made_uid is not null
               and (c.made_uid is null or (excluded.made_at, excluded.made_uid) < (c.made_at, c.made_uid))
        """,
        *[list(column) for column in zip(*rows, strict=True)],
    )


async def add_deltas(conn: Connection, *, deltas: Mapping[str, Delta], now: datetime) -> None:
    """Change the sums of content."""
    keys = sorted(deltas)
    await conn.execute(
        """
        update quality_contents c set outcomes = c.outcomes + k.outcomes, weighed = c.weighed + k.weighed,
            plus = c.plus + k.plus, total = c.total + k.total, last_at = $6
        from unnest($1::uuid[], $2::int[], $3::int[], $4::bigint[], $5::bigint[])
            as k(content_id, outcomes, weighed, plus, total)
        where c.content_id = k.content_id
        """,
        keys,
        [deltas[key].outcomes for key in keys],
        [deltas[key].weighed for key in keys],
        [deltas[key].plus for key in keys],
        [deltas[key].total for key in keys],
        now,
    )


async def put_due(conn: Connection, *, content_ids: Collection[str]) -> None:
    """Have the points of content for its author looked at."""
    await conn.execute(
        """
        insert into quality_due (community, content_id)
        select community, content_id from quality_contents where content_id = any($1::uuid[])
        on conflict do nothing
        """,
        sorted(content_ids),
    )


async def load_sums(conn: Connection, *, content_ids: Collection[str]) -> dict[str, Sums]:
    """What judgements of content weigh, by its id; of what nobody knows there is nothing."""
    rows = await conn.fetch(
        "select content_id, plus, total from quality_contents where content_id = any($1::uuid[])", content_ids
    )
    return {str(row["content_id"]): Sums(row["plus"], row["total"]) for row in rows}


async def put_pairs_due_of(conn: Connection, *, members: Collection[MemberKey]) -> None:
    """Have all that these made of others' content, and others of theirs, weighed anew."""
    await conn.execute(
        """
        insert into quality_pairs_due (community, judge_id, author_id, restates)
        select p.community, p.judge_id, p.author_id, false
        from quality_pairs p join unnest($1::text[], $2::uuid[]) as k(community, member_id)
            on p.community = k.community and (p.judge_id = k.member_id or p.author_id = k.member_id)
        on conflict do nothing
        """,
        [key.community for key in members],
        [key.member_id for key in members],
    )


async def put_due_of_authors(conn: Connection, *, members: Collection[MemberKey], since: datetime) -> None:
    """Have the points looked at of all that these made from a time on."""
    await conn.execute(
        """
        insert into quality_due (community, content_id)
        select c.community, c.content_id
        from quality_contents c join unnest($1::text[], $2::text[]) as k(community, member_id)
            on c.community = k.community and c.author_id = k.member_id::uuid
        where c.made_at >= $3
        on conflict do nothing
        """,
        [key.community for key in members],
        [key.member_id for key in members],
        since,
    )


async def put_all_pairs_due(conn: Connection, *, community: str) -> int:
    """Have all judgements of a community weighed anew, by the trust that there is now; of how many pairs."""
    done: str = await conn.execute(
        """
        insert into quality_pairs_due as d (community, judge_id, author_id, restates)
        select community, judge_id, author_id, true from quality_pairs where community = $1
        on conflict (community, judge_id, author_id) do update set restates = true
        """,
        community,
    )
    return int(done.rsplit(" ", 1)[-1])


async def take_pairs_due(conn: Connection, *, limit_count: int) -> dict[PairKey, bool]:
    """Take out pairs whose judgements are to be weighed anew, with whether their trust is restated."""
    rows = await conn.fetch(
        """
        delete from quality_pairs_due d using (
            select community, judge_id, author_id from quality_pairs_due
            order by community, judge_id, author_id limit $1 for update skip locked) t
        where d.community = t.community and d.judge_id = t.judge_id and d.author_id = t.author_id
        returning d.*
        """,
        limit_count,
    )
    return {
        PairKey(row["community"], str(row["judge_id"]), str(row["author_id"])): row["restates"] for row in rows
    }


async def load_periods(conn: Connection, *, pairs: Collection[PairKey]) -> dict[PairKey, list[int]]:
    """In which periods members judged others' content."""
    rows = await conn.fetch(
        """
        select k.community, k.judge_id, k.author_id, array_agg(distinct q.period) as periods
        from unnest($1::text[], $2::uuid[], $3::uuid[]) as k(community, judge_id, author_id)
        join quality_judgements q on q.judge_id = k.judge_id and q.author_id = k.author_id
            and q.community = k.community and q.why is null
        group by k.community, k.judge_id, k.author_id
        """,
        [one.community for one in pairs],
        [one.judge_id for one in pairs],
        [one.author_id for one in pairs],
    )
    return {PairKey(row["community"], str(row["judge_id"]), str(row["author_id"])): row["periods"] for row in rows}


class Scored(NamedTuple):
    """Content whose points for its author are to be looked at; `is_upheld` where a report of it was."""

    community: str
    content_id: str
    author_id: str
    made_at: datetime
    is_gone: bool
    is_upheld: bool
    sums: Sums
    told_at: datetime | None


async def put_told(conn: Connection, *, contents: Sequence[Scored]) -> None:
    """Say for which time the points of content were told."""
    await conn.execute(
        """
        update quality_contents c set told_at = c.made_at from unnest($1::uuid[]) as k(content_id)
        where c.content_id = k.content_id
        """,
        [one.content_id for one in contents],
    )


async def take_due(conn: Connection, *, limit_count: int) -> tuple[list[Scored], int]:
    """Take out content whose points are to be looked at, locked, and how much of it was taken out.

    Of what nobody knows who made it, or when, nothing comes.
    """
    rows = await conn.fetch(
        """
        delete from quality_due d using (
            select content_id from quality_due order by content_id limit $1 for update skip locked) t
        where d.content_id = t.content_id returning d.content_id
        """,
        limit_count,
    )
    contents = await conn.fetch(
        """
        select c.*, exists (
            select from voids v where v.judged_id = c.content_id and v.is_standing) as is_upheld
        from quality_contents c
        where content_id = any($1::uuid[]) and author_id is not null and made_at is not null
        order by content_id for update of c
        """,
        [row["content_id"] for row in rows],
    )
    return [_scored(row) for row in contents], len(rows)


def _scored(row: Record) -> Scored:
    return Scored(
        row["community"],
        str(row["content_id"]),
        str(row["author_id"]),
        row["made_at"],
        row["is_gone"],
        row["is_upheld"],
        Sums(row["plus"], row["total"]),
        row["told_at"],
    )
