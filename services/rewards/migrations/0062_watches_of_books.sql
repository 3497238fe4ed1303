set local lock_timeout = '5s';

-- How far the watch over the books is, community by community, and what it found wrong of each by its last look.
create table ledger_watch (
    is_only boolean primary key default true check (is_only),
    after text not null,
    began_at timestamptz not null,
    rests_until timestamptz not null,
    took_seconds double precision
);
insert into ledger_watch values (true, '', now(), now());
revoke delete, truncate on ledger_watch from plaudit_rewards;
create table ledger_watched (
    community text not null,
    invariant text not null,
    differences int not null check (differences > 0),
    primary key (community, invariant)
);
