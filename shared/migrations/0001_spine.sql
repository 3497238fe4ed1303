set local lock_timeout = '5s';

-- Where the consumer loop stands: moved by compare-and-set in the transaction that stores the facts.
create table consumer_offsets (
    topic text not null,
    partition int not null,
    next_offset bigint not null,
    primary key (topic, partition)
);

-- Messages that a transaction decided to send; the relay publishes and deletes them.
create table outbox (
    id bigint generated always as identity primary key,
    topic text not null,
    key bytea not null,
    value bytea not null
);
-- Rows live for milliseconds: vacuum must follow the churn, not the size.
alter table outbox set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

create table access_keys (
    community text not null,
    key_id text not null,
    name text not null,
    secret_sha256 text not null unique,
    scopes text[] not null,
    revoked boolean not null,
    primary key (community, key_id)
);
