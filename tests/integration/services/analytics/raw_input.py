"""A community's raw input in DuckDB, and what others' SQL says of it: nothing here is the platform's."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import duckdb

from tests.integration.services.analytics.raw_network import BRIDGES, ISOLATED, PARTS, TIES

_TARGETING = ("activity.retracted.v1", "activity.restored.v1")
_COUNTS = """
    create table counts as
    with decided as (
        select target, arg_max(kind, (time, id)) as kind from facts where target is not null group by 1
    )
    select coalesce(m.into_member, f.member) as person, f.time, f.channel, f.type, f.id, f.uid,
        f.replies_to, f.tone, f.language, f.topic, f.about, coalesce(t.into_member, f.turns_to) as turns_to,
        timezone($zone, f.time)::date as day
    from facts f left join merged m using (member) left join merged t on t.member = f.turns_to
        left join decided d on d.target = f.id
    where f.target is null and not f.is_bots and coalesce(d.kind, 'activity.restored.v1') = 'activity.restored.v1'
"""
_GROWTH = """
    with active as (select distinct person, date_trunc($by, day)::date as period from counts),
    firsts as (select person, min(period) as period from active group by 1),
    periods as (
        select unnest(generate_series(date_trunc($by, $first::date), date_trunc($by, $last::date),
                                      to_days(0) + case $by when 'week' then interval 7 day
                                                            else interval 1 month end))::date as period
    )
    select period,
        (select count(*) from active a where a.period = p.period),
        (select count(*) from firsts f where f.period = p.period),
        (select count(*) from active a join active b using (person)
         where a.period = p.period and b.period = date_trunc($by, p.period - 1)),
        (select count(*) from active b where b.period = date_trunc($by, p.period - 1)
            and person not in (select person from active a where a.period = p.period))
    from periods p order by 1
"""
_COHORTS = """
    with active as (select distinct person, date_trunc($by, day)::date as period from counts),
    firsts as (select person, min(period) as cohort from active group by 1)
    select cohort, date_diff($by, cohort, period) as later, count(*)
    from active join firsts using (person) group by 1, 2 having later < $periods order by 1, 2
"""
_CURVE = """
    with ages as (
        select person, day, day - min(day) over (partition by person) as age,
            min(day) over (partition by person) as first
        from counts where person is not null
    )
    select n, (select count(distinct person) from ages where age = n and first between $first and $last),
        (select count(distinct person) from ages where age >= n and first between $first and $last),
        (select count(distinct person) from ages where first between $first and $last)
    from unnest([0, 1, 7, 14, 30, 90]) t(n) order by 1
"""
_SILENCES = """
    with days as (select distinct person, day from counts),
    gaps as (
        select person, day + 31 as left_on, lead(day) over (partition by person order by day) as back from days
    )
    select date_trunc($by, left_on)::date as period, count(*),
        count(*) filter (where back < left_on + 30)
    from gaps where back is null or back >= left_on group by 1 order by 1
"""
_ACTIVATION = """
    with joined as (
        select person, min(time) as at, min(day) as day, arg_min(channel, (time, channel)) as channel
        from counts group by 1
    )
    select date_trunc($by, j.day)::date as period, j.channel, count(*),
        count(*) filter (where exists (
            select 1 from counts c
            where c.person = j.person and c.type not in ('chat.reaction.v1', 'member.joined.v1')
                and c.time < timezone($zone, timezone($zone, j.at) + interval 14 day)))
    from joined j group by 1, 2 order by 1, 2
"""
_WAITS = """
    with answers as (
        select f.time as asked, f.id, min(r.time) as answered, arg_min(r.person, (r.time, r.uid)) as answerer
        from counts f left join counts r
            on r.replies_to = f.id and r.time >= f.time and r.person <> f.person and r.channel = f.channel
        where f.type = 'forum.post.v1' group by 1, 2
    ),
    waits as (
        select *, ceil(epoch(answered - asked))::bigint as seconds, timezone($zone, asked)::date as day
        from answers
    )
"""
_RESPONSES = f"""{_WAITS}
    select date_trunc('month', day)::date as period, count(*), count(answered),
        count(*) filter (where seconds <= 86400),
        min(seconds) filter (where place >= half), quantile_disc(seconds, 0.5)
    from (
        select *, row_number() over (partition by date_trunc('month', day) order by seconds nulls last) as place,
            count(*) over (partition by date_trunc('month', day)) / 2.0 as half
        from waits
    ) group by 1 order by 1
