-- outside a transaction
create index concurrently if not exists payout_changes_of_money on payout_changes (community, changed_at)
    where state in ('settled', 'reversed', 'corrected');
