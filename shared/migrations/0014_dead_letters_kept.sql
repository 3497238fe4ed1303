set local lock_timeout = '5s';

-- Dead letters, to be looked at, sent through again, or discarded: what the dead-letter topic says, and what somebody
-- decided since. They go with the topic's retention. `community` is the one in the record's key, if it names one.
create table dead_letters (
    letter_id uuid primary key,
    community text,
    topic text not null,
    partition int not null,
    record_offset bigint not null,
    key bytea not null,
    value bytea not null,
    is_truncated boolean not null,
    reason text not null,
    dead_at timestamptz not null,
    state text not null default 'waiting',
    tries_count int not null default 0,
    settled_at timestamptz,
    note text
);
create index dead_letters_by_time on dead_letters (community, dead_at, letter_id);
create index dead_letters_asked on dead_letters (topic, partition) where state = 'asked';
create index dead_letters_waiting on dead_letters (community, dead_at) where state in ('waiting', 'asked');

-- What each worker of the service says of itself, over the last seconds: the pipeline is shown from here.
create table worker_reports (
    worker_id uuid primary key,
    started_at timestamptz not null,
    reported_at timestamptz not null,
    report jsonb not null
);