"""
_TOPICS = f"""{_WAITS}
    select coalesce(c.topic, ''), count(*), count(*) filter (where answered is null), count(distinct c.person),
        count(distinct c.person) filter (where answered is null)
    from waits w join counts c using (id) group by 1 order by 3 desc, 2 desc, 1
"""
_OPEN = f"{_WAITS} select id from waits where answered is null order by asked, id"
_ANSWERERS = f"""{_WAITS},
    people as (select answerer, count(*) as answers from waits where answerer is not null group by 1),
    placed as (
        select *, sum(answers) over (order by answers desc, answerer) as reached, sum(answers) over () as total,
            row_number() over (order by answers desc, answerer) as place
        from people
    )
    select count(*), min(place) filter (where reached * 2 >= total) from placed
"""
_KNOWING = f"""{_WAITS}
    select w.answerer, count(*), max(w.answered), sum(0.5 ** (epoch($now::timestamptz - w.answered) / 86400 / 180))
    from waits w join counts c using (id)
    where c.topic = $topic and w.answerer is not null group by 1 order by 4 desc, 1
"""
_INTERESTS = """
    select topic, count(*) filter (where type <> 'content.read.v1'),
        count(*) filter (where type = 'content.read.v1'), max(time),
        sum(0.5 ** (epoch($now::timestamptz - time) / 86400 / 180))
    from counts where person = $person and topic <> '' group by 1 order by 5 desc, 1
"""
_EXPERTISE = f"""{_WAITS}
    select c.topic, count(*), max(w.answered), sum(0.5 ** (epoch($now::timestamptz - w.answered) / 86400 / 180))
    from waits w join counts c using (id)
    where w.answerer = $person and c.topic <> '' group by 1 order by 4 desc, 1
"""
_READ = """
    with uses as (
        select person, turns_to, coalesce(replies_to, about) as item, type = 'content.read.v1' as is_read
        from counts
        where type in ('content.read.v1', 'chat.reaction.v1', 'forum.reply.v1')
            and date_trunc('month', day) = $month
    ),
    people as (
        select item, person, count(*) filter (where is_read) as reads,
            count(*) filter (where not is_read) as responses
        from uses where person is distinct from turns_to group by 1, 2
    ),
    items as (
        select item, sum(reads) as reads, count(*) filter (where reads > 0) as n, sum(responses) as responses,
            count(*) filter (where reads > 0 and responses > 0) as k
        from people group by 1 having n > 0
    )
    select item, reads, n, responses, k,
        (p + z2 / (2 * n) - sqrt(z2 * (p * (1 - p) + z2 / (4 * n)) / n)) / (1 + z2 / n)
    from (select *, k / n as p, 3.8414588207 as z2 from items)
"""
_TONES = """
    select date_trunc('month', day)::date as period, count(*) filter (where tone = 'positive'),
        count(*) filter (where tone = 'negative'), count(*) filter (where tone = 'undecided'),
        count(*) filter (where tone = 'left_out')
    from counts where tone is not null and day between $first and $last group by 1 order by 1
"""
_TONES_BY_LANGUAGE = """
    select language, count(*) filter (where day >= $first and tone <> 'left_out'),
        sum(case tone when 'positive' then 1 when 'negative' then -1 else 0 end) filter (where day >= $first),
        count(*) filter (where day < $first and tone <> 'left_out'),
        sum(case tone when 'positive' then 1 when 'negative' then -1 else 0 end) filter (where day < $first)
    from counts where tone is not null and day between $before and $last group by 1 order by 1
"""
_LOVE = """
    with events as (
        select person, date_trunc('month', day)::date as month, count(*) as events
        from counts where person is not null group by 1, 2
    ),
    months as (select unnest(generate_series($first::date, $last::date, interval 1 month))::date as month),
    love as (
        select m.month, e.person, sum(e.events * 0.9 ** date_diff('month', e.month, m.month)) as love
        from months m join events e on e.month <= m.month group by 1, 2
    ),
    levels as (
        select *, case when love >= 1.5 - 1e-9 then 1 when love >= 1 - 1e-9 then 2 when love >= 0.5 - 1e-9 then 3
            else 4 end as level
        from love
    ),
    moves as (select *, lag(level) over (partition by person order by month) as before from levels)
