"""Questions out: how long they waited, who answered, and which of them still wait."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import repeat
from typing import NamedTuple

from services.analytics.response_times.domain.report import Part
from services.analytics.response_times.domain.topics import Topic
from services.analytics.response_times.domain.waiting import ROUNDED_STEPS, Answerers, Waits
from shared.postgres import Connection


class Asked(NamedTuple):
    """Questions of a community that were asked from a time on, until before another; in one channel, or in all."""

    community: str
    since: datetime
    until: datetime
    channel: str | None = None


class QuestionPlace(NamedTuple):
    """A question's place in the queue."""

    asked_at: datetime
    question_uid: str


class OpenQuestion(NamedTuple):
    """A question that nobody answered."""

    question_uid: str
    channel: str
    asked_at: datetime
    asker_id: str
    asker_name: str | None
    is_first: bool
    source: str
    event_id: str
    type: str
    topic: str

    @property
    def place(self) -> QuestionPlace:
        """Its place in the queue."""
        return QuestionPlace(self.asked_at, self.question_uid)


_STEP = " ".join(
    [
        "case",
        *(f"when seconds >= {since} then {step}" for since, step in reversed(ROUNDED_STEPS)),
        "else 1 end",
    ]
)
_ASKED = "community = $1 and asked_at >= $2 and asked_at < $3 and ($4::text is null or channel = $4)"


def _is_in(audience: str) -> str:
    """Whether who asked `q` is in an audience now: who is merged is in what any of theirs is in."""
    return f"""exists (
        select from (
            select q.asker_id as member_id
            union all select m.member_id from merges m where m.community = $1 and m.head_id = q.asker_id) i
        where coalesce((
            select t.is_in from audience_turns t
            where t.member_id = i.member_id and t.community = $1 and t.audience_id = {audience}
                and t.since <= now()
            order by t.revision desc limit 1), false))"""  # noqa: S608


async def count_questions(conn: Connection, asked: Asked, *, limit_count: int) -> int:
    """How many questions there are, as far as `limit_count`."""
    found: int = await conn.fetchval(
        f"select count(*) from (select from response_questions where {_ASKED} limit $5) first",  # noqa: S608
        *asked,
        limit_count,
    )
    return found


async def load_waits(
    conn: Connection, asked: Asked, *, bounds: Sequence[datetime], now: datetime, within: timedelta
) -> dict[Part, Waits]:
    """How long questions waited, by the number of the period, from 1, that `bounds` begin, and by channel.

    Whole seconds: to the end of the one in which an answer came, and of those that somebody has waited `now`.
    """
    rows = await conn.fetch(
        f"""
        select period, channel, is_first,
            array_agg(seconds order by seconds) filter (where is_answered) as answered,
            array_agg(seconds order by seconds) filter (where not is_answered) as waiting,
            count(*) filter (where is_due) as due, count(*) filter (where is_due and is_answered) as due_answered,
            count(*) filter (where is_due and is_answered and seconds <= $7) as in_time
        from (
            select width_bucket(asked_at, $6::timestamptz[]) as period, channel, is_first,
                answered_at is not null as is_answered,
                asked_at <= $5::timestamptz - $7::bigint * interval '1 second' as is_due,
                coalesce(ceil(extract(epoch from answered_at - asked_at)),
                    floor(extract(epoch from greatest($5, asked_at) - asked_at)))::bigint as seconds
            from response_questions where {_ASKED}
        ) questions
        group by 1, 2, 3
        """,  # noqa: S608
        *asked,
        now,
        bounds,
        int(within.total_seconds()),
    )
    return {
        Part(row["period"], row["channel"], row["is_first"]): Waits(
            row["answered"] or (), row["waiting"] or (), row["due"], row["due_answered"], row["in_time"]
        )
        for row in rows
    }


