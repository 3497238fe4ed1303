"""More questions to a raw input: surveys, suggestions, goals, practices and campaigns, in others' SQL."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from tests.integration.services.analytics.raw_input import RawInput

#: Two-sided 95 %: the normal quantile, and Student's by degrees of freedom from 1 (any table has them).
_Z = "1.959963984540054"
_STUDENT = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131),
    *(2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
    *(2.040, 2.037, 2.035, 2.032, 2.030, 2.028, 2.026, 2.024, 2.023, 2.021, 2.020, 2.018, 2.017, 2.015, 2.014),
)
#: What was not taken back, bots' too, with what RawInput has no column for.
_STANDS = """
    create table stands as
    with decided as (
        select target, arg_max(kind, (time, id)) as kind from facts where target is not null group by 1
    )
    select f.id, f.uid, f.time, f.channel, f.type, f.is_bots, f.replies_to, f.about, f.turns_to, s.*,
        coalesce(m.into_member, f.member) as person, timezone($zone, f.time)::date as day
    from facts f join specials s on s.of_uid = f.uid left join merged m using (member)
        left join decided d on d.target = f.id
    where f.target is null and coalesce(d.kind, 'activity.restored.v1') = 'activity.restored.v1'
"""
_SAID = """
    with given as (
        select s.day, s.score, row_number() over (
            partition by coalesce(m.into_member, a.member), a.trigger order by s.time desc, s.uid) as place
        from stands s join asked a on a.invitation = split_part(s.id, '/', 1)
            left join merged m on m.member = a.member
        where s.type = 'survey.response.v1' and s.source = 'urn:plaudit:surveys' and s.about = $survey
    ),
    months as (
        select date_trunc('month', day) as month, score, count(*) as times from given where place = 1 group by 1, 2
        qualify sum(times) over (partition by month) >= 5
    ),
    said as (
        select date_trunc($by, month)::date as period, sum(times) as n,
            sum(times) filter (where score >= 9) as up, sum(times) filter (where score <= 6) as down,
            sum(times) filter (where score >= 4) as happy, sum(times) filter (where score >= 5) as easy,
            sum(score * times) / sum(times) as mean, sum(score * score * times) as squares
        from months group by 1
    )
"""
_NPS = f"""{_SAID},
    shares as (
        select *, (coalesce(up, 0) + 0.75) / (n + 3) as more, (coalesce(down, 0) + 0.75) / (n + 3) as less
        from said
    ),
    widths as (select *, {_Z} * sqrt((more + less - (more - less) ** 2) / (n + 3)) as width from shares)
    select period, n, 100 * (coalesce(up, 0) - coalesce(down, 0)) / n,
        100 * greatest(-1, more - less - width), 100 * least(1, more - less + width)
    from widths order by 1 desc
"""
_CSAT = f"""{_SAID}
    select period, n, 100 * p, 100 * (p + {_Z} ** 2 / (2 * n) - half) / (1 + {_Z} ** 2 / n),
        100 * (p + {_Z} ** 2 / (2 * n) + half) / (1 + {_Z} ** 2 / n)
    from (
        select *, coalesce(happy, 0) / n as p, {_Z} * sqrt(p * (1 - p) / n + {_Z} ** 2 / (4 * n * n)) as half
        from said
    ) order by 1 desc
"""
_CES = f"""{_SAID}
    select period, n, mean, mean - half, mean + half, 100 * coalesce(easy, 0) / n
    from (select *, $student[n::int - 1] * sqrt((squares - n * mean * mean) / (n - 1) / n) as half from said)
    order by 1 desc
"""
_ASKED = """
    select date_trunc($by, asked_on)::date as period, count(*) from persons_asked where survey = $survey group by 1
"""
#: Suggestions with the first step that anybody took, and the first that closed them.
_IDEAS = """
    with ideas as (
        select s.uid, s.day, s.time, min(m.time) as answered,
            min(m.time) filter (where m.status in ('done', 'declined', 'duplicate', 'joined')) as closed
        from stands s left join stands m on m.type = 'idea.status_changed.v1' and m.status <> 'new'
            and m.about = s.about and m.host = s.host and m.channel = s.channel and m.time >= s.time
        where s.type = 'idea.suggested.v1' group by 1, 2, 3
    ),
