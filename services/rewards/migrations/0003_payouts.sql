set local lock_timeout = '5s';

create table payees (
    community text not null,
    member_id uuid not null,
    name text not null,
    iban text not null,
    bic text,
    changed_at timestamptz not null,
    changed_by text not null,
    primary key (community, member_id)
);

-- A run and the terms it was made under.
create table payout_runs (
    community text not null,
    run_id uuid not null,
    state text not null check (state in ('open', 'approved', 'filed', 'cancelled')),
    programme_id text not null,
    programme_version int not null,
    currency text not null,
    points bigint not null,
    minor bigint not null,
    minimum_points bigint not null,
    payer_name text not null,
    payer_iban text not null,
    payer_bic text not null,
    complete boolean not null,
    created_at timestamptz not null,
    created_by text not null,
    decided_at timestamptz,
    decided_by text,
    primary key (community, run_id)
);
create index payout_runs_by_time on payout_runs (community, created_at, run_id);

-- Payee, IBAN and BIC are those the run was approved with.
create table payouts (
    community text not null,
    payout_id uuid not null,
    run_id uuid not null,
    member_id uuid not null,
    state text not null check (state in ('accrued', 'held', 'eligible', 'approved', 'reserved', 'submitted',
                                         'sent', 'settled', 'returned', 'failed', 'reversed')),
    points bigint not null check (points > 0),
    amount_minor bigint not null check (amount_minor > 0),
    currency text not null,
    end_to_end_id text not null,
    payee_name text,
    iban text,
    bic text,
    reason text,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    primary key (community, payout_id),
    unique (community, run_id, member_id),
    foreign key (community, run_id) references payout_runs
);
create index payouts_by_time on payouts (community, created_at, payout_id);
create index payouts_of_member on payouts (community, member_id);
-- Two runs can never both be about to pay the same points.
create unique index one_undecided_payout on payouts (community, member_id)
    where state in ('accrued', 'held', 'eligible', 'approved');

-- Each state that a payout reached, and who brought it there.
create table payout_changes (
    community text not null,
    payout_id uuid not null,
    state text not null,
    changed_at timestamptz not null,
    changed_by text not null,
    reason text,
    primary key (community, payout_id, state),
    foreign key (community, payout_id) references payouts
);

-- The bytes that the bank is given: written once.
create table payout_files (
    community text not null,
    run_id uuid not null,
    message_id text not null unique,
    content bytea not null,
    sha256 text not null,
    payment_count int not null,
    control_sum_minor bigint not null,
    created_at timestamptz not null,
    created_by text not null,
    primary key (community, run_id),
    foreign key (community, run_id) references payout_runs
);

revoke update, delete, truncate on payout_changes, payout_files from plaudit_rewards;
