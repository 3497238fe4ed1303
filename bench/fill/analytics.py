"""Fills analytics' tables alone, inside PostgreSQL: what events of a year leave there, ten million in minutes.

`bench.fill` writes what all services would have written, row by row from Python. Here one statement a table does,
of members with the same skew, so that figures can be asked of communities that would take hours else.
"""

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg

from bench.fill.totals import AFTER
from bench.growth import indexes_of
from plaudit.stack import StackState
from shared.postgres import database_url, role_name

#: Events for each member; of a few members there is much, of most little.
EVENTS_A_MEMBER: Final = 50
DAYS: Final = 365
LONG_SECONDS: Final = 7_200.0
#: On disk with indexes, as measured; the table that all others are made of; and PostgreSQL's log of changes.
EVENT_BYTES: Final = 1_100
DRAWN_BYTES: Final = 150
LOG_BYTES: Final = 2 * 2**30
Say = Callable[[str], None]
AUDIENCES: Final = ("helpers", "makers", "regulars")
#: What analytics reads of the programme.
DOCUMENT: Final = {
    "audiences": [{"id": one, "title": one.title()} for one in AUDIENCES],
    "rules": [],
    "surveys": {"ask": [{"id": "recommend", "title": "Would you recommend us?", "kind": "nps"}]},
}

