-- outside a transaction
create index concurrently if not exists payee_receivers_by_fingerprint on payee_receivers (community, fingerprint)
    where fingerprint is not null;
