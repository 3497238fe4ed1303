-- outside a transaction
create index concurrently if not exists pending_lots_of_community on lots (community, pending_until)
    where pending_until is not null;
