"""The SQL of what programmes ask, and of events after which somebody is to be asked."""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.ingest.triggers.domain import DeclaredSurveys, Trigger
from shared.contracts.programme import Surveys
from shared.postgres import Connection


async def put_declared(
    conn: Connection, *, community: str, version: int, effective_from: datetime, surveys: Surveys | None
) -> None:
    """Remember what a version of a community's programme asks."""
    await conn.execute(
        """
        insert into declared_surveys (community, version, effective_from, surveys)
        values ($1, $2, $3, $4::jsonb) on conflict do nothing
        """,
        community,
        version,
        effective_from,
        None if surveys is None else surveys.model_dump_json(exclude_none=True),
    )


async def load_declared(
    conn: Connection, *, now: datetime, communities: Collection[str] | None = None
) -> dict[str, DeclaredSurveys]:
    """What the version of each community that is in force asks; of all communities where none are named."""
    rows = await conn.fetch(
        """
        select distinct on (community) community, version, surveys::text as surveys
        from declared_surveys where ($1::text[] is null or community = any($1)) and effective_from <= $2
        order by community, version desc
        """,
        None if communities is None else sorted(communities),
        now,
    )
    return {row["community"]: DeclaredSurveys(row["version"], _read(row["surveys"])) for row in rows}


async def load_versions(
    conn: Connection, *, versions: Collection[tuple[str, int]]
) -> dict[tuple[str, int], Surveys | None]:
    """What versions ask, by community and number."""
    rows = await conn.fetch(
        """
        select d.community, d.version, d.surveys::text as surveys
        from unnest($1::text[], $2::int[]) as k(community, version)
        join declared_surveys d using (community, version)
        """,
        [community for community, _ in versions],
        [version for _, version in versions],
    )
    return {(row["community"], row["version"]): _read(row["surveys"]) for row in rows}


async def add_triggers(conn: Connection, *, triggers: Sequence[Trigger]) -> None:
    """Note after which events somebody is to be asked; of those that wait already the first stays."""
    ordered = sorted(set(triggers))
    await conn.execute(
        """
        insert into survey_triggers (community, survey_id, member_id, event_uid, happened_at)
        select * from unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[], $5::timestamptz[])
        on conflict (community, survey_id, member_id) do nothing
        """,
        *([list(column) for column in zip(*ordered, strict=True)] or [[], [], [], [], []]),
    )


async def take_triggers(conn: Connection, *, limit_count: int) -> list[Trigger]:
    """Take triggers of every community that has some, so many of each: nobody's wait behind another's."""
    rows = await conn.fetch(
        """
        with of_each as (
            select o.* from (select distinct community from survey_triggers) c
            cross join lateral (
                select community, survey_id, member_id from survey_triggers s
                where s.community = c.community order by survey_id, member_id limit $1) o)
        delete from survey_triggers s using of_each e
        where s.community = e.community and s.survey_id = e.survey_id and s.member_id = e.member_id
        returning s.community, s.survey_id, s.member_id::text, s.event_uid::text, s.happened_at
        """,
        limit_count,
    )
    return sorted(Trigger(*row) for row in rows)


def _read(text: str | None) -> Surveys | None:
    return None if text is None else Surveys.model_validate_json(text)
