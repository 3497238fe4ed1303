set local lock_timeout = '5s';

-- What ingest alone keeps of endpoints: for what trouble one was disabled and which service had it, and which key has
-- signed what was told of it last.
alter table webhook_endpoints
    add column made_at timestamptz,
    add column changed_at timestamptz,
    add column disabled_why text,
    add column disabled_by text,
    add column signed_with text;
create unique index webhook_endpoints_named on webhook_endpoints (community, name) where not removed;
