set local lock_timeout = '5s';

-- Up to where this database knows what each topic holds that the service itself writes: moved by the relay in the
-- transaction that deletes what it published. A database that came from a backup is behind the end of such a topic.
create table own_positions (
    topic text not null,
    partition int not null,
    next_offset bigint not null,
    primary key (topic, partition)
);

-- What lay beyond these positions when a process started, until the service has taken it in. `steps_done` counts the
-- steps that are over; `reason` says why it cannot be taken in, and then somebody has to decide.
create table forgotten_facts (
    id bigint generated always as identity primary key,
    topic text not null,
    partition int not null,
    record_offset bigint not null,
    key bytea not null,
    value bytea not null,
    kind text not null,
    told_at timestamptz not null,
    steps_done int not null default 0,
    reason text,
    unique (topic, partition, record_offset)
);
create index forgotten_facts_in_order on forgotten_facts (told_at, id);

-- What could not be brought back, in words, for whoever restored the database.
create table not_rebuilt (
    id bigint generated always as identity primary key,
    community text not null,
    subject text not null,
    reason text not null,
    noted_at timestamptz not null,
    unique (community, subject)
);
