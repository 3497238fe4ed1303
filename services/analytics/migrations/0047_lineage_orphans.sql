set local lock_timeout = '5s';

-- Lots of payouts and redemptions that lead to no award, as they were found by looking at all, some at a time; one of
-- which the award comes yet is forgotten. Beside it is one row of how far the looking is.
create table lineage_orphans (
    community text not null,
    link text not null,
    id uuid not null,
    part int not null,
    position int not null,
    award_id uuid not null,
    found_at timestamptz not null,
    primary key (community, link, id, part, position)
);
create table lineage_watch (
    is_only boolean primary key default true check (is_only),
    link text not null,
    community text not null,
    id uuid not null,
    part int not null,
    position int not null,
    rounds bigint not null
);
insert into lineage_watch
values (true, 'payout_lots', '', '00000000-0000-0000-0000-000000000000', 0, 0, 0);
revoke delete, truncate on lineage_watch from plaudit_analytics;
