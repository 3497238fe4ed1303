set local lock_timeout = '5s';

-- What was said of members' attributes that travel, as their newest revisions have it: rules read it as of an event's
-- time, by what was known when the event was received. So what was put right stays.
create table member_attributes (
    community text not null,
    member_id uuid not null,
    name text not null,
    since timestamptz not null,
    said_at timestamptz not null,
    value jsonb not null,
    primary key (member_id, name, since, said_at, community)
);

-- What rules read of whom their points were for; of what nothing was known, `value` and `since` are null.
create table attributes_read (
    community text not null,
    event_uid uuid not null,
    rule_id text not null,
    name text not null,
    member_id uuid not null,
    since timestamptz,
    value jsonb,
    primary key (event_uid, rule_id, name, community)
);
revoke update, delete on attributes_read from plaudit_scoring;
