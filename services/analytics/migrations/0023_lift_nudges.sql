set local lock_timeout = '5s';

-- Who got a nudge and who was held out, and once their days are over whether they did what was wished.
create table nudge_assignments (
    community text not null,
    nudge_id uuid not null,
    nudge text not null,
    kind text not null,
    title text not null,
    member_id uuid not null,
    held_out boolean not null,
    decided_at timestamptz not null,
    wished text[] not null,
    until timestamptz not null,
    settles_at timestamptz not null,
    did boolean,
    primary key (community, nudge_id)
) with (fillfactor = 80);
create index nudge_assignments_by_nudge on nudge_assignments (community, nudge, decided_at);
create index nudge_assignments_waiting on nudge_assignments (settles_at) where did is null;
