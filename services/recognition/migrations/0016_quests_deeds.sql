set local lock_timeout = '5s';

-- Those of a member's points that came with badges, levels and quests: what gives points does not count them.
alter table members add column granted_points bigint not null default 0;
alter table own_totals add column granted_points bigint not null default 0;

-- When exactly a member did what a counter counts, of counters that quests go by.
create table deeds (
    community text not null,
    member_id uuid not null,
    counter text not null,
    event_uid uuid not null,
    event_time timestamptz not null,
    day date not null,
    primary key (member_id, counter, event_uid, community)
);

-- Members of whom something changed that quests go by: they are looked at again.
create table quest_due (
    community text not null,
    member_id uuid not null,
    event_time timestamptz not null,
    day date,
    is_backfill boolean not null,
    primary key (community, member_id)
);

-- Who joined a quest, alone or in a team, from when on and until when.
create table quest_joins (
    community text not null,
    quest text not null,
    member_id uuid not null,
    joined_at timestamptz not null,
    left_at timestamptz,
    team_id uuid,
    primary key (community, member_id, quest, joined_at)
);
create index quest_joins_by_team on quest_joins (community, team_id) where team_id is not null;
create unique index quest_joins_one_team on quest_joins (community, member_id, quest)
    where team_id is not null and left_at is null;

-- Teams of quests, by the name that they are joined by. It is chosen by members, so it is forgotten with who made it.
create table quest_teams (
    community text not null,
    team_id uuid not null,
    quest text not null,
    name text not null,
    made_by uuid not null,
    made_at timestamptz not null,
    primary key (community, team_id)
);
create unique index quest_teams_by_name on quest_teams (community, quest, lower(name));

-- The quests that stand for a member, and how often each was granted to it.
create table quest_members (
    community text not null,
    member_id uuid not null,
    standing jsonb not null default '{}',
    turns jsonb not null default '{}',
    primary key (community, member_id)
) with (fillfactor = 70);

-- How far the members of a community were looked at by a version with other quests than before.
create table quest_sweeps (
    community text not null primary key,
    version int not null,
    quests text not null,
    after_member uuid,
    is_done boolean not null
);
