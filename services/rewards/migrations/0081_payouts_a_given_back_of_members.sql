-- outside a transaction
create index concurrently if not exists payouts_given_back on payouts (community, member_id)
    where state in ('returned', 'failed', 'reversed');
