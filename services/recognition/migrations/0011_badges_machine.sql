set local lock_timeout = '5s';

-- What a member has of scores that cannot be spent: criteria of badges read it.
alter table members add column scores jsonb not null default '{}';
alter table own_totals add column scores jsonb not null default '{}';

-- A badge of several things says what of each the member had; one by hand says so; of limited ones the number.
alter table grants
    add column by_hand boolean not null default false, add column edition int, add column met jsonb;
create index grants_by_badge on grants (community, name, granted_at, grant_id)
    where kind = 'badge' and reverses is null;

-- The badges by criteria that stand for a member, and how often each was granted to it.
create table badge_members (
    community text not null,
    member_id uuid not null,
    standing jsonb not null default '{}',
    turns jsonb not null default '{}',
    primary key (community, member_id)
) with (fillfactor = 70);

-- Members of whom something changed that criteria read: they are looked at again.
create table badge_due (
    community text not null,
    member_id uuid not null,
    event_time timestamptz not null,
    day date,
    is_backfill boolean not null,
    primary key (community, member_id)
);

-- How far the members of a community were looked at by a version with other criteria than before.
create table badge_sweeps (
    community text not null primary key,
    version int not null,
    criteria text not null,
    after_member uuid,
    is_done boolean not null,
    members bigint not null default 0,
    grants bigint not null default 0,
    started_at timestamptz not null,
    ended_at timestamptz
);

-- Numbers of limited badges: how many were given, those that came back, whose each is, and who waits for one.
create table badge_limits (
    community text not null,
    badge text not null,
    given int not null default 0,
    freed int[] not null default '{}',
    primary key (community, badge)
);
create table badge_editions (
    community text not null,
    badge text not null,
    number int not null,
    member_id uuid not null,
    given_at timestamptz not null,
    primary key (community, badge, number),
    unique (community, badge, member_id)
);
create table badge_waiting (
    community text not null,
    badge text not null,
    member_id uuid not null,
    since timestamptz not null,
    primary key (community, badge, member_id)
);

-- What people gave by hand, with why, and what they took back.
create table badge_gifts (
    community text not null,
    grant_id uuid not null,
    member_id uuid not null,
    badge text not null,
    citation text,
    given_at timestamptz not null,
    given_by_person uuid,
    given_by text not null,
    taken_back_at timestamptz,
    taken_back_by_person uuid,
    taken_back_by text,
    reason text,
    primary key (community, grant_id)
);
create unique index badge_gifts_standing on badge_gifts (community, member_id, badge) where taken_back_at is null;

-- Badges that somebody took from a member: they earn them no more.
create table badge_withheld (
    community text not null,
    member_id uuid not null,
    badge text not null,
    since timestamptz not null,
    by_person uuid,
    by_name text not null,
    reason text,
    primary key (community, member_id, badge)
);

-- Pictures that were uploaded, cleaned.
create table badge_pictures (
    community text not null,
    badge text not null,
    media_type text not null,
    content bytea not null,
    etag text not null,
    uploaded_at timestamptz not null,
    primary key (community, badge)
);
