set local lock_timeout = '5s';

-- When each community last had its turn at each kind of work; after failures in a row, until when it waits.
create table turns (
    work text not null,
    community text not null,
    had_at timestamptz not null,
    failures int not null default 0,
    again_at timestamptz,
    primary key (work, community)
) with (fillfactor = 70);
