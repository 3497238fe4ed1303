set local lock_timeout = '5s';

-- The last check of each community's ledger, what it found, and the one that is asked for or under way.
create table ledger_checks (
    community text primary key,
    asked_at timestamptz,
    started_at timestamptz,
    parts_done int not null default 0,
    took_too_long boolean not null default false,
    checked_at timestamptz,
    took_seconds double precision,
    found jsonb,
    check ((checked_at is null) = (found is null)),
    check (started_at is null or asked_at is not null)
);
create index ledger_checks_asked on ledger_checks (asked_at) where asked_at is not null;
