"""The SQL of deeds."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from services.recognition.deeds.domain import Deed, Done, Window
from services.recognition.thresholds.domain import Due
from shared.postgres import Connection

#: Windows that are asked for at once.
WINDOWS_PIECE_COUNT: Final = 5_000


async def add_deeds(conn: Connection, *, deeds: Collection[Deed]) -> None:
    """Keep deeds; those that are there stay."""
    if not deeds:
        return
    await conn.execute(
        """
        insert into deeds (community, member_id, counter, event_uid, event_time, day)
        select * from unnest($1::text[], $2::uuid[], $3::text[], $4::uuid[], $5::timestamptz[], $6::date[])
        order by 2, 3, 4 on conflict do nothing
        """,
        *(list(column) for column in zip(*deeds, strict=True)),
    )


async def delete_deeds(conn: Connection, *, deeds: Collection[Deed]) -> None:
    """Delete deeds whose events were taken back."""
    if not deeds:
        return
    await conn.execute(
        """
        delete from deeds d using unnest($1::text[], $2::uuid[], $3::text[], $4::uuid[])
            as k(community, member_id, counter, event_uid)
        where d.community = k.community and d.member_id = k.member_id and d.counter = k.counter
            and d.event_uid = k.event_uid
        """,
        [deed.community for deed in deeds],
        [deed.member_id for deed in deeds],
        [deed.counter for deed in deeds],
        [deed.event_uid for deed in deeds],
    )


async def load_first(conn: Connection, *, community: str, windows: Sequence[Window]) -> list[list[Done]]:
    """The first deeds of each window, earliest first."""
    found: list[list[Done]] = [[] for _ in windows]
    for start in range(0, len(windows), WINDOWS_PIECE_COUNT):
        piece = windows[start : start + WINDOWS_PIECE_COUNT]
        rows = await conn.fetch(
            """
            select w.place, d.event_time, d.event_uid, d.day
            from unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::uuid[], $6::timestamptz[], $7::date[],
                        $8::date[], $9::int[])
                with ordinality
                as w(member_id, counter, after, after_uid, before, first_day, last_day, times, place)
            cross join lateral (
                select event_time, event_uid, day from deeds
                where community = $1 and member_id = w.member_id and counter = w.counter
                    and (event_time, event_uid) > (w.after, w.after_uid) and event_time < w.before
                    and day between w.first_day and w.last_day
                order by event_time, event_uid limit w.times) d
            order by w.place, d.event_time, d.event_uid
            """,
            community,
            *(list(column) for column in zip(*piece, strict=True)),
        )
        for row in rows:
            place = start + row["place"] - 1
            member_id = windows[place].member_id
            found[place].append(Done(row["event_time"], str(row["event_uid"]), row["day"], member_id))
    return found


async def drop_deeds(
    conn: Connection, *, community: str, head_ids: Collection[str], counters: Collection[str]
) -> None:
    """Delete what these persons did of any other counters."""
    await conn.execute(
        """
        delete from deeds where community = $1 and counter <> all($3::text[]) and (
            member_id = any($2::uuid[]) or member_id in (
                select member_id from merges where community = $1 and head_id = any($2::uuid[])))
        """,
        community,
        list(head_ids),
        list(counters),
    )


async def put_due(conn: Connection, *, due: Mapping[tuple[str, str], Due]) -> None:
    """Have these members' quests looked at again, by community and member."""
    keys = sorted(due)
    await conn.execute(
        """
        insert into quest_due as d (community, member_id, event_time, day, is_backfill)
        select * from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::date[], $5::boolean[])
        on conflict (community, member_id) do update
        set event_time = greatest(d.event_time, excluded.event_time),
            day = case when excluded.event_time > d.event_time then excluded.day else d.day end,
            is_backfill = d.is_backfill and excluded.is_backfill
        """,
        [community for community, _ in keys],
        [member_id for _, member_id in keys],
        [due[key].event_time for key in keys],
        [due[key].day for key in keys],
        [due[key].is_backfill for key in keys],
    )
