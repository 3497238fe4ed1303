set local lock_timeout = '5s';

-- A platform that a community has connected: by a connector that comes with Plaudit, or by a document of its own.
create table connections (
    community text not null,
    name text not null,
    connector text not null,
    document text,
    settings jsonb not null,
    is_enabled boolean not null default true,
    key_id text not null,
    sealed_secrets bytea not null,
    made_at timestamptz not null,
    changed_at timestamptz not null,
    refused_at timestamptz,
    refused_why text,
    refused_count bigint not null default 0,
    primary key (community, name)
);

-- What a platform delivered, once each, and what became of it. What could not be mapped is kept, sealed, for a while.
create table deliveries (
    community text not null,
    connection text not null,
    delivery_id uuid not null,
    fingerprint bytea not null,
    platform_id text,
    event text,
    received_at timestamptz not null,
    outcome text not null,
    reason text,
    event_uids uuid[] not null,
    receipt_id text,
    settled_at timestamptz not null,
    copies int not null default 0,
    bytes int not null,
    key_id text,
    sealed bytea,
    queued_at timestamptz,
    primary key (community, connection, delivery_id)
);
create unique index deliveries_once on deliveries (community, connection, fingerprint);
create index deliveries_by_outcome on deliveries (community, connection, outcome, delivery_id);
create index deliveries_queued on deliveries (community, queued_at, delivery_id) where queued_at is not null;
create index deliveries_kept on deliveries (community, delivery_id) where sealed is not null;
create index deliveries_by_time on deliveries (community, received_at);
create index deliveries_by_platform_id on deliveries (community, connection, platform_id) where platform_id is not null;

-- How many deliveries had which outcome, by hour.
create table delivery_hours (
    community text not null,
    connection text not null,
    hour timestamptz not null,
    outcome text not null,
    deliveries bigint not null,
    primary key (community, connection, hour, outcome)
);
