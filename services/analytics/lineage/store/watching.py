"""The SQL that looks for what leads nowhere: awards of no event, grants of no award, lots of neither."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.analytics.lineage.domain.watching import QUALITY_RULE, Key, Link, Watch
from shared.pipeline.store import load_reports
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class _Looked:
    """A table's primary key, each column with its type, and what is so of a row that leads nowhere."""

    key: Mapping[str, str]
    is_lost: str

    @property
    def columns(self) -> str:
        """The key's columns."""
        return ", ".join(f"l.{name}" for name in self.key)

    @property
    def as_text(self) -> str:
        """The key as an array of texts."""
        return f"array[{', '.join(f'l.{name}::text' for name in self.key)}]"

    def of(self, array: str) -> str:
        """The values of such an array, each of its column's type."""
        return ", ".join(f"({array})[{place}]::{kind}" for place, kind in enumerate(self.key.values(), 1))


def _no(table: str, column: str, named: str) -> str:
    """That a row names nothing which is there."""
    return f"not exists (select from {table} t where t.community = l.community and t.{column} = l.{named})"


_NO_EVENT: Final = (
    "not exists (select from events t where t.community = l.community and t.event_uid = l.event_uid"
    " and t.received_at is not null)"
)
_NO_AWARD: Final = _no("awards", "award_id", "award_id")
_LOOKED: Final[Mapping[Link, _Looked]] = {
    # An award is of an event, or came with a grant; of what a person gave, and of good content, there is no event.
    # An amendment is of its award.
    Link.AWARDS: _Looked(
        {"award_id": "uuid", "community": "text"},
        f"""
        case when l.amends is not null then {_no("awards", "award_id", "amends")}
        else {_NO_EVENT} and {_no("grants", "grant_id", "event_uid")}
            and {_no("awards_by_hand", "award_id", "award_id")} and l.rule_id <> '{QUALITY_RULE}' end
        """,
    ),
    Link.GRANTS: _Looked(
        {"community": "text", "grant_id": "uuid"},
        f"""
        (l.award_id is not null and {_NO_AWARD} or l.event_uid is not null and {_NO_EVENT}
            or l.reverses is not null and {_no("grants", "grant_id", "reverses")})
        """,
    ),
    Link.PAYOUT_LOTS: _Looked(
        {"community": "text", "payout_id": "uuid", "part": "int", "position": "int"},
        f"({_NO_AWARD} or {_no('payouts', 'payout_id', 'payout_id')})",
    ),
    Link.REDEMPTION_LOTS: _Looked(
        {"community": "text", "redemption_id": "uuid", "part": "int", "position": "int"},
        f"({_NO_AWARD} or {_no('redemptions', 'redemption_id', 'redemption_id')})",
    ),
}


async def lock_watch(conn: Connection) -> Watch:
    """How far the looking is, for this transaction alone."""
    (row,) = await conn.fetch("select link, after, rounds, behind_at from lineage_watch for update")
    after = None if row["after"] is None else tuple(row["after"])
    return Watch(Link(row["link"]), after, row["rounds"], row["behind_at"])


async def set_watch(conn: Connection, watch: Watch) -> None:
    """Note how far the looking is."""
    await conn.execute(
        "update lineage_watch set link = $1, after = $2, rounds = $3, behind_at = $4",
        watch.link,
        watch.after,
        watch.rounds,
        watch.behind_at,
    )


async def find_end(conn: Connection, watch: Watch, *, rows_max_count: int) -> Key | None:
    """The key of the row so many on; None where the table has no more. Read by the key's index, and not sorted."""
    looked = _LOOKED[watch.link]
    beyond = "" if watch.after is None else f"where ({looked.columns}) > ({looked.of('$2::text[]')})"
    key = await conn.fetchval(
        f"""
        select {looked.as_text} as key from {watch.link} l {beyond}
        order by {looked.columns} offset $1 limit 1
        """,  # noqa: S608 -- an enum's and constants
        rows_max_count - 1,
        *(() if watch.after is None else (list(watch.after),)),
    )
    return None if key is None else tuple(key)


async def add_orphans(
    conn: Connection, watch: Watch, *, until: Key | None, at: datetime, limit_count: int
) -> None:
    """Note rows after the watch's place, up to and with `until`, that lead nowhere; so many at most."""
    looked = _LOOKED[watch.link]
    bounds, given = [looked.is_lost], []
    for key, sign in ((watch.after, ">"), (until, "<=")):
        if key is not None:
            given.append(list(key))
            bounds.append(f"({looked.columns}) {sign} ({looked.of(f'${3 + len(given)}::text[]')})")
    await conn.execute(
        f"""
        insert into lineage_orphans (community, link, key, found_at)
        select l.community, $1, {looked.as_text}, $2 from {watch.link} l
        where {" and ".join(bounds)} order by {looked.columns} limit $3
        on conflict do nothing
        """,  # noqa: S608 -- an enum's and constants
        watch.link,
        at,
        limit_count,
        *given,
    )


async def delete_arrived(conn: Connection) -> None:
    """Forget rows of which what they lead to has arrived since, and those that are gone."""
    for link, looked in _LOOKED.items():
        await conn.execute(
            f"""
            delete from lineage_orphans o where o.link = $1 and not exists (
                select from {link} l where ({looked.columns}) = ({looked.of("o.key")}) and {looked.is_lost})
            """,  # noqa: S608 -- an enum's and constants
            link,
        )


async def count_orphans(conn: Connection, *, found_before: datetime) -> dict[Link, int]:
    """How many rows of each table are known since before that moment to lead nowhere."""
    rows = await conn.fetch(
        "select link, count(*) as number from lineage_orphans where found_at <= $1 group by link", found_before
    )
    return dict.fromkeys(Link, 0) | {Link(row["link"]): row["number"] for row in rows}


async def find_behind_at(conn: Connection) -> datetime | None:
    """When records with links were last seen to wait for long; None where they never were."""
    found: datetime | None = await conn.fetchval("select behind_at from lineage_watch")
    return found


async def count_orphans_of(conn: Connection, *, community: str, found_before: datetime) -> dict[Link, int]:
    """The same of one community."""
    rows = await conn.fetch(
        """
        select link, count(*) as number from lineage_orphans
        where community = $1 and found_at <= $2 group by link
        """,
        community,
        found_before,
    )
    return dict.fromkeys(Link, 0) | {Link(row["link"]): row["number"] for row in rows}


async def find_oldest_seconds(conn: Connection, *, topics: Collection[str], now: datetime) -> float:
    """How old the oldest record of these topics may be that waits, in seconds; 0 where none is known."""
    reports = await load_reports(conn, now=now)
    waits = (report["topics"][topic]["oldest_seconds"] for _, report in reports for topic in topics)
    return max(waits, default=0.0)
