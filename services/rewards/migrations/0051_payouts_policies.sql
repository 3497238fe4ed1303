set local lock_timeout = '5s';

-- What holds for payouts in a currency from a day on: proposed by one person, in force once another approved it.
create table payout_policies (
    community text not null,
    policy_id uuid not null,
    effective_from date not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    -- Points are paid so many days after they were earned.
    holding_days int not null check (holding_days between 0 and 90),
    minimum_minor bigint not null check (minimum_minor >= 0),
    -- Null for all; else those in which a payee's account may be.
    countries text[],
    -- Of what a person was paid in a year.
    warn_above_minor bigint check (warn_above_minor >= 0),
    stop_above_minor bigint check (stop_above_minor >= 0),
    state text not null check (state in ('proposed', 'approved', 'withdrawn')),
    proposed_at timestamptz not null,
    proposed_by_person uuid,
    proposed_by text not null,
    proposed_by_credential text not null,
    decided_at timestamptz,
    decided_by_person uuid,
    decided_by text,
    decided_by_credential text,
    primary key (community, policy_id),
    check ((state = 'proposed') = (decided_at is null))
);
create index payout_policies_by_time on payout_policies (community, proposed_at, policy_id);

-- What a run has of the policy that applied when it was made.
alter table payout_runs
    add column holding_days int not null default 0 check (holding_days between 0 and 90),
    add column minimum_minor bigint not null default 0 check (minimum_minor >= 0),
    add column policy_id uuid;

-- What checks found of payouts: one keeps a payout back, or is noted alone. The newest of each check stands.
create table payout_findings (
    community text not null,
    payout_id uuid not null,
    check_name text not null check (check_name in ('country', 'yearly_stop', 'yearly_warning')),
    policy_id uuid not null,
    country text,
    year int,
    total_minor bigint,
    limit_minor bigint,
    found_at timestamptz not null,
    primary key (community, payout_id, check_name),
    foreign key (community, payout_id) references payouts
);
create index payout_findings_by_time on payout_findings (community, found_at, payout_id, check_name);

revoke update, delete, truncate on payout_policies, payout_findings from plaudit_rewards;
grant update (state, decided_at, decided_by_person, decided_by, decided_by_credential)
    on payout_policies to plaudit_rewards;
grant update (policy_id, country, year, total_minor, limit_minor, found_at) on payout_findings to plaudit_rewards;
