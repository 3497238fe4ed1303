-- outside a transaction
-- What is due of one community is found without reading what is due of others.
create index concurrently if not exists expiring_lots_of_community on lots (community, expires_at)
    where expires_at is not null and remaining > owed and pending_until is null;
