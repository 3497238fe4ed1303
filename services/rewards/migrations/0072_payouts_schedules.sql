set local lock_timeout = '5s';

-- When payout runs are prepared: proposed by one person, approved by another, stopped by anybody who may make runs.
create table payout_schedules (
    community text not null,
    schedule_id uuid not null,
    effective_from date not null,
    every text not null check (every in ('week', 'month', 'quarter')),
    -- Of the week, Monday is 1; or of the month.
    on_day int not null check (on_day between 1 and 31),
    month_of_quarter int check (month_of_quarter between 1 and 3),
    at time not null,
    state text not null check (state in ('proposed', 'approved', 'withdrawn')),
    proposed_at timestamptz not null,
    proposed_by_person uuid,
    proposed_by text not null,
    proposed_by_credential text not null,
    decided_at timestamptz,
    decided_by_person uuid,
    decided_by text,
    decided_by_credential text,
    stopped_at timestamptz,
    stopped_by_person uuid,
    stopped_by text,
    stopped_by_credential text,
    primary key (community, schedule_id),
    check ((state = 'proposed') = (decided_at is null)),
    check (stopped_at is null or state = 'approved'),
    check ((every = 'quarter') = (month_of_quarter is not null)),
    check (every <> 'week' or on_day <= 7)
);
create index payout_schedules_by_time on payout_schedules (community, proposed_at, schedule_id);
create index payout_schedules_in_force on payout_schedules (community, schedule_id)
    where state = 'approved' and stopped_at is null;

-- Times of schedules that have come: a day of a schedule is there once, so it has one run.
create table payout_schedule_times (
    community text not null,
    schedule_id uuid not null,
    day date not null,
    due_at timestamptz not null,
    state text not null check (state in ('computing', 'prepared', 'nothing', 'refused')),
    missed_count int not null check (missed_count >= 0),
    noted_at timestamptz not null,
    run_id uuid,
    reason text,
    primary key (community, schedule_id, day),
    foreign key (community, schedule_id) references payout_schedules,
    check ((run_id is not null) = (state in ('computing', 'prepared')))
);
create index payout_schedule_times_computing on payout_schedule_times (noted_at) where state = 'computing';

revoke update, delete, truncate on payout_schedules, payout_schedule_times from plaudit_rewards;
grant update (
    state, decided_at, decided_by_person, decided_by, decided_by_credential, stopped_at, stopped_by_person,
    stopped_by, stopped_by_credential
) on payout_schedules to plaudit_rewards;
grant update (state, noted_at) on payout_schedule_times to plaudit_rewards;
