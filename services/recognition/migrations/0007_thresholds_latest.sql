set local lock_timeout = '5s';

-- What was recognised last.
create index grants_by_time on grants (community, granted_at, grant_id);
create index grants_by_reversed on grants (community, reverses) where reverses is not null;
