set local lock_timeout = '5s';

-- Members who are merged into others, or were (`unmerged_at`), as ingest says it: of each the highest revision counts.
-- `spells` are the times before that, each with whom, from and until. Whom a member belongs to in the end, over however
-- many merges, is `head_id`: whoever is not here, or has none, is their own.
create table merges (
    community text not null,
    member_id uuid not null,
    revision int not null,
    into_id uuid not null,
    merged_at timestamptz not null,
    unmerged_at timestamptz,
    spells jsonb not null,
    head_id uuid,
    primary key (community, member_id),
    check (member_id <> into_id),
    check (member_id <> head_id)
);
create index merges_into on merges (community, into_id) where unmerged_at is null;
create index merges_of_head on merges (community, head_id) where head_id is not null;
