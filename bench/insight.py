"""What the pages of insight ask, with many activities: `python -m bench.insight --stack NAME --events 1000000`.

PostgreSQL fills analytics' tables itself, with what events of a year leave there; people and months are counted by
the service that runs. Then each question is asked over HTTP, as the pages ask it, beside its limit.
"""

import asyncio
import hashlib
import json
import os
import time
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, Final
from uuid import UUID

import asyncpg
import click
import httpx

from bench.factor import measure
from bench.fill.totals import AFTER
from bench.growth import indexes_of
from plaudit.access import issue_key
from plaudit.stack import StackState, load_state
from services.analytics.settings import Settings
from shared.postgres import database_url, role_name

WANTED_MS: Final = 100.0
ROUND_COUNT: Final = 5
#: Events for each member; of a few members there is much, of most little.
EVENTS_A_MEMBER: Final = 50
DAYS: Final = 365
LONG_SECONDS: Final = 7_200.0
ASK_SECONDS: Final = 60.0
AUDIENCES: Final = ("helpers", "makers", "regulars")

#: Row n of each: who did what when. $1 is the community, $2 how many events, $3 how many members, $4 their end.
_DRAWN: Final = f"""
    select n, md5('event' || $1 || n)::uuid as uid,
        $4::timestamptz - (n + 1) * (interval '{DAYS} days' / $2) as at,
        md5('member' || $1
            || floor($3 * power((hashint8extended(n, 1) & 1048575) / 1048576.0, 3))::int)::uuid as who,
        md5('member' || $1
            || floor($3 * power((hashint8extended(n, 2) & 1048575) / 1048576.0, 3))::int)::uuid as whom,
        abs(hashint8extended(n, 3) % 100) as kind, abs(hashint8extended(n, 4) % 200) as topic,
        (hashint8extended(n, 5) & 1048575) / 1048576.0 as luck
    from generate_series(0, $2 - 1) as n
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
)
_MORE: Final = (
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
)


def questions(today: datetime, *, most_active: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """What pages ask: a name, a path and its query. The most active member is who has most of everything."""

    def since(days: int) -> dict[str, str]:
        return {"from": f"{today - timedelta(days=days - 1):%F}", "to": f"{today:%F}"}

    weeks, months, month, quarter = since(91), since(342), since(30), since(90)
    slices = {
        f"{by} slices of a week": ("/v1/slices", {"by": by, "period": "week"}) for by in ("audience", "channel")
    }
    return {
        "growth by week": ("/v1/growth", {**weeks, "by": "week"}),
        "growth by month": ("/v1/growth", {**months, "by": "month"}),
        "growth of an audience": (
            "/v1/growth",
            {**weeks, "by": "week", "slice_by": "audience", "slice": "helpers"},
        ),
        "cohorts by week": ("/v1/cohorts", {**weeks, "by": "week", "periods": 13}),
        "cohorts by month": ("/v1/cohorts", {**months, "by": "month", "periods": 12}),
        "retention": ("/v1/retention", weeks),
        "silences": ("/v1/silences", {**weeks, "by": "week"}),
        "activation": ("/v1/activation", {**weeks, "by": "week"}),
        **slices,
        "acquisition by month": ("/v1/acquisition", {**months, "by": "month"}),
        "participation, 90 days": ("/v1/participation", {**quarter, "by": "day"}),
        "active members by month": ("/v1/active-members", {**months, "period": "month"}),
        "stickiness": ("/v1/stickiness", months),
        "channel mix": ("/v1/channel-mix", {**month, "by": "month"}),
        "concentration": ("/v1/concentration", months),
        "levels": ("/v1/orbit", months),
        "who changed level": ("/v1/orbit-moves", {"limit": 50}),
        "response times, 30 days": ("/v1/response-times", {**month, "by": "week"}),
        "response times, 90 days": ("/v1/response-times", {**quarter, "by": "week"}),
        "open questions": ("/v1/open-questions", {"limit": 20}),
        "open questions of a topic": ("/v1/open-questions", {"limit": 20, "topic": "Topic 7"}),
        "open questions of an audience": ("/v1/open-questions", {"limit": 20, "audience": "helpers"}),
        "topics of questions, 30 days": ("/v1/question-topics", month),
        "who could answer": ("/v1/topic-answerers", {"topic": "Topic 7"}),
        "what is read": ("/v1/read-content", {"limit": 20}),
        "what is read in a channel": ("/v1/read-content", {"limit": 20, "channel": "forum"}),
        "topics of the most active member": (f"/v1/members/{most_active}/topics", {}),
        "its sources": (f"/v1/members/{most_active}/topic-sources", {"topic": "Topic 7", "limit": 20}),
        "sentiment, 30 days": ("/v1/sentiment", {**month, "by": "week"}),
        "sentiment, 90 days": ("/v1/sentiment", {**quarter, "by": "week"}),
        "network, 7 days": ("/v1/network", since(7)),
        "ties, 7 days": ("/v1/ties", {**since(7), "limit": 500}),
        "bridging members, 7 days": ("/v1/bridging-members", {**since(7), "limit": 20}),
        "isolated newcomers, 30 days": ("/v1/isolated-newcomers", {**month, "limit": 20}),
        "scorecard": ("/v1/scorecard", {}),
        "goals": ("/v1/goals", {}),
        "the week": ("/v1/digests", {"limit": 1}),
        "summary": ("/v1/summary", {}),
    }


async def fill(state: StackState, community: str, events_count: int) -> float:
    """Fill analytics' tables with a community of so many events; the seconds that took."""
    began, members_count = time.monotonic(), max(1, events_count // EVENTS_A_MEMBER)
    ends_at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    given: list[Any] = [community, events_count, members_count, ends_at]
    admin = await asyncpg.connect(
        database_url(state.postgres_admin_url, role_name("analytics")), command_timeout=LONG_SECONDS
    )
    try:
        await admin.execute("set maintenance_work_mem = '1GB'; set work_mem = '512MB'; drop table if exists drawn")
        made = {table: await indexes_of(admin, table) for table in BY_SORTING}
        for table, (key, others) in made.items():
            await admin.execute(f"alter table {table} drop constraint {key['conname']}")
            for index in others:
                await admin.execute(f"drop index {index['indexname']}")
        for statement in (*FILL, *_MORE):
            await _run(admin, statement, given)
        for table, (key, others) in made.items():
            await admin.execute(f"alter table {table} add constraint {key['conname']} {key['def']}")
            for index in others:
                await admin.execute(index["indexdef"])
        await admin.execute("drop table drawn")
        for statement in AFTER["analytics"]:
            await _run(admin, statement, given)
        await admin.execute(
            "insert into programmes (community, version, programme_id, effective_from, published_by, document)"
            " values ($1, 1, 'filled', $2, 'bench', $3)",
            community,
            ends_at - timedelta(days=DAYS),
            json.dumps({"audiences": [{"id": one, "title": one.title()} for one in AUDIENCES], "rules": []}),
        )
        await admin.execute("vacuum analyze")
    finally:
        await admin.close()
    return time.monotonic() - began


async def _run(admin: asyncpg.Connection, statement: str, given: list[Any]) -> None:
    """Run a statement with those of the four values that it names."""
    for number, value in reversed(list(enumerate(given, 1))):
        shown = f"'{value}'" if isinstance(value, str) else f"'{value.isoformat()}'" if number == 4 else str(value)
        statement = statement.replace(f"${number}", shown)
    await admin.execute(statement)


async def counted(state: StackState, community: str, say: Any, *, is_large: bool) -> float:
    """Wait until the service has counted everybody, and the scorecard; the seconds that took."""
    began = time.monotonic()
    admin = await asyncpg.connect(database_url(state.postgres_admin_url, role_name("analytics")))
    try:
        while left := await admin.fetchval("select count(*) from retention_marks"):
            say(f"{left:,} people are to be counted")
            await asyncio.sleep(20)
        for table in ("scorecard_checks", "network_checks", "response_checks"):
            await admin.execute(f"update {table} set checked_at = null where community = $1", community)
        kept = "select exists (select from scorecard_gauges where community = $1 and measured_at > $2)"
        since = datetime.now(UTC)
        while is_large and not await admin.fetchval(kept, community, since):
            say("the scorecard is to be counted")
            await asyncio.sleep(10)
        await admin.execute("vacuum analyze")
    finally:
        await admin.close()
    return time.monotonic() - began


async def ask_all(state: StackState, community: str) -> dict[str, list[float]]:
    """Milliseconds of each question, over HTTP. Raises RuntimeError where one is not answered."""
    key = issue_key(state, community, "bench.insight", ["analytics:read"])["key"]
    took: dict[str, list[float]] = {}
    # The first of all members did most, by how they are drawn.
    most_active = str(UUID(hashlib.md5(f"member{community}0".encode(), usedforsecurity=False).hexdigest()))
    async with httpx.AsyncClient(
        base_url=state.service_urls["analytics"],
        headers={"Authorization": f"Bearer {key}"},
        timeout=ASK_SECONDS,
    ) as client:
        for name, (path, query) in questions(datetime.now(UTC), most_active=most_active).items():
            for number in range(ROUND_COUNT + 1):
                began = time.perf_counter()
                answer = await client.get(path, params=query)
                if number:
                    took.setdefault(name, []).append((time.perf_counter() - began) * 1000)
                if not answer.is_success:
                    click.echo(f"{answer.status_code}: {name}: {answer.text[:200]}")
                    took[name] = [float("inf")]
                    break
    return took


@click.command(epilog="Example: python -m bench.insight --stack insight --events 1000000 --yes")
@click.option("--stack", default="insight", show_default=True, help="A local stack that is up, for nothing else")
@click.option("--events", "events_count", type=click.IntRange(min=1_000), required=True, help="How many")
@click.option("--community", help="What it is called  [default: by the number]")
@click.option("--filled", is_flag=True, help="It is there already: ask alone")
@click.option("--yes", is_flag=True, help="Do not ask first")
def main(stack: str, events_count: int, community: str | None, filled: bool, yes: bool) -> None:
    """Fill a community's figures with that many events, and measure what pages of insight ask."""
    state, community = load_state(stack), community or f"insight-{events_count}"
    if not filled:
        if not yes:
            click.confirm(f"Fill stack '{stack}' with {events_count:,} events?", abort=True)
        # Of fewer members than that a scorecard is counted when it is asked.
        is_large = (
            events_count // EVENTS_A_MEMBER > Settings.model_fields["scorecard_live_members_max_count"].default
        )
        click.echo(f"filled after {asyncio.run(fill(state, community, events_count)):.0f} s")
        click.echo(f"counted after {asyncio.run(counted(state, community, click.echo, is_large=is_large)):.0f} s")
    before = measure().factor
    took = asyncio.run(ask_all(state, community))
    factor = (before + measure().factor) / 2
    bound = WANTED_MS / factor
    click.echo(
        f"\n{events_count:,} events; factor {factor:.2f}, load {os.getloadavg()[0]:.1f}: "
        f"{WANTED_MS:g} ÷ {factor:.2f} = {bound:.0f} ms a question"
    )
    for name, values in sorted(took.items(), key=lambda one: -median(one[1])):
        click.echo(f"{median(values):9.1f} ms  {'met' if median(values) <= bound else 'NOT MET':7}  {name}")


if __name__ == "__main__":
    main()
