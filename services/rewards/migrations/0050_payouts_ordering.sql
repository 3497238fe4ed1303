set local lock_timeout = '5s';

-- How a run's bank is asked to pay, where it is not as it ever was: address of who pays, bookings, purpose, instant.
alter table payout_runs add column ordering jsonb;
