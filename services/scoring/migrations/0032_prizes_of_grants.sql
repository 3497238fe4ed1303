set local lock_timeout = '5s';

-- The points that came with badges, levels and quests: what each carries, what was given of it, and whether it was taken
-- back with the grant.
create table prizes (
    community text not null,
    grant_id uuid not null,
    member_id uuid not null,
    rule_id text not null,
    wanted int not null check (wanted > 0),
    points int not null check (points between 0 and wanted),
    cut text check (cut in ('budget', 'limit')),
    event_time timestamptz not null,
    day date not null,
    is_reversed boolean not null default false,
    primary key (community, grant_id)
);
create index prizes_of_member on prizes (community, member_id, day);

-- What they came to in a community: whoever gives one has its row.
create table prize_books (
    community text not null primary key,
    points bigint not null default 0
);
