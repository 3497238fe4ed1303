set local lock_timeout = '5s';

-- What accounts took and gave by quarter of an hour, kind and currency, and how many of them were declared then: members'
-- together, each of the community by itself. In parts, as sums of members are: what counts is the sum of the parts, a
-- part is only ever added, and a timer folds the parts of a quarter into one. Every zone's days begin with a quarter.
lock table accounts, entries in share row exclusive mode;
create table turnovers (
    community text not null,
    starts_at timestamptz not null,
    part bigint generated always as identity,
    kind text not null,
    currency text not null,
    account_id uuid,
    accounts bigint not null default 0,
    debit bigint not null default 0,
    credit bigint not null default 0,
    folded boolean not null default false,
    primary key (community, starts_at, part)
);
create index turnovers_to_fold on turnovers (starts_at, community) where not folded;

insert into turnovers (community, starts_at, kind, currency, account_id, debit, credit, folded)
select a.community, e.starts_at, a.kind, a.currency, case when a.owner is null then a.account_id end,
       sum(e.debit), sum(e.credit), true
from (
    select community, account_id, date_bin('15 minutes', recorded_at, '2000-01-01T00:00:00Z') as starts_at,
           coalesce(-sum(amount) filter (where amount < 0), 0) as debit,
           coalesce(sum(amount) filter (where amount > 0), 0) as credit
    from entries group by 1, 2, 3) e
join accounts a using (community, account_id)
group by 1, 2, 3, 4, 5;

-- Of accounts that were declared before, the first entry says when; of those without one nobody asks.
insert into turnovers (community, starts_at, kind, currency, accounts, folded)
select a.community, coalesce(e.starts_at, '2000-01-01T00:00:00Z'), a.kind, a.currency, count(*), true
from accounts a
left join (
    select community, account_id, date_bin('15 minutes', min(recorded_at), '2000-01-01T00:00:00Z') as starts_at
    from entries group by 1, 2) e using (community, account_id)
where a.owner is not null
group by 1, 2, 3, 4;

-- For what was booked within a quarter until a moment: entries lie in the order of their booking.
create index entries_in_time on entries using brin (recorded_at) with (pages_per_range = 32, autosummarize = on);
