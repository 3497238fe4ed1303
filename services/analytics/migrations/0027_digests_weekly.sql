set local lock_timeout = '5s';

-- When it was asked last whether a community's week is over.
create table digest_checks (
    community text not null primary key,
    checked_at timestamptz
);

-- A week in a page: figures, goals and practices by their ids, and nobody.
create table digests (
    community text not null,
    starts_on date not null,
    ends_on date not null,
    made_at timestamptz not null,
    content jsonb not null,
    primary key (community, starts_on)
);
