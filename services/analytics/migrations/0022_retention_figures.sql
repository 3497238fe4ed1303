set local lock_timeout = '5s';

-- Of whom something changed since they were counted; written without waiting for anybody, and folded by a timer.
create table retention_marks (
    mark_id bigint generated always as identity primary key,
    community text not null,
    member_id uuid not null,
    marked_at timestamptz not null default now()
);

-- People as they were counted last: whoever is merged is with whom they are merged into.
create table retention_people (
    member_id uuid not null,
    community text not null,
    days date[] not null,
    channel text not null,
    is_activated boolean not null,
    primary key (member_id, community)
);

-- How many people there are of what: services/analytics/retention/domain/contributions.py has the figures.
create table retention_figures (
    community text not null,
    figure text not null,
    channel text not null,
    day date not null,
    number int not null,
    people bigint not null,
    primary key (community, figure, channel, day, number)
) with (fillfactor = 50);

-- By which weeks and terms a community's people were counted: by others they are counted anew.
create table retention_terms (
    community text not null primary key,
    terms text not null
);

insert into retention_marks (community, member_id) select distinct community, member_id from member_days;

-- Who was new when is a figure of retention now. What is left of members' firsts is what workers lock who move a day
-- of the same member.
drop table first_days;
alter table member_firsts rename to member_locks;
alter table member_locks drop column first_at, drop column channel, drop column day;
alter index member_firsts_pkey rename to member_locks_pkey;
