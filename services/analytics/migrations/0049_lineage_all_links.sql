set local lock_timeout = '5s';

-- All that lineage leads along is looked at, no longer lots alone: a row by its table and its primary key's values. What
-- was known of lots is found again within a day.
drop table lineage_orphans;
drop table lineage_watch;
create table lineage_orphans (
    community text not null,
    link text not null,
    key text[] not null,
    found_at timestamptz not null,
    primary key (community, link, key)
);
create table lineage_watch (
    is_only boolean primary key default true check (is_only),
    link text not null,
    after text[],
    rounds bigint not null,
    behind_at timestamptz
);
insert into lineage_watch (link, rounds) values ('awards', 0);
revoke delete, truncate on lineage_watch from plaudit_analytics;
