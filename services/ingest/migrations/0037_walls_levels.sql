set local lock_timeout = '5s';

-- Levels that members were granted, as recognition tells it, and whether each stands.
create table level_grants (
    community text not null,
    grant_id uuid not null,
    member_id uuid not null,
    level_id text not null,
    stands boolean not null,
    primary key (community, grant_id)
);
create index level_grants_of_member on level_grants (community, member_id);

-- The levels of a version without which nobody may give kudos: the title of each by its id; none for everybody.
alter table declared_kudos add column giving jsonb not null default '{}';
