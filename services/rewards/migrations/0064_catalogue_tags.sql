set local lock_timeout = '5s';

-- What rewards are filtered by beside their category, written alike: ten at most, which the API holds, too.
alter table catalogue_rewards add column tags text[] not null default '{}' check (cardinality(tags) <= 10);
