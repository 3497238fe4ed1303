set local lock_timeout = '5s';

-- The id of the key that signed the newest fact about the version; null before facts were signed.
alter table programme_versions add column signed_with text;
