set local lock_timeout = '5s';

-- People as each service's ring of keys sees them, with their roles in a community: the highest revision counts.
create table followed_people (
    community text not null,
    person_id uuid not null,
    revision int not null,
    name text not null,
    kind text not null check (kind in ('person', 'service')),
    disabled boolean not null,
    roles text[] not null,
    primary key (community, person_id)
);
create index followed_people_of_person on followed_people (person_id);

-- The keys that verify tokens; one that was revoked stays so.
create table followed_token_keys (
    kid text primary key,
    public_key text not null,
    not_after timestamptz not null,
    revoked boolean not null
);

-- Whose a key is; of before there are keys of nobody, which open nothing. When it was last used is noted by each
-- service for itself.
alter table access_keys
    add column person_id uuid,
    add column expires_at timestamptz,
    add column last_used_at timestamptz;
create index access_keys_of_person on access_keys (person_id);