"""
_ORBIT = f"""{_LOVE}
    select month, count(*) filter (where level = 1), count(*) filter (where level = 2),
        count(*) filter (where level = 3), count(*) filter (where level = 4),
        count(*) filter (where before is null), count(*) filter (where level < before),
        count(*) filter (where level > before)
    from moves group by 1 order by 1
"""
_MOVERS = f"""{_LOVE}
    select person, coalesce(before, 0), level from moves
    where month = $month and level is distinct from before order by 1
"""
_CONCENTRATION = """
    with people as (
        select date_trunc('month', day)::date as month, person, count(*) as events
        from counts where person is not null group by 1, 2
    ),
    placed as (
        select *, sum(events) over (partition by month order by events desc, person) as reached,
            row_number() over (partition by month order by events desc, person) as place,
            sum(events) over (partition by month) as total, count(*) over (partition by month) as members
        from people
    )
    select month, any_value(members), any_value(total), min(place) filter (where reached * 2 >= total),
        sum(events) filter (where place <= ceil(members / 10.0))
    from placed group by 1 order by 1
"""
_ONLY_AUDIENCE = """
    create or replace table counts as select e.* from everything e where exists (
        select 1 from persons p where p.person = e.person and (
            select arg_max(t.is_in, t.revision) from turns t
            where t.member = p.member and t.audience = $value
                and t.since < timezone($zone, (e.day + 1)::timestamp)))
"""
_ONLY_SAID = """
    create or replace table counts as select e.* from everything e where $value = (
        select arg_max(s.value, (s.since, s.said_at, s.value)) from said s join persons p using (member)
        where p.person = e.person and s.name = $kind and s.since < timezone($zone, (e.day + 1)::timestamp))
"""
_ONLY_CHANNEL = "create or replace table counts as select * from everything where channel = $value"
_NEW_IN_IT = """
    with joined as (
        select person, min(time) as at, min(day) as day, arg_min(channel, (time, channel)) as channel
        from everything group by 1
    )
    select date_trunc($by, j.day)::date as period, j.channel, count(*),
        count(*) filter (where exists (
            select 1 from everything c
            where c.person = j.person and c.type not in ('chat.reaction.v1', 'member.joined.v1')
                and c.time < timezone($zone, timezone($zone, j.at) + interval 14 day)))
    from joined j
    where exists (select 1 from counts c where c.person = j.person and c.day = j.day)
        and ($kind <> 'channel' or j.channel = $value)
    group by 1, 2 order by 1, 2
"""
_DONE_IN_IT = """
    select count(*), count(distinct person), count(distinct (person, day))
    from counts where date_trunc('month', day) = $month
"""
_ACTIVITY = """
    select date_trunc($by, day)::date as period, coalesce(channel, ''), count(*), count(distinct person)
    from counts group by grouping sets ((1, channel), (1)) order by 1, 2
"""
_TYPES = "select date_trunc($by, day)::date as period, type, count(*) from counts group by 1, 2 order by 1, 2"
_STICKINESS = """
    with days as (select day, count(distinct person) as active from counts group by 1)
    select date_trunc('month', day)::date as month, sum(active), any_value(mau)
    from days join (
        select date_trunc('month', day)::date as m, count(distinct person) as mau from counts group by 1
    ) on m = date_trunc('month', day)
    group by 1 order by 1
"""
_ACQUISITION = """
    with joined as (
        select person, min(day) as day, arg_min(channel, (time, channel)) as channel from counts group by 1
    )
    select date_trunc($by, day)::date as period, channel, count(*) from joined group by 1, 2 order by 1, 2
