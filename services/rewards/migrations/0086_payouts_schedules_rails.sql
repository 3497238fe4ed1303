set local lock_timeout = '5s';

-- A time of a schedule has a run for each rail by which somebody is to be paid: '' is by bank.
create table payout_schedule_runs (
    community text not null,
    schedule_id uuid not null,
    day date not null,
    provider text not null check (provider in ('', 'sandbox', 'paypal', 'wise', 'stripe')),
    currency text not null,
    state text not null check (state in ('computing', 'prepared', 'refused')),
    noted_at timestamptz not null,
    run_id uuid,
    reason text,
    primary key (community, schedule_id, day, provider, currency),
    foreign key (community, schedule_id, day) references payout_schedule_times,
    check ((run_id is null) = (state = 'refused'))
);
insert into payout_schedule_runs
select t.community, t.schedule_id, t.day, '', coalesce(r.currency, ''), t.state, t.noted_at, t.run_id, t.reason
from payout_schedule_times t left join payout_runs r using (community, run_id)
where t.state <> 'nothing';
create index payout_schedule_runs_computing on payout_schedule_runs (noted_at) where state = 'computing';
create index payout_schedule_runs_refused on payout_schedule_runs (community, schedule_id, day)
    where state = 'refused';
revoke update, delete, truncate on payout_schedule_runs from plaudit_rewards;
grant update (state, noted_at) on payout_schedule_runs to plaudit_rewards;

alter table payout_schedule_times drop column state, drop column run_id, drop column reason;
revoke update (noted_at) on payout_schedule_times from plaudit_rewards;
