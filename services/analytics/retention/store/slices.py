"""The SQL of slices: what people did in them, what that adds up to, and what it says."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from services.analytics.retention.domain.contributions import EVER, Figure, Key, PeriodBy
from services.analytics.retention.domain.questions import Growth
from services.analytics.retention.domain.slices import Part, Slice, SliceFigures
from shared.calendars import Span
from shared.merges import MemberKey
from shared.postgres import Connection

_PARTS = ("new", "retained", "resurrected", "churned")


async def load_parts(conn: Connection, *, people: Collection[MemberKey]) -> dict[MemberKey, dict[Slice, Part]]:
    """What people did in slices, as they were counted last."""
    rows = await conn.fetch(
        """
        select community, member_id::text as member_id, kind, value, days, events, is_new, channel, is_activated
        from slice_people join unnest($1::text[], $2::uuid[]) as p(community, member_id)
            using (community, member_id)
        """,
        [community for community, _ in people],
        [member_id for _, member_id in people],
    )
    found: dict[MemberKey, dict[Slice, Part]] = defaultdict(dict)
    for row in rows:
        found[row["community"], row["member_id"]][Slice(row["kind"], row["value"])] = Part(
            tuple(row["days"]), tuple(row["events"]), row["is_new"], row["channel"], row["is_activated"]
        )
    return found


async def put_parts(conn: Connection, *, parts: Mapping[MemberKey, Mapping[Slice, Part]]) -> None:
    """Keep what people do in slices as it is counted now; what they do not do any more is not kept."""
    all_of_them = [(*key, *slice_, part) for key, those in sorted(parts.items()) for slice_, part in those.items()]
    gone = [row[:4] for row in all_of_them if not row[4].days]
    if gone:
        await conn.execute(
            """
            delete from slice_people s using unnest($1::text[], $2::uuid[], $3::text[], $4::text[])
                as g(community, member_id, kind, value)
            where s.community = g.community and s.member_id = g.member_id and s.kind = g.kind
                and s.value = g.value
            """,
            *(list(column) for column in zip(*gone, strict=True)),
        )
    await conn.executemany(
        """
        insert into slice_people as s
            (community, member_id, kind, value, days, events, is_new, channel, is_activated)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (member_id, community, kind, value) do update
        set days = excluded.days, events = excluded.events, is_new = excluded.is_new,
            channel = excluded.channel, is_activated = excluded.is_activated
        """,
        [
            (*names, list(part.days), list(part.events), part.is_new, part.channel, part.is_activated)
            for *names, part in all_of_them
            if part.days
        ],
    )


async def add_slice_figures(conn: Connection, *, changes: Mapping[tuple[str, Slice, Key], int]) -> None:
    """Move the figures of slices, in the order of their keys. What is of nobody any more goes, with its value."""
    ordered = sorted(changes)
    keys = (
        [community for community, _, _ in ordered],
        [slice_.kind for _, slice_, _ in ordered],
        [slice_.value for _, slice_, _ in ordered],
        [str(key.figure) for _, _, key in ordered],
        [key.channel for _, _, key in ordered],
        [key.day for _, _, key in ordered],
        [key.number for _, _, key in ordered],
    )
    await conn.execute(
        """
        insert into slice_figures as f (community, kind, value, figure, channel, day, number, people)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::int[],
                             $8::bigint[])
        on conflict (community, kind, value, figure, channel, day, number)
            do update set people = f.people + excluded.people
        """,
        *keys,
        [changes[place] for place in ordered],
    )
    if any(number < 0 for number in changes.values()):
        await conn.execute(
            """
            delete from slice_figures f
            using unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::int[])
                as g(community, kind, value, figure, channel, day, number)
            where f.community = g.community and f.kind = g.kind and f.value = g.value and f.figure = g.figure
                and f.channel = g.channel and f.day = g.day and f.number = g.number and f.people = 0
            """,
            *keys,
        )


async def load_sizes(
    conn: Connection, *, community: str, kind: str, limit_count: int, after: str | None = None
) -> dict[str, int]:
    """Slices of a kind by their values, behind one, and how many people were ever active in each."""
    rows = await conn.fetch(
        """
        select value, people from slice_figures
        where community = $1 and kind = $2 and day = $3 and figure = 'member' and people > 0
            and ($4::text is null or value > $4)
        order by value limit $5
        """,
        community,
        kind,
        EVER,
        after,
        limit_count,
    )
    return {row["value"]: row["people"] for row in rows}


async def count_members(conn: Connection, *, community: str, of: Slice) -> int:
    """How many people were ever active in a slice."""
    found: int = await conn.fetchval(
        """
        select coalesce(sum(people), 0)::bigint from slice_figures
        where community = $1 and kind = $2 and value = $3 and figure = 'member' and channel = '' and day = $4
        """,
        community,
        *of,
        EVER,
    )
    return found


async def page_of_slices(
    conn: Connection, *, community: str, kind: str, by: PeriodBy, span: Span, after: str | None, limit_count: int
) -> list[SliceFigures]:
    """Slices of a kind by their values, with what was done in each in a week or month."""
    values = await load_sizes(conn, community=community, kind=kind, after=after, limit_count=limit_count)
    figures: dict[str, dict[str, int]] = defaultdict(dict)
    for row in await conn.fetch(
        """
        select value, figure, sum(people)::bigint as people from slice_figures
        where community = $1 and kind = $2 and value = any($3::text[])
            and ((figure = any($4::text[]) and day = $5) or (figure = any($6::text[]) and day between $5 and $7))
        group by 1, 2
        """,
        community,
        kind,
        list(values),
        [f"{by}_{part}" for part in _PARTS],
        span.starts_on,
        [Figure.EVENTS, Figure.ACTIVE, Figure.NEWCOMER, Figure.ACTIVATED],
        span.ends_on,
    ):
        figures[row["value"]][row["figure"]] = row["people"]
    return [
        SliceFigures(
            value,
            members,
            Growth(**{part: figures[value].get(f"{by}_{part}", 0) for part in _PARTS}),
            events=figures[value].get(Figure.EVENTS, 0),
            member_days=figures[value].get(Figure.ACTIVE, 0),
            newcomers=figures[value].get(Figure.NEWCOMER, 0),
            activated=figures[value].get(Figure.ACTIVATED, 0),
        )
        for value, members in values.items()
    ]
