"""The SQL of what is known of the communities' rules."""

from collections.abc import Collection, Sequence
from datetime import datetime

import orjson

from services.ingest.costs.domain import RuleCounts, Version
from shared.postgres import Connection

#: Of each community the newest version that has begun, and those after it.
_WANTED = """
    select community, version, rule_counts from programme_rules r
    where community = any($1::text[]) and version >= coalesce((
        select max(version) from programme_rules
        where community = r.community and effective_from <= $2), 0)
"""


async def add_version(conn: Connection, *, version: Version, effective_from: datetime) -> None:
    """Remember a version; one that is known stays as it is."""
    await conn.execute(
        """
        insert into programme_rules (community, version, effective_from, rule_counts)
        values ($1, $2, $3, $4::jsonb)
        on conflict do nothing
        """,
        version.community,
        version.number,
        effective_from,
        orjson.dumps(version.rule_counts).decode(),
    )


async def forget_superseded(conn: Connection, *, communities: Sequence[str], now: datetime) -> None:
    """Forget the versions of communities, in order, that another has followed."""
    await conn.execute(
        f"""
        delete from programme_rules r where community = any($1::text[])
            and not exists (select from ({_WANTED}) w where w.community = r.community and w.version = r.version)
        """,  # noqa: S608 -- a constant
        communities,
        now,
    )


async def load_rule_counts(
    conn: Connection, *, communities: Collection[str], now: datetime
) -> dict[str, list[RuleCounts]]:
    """The counts of each community's version in force, and of those that will be; nothing of one without."""
    found: dict[str, list[RuleCounts]] = {}
    for row in await conn.fetch(_WANTED, list(communities), now):
        found.setdefault(row["community"], []).append(orjson.loads(row["rule_counts"]))
    return found
