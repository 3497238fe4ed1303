set local lock_timeout = '5s';

-- Every programme version published; the recognition section only.
create table programmes (
    community text not null,
    version int not null,
    programme_id text not null,
    effective_from timestamptz not null,
    recognition jsonb not null,
    primary key (community, version)
);

-- The version in force per community, and how far the members have been brought in line with it.
create table programmes_in_force (
    community text not null primary key,
    version int not null,
    evaluated_up_to uuid not null,
    evaluated boolean not null
);

-- Awards that are in the totals: what makes a redelivery harmless.
create table applied_awards (
    community text not null,
    award_id uuid not null,
    primary key (community, award_id)
);

-- One row per member with at least one award: totals, and the badges and levels that stand.
create table members (
    community text not null,
    member_id uuid not null,
    points bigint not null,
    awards_by_rule jsonb not null,
    standing jsonb not null,
    last_award_id uuid not null,
    version int not null,
    magnitude smallint not null
        generated always as (case when points > 0 then 1 + floor(2 * ln(points::float8)) else 0 end) stored,
    primary key (community, member_id)
) with (fillfactor = 70);
-- A leaderboard is read by falling magnitude and sorted within it. Most awards leave a member's magnitude as
-- it is, so that they touch no index (a heap-only update); an index on points made every award do so.
create index members_by_magnitude on members (community, magnitude);

-- Points per member and week or month of event time.
create table board_points (
    community text not null,
    period text not null,
    starts_on date not null,
    member_id uuid not null,
    points bigint not null,
    magnitude smallint not null
        generated always as (case when points > 0 then 1 + floor(2 * ln(points::float8)) else 0 end) stored,
    primary key (community, period, starts_on, member_id)
) with (fillfactor = 70);
create index board_points_by_magnitude on board_points (community, period, starts_on, magnitude);

-- What was granted and taken back; never changed.
create table grants (
    community text not null,
    grant_id uuid not null,
    member_id uuid not null,
    kind text not null,
    name text not null,
    title text not null,
    award_id uuid not null,
    event_time timestamptz not null,
    programme_version int not null,
    reverses uuid,
    granted_at timestamptz not null,
    primary key (community, grant_id)
);
revoke update, delete on grants from plaudit_recognition;

-- How many members hold each badge and level.
create table holders (
    community text not null,
    kind text not null,
    name text not null,
    members bigint not null,
    primary key (community, kind, name)
);

create table member_names (
    community text not null,
    member_id uuid not null,
    revision int not null,
    name text,
    primary key (community, member_id)
);
