set local lock_timeout = '5s';

-- What each version of a community's programme declares of members' attributes.
create table declared_attributes (
    community text not null,
    version int not null,
    effective_from timestamptz not null,
    attributes jsonb not null,
    primary key (community, version)
);

-- What is known of members, each from a moment on. What `travels` is told on members.v1; the rest stays here. What was
-- put right stays as well: an event that was received before reads what was known then.
create table dated_facts (
    community text not null,
    member_id uuid not null,
    kind text not null check (kind in ('attribute', 'consent', 'time_zone', 'language', 'opt_out')),
    name text not null,
    since timestamptz not null,
    value jsonb not null,
    source text not null,
    travels boolean not null,
    said_at timestamptz not null,
    primary key (community, member_id, kind, name, since, said_at),
    foreign key (community, member_id) references members
);
