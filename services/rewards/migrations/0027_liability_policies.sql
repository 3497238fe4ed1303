set local lock_timeout = '5s';

-- What a point is worth in the books and how many are expected to be used, from a day on: proposed by one person, in
-- force once another approved it.
create table liability_policies (
    community text not null,
    policy_id uuid not null,
    effective_from date not null,
    currency text not null,
    basis text not null check (basis in ('cost', 'deferral')),
    minor_per_point numeric(18, 9) not null check (minor_per_point >= 0),
    estimate text not null check (estimate in ('rate', 'ladder')),
    expected_redemption numeric(7, 6) not null check (expected_redemption between 0 and 1),
    vintage_unit text not null check (vintage_unit in ('month', 'year')),
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
create index liability_policies_by_time on liability_policies (community, proposed_at, policy_id);
create index liability_policies_approved on liability_policies (community, effective_from) where state = 'approved';

-- What points were worth at the end of each day, as booked when it was taken: never changed.
create table liability_days (
    community text not null,
    day date not null,
    taken_at timestamptz not null,
    policy_id uuid not null,
    currency text not null,
    vintage_unit text not null,
    error_points numeric(30, 3),
    cautions text[] not null,
    primary key (community, day)
);
create table liability_vintages (
    community text not null,
    day date not null,
    vintage date not null,
    issued_points bigint not null,
    redeemed_points bigint not null,
    expired_points bigint not null,
    reserved_points bigint not null,
    lacking_points bigint not null,
    still_expected_points numeric(30, 9) not null,
    estimated_by text not null,
    minor_per_point numeric(18, 9) not null,
    liability_minor bigint not null,
    full_minor bigint not null,
    primary key (community, day, vintage),
    foreign key (community, day) references liability_days
);
-- Days whose figures took too long: another try is made for the next day.
create table liability_days_given_up (
    community text not null,
    day date not null,
    given_up_at timestamptz not null,
    primary key (community, day)
);

revoke update, delete, truncate on liability_policies, liability_days, liability_vintages, liability_days_given_up
    from plaudit_rewards;
grant update (state, decided_at, decided_by_person, decided_by, decided_by_credential)
    on liability_policies to plaudit_rewards;