async def load_rounded_waits(
    conn: Connection,
    asked: Asked,
    *,
    bounds: Sequence[datetime],
    now: datetime,
    within: timedelta,
) -> dict[Part, Waits]:
    """As `load_waits`, with waits that are rounded as ROUNDED_STEPS says.

    What is counted as in time is so by the second.
    """
    rows = await conn.fetch(
        f"""
        select period, channel, is_first, is_answered,
            (seconds + case when is_answered then step - 1 else 0 end) / step * step as seconds,
            count(*) as questions, count(*) filter (where is_due) as due,
            count(*) filter (where is_due and is_answered and seconds <= $7) as in_time
        from (
            select *, {_STEP} as step
            from (
                select width_bucket(asked_at, $6::timestamptz[]) as period, channel, is_first,
                    answered_at is not null as is_answered,
                    asked_at <= $5::timestamptz - $7::bigint * interval '1 second' as is_due,
                    coalesce(ceil(date_part('epoch', answered_at - asked_at)),
                        floor(date_part('epoch', greatest($5, asked_at) - asked_at)))::bigint as seconds
                from response_questions where {_ASKED} offset 0
            ) questions
            offset 0
        ) stepped
        group by 1, 2, 3, 4, 5 order by 5
        """,  # noqa: S608
        *asked,
        now,
        bounds,
        int(within.total_seconds()),
    )
    # `offset 0` above: else seconds are worked out for each step anew. Here hundreds of thousands of waits are put
    # together from some thousands of rows.
    found: defaultdict[Part, tuple[list[int], list[int], Counter[str]]] = defaultdict(lambda: ([], [], Counter()))
    for period, channel, is_first, is_answered, seconds, questions, due, in_time in rows:
        answered, waiting, counts = found[Part(period, channel, is_first)]
        (answered if is_answered else waiting).extend(repeat(seconds, questions))
        counts.update(due=due, due_answered=due if is_answered else 0, in_time=in_time)
    return {part: Waits(answered, waiting, **counts) for part, (answered, waiting, counts) in found.items()}


async def load_answerers(conn: Connection, asked: Asked) -> Answerers:
    """How many people were the first to answer so many questions."""
    rows = await conn.fetch(
        f"""
        select answers, count(*) as people
        from (
            select count(*) as answers from response_questions
            where {_ASKED} and answerer_id is not null group by answerer_id
        ) answerers
        group by 1
        """,  # noqa: S608
        *asked,
    )
    return Answerers(dict(map(tuple, rows)))


async def load_topics(conn: Connection, asked: Asked, *, audience: str | None) -> list[Topic]:
    """What was asked about, and by how many; by everybody, or by who is in an audience now."""
    rows = await conn.fetch(
        f"""
        select topic, sum(asked)::bigint, sum(unanswered)::bigint, count(*),
            count(*) filter (where unanswered > 0)
        from (
            select topic, asker_id, count(*) as asked, count(*) filter (where answered_at is null) as unanswered
            from response_questions q where {_ASKED} and ($5::text is null or {_is_in("$5")}) group by 1, 2
        ) askers
        group by 1
        """,  # noqa: S608
        *asked,
        audience,
    )
    return [Topic(*row) for row in rows]


async def page_of_open(
    conn: Connection,
    *,
    community: str,
    channel: str | None,
    topic: str | None,
    audience: str | None,
    after: QuestionPlace | None,
    limit_count: int,
) -> list[OpenQuestion]:
    """Questions that nobody answered, the oldest first."""
    rows = await conn.fetch(
        f"""
        select q.question_uid::text, q.channel, q.asked_at, q.asker_id::text, m.name as asker_name, q.is_first,
            e.source, e.event_id, e.type, q.topic
        from response_questions q
        join events e on e.event_uid = q.question_uid and e.community = q.community
        left join followed_members m on m.community = q.community and m.member_id = q.asker_id
        where q.community = $1 and q.answered_at is null and ($2::text is null or q.channel = $2)
            and ($3::timestamptz is null or (q.asked_at, q.question_uid) > ($3, $4::uuid))
            and ($6::text is null or q.topic = $6)
            and ($7::text is null or {_is_in("$7")})
        order by q.asked_at, q.question_uid limit $5
        """,  # noqa: S608
        community,
        channel,
        *(after or (None, None)),
        limit_count,
        topic,
        audience,
    )
    return [OpenQuestion(*row) for row in rows]
