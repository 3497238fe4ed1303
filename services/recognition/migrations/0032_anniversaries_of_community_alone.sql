set local lock_timeout = '5s';

-- Its queries go by the index of a community.
drop index if exists anniversaries_due;
