set local lock_timeout = '5s';

-- The id of the key that signed the newest fact about the access key; null before facts were signed.
alter table access_keys add column signed_with text;
