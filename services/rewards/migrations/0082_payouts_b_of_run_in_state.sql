-- outside a transaction
create index concurrently if not exists payouts_of_run_in_state on payouts (community, run_id, state, payout_id);
