"""The SQL of what surveys asked, and of what was answered."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import orjson

from services.analytics.feedback.domain import Answers, AskedSurvey, Cell, SurveyPlace
from shared.calendars import Span
from shared.contracts.facts import SurveyAsked, SurveyCounted
from shared.postgres import Connection


class GivenAnswer(NamedTuple):
    """An answer, as the event says it that tells of it."""

    community: str
    event_uid: str
    invitation_id: str
    survey_id: str
    answered_on: date
    answer: str


async def add_asked(conn: Connection, *, asked: Sequence[SurveyAsked]) -> None:
    """Keep who was asked; what is known stays as it is."""
    data = [(fact["community"], fact["data"]) for fact in asked]
    await conn.execute(
        """
        insert into survey_asked (community, invitation_id, survey_id, member_id, trigger, asked_on)
        select * from unnest($1::text[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::date[])
        on conflict do nothing
        """,
        [community for community, _ in data],
        [one["invitation_id"] for _, one in data],
        [one["survey"] for _, one in data],
        [one["member_id"] for _, one in data],
        [one["trigger"] for _, one in data],
        [one["asked_on"] for _, one in data],
    )


async def add_blocks(conn: Connection, *, counted: Sequence[SurveyCounted]) -> None:
    """Keep anonymous answers that were counted together; what is known stays as it is."""
    data = [(fact["community"], fact["data"]) for fact in counted]
    await conn.execute(
        """
        insert into survey_blocks (community, block_id, survey_id, counted_on, answers)
        select * from unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::jsonb[])
        on conflict do nothing
        """,
        [community for community, _ in data],
        [one["block_id"] for _, one in data],
        [one["survey"] for _, one in data],
        [one["counted_on"] for _, one in data],
        [orjson.dumps(one["answers"]).decode() for _, one in data],
    )


async def add_answers(conn: Connection, *, answers: Sequence[GivenAnswer]) -> None:
    """Keep what was answered; what is known stays as it is."""
    await conn.execute(
        """
        insert into survey_answers (community, event_uid, invitation_id, survey_id, answered_on, answer)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::date[], $6::text[])
        on conflict do nothing
        """,
        *(list(column) for column in zip(*answers, strict=True)),
    )


async def page_of_surveys(
    conn: Connection, *, community: str, after: SurveyPlace | None, limit: int, survey_id: str | None = None
) -> list[AskedSurvey]:
    """The surveys of all versions that took effect, each as the newest has it, in the order of their ids."""
    rows = await conn.fetch(
        """
        select * from (
            select distinct on (s.one ->> 'id') s.one ->> 'id' as survey_id, s.one ->> 'title' as title,
                s.one ->> 'kind' as kind, coalesce((s.one ->> 'anonymous')::boolean, false) as is_anonymous
            from programmes p
            cross join lateral jsonb_array_elements(coalesce(p.document -> 'surveys' -> 'ask', '[]')) as s(one)
            where p.community = $1 and p.effective_from <= now()
            order by s.one ->> 'id', p.version desc) newest
        where ($2::text is null or survey_id > $2) and ($4::text is null or survey_id = $4)
        order by survey_id limit $3
        """,
        community,
        None if after is None else after.survey_id,
        limit,
        survey_id,
    )
    return [AskedSurvey(*row) for row in rows]


async def load_answers(conn: Connection, *, community: str, survey_id: str, days: Span) -> list[Answers]:
    """How often which answer was given on which day.

    A person who is several members, and was asked as each of them on one occasion, answers once: the last counts,
    whether it is of these days or of others. Nobody answers a year after somebody else was asked on that occasion.
    """
    rows = await conn.fetch(
        """
        with given as (
            select distinct on (coalesce(m.head_id, q.member_id, a.invitation_id),
                                coalesce(q.trigger, a.invitation_id::text)) a.answered_on, a.answer
            from survey_answers a
            join events e using (community, event_uid)
            left join survey_asked q using (community, invitation_id)
            left join merges m on m.community = q.community and m.member_id = q.member_id
            where a.community = $1 and a.survey_id = $2
                and a.answered_on between $3::date - 366 and $4::date + 366 and e.retracted_by is null
            order by coalesce(m.head_id, q.member_id, a.invitation_id),
                coalesce(q.trigger, a.invitation_id::text), e.event_time desc, a.event_uid)
        select answered_on as day, answer, count(*)::int from given
        where answered_on between $3 and $4 group by 1, 2
        union all
        select b.counted_on, o.key, sum(o.value::int)::int
        from survey_blocks b cross join lateral jsonb_each_text(b.answers) o
        where b.community = $1 and b.survey_id = $2 and b.counted_on between $3 and $4 group by 1, 2
        """,
        community,
        survey_id,
        *days,
    )
    return [Answers(*row) for row in rows]


async def count_asked(conn: Connection, *, community: str, survey_id: str, days: Span) -> dict[date, int]:
    """How many were asked on which day. A person who is several members was asked once on one occasion, first."""
    rows = await conn.fetch(
        """
        select asked_on, count(*)::int from (
            select min(q.asked_on) as asked_on from survey_asked q
            left join merges m on m.community = q.community and m.member_id = q.member_id
            where q.community = $1 and q.survey_id = $2 and q.asked_on between $3::date - 366 and $4
            group by coalesce(m.head_id, q.member_id), q.trigger) asked
        where asked_on between $3 and $4 group by 1
        """,
        community,
        survey_id,
        *days,
    )
    return {row[0]: row[1] for row in rows}


async def count_answers(conn: Connection, *, community: str, survey_id: str, days: Span, limit_count: int) -> int:
    """How many answers by name there are on some days; no more than so many are counted."""
    found: int = await conn.fetchval(
        """
        select count(*) from (
            select from survey_answers
            where community = $1 and survey_id = $2 and answered_on between $3 and $4 limit $5) counted
        """,
        community,
        survey_id,
        *days,
        limit_count,
    )
    return found


async def load_cells(
    conn: Connection, *, community: str, survey_id: str, days: Span, audiences: Sequence[str]
) -> list[Cell]:
    """How often which answer was given by name in each month, by the audiences in which whoever gave it was then.

    A person who is several members answers once, as for `load_answers`, and is in whatever audience one of them is
    who was asked, or who they are now.
    """
    rows = await conn.fetch(
        """
        with given as (
            select distinct on (coalesce(m.head_id, q.member_id, a.invitation_id),
                                coalesce(q.trigger, a.invitation_id::text))
                a.answered_on, a.answer, e.event_time, q.member_id, m.head_id
            from survey_answers a
            join events e using (community, event_uid)
            left join survey_asked q using (community, invitation_id)
            left join merges m on m.community = q.community and m.member_id = q.member_id
            where a.community = $1 and a.survey_id = $2
                and a.answered_on between $3::date - 366 and $4::date + 366 and e.retracted_by is null
            order by coalesce(m.head_id, q.member_id, a.invitation_id),
                coalesce(q.trigger, a.invitation_id::text), e.event_time desc, a.event_uid)
        select date_trunc('month', g.answered_on)::date as month, g.answer, s.audiences, count(*)::int
        from given g cross join lateral (
            select array(
                select distinct w.audience_id from (
                    select distinct on (t.member_id, t.audience_id) t.audience_id, t.is_in
                    from audience_turns t
                    where t.member_id in (g.member_id, g.head_id) and t.community = $1
                        and t.audience_id = any($5::text[]) and t.since <= g.event_time
                    order by t.member_id, t.audience_id, t.revision desc) w
                where w.is_in order by w.audience_id) as audiences) s
        where g.answered_on between $3 and $4
        group by 1, 2, 3
        """,
        community,
        survey_id,
        *days,
        list(audiences),
    )
    return [Cell(*row) for row in rows]
