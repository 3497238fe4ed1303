set local lock_timeout = '5s';

-- What a delivery is about, of platforms whose ids do not say whether it is the same again: events, by what they are known.
alter table deliveries add column about uuid[] not null default '{}';
create index deliveries_about on deliveries using gin (about) where about <> '{}';
