set local lock_timeout = '5s';

-- What a bot did is kept, and is no participation.
alter table events add column is_bots boolean not null default false;
-- Of two decisions at one time that with the greater id is in force, as in the other services.
alter table events add column decided_id text;
