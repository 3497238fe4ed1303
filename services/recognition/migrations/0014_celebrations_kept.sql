set local lock_timeout = '5s';

-- What was celebrated, for ever: the id follows from whose it is and what, so that it is once. `stands` is whether the
-- badge or level is held; of what members who are one person have twice one `is_twin`. Who did it is nobody once they
-- were forgotten. `tier` and `number` are '' and 0 where there is none.
create table celebrations (
    community text not null,
    celebration_id uuid not null,
    member_id uuid,
    kind text not null,
    name text not null,
    tier text not null,
    number bigint not null,
    together boolean not null,
    title text not null,
    event_time timestamptz not null,
    day date,
    event_uid uuid,
    award_id uuid,
    grant_id uuid,
    programme_version int not null,
    celebrated_at timestamptz not null,
    stands boolean not null default true,
    is_twin boolean not null default false,
    primary key (community, celebration_id)
);
create index celebrations_latest on celebrations (community, celebrated_at desc, celebration_id desc)
    where stands and not is_twin;
create index celebrations_of_member on celebrations (community, member_id, kind, name);
create index celebrations_by_grant on celebrations (community, grant_id) where grant_id is not null;

-- Who reacted to a celebration with what, or saw it (`seen`): by the events that say so, while they count.
create table celebration_reactions (
    community text not null,
    event_uid uuid not null,
    celebration_id uuid not null,
    member_id uuid not null,
    reaction text not null,
    primary key (community, event_uid)
);
create index celebration_reactions_of on celebration_reactions (community, celebration_id);
create index celebration_reactions_by on celebration_reactions (community, member_id);

-- How many events all members of a community have of a counter together.
create table joint_counts (
    community text not null,
    counter text not null,
    events bigint not null,
    primary key (community, counter)
) with (fillfactor = 50);

-- Who has years to celebrate: since when by each counter, as it was looked at last, and when to look again.
create table anniversaries (
    community text not null,
    member_id uuid not null,
    firsts jsonb not null default '{}',
    due_at timestamptz not null,
    primary key (community, member_id)
) with (fillfactor = 80);
create index anniversaries_due on anniversaries (due_at);
