"""The SQL of awards by hand."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from services.scoring.manual.domain import ManualAward, ManualPlace, ManualState
from services.scoring.programmes.store.versions import author_of
from shared.postgres import Connection

_COLUMNS = (
    "community",
    "manual_id",
    "member_id",
    "points",
    "reason",
    "title",
    "programme_id",
    "programme_version",
    "state",
    "award_id",
    "asked_at",
    "asked_by_person",
    "asked_by",
    "asked_by_credential",
    "decided_at",
    "decided_by_person",
    "decided_by",
    "decided_by_credential",
    "given_at",
    "reversed_at",
    "reversed_by_person",
    "reversed_by",
    "reversed_by_credential",
    "reversal_asked_at",
    "reversal_asked_by_person",
    "reversal_asked_by",
    "reversal_asked_by_credential",
)
_NAMES = ", ".join(_COLUMNS)
_PLACES = ", ".join(f"${place}" for place in range(1, len(_COLUMNS) + 1))


async def lock_person(conn: Connection, *, community: str, person_id: str) -> None:
    """Wait until nobody else counts or adds what this person gives; until the commit nobody else does."""
    await conn.execute(
        "select pg_advisory_xact_lock(hashtext('manual_awards'), hashtext($1))", f"{community}|{person_id}"
    )


async def add_award(conn: Connection, award: ManualAward) -> bool:
    """Store an award by hand; whether it was not there."""
    added = await conn.fetchval(
        f"insert into manual_awards ({_NAMES}) values ({_PLACES}) on conflict do nothing returning true",  # noqa: S608 -- constants
        *_values(award),
    )
    return bool(added)


async def set_award(conn: Connection, award: ManualAward) -> None:
    """Set what became of an award by hand, which is locked."""
    await conn.execute(
        """
        update manual_awards
        set state = $3, award_id = $4, given_at = $5, decided_at = $6, decided_by_person = $7, decided_by = $8,
            decided_by_credential = $9, reversed_at = $10, reversed_by_person = $11, reversed_by = $12,
            reversed_by_credential = $13, reversal_asked_at = $14, reversal_asked_by_person = $15,
            reversal_asked_by = $16, reversal_asked_by_credential = $17
        where community = $1 and manual_id = $2
        """,
        award.community,
        award.manual_id,
        award.state,
        award.award_id,
        award.given_at,
        award.decided_at,
        *(award.decided_by or (None, None, None)),
        award.reversed_at,
        *(award.reversed_by or (None, None, None)),
        award.reversal_asked_at,
        *(award.reversal_asked_by or (None, None, None)),
    )


async def lock_award(conn: Connection, *, community: str, manual_id: str) -> ManualAward | None:
    """An award by hand as it is, locked until the transaction ends."""
    row = await conn.fetchrow(
        "select * from manual_awards where community = $1 and manual_id = $2 for update", community, manual_id
    )
    return None if row is None else _award(row)


async def find_award(conn: Connection, *, community: str, manual_id: str) -> ManualAward | None:
    """An award by hand as it is."""
    row = await conn.fetchrow(
        "select * from manual_awards where community = $1 and manual_id = $2", community, manual_id
    )
    return None if row is None else _award(row)


async def sum_of_person(conn: Connection, *, community: str, person_id: str, since: datetime) -> int:
    """The points that a person asked to give and to take since then, added up, without what was declined."""
    points: int = await conn.fetchval(
        """
        select coalesce(sum(abs(points)), 0)::bigint from manual_awards
        where community = $1 and asked_by_person = $2 and asked_at >= $3 and state <> 'declined'
        """,
        community,
        person_id,
        since,
    )
    return points


async def points_of(conn: Connection, *, community: str, member_ids: Sequence[str]) -> int:
    """The points that members who are one person have of all awards, of those that can be spent."""
    points: int = await conn.fetchval(
        """
        select coalesce(sum(points), 0)::bigint from awards
        where community = $1 and member_id = any($2::uuid[]) and score is null
        """,
        community,
        list(member_ids),
    )
    return points


async def is_member(conn: Connection, *, community: str, member_id: str) -> bool:
    """Whether there is such a member, who was not forgotten."""
    found: bool = await conn.fetchval(
        """
        select exists (select from followed_members
                       where community = $1 and member_id = $2 and not is_erased)
        """,
        community,
        member_id,
    )
    return found


async def count_waiting(conn: Connection, *, community: str | None = None) -> int:
    """How many awards by hand, or reversals of them, wait for another person, in a community or in all."""
    count: int = await conn.fetchval(
        """
        select count(*) from manual_awards
        where (state = 'waiting' or state = 'given' and reversal_asked_at is not null)
            and ($1::text is null or community = $1)
        """,
        community,
    )
    return count


async def page_of_awards(
    conn: Connection,
    *,
    community: str,
    state: ManualState | None,
    member_ids: Sequence[str] | None,
    after: ManualPlace | None,
    limit: int,
) -> list[ManualAward]:
    """Awards by hand of a community, or of members who are one person; the newest first, beginning after one.

    Waiting are also those that somebody asked to take back.
    """
    rows = await conn.fetch(
        """
        select * from manual_awards
        where community = $1
            and ($2::text is null or state = $2
                 or $2 = 'waiting' and state = 'given' and reversal_asked_at is not null)
            and ($3::uuid[] is null or member_id = any($3))
            and ($4::timestamptz is null or (asked_at, manual_id) < ($4, $5::uuid))
        order by asked_at desc, manual_id desc limit $6
        """,
        community,
        state,
        None if member_ids is None else list(member_ids),
        *(after or (None, None)),
        limit,
    )
    return [_award(row) for row in rows]


async def page_of_given(
    conn: Connection, *, community: str, member_ids: Sequence[str], after: ManualPlace | None, limit: int
) -> list[ManualAward]:
    """What members who are one person got or lost by hand, also what was taken back; the newest first."""
    rows = await conn.fetch(
        """
        select * from manual_awards
        where community = $1 and member_id = any($2::uuid[]) and state in ('given', 'reversed')
            and ($3::timestamptz is null or (asked_at, manual_id) < ($3, $4::uuid))
        order by asked_at desc, manual_id desc limit $5
        """,
        community,
        list(member_ids),
        *(after or (None, None)),
        limit,
    )
    return [_award(row) for row in rows]


def _values(award: ManualAward) -> tuple[object, ...]:
    """The values of _COLUMNS, in their order."""
    nobody = (None, None, None)
    return (
        award.community,
        award.manual_id,
        award.member_id,
        award.points,
        award.reason,
        award.title,
        award.programme_id,
        award.programme_version,
        award.state,
        award.award_id,
        award.asked_at,
        *award.asked_by,
        award.decided_at,
        *(award.decided_by or nobody),
        award.given_at,
        award.reversed_at,
        *(award.reversed_by or nobody),
        award.reversal_asked_at,
        *(award.reversal_asked_by or nobody),
    )


def _award(row: Record) -> ManualAward:
    return ManualAward(
        community=row["community"],
        manual_id=str(row["manual_id"]),
        member_id=str(row["member_id"]),
        points=row["points"],
        reason=row["reason"],
        title=row["title"],
        programme_id=row["programme_id"],
        programme_version=row["programme_version"],
        state=ManualState(row["state"]),
        asked_at=row["asked_at"],
        asked_by=author_of(row, "asked_by"),
        award_id=None if row["award_id"] is None else str(row["award_id"]),
        given_at=row["given_at"],
        decided_at=row["decided_at"],
        decided_by=author_of(row, "decided_by") if row["decided_by"] else None,
        reversed_at=row["reversed_at"],
        reversed_by=author_of(row, "reversed_by") if row["reversed_by"] else None,
        reversal_asked_at=row["reversal_asked_at"],
        reversal_asked_by=author_of(row, "reversal_asked_by") if row["reversal_asked_by"] else None,
    )
