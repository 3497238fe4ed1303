-- outside a transaction
create index concurrently if not exists wallet_reservations_of_community on wallet_reservations (community, expires_at)
    where expires_at is not null and posted + voided < amount;
