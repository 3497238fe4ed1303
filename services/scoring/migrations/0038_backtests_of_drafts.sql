set local lock_timeout = '5s';

-- What somebody asked a backtest for, how far it is, and what it found. `drafts` are texts with their SHA-256; `begins`
-- and `ends` say which part of each partition of the log is read, once it has begun. Who moved most is beside it.
create table backtests (
    community text not null,
    backtest_id uuid not null,
    state text not null check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
    since timestamptz not null,
    until timestamptz not null check (until > since),
    audience text,
    drafts jsonb not null,
    asked_at timestamptz not null,
    asked_by text not null,
    asked_by_person uuid,
    asked_by_credential text,
    begins jsonb,
    ends jsonb,
    records_count bigint not null default 0,
    read_count bigint not null default 0,
    events_count bigint not null default 0,
    used_seconds double precision not null default 0,
    attempts int not null default 0,
    waits_for_live boolean not null default false,
    moved_at timestamptz not null,
    ended_at timestamptz,
    failure text,
    result jsonb,
    primary key (community, backtest_id),
    check ((state = 'failed') = (failure is not null)),
    check ((state = 'done') = (result is not null)),
    check ((state in ('queued', 'running')) = (ended_at is null))
);
create index backtests_open on backtests (asked_at) where ended_at is null;
create index backtests_asked on backtests (community, asked_at desc, backtest_id desc);

-- What was found so far, piece by piece, while a backtest runs; `offsets` is where the next piece begins.
create table backtest_pieces (
    community text not null,
    backtest_id uuid not null,
    piece int not null,
    offsets jsonb not null,
    packed bytea not null,
    primary key (community, backtest_id, piece)
);

-- Who has most more or less by a draft, the how manieth of the backtest's, than by the programme that was in force.
create table backtest_movers (
    community text not null,
    backtest_id uuid not null,
    draft smallint not null,
    place smallint not null,
    member_id uuid not null,
    points_before bigint not null,
    points_after bigint not null,
    primary key (community, backtest_id, draft, place)
);
create index backtest_movers_of_member on backtest_movers (community, member_id);
