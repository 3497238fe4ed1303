set local lock_timeout = '5s';

-- What providers say beforehand that runs would cost: by amount, the most frequent ones. Nothing is decided by it,
-- and it is asked for again; so it may be forgotten.
create table payout_run_quotes (
    community text not null,
    run_id uuid not null,
    -- When its provider is asked next; null for never again.
    due_at timestamptz,
    asked_at timestamptz,
    -- Why it quotes nothing, or did not just now; empty where it did.
    not_quoted text not null default '',
    primary key (community, run_id),
    foreign key (community, run_id) references payout_runs
);
create table payout_run_fees (
    community text not null,
    run_id uuid not null,
    amount_minor bigint not null,
    payouts_count int not null check (payouts_count > 0),
    gets_minor bigint not null,
    leaves_minor bigint not null,
    leaves_currency text not null,
    fee_minor bigint not null,
    rate text,
    expires_at timestamptz,
    primary key (community, run_id, amount_minor),
    foreign key (community, run_id) references payout_run_quotes
);
create index payout_runs_to_quote on payout_runs (created_at) where provider is not null and state = 'open';
