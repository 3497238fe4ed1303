"""The SQL of the windows that claims have room in."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services.scoring.limits.domain.allotting import Window
from services.scoring.limits.store.members import MemberKey
from shared.postgres import Connection


async def load_windows(conn: Connection, *, names: Collection[bytes]) -> dict[bytes, Window]:
    """Windows by name; those of which nothing is known yet are empty."""
    rows = await conn.fetch(
        """
        select name, used, wanted, bound, last_rank, last_time, last_id, is_mixed, given_at
        from limit_windows where name = any($1::bytea[])
        """,
        list(names),
    )
    found = {name: Window() for name in names}
    for name, *window in rows:
        found[name] = _window(*window)
    return found


async def load_windows_and_waiting(
    conn: Connection, *, names: Collection[bytes], members: Sequence[MemberKey]
) -> tuple[dict[bytes, Window], set[MemberKey]]:
    """Windows by name, as `load_windows` has them, and those members who have claims still to be settled."""
    rows = await conn.fetch(
        """
        select name, used, wanted, bound, last_rank, last_time, last_id, is_mixed, given_at,
            null::text as community, null::uuid as limited_id
        from limit_windows where name = any($1::bytea[])
        union all
        select null, null, null, null, null, null, null, null, null, k.community, k.limited_id
        from unnest($2::text[], $3::uuid[]) as k(community, limited_id)
        where exists (select from claims c where c.limited_id = k.limited_id and c.community = k.community
                      and not c.is_settled)
        """,
        list(names),
        [community for community, _ in members],
        [member_id for _, member_id in members],
    )
    found = {name: Window() for name in names}
    waiting = set()
    for *window, community, limited_id in rows:
        if limited_id is None:
            found[window[0]] = _window(*window[1:])
        else:
            waiting.add((community, str(limited_id)))
    return found, waiting


def _window(
    used: int,
    wanted: int,
    bound: int | None,
    rank: int | None,
    time: datetime | None,
    last_id: str | None,
    is_mixed: bool,
    given_at: datetime | None,
) -> Window:
    last = None if rank is None or time is None or last_id is None else (rank, time, last_id)
    return Window(used, wanted, bound, last, is_mixed, given_at=given_at)


async def put_windows(conn: Connection, *, windows: Mapping[bytes, Window]) -> None:
    """Store the windows that have changed."""
    changed = [(name, window) for name, window in windows.items() if window.is_changed]
    if not changed:
        return
    await conn.execute(
        """
        insert into limit_windows as w (name, used, wanted, bound, is_mixed, last_rank, last_time, last_id,
                                        given_at)
        select * from unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::int[], $5::bool[], $6::int[],
                             $7::timestamptz[], $8::text[], $9::timestamptz[])
        on conflict (name) do update set used = excluded.used, wanted = excluded.wanted, bound = excluded.bound,
            is_mixed = excluded.is_mixed, given_at = excluded.given_at,
            last_rank = excluded.last_rank, last_time = excluded.last_time, last_id = excluded.last_id
        """,
        [name for name, _ in changed],
        [window.used for _, window in changed],
        [window.wanted for _, window in changed],
        [window.bound for _, window in changed],
        [window.is_mixed for _, window in changed],
        *([window.last and window.last[part] for _, window in changed] for part in range(3)),
        [window.given_at for _, window in changed],
    )
