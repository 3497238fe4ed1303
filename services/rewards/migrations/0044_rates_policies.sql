set local lock_timeout = '5s';

-- By which rates amounts are converted, from a day on: proposed by one person, in force once another approved it.
create table rate_policies (
    community text not null,
    policy_id uuid not null,
    effective_from date not null,
    base text not null,
    source text not null check (source in ('table', 'file')),
    -- Units of each currency that one unit of the base is.
    currencies text[] not null,
    units numeric(24, 12)[] not null,
    max_move_basis_points int not null check (max_move_basis_points between 0 and 5000),
    spread_basis_points int not null check (spread_basis_points between 0 and 5000),
    max_age_days int not null check (max_age_days > 0),
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
    check (cardinality(currencies) = cardinality(units)),
    check ((state = 'proposed') = (decided_at is null))
);
create index rate_policies_by_time on rate_policies (community, proposed_at, policy_id);
create index rate_policies_approved on rate_policies (community, effective_from) where state = 'approved';

-- Files of central banks as they were taken: never changed. Of a day the one taken last counts.
create table rate_sheets (
    community text not null,
    sheet_id uuid not null,
    base text not null,
    day date not null,
    currencies text[] not null,
    units numeric(24, 12)[] not null,
    taken_at timestamptz not null,
    taken_by_person uuid,
    taken_by text not null,
    taken_by_credential text not null,
    primary key (community, sheet_id),
    check (cardinality(currencies) = cardinality(units))
);
create index rate_sheets_by_day on rate_sheets (community, day, taken_at, sheet_id);
create index rate_sheets_by_time on rate_sheets (community, taken_at);

revoke update, delete, truncate on rate_policies, rate_sheets from plaudit_rewards;
grant update (state, decided_at, decided_by_person, decided_by, decided_by_credential)
    on rate_policies to plaudit_rewards;
