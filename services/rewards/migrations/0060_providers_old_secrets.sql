set local lock_timeout = '5s';

-- Until when webhooks of an account are taken that a secret of before signed; null where there is none.
alter table provider_accounts add column old_secret_until timestamptz;
