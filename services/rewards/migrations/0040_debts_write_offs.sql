set local lock_timeout = '5s';

-- What a lot lacked, and its member keeps all the same.
alter table lots add column written_off bigint not null default 0 check (written_off >= 0);

-- Since when an account is noted: for how long it has been below zero without a break.
alter table debt_accounts add column noted_at timestamptz not null default now();

-- What becomes of points that were used before their award was taken back, from a day on: proposed by one person, in
-- force once another approved it.
create table clawback_policies (
    community text not null,
    policy_id uuid not null,
    effective_from date not null,
    treatment text not null check (treatment in ('owe', 'keep_below', 'keep')),
    below_points bigint check (below_points > 0),
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
    check ((treatment = 'keep_below') = (below_points is not null)),
    check ((state = 'proposed') = (decided_at is null))
);
create index clawback_policies_by_time on clawback_policies (community, proposed_at, policy_id);

-- Of transfers that took back points which had been used: how many, how many of those are kept, and by which policy.
create table clawbacks (
    community text not null,
    transfer_id uuid not null,
    policy_id uuid,
    used_points bigint not null check (used_points > 0),
    kept_points bigint not null check (kept_points between 0 and used_points),
    primary key (community, transfer_id),
    check (policy_id is not null or kept_points = 0)
);

-- Debts that are written off, or (reverses) owed again: proposed by one person, booked once another approved it.
create table debt_write_offs (
    community text not null,
    write_off_id uuid not null,
    member_id uuid not null,
    points bigint not null check (points > 0),
    -- Empty once its member was erased.
    reason text not null,
    reverses uuid,
    booked_points bigint check (booked_points between 1 and points),
    state text not null check (state in ('proposed', 'approved', 'withdrawn')),
    proposed_at timestamptz not null,
    proposed_by_person uuid,
    proposed_by text not null,
    proposed_by_credential text not null,
    decided_at timestamptz,
    decided_by_person uuid,
    decided_by text,
    decided_by_credential text,
    primary key (community, write_off_id),
    foreign key (community, reverses) references debt_write_offs,
    check ((state = 'proposed') = (decided_at is null)),
    check (state = 'approved' or booked_points is null)
);
create index debt_write_offs_by_time on debt_write_offs (community, proposed_at, write_off_id);
create index debt_write_offs_of_member on debt_write_offs (community, member_id);
-- What was written off is owed again once.
create unique index debt_write_offs_reversed on debt_write_offs (community, reverses)
    where reverses is not null and state <> 'withdrawn';
-- Of which lots.
create table debt_write_off_lots (
    community text not null,
    write_off_id uuid not null,
    award_id uuid not null,
    points bigint not null check (points > 0),
    primary key (community, write_off_id, award_id),
    foreign key (community, write_off_id) references debt_write_offs
);

revoke update, delete, truncate on clawback_policies, clawbacks, debt_write_offs, debt_write_off_lots
    from plaudit_rewards;
grant update (state, decided_at, decided_by_person, decided_by, decided_by_credential)
    on clawback_policies to plaudit_rewards;
grant update (state, decided_at, decided_by_person, decided_by, decided_by_credential, booked_points, reason)
    on debt_write_offs to plaudit_rewards;
