-- outside a transaction
-- What is due of one community is found without reading what is due of others.
create index concurrently if not exists reservations_of_community on redemptions (community, expires_at)
    where state = 'reserved';