"""
_LOOP = f"""{_IDEAS}
    waits as (
        select 'answered' as kind, date_trunc('month', day)::date as month,
            ceil(epoch(coalesce(answered, $now::timestamptz) - time)) as seconds, answered is not null as is_over
        from ideas
        union all
        select 'closed', date_trunc('month', day)::date,
            ceil(epoch(coalesce(closed, $now::timestamptz) - time)), closed is not null
        from ideas
    ),
    steps as (
        select w.kind, w.month, w.seconds, (
            select count(*) filter (where v.is_over and v.seconds = w.seconds) / count(*)
            from waits v where v.kind = w.kind and v.month = w.month and v.seconds >= w.seconds) as hazard
        from (select distinct kind, month, seconds from waits where is_over) w
    ),
    curves as (
        select *, product(1 - hazard) over (partition by kind, month order by seconds) as left_over from steps
    ),
    medians as (
        select month, min(seconds) filter (where kind = 'answered') as answer,
            min(seconds) filter (where kind = 'closed') as close
        from curves where left_over <= 0.5 + 1e-9 group by 1
    )
    select date_trunc('month', day)::date as month, count(*), count(answered), count(closed),
        count(*) filter (where answered <= time + interval 720 hour), any_value(m.answer), any_value(m.close)
    from ideas left join medians m on m.month = date_trunc('month', ideas.day) group by 1 order by 1 desc
"""
#: Weeks of seven days before today, as far back as anything was counted, and how unevenly it was.
_PACE = """
    with days as (
        select day from stands where $metric = 'mentions' and type = 'social.share.v1' and not is_bots
        union all
        select day from stands where $metric = 'suggestions_closed' and type = 'idea.status_changed.v1'
            and lower(status) in ('done', 'declined', 'duplicate')
        union all
        select day from stands where $metric = 'resolved_by_members' and type = 'forum.answer_accepted.v1'
            and is_helped
    ),
    weeks as (
        select back, (select count(*) from days where date_diff('day', day, $today::date) between 7 * back + 1
            and 7 * back + 7) as number
        from generate_series(0, 12) t(back)
    ),
    heard as (select * from weeks where back <= (select max(back) from weeks where number > 0)),
    spread as (
        select case when count(*) >= 8 then greatest(1, var_samp(number) / avg(number)) else 1 end as factor,
            case when count(*) >= 8 then count(*) else 0 end as weeks
        from heard
    ),
    counted as (
        select (select count(*) from days where day between $first and $today) as actual,
            (select count(*) from days where day >= $first and day < $today) as counted,
            date_diff('day', $first::date, $today::date) as over,
            date_diff('day', $first::date, $last::date) + 1 as days
    ),
    ahead as (
        select *, counted * (days - over) / over as rest, $target * over / days as expected,
            case when weeks = 0 then 1.959963984540054 else $student[weeks - 1] end as quantile,
            counted / factor + 0.5 as size, over / days as share
        from counted, spread
    ),
    chances as (
        select k, sum(exp(lgamma(k + size) - lgamma(size) - lgamma(k + 1) + size * ln(share)
            + k * ln(1 - share))) over (order by k) as below
        from ahead, generate_series(0, 3000) t(k)
    ),
    few as (
        select min(k) filter (where below >= 0.025) as low, min(k) filter (where below >= 0.975) as high
        from chances
    )
    select actual, expected, counted / expected, counted + rest,
        case when counted / factor >= 10
            then counted + greatest(0, rest - quantile * sqrt(factor * rest * (1 + (days - over) / over)))
            else counted + floor(low * factor) end,
        case when counted / factor >= 10
            then counted + rest + quantile * sqrt(factor * rest * (1 + (days - over) / over))
            else counted + ceil(high * factor) end,
        factor, weeks
    from ahead, few
"""
#: Questions with their first answers: posts by who asked, suggestions also by what became of them.
_ANSWERED = """
    with questions as (
        select *, case type when 'idea.suggested.v1' then about else id end as item from stands
        where type in ('forum.post.v1', 'idea.suggested.v1') and not is_bots
    ),
    answers as (
        select q.uid, r.time, r.uid as by_uid, case when not r.is_bots then r.person end as person
        from questions q join stands r on r.channel = q.channel and r.host = q.host and r.time >= q.time
            and r.person <> q.person and (not r.is_bots or r.type = 'idea.status_changed.v1')
            and ((r.type = 'forum.reply.v1' and r.replies_to = q.item)
                or (r.type = 'idea.status_changed.v1' and r.about = q.item))
    ),
    waits as (
        select q.*, ceil(epoch(a.time - q.time)) as seconds, a.person as answerer,
            row_number() over (partition by q.person order by q.time, q.uid) = 1 as is_first
        from questions q left join (
            select uid, min(time) as time, arg_min_null(person, (time, by_uid)) as person from answers group by 1
        ) a using (uid)
    ),
    asked as (
        select * from waits where time >= timezone($zone, $first::timestamp)
            and time < timezone($zone, ($last::date + 1)::timestamp)
    ),
    of_each as (select answerer, count(*) as n from asked where answerer is not null group by 1),
    placed as (
        select *, sum(n) over (order by n desc, answerer) as reached, sum(n) over () as total,
            row_number() over (order by n desc, answerer) as place
        from of_each
    ),
    curve as (
        select w.seconds, product(1 - d / r) over (order by w.seconds) as left_over
        from (
            select seconds, count(*) as d, (select count(*) from asked b
                where b.seconds is null or b.seconds >= a.seconds) as r
            from asked a where seconds is not null group by 1) w
    )
