"""The SQL of what is reported and decided."""

from collections.abc import Sequence
from datetime import datetime

from services.analytics.guidelines.domain import Figures
from shared.contracts.facts import CaseChanged, GuidelinesAccepted
from shared.postgres import Connection


async def put_cases(conn: Connection, *, cases: Sequence[CaseChanged]) -> None:
    """Keep what became of cases, as the highest revision has it; when one was first decided stays."""
    for fact in sorted(cases, key=lambda one: (one["data"]["case_id"], one["data"]["revision"])):
        data = fact["data"]
        await conn.execute(
            """
            insert into guideline_cases as c (community, case_id, revision, state, member_id, category, reports,
                                              opened_at, due_at, decided_at, first_decided_at, first_due_at,
                                              appealed_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $9, $11)
            on conflict (case_id, community) do update set revision = excluded.revision, state = excluded.state,
                member_id = excluded.member_id, category = excluded.category, reports = excluded.reports,
                opened_at = excluded.opened_at, due_at = excluded.due_at, decided_at = excluded.decided_at,
                first_decided_at = least(c.first_decided_at, excluded.decided_at),
                first_due_at = least(c.first_due_at, excluded.due_at),
                appealed_at = coalesce(c.appealed_at, excluded.appealed_at),
                appeal_decided_at = coalesce(
                    c.appeal_decided_at,
                    case when c.appealed_at is not null and excluded.state = any(array['upheld', 'overturned'])
                    then $12::timestamptz end)
            where excluded.revision > c.revision
            """,
            fact["community"],
            data["case_id"],
            data["revision"],
            data["state"],
            data.get("member_id"),
            data.get("category"),
            data["reports"],
            data["opened_at"],
            data["due_at"],
            data.get("decided_at"),
            fact["time"] if data["state"] == "appealed" else None,
            fact["time"],
        )


async def add_acceptances(conn: Connection, *, accepted: Sequence[GuidelinesAccepted]) -> None:
    """Keep who accepted which version when, the first time."""
    for fact in accepted:
        data = fact["data"]
        await conn.execute(
            """
            insert into guideline_acceptances as a (community, member_id, version, accepted_at)
            values ($1, $2, $3, $4)
            on conflict (community, member_id, version) do update
                set accepted_at = least(a.accepted_at, excluded.accepted_at)
            """,
            fact["community"],
            data["member_id"],
            data["version"],
            data["accepted_at"],
        )


async def load_figures(conn: Connection, *, community: str, since: datetime, until: datetime) -> Figures:
    """The figures of what was opened from a time on, until before another. A person who is merged is one."""
    row = await conn.fetchrow(
        """
        with opened as (
            select c.*, coalesce(m.head_id, c.member_id) as person_id from guideline_cases c
            left join merges m on m.community = c.community and m.member_id = c.member_id
            where c.community = $1 and c.opened_at >= $2 and c.opened_at < $3 and c.state <> 'withdrawn'),
        upheld as (
            select person_id, count(*) as cases from opened
            where state in ('upheld', 'appealed') and person_id is not null group by 1)
        select count(*)::int as opened, count(first_decided_at)::int as decided,
            (count(*) filter (where state in ('upheld', 'appealed')))::int as upheld,
            (count(*) filter (where state = 'dismissed'))::int as dismissed,
            (count(*) filter (where state = 'overturned'))::int as overturned,
            (count(*) filter (where state in ('open', 'appealed')))::int as waiting,
            (count(*) filter (where coalesce(first_decided_at, now()) > first_due_at))::int as late,
            percentile_cont(0.5) within group (order by extract(epoch from first_decided_at - opened_at))
                as median_seconds,
            percentile_cont(0.9) within group (order by extract(epoch from first_decided_at - opened_at))
                as ninth_decile_seconds,
            (select count(*) from upheld)::int as members,
            (select count(*) from upheld where cases > 1)::int as repeat_members,
            (select count(distinct member_id) from guideline_acceptances
             where community = $1 and accepted_at >= $2 and accepted_at < $3)::int as accepted
        from opened
        """,
        community,
        since,
        until,
    )
    assert row is not None  # noqa: S101 -- sums have a row
    return Figures(*row)
