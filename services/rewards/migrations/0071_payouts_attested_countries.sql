set local lock_timeout = '5s';

-- For which country a form counts; null for any, as those of before do.
alter table payee_attestations add column country text check (country ~ '^[A-Z]{2}$');
