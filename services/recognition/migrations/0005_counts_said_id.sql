set local lock_timeout = '5s';

-- Of two words on an event at one time that with the greater id holds, as everywhere.
alter table counted_events add column said_id text;
