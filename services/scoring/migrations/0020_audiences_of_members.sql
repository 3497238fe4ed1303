set local lock_timeout = '5s';

-- Whether a member is in an audience, as told last. Whoever never was in it has no row.
create table audience_members (
    community text not null,
    audience_id text not null,
    member_id uuid not null,
    revision int not null check (revision > 0),
    is_in boolean not null,
    since timestamptz not null,
    known_at timestamptz not null,
    programme_version int not null,
    met jsonb not null,
    primary key (community, audience_id, member_id)
);
create index audience_members_in on audience_members (community, audience_id, member_id) where is_in;
create index audience_members_of_member on audience_members (community, member_id);

-- What was told, each time: never changed, gone only with whom it is of.
create table audience_changes (
    community text not null,
    member_id uuid not null,
    audience_id text not null,
    revision int not null check (revision > 0),
    is_in boolean not null,
    since timestamptz not null,
    known_at timestamptz not null,
    programme_version int not null,
    met jsonb not null,
    primary key (member_id, audience_id, revision, community)
);
revoke update on audience_changes from plaudit_scoring;

-- Members who are to be looked at, from a moment on: something was told of them, or time alone changes something.
create table audience_due (
    community text not null,
    member_id uuid not null,
    due_at timestamptz not null,
    primary key (community, member_id)
);
create index audience_due_next on audience_due (due_at);

-- By which version all members of a community were looked at, or how far that has come.
create table audience_sweeps (
    community text primary key,
    version int not null,
    after_member uuid,
    is_done boolean not null
);
create index programme_versions_with_audiences on programme_versions (community) where document ? 'audiences';
