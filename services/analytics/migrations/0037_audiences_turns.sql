set local lock_timeout = '5s';

-- That members came into audiences and left them, every time: days of the past have theirs.
create table audience_turns (
    community text not null,
    audience_id text not null,
    member_id uuid not null,
    revision int not null check (revision > 0),
    is_in boolean not null,
    since timestamptz not null,
    primary key (member_id, community, audience_id, revision)
);

-- What was said of members, since when, and when it was said: what figures are sliced by.
create table member_attributes (
    community text not null,
    member_id uuid not null,
    name text not null,
    since timestamptz not null,
    said_at timestamptz not null,
    value text not null,
    primary key (member_id, community, name, since, said_at, value)
);
