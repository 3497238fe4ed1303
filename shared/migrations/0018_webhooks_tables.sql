set local lock_timeout = '5s';

-- Where a community has its facts delivered, from webhook_endpoints.v1: the highest revision counts. Address and
-- secrets are sealed. What follows the sealed ones is this service's own: since when the endpoint takes nothing, and
-- the revision to which it delivers nothing any more.
create table webhook_endpoints (
    endpoint_id uuid not null primary key,
    community text not null,
    name text not null,
    revision int not null,
    types text[] not null,
    enabled boolean not null,
    removed boolean not null,
    key_id text,
    sealed bytea,
    failing_since timestamptz,
    last_delivered_at timestamptz,
    gave_up_revision int
);
create index webhook_endpoints_of_community on webhook_endpoints (community, name) where not removed;

-- Facts on their way to endpoints, and the log of them.
create table webhook_deliveries (
    delivery_id uuid not null primary key,
    community text not null,
    endpoint_id uuid not null,
    message_id uuid not null,
    fact_type text not null,
    body bytea not null,
    state text not null check (state in ('waiting', 'delivered', 'failed', 'held')),
    made_at timestamptz not null,
    due_at timestamptz not null,
    tries int not null default 0,
    tried_at timestamptz,
    status int,
    why text,
    is_test boolean not null generated always as (fact_type = 'webhook_endpoint.tested.v1') stored
);
create index webhook_deliveries_due on webhook_deliveries (endpoint_id, due_at) where state = 'waiting';
create index webhook_deliveries_held on webhook_deliveries (endpoint_id) where state = 'held';
create index webhook_deliveries_listed on webhook_deliveries (community, made_at desc, delivery_id desc);
create index webhook_deliveries_of_endpoint on webhook_deliveries (endpoint_id, made_at desc);
create index webhook_deliveries_made on webhook_deliveries (made_at);
