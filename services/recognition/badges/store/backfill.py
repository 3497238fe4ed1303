"""The SQL of how far the members of a community are by a new version."""

from typing import NamedTuple

from shared.postgres import Connection


class Passes(NamedTuple):
    """The version in force, and of each thing that is done for all members up to which id, and whether all are."""

    version: int = 0
    events_up_to: str | None = None
    events_done: bool = True
    numbers_up_to: str | None = None
    numbers_done: bool = True
    points_up_to: str | None = None
    points_done: bool = True


async def find_passes(conn: Connection, *, community: str) -> Passes:
    """How far each is; what has not begun is at no id."""
    row = await conn.fetchrow(
        """
        select f.version, f.evaluated_up_to, f.evaluated, c.evaluated_up_to as counting_up_to,
            coalesce(c.version = f.version, false) as counted,
            coalesce(c.version = f.version and c.evaluated, false) as counting_done,
            (select counted_up_to from counters k where k.community = f.community and counted_up_to is not null
             order by 1 limit 1) as events_up_to
        from programmes_in_force f left join counting c using (community) where f.community = $1
        """,
        community,
    )
    if row is None:
        return Passes()

    def text(value: object) -> str | None:
        return None if value is None else str(value)

    return Passes(
        row["version"],
        text(row["events_up_to"]),
        row["counted"],
        text(row["counting_up_to"]) if row["counted"] else None,
        row["counting_done"],
        text(row["evaluated_up_to"]),
        row["evaluated"],
    )
