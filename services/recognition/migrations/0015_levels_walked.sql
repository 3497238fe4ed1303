set local lock_timeout = '5s';

-- How much a member did of what levels count in a quarter of an hour (UTC): with whom (@ and a member's id), on or about
-- what (a hash), or of a sum how much.
create table tallies (
    community text not null,
    member_id uuid not null,
    counter text not null,
    slot timestamptz not null,
    what text not null,
    events bigint not null,
    primary key (member_id, counter, slot, what, community)
) with (fillfactor = 90);
create index tallies_by_person on tallies (what, community) where what like '@%';

-- How much all of a community did on its days of what levels ask a share of, in parts.
create table tallies_of_all (
    community text not null,
    counter text not null,
    day date not null,
    shard smallint not null,
    events bigint not null,
    primary key (community, counter, day, shard)
) with (fillfactor = 70);

-- When a member's levels are looked at next: something changed, a window's edge or a grace passes. Of whom it mattered
-- what all did a row stays.
create table level_due (
    community text not null,
    member_id uuid not null,
    due_at timestamptz not null,
    is_backfill boolean not null,
    was_near boolean not null default false,
    primary key (community, member_id)
);
create index level_due_by_time on level_due (due_at);
create index level_due_of_community on level_due (community, due_at);

-- Since when a member is known.
create table level_known (
    community text not null,
    member_id uuid not null,
    since timestamptz not null,
    primary key (community, member_id)
);

-- The levels that stand for a member by what they did or by hand, since when each, and how often each was granted.
create table level_members (
    community text not null,
    member_id uuid not null,
    standing jsonb not null default '{}',
    since jsonb not null default '{}',
    turns jsonb not null default '{}',
    primary key (community, member_id)
) with (fillfactor = 70);

-- Levels that people fixed, with why; no level is below all.
create table level_locks (
    community text not null,
    lock_id uuid not null,
    member_id uuid not null,
    level text,
    locked_at timestamptz not null,
    locked_by_person uuid,
    locked_by text not null,
    reason text,
    unlocked_at timestamptz,
    unlocked_by_person uuid,
    unlocked_by text,
    unlock_reason text,
    primary key (community, lock_id)
);
create index level_locks_of_member on level_locks (community, member_id);

-- How far the members of a community were looked at by a version with other levels than before.
create table level_sweeps (
    community text not null primary key,
    version int not null,
    levels text not null,
    after_member uuid,
    is_done boolean not null
);
