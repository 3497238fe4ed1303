set local lock_timeout = '5s';

-- One row a community, from its first event or publication on. Scoring reads it FOR SHARE, publishing
-- FOR UPDATE: a version cannot appear while a batch is being scored. Version 0: nothing published yet.
create table programme_heads (
    community text primary key,
    programme_id text,
    version int not null check (version >= 0),
    check ((programme_id is null) = (version = 0))
);

create table programme_versions (
    community text not null,
    version int not null check (version >= 1),
    programme_id text not null,
    title text not null,
    effective_from timestamptz not null,
    published_at timestamptz not null,
    published_by text not null,
    source_text text not null,
    document jsonb not null,
    document_sha256 text not null,
    primary key (community, version)
);

-- The marks of every event: set once, never cleared. A retraction may come before its event.
create table activities (
    community text not null,
    event_uid uuid not null,
    scored boolean not null,
    retracted boolean not null,
    primary key (community, event_uid)
);

-- Append-only. The id is derived from the event among others, so this key also finds an event's awards.
create table awards (
    community text not null,
    event_uid uuid not null,
    award_id uuid not null,
    member_id uuid not null,
    points int not null check (points <> 0),
    rule_id text not null,
    slot text not null check (slot in ('actor', 'object_author', 'reply_author')),
    programme_id text not null,
    programme_version int not null,
    event_type text not null,
    event_time timestamptz not null,
    received_at timestamptz not null,
    recorded_at timestamptz not null,
    reverses uuid,
    primary key (community, event_uid, award_id),
    check ((reverses is null) = (points > 0))
);
create index awards_of_member on awards (community, member_id, event_time, award_id);
revoke update, delete on awards from plaudit_scoring;

-- Why a rule that listens to an event gave nothing, or less than its points.
create table declined (
    community text not null,
    event_uid uuid not null,
    rule_id text not null,
    slot text not null,
    reason text not null,
    detail text not null,
    primary key (community, event_uid, rule_id)
);
revoke update, delete on declined from plaudit_scoring;

-- Points used of each daily cap; the day is the UTC day of event time.
create table cap_usage (
    community text not null,
    member_id uuid not null,
    rule_id text not null,
    day date not null,
    points int not null check (points >= 0),
    primary key (community, member_id, rule_id, day)
) with (fillfactor = 70);