"""
_QUESTIONS_ASKED = f"""{_ANSWERED}
    select count(*), count(*) filter (where seconds <= 86400), count(*) filter (where is_first),
        count(*) filter (where is_first and seconds is not null),
        (select min(seconds) from curve where left_over <= 0.5 + 1e-9),
        (select min(place) from placed where reached * 2 >= total), (select any_value(total) from placed)
    from asked
"""
_SOLVED = """
    select count(*), count(*) filter (where exists (
        select 1 from stands r join stands a on a.type = 'forum.answer_accepted.v1' and a.about = r.id
        where r.type = 'forum.reply.v1' and r.replies_to = q.id
            and a.time >= q.time and a.time <= q.time + interval 168 hour))
    from stands q where q.type = 'forum.post.v1' and not q.is_bots
        and q.time + interval 168 hour >= timezone($zone, $first::timestamp)
        and q.time + interval 168 hour < timezone($zone, ($last::date + 1)::timestamp)
"""
_DUE_IDEAS = f"""{_IDEAS}
    due as (
        select * from ideas where time + interval 720 hour >= timezone($zone, $first::timestamp)
            and time + interval 720 hour < timezone($zone, ($last::date + 1)::timestamp)
    )
    select count(*), count(*) filter (where answered <= time + interval 720 hour) from due
"""
_CHANNELS = """
    select max(n), sum(n), sum(n) ** 2 / sum(n * n)
    from (select channel, count(*) as n from counts where day between $first and $last group by 1)
"""
#: Who was active in a week, each week of seven days by itself, and whom thanks reached in 90 days up to its end.
_THANKED = """
    with weeks as (
        select $last::date - 7 * back::int as ends_on from generate_series(0, $weeks - 1) t(back)
    ),
    active as (select distinct ends_on, person from weeks join counts on day between ends_on - 6 and ends_on),
    thanks as (
        select turns_to as person, day from counts
        where type in ('kudos.given.v1', 'forum.answer_accepted.v1') and turns_to <> person
    )
    select count(*), count(*) filter (where exists (
        select 1 from thanks t where t.person = active.person and t.day between ends_on - 89 and ends_on))
    from active where person is not null
"""
_ACTIVATED = """
    with joined as (select person, min(time) as at, min(day) as day from counts group by 1)
    select count(*), count(*) filter (where exists (
        select 1 from counts c where c.person = j.person and c.type not in ('chat.reaction.v1', 'member.joined.v1')
            and c.time < timezone($zone, timezone($zone, j.at) + interval 14 day)))
    from joined j where day between $first and $last and day + 14 <= $until
"""
_SURVEYED = """
    select (select count(*) from persons_asked where asked_on between $first and $last),
        (select count(*) from (
            select max(s.day) as day from stands s join asked a on a.invitation = split_part(s.id, '/', 1)
                left join merged m on m.member = a.member
            where s.type = 'survey.response.v1' and s.source = 'urn:plaudit:surveys'
            group by a.survey, a.trigger, coalesce(m.into_member, a.member)
        ) where day between $first and $last)
"""
#: Drawn by the first 64 bits of a sha256, and Newcombe's interval from two of Wilson.
_EFFECT = f"""
    with drawn as (
        select coalesce(m.into_member, member) as person,
            ('0x' || h[1:16])::ubigint % 10000 < $percent * 100 as is_out
        from (
            select distinct member, sha256(concat_ws(chr(31), 'holdout', $community, $campaign, member)) as h
            from facts where uid in (
                select uid from counts where day between $first::date - 90 and $first::date - 1)
        ) left join merged m using (member)
    ),
    persons as (select person, bool_or(is_out) as any_out, bool_and(is_out) as all_out from drawn group by 1),
    arms as (
        select count(*) filter (where not any_out) as n1, count(*) filter (where all_out) as n0,
            count(*) filter (where any_out and not all_out) as apart,
            count(*) filter (where not any_out and is_active) as x1,
            count(*) filter (where all_out and is_active) as x0
        from (select *, exists (select 1 from counts c where c.person = persons.person
            and c.day between $first and $last) as is_active from persons)
    ),
    wilson as (
        select *, x1 / n1 as p1, x0 / n0 as p0, {_Z} * sqrt(p1 * (1 - p1) / n1 + {_Z} ** 2 / (4 * n1 * n1)) as w1,
            {_Z} * sqrt(p0 * (1 - p0) / n0 + {_Z} ** 2 / (4 * n0 * n0)) as w0,
            1 + {_Z} ** 2 / n1 as s1, 1 + {_Z} ** 2 / n0 as s0,
            p1 + {_Z} ** 2 / (2 * n1) as c1, p0 + {_Z} ** 2 / (2 * n0) as c0
        from arms
    )
    select n1, x1, n0, x0, apart, 100 * (p1 - p0),
        100 * (p1 - p0 - sqrt((p1 - (c1 - w1) / s1) ** 2 + ((c0 + w0) / s0 - p0) ** 2)),
        100 * (p1 - p0 + sqrt(((c1 + w1) / s1 - p1) ** 2 + (p0 - (c0 - w0) / s0) ** 2))
    from wilson
