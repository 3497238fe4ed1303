set local lock_timeout = '5s';

-- Whether a member is in an audience, as scoring told last. Whoever never was in it has no row.
create table followed_audiences (
    community text not null,
    audience_id text not null,
    member_id uuid not null,
    revision int not null check (revision > 0),
    is_in boolean not null,
    since timestamptz not null,
    primary key (community, audience_id, member_id)
);
create index followed_audiences_of_member on followed_audiences (community, member_id);

-- The audiences that a version declares: the title of each by its id.
alter table programmes add column audiences jsonb not null default '{}';