"""
_QUESTIONS = {
    "activity": _ACTIVITY,
    "types": _TYPES,
    "stickiness": _STICKINESS,
    "acquisition": _ACQUISITION,
    "new in it": _NEW_IN_IT,
    "done in it": _DONE_IN_IT,
    "orbit": _ORBIT,
    "movers": _MOVERS,
    "concentration": _CONCENTRATION,
    "ties": TIES,
    "bridges": BRIDGES,
    "parts": PARTS,
    "isolated": ISOLATED,
    "tones": _TONES,
    "tones by language": _TONES_BY_LANGUAGE,
    "responses": _RESPONSES,
    "open": _OPEN,
    "topics": _TOPICS,
    "knowing": _KNOWING,
    "read": _READ,
    "interests": _INTERESTS,
    "expertise": _EXPERTISE,
    "answerers": _ANSWERERS,
    "growth": _GROWTH,
    "cohorts": _COHORTS,
    "curve": _CURVE,
    "silences": _SILENCES,
    "activation": _ACTIVATION,
}


class RawInput:
    """Facts as a platform sent them, in one zone; `merged` says which member is another's in the end."""

    def __init__(self, facts: Iterable[Mapping[str, Any]], merged: Mapping[str, str], zone: str) -> None:
        self.zone = zone
        self.sql = duckdb.connect()
        self.sql.execute(
            "create table facts (id text, uid text, member text, time timestamptz, channel text, type text,"
            " target text, kind text, is_bots boolean, replies_to text, tone text, language text,"
            " turns_to text, topic text, about text)"
        )
        rows = {fact["uid"]: self._row(fact) for fact in facts}
        self.sql.executemany(
            "insert into facts values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", list(rows.values())
        )
        self.sql.execute("update facts set target = (select id from facts f where f.uid = facts.target)")
        self.sql.execute("create table merged (member text, into_member text)")
        if merged:
            self.sql.executemany("insert into merged values (?, ?)", list(merged.items()))
        self.sql.execute(_COUNTS, {"zone": zone})
        self.sql.execute("create table everything as select * from counts")
        self.sql.execute(
            "create table turns (member text, audience text, revision int, is_in boolean, since timestamptz)"
        )
        self.sql.execute(
            "create table said (member text, name text, since timestamptz, said_at timestamptz, value text)"
        )

    def hear(self, turns: Iterable[Mapping[str, Any]], members: Iterable[Mapping[str, Any]]) -> None:
        """What was told of audiences, and of members by their last revisions."""
        rows = [
            (data["member_id"], data["audience"], data["revision"], kind == "audience.entered.v1", data["since"])
            for kind, data in ((one["type"], one["data"]) for one in turns)
        ]
        self.sql.executemany("insert into turns select distinct * from (select ?, ?, ?, ?, ?)", rows)
        values = [
            (one["data"]["member_id"], said["name"], said["since"], said["said_at"], said["value"])
            for one in members
            for said in one["data"]["dated"]
        ]
        if values:
            self.sql.executemany("insert into said values (?, ?, ?, ?, ?)", values)
        self.sql.execute(
            "create or replace table persons as select member, coalesce(m.into_member, member) as person from ("
            "select member from facts union select member from turns union select member from said) a"
            " left join merged m using (member)"
        )

    def only(self, kind: str, value: str) -> None:
        """Have what follows be asked of a slice alone: what was done in it, as of its day."""
        text = {"audience": _ONLY_AUDIENCE, "channel": _ONLY_CHANNEL}.get(kind, _ONLY_SAID)
        given = {"zone": self.zone, "kind": kind, "value": value}
        self.sql.execute(text, {name: one for name, one in given.items() if f"${name}" in text})

    @staticmethod
    def _row(fact: Mapping[str, Any]) -> tuple[Any, ...]:
        at: datetime = fact["time"]
        decides = fact["type"] if fact["type"] in _TARGETING else None
        names = (fact["id"], fact["uid"], fact.get("member"), at, fact["data"]["channel"], fact["type"])
        answered = fact["data"].get("in_reply_to", {}).get("id")
        measures = fact["data"].get("measures", {})
        tone = (measures.get("tone"), measures.get("language"))
        turns_to = fact.get("replymember", fact.get("objectmember"))
        is_bots = "member" in fact.get("bots", "").split()
        if "replymember" in fact.get("bots", "").split():
            turns_to = None
        return (
            *names,
            fact.get("targetuid"),
            decides,
            is_bots,
            answered,
            *tone,
            turns_to,
            fact["data"].get("topic"),
            fact["data"].get("object", {}).get("id"),
        )

    def ask(self, question: str, **more: Any) -> list[tuple[Any, ...]]:
        """What the input says to a question."""
        text = _QUESTIONS[question]
        given = {"zone": self.zone, **more}
        return self.sql.execute(
            text, {name: value for name, value in given.items() if f"${name}" in text}
        ).fetchall()
