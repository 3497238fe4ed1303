set local lock_timeout = '5s';

-- The rules whose events a version's badges count, and the grants that events led to.
alter table programmes add column rules jsonb not null default '[]';
alter table grants alter column award_id drop not null, add column event_uid uuid;

-- Every event, with what conditions may ask of it: a version of tomorrow counts those of today. A row begins with
-- the event, or with what takes it back; `counts` is what the last of those says, by event time and then uid.
create table counted_events (
    community text not null,
    event_uid uuid not null,
    event jsonb,
    counts boolean not null default true,
    said_at timestamptz,
    said_by uuid,
    primary key (community, event_uid)
);

-- What is counted of a community, and up to which event: null is all of them.
create table counters (
    community text not null,
    counter text not null,
    rule jsonb not null,
    counted_up_to uuid,
    primary key (community, counter)
);

-- The version whose badges for events stand, and how far the members are in line with it.
create table counting (
    community text not null primary key,
    version int not null,
    evaluated_up_to uuid not null,
    evaluated boolean not null
);

-- A member's counted events by counter, the badges that stand for them, and how often each was granted.
create table counting_members (
    community text not null,
    member_id uuid not null,
    counts jsonb not null default '{}',
    standing jsonb not null default '{}',
    turns jsonb not null default '{}',
    last_event_uid uuid,
    version int not null default 0,
    primary key (community, member_id)
) with (fillfactor = 70);