#: Row n of each: who did what when. $1 is the community, $2 how many events in a year, $3 how many members, $4 its
#: end, $5 of how many of its days there are any.
_DRAWN: Final = f"""
    select n, md5('event' || $1 || n)::uuid as uid,
        $4::timestamptz - (n + 1) * (interval '{DAYS} days' / $2) as at,
        md5('member' || $1
            || floor($3 * power((hashint8extended(n, 1) & 1048575) / 1048576.0, 3))::int)::uuid as who,
        md5('member' || $1
            || floor($3 * power((hashint8extended(n, 2) & 1048575) / 1048576.0, 3))::int)::uuid as whom,
        abs(hashint8extended(n, 3) % 100) as kind, abs(hashint8extended(n, 4) % 200) as topic,
        (hashint8extended(n, 5) & 1048575) / 1048576.0 as luck
    from generate_series(0, ($2 * $5 / 365) - 1) as n
"""
_KINDS: Final = """
    case when kind < 50 then 'chat.message.v1' when kind < 70 then 'forum.reply.v1'
        when kind < 80 then 'forum.post.v1' when kind < 96 then 'content.read.v1' else 'in_person.check_in.v1' end
"""
_CHANNELS: Final = "case when kind < 50 then 'chat' when kind < 96 then 'forum' else 'in_person' end"
FILL: Final = (
    f"""
    create unlogged table drawn as
    select n, uid, at, who, nullif(whom, who) as whom, topic, luck, {_KINDS} as type, {_CHANNELS} as channel
    from ({_DRAWN}) d
    """,
    """
    insert into followed_members (community, member_id, revision, name)
    select $1, md5('member' || $1 || n)::uuid, 1, 'Member ' || n from generate_series(0, $3 - 1) as n
    """,
    """
    insert into events (community, event_uid, received_at, event_time, member_id, reply_member_id, channel, type,
        source, event_id)
    select $1, uid, at, at, who, case when type = 'forum.reply.v1' then whom end, channel, type,
        'https://filled.example.org', 'e-' || n
    from drawn
    """,
    """
    insert into response_questions (community, question_uid, channel, asked_at, asker_id, answered_at, answerer_id,
        is_first, topic)
    select $1, uid, channel, at, who, answered_at, case when answered_at is not null then whom end,
        row_number() over (partition by who order by at) = 1, 'Topic ' || topic
    from (
        select *, case when luck < 0.8 and whom is not null
            then least(at + luck * luck * luck * interval '10 days', $4::timestamptz) end as answered_at
        from drawn where type = 'forum.post.v1') q
    """,
    """
    insert into tone_days (community, day, channel, type, model, language, tone, texts)
    select $1, (at at time zone 'UTC')::date, channel, type, 'words-1', (array['en', 'it', 'de'])[1 + topic % 3],
        (array['positive', 'positive', 'negative', 'undecided', 'left_out'])[1 + n % 5], count(*)
    from drawn where type in ('chat.message.v1', 'forum.reply.v1', 'forum.post.v1') group by 2, 3, 4, 6, 7
    """,
    """
    insert into tie_days (community, day, kind, from_id, to_id, times)
    select $1, (at at time zone 'UTC')::date, 'answers', who, whom, count(*)
    from drawn where type = 'forum.reply.v1' and whom is not null group by 2, 4, 5
    """,
    """
    insert into audience_turns (community, audience_id, member_id, revision, is_in, since)
    select $1, (array['helpers', 'makers', 'regulars'])[1 + n % 3], md5('member' || $1 || n)::uuid, 1, true,
        $4::timestamptz - interval '400 days'
    from generate_series(0, $3 - 1) as n
    """,
    """
    insert into topic_events (community, member_id, event_time, event_uid, topic)
    select $1, who, at, uid, 'Topic ' || topic from drawn
    where type in ('forum.reply.v1', 'forum.post.v1', 'content.read.v1')
    """,
    """
    insert into content_events (community, event_uid, channel, host, item_id, does)
    select $1, uid, channel, '', 'e-' || n, 'makes' from drawn where type in ('forum.reply.v1', 'forum.post.v1')
    """,
    # Some are read by many: what is read is one of a hundredth of what there is.
    """
    insert into content_items (community, item_id, channel, host, month, reads, readers, responses, responders,
        resonance)
    select $1, 'e-' || item, 'forum', '', month, reads, readers, responders, responders,
        greatest(0, (share + 3.84 / (2 * readers) - 1.96 * sqrt(share * (1 - share) / readers
            + 3.84 / (4.0 * readers * readers))) / (1 + 3.84 / readers))
    from (
        select *, responders::float8 / readers as share
        from (
            select floor($2 / 100 * luck * luck)::bigint as item,
                date_trunc('month', at at time zone 'UTC')::date as month, count(*) as reads,
                count(distinct who) as readers, count(distinct who) filter (where n % 7 = 0) as responders
            from drawn where type = 'content.read.v1' group by 1, 2) r) shares
    """,
    # One event in a hundred has its member asked, of whom a third answer, each with a chat message.
    """
    insert into survey_asked (community, invitation_id, survey_id, member_id, trigger, asked_on)
    select $1, uid, 'recommend', who, 'asked-' || n, (at at time zone 'UTC')::date from drawn where n % 100 = 0
    """,
    """
    insert into survey_answers (community, event_uid, invitation_id, survey_id, answered_on, answer)
    select $1, uid, uid, 'recommend', (at at time zone 'UTC')::date, (topic % 11)::text
    from drawn where n % 300 = 0
    """,
    # One post in twenty suggests something; of two in three another event says three days later what became of it.
    """
    insert into idea_events (community, event_uid, channel, host, item_id, status)
    select $1, uid, 'forum', '', 'e-' || n, null from drawn where n % 20 = 0 and type = 'forum.post.v1'
    union all
    select $1, md5('event' || $1 || (n - 7 - 20 * ($2 / 2400)))::uuid, 'forum', '', 'e-' || n,
        (array['planned', 'done'])[1 + topic % 2]
    from drawn where n % 20 = 0 and n % 3 <> 0 and n >= 20 + 20 * ($2 / 2400) and type = 'forum.post.v1'
    """,
    """
    insert into rejections (community, fact_id, source, event_id, outcome, reason, rejected_at, receipt_id,
        receipt_index)
    select $1, 'rejected-' || n, 'https://filled.example.org', 'rejected-' || n, 'rejected',
        (array['Its time is too far in the past', 'The actor has no id', 'Its type is not known'])[1 + topic % 3],
        at, 'receipt-' || n / 100, n % 100
    from drawn where n % 50 = 0
    """,
    """
    insert into rule_days (community, day, rule_id, points, awards, taken_back)
    select $1, (at at time zone 'UTC')::date, type, 3 * count(*), count(*), 0 from drawn group by 2, 3
    """,
    """
    insert into grants (community, grant_id, member_id, award_id, kind, name, title, event_time, granted_at)
    select $1, uid, who, uid, 'badge', 'badge-' || topic % 10, 'Badge', at, at from drawn where n % 100 = 50
    """,
)
#: Filled by sorting, not row by row.
BY_SORTING: Final = (
    "events",
    "response_questions",
    "tie_days",
    "audience_turns",
    "topic_events",
    "content_events",
    "content_items",
    "survey_asked",
    "survey_answers",
    "idea_events",
    "rejections",
    "grants",
)


