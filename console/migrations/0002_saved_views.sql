set local lock_timeout = '5s';

-- Tables as people want to find them again. Whose it is are ids; what they call it is their own word.
create table saved_views (
    view_id uuid primary key default gen_random_uuid(),
    community text not null,
    person_id text not null,
    page text not null,
    name text not null,
    query text not null,
    created_at timestamptz not null,
    removed_at timestamptz,
    unique (community, person_id, page, name)
);
create index saved_views_to_sweep on saved_views (removed_at) where removed_at is not null;
