"""What the databases keep beside the facts, made of them where they are: totals, boards, days, balances."""

from typing import Final

from bench.fill.rows import COUNTED, USED

#: Before the rows come: $1 is the community.
BEFORE: Final = {
    "recognition": (
        f"create unlogged table if not exists {COUNTED} (member_id uuid not null, points int not null,"
        " rule_id text not null, event_time timestamptz not null, award_id uuid not null)",
        f"truncate {COUNTED}",
    ),
    "rewards": (
        f"create unlogged table if not exists {USED} (account_id uuid not null, owner uuid not null,"
        " kind text not null, currency text not null)",
        f"truncate {USED}",
    ),
}

#: With the rows of a piece of events, and committed with them: what was booked is chained soon, with its accounts.
WITH_A_PIECE: Final = {
    "rewards": (
        f"""
        insert into accounts (community, account_id, owner, kind, currency)
        select distinct $1, account_id, owner, kind, currency from {USED}
        on conflict (community, account_id) do nothing
        """,
        f"truncate {USED}",
    ),
}

_LEVELS = "(values ('newcomer', 'Newcomer', 0), ('regular', 'Regular', 50), ('pillar', 'Pillar', 500))"
_GRANT_ID = "md5($1 || member_id::text || l.id)::uuid"

#: After them, in this order; each takes the community as $1. A run that is repeated adds nothing twice.
AFTER: Final = {
    "ingest": (
        """
        insert into communities (community, has_events, calendar)
        values ($1, true, '[{"time_zone": "UTC", "week_start": "monday"}]')
        on conflict (community) do update set has_events = true
        """,
    ),
    "scoring": (),
    "recognition": (
        f"""
        with by_rule as (
            select member_id, rule_id, sum(points) as points, count(*) as number,
                max(award_id::text) as last_award_id
            from {COUNTED} group by 1, 2)
        insert into members (community, member_id, points, awards_by_rule, standing, last_award_id, version)
        select $1, m.member_id, m.points, m.awards_by_rule,
            (select jsonb_object_agg('level:' || l.id, jsonb_build_array({_GRANT_ID}, l.title))
             from {_LEVELS} l(id, title, least) where m.points >= l.least),
            m.last_award_id, 1
        from (
            select member_id, sum(points)::bigint as points, jsonb_object_agg(rule_id, number) as awards_by_rule,
                max(last_award_id)::uuid as last_award_id
            from by_rule group by 1) m
        """,
        *(
            f"""
            insert into board_points (community, period, starts_on, member_id, points)
            select $1, '{period}', date_trunc('{period}', event_time at time zone 'UTC')::date, member_id,
                sum(points)
            from {COUNTED} group by 3, 4
            """
            for period in ("week", "month")
        ),
        f"""
        insert into grants (community, grant_id, member_id, kind, name, title, award_id, event_time,
            programme_version, granted_at)
        select $1, {_GRANT_ID}, member_id, 'level', l.id, l.title, award_id, event_time, 1, event_time
        from (
            select member_id, award_id, event_time,
                sum(points) over (partition by member_id order by event_time, award_id) as total, points
            from {COUNTED}) a
        join {_LEVELS} l(id, title, least)
            on total >= greatest(l.least, 1) and total - points < greatest(l.least, 1)
        """,
        """
        insert into holders (community, kind, name, members)
        select $1, kind, name, count(*) from grants where community = $1 group by 2, 3
        on conflict (community, kind, name) do update set members = excluded.members
        """,
        f"drop table {COUNTED}",
    ),
    "rewards": (
        f"drop table {USED}",
        """
        insert into balances (community, account_id, amount)
        select $1, account_id, sum(amount) from entries where community = $1 group by 2
        """,
        """
        insert into member_sums (community, kind, currency, accounts, amount)
        select $1, a.kind, a.currency, count(*), sum(b.amount)
        from accounts a join balances b using (community, account_id)
        where a.community = $1 and a.owner is not null group by 2, 3
        """,
        """
        insert into turnovers (community, starts_at, kind, currency, account_id, accounts, debit, credit, folded)
        select $1, e.starts_at, a.kind, a.currency, case when a.owner is null then a.account_id end,
               count(*) filter (where a.owner is not null and e.is_first), sum(e.debit), sum(e.credit), true
        from (
            select account_id, date_bin('15 minutes', recorded_at, '2000-01-01T00:00:00Z') as starts_at,
                   coalesce(-sum(amount) filter (where amount < 0), 0) as debit,
                   coalesce(sum(amount) filter (where amount > 0), 0) as credit,
                   row_number() over (partition by account_id order by min(recorded_at)) = 1 as is_first
            from entries where community = $1 group by 1, 2) e
        join accounts a on a.community = $1 and a.account_id = e.account_id
        group by 2, 3, 4, 5
        """,
    ),
    "analytics": (
        """
        insert into member_days (community, day, member_id, channel, events)
        select $1, (event_time at time zone 'UTC')::date, member_id, channel, count(*)
        from events where community = $1 group by 2, 3, 4
        """,
        """
        insert into active_days (community, channel, day, gap, members)
        select $1, channel, day, least(day - before, 31), count(*)
        from (
            select channel, day, lag(day) over (partition by member_id, channel order by day) as before
            from (
                select member_id, channel, day from member_days where community = $1
                union all select distinct member_id, '', day from member_days where community = $1) days) active
        group by 2, 3, 4
        """,
        """
        insert into event_days (community, day, channel, type, events)
        select $1, (event_time at time zone 'UTC')::date, channel, type, count(*)
        from events where community = $1 group by 2, 3, 4
        """,
        """
        insert into member_locks (community, member_id)
        select distinct community, member_id from events where community = $1
        """,
        """
        insert into retention_marks (community, member_id) select community, member_id from member_locks
        where community = $1
        """,
        """
        insert into rejection_counts (community, rejections)
        select $1, count(*) from rejections where community = $1
        """,
        """
        insert into redemption_counts (community, state, number, points)
        select $1, state, count(*), sum(points) from redemptions where community = $1 group by 2
        """,
        """
        insert into rule_days (community, day, rule_id, points, awards, taken_back, amendments)
        select $1, (event_time at time zone 'UTC')::date, rule_id, sum(points), count(*), 0, 0
        from awards where community = $1 group by 2, 3
        """,
    ),
}
#: Once what recognition granted is there.
GRANTS_COLUMNS: Final = (
    "community",
    "grant_id",
    "member_id",
    "award_id",
    "kind",
    "name",
    "title",
    "event_time",
    "granted_at",
)
GRANT_DAYS: Final = """
    insert into grant_days (community, day, kind, name, granted, taken_back)
    select $1, (event_time at time zone 'UTC')::date, kind, name, count(*), 0
    from grants where community = $1 group by 2, 3, 4
"""