def needed_bytes(events_count: int) -> int:
    """The disk that so many events take while they are written."""
    return events_count * (EVENT_BYTES + DRAWN_BYTES) + min(LOG_BYTES, events_count * EVENT_BYTES)


async def fill_analytics(
    state: StackState, community: str, events_count: int, *, days: int = DAYS, say: Say
) -> None:
    """Fill analytics' tables with a community of so many events a year; `say` is told what is done.

    Of the year there are the last `days`: what is asked of them alone finds as many rows as in the whole.

    People, months and slices are marked: the service that runs counts them, as it counts whoever changed.
    """
    began, members_count = time.monotonic(), max(1, events_count // EVENTS_A_MEMBER)
    ends_at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    given: list[Any] = [community, events_count, members_count, ends_at, days]
    admin = await asyncpg.connect(
        database_url(state.postgres_admin_url, role_name("analytics")), command_timeout=LONG_SECONDS
    )
    try:
        await admin.execute(
            "set maintenance_work_mem = '1GB'; set work_mem = '512MB'; set synchronous_commit = off;"
            "drop table if exists drawn"
        )
        # In one transaction: where it is ended half-way, tables are as before, with their indexes.
        async with admin.transaction():
            async with _without_indexes(admin):
                for statement in FILL:
                    await _run(admin, statement, given)
                    say(f"{time.monotonic() - began:7.1f} s  {' '.join(statement.split()[:3])}")
            await admin.execute("drop table drawn")
            for statement in AFTER["analytics"]:
                await _run(admin, statement, given)
                say(f"{time.monotonic() - began:7.1f} s  {' '.join(statement.split()[:3])}")
            await admin.execute(
                "insert into programmes (community, version, programme_id, effective_from, published_by, document)"
                " values ($1, 1, 'filled', $2, 'bench', $3)",
                community,
                ends_at - timedelta(days=DAYS),
                json.dumps(DOCUMENT),
            )
        await admin.execute("vacuum analyze")
    finally:
        await admin.close()


@asynccontextmanager
async def _without_indexes(admin: asyncpg.Connection) -> AsyncIterator[None]:
    """Make the indexes of the largest tables anew at the end: sorting is quicker than row by row."""
    made = {table: await indexes_of(admin, table) for table in BY_SORTING}
    for table, (key, others) in made.items():
        await admin.execute(f"alter table {table} drop constraint {key['conname']}")
        for index in others:
            await admin.execute(f"drop index {index['indexname']}")
    yield
    for table, (key, others) in made.items():
        await admin.execute(f"alter table {table} add constraint {key['conname']} {key['def']}")
        for index in others:
            await admin.execute(index["indexdef"])


async def is_filled(state: StackState, community: str) -> bool:
    """Whether analytics has anything of the community."""
    admin = await asyncpg.connect(database_url(state.postgres_admin_url, role_name("analytics")))
    try:
        return bool(await admin.fetchval("select exists (select from programmes where community = $1)", community))
    finally:
        await admin.close()


async def _run(admin: asyncpg.Connection, statement: str, given: list[Any]) -> None:
    """Run a statement with those of the values that it names."""
    for number, value in reversed(list(enumerate(given, 1))):
        shown = f"'{value}'" if isinstance(value, str) else f"'{value.isoformat()}'" if number == 4 else str(value)
        statement = statement.replace(f"${number}", shown)
    await admin.execute(statement)
