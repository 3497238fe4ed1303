"""Who knows what: those who were the first to answer about a topic, as the SQL says."""

from datetime import datetime

from services.analytics.response_times.domain.knowing import ANSWERS_MAX_COUNT, Knowing
from shared.postgres import Connection


async def load_knowing(
    conn: Connection, *, community: str, topic: str, now: datetime, half_life_days: int, limit_count: int
) -> list[Knowing]:
    """Members who were the first to answer about a topic, who know most on top. Looked at are the latest answers.

    Who is on no board, wants no part in figures, is a bot or was erased is left out: whoever hides hides here, and
    whoever is one person with them; a bot takes nobody with it.
    """
    rows = await conn.fetch(
        """
        with latest as (
            select answerer_id, answered_at from response_questions
            where community = $1 and topic = $2 and answerer_id is not null and answered_at <= $3
            order by answered_at desc limit $5
        )
        select l.answerer_id::text as member_id, m.name, count(*) as answers, max(l.answered_at) as last_at,
            sum(power(0.5::float8, extract(epoch from $3 - l.answered_at)::float8 / 86400 / $4::int)) as weight
        from latest l
        left join followed_members m on m.community = $1 and m.member_id = l.answerer_id
        where not exists (
                select from figures_unwanted u where u.community = $1 and u.member_id = l.answerer_id)
            and not exists (
                select from merges g
                join figures_unwanted u on u.community = g.community and u.member_id = g.member_id
                where g.community = $1 and g.head_id = l.answerer_id)
            and not exists (
                select from merges g
                join followed_members f on f.community = g.community and f.member_id = g.member_id
                where g.community = $1 and g.head_id = l.answerer_id and f.off_boards and not f.bot)
            and not coalesce(m.off_boards, false) and not coalesce(m.bot, false)
            and not coalesce(m.is_erased, false)
        group by 1, 2 order by weight desc, member_id limit $6
        """,
        community,
        topic,
        now,
        half_life_days,
        ANSWERS_MAX_COUNT,
        limit_count,
    )
    return [Knowing(*row) for row in rows]
