set local lock_timeout = '5s';

-- While a run is computed it may turn out that its bank does not take all of it in one file: others are left then.
grant update (complete, left_payable_count, left_held_count) on payout_runs to plaudit_rewards;
