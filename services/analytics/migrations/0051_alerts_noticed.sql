set local lock_timeout = '5s';

-- When it was looked last for what somebody should know of a community.
create table alert_checks (
    community text not null primary key,
    checked_at timestamptz
);

-- Alerts as they were told last, each of a goal, an indicator or a table, and nobody.
create table alerts (
    community text not null,
    name text not null,
    about text not null,
    state text not null,
    grade text not null,
    since timestamptz not null,
    told_on date not null,
    told_at timestamptz not null,
    content jsonb not null,
    primary key (community, name, about)
);
create index alerts_of_community on alerts (community, told_at desc, name, about);
