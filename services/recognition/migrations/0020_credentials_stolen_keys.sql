set local lock_timeout = '5s';

-- Since when a key was somebody else's, too: what it signed from then on does not count. It only ever moves back.
alter table credential_keys add column stolen_since timestamptz;