"""
_MORE = {
    "nps": _NPS,
    "csat": _CSAT,
    "ces": _CES,
    "asked": _ASKED,
    "loop": _LOOP,
    "pace": _PACE,
    "questions": _QUESTIONS_ASKED,
    "solved": _SOLVED,
    "due ideas": _DUE_IDEAS,
    "channels": _CHANNELS,
    "thanked": _THANKED,
    "activated": _ACTIVATED,
    "surveyed": _SURVEYED,
    "effect": _EFFECT,
}


class RawOutcomes(RawInput):
    """The same input, with what was asked in surveys, and all that bots and statuses say."""

    def __init__(
        self,
        facts: Iterable[Mapping[str, Any]],
        merged: Mapping[str, str],
        zone: str,
        *,
        asked: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        given = list(facts)
        super().__init__(given, merged, zone)
        self.sql.execute("set timezone = 'UTC'")
        self.sql.execute(
            "create table specials (of_uid text, source text, host text, score int, status text, is_helped bool)"
        )
        rows = {
            fact["uid"]: (
                fact["uid"],
                fact["source"],
                fact["data"].get("host", ""),
                fact["data"].get("score"),
                fact["data"].get("status"),
                "objectmember" in fact
                and fact["objectmember"] != fact.get("member")
                and "objectmember" not in f"{fact.get('bots', '')} {fact.get('unearning', '')}".split(),
            )
            for fact in given
        }
        self.sql.executemany("insert into specials values (?, ?, ?, ?, ?, ?)", list(rows.values()))
        self.sql.execute(_STANDS, {"zone": zone})
        self.sql.execute(
            "create table asked (invitation text, survey text, member text, trigger text, asked_on date)"
        )
        names = ("invitation_id", "survey", "member_id", "trigger", "asked_on")
        if asked:
            self.sql.executemany(
                "insert into asked values (?, ?, ?, ?, ?)",
                [tuple(fact["data"][name] for name in names) for fact in asked],
            )
        self.sql.execute(
            "create table persons_asked as select survey, min(asked_on) as asked_on from asked left join merged m"
            " using (member) group by survey, trigger, coalesce(m.into_member, member)"
        )

    def find(self, question: str, **more: Any) -> list[tuple[Any, ...]]:
        """What the input says to one of these questions."""
        text = _MORE[question]
        given = {"zone": self.zone, "student": list(_STUDENT), **more}
        return self.sql.execute(
            text, {name: value for name, value in given.items() if f"${name}" in text}
        ).fetchall()

    def practices(self, first: date, last: date, until: date) -> dict[str, tuple[float | None, int]]:
        """Indicators of the days from `first` to `last`, seen from the day after `until`: value and cases."""
        days = {"first": first, "last": last}
        asked, in_time, firsts, firsts_answered, median, factor, answers = self.find("questions", **days)[0]
        solved, ideas = self.find("solved", **days)[0], self.find("due ideas", **days)[0]
        most, events, effective = self.find("channels", **days)[0]
        weeks = ((last - first).days + 1) // 7
        active, thanked = self.find("thanked", last=last, weeks=weeks)[0]
        due, activated = self.find("activated", **days, until=until)[0]
        surveyed, replied = self.find("surveyed", **days)[0]

        def share(number: int, of: int) -> tuple[float | None, int]:
            return (number / of if of else None, of)

        return {
            "newcomers_activated": share(activated, due),
            "largest_channel": share(most or 0, int(events or 0)),
            "effective_channels": (effective, int(events or 0)),
            "answers_absence_factor": (factor, int(answers or 0)),
            "questions_solved": share(solved[1], solved[0]),
            "median_response": (median, asked),
            "answered_in_time": share(in_time, asked),
            "first_question_answered": share(firsts_answered, firsts),
            "members_recognised": (
                thanked / active if active else None,
                max(1, round(active / weeks)) if active else 0,
            ),
            "survey_response": (None if replied > surveyed else share(replied, surveyed)[0], surveyed),
            "ideas_answered": share(ideas[1], ideas[0]),
        }
